/** The members of a merged connection: who they are, who is silent, and which figures came. Their states: member-states.ts. */
import type { StateClass } from '../domain/agent-state.ts';
import type { AgentFigures } from './agent-figures.ts';

export interface Member {
  readonly memberId: number;
  /** From when on nobody knows what its agents do; null: it is there. */
  readonly silentFromMs: number | null;
}

/** Everybody who has handed anything over, those included that are gone. */
export async function readMembers(db: D1Database, connectionId: number): Promise<Member[]> {
  const { results } = await db
    .prepare('SELECT member_id AS memberId, silent_from_ms AS silentFromMs FROM member WHERE connection_id = ?1')
    .bind(connectionId)
    .all<Member>();
  return results;
}

/** Statement that notes a member; one that is known stays as it is. */
export function noteMember(db: D1Database, connectionId: number, memberId: number, nowMs: number): D1PreparedStatement {
  return db
    .prepare('INSERT INTO member (connection_id, member_id, first_heard_ms) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING')
    .bind(connectionId, memberId, nowMs);
}

/** Statement that says from when on a member is silent; null: it is there. */
export function saveSilence(
  db: D1Database,
  connectionId: number,
  { memberId, silentFromMs }: Member,
): D1PreparedStatement {
  return db
    .prepare('UPDATE member SET silent_from_ms = ?3 WHERE connection_id = ?1 AND member_id = ?2')
    .bind(connectionId, memberId, silentFromMs);
}

/** A connection whose settings name the merged one as its destination. */
export interface MemberConnection {
  readonly memberId: number;
  readonly name: string;
  readonly paused: boolean;
  /** JSON, as src/connection.ts has it. */
  readonly settings: string;
  /** Until when it is known to have looked at its agents; null: never. */
  readonly lookedUntilMs: number | null;
}

export async function readMemberConnections(db: D1Database, connectionId: number): Promise<MemberConnection[]> {
  const { results } = await db
    .prepare(
      `SELECT c.id AS memberId, c.name, c.paused, c.settings,
              (SELECT until_ms FROM state_log WHERE connection_id = c.id ORDER BY log_id DESC LIMIT 1) AS lookedUntilMs
       FROM connection c
       WHERE c.settings ->> '$.wfm.kind' = 'merged' AND c.settings ->> '$.wfm.into' = ?1 ORDER BY c.id`,
    )
    .bind(connectionId)
    .all<Omit<MemberConnection, 'paused'> & { paused: number }>();
  return results.map((row) => ({ ...row, paused: row.paused === 1 }));
}

/** What a member's agents do now, as the WFM would be told: for a merged connection that has not heard of it yet. */
export async function readStatesToAdmit(
  db: D1Database,
  memberId: number,
): Promise<{ loginId: string; atMs: number; state: string; reason: string; stateClass: StateClass | null }[]> {
  const { results } = await db
    .prepare(
      `SELECT coalesce(a.login_id, a.username) AS loginId, c.at_ms AS atMs, coalesce(s.event_code, s.name, '') AS state,
              coalesce(s.reason_code, s.reason, '') AS reason, s.class AS stateClass
       FROM agent a JOIN state_change c ON c.agent_id = a.id
         AND c.at_ms = (SELECT max(at_ms) FROM state_change WHERE agent_id = a.id)
       LEFT JOIN acd_state s ON s.id = c.state_id
       WHERE a.connection_id = ?1 AND a.included = 1 AND coalesce(a.login_id, a.username) <> ''
       ORDER BY c.at_ms`,
    )
    .bind(memberId)
    .all<{ loginId: string; atMs: number; state: string; reason: string; stateClass: StateClass | null }>();
  return results;
}

/** Which intervals of a window each member has handed over, by member. */
export async function readHandedIntervals(
  db: D1Database,
  connectionId: number,
  window: { startMs: number; endMs: number },
): Promise<Map<number, number>> {
  const { results } = await db
    .prepare(
      `SELECT member_id AS memberId, count(*) AS intervals FROM member_interval
       WHERE connection_id = ?1 AND start_ms >= ?2 AND start_ms < ?3 GROUP BY member_id`,
    )
    .bind(connectionId, window.startMs, window.endMs)
    .all<{ memberId: number; intervals: number }>();
  return new Map(results.map(({ memberId, intervals }) => [memberId, intervals]));
}

