/**
 * What cron does each minute: it wakes every connection's loop (a loop that runs takes no notice), leaves a heartbeat,
 * and once an hour removes what is past its retention.
 */
import { connectionSettingsSchema } from '../connection.ts';
import { HOUR_MS } from '../domain/interval.ts';
import type { Clock } from '../runtime.ts';
import { listConnections } from '../store/connections.ts';
import { beat, claimTurn } from '../store/heartbeats.ts';
import { purgeConnection, purgeShared } from '../store/purge.ts';

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
        purgedRows += await purgeConnection(deps.db, id, parsed.data.collection.retentionDays, nowMs);
      }
    }
    await purgeShared(deps.db, nowMs);
  }
  return { woken: active.length - failures.length, failures, purgedRows };
}
