import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { DAY_MS } from '../../../src/domain/interval.ts';
import { runMinute } from '../../../src/jobs/run-minute.ts';
import { openBridge, settings, statesAccount } from '../../support/bridge.ts';

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
