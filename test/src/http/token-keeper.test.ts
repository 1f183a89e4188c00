import { describe, expect, it } from 'vitest';
import { createSealer } from '../../../src/crypto/seal.ts';
import type { Token } from '../../../src/http/token-cache.ts';
import { createTokenKeeper, type TokenIssuer, type TokenKeeper } from '../../../src/http/token-keeper.ts';
import { UpstreamError, type UpstreamFailure } from '../../../src/http/upstream-error.ts';
import {
  KEY_B,
  rejection,
  START_MS,
  testClock,
  testNetwork,
  testSignIns,
  testTokenCache,
  testWorld,
} from './support.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const ACCOUNT = { side: 'acd', signInUrl: 'https://acme.thrio.io/sign-in', username: 'wfm', secret: 'pass' } as const;
const REFUSED: UpstreamFailure = { kind: 'status', status: 401, retryAfterMs: null, detail: 'Bad credentials' };
const UNANSWERED: UpstreamFailure = { kind: 'timeout', timeoutMs: 10_000 };
const TROUBLE: UpstreamFailure = { kind: 'status', status: 503, retryAfterMs: null, detail: '' };

/** A vendor that issues numbered tokens, or fails as told. */
function testIssuer(clock: { nowMs(): number }, lifeMs = HOUR_MS, refreshLifeMs = 2 * HOUR_MS) {
  const state = {
    signIns: 0,
    refreshes: 0,
    signInFailure: null as UpstreamFailure | null,
    refreshFailure: null as UpstreamFailure | null,
    schemes: [] as string[],
    gate: Promise.resolve(),
  };
  const issue = (value: string): Token => ({
    value,
    issuedAtMs: clock.nowMs(),
    expiresAtMs: clock.nowMs() + lifeMs,
    refreshValue: refreshLifeMs > 0 ? `refresh of ${value}` : '',
    refreshExpiresAtMs: clock.nowMs() + refreshLifeMs,
    location: 'https://c1.thrio.io',
    scheme: '',
  });
  const issuer: TokenIssuer = {
    endpoint: 'GET /sign-in',
    variant: '',
    refusedStatuses: [401, 403],
    async signIn(scheme) {
      state.signIns += 1;
      state.schemes.push(scheme);
      await state.gate;
      if (state.signInFailure) throw new UpstreamError('GET /sign-in', state.signInFailure);
      return { ...issue(`signed-in-${state.signIns}`), scheme };
    },
    async refresh() {
      state.refreshes += 1;
      if (state.refreshFailure) throw new UpstreamError('GET /refresh', state.refreshFailure);
      return issue(`refreshed-${state.refreshes}`);
    },
  };
  return { state, issuer };
}

function setUp(options: { lifeMs?: number; refreshLifeMs?: number } = {}) {
  const clock = testClock();
  const { entries, cache } = testTokenCache();
  const { records, memory } = testSignIns();
  const { state, issuer } = testIssuer(clock, options.lifeMs, options.refreshLifeMs);
  const { deps } = testWorld(testNetwork(), { clock, cache, signIns: memory });
  /** A keeper that knows only what cache and database kept. */
  const restart = (overrides: Partial<typeof deps> = {}, secret = 'pass') =>
    createTokenKeeper({ ...ACCOUNT, secret }, issuer, { ...deps, ...overrides });
  return { clock, entries, records, state, restart, keeper: restart() };
}

