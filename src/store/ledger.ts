/** The interval ledger: every interval since collection began as collected, waiting, or a gap with its reason. */
import { INTERVAL_MS, type Window } from '../domain/interval.ts';
import { SUM_COLUMNS, SUMS } from './ledger-sums.ts';

export interface LedgerEntry {
  readonly startMs: number;
  readonly status: 'waiting' | 'collected' | 'gap';
  readonly revision: number;
  readonly unconfirmed: boolean;
  readonly nextReadAtMs: number | null;
}

/**
 * True when nothing is waited for any more before an interval's report can go: it has figures, or its last planned
 * reading was as empty as those before. Then the report has the agents' times, and no figures of queues of it.
 */
export function isSettled({
  revision,
  unconfirmed,
  nextReadAtMs,
}: Pick<LedgerEntry, 'revision' | 'unconfirmed' | 'nextReadAtMs'>): boolean {
  return revision > 0 || (unconfirmed && nextReadAtMs === null);
}

/** Statement that adds the intervals of a window as waiting; those already there stay as they are. */
export function addWaiting(
  db: D1Database,
  connectionId: number,
  window: Window,
  settleDelayMs: number | null,
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO interval_ledger (connection_id, start_ms, status, next_read_at_ms)
       WITH RECURSIVE grid (start_ms) AS (
         SELECT ?2 UNION ALL SELECT start_ms + ${INTERVAL_MS} FROM grid WHERE start_ms + ${INTERVAL_MS} < ?3)
       SELECT ?1, start_ms, 'waiting', start_ms + ${INTERVAL_MS} + ?4 FROM grid WHERE ?2 < ?3
       ON CONFLICT DO NOTHING`,
    )
    .bind(connectionId, window.startMs, window.endMs, settleDelayMs);
}

/** Starts of the intervals whose next reading is due, newest first. */
export async function readDue(db: D1Database, connectionId: number, nowMs: number, limit: number): Promise<number[]> {
  const { results } = await db
    .prepare(
      `SELECT start_ms AS startMs FROM interval_ledger INDEXED BY interval_ledger_due
       WHERE connection_id = ?1 AND next_read_at_ms <= ?2 ORDER BY start_ms DESC LIMIT ?3`,
    )
    .bind(connectionId, nowMs, limit)
    .all<{ startMs: number }>();
  return results.map(({ startMs }) => startMs);
}

/** What the ledger knows of a window's intervals, by start. */
export async function readLedger(
  db: D1Database,
  connectionId: number,
  window: Window,
): Promise<Map<number, LedgerEntry>> {
  const { results } = await db
    .prepare(
      `SELECT start_ms AS startMs, status, revision, unconfirmed, next_read_at_ms AS nextReadAtMs FROM interval_ledger
       WHERE connection_id = ?1 AND start_ms >= ?2 AND start_ms < ?3`,
    )
    .bind(connectionId, window.startMs, window.endMs)
    .all<Omit<LedgerEntry, 'unconfirmed'> & { unconfirmed: number }>();
  return new Map(results.map((row) => [row.startMs, { ...row, unconfirmed: row.unconfirmed === 1 }]));
}

/** One interval as a reading left it. */
export interface LedgerReading {
  readonly startMs: number;
  readonly status: 'collected' | 'gap';
  readonly reason: string;
  readonly unconfirmed: boolean;
  readonly revision: number;
  readonly readAtMs: number;
  readonly nextReadAtMs: number | null;
  readonly queueCount: number;
  readonly offered: number;
  readonly abandoned: number;
  readonly handleTimeMs: number;
  readonly refusedRows: number;
}

/**
 * Statement that writes readings, to follow those that store their figures. An interval read for the first time keeps when that was. A reading that knows less
 * than what somebody stored in the meantime (a person confirmed the interval as quiet) changes nothing: the interval
 * stays due and is read anew.
 */
export function saveReadings(
  db: D1Database,
  connectionId: number,
  readings: readonly LedgerReading[],
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO interval_ledger (connection_id, start_ms, status, reason, unconfirmed, revision, collected_at_ms,
              read_at_ms, next_read_at_ms, queue_count, offered, abandoned, handle_time_ms, refused_rows, ${SUM_COLUMNS})
       SELECT ?1, value ->> 'startMs', value ->> 'status', value ->> 'reason', value ->> 'unconfirmed', value ->> 'revision',
              CASE WHEN value ->> 'revision' > 0 THEN value ->> 'readAtMs' END, value ->> 'readAtMs',
              value ->> 'nextReadAtMs', value ->> 'queueCount', value ->> 'offered', value ->> 'abandoned',
              value ->> 'handleTimeMs', value ->> 'refusedRows', ${SUMS("value ->> 'startMs'")}
       FROM json_each(?2) WHERE true
       ON CONFLICT (connection_id, start_ms) DO UPDATE SET status = excluded.status, reason = excluded.reason,
         unconfirmed = excluded.unconfirmed, revision = excluded.revision,
         collected_at_ms = coalesce(collected_at_ms, excluded.collected_at_ms), read_at_ms = excluded.read_at_ms,
         next_read_at_ms = excluded.next_read_at_ms, queue_count = excluded.queue_count, offered = excluded.offered,
         abandoned = excluded.abandoned, handle_time_ms = excluded.handle_time_ms, refused_rows = excluded.refused_rows,
         stored_offered = excluded.stored_offered, left_out_offered = excluded.left_out_offered,
         sums_version = excluded.sums_version
       WHERE excluded.revision >= interval_ledger.revision`,
    )
    .bind(connectionId, JSON.stringify(readings));
}

