import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  API_TOKEN,
  answersSeen,
  api,
  ask,
  CANARIES,
  createConnection,
  freshSite,
  NEW_CONNECTION,
  signIn,
} from './site.ts';

interface Problem {
  status: number;
  title: string;
  detail: string;
  errors?: { path: string; message: string }[];
}
interface Whole {
  id: number;
  version: number;
  name: string;
  acd: { realTime: { baseUrl: string } };
  secretsSet: Record<string, boolean>;
}
interface Page<T> {
  rows: T[];
  nextCursor: string | null;
}

const AT = Date.UTC(2026, 0, 5, 12);

beforeEach(freshSite);
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('connections', () => {
  it('are created with their defaults, and say which secrets they hold', async () => {
    const { status, body, headers } = await api<Whole>('POST', '/connections', NEW_CONNECTION);
    expect(status).toBe(201);
    expect(headers.get('location')).toBe(`/api/v1/connections/${body.id}`);
    expect(headers.get('etag')).toBe('"1"');
    expect(body).toMatchObject({
      name: 'Acme',
      version: 1,
      paused: false,
      collection: { settleDelayS: 120 },
      secretsSet: { realTimePassword: true, historicalPassword: true, accessKeySecret: true },
    });
    const list = await api<Page<{ id: number; name: string }>>('GET', '/connections');
    expect(list.body.rows).toMatchObject([{ id: body.id, name: 'Acme' }]);
  });

  it('never show a secret, in any answer, and never store one in clear', async () => {
    const id = await createConnection();
    const whole = await api<Whole>('GET', `/connections/${id}`);
    await api('PUT', `/connections/${id}`, { ...NEW_CONNECTION, version: whole.body.version });
    await api('PUT', `/connections/${id}`, { ...NEW_CONNECTION, version: 99 });
    await api('POST', '/connections', { ...NEW_CONNECTION, timeZone: 'Nowhere' });
    for (const path of ['/status', '/connections', `/connections/${id}`, `/connections/${id}/events`])
      await api('GET', path);
    const { results } = await env.DB.prepare(
      `SELECT settings AS text FROM connection UNION ALL SELECT sealed FROM credential UNION ALL SELECT message FROM event`,
    ).all<{ text: string }>();
    const everything = [...answersSeen, ...results.map(({ text }) => text)].join('\n');
    expect(results.length).toBeGreaterThan(4);
    for (const secret of Object.values(CANARIES)) expect(everything).not.toContain(secret);
  });

  it.each([
    ['a field missing', { name: undefined }, 'name'],
    ['a time zone that is none', { timeZone: 'Mars/Olympus' }, 'timeZone'],
    ['an unknown field', { colour: 'red' }, 'colour'],
    ['an unknown secret', { secrets: { ...CANARIES, pin: '1' } }, 'secrets.pin'],
    [
      'an interval too short',
      { acd: { ...NEW_CONNECTION.acd, realTime: { ...NEW_CONNECTION.acd.realTime, collectionIntervalS: 2 } } },
      'acd.realTime.collectionIntervalS',
    ],
    ['a mistyped field', { collection: { settleDelayS: '120' } }, 'collection.settleDelayS'],
    ['a base URL that is none', { wfm: { ...NEW_CONNECTION.wfm, baseUrl: 'na1' } }, 'wfm.baseUrl'],
    ['a password missing', { secrets: { accessKeySecret: 'x' } }, 'secrets.realTimePassword'],
  ])('with %s are refused, with the field named and nothing stored', async (_, change, path) => {
    const { status, body, headers } = await api<Problem>('POST', '/connections', { ...NEW_CONNECTION, ...change });
    expect(status).toBe(400);
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect(body.errors?.map((error) => error.path)).toContain(path);
    expect((await api<Page<unknown>>('GET', '/connections')).body.rows).toEqual([]);
  });

  it('have names of their own', async () => {
    await createConnection();
    const { status, body } = await api<Problem>('POST', '/connections', NEW_CONNECTION);
    expect(status).toBe(400);
    expect(body.errors).toMatchObject([{ path: 'name' }]);
  });

  it('are changed only by who has read the present version', async () => {
    const id = await createConnection();
    const renamed = { ...NEW_CONNECTION, name: 'Acme 2', secrets: {} };
    expect((await api('PUT', `/connections/${id}`, renamed)).status).toBe(428);
    const first = await api<Whole>('PUT', `/connections/${id}`, renamed, { 'if-match': '"1"' });
    expect([first.status, first.body.version, first.body.name]).toEqual([200, 2, 'Acme 2']);
    const second = await api<Problem>('PUT', `/connections/${id}`, { ...renamed, name: 'Acme 3', version: 1 });
    expect(second.status).toBe(409);
    expect((await api<Whole>('GET', `/connections/${id}`)).body.name).toBe('Acme 2');
  });

  it('keep a secret that is left out, and give it to no other host', async () => {
    const id = await createConnection();
    const sealed = () => env.DB.prepare('SELECT name, sealed FROM credential ORDER BY name').all();
    const before = (await sealed()).results;
    const kept = await api<Whole>('PUT', `/connections/${id}`, {
      ...NEW_CONNECTION,
      name: 'B',
      secrets: {},
      version: 1,
    });
    expect(kept.status).toBe(200);
    expect((await sealed()).results).toEqual(before);
    const moved = { ...NEW_CONNECTION, wfm: { ...NEW_CONNECTION.wfm, baseUrl: 'https://collector.evil.example' } };
    const refused = await api<Problem>('PUT', `/connections/${id}`, { ...moved, secrets: {}, version: 2 });
    expect(refused.status).toBe(400);
    expect(refused.body.errors).toMatchObject([{ path: 'secrets.accessKeySecret' }]);
  });

  it('are paused, resumed and deleted, each with a line in the diary', async () => {
    const id = await createConnection();
    expect((await api('POST', `/connections/${id}/pause`)).body).toMatchObject({ paused: true, version: 2 });
    expect((await api('POST', `/connections/${id}/pause`)).body).toMatchObject({ paused: true, version: 2 });
    expect((await api('POST', `/connections/${id}/resume`)).body).toMatchObject({ paused: false, version: 3 });
    const events = await api<Page<{ kind: string }>>('GET', `/connections/${id}/events`);
    expect(events.body.rows.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['resumed', 'paused', 'created']));
    expect((await api('DELETE', `/connections/${id}`)).status).toBe(204);
    expect((await api('GET', `/connections/${id}`)).status).toBe(404);
    expect((await api('DELETE', `/connections/${id}`)).status).toBe(404);
    expect(await createConnection()).not.toBe(id);
  });
});

