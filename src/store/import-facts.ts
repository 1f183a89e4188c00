/**
 * Storing the rows of a file beside what is there. Figures replace figures of the same queue and interval; state changes
 * find their place in the agents' time lines, but never where the bridge itself was looking.
 */
import { NOT_OBSERVED } from '../domain/activity.ts';
import { INTERVAL_MS } from '../domain/interval.ts';
import { isSettled } from './ledger.ts';
import { SUM_COLUMNS, SUMS } from './ledger-sums.ts';
import { figuresJson, type StoredFigures } from './queue-intervals.ts';

/** Rows of one question to the database: its answer and its parameter stay well below D1's limits. */
const ROWS_PER_QUESTION_MAX = 5_000;

export interface Outcome {
  readonly added: number;
  readonly changed: number;
  readonly same: number;
}

/** Columns that hold names, the surest first: an id stays one where another row's name looks like it. */
const NAME_COLUMNS = {
  queue: ['source_id', 'alias_id', 'queue_value', 'name'],
  agent: ['source_id', 'alias_id', 'username', 'login_id', 'employee_id', 'name'],
} as const;

/** Keys of a connection's queues or agents by every name that a file may use, in small letters; null: two have the name. */
export async function readNames(
  db: D1Database,
  table: 'queue' | 'agent',
  connectionId: number,
): Promise<Map<string, number | null>> {
  const columns = NAME_COLUMNS[table];
  const { results } = await db
    .prepare(`SELECT id, ${columns.join(', ')} FROM ${table} WHERE connection_id = ?1`)
    .bind(connectionId)
    .all<Record<string, string | number | null>>();
  const names = new Map<string, number | null>();
  for (const column of columns) {
    const own = new Map<string, number | null>();
    for (const row of results) {
      const name = String(row[column] ?? '')
        .trim()
        .toLowerCase();
      if (name !== '') own.set(name, own.has(name) ? null : Number(row.id));
    }
    for (const [name, key] of own) if (!names.has(name)) names.set(name, key);
  }
  return names;
}

/** Which of the rows differ from what is stored, and how many are new, changed and the same. */
export async function compareFigures(
  db: D1Database,
  connectionId: number,
  rows: readonly StoredFigures[],
): Promise<Outcome & { differing: readonly StoredFigures[] }> {
  const differing: StoredFigures[] = [];
  let added = 0;
  for (let from = 0; from < rows.length; from += ROWS_PER_QUESTION_MAX) {
    const part = rows.slice(from, from + ROWS_PER_QUESTION_MAX);
    const { results } = await db
      .prepare(
        `SELECT n.key AS place, q.offered IS NULL AS isNew FROM json_each(?2) n
         LEFT JOIN queue_interval q ON q.connection_id = ?1 AND q.start_ms = n.value ->> 1 AND q.queue_id = n.value ->> 0
         WHERE q.offered IS NULL OR q.inferred = 1
            OR q.offered <> n.value ->> 2 OR q.abandoned <> n.value ->> 3 OR q.handle_time_ms <> n.value ->> 4
            OR q.handled_short IS NOT n.value ->> 6 OR q.handled_long IS NOT n.value ->> 7
            OR q.abandoned_short IS NOT n.value ->> 8 OR q.work_time_ms IS NOT n.value ->> 9
            OR q.queue_delay_time_ms IS NOT n.value ->> 10 OR q.hold_time_ms IS NOT n.value ->> 11`,
      )
      .bind(connectionId, JSON.stringify(part.map(figuresJson)))
      .all<{ place: number; isNew: number }>();
    for (const { place, isNew } of results) {
      const row = part[place];
      if (row) differing.push(row);
      added += isNew;
    }
  }
  return { differing, added, changed: differing.length - added, same: rows.length - differing.length };
}

/** What the ledger knows of some intervals: their revisions, 0 for one that has no figures, and whether a report waits for them no more. */
export async function readSettling(
  db: D1Database,
  connectionId: number,
  starts: readonly number[],
): Promise<Map<number, { readonly revision: number; readonly isSettled: boolean }>> {
  const { results } = await db
    .prepare(
      `SELECT l.start_ms AS startMs, l.revision, l.unconfirmed, l.next_read_at_ms AS nextReadAtMs FROM json_each(?2) s
       JOIN interval_ledger l ON l.connection_id = ?1 AND l.start_ms = s.value`,
    )
    .bind(connectionId, JSON.stringify(starts))
    .all<{ startMs: number; revision: number; unconfirmed: number; nextReadAtMs: number | null }>();
  return new Map(
    results.map(({ startMs, revision, unconfirmed, nextReadAtMs }) => {
      return [startMs, { revision, isSettled: isSettled({ revision, unconfirmed: unconfirmed === 1, nextReadAtMs }) }];
    }),
  );
}

