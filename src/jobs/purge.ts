/**
 * Removes what is past its retention, once an hour: every connection in turn, again and again those that have more to
 * remove, until nothing is left or the time is over. What fails at one connection keeps none of the others from its turn.
 */
import { connectionSettingsSchema } from '../connection.ts';
import { DAY_MS, HOUR_MS } from '../domain/interval.ts';
import type { Clock } from '../runtime.ts';
import { purgeAlerts } from '../store/alerts.ts';
import { claimTurn, giveBackTurn } from '../store/heartbeats.ts';
import { dropUnconfirmed } from '../store/imports.ts';
import { PURGE_STEPS, type PurgeStep, purgeShared, purgeStep, type RetentionDays } from '../store/purge.ts';

/** Solved alerts and past maintenance are kept so long. */
const ALERTS_KEPT_DAYS = 400;
/** Later than this after its beginning, a run removes nothing a second time: the next minute goes on. */
const PURGING_MS = 15_000;
/** Steps repeated in one run at most: a run of cron has a limited number of questions to the database. */
const REPEATS_MAX = 100;

export interface PurgeResult {
  readonly rows: number;
  /** One sentence for each part that failed; it is tried again with the next turn. */
  readonly failures: readonly string[];
}

interface Turn {
  readonly connectionId: number;
  readonly retention: RetentionDays;
  readonly step: PurgeStep;
}

/** Removes what is past its retention if it is time. Never throws because of what it removes. */
export async function purgeWhenDue(
  { db, clock }: { db: D1Database; clock: Clock },
  connections: readonly { readonly id: number; readonly settings: string }[],
): Promise<PurgeResult> {
  const nowMs = clock.nowMs();
  if (!(await claimTurn(db, 'purge', nowMs, HOUR_MS))) return { rows: 0, failures: [] };
  const failures: string[] = [];
  const attempt = async (what: string, run: () => Promise<void>) => {
    await run().catch((error: unknown) => {
      const cause = error instanceof Error ? error.message : String(error);
      failures.push(
        `What is past its retention could not be removed (${what}): ${cause}. It is tried again within the hour.`,
      );
    });
  };
  // A queue: whoever has more to remove stands at its end again, once everybody had a turn.
  const turns = connections.flatMap(turnsOf);
  const callsMax = turns.length + REPEATS_MAX;
  const firstRound = turns.length;
  let rows = 0;
  for (let call = 0; call < callsMax; call++) {
    if (call >= firstRound && clock.nowMs() - nowMs >= PURGING_MS) break;
    const turn = turns.shift();
    if (!turn) break;
    await attempt(`connection ${turn.connectionId}`, async () => {
      const purged = await purgeStep(db, turn.connectionId, turn.step, turn.retention, nowMs);
      rows += purged.rows;
      if (purged.rest) turns.push({ ...turn, step: purged.rest });
    });
  }
  await attempt('what belongs to no connection', async () => {
    await purgeShared(db, nowMs);
    await purgeAlerts(db, nowMs - ALERTS_KEPT_DAYS * DAY_MS);
    await dropUnconfirmed(db, nowMs - DAY_MS);
  });
  if (turns.length > 0) await giveBackTurn(db, 'purge');
  return { rows, failures };
}

function turnsOf({ id, settings }: { id: number; settings: string }): Turn[] {
  const parsed = connectionSettingsSchema.safeParse(JSON.parse(settings));
  // Settings that an older version wrote: how long to keep things is not known, and the loop says that they are not valid.
  if (!parsed.success) return [];
  const { retentionDays: retention } = parsed.data.collection;
  return PURGE_STEPS.map((step) => ({ connectionId: id, retention, step }));
}
