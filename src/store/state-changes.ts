/** Reading agents' state changes. Every read is a range of the key (agent, instant), so none grows with history. */

import type { StateEntry } from '../domain/activity.ts';
import type { HeldState } from '../domain/agent-state.ts';
import type { Window } from '../domain/interval.ts';

/** SQL: the source's own time of a change `c`, which is stored as 0 where it is the change's instant. */
export const SOURCE_TIME = 'CASE c.since_ms WHEN 0 THEN c.at_ms ELSE c.since_ms END';

/** The present state of every agent of a connection that was ever seen, by agent key. */
export async function readPresentStates(db: D1Database, connectionId: number): Promise<Map<number, HeldState>> {
  const { results } = await db
    .prepare(
      `SELECT a.id AS agentKey, s.name, s.reason, c.at_ms AS atMs,
              ${SOURCE_TIME} AS sinceMs
       FROM agent a
       JOIN state_change c ON c.agent_id = a.id
        AND c.at_ms = (SELECT max(at_ms) FROM state_change WHERE agent_id = a.id)
       JOIN acd_state s ON s.id = c.state_id
       WHERE a.connection_id = ?1`,
    )
    .bind(connectionId)
    .all<HeldState & { agentKey: number }>();
  return new Map(results.map(({ agentKey, ...state }) => [agentKey, state]));
}

/** Entries of one agent, oldest first. */
export interface AgentEntries {
  readonly agentKey: number;
  readonly entries: StateEntry[];
}

/**
 * For the agents of a connection with a key above `afterAgentKey`, at most `agentsMax` of them: the last entry before
 * the window (a change exactly at its start ends that one's span in the window) and those before its end. Agents with none are left out. `lastAgentKey` is where the next page begins,
 * null when this was the last.
 */
export async function readEntries(
  db: D1Database,
  connectionId: number,
  window: Window,
  afterAgentKey: number,
  agentsMax: number,
): Promise<{ agents: AgentEntries[]; lastAgentKey: number | null }> {
  const { results } = await db
    .prepare(
      `SELECT a.id AS agentKey, c.at_ms AS atMs, c.state_id AS stateId
       FROM (SELECT id FROM agent WHERE connection_id = ?1 AND id > ?4 ORDER BY id LIMIT ?5) a
       LEFT JOIN state_change c ON c.agent_id = a.id AND c.at_ms < ?3
        AND c.at_ms >= coalesce((SELECT max(at_ms) FROM state_change WHERE agent_id = a.id AND at_ms < ?2), ?2)
       ORDER BY a.id, c.at_ms`,
    )
    .bind(connectionId, window.startMs, window.endMs, afterAgentKey, agentsMax)
    .all<{ agentKey: number; atMs: number | null; stateId: number | null }>();
  const agents: AgentEntries[] = [];
  let agentCount = 0;
  let lastKey = afterAgentKey;
  for (const { agentKey, atMs, stateId } of results) {
    if (agentKey !== lastKey) {
      agentCount++;
      lastKey = agentKey;
    }
    if (atMs === null || stateId === null) continue;
    const last = agents.at(-1);
    if (last?.agentKey === agentKey) last.entries.push({ atMs, stateId });
    else agents.push({ agentKey, entries: [{ atMs, stateId }] });
  }
  return { agents, lastAgentKey: agentCount < agentsMax ? null : lastKey };
}

/** What an agent is doing now. */
export interface LatestEntry extends StateEntry {
  readonly agentKey: number;
}

/** The latest entries of some agents: what they are doing now. */
export async function readLatestEntries(db: D1Database, agentKeys: readonly number[]): Promise<LatestEntry[]> {
  const { results } = await db
    .prepare(
      `SELECT c.agent_id AS agentKey, c.at_ms AS atMs, c.state_id AS stateId
       FROM json_each(?1) a JOIN state_change c ON c.agent_id = a.value
        AND c.at_ms = (SELECT max(at_ms) FROM state_change WHERE agent_id = a.value)
       WHERE c.state_id <> 0`,
    )
    .bind(JSON.stringify(agentKeys))
    .all<LatestEntry>();
  return results;
}

/** The latest state of each agent of a connection whose latest change is not before `sinceMs`, not observed left out. */
export async function readLatestEntriesSince(
  db: D1Database,
  connectionId: number,
  sinceMs: number,
): Promise<LatestEntry[]> {
  const { results } = await db
    .prepare(
      `SELECT c.agent_id AS agentKey, c.at_ms AS atMs, c.state_id AS stateId
       FROM agent a JOIN state_change c ON c.agent_id = a.id
        AND c.at_ms = (SELECT max(at_ms) FROM state_change WHERE agent_id = a.id)
       WHERE a.connection_id = ?1 AND c.at_ms >= ?2 AND c.state_id <> 0`,
    )
    .bind(connectionId, sinceMs)
    .all<LatestEntry>();
  return results;
}

/** True when some agent was signed in at any time in the window, as far as the bridge saw. */
export async function wasAnybodySignedIn(db: D1Database, connectionId: number, window: Window): Promise<boolean> {
  const row = await db
    .prepare(
      `SELECT 1 AS found FROM agent a JOIN state_change c ON c.agent_id = a.id AND c.at_ms < ?3
        AND c.at_ms >= coalesce((SELECT max(at_ms) FROM state_change WHERE agent_id = a.id AND at_ms <= ?2), ?2)
       JOIN acd_state s ON s.id = c.state_id AND s.class <> 'signed out'
       WHERE a.connection_id = ?1 LIMIT 1`,
    )
    .bind(connectionId, window.startMs, window.endMs)
    .first<{ found: number }>();
  return row !== null;
}
