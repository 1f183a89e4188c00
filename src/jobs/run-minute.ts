/**
 * What cron does each minute: it wakes every connection's loop (a loop that runs takes no notice), leaves a heartbeat,
 * and once an hour removes what is past its retention and proves sums of the ledger.
 */
import { HOUR_MS } from '../domain/interval.ts';
import type { Clock } from '../runtime.ts';
import { listConnections } from '../store/connections.ts';
import { beat, claimTurn } from '../store/heartbeats.ts';
import { proveSums } from './prove-sums.ts';
import { purgeWhenDue } from './purge.ts';

/** Later than this after its beginning, proving goes no further: the next turn goes on. */
const PROVING_MS = 15_000;

export interface MinuteResult {
  readonly woken: number;
  /** One sentence for each connection whose loop could not be woken, and for each hourly work that failed. */
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
  const purged = await purgeWhenDue(deps, connections);
  const unproved = await proveWhenDue(deps, connections);
  return {
    woken: active.length - failures.length,
    failures: [...failures, ...purged.failures, ...unproved],
    purgedRows: purged.rows,
  };
}

/** Proves sums once an hour: its own turn, because purging may have to come again every minute. Returns what failed. */
async function proveWhenDue(
  deps: { db: D1Database; clock: Clock },
  connections: readonly { readonly id: number }[],
): Promise<string[]> {
  const nowMs = deps.clock.nowMs();
  if (!(await claimTurn(deps.db, 'prove sums', nowMs, HOUR_MS))) return [];
  const failures: string[] = [];
  for (const { id } of connections) {
    await proveSums(deps, id, nowMs + PROVING_MS).catch((error: unknown) => {
      const cause = error instanceof Error ? error.message : String(error);
      failures.push(`The sums of connection ${id} could not be proved: ${cause}. It is tried again within the hour.`);
    });
  }
  return failures;
}
