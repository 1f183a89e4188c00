import { describe, expect, it } from 'vitest';
import { toBase64Url, utf8 } from '../../../src/crypto/bytes.ts';
import { rejection } from '../http/support.ts';
import { fakeNcc, nccSettings, PASSWORD } from './fake-ncc.ts';

const REAL_TIME = '/wfm/realTime';
const ROWS = [{ 'agent-id': '1', 'agent-status': 'Available' }];

function ready() {
  const ncc = fakeNcc();
  ncc.answers(REAL_TIME, ROWS);
  ncc.answers('/wfm/historical', []);
  return ncc;
}

function jwt(claims: object): string {
  const part = (value: object) => toBase64Url(utf8(JSON.stringify(value)));
  return `${part({ alg: 'HS256' })}.${part(claims)}.c2ln`;
}

describe('signing in to NCC', () => {
  it('happens at the origin of the base URL, with the user name and password in UTF-8', async () => {
    const ncc = ready();
    await ncc.open().readAgentStates();
    const [signIn, call] = ncc.network.seen;
    expect(signIn?.url.href).toBe('https://acme.thrio.io/provider/token-with-authorities');
    expect(signIn?.method).toBe('GET');
    const bytes = Uint8Array.from(atob(signIn?.headers.get('authorization')?.slice(6) ?? ''), (c) => c.charCodeAt(0));
    expect(new TextDecoder().decode(bytes)).toBe(`wfm@acme.com:${PASSWORD}`);
    expect(call?.url.href).toBe('https://c1.thrio.io/wfm/realTime');
    expect(call?.headers.get('authorization')).toBe('token-1');
  });

  it.each([
    ['https://c1.thrio.io', 'a URL'],
    ['https://c1.thrio.io/', 'a URL with a slash'],
    ['c1.thrio.io', 'a bare host'],
    ['c1.thrio.io/', 'a bare host with a slash'],
  ])('goes on at the location %s: %s', async (location) => {
    const ncc = ready();
    ncc.state.location = location;
    await ncc.open().readAgentStates();
    expect(ncc.network.seen[1]?.url.href).toBe('https://c1.thrio.io/wfm/realTime');
  });

  it.each([
    'http://c1.thrio.io',
    '127.0.0.1',
    'localhost:8080',
    'https://10.0.0.1',
    'metadata.google.internal',
    'a b',
    '//',
  ])('is not led to %s', async (location) => {
    const ncc = ready();
    ncc.state.location = location;
    expect(await rejection(ncc.open().readAgentStates())).toMatchObject({ failure: { kind: 'address' } });
    expect(ncc.network.seen).toHaveLength(1);
  });

  it('takes a bare host by the scheme of the base URL in development', async () => {
    const ncc = ready();
    ncc.state.location = '127.0.0.1:9101';
    const baseUrl = 'http://127.0.0.1:9101/wfm';
    const settings = nccSettings({ realTime: { baseUrl }, historical: { baseUrl } });
    await ncc.open(settings, undefined, { allowPrivateNetwork: true }).readAgentStates();
    expect(ncc.network.seen[1]?.url.href).toBe('http://127.0.0.1:9101/wfm/realTime');
  });

  it('happens once for both groups when they are one account', async () => {
    const ncc = ready();
    const acd = ncc.open();
    await Promise.all([acd.readAgentStates(), acd.readQueueIntervals({ startMs: 0, endMs: 900_000 })]);
    expect(ncc.signInCount()).toBe(1);
  });

  it('happens once a group when the groups differ in user name, password or origin', async () => {
    for (const [settings, historicalPassword] of [
      [nccSettings({ historical: { username: 'other' } }), PASSWORD],
      [nccSettings(), 'other'],
      [nccSettings({ historical: { baseUrl: 'https://b.thrio.io/wfm' } }), PASSWORD],
    ] as const) {
      const ncc = ready();
      const acd = ncc.open(settings, { realTimePassword: PASSWORD, historicalPassword });
      await Promise.all([acd.readAgentStates(), acd.readQueueIntervals({ startMs: 0, endMs: 900_000 })]);
      expect(ncc.signInCount()).toBe(2);
    }
  });

  it('hears a refusal that takes 29 s, also of a password that was good, and lets the account be', async () => {
    const ncc = ready();
    const acd = ncc.open();
    await acd.readAgentStates();
    ncc.revokeAll();
    ncc.state.signIn = () => {
      ncc.clock.advance(29_000);
      return Response.json({ message: 'Bad password' }, { status: 401 });
    };
    for (let tries = 0; tries < 20; tries += 1) {
      expect(await rejection(acd.readAgentStates())).toMatchObject({ failure: { kind: 'sign-in' } });
      ncc.clock.advance(60_000);
    }
    expect(ncc.signInCount()).toBe(2);
  });

  it.each([401, 403, 423])('is blocked after %i, and the password is in no message', async (status) => {
    const ncc = ready();
    ncc.state.signIn = () => Response.json({ message: `Bad password ${PASSWORD}` }, { status });
    const acd = ncc.open();
    const error = await rejection(acd.readAgentStates());
    expect(error).toMatchObject({ failure: { kind: 'sign-in', retryAtMs: ncc.clock.nowMs() + 21 * 60_000 } });
    expect(JSON.stringify(error) + String(error)).not.toContain(PASSWORD);
    await rejection(acd.readRoster());
    expect(ncc.signInCount()).toBe(1);
  });

  it.each([
    ['{"token":"canary', 'cut off'],
    ['{"token":"a b","location":"c1.thrio.io"}', 'a token that cannot stand in a header'],
    ['{"token":"a\\r\\nX: y","location":"c1.thrio.io"}', 'a token that would add a header'],
    ['{"token":"t"}', 'no location'],
    ['{"location":"c1.thrio.io"}', 'no token'],
    ['null', 'nothing'],
  ])('refuses the answer %s: %s', async (body) => {
    const ncc = ready();
    ncc.state.signIn = () => new Response(body);
    const error = await rejection(ncc.open().readAgentStates());
    expect(error).toMatchObject({ failure: { kind: 'shape' } });
    expect(String(error)).not.toContain('canary');
  });
});

