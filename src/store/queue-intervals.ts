/** Figures per queue and interval. Writing replaces, never adds; what is replaced is kept as a revision. */
import type { Window } from '../domain/interval.ts';

export interface StoredFigures {
  readonly queueKey: number;
  readonly startMs: number;
  readonly offered: number;
  readonly abandoned: number;
  readonly handleTimeMs: number;
  readonly inferred: boolean;
}

/** What a report is made of. */
export type QueueSums = Pick<StoredFigures, 'queueKey' | 'offered' | 'abandoned' | 'handleTimeMs'>;

/** D1 allows 2 MB a value; a row takes at most about 140 bytes. */
const ROWS_PER_STATEMENT_MAX = 10_000;

/** All figures of a window. */
export async function readFigures(
  db: D1Database,
  connectionId: number,
  window: Window,
): Promise<(StoredFigures & { revision: number })[]> {
  const { results } = await db
    .prepare(
      `SELECT queue_id AS queueKey, start_ms AS startMs, offered, abandoned, handle_time_ms AS handleTimeMs, inferred, revision
       FROM queue_interval WHERE connection_id = ?1 AND start_ms >= ?2 AND start_ms < ?3`,
    )
    .bind(connectionId, window.startMs, window.endMs)
    .all<Omit<StoredFigures, 'inferred'> & { inferred: number; revision: number }>();
  return results.map((row) => ({ ...row, inferred: row.inferred === 1 }));
}

/** All figures of some windows, by the window's start. One row of the answer a window: thousands would take longer. */
export async function readFiguresOfWindows(
  db: D1Database,
  connectionId: number,
  windows: readonly Window[],
): Promise<Map<number, QueueSums[]>> {
  const { results } = await db
    .prepare(
      `SELECT w.value ->> 0 AS windowMs,
              (SELECT json_group_array(json_array(queue_id, offered, abandoned, handle_time_ms)) FROM queue_interval
               WHERE connection_id = ?1 AND start_ms >= w.value ->> 0 AND start_ms < w.value ->> 1) AS figures
       FROM json_each(?2) w`,
    )
    .bind(connectionId, JSON.stringify(windows.map(({ startMs, endMs }) => [startMs, endMs])))
    .all<{ windowMs: number; figures: string }>();
  return new Map(
    results.map(({ windowMs, figures }) => {
      const rows = JSON.parse(figures) as [number, number, number, number][];
      return [
        windowMs,
        rows.map(([queueKey, offered, abandoned, handleTimeMs]) => ({ queueKey, offered, abandoned, handleTimeMs })),
      ];
    }),
  );
}

/** Statements that store figures that are new or differ from what is stored; equal ones must be left out by the caller. */
export function saveFigures(
  db: D1Database,
  connectionId: number,
  rows: readonly StoredFigures[],
  readAtMs: number,
): D1PreparedStatement[] {
  const statements: D1PreparedStatement[] = [];
  for (let from = 0; from < rows.length; from += ROWS_PER_STATEMENT_MAX) {
    const part = JSON.stringify(
      rows
        .slice(from, from + ROWS_PER_STATEMENT_MAX)
        .map((r) => [r.queueKey, r.startMs, r.offered, r.abandoned, r.handleTimeMs, r.inferred ? 1 : 0]),
    );
    const starts = rows.slice(from, from + ROWS_PER_STATEMENT_MAX).map(({ startMs }) => startMs);
    // CROSS JOIN keeps the order: the planner would walk all figures of the connection and the rows within each. EXISTS
    // is looked at once: past intervals of which nothing is stored, thousands of rows in a backfill, need no more.
    const keepReplaced = db
      .prepare(
        `INSERT INTO queue_interval_revision
         SELECT q.connection_id, q.start_ms, q.queue_id, q.revision, q.offered, q.abandoned, q.handle_time_ms, q.inferred,
                q.read_at_ms
         FROM json_each(?2) n CROSS JOIN queue_interval q
           ON q.connection_id = ?1 AND q.start_ms = n.value ->> 1 AND q.queue_id = n.value ->> 0
         WHERE EXISTS (SELECT 1 FROM queue_interval WHERE connection_id = ?1 AND start_ms BETWEEN ?3 AND ?4)
         ON CONFLICT DO NOTHING`,
      )
      .bind(connectionId, part, Math.min(...starts), Math.max(...starts));
    statements.push(
      keepReplaced,
      db
        .prepare(
          `INSERT INTO queue_interval (connection_id, start_ms, queue_id, offered, abandoned, handle_time_ms, inferred, read_at_ms)
           SELECT ?1, value ->> 1, value ->> 0, value ->> 2, value ->> 3, value ->> 4, value ->> 5, ?3
           FROM json_each(?2) WHERE true
           ON CONFLICT (connection_id, start_ms, queue_id) DO UPDATE SET offered = excluded.offered,
             abandoned = excluded.abandoned, handle_time_ms = excluded.handle_time_ms, inferred = excluded.inferred,
             read_at_ms = excluded.read_at_ms, revision = revision + 1`,
        )
        .bind(connectionId, part, readAtMs),
    );
  }
  return statements;
}
