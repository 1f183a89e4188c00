/** Who is in what state since when, and one agent's entries of a day. */

import type { StateEntry } from '../domain/activity.ts';
import { STATE_CLASSES, type StateClass } from '../domain/agent-state.ts';
import type { Window } from '../domain/interval.ts';

export interface AgentNow {
  readonly id: number;
  readonly sourceId: string;
  readonly name: string;
  /** ACD Login ID in the WFM; '' while the agent cannot be placed. */
  readonly loginId: string;
  readonly included: boolean;
  /** '' and null: never seen, or the bridge has not looked since. */
  readonly state: string;
  readonly reason: string;
  readonly stateClass: StateClass | null;
  readonly sinceMs: number | null;
}

export const AGENT_ORDERS = ['name', 'longest'] as const;
export type AgentOrder = (typeof AGENT_ORDERS)[number];

export interface AgentFilter {
  /** Part of a name, user name, login id or id; '' for all. */
  readonly text: string;
  /** signed-in: every class but signed out. */
  readonly show: StateClass | 'signed-in' | 'all';
  readonly stateId: number | null;
  readonly order: AgentOrder;
}

/** Where a page begins: after this row of the same order. */
export interface AgentCursor {
  readonly key: string | number;
  readonly id: number;
}

/** The order's key of a row. */
export function agentKey(row: AgentNow, order: AgentOrder): string | number {
  return order === 'name' ? row.name.toLowerCase() : (row.sinceMs ?? Number.MAX_SAFE_INTEGER);
}

const ORDER_KEYS: Readonly<Record<AgentOrder, string>> = {
  name: 'lower(a.name)',
  longest: `CASE WHEN s.id IS NULL THEN ${Number.MAX_SAFE_INTEGER} ELSE c.at_ms END`,
};

/** Agents that fit, in their order, after `after`. */
export async function listAgentsNow(
  db: D1Database,
  connectionId: number,
  filter: AgentFilter,
  page: { after: AgentCursor | null; limit: number },
): Promise<AgentNow[]> {
  const key = ORDER_KEYS[filter.order];
  const classes =
    filter.show === 'all'
      ? null
      : filter.show === 'signed-in'
        ? STATE_CLASSES.filter((stateClass) => stateClass !== 'signed out')
        : [filter.show];
  const { results } = await db
    .prepare(
      `SELECT a.id, a.source_id AS sourceId, a.name, coalesce(a.login_id, a.username) AS loginId, a.included,
              coalesce(s.name, '') AS state, coalesce(s.reason, '') AS reason, s.class AS stateClass,
              CASE WHEN s.id IS NOT NULL THEN c.at_ms END AS sinceMs
       FROM agent a
       LEFT JOIN state_change c ON c.agent_id = a.id AND c.at_ms = (SELECT max(at_ms) FROM state_change WHERE agent_id = a.id)
       LEFT JOIN acd_state s ON s.id = c.state_id
       WHERE a.connection_id = ?1 AND a.removed_at_ms IS NULL
         AND (?2 = '' OR instr(lower(a.name || char(10) || a.username || char(10) || coalesce(a.login_id, '') || char(10)
              || a.source_id), ?2) > 0)
         AND (?3 IS NULL OR s.class IN (SELECT value FROM json_each(?3)))
         AND (?4 IS NULL OR s.id = ?4)
         AND (?5 IS NULL OR (${key}, a.id) > (?5, ?6))
       ORDER BY ${key}, a.id LIMIT ?7`,
    )
    .bind(
      connectionId,
      filter.text.toLowerCase(),
      classes && JSON.stringify(classes),
      filter.stateId,
      page.after?.key ?? null,
      page.after?.id ?? 0,
      page.limit,
    )
    .all<Omit<AgentNow, 'included'> & { included: number }>();
  return results.map((row) => ({ ...row, included: row.included === 1 }));
}

/** One agent's entries from the last one before the window to the last one in it, oldest first. */
export async function readAgentEntries(db: D1Database, agentId: number, window: Window): Promise<StateEntry[]> {
  const { results } = await db
    .prepare(
      `SELECT at_ms AS atMs, state_id AS stateId FROM state_change
       WHERE agent_id = ?1 AND at_ms < ?3
         AND at_ms >= coalesce((SELECT max(at_ms) FROM state_change WHERE agent_id = ?1 AND at_ms < ?2), ?2)
       ORDER BY at_ms`,
    )
    .bind(agentId, window.startMs, window.endMs)
    .all<StateEntry>();
  return results;
}

/** When an agent entered the next state after `atMs`; null when none is known. */
export async function readNextEntryMs(db: D1Database, agentId: number, atMs: number): Promise<number | null> {
  const row = await db
    .prepare('SELECT min(at_ms) AS atMs FROM state_change WHERE agent_id = ?1 AND at_ms > ?2')
    .bind(agentId, atMs)
    .first<{ atMs: number | null }>();
  return row?.atMs ?? null;
}

/** A report of agent activity: how far it got. */
export interface ActivityReport {
  readonly startMs: number;
  readonly endMs: number;
  readonly revision: number;
  readonly deliveredRevision: number;
  readonly acceptedAtMs: number | null;
}

/** Reports of agent activity whose windows begin in `window`. */
export async function readActivityReports(
  db: D1Database,
  connectionId: number,
  window: Window,
): Promise<ActivityReport[]> {
  const { results } = await db
    .prepare(
      `SELECT start_ms AS startMs, end_ms AS endMs, revision, delivered_revision AS deliveredRevision,
              accepted_at_ms AS acceptedAtMs
       FROM report WHERE connection_id = ?1 AND stream = 'agent-activity' AND start_ms >= ?2 AND start_ms < ?3
       ORDER BY start_ms`,
    )
    .bind(connectionId, window.startMs, window.endMs)
    .all<ActivityReport>();
  return results;
}
