/** Figures per queue and interval. Writing replaces, never adds; what is replaced is kept as a revision. */
import type { Window } from '../domain/interval.ts';
import { NO_DETAILS, type QueueDetails } from '../domain/queue-interval.ts';
import { jsonParts, rowsOfParts } from './json-parts.ts';

export interface StoredFigures {
  readonly queueKey: number;
  readonly startMs: number;
  readonly offered: number;
  readonly abandoned: number;
  readonly handleTimeMs: number;
  readonly inferred: boolean;
  /** What the source tells beyond the three figures; left out where it tells nothing. */
  readonly details?: QueueDetails;
}

/** D1 allows 2 MB a value; a row takes at most about 250 bytes. */
const ROWS_PER_STATEMENT_MAX = 7_000;

const DETAIL_COLUMNS = 'handled_short, handled_long, abandoned_short, work_time_ms, queue_delay_time_ms, hold_time_ms';

/** Details in the order of their columns. */
export function detailValues(details: QueueDetails = NO_DETAILS): (number | null)[] {
  const { handledShort, handledLong, abandonedShort, workTimeMs, queueDelayTimeMs, holdTimeMs } = details;
  return [handledShort, handledLong, abandonedShort, workTimeMs, queueDelayTimeMs, holdTimeMs];
}

/** A row as JSON: the form in which rows go to the database. */
export function figuresJson(r: StoredFigures): (number | null)[] {
  const three = [r.queueKey, r.startMs, r.offered, r.abandoned, r.handleTimeMs, r.inferred ? 1 : 0];
  return r.details ? [...three, ...detailValues(r.details)] : three;
}

/** What a report is made of. */
export type QueueSums = Pick<StoredFigures, 'queueKey' | 'offered' | 'abandoned' | 'handleTimeMs'> & QueueDetails;

/** All figures of a window. */
export async function readFigures(
  db: D1Database,
  connectionId: number,
  window: Window,
): Promise<(Omit<StoredFigures, 'details'> & { details: QueueDetails; revision: number })[]> {
  const { results } = await db
    .prepare(
      `SELECT queue_id AS queueKey, start_ms AS startMs, offered, abandoned, handle_time_ms AS handleTimeMs, inferred, revision,
              handled_short AS handledShort, handled_long AS handledLong, abandoned_short AS abandonedShort,
              work_time_ms AS workTimeMs, queue_delay_time_ms AS queueDelayTimeMs, hold_time_ms AS holdTimeMs
       FROM queue_interval WHERE connection_id = ?1 AND start_ms >= ?2 AND start_ms < ?3`,
    )
    .bind(connectionId, window.startMs, window.endMs)
    .all<Omit<StoredFigures, 'inferred' | 'details'> & { inferred: number; revision: number } & QueueDetails>();
  return results.map(({ queueKey, startMs, offered, abandoned, handleTimeMs, inferred, revision, ...details }) => {
    return { queueKey, startMs, offered, abandoned, handleTimeMs, inferred: inferred === 1, revision, details };
  });
}

/**
 * Statements, and whether they change anything, that take away what is stored of an interval for some queues beyond the
 * ones that are still told of: figures, and agents' figures by queue.
 */
