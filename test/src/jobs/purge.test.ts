import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { DAY_MS } from '../../../src/domain/interval.ts';
import { runMinute } from '../../../src/jobs/run-minute.ts';
import { openBridge, settings } from '../../support/bridge.ts';
import { statesAccount } from '../../support/stored.ts';

const NINE_MS = Date.parse('2026-03-02T09:00:00Z');

it('removes what is past its retention once an hour at most, and never what is still needed', async () => {
  const retentionDays = { stateChanges: 2, stateLog: 2, queueIntervals: 2, reportBodies: 2, events: 2 };
  const bridge = await openBridge(NINE_MS, settings({ intervalS: 15, collection: { retentionDays } }));
  for (const id of ['a1', 'a2']) {
    bridge.ncc.agents.set(id, { status: 'Available' });
    bridge.ncc.users.set(id, { username: `${id}@x.test` });
  }
  await bridge.run(60_000);
  bridge.ncc.agents.set('a1', { status: 'Busy' });
  await bridge.run(60_000);
  bridge.ncc.agents.set('a1', { status: 'Wrapup' });
  await bridge.run(60_000);
  const minute = () => runMinute(bridge.deps, async () => undefined);
  bridge.clock.nowMs += 5 * DAY_MS;
  await bridge.run(240_000);
  const before = await statesAccount();
  await minute();
  const log = await env.DB.prepare('SELECT log_id FROM state_log ORDER BY log_id').all<{ log_id: number }>();
  const ids = log.results.map(({ log_id }) => log_id);
  expect(ids[0]).toBe(1);
  expect(ids.length).toBeLessThan(6);
  // Each agent's present state stays, however old; what came before it is gone.
  const states = await env.DB.prepare(
    `SELECT a.source_id AS agent, count(*) AS entries FROM state_change c JOIN agent a ON a.id = c.agent_id
     WHERE c.state_id <> 0 AND c.at_ms < ?1 GROUP BY 1`,
  )
    .bind(NINE_MS + DAY_MS)
    .all<{ agent: string; entries: number }>();
  expect(states.results.every(({ entries }) => entries === 1)).toBe(true);
  expect(await statesAccount()).toEqual(before);
  const purge = () => env.DB.prepare(`SELECT at_ms FROM heartbeat WHERE name = 'purge'`).first('at_ms');
  const at = await purge();
  bridge.clock.nowMs += 59 * 60_000;
  await minute();
  expect(await purge()).toBe(at);
  bridge.clock.nowMs += 60_000;
  await minute();
  expect(await purge()).toBe(bridge.clock.nowMs);
});

describe('old rows by the ten thousands', () => {
  const OLD_MS = NINE_MS - 600 * DAY_MS;
  const addEvents = (connectionId: number, count: number) =>
    env.DB.prepare(
      `INSERT INTO event (connection_id, at_ms, kind, severity, message)
       WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
       SELECT ?1, ${OLD_MS}, 'old', 'info', '' FROM n`,
    )
      .bind(connectionId, count)
      .run();
  const oldEvents = (connectionId: number) =>
    env.DB.prepare(`SELECT count(*) AS n FROM event WHERE kind = 'old' AND connection_id = ?1`)
      .bind(connectionId)
      .first('n');

  it('are removed in one turn as far as the time allows, and from the next minute on', async () => {
    const bridge = await openBridge(NINE_MS, settings({ intervalS: 15 }));
    await addEvents(1, 50_000);
    await runMinute(bridge.deps, async () => undefined);
    expect(await oldEvents(1)).toBe(0);
    await addEvents(1, 70_000);
    bridge.clock.nowMs += 60 * 60_000;
    let askedMs = bridge.clock.nowMs;
    const slow = { db: bridge.deps.db, clock: { ...bridge.deps.clock, nowMs: () => (askedMs += 9_000) } };
    await runMinute(slow, async () => undefined);
    expect(await oldEvents(1)).toBe(30_000);
    bridge.clock.nowMs += 60_000;
    await runMinute(bridge.deps, async () => undefined);
    expect(await oldEvents(1)).toBe(0);
  });

  it('of a connection that fails keep no other from its turn, nor the sums from being proved', async () => {
    const bridge = await openBridge(NINE_MS, settings({ intervalS: 15 }));
    await bridge.join(settings({ name: 'Second centre', intervalS: 15 }));
    await addEvents(1, 10);
    await addEvents(2, 10);
    await env.DB.prepare(
      `CREATE TRIGGER hold BEFORE DELETE ON event WHEN OLD.connection_id = 1 BEGIN SELECT RAISE(ABORT, 'disk is full'); END`,
    ).run();
    const { failures } = await runMinute(bridge.deps, async () => undefined);
    expect(failures).toEqual([expect.stringMatching(/could not be removed \(connection 1\): .*disk is full/)]);
    expect([await oldEvents(1), await oldEvents(2)]).toEqual([10, 0]);
    expect(await env.DB.prepare(`SELECT at_ms FROM heartbeat WHERE name = 'prove sums'`).first('at_ms')).toBe(NINE_MS);
  });
});