describe('one renewal at a time', () => {
  it('is shared by clients that are opened anew while it is under way', async () => {
    const { restart, state } = setUp();
    let open: () => void = () => undefined;
    state.gate = new Promise((resolve) => {
      open = resolve;
    });
    const keepers = new Map<string, TokenKeeper>();
    const waiting = [restart({ keepers }).token(), restart({ keepers }).token()];
    open();
    expect(new Set((await Promise.all(waiting)).map(({ value }) => value)).size).toBe(1);
    expect(state.signIns).toBe(1);
  });

  it('signs in once for 500 who wait', async () => {
    const { keeper, state } = setUp();
    let open: () => void = () => undefined;
    state.gate = new Promise((resolve) => {
      open = resolve;
    });
    const waiting = Array.from({ length: 500 }, () => keeper.token());
    open();
    expect(new Set((await Promise.all(waiting)).map(({ value }) => value))).toEqual(new Set(['signed-in-1']));
    expect(state.signIns).toBe(1);
  });

  it('renews once for 500 whose token was refused, early and late', async () => {
    const { keeper, state } = setUp();
    const token = await keeper.token();
    const renewed = await Promise.all(Array.from({ length: 499 }, () => keeper.renewAfterRefusal(token)));
    renewed.push(await keeper.renewAfterRefusal(token));
    expect(new Set(renewed.map(({ value }) => value))).toEqual(new Set(['signed-in-2']));
    expect(state.signIns).toBe(2);
  });

  it('fails all who wait with one failure, and signs in for the next', async () => {
    const { keeper, state, clock } = setUp();
    state.signInFailure = TROUBLE;
    const failed = await Promise.all(Array.from({ length: 500 }, () => rejection(keeper.token())));
    expect(failed).toHaveLength(500);
    expect(state.signIns).toBe(1);
    state.signInFailure = null;
    clock.advance(3_000);
    expect(await keeper.token()).toMatchObject({ value: 'signed-in-2' });
  });

  it('makes one sign-in a life over 1,000 lives without a refresh', async () => {
    const { keeper, state, clock } = setUp({ refreshLifeMs: 0 });
    for (let life = 0; life < 1_000; life += 1) {
      await Promise.all([keeper.token(), keeper.token(), keeper.token()]);
      clock.advance(HOUR_MS);
    }
    expect(state.signIns).toBe(1_000);
  });
});

describe('renewal before the end', () => {
  it('keeps a token until 80 % of its life, then refreshes it', async () => {
    const { keeper, state, clock } = setUp();
    await keeper.token();
    clock.advance(0.8 * HOUR_MS - 1);
    expect(await keeper.token()).toMatchObject({ value: 'signed-in-1' });
    clock.advance(1);
    expect(await keeper.token()).toMatchObject({ value: 'refreshed-1' });
    expect(state).toMatchObject({ signIns: 1, refreshes: 1 });
  });

  it('uses the old token while it lives when the renewal fails in passing', async () => {
    const { keeper, state, clock } = setUp();
    await keeper.token();
    state.refreshFailure = { kind: 'timeout', timeoutMs: 10_000 };
    state.signInFailure = TROUBLE;
    clock.advance(0.9 * HOUR_MS);
    expect(await keeper.token()).toMatchObject({ value: 'signed-in-1' });
    clock.advance(5_000);
    expect(await keeper.token()).toMatchObject({ value: 'signed-in-1' });
    clock.advance(0.1 * HOUR_MS);
    expect(await rejection(keeper.token())).toMatchObject({ failure: TROUBLE });
  });

  it('tries a refresh whose answer was lost once only, then signs in', async () => {
    const { keeper, state, clock } = setUp();
    await keeper.token();
    state.refreshFailure = { kind: 'timeout', timeoutMs: 10_000 };
    clock.advance(0.9 * HOUR_MS);
    expect(await keeper.token()).toMatchObject({ value: 'signed-in-1' });
    expect(await keeper.token()).toMatchObject({ value: 'signed-in-2' });
    expect(state).toMatchObject({ signIns: 2, refreshes: 1 });
  });

  it.each([
    [400, 'rotated already'],
    [401, 'too late'],
    [404, 'no such call'],
  ])('signs in at once when the refresh is answered %i: %s', async (status) => {
    const { keeper, state, clock } = setUp();
    await keeper.token();
    state.refreshFailure = { kind: 'status', status, retryAfterMs: null, detail: '' };
    clock.advance(0.9 * HOUR_MS);
    expect(await keeper.token()).toMatchObject({ value: 'signed-in-2' });
    expect(state).toMatchObject({ signIns: 2, refreshes: 1 });
  });

  it('signs in when the refresh token has ended, too', async () => {
    const { keeper, state, clock } = setUp({ refreshLifeMs: 1_000 });
    await keeper.token();
    clock.advance(0.9 * HOUR_MS);
    await keeper.token();
    expect(state).toMatchObject({ signIns: 2, refreshes: 0 });
  });
});

