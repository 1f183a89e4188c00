/** Agents, queues and states of a connection with their keys in the WFM: what turns stored facts into reports. */
import type { StateClass } from '../domain/agent-state.ts';
import { jsonParts } from './json-parts.ts';
import { HOLDS_LEASE } from './lease.ts';
import { countAgents } from './roster.ts';

export interface MappedAgent {
  readonly key: number;
  readonly sourceId: string;
  readonly aliasId: string;
  readonly username: string;
  /** ACD Login ID in CXone; '' while the agent cannot be placed. */
  readonly loginId: string;
  readonly employeeId: string;
  readonly included: boolean;
  readonly heldCount: number;
  readonly heldFromMs: number | null;
  /** When the agent was first seen, while no roster lists them and nobody has given them a login id; else null. */
  readonly unplacedSinceMs: number | null;
}

export interface MappedState {
  readonly id: number;
  readonly name: string;
  readonly reason: string;
  readonly stateClass: StateClass;
  readonly eventCode: string;
  readonly reasonCode: string;
}

export interface MappedQueue {
  readonly key: number;
  readonly sourceId: string;
  readonly aliasId: string;
  readonly name: string;
  readonly queueValue: string;
  readonly isOutbound: boolean;
  readonly shortPct: number | null;
  readonly included: boolean;
  /** Listed by the ACD now: an answer that leaves it out says that it had no contacts. */
  readonly listed: boolean;
}

const AGENT_COLUMNS = `id AS key, source_id AS sourceId, alias_id AS aliasId, username,
  coalesce(login_id, username) AS loginId, employee_id AS employeeId, included, held_count AS heldCount,
  held_from_ms AS heldFromMs,
  CASE WHEN in_roster = 0 AND removed_at_ms IS NULL AND coalesce(login_id, username) = '' THEN first_seen_ms END AS unplacedSinceMs`;
type AgentRow = Omit<MappedAgent, 'included'> & { included: number };
const agentOf = (row: AgentRow): MappedAgent => ({ ...row, included: row.included === 1 });

const STATE_COLUMNS = `id, name, reason, class AS stateClass, coalesce(event_code, name) AS eventCode,
  coalesce(reason_code, reason) AS reasonCode`;

export async function readAgents(db: D1Database, connectionId: number): Promise<MappedAgent[]> {
  const { results } = await db
    .prepare(`SELECT ${AGENT_COLUMNS} FROM agent WHERE connection_id = ?1`)
    .bind(connectionId)
    .all<AgentRow>();
  return results.map(agentOf);
}

export async function readStates(db: D1Database, connectionId: number): Promise<MappedState[]> {
  const { results } = await db
    .prepare(`SELECT ${STATE_COLUMNS} FROM acd_state WHERE connection_id = ?1`)
    .bind(connectionId)
    .all<MappedState>();
  return results;
}

export async function readQueues(db: D1Database, connectionId: number): Promise<MappedQueue[]> {
  const { results } = await db
    .prepare(
      `SELECT id AS key, source_id AS sourceId, alias_id AS aliasId, name, coalesce(queue_value, source_id) AS queueValue,
              is_outbound AS isOutbound, short_pct AS shortPct, included, in_roster = 1 AND removed_at_ms IS NULL AS listed
       FROM queue WHERE connection_id = ?1`,
    )
    .bind(connectionId)
    .all<
      Omit<MappedQueue, 'isOutbound' | 'included' | 'listed'> & { isOutbound: number; included: number; listed: number }
    >();
  return results.map((row) => ({
    ...row,
    isOutbound: row.isOutbound === 1,
    included: row.included === 1,
    listed: row.listed === 1,
  }));
}

/** Notes agents that real-time answers name and nobody has heard of; returns them with their keys. Same call twice: same. */
export async function addSeenAgents(
  db: D1Database,
  connectionId: number,
  seen: readonly { sourceId: string; username: string }[],
  nowMs: number,
): Promise<MappedAgent[]> {
  if (seen.length === 0) return [];
  const parts = jsonParts(seen.map(({ sourceId, username }) => [sourceId, username]));
  const insert = db.prepare(
    `INSERT INTO agent (connection_id, source_id, username, first_seen_ms)
     SELECT ?1, value ->> 0, value ->> 1, ?3 FROM json_each(?2) WHERE true
     ON CONFLICT (connection_id, source_id) DO NOTHING`,
  );
  const read = db.prepare(
    `SELECT ${AGENT_COLUMNS} FROM agent WHERE connection_id = ?1 AND source_id IN (SELECT value ->> 0 FROM json_each(?2))`,
  );
  const results = await db.batch<AgentRow>([
    ...parts.map((part) => insert.bind(connectionId, part, nowMs)),
    countAgents(db, connectionId),
    ...parts.map((part) => read.bind(connectionId, part)),
  ]);
  return results.slice(-parts.length).flatMap((result) => result.results.map(agentOf));
}

