import { describe, expect, it } from 'vitest';
import { openAcd } from '../../../../src/acd/registry.ts';
import { createSealer } from '../../../../src/crypto/seal.ts';
import { KEY_B, rejection, testWorld } from '../../http/support.ts';
import { ACCESS_TOKEN, FEED, fakeLiveVox, liveVoxSettings, PASSWORD, SIGN_IN } from './fake-livevox.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

function ready() {
  const liveVox = fakeLiveVox();
  liveVox.feeds();
  return liveVox;
}

describe('signing in to LiveVox', () => {
  it('sends client, user and password, and the access token in LV-Access; later calls carry LV-Session alone', async () => {
    const liveVox = ready();
    await liveVox.open().readAgentEvents(null);
    const [signIn, call] = liveVox.network.seen;
    expect([signIn?.method, signIn?.url.href]).toEqual(['POST', `https://api.livevox.com${SIGN_IN}`]);
    expect(JSON.parse(signIn?.body ?? '')).toEqual({ clientName: 'ACME', userName: 'wfm', password: PASSWORD });
    expect(signIn?.headers.get('lv-access')).toBe(ACCESS_TOKEN);
    expect(signIn?.headers.get('content-type')).toBe('application/json');
    expect(call?.url.href).toBe(`https://api.livevox.com${FEED}`);
    expect(call?.headers.get('lv-session')).toBe('session-canary-1');
    expect(call?.headers.get('lv-access')).toBeNull();
    expect(call?.headers.get('authorization')).toBeNull();
  });

  it('sends the access token as older clients do, and with every call, where the settings say so', async () => {
    const liveVox = ready();
    const settings = liveVoxSettings(
      { baseUrl: 'https://api.na4.livevox.com/' },
      { accessTokenHeader: 'Authorization', accessTokenOnEveryCall: true },
    );
    await liveVox.open(settings).readAgentEvents(null);
    expect(liveVox.network.seen.map(({ url }) => url.href)).toEqual([
      `https://api.na4.livevox.com${SIGN_IN}`,
      `https://api.na4.livevox.com${FEED}`,
    ]);
    for (const { headers } of liveVox.network.seen) {
      expect(headers.get('authorization')).toBe(`Bearer ${ACCESS_TOKEN}`);
      expect(headers.get('lv-access')).toBeNull();
    }
  });

  it('happens once for calls that come together', async () => {
    const liveVox = ready();
    const acd = liveVox.open();
    await Promise.all([acd.readAgentEvents(null), acd.readAgentEvents(null), acd.readAgentEvents(null)]);
    expect(liveVox.signInCount()).toBe(1);
  });

  it.each([400, 401, 403, 422, 423])('is blocked after %i, and no secret is in the message', async (status) => {
    const liveVox = ready();
    liveVox.state.signIn = () => Response.json({ message: `Wrong: ${PASSWORD} and ${ACCESS_TOKEN}` }, { status });
    const acd = liveVox.open();
    const error = await rejection(acd.readAgentEvents(null));
    expect(error).toMatchObject({ failure: { kind: 'sign-in', retryAtMs: liveVox.clock.nowMs() + 21 * 60_000 } });
    expect(JSON.stringify(error) + String(error)).not.toContain('canary');
    await rejection(acd.readRoster());
    await rejection(liveVox.open().readAgentEvents(null));
    expect(liveVox.signInCount()).toBe(1);
  });

  it('is tried at once with another password or another access token', async () => {
    const liveVox = ready();
    liveVox.state.signIn = () => new Response(null, { status: 401 });
    await rejection(liveVox.open().readAgentEvents(null));
    for (const secrets of [
      { liveVoxPassword: 'other', liveVoxAccessToken: ACCESS_TOKEN },
      { liveVoxPassword: PASSWORD, liveVoxAccessToken: 'other' },
    ]) {
      await rejection(liveVox.open(undefined, secrets).readAgentEvents(null));
    }
    expect(liveVox.signInCount()).toBe(3);
  });

  it.each([
    ['{"sessionId":"canary', 'cut off'],
    ['{"sessionId":"a\\r\\nX: canary"}', 'a session that would add a header'],
    ['{"sessionId":""}', 'an empty session'],
    ['{"clientId":1}', 'no session'],
    ['null', 'nothing'],
  ])('refuses the answer %s: %s', async (body) => {
    const liveVox = ready();
    liveVox.state.signIn = () => new Response(body);
    const error = await rejection(liveVox.open().readAgentEvents(null));
    expect(error).toMatchObject({ failure: { kind: 'shape' } });
    expect(String(error)).not.toContain('canary');
  });

  it('says that an access token cannot be one, without repeating it', async () => {
    const liveVox = ready();
    const secrets = { liveVoxPassword: PASSWORD, liveVoxAccessToken: 'canary\ncanary' };
    const error = await rejection(liveVox.open(undefined, secrets).readAgentEvents(null));
    expect(String(error)).toMatch(/access token holds characters/);
    expect(String(error)).not.toContain('canary');
    expect(liveVox.network.seen).toEqual([]);
  });

  it.each([['liveVoxPassword'], ['liveVoxAccessToken']])('needs the secret %s', (name) => {
    const { deps } = testWorld(fakeLiveVox().network);
    const secrets = { liveVoxPassword: PASSWORD, liveVoxAccessToken: ACCESS_TOKEN, [name]: '' };
    expect(() => openAcd(liveVoxSettings(), secrets, deps)).toThrow(/LiveVox is not set/);
  });
});