describe('requests', () => {
  it.each([
    ['an unknown parameter', 'GET', '/status?x=1', 400],
    ['an unknown connection', 'GET', '/connections/99', 404],
    ['an id that is none', 'GET', '/connections/1%20or%201', 404],
    ['an address that is none', 'GET', '/nothing', 404],
    ['a method that is not for the address', 'PATCH', '/connections', 405],
    ['a range that is missing', 'GET', '/connections/1/intervals', 400],
  ])('with %s are refused as problems', async (_, method, path, status) => {
    await createConnection();
    const { status: answered, body, headers } = await api<Problem>(method, path);
    expect(answered).toBe(status);
    expect(body.status).toBe(status);
    expect(headers.get('content-type')).toContain('application/problem+json');
  });

  it.each([
    ['is no JSON', '{"name":', 'application/json', 400],
    ['is no JSON by its type', '{}', 'text/plain', 415],
    ['is over a megabyte', `{"name":"${'x'.repeat(1_000_000)}"}`, 'application/json', 413],
    ['is not UTF-8', new Uint8Array([0x22, 0xff, 0x22]), 'application/json', 400],
    ['means to change prototypes', '{"__proto__":{"name":"x"}}', 'application/json', 400],
    ['is nothing', '', 'application/json', 400],
  ])('whose body %s are refused', async (_, body, type, status) => {
    const headers = { authorization: `Bearer ${API_TOKEN}`, 'content-type': type };
    const response = await ask('/api/v1/connections', { method: 'POST', headers, body });
    expect(response.status).toBe(status);
  });
});