it('removes what was set aside once it was sent again long ago, and keeps what nobody has looked after', async () => {
  const bridge = await openBridge(NINE_MS, settings({ intervalS: 15 }));
  await env.DB.prepare(
    `INSERT INTO set_aside (connection_id, stream, at_ms, record_key, record, reason, status, resolved_at_ms)
     SELECT 1, 'historical', value, 'q', '{}', 'refused', iif(value = 3, 'set aside', 'sent again'),
            CASE value WHEN 1 THEN 1 WHEN 2 THEN ${NINE_MS} END FROM json_each('[1, 2, 3]')`,
  ).run();
  await runMinute(bridge.deps, async () => undefined);
  const { results } = await env.DB.prepare('SELECT at_ms FROM set_aside ORDER BY at_ms').all();
  expect(results).toEqual([{ at_ms: 2 }, { at_ms: 3 }]);
});

it('removes old time lines, figures and reports of every kind', async () => {
  const bridge = await openBridge(NINE_MS, settings({ intervalS: 15 }));
  await bridge.join(settings({ name: 'Second centre', intervalS: 15 }));
  const day = Math.floor((NINE_MS - 1_200 * DAY_MS) / DAY_MS) * DAY_MS;
  const rows = [
    `agent (id, connection_id, source_id, first_seen_ms) VALUES (1, 1, 'a', 0), (2, 2, 'b', 0)`,
    `member (connection_id, member_id, first_heard_ms) VALUES (1, 2, 0)`,
    `member_state_change VALUES (1, 2, ${day}, 1), (1, 2, ${day + 1}, 1), (1, 2, ${NINE_MS}, 1)`,
    `imported_state_change VALUES (1, ${day}), (2, ${NINE_MS})`,
    `imported_state_interval VALUES (1, ${day}), (2, ${NINE_MS - (NINE_MS % 900_000)})`,
    `interval_ledger (connection_id, start_ms, status) VALUES (1, ${day}, 'collected')`,
    `ledger_proof VALUES (1, ${day}, 0, 1, 0)`,
    `queue_interval (connection_id, start_ms, queue_id, offered, abandoned, handle_time_ms, read_at_ms) VALUES (1, ${day}, 1, 1, 0, 0, 0)`,
    `queue_interval_revision (connection_id, start_ms, queue_id, revision, offered, abandoned, handle_time_ms, inferred, read_at_ms)
       VALUES (1, ${day}, 1, 1, 1, 0, 0, 0, 0)`,
    `agent_interval (connection_id, start_ms, agent_id, login_time_ms, ready_time_ms, not_ready_time_ms, read_at_ms) VALUES (1, ${day}, 1, 1, 1, 1, 0)`,
    `agent_queue_interval (connection_id, start_ms, queue_id, agent_id, handled, handle_time_ms, work_time_ms, hold_time_ms, read_at_ms)
       VALUES (1, ${day}, 1, 1, 1, 1, 1, 1, 0)`,
    `member_interval VALUES (1, ${day}, 2, 0)`,
    `member_agent_interval VALUES (1, ${day}, 1, 2, 1, 1, 1)`,
    `report (connection_id, stream, start_ms, end_ms, revision, delivered_revision, record_count, created_at_ms)
       VALUES (1, 'historical', ${day}, ${day + 1}, 1, 1, 1, 0)`,
    `report_body (connection_id, stream, start_ms, revision, part, sent_at_ms, answer, sha256) VALUES (1, 'historical', ${day}, 1, 0, ${day}, '', '')`,
    `push_receipt VALUES (1, 'k', 'r', '{}', ${day})`,
  ];
  await env.DB.batch(rows.map((row) => env.DB.prepare(`INSERT INTO ${row}`)));
  const { purgedRows } = await runMinute(bridge.deps, async () => undefined);
  const left: Record<string, number> = {};
  for (const row of rows.slice(2)) {
    const table = row.split(' ')[0] ?? '';
    left[table] = Number(await env.DB.prepare(`SELECT count(*) AS n FROM ${table}`).first('n'));
  }
  // The last state before the cutoff still says what the agent was doing then.
  const kept = { member_state_change: 2, imported_state_change: 1, imported_state_interval: 1 };
  expect(left).toEqual({ ...Object.fromEntries(Object.keys(left).map((table) => [table, 0])), ...kept });
  expect(purgedRows).toBe(14);
});
