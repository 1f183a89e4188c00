/**
 * What cron does each minute: it wakes every connection's loop (a loop that runs takes no notice), leaves a heartbeat,
 * and once an hour removes what is past its retention and proves sums of the ledger.
 */
import { connectionSettingsSchema } from '../connection.ts';
import { DAY_MS, HOUR_MS } from '../domain/interval.ts';
import type { Clock } from '../runtime.ts';
import { purgeAlerts } from '../store/alerts.ts';
import { listConnections } from '../store/connections.ts';
import { beat, claimTurn } from '../store/heartbeats.ts';
import { purgeImportMarks } from '../store/import-facts.ts';
import { dropUnconfirmed } from '../store/imports.ts';
import { purgeConnection, purgeShared } from '../store/purge.ts';
import { proveSums } from './prove-sums.ts';

/** Solved alerts and past maintenance are kept so long. */
const ALERTS_KEPT_DAYS = 400;

/** Later than this after its beginning, a run proves nothing more: the next one goes on. */
const PROVING_MS = 15_000;

export interface MinuteResult {
  readonly woken: number;
  /** One sentence for each connection whose loop could not be woken. */
  readonly failures: readonly string[];
  readonly purgedRows: number;
}

export async function runMinute(
  deps: { db: D1Database; clock: Clock },
  wake: (connectionId: number) => Promise<void>,
): Promise<MinuteResult> {
  const nowMs = deps.clock.nowMs();
  await beat(deps.db, 'cron', nowMs);
  const connections = await listConnections(deps.db);
  const active = connections.filter(({ paused }) => !paused);
  const woken = await Promise.allSettled(active.map(({ id }) => wake(id)));
  const failures = woken.flatMap((result, i) =>
    result.status === 'rejected' ? [`Connection ${active[i]?.id} could not be woken: ${String(result.reason)}`] : [],
  );
  let purgedRows = 0;
  if (await claimTurn(deps.db, 'purge', nowMs, HOUR_MS)) {
    for (const { id, settings } of connections) {
      const parsed = connectionSettingsSchema.safeParse(JSON.parse(settings));
      if (parsed.success) {
        const { retentionDays } = parsed.data.collection;
        purgedRows += await purgeConnection(deps.db, id, retentionDays, nowMs);
        purgedRows += await purgeImportMarks(deps.db, id, nowMs - retentionDays.stateChanges * DAY_MS);
      }
    }
    await purgeShared(deps.db, nowMs);
    await purgeAlerts(deps.db, nowMs - ALERTS_KEPT_DAYS * DAY_MS);
    await dropUnconfirmed(deps.db, nowMs - DAY_MS);
    for (const { id } of connections) await proveSums(deps, id, nowMs + PROVING_MS);
  }
  return { woken: active.length - failures.length, failures, purgedRows };
}
