/** Figures of agents that a source itself tells, per interval, and per queue and interval. Writing replaces, never adds. */
import type { Window } from '../domain/interval.ts';
import type { Outcome } from './import-facts.ts';

/** Time of one agent, milliseconds. */
export interface AgentFigures {
  readonly agentKey: number;
  readonly loginTimeMs: number;
  readonly readyTimeMs: number;
  readonly notReadyTimeMs: number;
}

/** What one agent did for one queue. Durations in milliseconds. */
export interface AgentQueueFigures {
  readonly agentKey: number;
  readonly queueKey: number;
  readonly handled: number;
  readonly handleTimeMs: number;
  readonly workTimeMs: number;
  readonly holdTimeMs: number;
}

type InInterval = { readonly startMs: number };

/** Times of a window, summed over its intervals. */
export async function readAgentFigures(db: D1Database, connectionId: number, window: Window): Promise<AgentFigures[]> {
  const { results } = await db
    .prepare(
      `SELECT agent_id AS agentKey, sum(login_time_ms) AS loginTimeMs, sum(ready_time_ms) AS readyTimeMs,
              sum(not_ready_time_ms) AS notReadyTimeMs
       FROM agent_interval WHERE connection_id = ?1 AND start_ms >= ?2 AND start_ms < ?3 GROUP BY agent_id`,
    )
    .bind(connectionId, window.startMs, window.endMs)
    .all<AgentFigures>();
  return results;
}

/** Figures of a window, summed over its intervals, by queue and agent. */
export async function readAgentQueueFigures(
  db: D1Database,
  connectionId: number,
  window: Window,
): Promise<AgentQueueFigures[]> {
  const { results } = await db
    .prepare(
      `SELECT queue_id AS queueKey, agent_id AS agentKey, sum(handled) AS handled, sum(handle_time_ms) AS handleTimeMs,
              sum(work_time_ms) AS workTimeMs, sum(hold_time_ms) AS holdTimeMs
       FROM agent_queue_interval WHERE connection_id = ?1 AND start_ms >= ?2 AND start_ms < ?3
       GROUP BY queue_id, agent_id`,
    )
    .bind(connectionId, window.startMs, window.endMs)
    .all<AgentQueueFigures>();
  return results;
}

/**
 * In which windows a source told of agents' time, and of agents by queue: most sources tell neither, and whoever builds
 * many reports then has nothing to read for them. By the starts of the windows.
 */
export async function readToldWindows(
  db: D1Database,
  connectionId: number,
  windows: readonly Window[],
): Promise<{ times: Set<number>; byQueue: Set<number> }> {
  const told = (table: Table['name']) =>
    `EXISTS (SELECT 1 FROM ${table} WHERE connection_id = ?1 AND start_ms >= w.value ->> 0 AND start_ms < w.value ->> 1)`;
  const { results } = await db
    .prepare(
      `SELECT w.value ->> 0 AS windowMs, ${told('agent_interval')} AS times, ${told('agent_queue_interval')} AS byQueue
       FROM json_each(?2) w`,
    )
    .bind(connectionId, JSON.stringify(windows.map(({ startMs, endMs }) => [startMs, endMs])))
    .all<{ windowMs: number; times: number; byQueue: number }>();
  const startsWith = (kind: 'times' | 'byQueue') =>
    new Set(results.filter((row) => row[kind] === 1).map(({ windowMs }) => windowMs));
  return { times: startsWith('times'), byQueue: startsWith('byQueue') };
}

/** A table of agents' figures: its key beside the connection and the start, and its figures, as JSON places from 1 on. */
interface Table {
  readonly name: 'agent_interval' | 'agent_queue_interval';
  readonly key: readonly string[];
  readonly figures: readonly string[];
}

