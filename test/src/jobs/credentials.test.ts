import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { connectionSettingsSchema } from '../../../src/connection.ts';
import { credentialContext, updateConnection } from '../../../src/store/connections.ts';
import { allowUnansweredSignIns } from '../../../src/store/sign-ins.ts';
import { type Bridge, openBridge, settings } from '../../support/bridge.ts';

const NINE_MS = Date.parse('2026-03-02T09:00:00Z');
const MINUTE_MS = 60_000;
const SIGN_IN = '/provider/token-with-authorities';

describe('credentials that somebody changes', () => {
  const usual = settings();
  /** Figures and roster have an account of their own: the poll does not wait for its sign-in. */
  const chosen = connectionSettingsSchema.parse({
    ...usual,
    acd: { ...usual.acd, historical: { baseUrl: 'https://ncc.example', username: 'figures' } },
  });
  let bridge: Bridge;
  /** Users and passwords of the sign-ins at NCC, in their order. */
  let tried: string[];
  /** How NCC answers a sign-in with the first password. */
  let answerOld: (user: string) => Promise<Response> | null;
  /** Ticks do not wait for their lanes. */
  let isHasty: boolean;
  let timeIsUp: () => void;

  /** Saves the connection as its page does. */
  const save = async (password: string) => {
    const row = await env.DB.prepare('SELECT config_version AS version FROM connection').first<{ version: number }>();
    const names = ['realTimePassword', 'historicalPassword'];
    const secrets = names.map(async (name) => ({
      name,
      sealed: await bridge.deps.sealer.seal(password, credentialContext(1, name)),
    }));
    await updateConnection(env.DB, {
      id: 1,
      expectedVersion: row?.version ?? 0,
      name: chosen.name,
      settings: JSON.stringify(chosen),
      secrets: await Promise.all(secrets),
      nowMs: bridge.clock.nowMs,
      by: 'test',
      detail: '',
    });
    await allowUnansweredSignIns(env.DB, 1);
  };
  const pause = (paused: 0 | 1) =>
    env.DB.prepare('UPDATE connection SET paused = ?1, config_version = config_version + 1').bind(paused).run();
  const callsOf = (path: string) => bridge.ncc.calls.filter((call) => call.path === path).length;
  const refuse = async () => new Response('{"message":"Bad credentials"}', { status: 401 });

  beforeEach(async () => {
    tried = [];
    isHasty = false;
    answerOld = refuse;
    timeIsUp = () => undefined;
    bridge = await openBridge(NINE_MS, chosen);
    bridge.ncc.users.set('a1', { username: 'a1@x.test' });
    bridge.ncc.agents.set('a1', { status: 'Available' });
    const { fetch, clock } = bridge.deps;
    Object.assign(bridge.deps, {
      fetch: async (request: Request) => {
        if (new URL(request.url).pathname !== SIGN_IN) return fetch(request);
        const account = atob(request.headers.get('authorization')?.replace('Basic ', '') ?? '');
        const [user = '', password] = account.split(':');
        tried.push(account);
        return (password === 'secret' ? answerOld(user) : null) ?? fetch(request);
      },
      clock: {
        ...clock,
        sleep: (ms: number, signal?: AbortSignal) => (isHasty ? Promise.resolve() : clock.sleep(ms, signal)),
        deadline: () => {
          const deadline = new AbortController();
          timeIsUp = () => deadline.abort(new DOMException('The time is up.', 'TimeoutError'));
          return deadline.signal;
        },
      },
    });
    bridge.crash();
  });

  it.each([
    { how: 'times out', end: (one: { timeIsUp: () => void }) => one.timeIsUp() },
    { how: 'is refused', end: (one: { refused: () => void }) => one.refused() },
  ])('are tried at once for all that is read, though a sign-in with the old ones $how after that', async ({ end }) => {
    let waiting: { timeIsUp: () => void; refused: () => void } | null = null;
    answerOld = (user) => {
      if (user !== 'figures') return null;
      const { promise, resolve } = Promise.withResolvers<Response>();
      waiting = { timeIsUp, refused: () => void refuse().then(resolve) };
      return promise;
    };
    isHasty = true;
    await bridge.run(5_000);
    await vi.waitUntil(() => waiting !== null);
    await save('new');
    await bridge.run(5_000);
    end(waiting ?? { timeIsUp, refused: timeIsUp });
    await new Promise((resolve) => setTimeout(resolve, 100));
    isHasty = false;
    await bridge.run(20_000);
    expect(tried).toEqual(['wfm:secret', 'figures:secret', 'wfm:new', 'figures:new']);
    expect(callsOf('/data/api/types/user')).toBeGreaterThan(0);
  });

  it('are tried at once when the connection was paused meanwhile', async () => {
    await bridge.run(20_000);
    await pause(1);
    await bridge.run(10_000);
    await save('new');
    await pause(0);
    await bridge.run(15_000);
    expect(tried).toEqual(['wfm:secret', 'figures:secret', 'wfm:new', 'figures:new']);
    expect(callsOf('/realTime')).toBeGreaterThan(0);
  });

  it('are tried at once when the bridge was started again meanwhile', async () => {
    await bridge.run(20_000);
    await save('new');
    bridge.crash();
    await bridge.run(15_000);
    expect(tried).toEqual(['wfm:secret', 'figures:secret', 'wfm:new', 'figures:new']);
    expect(callsOf('/realTime')).toBeGreaterThan(0);
  });

  it('are left alone when they are the refused ones, however often they are saved: 3 sign-ins an hour at most', async () => {
    for (let minute = 0; minute < 60; minute += 4) {
      await bridge.run(4 * MINUTE_MS);
      await save('secret');
      if (minute % 12 === 0) bridge.crash();
    }
    expect(tried.filter((account) => account === 'wfm:secret')).toHaveLength(3);
    expect(tried.filter((account) => account === 'figures:secret')).toHaveLength(3);
  });
});
