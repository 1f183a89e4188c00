import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Bridge, openBridge, settings } from '../../support/bridge.ts';

const NINE_MS = Date.parse('2026-03-02T09:00:00Z');
const MINUTE_MS = 60_000;
const [NCC, MERGED, PUSHED] = [1, 2, 3] as const;
const iso = (atMs: number) => new Date(atMs).toISOString();
const change = (agentId: string, atMs: number, state: string) => ({ agentId, at: iso(atMs), state });
const figures = (queueId: string, startMs: number, more: object = {}) => ({
  queueId,
  start: iso(startMs),
  offered: 10,
  abandoned: 2,
  handleTimeMs: 800_000,
  ...more,
});
const nccFigures = (queueId: string, entered: number) => ({
  'queue-id': queueId,
  enteredCount: entered,
  abandonedCount: 1,
  sumHandleTime: 500,
});
const told = (bridge: Bridge) =>
  bridge.mpower.events.map(
    ({ loginId, eventCode, eventUtcTime }) => `${loginId} ${eventCode} ${eventUtcTime.slice(11, 19)}`,
  );
const queuesOf = (bridge: Bridge, startMs: number) =>
  bridge.mpower.historical
    .filter(({ startDate }) => startDate === iso(startMs))
    .map(({ reportData }) => reportData.queueReport.map((row) => `${row.queueValue}: ${row.contactsReceived}`).sort());
const timeLine = async () =>
  (
    await env.DB.prepare(
      `SELECT c.at_ms AS atMs, coalesce(s.name, '') AS state FROM state_change c JOIN agent a ON a.id = c.agent_id
       LEFT JOIN acd_state s ON s.id = c.state_id WHERE a.connection_id = ?1 ORDER BY 1`,
    )
      .bind(MERGED)
      .all<{ atMs: number; state: string }>()
  ).results.map(({ atMs, state }) => `${iso(atMs).slice(11, 19)} ${state}`);

/** Connection 1: NCC, with agent a1 whose login id is ann. 2: merges and has the WFM. 3: pushed, ann is ann. */
async function openMerged(merged: object = {}): Promise<Bridge> {
  const wfm = { kind: 'merged', into: MERGED };
  const bridge = await openBridge(NINE_MS, settings({ name: 'North', intervalS: 15, wfm }));
  await bridge.join(settings({ name: 'Both', acd: { kind: 'merged', ...merged } }));
  await bridge.join(settings({ name: 'South', acd: { kind: 'push' }, wfm }));
  bridge.ncc.users.set('a1', { username: 'ann' });
  bridge.ncc.agents.set('a1', { status: 'Available', sinceMs: NINE_MS - MINUTE_MS });
  bridge.ncc.queues.add('q1');
  return bridge;
}

let bridge: Bridge;
beforeEach(async () => {
  bridge = await openMerged();
});