describe('refused credentials', () => {
  it('are not tried again for 21 minutes, which makes at most 3 tries an hour', async () => {
    const { keeper, state, clock } = setUp();
    state.signInFailure = REFUSED;
    for (let second = 0; second < 3_600; second += 5) {
      expect(await rejection(keeper.token())).toMatchObject({ failure: { kind: 'sign-in' } });
      clock.advance(5_000);
    }
    expect(state.signIns).toBe(3);
  });

  it('are told with the reason and when the next try is', async () => {
    const { keeper, state } = setUp();
    state.signInFailure = REFUSED;
    const retryAtMs = START_MS + 21 * MINUTE_MS;
    const failure = { kind: 'sign-in', detail: '401 Bad credentials', retryAtMs };
    expect(await rejection(keeper.token())).toMatchObject({ failure, endpoint: 'GET /sign-in' });
    expect(await rejection(keeper.token())).toMatchObject({ failure });
  });

  it('stay blocked over a restart, and other credentials are tried at once', async () => {
    const { keeper, state, records, restart } = setUp();
    state.signInFailure = REFUSED;
    await rejection(keeper.token());
    expect(await rejection(restart().token())).toMatchObject({ failure: { kind: 'sign-in' } });
    expect(state.signIns).toBe(1);
    state.signInFailure = null;
    expect(await restart({}, 'another').token()).toMatchObject({ value: 'signed-in-2' });
    expect([...records.values()]).toMatchObject([{ refusedCount: 1 }]);
  });

  it('are forgotten once they are accepted', async () => {
    const { keeper, state, clock, records } = setUp();
    state.signInFailure = REFUSED;
    await rejection(keeper.token());
    state.signInFailure = null;
    clock.advance(21 * MINUTE_MS);
    await keeper.token();
    expect([...records.values()]).toEqual([{ blockedUntilMs: 0, refusedCount: 0, refusedReason: '', scheme: '' }]);
  });

  it('stay blocked in memory when the database does not take the record', async () => {
    const { state, restart } = setUp();
    state.signInFailure = REFUSED;
    const write = () => Promise.reject(new Error('D1_ERROR'));
    const keeper = restart({ signIns: { read: async () => null, write } });
    await rejection(keeper.token());
    expect(await rejection(keeper.token())).toMatchObject({ failure: { kind: 'sign-in' } });
    expect(state.signIns).toBe(1);
  });

  it('are not tried when nobody can say whether they are blocked', async () => {
    const { state, restart } = setUp();
    const read = () => Promise.reject(new Error('D1_ERROR'));
    const keeper = restart({ signIns: { read, write: async () => undefined } });
    expect(await rejection(keeper.token())).toMatchObject({ failure: { kind: 'unreachable' } });
    expect(state.signIns).toBe(0);
  });

  it('are not blocked for a day when the clock is set back by one', async () => {
    const { keeper, state, clock } = setUp();
    state.signInFailure = REFUSED;
    await rejection(keeper.token());
    clock.advance(-24 * HOUR_MS);
    await rejection(keeper.token());
    expect(state.signIns).toBe(2);
  });
});

