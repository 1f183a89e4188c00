/** Figures of agents that the source tells itself, in pages for API and exports: a page starts after a key. */
import type { Window } from '../domain/interval.ts';

/** Which rows; null: of all agents, of all queues, from the first one on. */
export interface AgentFiguresPage {
  readonly connectionId: number;
  readonly window: Window;
  readonly agentId: number | null;
  readonly limit: number;
}

export interface AgentIntervalRow {
  readonly startMs: number;
  readonly agentId: number;
  readonly agentSourceId: string;
  readonly agentName: string;
  readonly loginId: string;
  readonly loginTimeMs: number;
  readonly readyTimeMs: number;
  readonly notReadyTimeMs: number;
  readonly revision: number;
  readonly readAtMs: number;
}

const AGENT_COLUMNS = `i.agent_id AS agentId, coalesce(a.source_id, '') AS agentSourceId, coalesce(a.name, '') AS agentName,
  coalesce(a.login_id, a.username, '') AS loginId`;

/** Times of agents in `[startMs, endMs)`, by interval and agent: the order of their key. */
export async function listAgentIntervals(
  db: D1Database,
  page: AgentFiguresPage & { after: Pick<AgentIntervalRow, 'startMs' | 'agentId'> | null },
): Promise<AgentIntervalRow[]> {
  const { results } = await db
    .prepare(
      `SELECT i.start_ms AS startMs, ${AGENT_COLUMNS}, i.login_time_ms AS loginTimeMs, i.ready_time_ms AS readyTimeMs,
              i.not_ready_time_ms AS notReadyTimeMs, i.revision, i.read_at_ms AS readAtMs
       FROM agent_interval i LEFT JOIN agent a ON a.id = i.agent_id
       WHERE i.connection_id = ?1 AND i.start_ms >= ?2 AND i.start_ms < ?3 AND (?4 IS NULL OR i.agent_id = ?4)
         AND (i.start_ms, i.agent_id) > (?5, ?6)
       ORDER BY i.start_ms, i.agent_id LIMIT ?7`,
    )
    .bind(
      page.connectionId,
      Math.max(page.window.startMs, page.after?.startMs ?? 0),
      page.window.endMs,
      page.agentId,
      page.after?.startMs ?? -1,
      page.after?.agentId ?? -1,
      page.limit,
    )
    .all<AgentIntervalRow>();
  return results;
}

export interface AgentQueueIntervalRow {
  readonly startMs: number;
  readonly queueId: number;
  readonly queueSourceId: string;
  readonly queueName: string;
  readonly agentId: number;
  readonly agentSourceId: string;
  readonly agentName: string;
  readonly loginId: string;
  readonly handled: number;
  readonly handleTimeMs: number;
  readonly workTimeMs: number;
  readonly holdTimeMs: number;
  readonly revision: number;
  readonly readAtMs: number;
}

/** What agents did for queues in `[startMs, endMs)`, by interval, queue and agent: the order of their key. */
export async function listAgentQueueIntervals(
  db: D1Database,
  page: AgentFiguresPage & {
    queueId: number | null;
    after: Pick<AgentQueueIntervalRow, 'startMs' | 'queueId' | 'agentId'> | null;
  },
): Promise<AgentQueueIntervalRow[]> {
  const { results } = await db
    .prepare(
      `SELECT i.start_ms AS startMs, i.queue_id AS queueId, coalesce(q.source_id, '') AS queueSourceId,
              coalesce(q.name, '') AS queueName, ${AGENT_COLUMNS}, i.handled, i.handle_time_ms AS handleTimeMs,
              i.work_time_ms AS workTimeMs, i.hold_time_ms AS holdTimeMs, i.revision, i.read_at_ms AS readAtMs
       FROM agent_queue_interval i LEFT JOIN queue q ON q.id = i.queue_id LEFT JOIN agent a ON a.id = i.agent_id
       WHERE i.connection_id = ?1 AND i.start_ms >= ?2 AND i.start_ms < ?3 AND (?4 IS NULL OR i.agent_id = ?4)
         AND (?5 IS NULL OR i.queue_id = ?5) AND (i.start_ms, i.queue_id, i.agent_id) > (?6, ?7, ?8)
       ORDER BY i.start_ms, i.queue_id, i.agent_id LIMIT ?9`,
    )
    .bind(
      page.connectionId,
      Math.max(page.window.startMs, page.after?.startMs ?? 0),
      page.window.endMs,
      page.agentId,
      page.queueId,
      page.after?.startMs ?? -1,
      page.after?.queueId ?? -1,
      page.after?.agentId ?? -1,
      page.limit,
    )
    .all<AgentQueueIntervalRow>();
  return results;
}
