/** What a person may ask for on the Coverage page, as statements: confirmed quiet, and which reports to send again. */
import type { Window } from '../domain/interval.ts';
import { isSettled } from './ledger.ts';
import type { WindowedStream } from './reports.ts';

/** How many intervals of a span the ledger has, how many are unconfirmed, and when each is. */
export async function countIntervals(
  db: D1Database,
  connectionId: number,
  window: Window,
): Promise<{ known: number; unconfirmed: number; listedQueues: number }> {
  const row = await db
    .prepare(
      `SELECT count(*) AS known, coalesce(sum(unconfirmed), 0) AS unconfirmed,
              (SELECT count(*) FROM queue WHERE connection_id = ?1 AND in_roster = 1 AND removed_at_ms IS NULL) AS listedQueues
       FROM interval_ledger WHERE connection_id = ?1 AND start_ms >= ?2 AND start_ms < ?3`,
    )
    .bind(connectionId, window.startMs, window.endMs)
    .first<{ known: number; unconfirmed: number; listedQueues: number }>();
  return row ?? { known: 0, unconfirmed: 0, listedQueues: 0 };
}

/** Reports of a span that the WFM has accepted as they are: those that wait are sent anyway. */
export async function readAccepted(
  db: D1Database,
  connectionId: number,
  stream: WindowedStream,
  window: Window,
): Promise<(Window & { recordCount: number })[]> {
  const { results } = await db
    .prepare(
      `SELECT start_ms AS startMs, end_ms AS endMs, record_count AS recordCount FROM report
       WHERE connection_id = ?1 AND stream = ?2 AND start_ms >= ?3 AND start_ms < ?4 AND delivered_revision = revision`,
    )
    .bind(connectionId, stream, window.startMs, window.endMs)
    .all<Window & { recordCount: number }>();
  return results;
}

/**
 * Statement that closes records which were set aside out of reports that are sent again: refused once more, they are
 * set aside once more.
 */
export function closeSetAside(
  db: D1Database,
  connectionId: number,
  stream: WindowedStream,
  starts: readonly number[],
  nowMs: number,
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE set_aside SET status = 'sent again', resolved_at_ms = ?4
       WHERE connection_id = ?1 AND stream = ?2 AND status = 'set aside'
         AND window_start_ms IN (SELECT value FROM json_each(?3))`,
    )
    .bind(connectionId, stream, JSON.stringify(starts), nowMs);
}

/**
 * Starts of the unconfirmed intervals of a span, and of the collected ones beside them, oldest first. `isSettled`: a
 * report waits for it no more.
 */
export async function readConfirmable(
  db: D1Database,
  connectionId: number,
  window: Window,
): Promise<{ startMs: number; unconfirmed: boolean; isSettled: boolean }[]> {
  const { results } = await db
    .prepare(
      `SELECT start_ms AS startMs, revision, unconfirmed, next_read_at_ms AS nextReadAtMs FROM interval_ledger
       WHERE connection_id = ?1 AND start_ms >= ?2 AND start_ms < ?3 AND (unconfirmed = 1 OR revision > 0)
       ORDER BY start_ms`,
    )
    .bind(connectionId, window.startMs, window.endMs)
    .all<{ startMs: number; revision: number; unconfirmed: number; nextReadAtMs: number | null }>();
  return results.map(({ startMs, ...row }) => {
    const unconfirmed = row.unconfirmed === 1;
    return { startMs, unconfirmed, isSettled: isSettled({ ...row, unconfirmed }) };
  });
}

/** How many queues a report made now would hold. */
export async function countReportedQueues(db: D1Database, connectionId: number): Promise<number> {
  const row = await db
    .prepare(
      `SELECT count(*) AS count FROM queue
       WHERE connection_id = ?1 AND in_roster = 1 AND removed_at_ms IS NULL AND included = 1`,
    )
    .bind(connectionId)
    .first<{ count: number }>();
  return row?.count ?? 0;
}

/**
 * Statements that take unconfirmed intervals for quiet: zeros for each listed queue, and a ledger that says who said
 * so. Intervals that were read in the meantime stay as they are. The first statement's changes tell how many it took.
 */
export function confirmQuiet(
  db: D1Database,
  connectionId: number,
  starts: readonly number[],
  { by, nowMs }: { by: string; nowMs: number },
): D1PreparedStatement[] {
  const list = JSON.stringify(starts);
  return [
    db
      .prepare(
        `INSERT INTO queue_interval (connection_id, start_ms, queue_id, offered, abandoned, handle_time_ms, inferred, read_at_ms)
         SELECT ?1, l.start_ms, q.id, 0, 0, 0, 1, ?3
         FROM interval_ledger l JOIN queue q ON q.connection_id = ?1 AND q.in_roster = 1 AND q.removed_at_ms IS NULL
         WHERE l.connection_id = ?1 AND l.unconfirmed = 1 AND l.start_ms IN (SELECT value FROM json_each(?2))
         ON CONFLICT DO NOTHING`,
      )
      .bind(connectionId, list, nowMs),
    db
      .prepare(
        `UPDATE interval_ledger SET status = 'collected', unconfirmed = 0, reason = ?3, revision = revision + 1,
                collected_at_ms = coalesce(collected_at_ms, ?4),
                queue_count = (SELECT count(*) FROM queue WHERE connection_id = ?1 AND in_roster = 1 AND removed_at_ms IS NULL)
         WHERE connection_id = ?1 AND unconfirmed = 1 AND start_ms IN (SELECT value FROM json_each(?2))`,
      )
      .bind(connectionId, list, `Confirmed as quiet by ${by}.`, nowMs),
  ];
}