export async function stepOfGoneFigures(
  db: D1Database,
  connectionId: number,
  startMs: number,
  queueKeys: readonly number[],
  kept: { readonly queueKeys: readonly number[]; readonly agentQueues: readonly (readonly [number, number])[] },
): Promise<{ statements: D1PreparedStatement[]; isEmpty: boolean }> {
  const of = 'connection_id = ?1 AND start_ms = ?2 AND queue_id IN (SELECT value FROM json_each(?3))';
  const agentQueues = jsonParts(kept.agentQueues);
  const figures = `FROM queue_interval WHERE ${of} AND queue_id NOT IN (SELECT value FROM json_each(?4))`;
  const byAgent = `FROM agent_queue_interval WHERE ${of}
    AND (queue_id, agent_id) NOT IN (SELECT value ->> 0, value ->> 1 FROM ${rowsOfParts(agentQueues.length, 4)})`;
  const bind = (sql: string, rows: readonly string[]) =>
    db.prepare(sql).bind(connectionId, startMs, JSON.stringify(queueKeys), ...rows);
  const queues = [JSON.stringify(kept.queueKeys)];
  const found = await db.batch<{ found: number }>([
    bind(`SELECT count(*) AS found ${figures}`, queues),
    bind(`SELECT count(*) AS found ${byAgent}`, agentQueues),
  ]);
  if (found.every(({ results }) => results[0]?.found === 0)) return { statements: [], isEmpty: true };
  return {
    isEmpty: false,
    statements: [bind(`DELETE ${figures}`, queues), bind(`DELETE ${byAgent}`, agentQueues)],
  };
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
              (SELECT json_group_array(
                 CASE WHEN coalesce(${DETAIL_COLUMNS}) IS NULL THEN json_array(queue_id, offered, abandoned, handle_time_ms)
                 ELSE json_array(queue_id, offered, abandoned, handle_time_ms, ${DETAIL_COLUMNS}) END) FROM queue_interval
               WHERE connection_id = ?1 AND start_ms >= w.value ->> 0 AND start_ms < w.value ->> 1) AS figures
       FROM json_each(?2) w`,
    )
    .bind(connectionId, JSON.stringify(windows.map(({ startMs, endMs }) => [startMs, endMs])))
    .all<{ windowMs: number; figures: string }>();
  return new Map(
    results.map(({ windowMs, figures }) => [windowMs, (JSON.parse(figures) as FiguresOfWindow[]).map(sumsOf)]),
  );
}

type Count = number | null | undefined;
type FiguresOfWindow = readonly [number, number, number, number, Count?, Count?, Count?, Count?, Count?, Count?];

function sumsOf([queueKey, offered, abandoned, handleTimeMs, ...told]: FiguresOfWindow): QueueSums {
  const [short = null, long = null, abandonedShort = null, workTimeMs = null, delay = null, holdTimeMs = null] = told;
  const details = {
    handledShort: short,
    handledLong: long,
    abandonedShort,
    workTimeMs,
    queueDelayTimeMs: delay,
    holdTimeMs,
  };
  return { queueKey, offered, abandoned, handleTimeMs, ...details };
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
    const part = JSON.stringify(rows.slice(from, from + ROWS_PER_STATEMENT_MAX).map(figuresJson));
    const starts = rows.slice(from, from + ROWS_PER_STATEMENT_MAX).map(({ startMs }) => startMs);
    // CROSS JOIN keeps the order: the planner would walk all figures of the connection and the rows within each. EXISTS
    // is looked at once: past intervals of which nothing is stored, thousands of rows in a backfill, need no more.
    const keepReplaced = db
      .prepare(
        `INSERT INTO queue_interval_revision (connection_id, start_ms, queue_id, revision, offered, abandoned,
                handle_time_ms, inferred, read_at_ms, ${DETAIL_COLUMNS})
         SELECT q.connection_id, q.start_ms, q.queue_id, q.revision, q.offered, q.abandoned, q.handle_time_ms, q.inferred,
                q.read_at_ms, q.handled_short, q.handled_long, q.abandoned_short, q.work_time_ms, q.queue_delay_time_ms,
                q.hold_time_ms
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
          `INSERT INTO queue_interval (connection_id, start_ms, queue_id, offered, abandoned, handle_time_ms, inferred, read_at_ms,
                  ${DETAIL_COLUMNS})
           SELECT ?1, value ->> 1, value ->> 0, value ->> 2, value ->> 3, value ->> 4, value ->> 5, ?3,
                  value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11
           FROM json_each(?2) WHERE true
           ON CONFLICT (connection_id, start_ms, queue_id) DO UPDATE SET offered = excluded.offered,
             abandoned = excluded.abandoned, handle_time_ms = excluded.handle_time_ms, inferred = excluded.inferred,
             read_at_ms = excluded.read_at_ms, revision = revision + 1, handled_short = excluded.handled_short,
             handled_long = excluded.handled_long, abandoned_short = excluded.abandoned_short,
             work_time_ms = excluded.work_time_ms, queue_delay_time_ms = excluded.queue_delay_time_ms,
             hold_time_ms = excluded.hold_time_ms`,
        )
        .bind(connectionId, part, readAtMs),
    );
  }
  return statements;
}