/** How many included queues have figures in each of some windows once `rows` are stored, too. */
export async function countReportedQueues(
  db: D1Database,
  connectionId: number,
  windows: readonly number[],
  lengthMs: number,
  rows: readonly Pick<StoredFigures, 'queueKey' | 'startMs'>[],
): Promise<Map<number, number>> {
  const { results } = await db
    .prepare(
      `SELECT k.window_ms AS windowMs, count(*) AS queues FROM (
         SELECT w.value AS window_ms, i.queue_id FROM json_each(?2) w
         CROSS JOIN queue_interval i ON i.connection_id = ?1 AND i.start_ms >= w.value AND i.start_ms < w.value + ?3
         UNION SELECT (value ->> 1) - (value ->> 1) % ?3, value ->> 0 FROM json_each(?4)) k
       JOIN queue q ON q.id = k.queue_id AND q.included = 1
       GROUP BY k.window_ms`,
    )
    .bind(
      connectionId,
      JSON.stringify(windows),
      lengthMs,
      JSON.stringify(rows.map(({ queueKey, startMs }) => [queueKey, startMs])),
    )
    .all<{ windowMs: number; queues: number }>();
  return new Map(results.map(({ windowMs, queues }) => [windowMs, queues]));
}

/**
 * Statements, to follow those that store the figures, that enter intervals into the ledger as collected from a file: a
 * further revision, sums over all their queues. `nextReadAtMs`: what is still planned to be read from the ACD.
 */
export function enterImportedIntervals(
  db: D1Database,
  connectionId: number,
  intervals: readonly { startMs: number; nextReadAtMs: number | null; isIncomplete: boolean }[],
  nowMs: number,
): D1PreparedStatement[] {
  const rows = JSON.stringify(
    intervals.map(({ startMs, nextReadAtMs, isIncomplete }) => [startMs, nextReadAtMs, isIncomplete ? 1 : 0]),
  );
  return [
    db
      .prepare(
        `INSERT INTO interval_ledger (connection_id, start_ms, status, revision, collected_at_ms, read_at_ms, next_read_at_ms,
                unconfirmed, reason)
         SELECT ?1, value ->> 0, 'collected', 1, ?3, ?3, value ->> 1, value ->> 2,
                CASE value ->> 2 WHEN 1 THEN 'The ACD says that its figures are not complete.' ELSE '' END
         FROM json_each(?2) WHERE true
         ON CONFLICT (connection_id, start_ms) DO UPDATE SET status = 'collected', reason = excluded.reason,
           unconfirmed = excluded.unconfirmed,
           revision = revision + 1, collected_at_ms = coalesce(collected_at_ms, excluded.collected_at_ms),
           read_at_ms = excluded.read_at_ms, next_read_at_ms = excluded.next_read_at_ms`,
      )
      .bind(connectionId, rows, nowMs),
    db
      .prepare(
        // LEFT JOIN: an interval may have lost every figure that it had.
        `UPDATE interval_ledger SET queue_count = s.queues, offered = s.offered, abandoned = s.abandoned,
                handle_time_ms = s.handle_time_ms, (${SUM_COLUMNS}) = (SELECT ${SUMS('interval_ledger.start_ms')})
         FROM (SELECT n.value ->> 0 AS start_ms, count(i.queue_id) AS queues, coalesce(sum(i.offered), 0) AS offered,
                      coalesce(sum(i.abandoned), 0) AS abandoned, coalesce(sum(i.handle_time_ms), 0) AS handle_time_ms
               FROM json_each(?2) n LEFT JOIN queue_interval i ON i.connection_id = ?1 AND i.start_ms = n.value ->> 0
               GROUP BY n.value ->> 0) s
         WHERE interval_ledger.connection_id = ?1 AND interval_ledger.start_ms = s.start_ms`,
      )
      .bind(connectionId, rows),
  ];
}

