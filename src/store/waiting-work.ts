/**
 * What a connection's loop has to look after, as one row: so that a poll whose lanes have nothing to do costs no
 * statement for finding that out. Every part is one look into an index.
 */

/** 1 or 0, as of when it was read: what comes up later is seen with the next tick. */
export interface WaitingWork {
  /** Raised by every change that a running loop has to take over. */
  readonly configVersion: number;
  /** Intervals whose next reading is due. */
  readonly intervalsDue: number;
  readonly importOpen: number;
  readonly backfillOpen: number;
  /** Reports that wait to be sent, whether or not they are ready. */
  readonly reportsWait: number;
  /** Closed intervals that late changes touched. */
  readonly intervalsTouched: number;
}

/** SQL: the columns of `WaitingWork`. Parameters: connection id, present instant. */
export const WAITING_WORK = (connectionId: string, nowMs: string) => `
  (SELECT config_version FROM connection WHERE id = ${connectionId}) AS configVersion,
  EXISTS (SELECT 1 FROM interval_ledger INDEXED BY interval_ledger_due
          WHERE connection_id = ${connectionId} AND next_read_at_ms <= ${nowMs}) AS intervalsDue,
  EXISTS (SELECT 1 FROM import INDEXED BY import_open
          WHERE connection_id = ${connectionId} AND status IN ('waiting', 'running')) AS importOpen,
  EXISTS (SELECT 1 FROM backfill INDEXED BY backfill_open
          WHERE connection_id = ${connectionId} AND status IN ('waiting', 'running')) AS backfillOpen,
  EXISTS (SELECT 1 FROM report INDEXED BY report_waiting
          WHERE connection_id = ${connectionId} AND delivered_revision < revision) AS reportsWait,
  EXISTS (SELECT 1 FROM touched_interval WHERE connection_id = ${connectionId}) AS intervalsTouched`;

/** The work of a connection; null when it is gone or paused. */
export async function readWaitingWork(
  db: D1Database,
  connectionId: number,
  nowMs: number,
): Promise<WaitingWork | null> {
  return await db
    .prepare(`SELECT ${WAITING_WORK('?1', '?2')} FROM connection WHERE id = ?1 AND paused = 0`)
    .bind(connectionId, nowMs)
    .first<WaitingWork>();
}