describe('a person who works at two ACDs', () => {
  it('is one agent in the strongest of the two states, whichever ACD tells it', async () => {
    await bridge.run(MINUTE_MS);
    await bridge.push('state-changes', [change('ann', bridge.clock.nowMs, 'Ready')], PUSHED);
    await bridge.run(MINUTE_MS);
    await bridge.push('state-changes', [change('ann', bridge.clock.nowMs, 'Contact')], PUSHED);
    await bridge.run(MINUTE_MS);
    bridge.ncc.agents.set('a1', { status: 'Lunch', sinceMs: bridge.clock.nowMs });
    await bridge.run(MINUTE_MS);
    await bridge.push('state-changes', [change('ann', bridge.clock.nowMs, 'Signed out')], PUSHED);
    await bridge.run(2 * MINUTE_MS);
    expect(bridge.logged).toEqual([]);
    expect(told(bridge)).toEqual(['ann Available 09:00:00', 'ann Contact 09:02:00', 'ann Lunch 09:04:00']);
    const agents = await env.DB.prepare('SELECT source_id AS id FROM agent WHERE connection_id = ?1')
      .bind(MERGED)
      .all();
    expect(agents.results).toEqual([{ id: 'ann' }]);
  });

  it('is decided by the order of the members where both are in states of one kind', async () => {
    bridge = await openMerged({ memberOrder: [PUSHED] });
    await bridge.run(MINUTE_MS);
    await bridge.push('state-changes', [change('ann', bridge.clock.nowMs, 'Ready')], PUSHED);
    await bridge.run(MINUTE_MS);
    expect(told(bridge)).toEqual(['ann Available 09:00:00', 'ann Ready 09:01:00']);
  });

  it('has the time of the merged states in reports, and late changes send the windows that they touch again', async () => {
    await bridge.run(MINUTE_MS);
    await bridge.push('state-changes', [change('ann', NINE_MS, 'Signed out')], PUSHED);
    bridge.ncc.figures.set(NINE_MS, [nccFigures('q1', 5)]);
    await bridge.run(27 * MINUTE_MS);
    const times = () => bridge.mpower.historical.at(-1)?.reportData.agentSystemPerformanceReport;
    expect(times()).toMatchObject([{ agentValue: 'ann', loginTime: 900, readyTime: 900 }]);
    await bridge.push(
      'state-changes',
      [change('ann', NINE_MS + 2 * MINUTE_MS, 'Contact'), change('ann', NINE_MS + 7 * MINUTE_MS, 'Signed out')],
      PUSHED,
    );
    await bridge.run(3 * MINUTE_MS);
    expect(times()).toMatchObject([{ agentValue: 'ann', loginTime: 900, readyTime: 600 }]);
    expect(await timeLine()).toEqual(['09:00:00 Available', '09:02:00 Contact', '09:07:00 Available']);
    const window = bridge.mpower.activity.filter(({ startDate }) => startDate === iso(NINE_MS)).at(-1);
    expect(window?.reportData[0]?.agentActivity.map(({ state, duration }) => [state, duration])).toEqual([
      ['Available', 2 * MINUTE_MS],
      ['Contact', 5 * MINUTE_MS],
    ]);
    expect(bridge.logged).toEqual([]);
  });
});