describe('the roster', () => {
  it('is listed in pages and mapped, and every mapping raises the version', async () => {
    const id = await createConnection();
    await env.DB.prepare(
      `INSERT INTO agent (connection_id, source_id, username, name, first_seen_ms)
       SELECT ?1, 'a' || value, 'u' || value, 'Agent ' || value, ?2 FROM json_each('[1,2,3]')`,
    )
      .bind(id, AT)
      .run();
    const first = await api<Page<{ id: number }>>('GET', `/connections/${id}/agents?limit=2`);
    const second = await api<Page<{ id: number; loginId: string | null }>>(
      'GET',
      `/connections/${id}/agents?limit=2&cursor=${first.body.nextCursor}`,
    );
    expect([first.body.rows.length, second.body.rows.length, second.body.nextCursor]).toEqual([2, 1, null]);
    const agent = second.body.rows[0]!;
    const mapped = await api('PATCH', `/connections/${id}/agents/${agent.id}`, { loginId: 'acd-7', included: false });
    expect(mapped.body).toMatchObject({ loginId: 'acd-7', included: false, employeeId: '' });
    expect((await api<Whole>('GET', `/connections/${id}`)).body.version).toBe(2);
    expect((await api('PATCH', `/connections/${id}/agents/999`, { included: true })).status).toBe(404);
    expect((await api('PATCH', `/connections/${id}/agents/${agent.id}`, { username: 'x' })).status).toBe(400);
    expect((await api<Whole>('GET', `/connections/${id}`)).body.version).toBe(2);
  });

  it('maps queues and states', async () => {
    const id = await createConnection();
    await env.DB.batch([
      env.DB.prepare(`INSERT INTO queue (id, connection_id, source_id, first_seen_ms) VALUES (7, ?1, 'q', ?2)`).bind(
        id,
        AT,
      ),
      env.DB.prepare(
        `INSERT INTO acd_state (id, connection_id, name, class, first_seen_ms, last_seen_ms) VALUES (9, ?1, 'Yoga', 'not ready', ?2, ?2)`,
      ).bind(id, AT),
    ]);
    const queue = await api('PATCH', `/connections/${id}/queues/7`, {
      queueValue: 'k',
      shortPct: 80,
      isOutbound: true,
    });
    expect(queue.body).toMatchObject({ queueValue: 'k', shortPct: 80, isOutbound: true, included: true });
    expect((await api('PATCH', `/connections/${id}/queues/7`, { shortPct: 101 })).status).toBe(400);
    const state = await api('PATCH', `/connections/${id}/states/9`, { class: 'ready', reviewed: true });
    expect(state.body).toMatchObject({ name: 'Yoga', class: 'ready', reviewed: true, eventCode: null });
    expect((await api<Page<unknown>>('GET', `/connections/${id}/states`)).body.rows).toHaveLength(1);
  });
});

