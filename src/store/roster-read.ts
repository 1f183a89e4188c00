/** The roster as the API lists it. */

export interface QueueRow {
  readonly id: number;
  readonly sourceId: string;
  readonly aliasId: string;
  readonly name: string;
  readonly queueValue: string | null;
  readonly isOutbound: boolean;
  readonly mixed: boolean;
  readonly shortPct: number | null;
  readonly serviceLevelMs: number | null;
  readonly included: boolean;
  readonly inRoster: boolean;
  readonly firstSeenMs: number;
  readonly removedAtMs: number | null;
}

export interface AgentRow {
  readonly id: number;
  readonly sourceId: string;
  readonly aliasId: string;
  readonly username: string;
  readonly name: string;
  readonly loginId: string | null;
  readonly employeeId: string;
  readonly included: boolean;
  readonly inRoster: boolean;
  readonly heldCount: number;
  readonly firstSeenMs: number;
  readonly removedAtMs: number | null;
}

/** A page of rows in the order of their ids, after `afterId`. */
export interface IdPage {
  readonly connectionId: number;
  readonly afterId: number;
  readonly limit: number;
}

export async function listQueues(db: D1Database, { connectionId, afterId, limit }: IdPage): Promise<QueueRow[]> {
  const { results } = await db
    .prepare('SELECT * FROM queue WHERE connection_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3')
    .bind(connectionId, afterId, limit)
    .all<RawQueue>();
  return results.map(toQueue);
}

export async function readQueue(db: D1Database, connectionId: number, id: number): Promise<QueueRow | null> {
  const row = await db
    .prepare('SELECT * FROM queue WHERE connection_id = ?1 AND id = ?2')
    .bind(connectionId, id)
    .first<RawQueue>();
  return row === null ? null : toQueue(row);
}

export async function listAgents(db: D1Database, { connectionId, afterId, limit }: IdPage): Promise<AgentRow[]> {
  const { results } = await db
    .prepare('SELECT * FROM agent WHERE connection_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3')
    .bind(connectionId, afterId, limit)
    .all<RawAgent>();
  return results.map(toAgent);
}

export async function readAgent(db: D1Database, connectionId: number, id: number): Promise<AgentRow | null> {
  const row = await db
    .prepare('SELECT * FROM agent WHERE connection_id = ?1 AND id = ?2')
    .bind(connectionId, id)
    .first<RawAgent>();
  return row === null ? null : toAgent(row);
}

interface RawQueue {
  id: number;
  source_id: string;
  alias_id: string;
  name: string;
  queue_value: string | null;
  is_outbound: number;
  mixed: number;
  short_pct: number | null;
  service_level_ms: number | null;
  included: number;
  in_roster: number;
  first_seen_ms: number;
  removed_at_ms: number | null;
}

interface RawAgent {
  id: number;
  source_id: string;
  alias_id: string;
  username: string;
  name: string;
  login_id: string | null;
  employee_id: string;
  included: number;
  in_roster: number;
  held_count: number;
  first_seen_ms: number;
  removed_at_ms: number | null;
}

function toQueue(row: RawQueue): QueueRow {
  return {
    id: row.id,
    sourceId: row.source_id,
    aliasId: row.alias_id,
    name: row.name,
    queueValue: row.queue_value,
    isOutbound: row.is_outbound === 1,
    mixed: row.mixed === 1,
    shortPct: row.short_pct,
    serviceLevelMs: row.service_level_ms,
    included: row.included === 1,
    inRoster: row.in_roster === 1,
    firstSeenMs: row.first_seen_ms,
    removedAtMs: row.removed_at_ms,
  };
}

function toAgent(row: RawAgent): AgentRow {
  return {
    id: row.id,
    sourceId: row.source_id,
    aliasId: row.alias_id,
    username: row.username,
    name: row.name,
    loginId: row.login_id,
    employeeId: row.employee_id,
    included: row.included === 1,
    inRoster: row.in_roster === 1,
    heldCount: row.held_count,
    firstSeenMs: row.first_seen_ms,
    removedAtMs: row.removed_at_ms,
  };
}