/** Statement that notes an interval as handed over. */
export function noteHandedInterval(
  db: D1Database,
  connectionId: number,
  memberId: number,
  startMs: number,
  nowMs: number,
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO member_interval (connection_id, start_ms, member_id, handed_over_at_ms) VALUES (?1, ?2, ?3, ?4)
       ON CONFLICT DO UPDATE SET handed_over_at_ms = excluded.handed_over_at_ms`,
    )
    .bind(connectionId, startMs, memberId, nowMs);
}

/** Agents of whom a member (null: any) ever said something. */
export async function readAgentsOfMember(
  db: D1Database,
  connectionId: number,
  memberId: number | null,
): Promise<number[]> {
  const { results } = await db
    .prepare(
      `SELECT a.id AS agentKey FROM agent a WHERE a.connection_id = ?1 AND EXISTS (
         SELECT 1 FROM member_state_change WHERE agent_id = a.id AND (?2 IS NULL OR member_id = ?2))`,
    )
    .bind(connectionId, memberId)
    .all<{ agentKey: number }>();
  return results.map(({ agentKey }) => agentKey);
}

/** By which precedence the time lines were made, as JSON; null: none were made yet. */
export async function readMergeRule(db: D1Database, connectionId: number): Promise<string | null> {
  const row = await db
    .prepare('SELECT precedence FROM merge_rule WHERE connection_id = ?1')
    .bind(connectionId)
    .first<{ precedence: string }>();
  return row?.precedence ?? null;
}

export function saveMergeRule(db: D1Database, connectionId: number, precedence: string): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO merge_rule (connection_id, precedence) VALUES (?1, ?2)
       ON CONFLICT DO UPDATE SET precedence = excluded.precedence`,
    )
    .bind(connectionId, precedence);
}

/** Agents' times of an interval as a member told them. */
export interface MemberTimes extends AgentFigures {
  readonly startMs: number;
  readonly memberId: number;
}

const TIMES = `start_ms AS startMs, agent_id AS agentKey, member_id AS memberId, login_time_ms AS loginTimeMs,
  ready_time_ms AS readyTimeMs, not_ready_time_ms AS notReadyTimeMs`;

/** Times that members told of agents of whom no state is known before the window's end. */
export async function readTimesWithoutStates(
  db: D1Database,
  connectionId: number,
  window: { startMs: number; endMs: number },
): Promise<MemberTimes[]> {
  const { results } = await db
    .prepare(
      `SELECT ${TIMES} FROM member_agent_interval t WHERE connection_id = ?1 AND start_ms >= ?2 AND start_ms < ?3
         AND NOT EXISTS (SELECT 1 FROM state_change WHERE agent_id = t.agent_id AND at_ms < ?3)
       ORDER BY start_ms, agent_id, member_id`,
    )
    .bind(connectionId, window.startMs, window.endMs)
    .all<MemberTimes>();
  return results;
}

/**
 * Statements that replace all times that a member told of an interval; `differs`: those of agents without states are not
 * what is stored.
 */
export async function stepOfMemberTimes(
  db: D1Database,
  connectionId: number,
  { startMs, memberId }: Pick<MemberTimes, 'startMs' | 'memberId'>,
  rows: readonly AgentFigures[],
): Promise<{ statements: D1PreparedStatement[]; differs: boolean }> {
  const json = JSON.stringify(rows.map((row) => [row.agentKey, row.loginTimeMs, row.readyTimeMs, row.notReadyTimeMs]));
  const found = await db
    .prepare(
      `SELECT EXISTS (
         SELECT 1 FROM json_each(?4) n LEFT JOIN member_agent_interval t ON t.connection_id = ?1 AND t.start_ms = ?2
           AND t.member_id = ?3 AND t.agent_id = n.value ->> 0
         WHERE (t.login_time_ms IS NOT n.value ->> 1 OR t.ready_time_ms IS NOT n.value ->> 2
                OR t.not_ready_time_ms IS NOT n.value ->> 3)
           AND NOT EXISTS (SELECT 1 FROM state_change WHERE agent_id = n.value ->> 0)) AS differs`,
    )
    .bind(connectionId, startMs, memberId, json)
    .first<{ differs: number }>();
  return {
    differs: found?.differs === 1,
    statements: [
      db
        .prepare(
          `DELETE FROM member_agent_interval WHERE connection_id = ?1 AND start_ms = ?2 AND member_id = ?3
             AND agent_id NOT IN (SELECT value ->> 0 FROM json_each(?4))`,
        )
        .bind(connectionId, startMs, memberId, json),
      db
        .prepare(
          `INSERT INTO member_agent_interval (connection_id, start_ms, agent_id, member_id, login_time_ms, ready_time_ms,
                  not_ready_time_ms)
           SELECT ?1, ?2, value ->> 0, ?3, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?4) WHERE true
           ON CONFLICT DO UPDATE SET login_time_ms = excluded.login_time_ms, ready_time_ms = excluded.ready_time_ms,
             not_ready_time_ms = excluded.not_ready_time_ms
           WHERE login_time_ms <> excluded.login_time_ms OR ready_time_ms <> excluded.ready_time_ms
              OR not_ready_time_ms <> excluded.not_ready_time_ms`,
        )
        .bind(connectionId, startMs, memberId, json),
    ],
  };
}