const AGENT_INTERVAL: Table = {
  name: 'agent_interval',
  key: ['agent_id'],
  figures: ['login_time_ms', 'ready_time_ms', 'not_ready_time_ms'],
};
const AGENT_QUEUE_INTERVAL: Table = {
  name: 'agent_queue_interval',
  key: ['queue_id', 'agent_id'],
  figures: ['handled', 'handle_time_ms', 'work_time_ms', 'hold_time_ms'],
};

/** What storing takes, and what it would change. `starts`: the intervals that change. */
export interface AgentFiguresStep {
  readonly statements: readonly D1PreparedStatement[];
  readonly counts: Outcome;
  readonly starts: readonly number[];
}

export function stepOfAgentFigures(
  db: D1Database,
  connectionId: number,
  rows: readonly (AgentFigures & InInterval)[],
  nowMs: number,
): Promise<AgentFiguresStep> {
  const values = rows.map((r) => [r.startMs, r.agentKey, r.loginTimeMs, r.readyTimeMs, r.notReadyTimeMs]);
  return stepOf(db, connectionId, AGENT_INTERVAL, values, nowMs);
}

export function stepOfAgentQueueFigures(
  db: D1Database,
  connectionId: number,
  rows: readonly (AgentQueueFigures & InInterval)[],
  nowMs: number,
): Promise<AgentFiguresStep> {
  const values = rows.map((r) => [
    r.startMs,
    r.queueKey,
    r.agentKey,
    r.handled,
    r.handleTimeMs,
    r.workTimeMs,
    r.holdTimeMs,
  ]);
  return stepOf(db, connectionId, AGENT_QUEUE_INTERVAL, values, nowMs);
}

const ROWS_PER_QUESTION_MAX = 5_000;

async function stepOf(
  db: D1Database,
  connectionId: number,
  { name, key, figures }: Table,
  rows: readonly (readonly number[])[],
  nowMs: number,
): Promise<AgentFiguresStep> {
  const place = (i: number) => `n.value ->> ${i}`;
  const onKey = key.map((column, i) => `AND t.${column} = ${place(1 + i)}`).join(' ');
  const differs = figures.map((column, i) => `t.${column} IS NOT ${place(1 + key.length + i)}`).join(' OR ');
  const differing: (readonly number[])[] = [];
  let added = 0;
  for (let from = 0; from < rows.length; from += ROWS_PER_QUESTION_MAX) {
    const part = rows.slice(from, from + ROWS_PER_QUESTION_MAX);
    const { results } = await db
      .prepare(
        `SELECT n.key AS place, t.revision IS NULL AS isNew FROM json_each(?2) n
         LEFT JOIN ${name} t ON t.connection_id = ?1 AND t.start_ms = ${place(0)} ${onKey} WHERE ${differs}`,
      )
      .bind(connectionId, JSON.stringify(part))
      .all<{ place: number; isNew: number }>();
    for (const { place: at, isNew } of results) {
      const row = part[at];
      if (row) differing.push(row);
      added += isNew;
    }
  }
  const columns = [...key, ...figures];
  const statements = [];
  for (let from = 0; from < differing.length; from += ROWS_PER_QUESTION_MAX) {
    statements.push(
      db
        .prepare(
          `INSERT INTO ${name} (connection_id, start_ms, ${columns.join(', ')}, read_at_ms)
           SELECT ?1, n.value ->> 0, ${columns.map((_column, i) => place(1 + i)).join(', ')}, ?3 FROM json_each(?2) n WHERE true
           ON CONFLICT DO UPDATE SET ${figures.map((column) => `${column} = excluded.${column}`).join(', ')},
             read_at_ms = excluded.read_at_ms, revision = revision + 1`,
        )
        .bind(connectionId, JSON.stringify(differing.slice(from, from + ROWS_PER_QUESTION_MAX)), nowMs),
    );
  }
  return {
    statements,
    counts: { added, changed: differing.length - added, same: rows.length - differing.length },
    starts: [...new Set(differing.flatMap(([startMs]) => (startMs === undefined ? [] : [startMs])))],
  };
}