/** Statement that calls intervals gaps, with the reason; keeps what was collected of others. */
export function markGaps(
  db: D1Database,
  connectionId: number,
  olderThanMs: number,
  reason: string,
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE interval_ledger SET status = 'gap', reason = ?3
       WHERE connection_id = ?1 AND start_ms < ?2 AND status = 'waiting'`,
    )
    .bind(connectionId, olderThanMs, reason);
}

/** Statement that asks for intervals to be read again now. */
export function askAgain(db: D1Database, connectionId: number, window: Window, nowMs: number): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE interval_ledger SET next_read_at_ms = ?4 WHERE connection_id = ?1 AND start_ms >= ?2 AND start_ms < ?3`,
    )
    .bind(connectionId, window.startMs, window.endMs, nowMs);
}

/** Statement that plans a later reading of an interval that could not be read; one never collected is a gap meanwhile. */
export function postponeReading(
  db: D1Database,
  connectionId: number,
  startMs: number,
  reason: string,
  nextReadAtMs: number,
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO interval_ledger (connection_id, start_ms, status, reason, next_read_at_ms) VALUES (?1, ?2, 'gap', ?3, ?4)
       ON CONFLICT (connection_id, start_ms) DO UPDATE SET next_read_at_ms = excluded.next_read_at_ms,
         status = CASE WHEN revision = 0 THEN 'gap' ELSE status END,
         reason = CASE WHEN revision = 0 THEN excluded.reason ELSE reason END`,
    )
    .bind(connectionId, startMs, reason.slice(0, 500), nextReadAtMs);
}

/**
 * Intervals whose next reading is later than `nowMs`, and those from `sinceMs` on that were read later than that and are not to
 * be read again (null): what a clock that is set back has to look at.
 */
export async function readPlannedAhead(
  db: D1Database,
  connectionId: number,
  nowMs: number,
  sinceMs: number,
): Promise<{ readonly startMs: number; readonly nextReadAtMs: number | null }[]> {
  const { results } = await db
    .prepare(
      `SELECT start_ms AS startMs, next_read_at_ms AS nextReadAtMs FROM interval_ledger INDEXED BY interval_ledger_due
       WHERE connection_id = ?1 AND next_read_at_ms > ?2
       UNION ALL
       SELECT start_ms, NULL FROM interval_ledger
       WHERE connection_id = ?1 AND start_ms >= ?3 AND next_read_at_ms IS NULL AND read_at_ms > ?2`,
    )
    .bind(connectionId, nowMs, sinceMs)
    .all<{ startMs: number; nextReadAtMs: number | null }>();
  return results;
}

/** Statement that plans the next readings of intervals. */
export function planReadings(
  db: D1Database,
  connectionId: number,
  planned: readonly { readonly startMs: number; readonly nextReadAtMs: number }[],
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE interval_ledger SET next_read_at_ms = p.value ->> 'nextReadAtMs' FROM json_each(?2) p
       WHERE connection_id = ?1 AND start_ms = p.value ->> 'startMs'`,
    )
    .bind(connectionId, JSON.stringify(planned));
}
