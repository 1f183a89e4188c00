import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { openBridge, settings } from '../../support/bridge.ts';
import { failingDb } from '../../support/failing-db.ts';

const NINE_MS = Date.parse('2026-03-02T09:00:00Z');

it('sends a closed window again into which a change is dated, also when the process dies right after the look', async () => {
  const collection = { settleDelayS: 0, reportMinutes: 15, missingAnswersToSignOut: 5 };
  const bridge = await openBridge(NINE_MS, settings({ intervalS: 5, collection }));
  bridge.ncc.users.set('a1', { username: 'a1@x.test' });
  bridge.ncc.users.set('a2', { username: 'a2@x.test' });
  bridge.ncc.agents.set('a1', { status: 'Available' });
  bridge.ncc.agents.set('a2', { status: 'Available' });
  await bridge.run(14 * 60_000 + 50_000);
  let isDead = false;
  const db = failingDb(env.DB, {
    batch: async (sql, run) => {
      if (isDead) throw new Error('D1_ERROR: the process is dead');
      const result = await run();
      // The look that signs the agent out is the last that is committed.
      isDead = sql.includes('INSERT INTO state_change');
      return result;
    },
  });
  Object.assign(bridge.deps, { db });
  bridge.crash();
  bridge.ncc.agents.delete('a1');
  for (let tick = 0; tick < 12 && !isDead; tick++) await bridge.run(5_000);
  expect(isDead).toBe(true);
  expect(bridge.clock.nowMs).toBeGreaterThan(NINE_MS + 15 * 60_000);
  Object.assign(bridge.deps, { db: env.DB });
  bridge.crash();
  await bridge.run(60_000);
  const told = bridge.mpower.activity
    .filter(({ startDate }) => startDate.startsWith('2026-03-02T09:00'))
    .flatMap(({ reportData }) => reportData.map(({ userName }) => userName));
  expect(told).toEqual(['a1@x.test']);
});