describe('figures of several ACDs', () => {
  it('go in one body a window, with a prefix for the queue whose key is taken, and in the same way ever after', async () => {
    await bridge.run(MINUTE_MS);
    bridge.ncc.figures.set(NINE_MS, [nccFigures('q1', 5)]);
    bridge.ncc.figures.set(NINE_MS + 15 * MINUTE_MS, [nccFigures('q1', 6)]);
    await bridge.run(16 * MINUTE_MS);
    await bridge.push('queue-intervals', [figures('q1', NINE_MS), figures('q2', NINE_MS)], PUSHED);
    await bridge.run(8 * MINUTE_MS);
    expect(queuesOf(bridge, NINE_MS)).toEqual([['c3-q1: 10', 'q1: 5', 'q2: 10']]);
    bridge.crash();
    await bridge.run(6 * MINUTE_MS);
    await bridge.push('queue-intervals', [figures('q1', NINE_MS + 15 * MINUTE_MS, { offered: 20 })], PUSHED);
    await bridge.run(8 * MINUTE_MS);
    expect(queuesOf(bridge, NINE_MS + 15 * MINUTE_MS)).toEqual([['c3-q1: 20', 'q1: 6']]);
    expect(bridge.logged).toEqual([]);
  });

  it('wait for a member that is late for at most 8 minutes, and are sent again with it', async () => {
    await bridge.run(MINUTE_MS);
    bridge.ncc.figures.set(NINE_MS, [nccFigures('q1', 5)]);
    await bridge.run(23 * MINUTE_MS);
    expect(queuesOf(bridge, NINE_MS)).toEqual([]);
    await bridge.run(4 * MINUTE_MS);
    expect(queuesOf(bridge, NINE_MS)).toEqual([['q1: 5']]);
    await bridge.push('queue-intervals', [figures('q2', NINE_MS)], PUSHED);
    await bridge.run(3 * MINUTE_MS);
    expect(queuesOf(bridge, NINE_MS)).toEqual([['q1: 5'], ['q1: 5', 'q2: 10']]);
  });

  it('that a member corrects take the place of what it said, and of what it no longer says', async () => {
    await bridge.run(MINUTE_MS);
    bridge.ncc.figures.set(NINE_MS, [nccFigures('q1', 5)]);
    await bridge.run(16 * MINUTE_MS);
    await bridge.push('queue-intervals', [figures('q2', NINE_MS), figures('q3', NINE_MS)], PUSHED);
    await bridge.run(5 * MINUTE_MS);
    await env.DB.batch([
      env.DB.prepare("UPDATE queue SET included = 0 WHERE source_id = 'q3' AND connection_id = 3"),
      env.DB.prepare('UPDATE connection SET config_version = config_version + 1 WHERE id = 3'),
    ]);
    await bridge.push('queue-intervals', [figures('q2', NINE_MS, { offered: 11 })], PUSHED);
    await bridge.run(3 * MINUTE_MS);
    expect(queuesOf(bridge, NINE_MS).at(-1)).toEqual(['q1: 5', 'q2: 11']);
  });

  it('of agents without states are what their member tells', async () => {
    await bridge.run(MINUTE_MS);
    bridge.ncc.figures.set(NINE_MS, [nccFigures('q1', 5)]);
    await bridge.run(16 * MINUTE_MS);
    await bridge.push('queue-intervals', [figures('q2', NINE_MS)], PUSHED);
    const times = { loginTimeMs: 600_000, readyTimeMs: 300_000, notReadyTimeMs: 0 };
    await bridge.push('agent-intervals', [{ agentId: 'bob', start: iso(NINE_MS), ...times }], PUSHED);
    const byQueue = { queueId: 'q2', handled: 4, handleTimeMs: 400_000, workTimeMs: 1_000 };
    await bridge.push('agent-queue-intervals', [{ agentId: 'bob', start: iso(NINE_MS), ...byQueue }], PUSHED);
    await bridge.run(8 * MINUTE_MS);
    const report = bridge.mpower.historical.at(-1)?.reportData;
    expect(report?.agentSystemPerformanceReport).toMatchObject([
      { agentValue: 'ann', loginTime: 900 },
      { agentValue: 'bob', loginTime: 600, readyTime: 300 },
    ]);
    expect(report?.agentQueueReport).toMatchObject([{ queueValue: 'q2', agentValue: 'bob', handled: 4 }]);
    expect(bridge.logged).toEqual([]);
  });

  it('that are quiet everywhere leave no gap', async () => {
    bridge.ncc.agents.set('a1', { status: 'Logged out' });
    await bridge.run(MINUTE_MS);
    bridge.ncc.queues.clear();
    await bridge.run(18 * MINUTE_MS);
    const ledger = await env.DB.prepare(
      'SELECT connection_id AS id, status FROM interval_ledger WHERE start_ms = ?1 AND connection_id <= 2 ORDER BY 1',
    ).bind(NINE_MS);
    expect((await ledger.all()).results).toEqual([
      { id: NCC, status: 'collected' },
      { id: MERGED, status: 'collected' },
    ]);
  });
});

