/**
 * Closed intervals in which a state change turned up late. They are noted in the batch that stores the change and worked
 * off one by one, so that a crash between the two loses no report.
 */
import { jsonParts, rowsOfParts } from './json-parts.ts';

export interface TouchedInterval {
  readonly startMs: number;
  /** How often it was touched: one that is touched again while it is worked off stays. */
  readonly touches: number;
}

/** Statement that notes intervals by their starts. */
export function noteTouched(db: D1Database, connectionId: number, starts: readonly number[]): D1PreparedStatement {
  const parts = jsonParts(starts);
  return db
    .prepare(
      `INSERT INTO touched_interval (connection_id, start_ms) SELECT ?1, value FROM ${rowsOfParts(parts.length, 2)} WHERE true
       ON CONFLICT DO UPDATE SET touches = touches + 1`,
    )
    .bind(connectionId, ...parts);
}

/** The next intervals to work off, newest first. */
export async function readTouched(db: D1Database, connectionId: number, limit: number): Promise<TouchedInterval[]> {
  const { results } = await db
    .prepare(
      `SELECT start_ms AS startMs, touches FROM touched_interval WHERE connection_id = ?1
       ORDER BY start_ms DESC LIMIT ?2`,
    )
    .bind(connectionId, limit)
    .all<TouchedInterval>();
  return results;
}

/** Statement that takes intervals off the list, but for those that were touched again. */
export function forgetTouched(
  db: D1Database,
  connectionId: number,
  intervals: readonly TouchedInterval[],
): D1PreparedStatement {
  return db
    .prepare(
      `DELETE FROM touched_interval WHERE connection_id = ?1 AND (start_ms, touches) IN (
         SELECT value ->> 0, value ->> 1 FROM json_each(?2))`,
    )
    .bind(connectionId, JSON.stringify(intervals.map(({ startMs, touches }) => [startMs, touches])));
}
