import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Bridge, openBridge } from '../../support/bridge.ts';
import { failingDb } from '../../support/failing-db.ts';
import { statesAccount } from '../../support/stored.ts';

const NINE_MS = Date.parse('2026-03-02T09:00:00Z');
/** Part of the batch with which a delivery notes what it holds. */
const HOLDS = 'held_count = held_count +';

describe('a delivery that notes what it holds beside a poll', () => {
  let bridge: Bridge;
  let failed: number;
  /** Ticks do not wait for their lanes: the next one polls while a delivery is at work. */
  let isHasty: boolean;

  /** Resolves when a poll has asked since, and has had time to write what it saw, unless it has to wait. */
  const pollBeside = async () => {
    const before = bridge.ncc.calls.length;
    while (!bridge.ncc.calls.slice(before).some(({ path }) => path === '/realTime')) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
  };

  /** The first batch that holds something fails beside a poll: `when` it was committed, or before. */
  const failOnce = (when: 'before' | 'after') => {
    const db = failingDb(env.DB, {
      batch: async (sql, run) => {
        if (!sql.includes(HOLDS) || failed > 0) return run();
        failed += 1;
        if (when === 'after') await run();
        await pollBeside();
        isHasty = false;
        throw new Error('D1_ERROR: injected');
      },
    });
    const { clock } = bridge.deps;
    const sleep: typeof clock.sleep = (ms, signal) => (isHasty ? Promise.resolve() : clock.sleep(ms, signal));
    Object.assign(bridge.deps, { db, clock: { ...clock, sleep } });
    bridge.crash();
    isHasty = true;
  };

  const toldOf = (loginId: string) =>
    bridge.mpower.events.filter((event) => event.loginId === loginId).map(({ eventCode }) => eventCode);

  const place = async () => {
    await env.DB.prepare(`UPDATE agent SET login_id = 'bob@x.test' WHERE source_id = 'nobody'`).run();
    await env.DB.prepare('UPDATE connection SET config_version = config_version + 1').run();
    await bridge.run(20_000);
  };

  beforeEach(async () => {
    failed = 0;
    isHasty = false;
    bridge = await openBridge(NINE_MS);
    bridge.ncc.users.set('a1', { username: 'a1@x.test' });
    bridge.ncc.agents.set('a1', { status: 'Available' });
    await bridge.run(20_000);
  });

  it.each([
    { when: 'before', why: 'the poll would store that they were dealt with, and they would never be sent' },
    { when: 'after', why: 'the poll would take back how far it had come, and they would be held twice' },
  ] as const)('loses and doubles nothing when the database fails $when the commit: $why', async ({ when }) => {
    failOnce(when);
    bridge.ncc.agents.set('nobody', { status: 'Available' });
    await bridge.run(15_000);
    bridge.ncc.agents.set('nobody', { status: 'Busy' });
    bridge.ncc.agents.set('a1', { status: 'Busy' });
    await bridge.run(30_000);
    expect(failed).toBe(1);
    expect(await statesAccount()).toEqual({ read: 4, delivered: 2, setAside: 0, held: 2, waiting: 0 });
    await place();
    expect(toldOf('bob@x.test')).toEqual(['Available', 'Busy']);
    expect(toldOf('a1@x.test')).toEqual(['Available', 'Busy']);
    expect(await statesAccount()).toEqual({ read: 4, delivered: 4, setAside: 0, held: 0, waiting: 0 });
  });
});