/** Statement that takes the doubt from intervals of which somebody gave complete figures; writes nothing else. */
export function confirmIntervals(db: D1Database, connectionId: number, starts: readonly number[]): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE interval_ledger SET unconfirmed = 0, reason = ''
       WHERE connection_id = ?1 AND unconfirmed = 1 AND status = 'collected' AND start_ms IN (SELECT value FROM json_each(?2))`,
    )
    .bind(connectionId, JSON.stringify(starts));
}

/** A change to store: [agent key, instant, state id]; state 0: not known from here on. */
export type KeyedChange = readonly [agentKey: number, atMs: number, stateId: number];

/**
 * The places (in `rows`) of changes that may not be stored, because the bridge was looking at the agent then, and of those
 * that are worth storing. A state id below zero stands for a state that is new.
 */
export async function compareChanges(
  db: D1Database,
  rows: readonly KeyedChange[],
): Promise<Outcome & { observed: readonly number[]; differing: readonly number[] }> {
  const observed: number[] = [];
  const differing: number[] = [];
  const counts = { added: 0, changed: 0, same: 0 };
  for (let from = 0; from < rows.length; from += ROWS_PER_QUESTION_MAX) {
    const part = rows.slice(from, from + ROWS_PER_QUESTION_MAX);
    const { results } = await db
      .prepare(
        `SELECT n.key AS place, c.at_ms = n.value ->> 1 AS isHere, c.state_id = n.value ->> 2 AS isEqual,
                c.state_id <> ${NOT_OBSERVED} AND m.at_ms IS NULL AS isObserved
         FROM json_each(?1) n
         LEFT JOIN state_change c ON c.agent_id = n.value ->> 0
          AND c.at_ms = (SELECT max(at_ms) FROM state_change WHERE agent_id = n.value ->> 0 AND at_ms <= n.value ->> 1)
         LEFT JOIN imported_state_change m ON m.agent_id = c.agent_id AND m.at_ms = c.at_ms`,
      )
      .bind(JSON.stringify(part))
      .all<{ place: number; isHere: number | null; isEqual: number | null; isObserved: number | null }>();
    for (const { place, isHere, isEqual, isObserved } of results) {
      if (isHere === 1 && isEqual === 1) counts.same += 1;
      else if (isObserved === 1) observed.push(from + place);
      else {
        differing.push(from + place);
        if (isHere === 1) counts.changed += 1;
        else counts.added += 1;
      }
    }
  }
  return { ...counts, observed, differing };
}

/** Statements that store changes and mark them as a file's. What the bridge observed must have been left out. */
export function saveImportedChanges(db: D1Database, rows: readonly KeyedChange[]): D1PreparedStatement[] {
  const text = JSON.stringify(rows);
  return [
    db
      .prepare(
        `INSERT INTO state_change (agent_id, at_ms, state_id) SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1)
         WHERE true ON CONFLICT (agent_id, at_ms) DO UPDATE SET state_id = excluded.state_id
           WHERE state_id <> excluded.state_id`,
      )
      .bind(text),
    db
      .prepare(
        `INSERT INTO imported_state_change (agent_id, at_ms) SELECT value ->> 0, value ->> 1 FROM json_each(?1)
         WHERE true ON CONFLICT DO NOTHING`,
      )
      .bind(text),
  ];
}

/** Statement that notes intervals as known from a file. */
export function noteImportedIntervals(
  db: D1Database,
  connectionId: number,
  starts: readonly number[],
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO imported_state_interval (connection_id, start_ms) SELECT ?1, value FROM json_each(?2)
       WHERE value % ${INTERVAL_MS} = 0 ON CONFLICT DO NOTHING`,
    )
    .bind(connectionId, JSON.stringify(starts));
}

/** Starts of those windows in which a file told of some interval what agents did. */
export async function readImportedWindows(
  db: D1Database,
  connectionId: number,
  windows: readonly { startMs: number; endMs: number }[],
): Promise<Set<number>> {
  if (windows.length === 0) return new Set();
  const { results } = await db
    .prepare(
      `SELECT w.value ->> 0 AS windowMs FROM json_each(?2) w
       WHERE EXISTS (SELECT 1 FROM imported_state_interval
                     WHERE connection_id = ?1 AND start_ms >= w.value ->> 0 AND start_ms < w.value ->> 1)`,
    )
    .bind(connectionId, JSON.stringify(windows.map(({ startMs, endMs }) => [startMs, endMs])))
    .all<{ windowMs: number }>();
  return new Set(results.map(({ windowMs }) => windowMs));
}
