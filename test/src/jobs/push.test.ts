import { env } from 'cloudflare:workers';
import * as fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { readOverview } from '../../../src/store/overview.ts';
import { type Bridge, openBridge, settings } from '../../support/bridge.ts';

const NINE_MS = Date.parse('2026-03-02T09:00:00Z');
const MINUTE_MS = 60_000;
const iso = (atMs: number) => new Date(atMs).toISOString();
const change = (agentId: string, atMs: number, state: string, reason = '') => ({
  agentId,
  at: iso(atMs),
  state,
  reason,
});
const figures = (queueId: string, startMs: number, more: object = {}) => ({
  queueId,
  start: iso(startMs),
  offered: 10,
  abandoned: 2,
  handleTimeMs: 800_000,
  ...more,
});
const storedChanges = async () =>
  (
    await env.DB.prepare(
      `SELECT a.source_id AS agent, c.at_ms AS atMs, s.name AS state FROM state_change c JOIN agent a ON a.id = c.agent_id
       JOIN acd_state s ON s.id = c.state_id ORDER BY 1, 2`,
    ).all()
  ).results;

let bridge: Bridge;
beforeEach(async () => {
  bridge = await openBridge(NINE_MS, settings({ acd: { kind: 'push' } }));
});

describe('state changes that are pushed', () => {
  it('go to the WFM in order, and the same ones twice change nothing', async () => {
    const records = [change('ann', NINE_MS + 1_000, 'Ready'), change('ann', NINE_MS + 2_000, 'Contact', 'Sales')];
    expect(await bridge.push('state-changes', records)).toEqual({ added: 2, changed: 0, same: 0, refused: [] });
    bridge.clock.nowMs += 3_000;
    expect(await bridge.push('state-changes', records)).toEqual({ added: 0, changed: 0, same: 2, refused: [] });
    await bridge.run(MINUTE_MS);
    expect(bridge.logged).toEqual([]);
    expect(bridge.mpower.events.map(({ loginId, eventCode, reasonCode }) => [loginId, eventCode, reasonCode])).toEqual([
      ['ann', 'Ready', ''],
      ['ann', 'Contact', 'Sales'],
    ]);
  });

  it('say when the last ones came', async () => {
    bridge.clock.nowMs += 5_000;
    await bridge.push('state-changes', [change('ann', NINE_MS + 1_000, 'Ready')]);
    const pushedAtMs = bridge.clock.nowMs;
    await bridge.run(MINUTE_MS);
    const [facts] = await readOverview(env.DB, bridge.clock.nowMs);
    expect(facts?.feeds.find(({ name }) => name === 'agent-states')?.successAtMs).toBe(pushedAtMs);
  });

  it('that come late find their place: not in real time, but in the reports of the windows that they touch', async () => {
    bridge.clock.nowMs = NINE_MS + 30_000;
    await bridge.push('state-changes', [change('ann', NINE_MS, 'Ready')]);
    bridge.clock.nowMs = NINE_MS + 10 * MINUTE_MS;
    await bridge.push('state-changes', [change('ann', NINE_MS + 9 * MINUTE_MS, 'Contact')]);
    await bridge.run(20 * MINUTE_MS);
    const before = bridge.mpower.activity.length;
    expect(before).toBeGreaterThan(0);
    expect(await bridge.push('state-changes', [change('ann', NINE_MS + 4 * MINUTE_MS, 'Not ready')])).toMatchObject({
      added: 1,
    });
    await bridge.run(2 * MINUTE_MS);
    expect(bridge.mpower.events.map(({ eventCode }) => eventCode)).toEqual(['Ready', 'Contact']);
    expect(bridge.mpower.activity.length).toBe(before + 1);
    expect(bridge.mpower.activity.at(-1)?.reportData[0]?.agentActivity).toEqual([
      { state: 'Ready', startTime: iso(NINE_MS), duration: 4 * MINUTE_MS, reason: '' },
      { state: 'Not ready', startTime: iso(NINE_MS + 4 * MINUTE_MS), duration: 5 * MINUTE_MS, reason: '' },
    ]);
    expect(bridge.logged).toEqual([]);
  });

  it('that take back all that a window was told of send it again without any', async () => {
    bridge.clock.nowMs = NINE_MS + 10 * MINUTE_MS;
    const at = NINE_MS + 2 * MINUTE_MS;
    await bridge.push('state-changes', [change('ann', at, 'Ready'), change('ann', at + MINUTE_MS, 'Signed out')]);
    await bridge.run(15 * MINUTE_MS);
    expect(bridge.mpower.activity.map(({ reportData }) => reportData.length)).toEqual([1]);
    await bridge.push('state-changes', [change('ann', at, 'Signed out')]);
    await bridge.run(3 * MINUTE_MS);
    expect(bridge.mpower.activity.map(({ reportData }) => reportData.length)).toEqual([1, 0]);
    expect(bridge.logged).toEqual([]);
  });

  it('are stored alike in whatever order, parts and repetitions they come', async () => {
    const events = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) =>
      change(i % 2 === 0 ? 'ann' : 'bob', NINE_MS + i * 3 * MINUTE_MS, ['Ready', 'Contact', 'Signed out'][i % 3] ?? ''),
    );
    bridge.clock.nowMs = NINE_MS + 40 * MINUTE_MS;
    await bridge.push('state-changes', events);
    const expected = await storedChanges();
    expect(expected).toHaveLength(9);
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(events, { minLength: events.length }),
        fc.array(fc.nat(8), { maxLength: 6 }),
        fc.integer({ min: 1, max: 9 }),
        async (order, repeated, size) => {
          bridge = await openBridge(NINE_MS + 40 * MINUTE_MS, settings({ acd: { kind: 'push' } }));
          const all = [...order, ...repeated.flatMap((i) => events[i] ?? [])];
          for (let from = 0; from < all.length; from += size)
            await bridge.push('state-changes', all.slice(from, from + size));
          expect(await storedChanges()).toEqual(expected);
        },
      ),
      { numRuns: 12 },
    );
  });

  it('are refused one by one where they cannot be, and the others are stored', async () => {
    const result = await bridge.push('state-changes', [
      change('ann', NINE_MS, 'Ready'),
      change('ann', NINE_MS + 60 * MINUTE_MS, 'Contact'),
      { agentId: 'ann', at: 'yesterday', state: 'Ready' },
      change('ann', Date.parse('2020-01-01T00:00:00Z'), 'Ready'),
      { agentId: '', at: iso(NINE_MS), state: 'Ready' },
    ]);
    expect(result.added).toBe(1);
    expect(result.refused.map(({ index }) => index).sort()).toEqual([1, 2, 3, 4]);
    expect(result.refused.every(({ reason }) => reason.length > 10)).toBe(true);
  });

  it('are refused by a connection that looks at its agents itself', async () => {
    bridge = await openBridge(NINE_MS);
    await expect(bridge.push('state-changes', [change('ann', NINE_MS, 'Ready')])).rejects.toThrow(
      'from the ACD itself',
    );
  });

  it('survive a crash between storing and what follows: the touched windows are sent again all the same', async () => {
    bridge.clock.nowMs = NINE_MS + MINUTE_MS;
    await bridge.push('state-changes', [change('ann', NINE_MS, 'Ready')]);
    await bridge.run(40 * MINUTE_MS);
    await bridge.push('state-changes', [change('ann', NINE_MS + 5 * MINUTE_MS, 'Contact')]);
    bridge.crash();
    await bridge.run(2 * MINUTE_MS);
    const spans = bridge.mpower.activity.flatMap(({ reportData }) => reportData.flatMap((row) => row.agentActivity));
    expect(spans).toContainEqual({ state: 'Ready', startTime: iso(NINE_MS), duration: 5 * MINUTE_MS, reason: '' });
  });
});