describe('the life of an NCC token', () => {
  const HOUR_S = 3_600;
  const nowS = () => fakeNcc().clock.nowMs() / 1_000;

  it.each([
    ['an opaque one: 1 hour', 'opaque', 48 * 60],
    ['a JWT without exp: 1 hour', jwt({ sub: 'x' }), 48 * 60],
    ['a JWT that ends in 2 hours', jwt({ exp: nowS() + 2 * HOUR_S }), 96 * 60],
    ['a JWT of a clock that is a day behind', jwt({ iat: nowS() - 86_400, exp: nowS() - 86_400 + HOUR_S }), 48 * 60],
    ['a JWT that ends with nonsense', jwt({ exp: 1e300 }), 48 * 60],
  ])('is renewed at 80 %%: %s', async (_, token, renewAfterS) => {
    const ncc = ready();
    ncc.state.token = (issued) => (issued === 1 ? token : `token-${issued}`);
    const acd = ncc.open();
    await acd.readAgentStates();
    ncc.clock.advance(renewAfterS * 1_000 - 1_000);
    await acd.readAgentStates();
    expect(ncc.refreshCount()).toBe(0);
    ncc.clock.advance(1_000);
    await acd.readAgentStates();
    expect(ncc.refreshCount()).toBe(1);
    expect(ncc.signInCount()).toBe(1);
  });

  it('is what the settings say where the token does not', async () => {
    const ncc = ready();
    const acd = ncc.open(nccSettings({ advanced: { tokenLifeMinutes: 10 } }));
    await acd.readAgentStates();
    ncc.clock.advance(8 * 60_000 - 1_000);
    await acd.readAgentStates();
    expect(ncc.refreshCount()).toBe(0);
    ncc.clock.advance(1_000);
    await acd.readAgentStates();
    expect(ncc.refreshCount()).toBe(1);
  });

  it('ends at a 401: one sign-in, and the call once more', async () => {
    const ncc = ready();
    const acd = ncc.open();
    await acd.readAgentStates();
    ncc.revokeAll();
    expect(await acd.readAgentStates()).toMatchObject({ agents: 'unchanged' });
    expect(ncc.signInCount()).toBe(2);
    expect(ncc.network.count(REAL_TIME)).toBe(3);
  });
});

describe('the form of the token', () => {
  it('is raw at first, then Bearer with the same token, and what worked is remembered', async () => {
    const ncc = ready();
    ncc.state.scheme = 'Bearer';
    await ncc.open().readAgentStates();
    expect(ncc.network.seen.map(({ headers }) => headers.get('authorization')?.split(' ')[0])).toEqual([
      'Basic',
      'token-1',
      'Bearer',
    ]);
    ncc.cache.entries.clear();
    await ncc.open().readAgentStates();
    expect(ncc.network.seen.slice(3).map(({ headers }) => headers.get('authorization'))).toEqual([
      expect.stringMatching(/^Basic /),
      'Bearer token-2',
    ]);
  });

  it('is no matter when neither is accepted: an authentication failure, and no storm of sign-ins', async () => {
    const ncc = ready();
    ncc.state.scheme = 'none';
    const acd = ncc.open();
    for (let poll = 0; poll < 12; poll += 1) {
      expect(await rejection(acd.readAgentStates())).toMatchObject({ failure: { kind: 'sign-in' } });
      ncc.clock.advance(5_000);
    }
    expect(ncc.signInCount()).toBe(1);
    expect(ncc.network.count(REAL_TIME)).toBe(2);
  });

  it('goes over to Bearer when NCC changes its mind', async () => {
    const ncc = ready();
    const acd = ncc.open();
    await acd.readAgentStates();
    ncc.state.scheme = 'Bearer';
    await acd.readAgentStates();
    await acd.readAgentStates();
    expect(ncc.network.seen.at(-1)?.headers.get('authorization')).toBe('Bearer token-2');
  });
});
