/**
 * The reports of the windowed streams (historical, agent-activity): which wait, which were accepted, and the streams'
 * account. The account is a balance in records that always adds up: read = delivered + set aside + waiting.
 */
import type { Window } from '../domain/interval.ts';
import type { Stream } from '../wfm/wfm.ts';

export type WindowedStream = Exclude<Stream, 'agent-states'>;

/** A report that waits to be sent. */
export interface WaitingReport extends Window {
  readonly revision: number;
  readonly deliveredRevision: number;
  readonly recordCount: number;
  /** The WFM has a body of an older revision: where nothing is left of it, it has to be told that. */
  readonly wasTold: boolean;
}

/**
 * Statements that make reports wait: new ones, or a further revision of reports that were sent before. What the WFM had
 * of the older revision goes back from delivered to waiting.
 */
export function raiseReports(
  db: D1Database,
  connectionId: number,
  stream: WindowedStream,
  reports: readonly (Window & { recordCount: number })[],
  nowMs: number,
): D1PreparedStatement[] {
  if (reports.length === 0) return [];
  const rows = JSON.stringify(reports.map(({ startMs, endMs, recordCount }) => [startMs, endMs, recordCount]));
  return [
    db
      .prepare(
        `UPDATE stream SET
           read_count = read_count + d.read_more, delivered_count = delivered_count - d.delivered_less,
           set_aside_count = set_aside_count - d.set_aside_less
         FROM (SELECT coalesce(sum(n.value ->> 2 - coalesce(r.record_count, 0)), 0) AS read_more,
                      coalesce(sum(CASE WHEN r.delivered_revision = r.revision
                                        THEN r.record_count - r.held_count - r.set_aside_count END), 0) AS delivered_less,
                      coalesce(sum(CASE WHEN r.delivered_revision = r.revision THEN r.set_aside_count END), 0) AS set_aside_less
               FROM json_each(?3) n LEFT JOIN report r
                 ON r.connection_id = ?1 AND r.stream = ?2 AND r.start_ms = n.value ->> 0) d
         WHERE connection_id = ?1 AND name = ?2`,
      )
      .bind(connectionId, stream, rows),
    db
      .prepare(
        `INSERT INTO report (connection_id, stream, start_ms, end_ms, revision, record_count, created_at_ms)
         SELECT ?1, ?2, value ->> 0, value ->> 1, 1, value ->> 2, ?4 FROM json_each(?3) WHERE true
         ON CONFLICT (connection_id, stream, start_ms) DO UPDATE SET revision = revision + 1, end_ms = excluded.end_ms,
           record_count = excluded.record_count, held_count = 0, set_aside_count = 0`,
      )
      .bind(connectionId, stream, rows, nowMs),
  ];
}

/** Reports that wait, newest first: the live one before history. */
export async function readWaiting(
  db: D1Database,
  connectionId: number,
  stream: WindowedStream,
  limit: number,
): Promise<WaitingReport[]> {
  const { results } = await db
    .prepare(
      `SELECT start_ms AS startMs, end_ms AS endMs, revision, delivered_revision AS deliveredRevision,
              record_count AS recordCount, body_sha256 <> '' AS wasTold
       FROM report INDEXED BY report_waiting
       WHERE connection_id = ?1 AND stream = ?2 AND delivered_revision < revision ORDER BY start_ms DESC LIMIT ?3`,
    )
    .bind(connectionId, stream, limit)
    .all<Omit<WaitingReport, 'wasTold'> & { wasTold: number }>();
  return results.map((row) => ({ ...row, wasTold: row.wasTold === 1 }));
}

/** How many reports of a stream wait, counted up to `limit`. */
export async function countWaiting(
  db: D1Database,
  connectionId: number,
  stream: WindowedStream,
  limit: number,
): Promise<number> {
  const found = await db
    .prepare(
      `SELECT count(*) AS waiting FROM (
         SELECT 1 FROM report INDEXED BY report_waiting
         WHERE connection_id = ?1 AND stream = ?2 AND delivered_revision < revision LIMIT ?3)`,
    )
    .bind(connectionId, stream, limit)
    .first<{ waiting: number }>();
  return found?.waiting ?? 0;
}

/** Accepted reports that left records out for want of a login id, of windows that start in a span, newest first. */
export async function readHeldReports(
  db: D1Database,
  connectionId: number,
  span: Window,
  limit: number,
): Promise<(Window & { recordCount: number; heldCount: number })[]> {
  const { results } = await db
    .prepare(
      `SELECT start_ms AS startMs, end_ms AS endMs, record_count AS recordCount, held_count AS heldCount
       FROM report INDEXED BY report_held
       WHERE connection_id = ?1 AND start_ms >= ?2 AND start_ms < ?3 AND held_count > 0 ORDER BY start_ms DESC LIMIT ?4`,
    )
    .bind(connectionId, span.startMs, span.endMs, limit)
    .all<Window & { recordCount: number; heldCount: number }>();
  return results;
}

/**
 * Statements that count as set aside what accepted reports of windows before `beforeMs` left out: what they were built from is
 * past its retention, and nothing can be sent of it any more.
 */
export function giveUpHeld(db: D1Database, connectionId: number, beforeMs: number): D1PreparedStatement[] {
  const held = `connection_id = ?1 AND stream = 'agent-activity' AND start_ms < ?2 AND held_count > 0
    AND delivered_revision = revision`;
  return [
    `UPDATE stream SET set_aside_count = set_aside_count
            + (SELECT coalesce(sum(held_count), 0) FROM report INDEXED BY report_held WHERE ${held})
     WHERE connection_id = ?1 AND name = 'agent-activity'`,
    `UPDATE report SET set_aside_count = set_aside_count + held_count, held_count = 0 WHERE ${held}`,
  ].map((sql) => db.prepare(sql).bind(connectionId, beforeMs));
}

/** What is known of a window's report, or null when there is none. */
export async function readReport(
  db: D1Database,
  connectionId: number,
  stream: WindowedStream,
  startMs: number,
): Promise<{ endMs: number; recordCount: number; heldCount: number; deliveredRevision: number } | null> {
  return await db
    .prepare(
      `SELECT end_ms AS endMs, record_count AS recordCount, held_count AS heldCount,
              delivered_revision AS deliveredRevision FROM report
       WHERE connection_id = ?1 AND stream = ?2 AND start_ms = ?3`,
    )
    .bind(connectionId, stream, startMs)
    .first<{ endMs: number; recordCount: number; heldCount: number; deliveredRevision: number }>();
}