describe('figures that are pushed', () => {
  it('are sent again without times when a correction takes back that anybody was signed in', async () => {
    bridge.clock.nowMs = NINE_MS + 6 * MINUTE_MS;
    await bridge.push('state-changes', [change('ann', NINE_MS + 5 * MINUTE_MS, 'Ready')]);
    await bridge.run(10 * MINUTE_MS);
    await bridge.push('queue-intervals', [figures('sales', NINE_MS)]);
    await bridge.run(5 * MINUTE_MS);
    const times = () => bridge.mpower.historical.at(-1)?.reportData.agentSystemPerformanceReport;
    expect(times()).toMatchObject([{ agentValue: 'ann', loginTime: 600 }]);
    await bridge.push('state-changes', [change('ann', NINE_MS + 5 * MINUTE_MS, 'Signed out')]);
    await bridge.run(2 * MINUTE_MS);
    expect(times()).toEqual([]);
  });

  it('are sent with everything that the source tells, and what it does not tell is split as set', async () => {
    bridge.clock.nowMs = NINE_MS + 16 * MINUTE_MS;
    const told = {
      handledShort: 5,
      handledLong: 3,
      abandonedShort: 1,
      workTimeMs: 60_000,
      queueDelayTimeMs: 90_000,
      holdTimeMs: 30_000,
    };
    expect(await bridge.push('queue-intervals', [figures('sales', NINE_MS, told), figures('care', NINE_MS)])).toEqual({
      added: 2,
      changed: 0,
      same: 0,
      refused: [],
    });
    await bridge.run(5 * MINUTE_MS);
    expect(bridge.mpower.historical).toHaveLength(1);
    expect(bridge.mpower.historical[0]?.reportData.queueReport).toMatchObject([
      {
        queueValue: 'sales',
        contactsReceived: 10,
        handledShort: 5,
        handledLong: 3,
        abandonedShort: 1,
        abandonedLong: 1,
        handleTime: 800,
        workTime: 60,
        queueDelayTime: 90,
        holdTime: 30,
        svcLvlPct: 50,
      },
      { queueValue: 'care', contactsReceived: 10, handledShort: 0, handledLong: 8, abandonedLong: 2, holdTime: 0 },
    ]);
  });

  it('change nothing when they come again, and raise the revision when they differ', async () => {
    bridge.clock.nowMs = NINE_MS + 16 * MINUTE_MS;
    await bridge.push('queue-intervals', [figures('sales', NINE_MS)]);
    await bridge.run(5 * MINUTE_MS);
    expect(await bridge.push('queue-intervals', [figures('sales', NINE_MS)])).toMatchObject({ same: 1 });
    await bridge.run(2 * MINUTE_MS);
    expect(bridge.mpower.historical).toHaveLength(1);
    expect(await bridge.push('queue-intervals', [figures('sales', NINE_MS, { holdTimeMs: 1_000 })])).toMatchObject({
      changed: 1,
    });
    await bridge.run(2 * MINUTE_MS);
    expect(bridge.mpower.historical.map(({ reportData }) => reportData.queueReport[0]?.holdTime)).toEqual([0, 1]);
  });

  it('of agents take the place of what follows from their states, and agents by queue ride along', async () => {
    bridge.clock.nowMs = NINE_MS + 16 * MINUTE_MS;
    await bridge.push('queue-intervals', [figures('sales', NINE_MS)]);
    await bridge.push('agent-intervals', [
      { agentId: 'ann', start: iso(NINE_MS), loginTimeMs: 900_000, readyTimeMs: 300_000, notReadyTimeMs: 60_000 },
    ]);
    await bridge.push('agent-queue-intervals', [
      { agentId: 'ann', queueId: 'sales', start: iso(NINE_MS), handled: 8, handleTimeMs: 800_000, workTimeMs: 5_000 },
    ]);
    await bridge.run(5 * MINUTE_MS);
    const report = bridge.mpower.historical.at(-1)?.reportData;
    expect(report?.agentSystemPerformanceReport).toEqual([
      { agentValue: 'ann', agentId: '', readyTime: 300, notReadyTime: 60, loginTime: 900 },
    ]);
    expect(report?.agentQueueReport).toMatchObject([
      { queueValue: 'sales', agentValue: 'ann', handled: 8, handledTime: 800, workTime: 5 },
    ]);
  });

  it('that are incomplete stay unconfirmed until complete ones come; an interval that nobody sends is a gap', async () => {
    await bridge.run(MINUTE_MS);
    await bridge.run(16 * MINUTE_MS);
    await bridge.push('queue-intervals', [figures('sales', NINE_MS, { isIncomplete: true })]);
    const ledger = async () =>
      (await env.DB.prepare('SELECT start_ms, status, unconfirmed FROM interval_ledger ORDER BY 1').all()).results;
    expect(await ledger()).toMatchObject([{ start_ms: NINE_MS, status: 'collected', unconfirmed: 1 }]);
    await bridge.push('queue-intervals', [figures('sales', NINE_MS)]);
    expect(await ledger()).toMatchObject([{ unconfirmed: 0 }]);
    await bridge.run(60 * MINUTE_MS);
    expect((await ledger())[1]).toMatchObject({ status: 'gap' });
  });

  it('of an interval that has not ended, or off the grid, are refused', async () => {
    const result = await bridge.push('queue-intervals', [figures('sales', NINE_MS), figures('sales', NINE_MS + 1_000)]);
    expect(result.refused.map(({ index }) => index).sort()).toEqual([0, 1]);
  });
});

describe('a roster that is pushed', () => {
  it('names queues and agents, keeps what is not mentioned, and changes nothing the second time', async () => {
    const agents = [{ agentId: 'a1', name: 'Ann', username: 'ann@x.test' }];
    expect(await bridge.push('agents', agents)).toMatchObject({ added: 1 });
    expect(await bridge.push('agents', agents)).toMatchObject({ same: 1 });
    expect(await bridge.push('agents', [{ agentId: 'a1', name: 'Ann B.' }])).toMatchObject({ changed: 1 });
    expect(await bridge.push('queues', [{ queueId: 'q1', name: 'Sales', isOutbound: true }])).toMatchObject({
      added: 1,
    });
    const row = await env.DB.prepare('SELECT name, username FROM agent').first();
    expect(row).toEqual({ name: 'Ann B.', username: 'ann@x.test' });
    await bridge.run(MINUTE_MS);
    await bridge.push('state-changes', [change('a1', bridge.clock.nowMs, 'Ready')]);
    await bridge.run(MINUTE_MS);
    expect(bridge.mpower.events.map(({ loginId }) => loginId)).toEqual(['ann@x.test']);
  });
});