/** Notes states seen for the first time. `isReviewed`: their class is settled, nobody has to look at it. */
export async function addSeenStates(
  db: D1Database,
  connectionId: number,
  states: readonly {
    name: string;
    reason: string;
    stateClass: StateClass;
    isReviewed: boolean;
    /** What the WFM is told where that is not the name. */
    eventCode?: string;
  }[],
  nowMs: number,
): Promise<MappedState[]> {
  if (states.length === 0) return [];
  const rows = JSON.stringify(
    states.map(({ name, reason, stateClass, isReviewed, eventCode = null }) => {
      return [name, reason, stateClass, isReviewed ? 1 : 0, eventCode];
    }),
  );
  const results = await db.batch<MappedState>([
    db
      .prepare(
        `INSERT INTO acd_state (connection_id, name, reason, class, reviewed, event_code, first_seen_ms, last_seen_ms)
         SELECT ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, ?3, ?3 FROM json_each(?2) WHERE true
         ON CONFLICT (connection_id, name, reason) DO NOTHING`,
      )
      .bind(connectionId, rows, nowMs),
    db
      .prepare(
        `SELECT ${STATE_COLUMNS} FROM acd_state WHERE connection_id = ?1
           AND EXISTS (SELECT 1 FROM json_each(?2) WHERE value ->> 0 = acd_state.name AND value ->> 1 = acd_state.reason)`,
      )
      .bind(connectionId, rows),
  ]);
  return results[1]?.results ?? [];
}

/** Notes queues that figures name and the roster does not. */
export async function addSeenQueues(
  db: D1Database,
  connectionId: number,
  queues: readonly { sourceId: string; name: string }[],
  nowMs: number,
): Promise<void> {
  if (queues.length === 0) return;
  const insert = db.prepare(
    `INSERT INTO queue (connection_id, source_id, name, first_seen_ms)
     SELECT ?1, value ->> 0, value ->> 1, ?3 FROM json_each(?2) WHERE true
     ON CONFLICT (connection_id, source_id) DO NOTHING`,
  );
  const rows = queues.map(({ sourceId, name }) => [sourceId, name]);
  await db.batch(jsonParts(rows).map((part) => insert.bind(connectionId, part, nowMs)));
}

/** Statement that fills employee ids that are empty; changes nothing when the lease is lost. */
export function saveEmployeeIds(
  db: D1Database,
  owner: { connectionId: number; epoch: number },
  rows: readonly { agentKey: number; employeeId: string }[],
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE agent SET employee_id = n.value ->> 1 FROM json_each(?3) n
       WHERE agent.id = n.value ->> 0 AND agent.employee_id = '' AND ${HOLDS_LEASE('?1', '?2')}`,
    )
    .bind(
      owner.connectionId,
      owner.epoch,
      JSON.stringify(rows.map(({ agentKey, employeeId }) => [agentKey, employeeId])),
    );
}

/** A queue as a member of a merged connection tells of it. */
export interface HandedQueue {
  readonly sourceId: string;
  readonly name: string;
  readonly queueValue: string;
  readonly isOutbound: boolean;
}

/** Statements that add a member's queues with their keys in the WFM, or rename them; a key that is there stays. */
export function saveHandedQueues(
  db: D1Database,
  connectionId: number,
  queues: readonly HandedQueue[],
  nowMs: number,
): D1PreparedStatement {
  const rows = queues.map(({ sourceId, name, queueValue, isOutbound }) => [
    sourceId,
    name,
    queueValue,
    isOutbound ? 1 : 0,
  ]);
  return db
    .prepare(
      `INSERT INTO queue (connection_id, source_id, name, queue_value, is_outbound, first_seen_ms)
       SELECT ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3, ?3 FROM json_each(?2) WHERE true
       ON CONFLICT (connection_id, source_id) DO UPDATE SET name = excluded.name, is_outbound = excluded.is_outbound`,
    )
    .bind(connectionId, JSON.stringify(rows), nowMs);
}

/** True while something of an agent's waits for a login id, or has to be told once more after that: nothing newer may pass it. */
export function holdsBack({ heldCount, heldFromMs }: Pick<MappedAgent, 'heldCount' | 'heldFromMs'>): boolean {
  return heldCount > 0 || heldFromMs !== null;
}

/**
 * Marks agents as holding `count` more unsent changes, the first at `fromMs`. While a backlog is caught up, live changes are
 * held before older ones: the earliest counts. Statement for a delivery's batch.
 */
export function holdAgents(
  db: D1Database,
  held: readonly { agentKey: number; count: number; fromMs: number }[],
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE agent SET held_count = held_count + h.value ->> 1, held_from_ms = min(coalesce(held_from_ms, h.value ->> 2), h.value ->> 2)
       FROM json_each(?1) h WHERE agent.id = h.value ->> 0`,
    )
    .bind(JSON.stringify(held.map(({ agentKey, count, fromMs }) => [agentKey, count, fromMs])));
}

/** Counts entries into states and codes sent when a window closes: one row per state seen in it. Not per change. */
export function countStateUse(
  db: D1Database,
  connectionId: number,
  use: readonly { stateId: number; count: number; lastMs: number }[],
): D1PreparedStatement[] {
  const rows = JSON.stringify(use.map(({ stateId, count, lastMs }) => [stateId, count, lastMs]));
  return [
    db
      .prepare(
        `UPDATE acd_state SET seen_count = seen_count + u.value ->> 1, last_seen_ms = max(last_seen_ms, u.value ->> 2)
         FROM json_each(?1) u WHERE acd_state.id = u.value ->> 0`,
      )
      .bind(rows),
    db
      .prepare(
        `INSERT INTO code_book (connection_id, event_code, reason_code, first_sent_ms, last_sent_ms, sent_count)
         SELECT ?2, coalesce(s.event_code, s.name), coalesce(s.reason_code, s.reason), min(u.value ->> 2),
                max(u.value ->> 2), sum(u.value ->> 1)
         FROM json_each(?1) u JOIN acd_state s ON s.id = u.value ->> 0 WHERE true GROUP BY 2, 3
         ON CONFLICT (connection_id, event_code, reason_code) DO UPDATE
         SET sent_count = sent_count + excluded.sent_count, last_sent_ms = max(last_sent_ms, excluded.last_sent_ms)`,
      )
      .bind(rows, connectionId),
  ];
}
