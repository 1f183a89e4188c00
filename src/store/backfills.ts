/** Backfills: past ranges that are loaded in chunks, newest first. */
import type { Window } from '../domain/interval.ts';

export interface Backfill {
  readonly id: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** End of what is still to be loaded; the job is done when it reaches `fromMs`. */
  readonly nextEndMs: number;
  readonly status: 'waiting' | 'running' | 'paused' | 'cancelled' | 'done';
  readonly intervalsChanged: number;
  readonly intervalsFailed: number;
}

/** The backfill to work on: the oldest that is open. Paused and cancelled ones are not. */
export async function readOpenBackfill(db: D1Database, connectionId: number): Promise<Backfill | null> {
  return await db
    .prepare(
      `SELECT id, from_ms AS fromMs, to_ms AS toMs, next_end_ms AS nextEndMs, status, intervals_changed AS intervalsChanged,
              intervals_failed AS intervalsFailed
       FROM backfill INDEXED BY backfill_open
       WHERE connection_id = ?1 AND status IN ('waiting', 'running') ORDER BY id LIMIT 1`,
    )
    .bind(connectionId)
    .first<Backfill>();
}

/** Statement that notes a chunk as done. A backfill paused or cancelled in the meantime keeps that status. */
export function advanceBackfill(
  db: D1Database,
  id: number,
  chunk: Window,
  result: { changed: number; failed: number; error: string },
  nowMs: number,
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE backfill SET next_end_ms = ?3, intervals_changed = intervals_changed + ?4,
              intervals_failed = intervals_failed + ?5, error = ?6, updated_at_ms = ?7,
              status = CASE WHEN status IN ('paused', 'cancelled') THEN status WHEN ?3 <= from_ms THEN 'done' ELSE 'running' END,
              finished_at_ms = CASE WHEN ?3 <= from_ms AND status NOT IN ('paused', 'cancelled') THEN ?7 END
       WHERE id = ?1 AND next_end_ms = ?2`,
    )
    .bind(id, chunk.endMs, chunk.startMs, result.changed, result.failed, result.error.slice(0, 500), nowMs);
}

/** Statement that notes why a backfill does not get on. */
export function noteBackfillError(db: D1Database, id: number, error: string, nowMs: number): D1PreparedStatement {
  return db
    .prepare('UPDATE backfill SET error = ?2, updated_at_ms = ?3 WHERE id = ?1')
    .bind(id, error.slice(0, 500), nowMs);
}