describe('backfills', () => {
  it('are widened to whole intervals, show their progress and take orders', async () => {
    const id = await createConnection();
    await api('POST', `/connections/${id}/pause`);
    const asked = await api<{ id: number }>('POST', `/connections/${id}/backfills`, {
      from: '2026-01-05T12:07:00+01:00',
      to: '2026-01-05T12:00:00Z',
    });
    expect(asked.status).toBe(202);
    expect(asked.body).toMatchObject({
      from: '2026-01-05T11:00:00.000Z',
      to: '2026-01-05T12:00:00.000Z',
      status: 'waiting',
      intervalsTotal: 4,
      intervalsDone: 0,
    });
    const path = `/connections/${id}/backfills/${asked.body.id}`;
    await env.DB.prepare('UPDATE backfill SET next_end_ms = to_ms - 900000').run();
    expect((await api('GET', path)).body).toMatchObject({ intervalsDone: 1 });
    expect((await api('POST', `${path}/pause`)).body).toMatchObject({ status: 'paused' });
    expect((await api('POST', `${path}/pause`)).status).toBe(409);
    expect((await api('POST', `${path}/resume`)).body).toMatchObject({ status: 'waiting' });
    expect((await api('POST', `${path}/cancel`)).body).toMatchObject({ status: 'cancelled' });
    expect((await api('POST', `${path}/resume`)).status).toBe(409);
    expect((await api<Page<unknown>>('GET', `/connections/${id}/backfills`)).body.rows).toHaveLength(1);
  });

  it.each([
    ['over three years', '2020-01-01T00:00:00Z', '2024-01-01T00:00:00Z'],
    ['backwards', '2026-01-02T00:00:00Z', '2026-01-01T00:00:00Z'],
    ['in the future', '2126-01-01T00:00:00Z', '2126-01-02T00:00:00Z'],
    ['without an offset', '2026-01-01T00:00:00', '2026-01-02T00:00:00'],
  ])('%s are refused', async (_, from, to) => {
    const id = await createConnection();
    expect((await api('POST', `/connections/${id}/backfills`, { from, to })).status).toBe(400);
    expect((await api<Page<unknown>>('GET', `/connections/${id}/backfills`)).body.rows).toEqual([]);
  });
});

it('records set aside are listed with their reason', async () => {
  const id = await createConnection();
  await env.DB.prepare(
    `INSERT INTO set_aside (connection_id, stream, at_ms, record_key, record, http_status, reason)
     VALUES (?1, 'agent-states', ?2, 'u3', '{"loginId":"u3"}', 400, 'unknown login id')`,
  )
    .bind(id, AT)
    .run();
  const { body } = await api<Page<Record<string, unknown>>>('GET', `/connections/${id}/set-aside?status=set%20aside`);
  expect(body.rows).toMatchObject([
    { recordKey: 'u3', record: { loginId: 'u3' }, httpStatus: 400, reason: 'unknown login id' },
  ]);
  expect((await api('POST', `/connections/${id}/set-aside/99/send-again`)).status).toBe(404);
  const status = await api<Page<Record<string, unknown>>>('GET', '/status');
  expect(status.body.rows).toMatchObject([{ connectionId: id, setAsideOpen: 1 }]);
});

it('a row of the ACD that was set aside is read again on request, once', async () => {
  const id = await createConnection();
  await env.DB.prepare(
    `INSERT INTO set_aside (connection_id, stream, at_ms, window_start_ms, record_key, record, reason)
     VALUES (?1, 'acd', ?2, ?2, 'row 3', '{}', 'no queue id')`,
  )
    .bind(id, AT)
    .run();
  const again = await api('POST', `/connections/${id}/set-aside/1/send-again`);
  expect([again.status, again.body]).toMatchObject([202, { status: 'sent again' }]);
  expect((await api('POST', `/connections/${id}/set-aside/1/send-again`)).status).toBe(409);
});

it('the roster is imported by hand, of a connection that exists', async () => {
  const id = await createConnection();
  expect((await api('POST', `/connections/${id}/roster/import`)).status).toBe(202);
  expect((await api('POST', '/connections/99/roster/import')).status).toBe(404);
});

it('the OpenAPI document refers to nothing that it does not hold, and names every parameter of a path', async () => {
  const response = await ask('/api/openapi.json', { headers: { authorization: `Bearer ${API_TOKEN}` } });
  const document = await response.json<{
    openapi: string;
    paths: Record<string, Record<string, { operationId: string; parameters: { name: string; in: string }[] }>>;
    components: { schemas: Record<string, unknown> };
  }>();
  expect(document.openapi).toBe('3.1.0');
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, target]) => target);
  expect(references.length).toBeGreaterThan(50);
  for (const target of references) expect(document.components.schemas).toHaveProperty([target!.split('/').at(-1)!]);
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.values(methods).map((operation) => ({ path, operation })),
  );
  expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
  for (const { path, operation } of operations) {
    const named = operation.parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
    expect(named).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
  }
  const docs = await ask('/api/docs', { headers: { cookie: await signIn() } });
  const page = await docs.text();
  for (const { operation } of operations) expect(page).toContain(`id="${operation.operationId}"`);
});
