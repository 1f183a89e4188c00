// The log of the Worker: what is refused at the door is in it, bounded, with its address; and whatever callers and vendors
// say, each event is one line of JSON that they cannot end.
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRefusalLog } from '../../worker/log.ts';
import { script } from './security-support.ts';
import { api, ask, createConnection, freshSite, PASSWORD, post, signIn } from './site.ts';

interface Line {
  readonly level: string;
  readonly message: string;
  readonly refused?: string;
  readonly address?: string;
  readonly path?: string;
  readonly by?: string;
  readonly leftOut?: number;
}

let lines: Line[];
let texts: string[];
beforeEach(async () => {
  await freshSite();
  lines = [];
  texts = [];
  for (const method of ['log', 'warn', 'error'] as const) {
    vi.spyOn(console, method).mockImplementation((...words) => {
      // One text that is JSON, or it is no event: the test fails here.
      expect(words).toHaveLength(1);
      texts.push(String(words[0]));
      lines.push(JSON.parse(String(words[0])));
    });
  }
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const refusals = () => lines.filter(({ refused }) => refused !== undefined);
const withToken = (token: string) => ({ authorization: `Bearer ${token}` });

describe('is in the log with its address:', () => {
  it('an API token that is wrong, and one that was revoked', async () => {
    await ask('/api/v1/status', { headers: withToken('nobody'), from: '192.0.2.50' });
    const { body } = await api<{ id: number; token: string }>('POST', '/tokens', { name: 'gone', scope: 'read' });
    await api('DELETE', `/tokens/${body.id}`);
    await ask('/api/v1/status', { headers: withToken(body.token), from: '2001:db8:5:1::9' });
    expect(refusals()).toMatchObject([
      { level: 'warn', refused: 'token', address: '192.0.2.50', path: '/api/v1/status' },
      { level: 'warn', refused: 'token', address: '2001:db8:5:1::/64' },
    ]);
    expect(JSON.stringify(lines)).not.toContain(body.token);
  });

  it('a token that asks for more than its scope, by its name', async () => {
    const { body } = await api<{ token: string }>('POST', '/tokens', { name: 'Export', scope: 'read' });
    await ask('/api/v1/tokens', { method: 'POST', headers: withToken(body.token), from: '192.0.2.51' });
    await ask('/metrics', { headers: withToken(body.token), from: '192.0.2.51' });
    expect(refusals()).toMatchObject([{ refused: 'scope', address: '192.0.2.51', by: 'the token "Export"' }]);
  });

  it('a change that another site sends, by whom it would have been', async () => {
    const cookie = await signIn();
    await post('/sign-out', {}, { headers: { cookie, origin: 'https://evil.example' }, from: '192.0.2.52' });
    expect(refusals()).toMatchObject([{ refused: 'origin', address: '192.0.2.52', by: 'the administrator' }]);
  });

  it('each wrong password, and guesses that are refused unread once a minute', async () => {
    const from = '192.0.2.53';
    for (let i = 0; i < 30; i += 1) await post('/sign-in', { password: 'guess' }, { from });
    expect(refusals().map(({ refused }) => refused)).toEqual([...Array(5).fill('password'), 'guessing']);
    expect(new Set(refusals().map(({ address }) => address))).toEqual(new Set([from]));
  });
});

describe('the log of refusals', () => {
  const refusal = { kind: 'token' as const, message: 'Refused.', path: '/', address: '192.0.2.1' };

  it('tells the same from the same address once a minute, and then how often', () => {
    const note = createRefusalLog();
    for (let second = 0; second < 150; second += 1) note(refusal, second * 1_000);
    note({ ...refusal, kind: 'scope' }, 150_000);
    expect(lines.map(({ refused, leftOut }) => [refused, leftOut])).toEqual([
      ['token', undefined],
      ['token', 59],
      ['token', 59],
      ['scope', undefined],
    ]);
  });

  it('has a thousand lines a minute and one for all the rest, however many addresses there are', () => {
    const note = createRefusalLog();
    for (let i = 0; i < 50_000; i += 1) note({ ...refusal, address: `10.${i >> 16}.${(i >> 8) % 256}.${i % 256}` }, i);
    expect(lines).toHaveLength(1_001);
    expect(lines.at(-1)?.address).toBe('many others');
    note({ ...refusal, address: '192.0.2.9' }, 200_000);
    expect(lines.at(-1)?.address).toBe('192.0.2.9');
  });
});

describe('words of others', () => {
  const FORGED = '\r\n{"level":"error","message":"forged"}\u0085\u2028\u009b2K\u001b[2K';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

  it('from callers stay inside their line: path, browser, address, token and its name', async () => {
    const headers = { ...withToken('nobody'), 'user-agent': '{"level":"error","message":"forged"}' };
    await ask(`/api/v1/${encodeURIComponent(FORGED)}`, { headers, from: FORGED.replaceAll(/[^ -~]/g, '') });
    const name = 'forged","level":"error';
    const { body } = await api<{ token: string }>('POST', '/tokens', { name, scope: 'read' });
    await ask('/api/v1/tokens', { method: 'POST', headers: withToken(body.token), from: '192.0.2.61' });
    expect(refusals().map(({ refused }) => refused)).toEqual(['token', 'scope']);
    expect(refusals().at(-1)?.by).toBe(`the token "${name}"`);
    for (const text of texts) expect(text).not.toMatch(CONTROLS);
    expect(lines.some(({ message }) => message === 'forged')).toBe(false);
  });

  it('from a fault stay inside theirs', async () => {
    vi.spyOn(env.DB, 'prepare').mockImplementation(() => {
      throw new Error(`no such table${FORGED}`);
    });
    expect((await script('/api/v1/connections')).status).toBe(500);
    const [fault, ...others] = lines.filter(({ message }) => message.startsWith('Fault '));
    expect(others).toEqual([]);
    expect(fault).toMatchObject({
      level: 'error',
      path: '/api/v1/connections',
      detail: expect.stringContaining(FORGED),
    });
    for (const text of texts) expect(text).not.toMatch(CONTROLS);
  });

  it('from a vendor are in no line: its failures are facts of the connection', async () => {
    vi.mocked(globalThis.fetch).mockImplementation(async () => new Response(FORGED, { status: 500, statusText: 'No' }));
    await createConnection();
    const failed = async () => expect(JSON.stringify((await api('GET', '/status')).body)).toContain('answered 500');
    await vi.waitFor(failed, { timeout: 10_000 });
    for (const text of texts) expect(text).not.toMatch(CONTROLS);
    expect(texts.join('\n')).not.toContain('forged');
  });
});

it('a good sign-in and a good token leave no line', async () => {
  await post('/sign-in', { password: PASSWORD }, { from: '192.0.2.70' });
  await script('/api/v1/status');
  expect(refusals()).toEqual([]);
});
