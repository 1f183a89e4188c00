/**
 * Stored figures, state changes and activities in pages for API and exports. A page starts after a key, never at an
 * offset, so that rows which arrive meanwhile neither repeat nor hide others.
 */
import { NOT_OBSERVED } from '../domain/activity.ts';
import type { Window } from '../domain/interval.ts';
import type { QueueDetails } from '../domain/queue-interval.ts';
import { SOURCE_TIME } from './state-changes.ts';

export interface IntervalRow extends QueueDetails {
  readonly startMs: number;
  readonly queueId: number;
  readonly queueSourceId: string;
  readonly queueName: string;
  readonly offered: number;
  readonly abandoned: number;
  readonly handleTimeMs: number;
  readonly inferred: boolean;
  readonly revision: number;
  readonly readAtMs: number;
}

/** Figures of a connection in `[startMs, endMs)`, by interval and queue. `after`: the key of the last row before. */
export async function listIntervals(
  db: D1Database,
  page: {
    connectionId: number;
    window: Window;
    queueId: number | null;
    after: { startMs: number; queueId: number } | null;
    limit: number;
  },
): Promise<IntervalRow[]> {
  const { results } = await db
    .prepare(
      `SELECT i.*, q.source_id, q.name FROM queue_interval i LEFT JOIN queue q ON q.id = i.queue_id
       WHERE i.connection_id = ?1 AND i.start_ms >= ?2 AND i.start_ms < ?3
         AND (?4 IS NULL OR i.queue_id = ?4)
         AND (i.start_ms, i.queue_id) > (?5, ?6)
       ORDER BY i.start_ms, i.queue_id LIMIT ?7`,
    )
    .bind(
      page.connectionId,
      Math.max(page.window.startMs, page.after?.startMs ?? 0),
      page.window.endMs,
      page.queueId,
      page.after?.startMs ?? -1,
      page.after?.queueId ?? -1,
      page.limit,
    )
    .all<RawInterval>();
  return results.map((row) => ({
    startMs: row.start_ms,
    queueId: row.queue_id,
    queueSourceId: row.source_id ?? '',
    queueName: row.name ?? '',
    offered: row.offered,
    abandoned: row.abandoned,
    handleTimeMs: row.handle_time_ms,
    inferred: row.inferred === 1,
    revision: row.revision,
    readAtMs: row.read_at_ms,
    handledShort: row.handled_short,
    handledLong: row.handled_long,
    abandonedShort: row.abandoned_short,
    workTimeMs: row.work_time_ms,
    queueDelayTimeMs: row.queue_delay_time_ms,
    holdTimeMs: row.hold_time_ms,
  }));
}

export interface StateChangeRow {
  readonly agentId: number;
  readonly agentSourceId: string;
  readonly agentName: string;
  readonly loginId: string;
  readonly atMs: number;
  /** False: from here the bridge did not look until the agent's next row; state and reason are then ''. */
  readonly observed: boolean;
  readonly state: string;
  readonly reason: string;
  readonly sinceMs: number | null;
}

/** A page of an agent's rows in time, agents in the order of their ids. */
export interface AgentTimePage {
  readonly connectionId: number;
  readonly window: Window;
  readonly agentId: number | null;
  readonly after: { readonly agentId: number; readonly atMs: number } | null;
  readonly limit: number;
}

/** State changes in `[startMs, endMs)`, by agent and instant: the order of their key. */
export async function listStateChanges(db: D1Database, page: AgentTimePage): Promise<StateChangeRow[]> {
  const { results } = await db
    .prepare(
      `SELECT c.agent_id, c.at_ms, c.state_id, ${SOURCE_TIME} AS since_ms, s.name AS state, s.reason, a.source_id, a.name, coalesce(a.login_id, a.username) AS login_id
       FROM agent a
       CROSS JOIN state_change c ON c.agent_id = a.id AND c.at_ms >= ?2 AND c.at_ms < ?3
       LEFT JOIN acd_state s ON s.id = c.state_id
       WHERE a.connection_id = ?1 AND a.id >= ?5 AND (?4 IS NULL OR a.id = ?4) AND (c.agent_id, c.at_ms) > (?5, ?6)
       ORDER BY a.id, c.at_ms LIMIT ?7`,
    )
    .bind(...agentPageValues(page))
    .all<RawStateChange>();
  return results.map((row) => ({
    agentId: row.agent_id,
    agentSourceId: row.source_id,
    agentName: row.name,
    loginId: row.login_id,
    atMs: row.at_ms,
    observed: row.state_id !== NOT_OBSERVED,
    state: row.state ?? '',
    reason: row.reason ?? '',
    sinceMs: row.since_ms,
  }));
}

export interface ActivityRow {
  readonly agentId: number;
  readonly agentSourceId: string;
  readonly agentName: string;
  readonly loginId: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly state: string;
  readonly reason: string;
}

/** Activities that ended in `[startMs, endMs)`. Time signed out or not observed is no activity. */
export async function listActivities(db: D1Database, page: AgentTimePage): Promise<ActivityRow[]> {
  const { results } = await db
    .prepare(
      `SELECT c.agent_id, c.at_ms, p.at_ms AS start_ms,
              s.name AS state, s.reason, a.source_id, a.name, coalesce(a.login_id, a.username) AS login_id
       FROM agent a
       CROSS JOIN state_change c ON c.agent_id = a.id AND c.at_ms >= ?2 AND c.at_ms < ?3
       CROSS JOIN state_change p ON p.agent_id = c.agent_id
         AND p.at_ms = (SELECT max(e.at_ms) FROM state_change e WHERE e.agent_id = c.agent_id AND e.at_ms < c.at_ms)
       CROSS JOIN acd_state s ON s.id = p.state_id AND s.class <> 'signed out'
       WHERE a.connection_id = ?1 AND a.id >= ?5 AND (?4 IS NULL OR a.id = ?4) AND (c.agent_id, c.at_ms) > (?5, ?6)
       ORDER BY a.id, c.at_ms LIMIT ?7`,
    )
    .bind(...agentPageValues(page))
    .all<RawActivity>();
  return results.map((row) => ({
    agentId: row.agent_id,
    agentSourceId: row.source_id,
    agentName: row.name,
    loginId: row.login_id,
    startMs: row.start_ms,
    endMs: row.at_ms,
    state: row.state,
    reason: row.reason,
  }));
}

function agentPageValues({ connectionId, window, agentId, after, limit }: AgentTimePage): (number | null)[] {
  return [connectionId, window.startMs, window.endMs, agentId, after?.agentId ?? -1, after?.atMs ?? -1, limit];
}

interface RawInterval {
  start_ms: number;
  queue_id: number;
  source_id: string | null;
  name: string | null;
  offered: number;
  abandoned: number;
  handle_time_ms: number;
  inferred: number;
  revision: number;
  read_at_ms: number;
  handled_short: number | null;
  handled_long: number | null;
  abandoned_short: number | null;
  work_time_ms: number | null;
  queue_delay_time_ms: number | null;
  hold_time_ms: number | null;
}

interface RawStateChange {
  agent_id: number;
  source_id: string;
  name: string;
  login_id: string;
  at_ms: number;
  state: string | null;
  reason: string | null;
  state_id: number;
  since_ms: number | null;
}

interface RawActivity {
  agent_id: number;
  source_id: string;
  name: string;
  login_id: string;
  at_ms: number;
  start_ms: number;
  state: string;
  reason: string;
}