describe('a sign-in that fails in passing', () => {
  it.each<UpstreamFailure>([
    TROUBLE,
    { kind: 'unreachable', detail: '' },
    { kind: 'shape', issues: 'an HTML page' },
    { kind: 'status', status: 404, retryAfterMs: null, detail: '' },
  ])('is no block ($kind), but is not tried again within 3 seconds', async (failure) => {
    const { keeper, state, clock, records } = setUp();
    state.signInFailure = failure;
    await rejection(keeper.token());
    clock.advance(2_999);
    expect(await rejection(keeper.token())).toMatchObject({ failure });
    expect(state.signIns).toBe(1);
    clock.advance(1);
    state.signInFailure = null;
    expect(await keeper.token()).toMatchObject({ value: 'signed-in-2' });
    expect(records.size).toBe(0);
  });

  it('is no block when nobody answered in time and the credentials were accepted before, restarts included', async () => {
    const { keeper, state, clock, restart } = setUp({ refreshLifeMs: 0 });
    await keeper.accepted(await keeper.token(), 'raw');
    clock.advance(2 * HOUR_MS);
    const restarted = restart();
    state.signInFailure = { kind: 'timeout', timeoutMs: 10_000 };
    expect(await rejection(restarted.token())).toMatchObject({ failure: state.signInFailure });
    clock.advance(3_000);
    state.signInFailure = null;
    expect(await restarted.token()).toMatchObject({ value: 'signed-in-3' });
  });

  it('waits as long as Retry-After asks', async () => {
    const { keeper, state, clock } = setUp();
    state.signInFailure = { kind: 'status', status: 429, retryAfterMs: 60_000, detail: '' };
    await rejection(keeper.token());
    clock.advance(59_999);
    await rejection(keeper.token());
    expect(state.signIns).toBe(1);
    clock.advance(1);
    await rejection(keeper.token());
    expect(state.signIns).toBe(2);
  });

  it('tells whoever comes later how much of Retry-After is left: nobody waits longer than whoever asked first', async () => {
    const { keeper, state, clock } = setUp();
    state.signInFailure = { kind: 'status', status: 429, retryAfterMs: 60_000, detail: 'slow down' };
    await rejection(keeper.token());
    clock.advance(45_000);
    expect(await rejection(keeper.token())).toMatchObject({
      failure: { kind: 'status', status: 429, retryAfterMs: 15_000, detail: 'slow down' },
    });
  });

  it('is made 3 times an hour at most while nobody answers and the credentials were never accepted', async () => {
    const { state, clock, restart } = setUp();
    state.signInFailure = UNANSWERED;
    const triedAtMinute: number[] = [];
    for (let second = 0; second < 3 * 3_600; second += 5) {
      const before = state.signIns;
      // Each time a new process, which knows what the database keeps.
      expect(await rejection(restart().token())).toMatchObject({ failure: { kind: 'unanswered sign-in' } });
      if (state.signIns > before) triedAtMinute.push((clock.nowMs() - START_MS) / MINUTE_MS);
      clock.advance(5_000);
    }
    expect(triedAtMinute).toEqual([0, 1, 2, 65, 66, 67, 130, 131, 132]);
  });

  it.each([0, 1])('is made again within a minute after %i more that nobody answered, and may go well', async (more) => {
    const { keeper, state, clock } = setUp();
    state.signInFailure = UNANSWERED;
    for (let tries = 0; tries <= more; tries += 1) {
      const retryAtMs = clock.nowMs() + MINUTE_MS;
      expect(await rejection(keeper.token())).toMatchObject({ failure: { kind: 'unanswered sign-in', retryAtMs } });
      clock.advance(MINUTE_MS);
    }
    state.signInFailure = null;
    await keeper.token();
    expect(state.signIns).toBe(more + 2);
  });

  it.each([
    [
      [UNANSWERED, REFUSED],
      [0, 1, 43, 64, 85],
    ],
    [
      [UNANSWERED, UNANSWERED, REFUSED],
      [0, 1, 2, 65, 86],
    ],
    [
      [UNANSWERED, UNANSWERED, UNANSWERED, REFUSED],
      [0, 1, 2, 65, 86],
    ],
    [
      [REFUSED, UNANSWERED],
      [0, 21, 42, 63, 84],
    ],
  ])('is made 3 times an hour at most, whatever the tries before were: %#', async (failures, minutes) => {
    const { keeper, state, clock } = setUp();
    const triedAtMinute: number[] = [];
    for (let second = 0; second < 90 * 60; second += 5) {
      const before = state.signIns;
      state.signInFailure = failures[before] ?? REFUSED;
      await rejection(keeper.token());
      if (state.signIns > before) triedAtMinute.push((clock.nowMs() - START_MS) / MINUTE_MS);
      clock.advance(5_000);
    }
    expect(triedAtMinute).toEqual(minutes);
  });

  it('is made once when somebody saves the connection after three that nobody answered', async () => {
    const { keeper, state, records, clock } = setUp();
    state.signInFailure = UNANSWERED;
    for (let tries = 0; tries < 3; tries += 1) {
      await rejection(keeper.token());
      clock.advance(MINUTE_MS);
    }
    const [[fingerprint = '', record] = []] = [...records];
    if (record) records.set(fingerprint, { ...record, blockedUntilMs: 1 });
    for (let second = 0; second < 3_600; second += 5) {
      await rejection(keeper.token());
      clock.advance(5_000);
    }
    expect(state.signIns).toBe(4);
  });

  it('is made again when the clock is set back, however short the wait was', async () => {
    const { keeper, state, clock } = setUp();
    state.signInFailure = UNANSWERED;
    await rejection(keeper.token());
    clock.advance(-2 * MINUTE_MS);
    await rejection(keeper.token());
    expect(state.signIns).toBe(2);
  });

  it('is made 3 times an hour at most by one who is refused slowly, now in time and now not', async () => {
    const { keeper, state, clock } = setUp();
    for (let second = 0; second < 4 * 3_600; second += 5) {
      state.signInFailure = state.signIns % 2 === 0 ? { kind: 'timeout', timeoutMs: 10_000 } : REFUSED;
      await rejection(keeper.token());
      clock.advance(5_000);
    }
    expect(state.signIns).toBe(12);
  });

  it('is made again at once when the database says so: somebody has saved the connection', async () => {
    const { keeper, state, records } = setUp();
    state.signInFailure = { kind: 'timeout', timeoutMs: 10_000 };
    await rejection(keeper.token());
    const [[fingerprint = '', record] = []] = [...records];
    if (record) records.set(fingerprint, { ...record, blockedUntilMs: 1 });
    expect(await rejection(keeper.token())).toMatchObject({ failure: { kind: 'unanswered sign-in' } });
    expect(state.signIns).toBe(2);
    state.signInFailure = null;
    records.set(fingerprint, { ...(record ?? { refusedCount: 0, refusedReason: '', scheme: '' }), blockedUntilMs: 1 });
    expect(await keeper.token()).toMatchObject({ value: 'signed-in-3' });
    expect(records.get(fingerprint)).toMatchObject({ blockedUntilMs: 0, refusedCount: 0 });
  });

  it.each<UpstreamFailure>([
    { kind: 'timeout', timeoutMs: 10_000 },
    { kind: 'unreachable', detail: 'socket hang up' },
  ])('counts a try as refused that got no answer where the last answer was a refusal: %j', async (unanswered) => {
    const { clock, state, keeper } = setUp();
    state.signInFailure = REFUSED;
    await rejection(keeper.token());
    clock.advance(22 * MINUTE_MS);
    state.signInFailure = unanswered;
    await rejection(keeper.token());
    clock.advance(20 * MINUTE_MS);
    expect(await rejection(keeper.token())).toMatchObject({ failure: { kind: 'sign-in' } });
    expect(state.signIns).toBe(2);
  });
});

