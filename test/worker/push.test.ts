import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { API_TOKEN, api, ask, createConnection, freshSite } from './site.ts';

interface PushAnswer {
  added: number;
  changed: number;
  same: number;
  refusedCount: number;
  refused: { index: number; reason: string }[];
}

const PUSHED = { acd: { kind: 'push' }, secrets: { accessKeySecret: 'canary-access-key' } };
const start = (quartersAgo: number) => {
  const nowMs = Date.now();
  return new Date(nowMs - (nowMs % 900_000) - quartersAgo * 900_000).toISOString();
};
const figures = (quartersAgo: number, offered = 5) => ({
  queueId: 'sales',
  start: start(quartersAgo),
  offered,
  handleTimeMs: 60_000,
});

let path: string;
beforeEach(async () => {
  await freshSite();
  path = `/connections/${await createConnection(PUSHED)}/push`;
});
afterEach(() => vi.restoreAllMocks());

async function gzip(text: string): Promise<ArrayBuffer> {
  const stream = new Response(text).body?.pipeThrough(new CompressionStream('gzip'));
  return await new Response(stream).arrayBuffer();
}
function send(kind: string, body: BodyInit, headers: Record<string, string>) {
  const authorization = `Bearer ${API_TOKEN}`;
  return ask(`/api/v1${path}/${kind}`, { method: 'POST', headers: { authorization, ...headers }, body });
}
const stored = async () => (await env.DB.prepare('SELECT start_ms, offered FROM queue_interval').all()).results;

describe('a push', () => {
  it('stores good records although others are refused, and says which and why', async () => {
    const records = [figures(2), { queueId: 'sales' }, figures(3)];
    const { status, body } = await api<PushAnswer>('POST', `${path}/queue-intervals`, { records });
    expect(status).toBe(200);
    expect(body).toMatchObject({ added: 2, changed: 0, same: 0, refusedCount: 1 });
    expect(body.refused[0]).toMatchObject({ index: 1, reason: expect.stringContaining('start') });
    expect(await stored()).toHaveLength(2);
  });

  it('may come line by line and compressed', async () => {
    const lines = [figures(2), figures(3)].map((record) => JSON.stringify(record)).join('\n');
    const headers = { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' };
    const response = await send('queue-intervals', await gzip(lines), headers);
    expect(await response.json()).toMatchObject({ added: 2 });
  });

  it('answers the same words to the same request with the same Idempotency-Key, and refuses another one', async () => {
    const key = { 'idempotency-key': 'batch-1' };
    const first = await api<PushAnswer>('POST', `${path}/queue-intervals`, { records: [figures(2)] }, key);
    const again = await api<PushAnswer>('POST', `${path}/queue-intervals`, { records: [figures(2)] }, key);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    const other = await api('POST', `${path}/queue-intervals`, { records: [figures(3)] }, key);
    expect(other.status).toBe(422);
    expect(await stored()).toHaveLength(1);
  });

  it.each([
    ['no JSON', '{', 'application/json', 400],
    ['another shape', '[]', 'application/json', 400],
    ['another type', 'a,b', 'text/csv', 415],
    ['a line that is none', '{}\n{', 'application/x-ndjson', 400],
    ['too many records', JSON.stringify({ records: Array(10_001).fill({}) }), 'application/json', 413],
    ['too many bytes', `{"records":["${'x'.repeat(8_000_100)}"]}`, 'application/json', 413],
  ])('refuses %s, and stores nothing', async (_what, body, type, status) => {
    expect((await send('queue-intervals', body, { 'content-type': type })).status).toBe(status);
    expect(await stored()).toEqual([]);
  });

  it('refuses what unpacks to more than the cap, and what does not unpack', async () => {
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    const bomb = await gzip(`{"records":[]}${' '.repeat(9_000_000)}`);
    expect(bomb.byteLength).toBeLessThan(100_000);
    expect((await send('queue-intervals', bomb, headers)).status).toBe(413);
    expect((await send('queue-intervals', 'not gzip', headers)).status).toBe(400);
    expect((await send('queue-intervals', '{}', { ...headers, 'content-encoding': 'br' })).status).toBe(415);
  });

  it('needs a token of scope push, and a connection that is not paused', async () => {
    const { body: token } = await api<{ token: string }>('POST', '/tokens', { name: 'reader', scope: 'read' });
    const authorization = `Bearer ${token.token}`;
    expect((await api('POST', `${path}/queues`, { records: [] }, { authorization })).status).toBe(403);
    const { body: pusher } = await api<{ token: string }>('POST', '/tokens', { name: 'sender', scope: 'push' });
    const asPusher = { authorization: `Bearer ${pusher.token}` };
    expect((await api('POST', `${path}/queues`, { records: [{ queueId: 'q' }] }, asPusher)).status).toBe(200);
    await api('POST', `${path.replace('/push', '')}/pause`);
    const { status, body } = await api<{ detail: string }>(
      'POST',
      `${path}/queues`,
      { records: [{ queueId: 'r' }] },
      asPusher,
    );
    expect(status).toBe(409);
    expect(body.detail).toContain('Resume');
    const nobody = { authorization: 'Bearer nobody' };
    expect((await api('POST', `${path}/queues`, { records: [] }, nobody)).status).toBe(401);
    expect((await api('POST', '/connections/99/push/queues', { records: [] })).status).toBe(404);
  });

  it('is described in OpenAPI with the fields of each kind', async () => {
    const response = await ask('/api/openapi.json', { headers: { authorization: `Bearer ${API_TOKEN}` } });
    const text = await response.text();
    for (const field of ['queueDelayTimeMs', 'notReadyTimeMs', 'isOutbound', '/push/agent-queue-intervals'])
      expect(text).toContain(field);
  });
});