describe('the life of a LiveVox session', () => {
  it('goes on for as long as it is used, without another sign-in', async () => {
    const liveVox = ready();
    const acd = liveVox.open();
    for (let elapsedMs = 0; elapsedMs < 3 * DAY_MS; elapsedMs += HOUR_MS) {
      await acd.readAgentEvents(null);
      liveVox.clock.advance(HOUR_MS);
    }
    expect(liveVox.signInCount()).toBe(1);
  });

  it('goes on when the source is opened anew beside the old one, and both sign in once', async () => {
    const liveVox = ready();
    const keepers = new Map();
    const open = () => liveVox.open(undefined, undefined, { keepers });
    await Promise.all([open().readAgentEvents(null), open().readAgentEvents(null)]);
    const later = open();
    for (let elapsedMs = 0; elapsedMs < DAY_MS; elapsedMs += HOUR_MS) {
      await later.readAgentEvents(null);
      liveVox.clock.advance(HOUR_MS);
    }
    expect(liveVox.signInCount()).toBe(1);
  });

  it('is over when nobody used it for two hours: a new one is asked for without trying the old', async () => {
    const liveVox = ready();
    const acd = liveVox.open();
    await acd.readAgentEvents(null);
    liveVox.clock.advance(2 * HOUR_MS);
    await acd.readAgentEvents(null);
    expect(liveVox.network.seen.map(({ url }) => url.pathname)).toEqual([SIGN_IN, FEED, SIGN_IN, FEED]);
  });

  it('ends at a 401: one sign-in, and the call once more', async () => {
    const liveVox = ready();
    const acd = liveVox.open();
    await acd.readAgentEvents('a');
    liveVox.endSessions();
    expect(await acd.readAgentEvents('b')).toMatchObject({ cursor: 'next', isGap: false });
    expect(liveVox.network.seen.slice(2).map(({ url }) => url.pathname)).toEqual([FEED, SIGN_IN, FEED]);
    expect(liveVox.network.seen.at(-1)?.headers.get('lv-session')).toBe('session-canary-2');
  });

  it('does not lead to a storm of sign-ins when no session is accepted', async () => {
    const liveVox = ready();
    liveVox.state.refusesAll = true;
    const acd = liveVox.open();
    for (let poll = 0; poll < 12; poll += 1) {
      const error = await rejection(acd.readAgentEvents(null));
      expect(error).toMatchObject({ failure: { kind: 'sign-in' } });
      expect(String(error)).not.toContain('canary');
      liveVox.clock.advance(5_000);
    }
    expect(liveVox.signInCount()).toBe(1);
  });

  it('outlives a restart, sealed: the cache holds nothing in clear', async () => {
    const liveVox = ready();
    await liveVox.open().readAgentEvents(null);
    expect(JSON.stringify([...liveVox.cache.entries])).not.toMatch(/canary|wfm/);
    await liveVox.open().readAgentEvents(null);
    expect(liveVox.signInCount()).toBe(1);
    await liveVox.open(undefined, undefined, { sealer: createSealer(KEY_B) }).readAgentEvents(null);
    expect(liveVox.signInCount()).toBe(2);
  });

  it('dies with a changed password: after one sign-in that is refused nobody asks again', async () => {
    const liveVox = ready();
    const acd = liveVox.open();
    await acd.readAgentEvents(null);
    liveVox.endSessions();
    liveVox.state.signIn = () => new Response(null, { status: 401 });
    for (let poll = 0; poll < 20; poll += 1) {
      await rejection(acd.readAgentEvents(null));
      liveVox.clock.advance(5_000);
    }
    expect(liveVox.signInCount()).toBe(2);
  });
});

describe('the warning about the password', () => {
  it.each([
    [undefined, null, 'LiveVox does not say'],
    ['soon', null, 'no number'],
    [15, null, 'more than 14 days'],
    [14, /expires on 2026-03-16/, '14 days'],
    [1, /expires on 2026-03-03/, 'a day'],
    [0, /has been due to expire since 2026-03-02/, 'today'],
    [-1, /has been due to expire since 2026-03-02/, 'a number that went past zero'],
    [1e9, null, 'never'],
  ] as [unknown, RegExp | null, string][])('for %s days is %s: %s', async (days, expected, _) => {
    const liveVox = ready();
    liveVox.state.daysUntilPasswordExpires = days;
    const acd = liveVox.open();
    expect(acd.warning()).toBeNull();
    await acd.readAgentEvents(null);
    if (expected === null) expect(acd.warning()).toBeNull();
    else expect(acd.warning()).toMatch(expected);
  });

  it('comes while the same session lives on, and after a restart from the cache', async () => {
    const liveVox = ready();
    liveVox.state.daysUntilPasswordExpires = 15;
    const acd = liveVox.open();
    for (let elapsedMs = 0; elapsedMs < 25 * HOUR_MS; elapsedMs += HOUR_MS / 6) {
      await acd.readAgentEvents(null);
      liveVox.clock.advance(HOUR_MS / 6);
    }
    expect(acd.warning()).toMatch(/expires on 2026-03-17/);
    const restarted = liveVox.open();
    await restarted.readAgentEvents(null);
    expect(restarted.warning()).toMatch(/expires on 2026-03-17/);
    expect(liveVox.signInCount()).toBe(1);
  });
});