describe('a fresh token that is refused, too', () => {
  it('holds sign-ins back for 1 minute, then 2, and starts over once a call is accepted', async () => {
    const { keeper, state, clock } = setUp();
    expect(keeper.refusedAfresh(await keeper.token(), 'GET /x')).toMatchObject({
      failure: { kind: 'sign-in', retryAtMs: START_MS + MINUTE_MS },
    });
    expect(await rejection(keeper.token())).toMatchObject({ failure: { kind: 'sign-in' } });
    clock.advance(MINUTE_MS);
    const token = await keeper.token();
    const second = keeper.refusedAfresh(token, 'GET /x');
    expect(second).toMatchObject({ failure: { retryAtMs: START_MS + 3 * MINUTE_MS } });
    expect(keeper.refusedAfresh(token, 'GET /x')).toMatchObject({ failure: second.failure });
    clock.advance(2 * MINUTE_MS);
    await keeper.accepted(await keeper.token(), 'raw');
    expect(keeper.refusedAfresh(await keeper.token(), 'GET /x')).toMatchObject({
      failure: { retryAtMs: clock.nowMs() + MINUTE_MS },
    });
    expect(state.signIns).toBe(3);
  });
});

describe('the cache', () => {
  it('gives the token again after a restart, without a sign-in', async () => {
    const { keeper, state, restart, entries } = setUp();
    await keeper.token();
    expect(await restart().token()).toMatchObject({ value: 'signed-in-1' });
    expect(state.signIns).toBe(1);
    const [[key, entry] = ['', { value: '', ttlS: 0 }]] = [...entries];
    expect(key).toMatch(/^token:7:acd:[0-9a-f]{32}$/);
    expect(entry.value).not.toContain('signed-in-1');
    expect(entry.ttlS).toBe(3_599);
  });

  it('is not given a token with less than a minute to live', async () => {
    const { keeper, entries } = setUp({ lifeMs: MINUTE_MS });
    await keeper.token();
    expect(entries.size).toBe(0);
  });

  it.each([
    ['fails', () => Promise.reject(new Error('KV'))],
    ['holds nonsense', async () => 'nonsense'],
    ['holds what another key sealed', async (key: string) => createSealer(KEY_B).seal('{}', key)],
  ])('does not matter when it %s', async (_, get) => {
    const { restart, state } = setUp();
    const fails = () => Promise.reject(new Error('KV'));
    expect(await restart({ tokens: { get, put: fails, delete: fails } }).token()).toMatchObject({
      value: 'signed-in-1',
    });
    expect(state.signIns).toBe(1);
  });

  it('does not matter when it hangs', async () => {
    const { restart, clock } = setUp();
    const hangs = () => new Promise<never>(() => undefined);
    const asked = restart({ tokens: { get: hangs, put: hangs, delete: hangs } }).token();
    for (let step = 0; step < 4; step += 1) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      clock.advance(2_000);
    }
    expect(await asked).toMatchObject({ value: 'signed-in-1' });
  });

  it('loses a token that was refused', async () => {
    const { keeper, restart, state } = setUp();
    const token = await keeper.token();
    state.signInFailure = TROUBLE;
    await rejection(keeper.renewAfterRefusal(token));
    state.signInFailure = null;
    expect(await restart().token()).toMatchObject({ value: 'signed-in-3' });
  });
});

describe('the form in which a vendor wants its token', () => {
  it('is remembered with the token, and in the database for the next sign-in', async () => {
    const { keeper, restart, entries, state } = setUp();
    await keeper.accepted(await keeper.token(), 'Bearer');
    expect(await keeper.token()).toMatchObject({ scheme: 'Bearer' });
    expect(await restart().token()).toMatchObject({ value: 'signed-in-1', scheme: 'Bearer' });
    entries.clear();
    expect(await restart().token()).toMatchObject({ value: 'signed-in-2', scheme: 'Bearer' });
    expect(state.schemes).toEqual(['', 'Bearer']);
  });
});