describe('handing over', () => {
  it('loses nothing and doubles nothing when bodies or answers are lost', async () => {
    let calls = 0;
    bridge.handOver.misbehave = () => (['before', 'after', null] as const)[calls++ % 3] ?? null;
    await bridge.run(MINUTE_MS);
    bridge.ncc.figures.set(NINE_MS, [nccFigures('q1', 5)]);
    await bridge.push('state-changes', [change('bob', bridge.clock.nowMs, 'Ready')], PUSHED);
    await bridge.run(10 * MINUTE_MS);
    await bridge.push('queue-intervals', [figures('q2', NINE_MS)], PUSHED).catch(() => null);
    await bridge.run(10 * MINUTE_MS);
    await bridge.push('queue-intervals', [figures('q2', NINE_MS)], PUSHED);
    await bridge.run(10 * MINUTE_MS);
    expect(calls).toBeGreaterThan(6);
    expect(told(bridge)).toEqual(['ann Available 09:00:00', 'bob Ready 09:01:00']);
    expect(queuesOf(bridge, NINE_MS).at(-1)).toEqual(['q1: 5', 'q2: 10']);
  });

  it('waits while the merged connection is paused, says so, and goes on when it is resumed', async () => {
    await bridge.run(MINUTE_MS);
    const pause = (paused: number) =>
      env.DB.prepare('UPDATE connection SET paused = ?1, config_version = config_version + 1 WHERE id = 2')
        .bind(paused)
        .run();
    await pause(1);
    await bridge.push('state-changes', [change('bob', bridge.clock.nowMs, 'Ready')], PUSHED);
    await bridge.run(2 * MINUTE_MS);
    const error = await env.DB.prepare(
      "SELECT error FROM stream WHERE connection_id = 3 AND name = 'agent-states'",
    ).first<{ error: string }>();
    expect(error?.error).toContain('paused or gone');
    await pause(0);
    await bridge.run(8 * MINUTE_MS);
    expect(told(bridge)).toContain('bob Ready 09:01:00');
  });

  it('to a connection that merges nothing is a setting, and records do not go past the members', async () => {
    await expect(bridge.push('state-changes', [change('ann', NINE_MS, 'Ready')], MERGED)).rejects.toThrow(/member/);
    await bridge.join(settings({ name: 'Lost', acd: { kind: 'push' }, wfm: { kind: 'merged', into: PUSHED } }));
    await bridge.push('state-changes', [change('zoe', NINE_MS, 'Ready')], 4);
    await bridge.run(2 * MINUTE_MS);
    const error = await env.DB.prepare(
      "SELECT error FROM stream WHERE connection_id = 4 AND name = 'agent-states'",
    ).first<{ error: string }>();
    expect(error?.error).toContain('merges no others');
  });

  it('takes employee ids along, and states of one name that count differently stay apart', async () => {
    await bridge.push('state-changes', [change('bob', NINE_MS, 'Lunch'), change('cid', NINE_MS, 'Lunch')], PUSHED);
    await env.DB.batch([
      env.DB.prepare("UPDATE agent SET employee_id = 'E7' WHERE source_id = 'bob'"),
      env.DB.prepare("UPDATE acd_state SET class = 'ready' WHERE connection_id = 3 AND name = 'Lunch'"),
      env.DB.prepare('UPDATE connection SET config_version = config_version + 1 WHERE id = 3'),
    ]);
    bridge.ncc.agents.set('a1', { status: 'Lunch', sinceMs: NINE_MS });
    await bridge.run(20 * MINUTE_MS);
    const states = await env.DB.prepare(
      'SELECT name, class, event_code AS code FROM acd_state WHERE connection_id = 2 ORDER BY length(name)',
    ).all();
    expect(states.results).toMatchObject([
      { name: 'Lunch', code: null },
      { name: expect.stringMatching(/^Lunch \(/), code: 'Lunch' },
    ]);
    expect(new Set(bridge.mpower.events.map(({ eventCode }) => eventCode))).toEqual(new Set(['Lunch']));
    const bob = await env.DB.prepare(
      "SELECT employee_id AS id FROM agent WHERE connection_id = 2 AND source_id = 'bob'",
    ).first();
    expect(bob).toEqual({ id: 'E7' });
  });
});

describe('a member that is silent', () => {
  it('does not go on winning with what it said last, and counts again when it is back', async () => {
    await bridge.run(MINUTE_MS);
    await bridge.push('state-changes', [change('ann', bridge.clock.nowMs, 'Contact')], PUSHED);
    await bridge.run(MINUTE_MS);
    const pause = (paused: number) =>
      env.DB.prepare('UPDATE connection SET paused = ?1, config_version = config_version + 1 WHERE id = 3')
        .bind(paused)
        .run();
    await pause(1);
    await bridge.run(3 * MINUTE_MS);
    expect(told(bridge).map((line) => line.split(' ')[1])).toEqual(['Available', 'Contact', 'Available']);
    await pause(0);
    await bridge.run(3 * MINUTE_MS);
    expect(told(bridge).at(-1)).toBe('ann Contact 09:01:00');
    expect(await timeLine()).toEqual(['09:00:00 Available', '09:01:00 Contact']);
    expect(bridge.logged).toEqual([]);
  });

  it('tells what its agents do when it becomes a member, not only what changes from then on', async () => {
    await bridge.join(settings({ name: 'Late', acd: { kind: 'push' } }));
    await bridge.push('state-changes', [change('dan', NINE_MS, 'Ready')], 4);
    await bridge.run(MINUTE_MS);
    await env.DB.prepare(
      `UPDATE connection SET settings = json_set(settings, '$.wfm', json('{"kind":"merged","into":2}')),
         config_version = config_version + 1 WHERE id = 4`,
    ).run();
    await bridge.run(2 * MINUTE_MS);
    const heard = await env.DB.prepare(
      `SELECT count(*) AS rows FROM state_change c JOIN agent a ON a.id = c.agent_id
       WHERE a.connection_id = 2 AND a.source_id = 'dan'`,
    ).first();
    expect(heard).toEqual({ rows: 1 });
    expect(bridge.logged).toEqual([]);
  });

  it('and gone for good leaves people to the others', async () => {
    await bridge.push('state-changes', [change('ann', NINE_MS, 'Contact')], PUSHED);
    await bridge.run(2 * MINUTE_MS);
    await env.DB.prepare('DELETE FROM connection WHERE id = 3').run();
    await bridge.run(3 * MINUTE_MS);
    expect(told(bridge).at(-1)).toMatch(/^ann Available/);
  });
});

it('an interval of which a member got no figures is unconfirmed, and its times are told', async () => {
  const wfm = { kind: 'merged', into: MERGED };
  bridge = await openBridge(
    NINE_MS,
    settings({ name: 'North', intervalS: 15, wfm, collection: { reReadAfterMinutes: [15] } }),
  );
  await bridge.join(settings({ name: 'Both', acd: { kind: 'merged' } }));
  bridge.ncc.users.set('a1', { username: 'ann' });
  bridge.ncc.agents.set('a1', { status: 'Available', sinceMs: NINE_MS - MINUTE_MS });
  bridge.ncc.queues.add('q1');
  bridge.ncc.figures.set(NINE_MS, [nccFigures('q1', 4)]);
  await bridge.run(60 * MINUTE_MS);
  expect(bridge.logged).toEqual([]);
  expect(queuesOf(bridge, NINE_MS)).toEqual([['q1: 4']]);
  const quarterPastMs = NINE_MS + 15 * MINUTE_MS;
  expect(queuesOf(bridge, quarterPastMs).at(-1)).toEqual([]);
  const sent = bridge.mpower.historical.filter(({ startDate }) => startDate === iso(quarterPastMs)).at(-1);
  expect(sent?.reportData.agentSystemPerformanceReport).toMatchObject([{ loginTime: 900 }]);
  const entry = await env.DB.prepare(
    'SELECT status, unconfirmed FROM interval_ledger WHERE connection_id = ?1 AND start_ms = ?2',
  )
    .bind(MERGED, quarterPastMs)
    .first();
  expect(entry).toEqual({ status: 'collected', unconfirmed: 1 });
});

it('a new precedence counts from now on', async () => {
  await bridge.run(MINUTE_MS);
  await bridge.push('state-changes', [change('ann', bridge.clock.nowMs, 'Lunch')], PUSHED);
  await bridge.run(2 * MINUTE_MS);
  expect(told(bridge)).toHaveLength(1);
  await env.DB.prepare(
    `UPDATE connection SET settings = json_set(settings, '$.acd.classOrder', 'not ready, ready, contact, wrap-up'),
       config_version = config_version + 1 WHERE id = 2`,
  ).run();
  await bridge.run(3 * MINUTE_MS);
  expect(told(bridge)[1]).toMatch(/^ann Lunch 09:0[3-6]/);
});
