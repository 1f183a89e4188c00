import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { DAY_MS } from '../../../src/domain/interval.ts';
import { Loop } from '../../../src/jobs/loop.ts';
import { runMinute } from '../../../src/jobs/run-minute.ts';
import { openBridge, settings } from '../../support/bridge.ts';

const NINE_MS = Date.parse('2026-03-02T09:00:00Z');

const account = () =>
  env.DB.prepare(
    `SELECT s.read_count - s.delivered_count - s.set_aside_count
              - (SELECT coalesce(sum(record_count), 0) FROM report WHERE stream = s.name AND delivered_revision < revision)
              - (SELECT coalesce(sum(held_count), 0) FROM report WHERE stream = s.name AND delivered_revision = revision)
              AS unexplained,
            (SELECT coalesce(sum(held_count), 0) FROM report WHERE stream = s.name) AS held, s.set_aside_count AS setAside
     FROM stream s WHERE s.name = 'agent-activity'`,
  ).first<{ unexplained: number; held: number; setAside: number }>();

it('leaves reports alone whose states are past their retention when an agent gets a login id, and closes their account', async () => {
  const retentionDays = { stateChanges: 1, stateLog: 1, queueIntervals: 30, reportBodies: 30, events: 30 };
  const bridge = await openBridge(NINE_MS, settings({ intervalS: 15, collection: { retentionDays } }));
  bridge.ncc.users.set('a1', { username: 'a1@x.test' });
  for (const status of ['Available', 'Busy', 'Wrapup']) {
    for (const id of ['a1', 'nobody']) bridge.ncc.agents.set(id, { status });
    await bridge.run(60_000);
  }
  await bridge.run(30 * 60_000);
  const told = bridge.mpower.activity.find(({ reportData }) =>
    reportData.some(({ userName }) => userName === 'a1@x.test'),
  );
  expect(told).toBeDefined();
  expect(await account()).toMatchObject({ unexplained: 0, held: 2, setAside: 0 });
  bridge.clock.nowMs += 2 * DAY_MS;
  await bridge.run(120_000);
  await runMinute(bridge.deps, async () => undefined);
  const before = bridge.mpower.activity.length;
  await env.DB.prepare(`UPDATE agent SET login_id = 'bob@x.test' WHERE source_id = 'nobody'`).run();
  await env.DB.prepare('UPDATE connection SET config_version = config_version + 1').run();
  await bridge.run(60_000);
  // Three: what the bridge's silence ended was held, too.
  expect(bridge.mpower.activity.slice(before).map(({ startDate }) => startDate)).not.toContain(told?.startDate);
  expect(await account()).toMatchObject({ unexplained: 0, held: 0, setAside: 3 });
});

it('refuses to send a record again whose report is past what it was made of', async () => {
  const retentionDays = { stateChanges: 2, stateLog: 2, queueIntervals: 30, reportBodies: 30, events: 30 };
  const bridge = await openBridge(NINE_MS, settings({ intervalS: 15, collection: { retentionDays } }));
  await bridge.run(15_000);
  const startMs = NINE_MS - 5 * DAY_MS;
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO report (connection_id, stream, start_ms, end_ms, revision, delivered_revision, record_count, created_at_ms)
       VALUES (1, 'historical', ?1, ?1 + 900000, 1, 1, 1, 0)`,
    ).bind(startMs),
    env.DB.prepare(
      `INSERT INTO set_aside (id, connection_id, stream, at_ms, window_start_ms, record_key, record, reason)
       VALUES (9, 1, 'historical', ?1, ?1, 'queue sales', '{}', 'refused')`,
    ).bind(startMs),
  ]);
  const answer = await new Loop(bridge.deps, 1, () => undefined).sendAgain(9);
  expect(answer).toMatchObject({ ok: false });
  expect(answer.message).toContain('past its retention');
  expect(await env.DB.prepare(`SELECT revision FROM report WHERE start_ms = ?1`).bind(startMs).first('revision')).toBe(
    1,
  );
});
