/**
 * Queues, agents and states as their pages list them: what needs somebody first, filtered, a page at a time with the
 * total. Reads the connection's roster, which is as large as the contact centre and does not grow with time.
 */
import type { StateClass } from '../domain/agent-state.ts';

/** Rows of a listing; `total` counts all that match. */
export interface Listed<T> {
  readonly rows: readonly T[];
  readonly total: number;
}

export interface MappingFilter {
  readonly connectionId: number;
  /** Part of a name, id or key; '' for all. */
  readonly search: string;
  readonly status: 'all' | 'attention' | 'included' | 'left out' | 'gone' | 'unreviewed' | 'reviewed';
  readonly limit: number;
  readonly offset: number;
}

export interface QueueMappingRow {
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
  readonly removedAtMs: number | null;
  readonly sharedBy: number;
  readonly sharedMixes: boolean;
}

export interface AgentMappingRow {
  readonly id: number;
  readonly sourceId: string;
  readonly aliasId: string;
  readonly username: string;
  readonly name: string;
  readonly loginId: string | null;
  readonly employeeId: string;
  readonly included: boolean;
  readonly inRoster: boolean;
  readonly removedAtMs: number | null;
  readonly heldCount: number;
  readonly sharedBy: number;
}

export interface StateMappingRow {
  readonly id: number;
  readonly name: string;
  readonly reason: string;
  readonly class: StateClass;
  readonly eventCode: string | null;
  readonly reasonCode: string | null;
  readonly reviewed: boolean;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly seenCount: number;
}

/** Rows as SQL gives them: flags as 0 and 1, and the total on each. */
type Raw<T> = { [K in keyof T]: T[K] extends boolean ? number : T[K] } & { total: number };

/** Conditions of a status, on the columns of the inner selects. */
const STATUS: Readonly<Record<MappingFilter['status'], string>> = {
  all: '1',
  attention: 'trouble = 1',
  included: 'included = 1',
  'left out': 'included = 0',
  gone: 'inRoster = 0',
  unreviewed: 'reviewed = 0',
  reviewed: 'reviewed = 1',
};

const QUEUES = `
  SELECT *, included = 1 AND (mixed = 1 OR sharedBy > 1 OR wfmKey GLOB '*[^ -~]*' OR length(wfmKey) NOT BETWEEN 1 AND 100)
         AS trouble
  FROM (
    SELECT id, source_id AS sourceId, alias_id AS aliasId, name, queue_value AS queueValue, is_outbound AS isOutbound, mixed,
           short_pct AS shortPct, service_level_ms AS serviceLevelMs, included, in_roster AS inRoster,
           removed_at_ms AS removedAtMs, coalesce(queue_value, source_id) AS wfmKey,
           sum(included) OVER same_key AS sharedBy,
           min(CASE WHEN included = 1 THEN is_outbound END) OVER same_key
             < max(CASE WHEN included = 1 THEN is_outbound END) OVER same_key AS sharedMixes
    FROM queue WHERE connection_id = ?1
    WINDOW same_key AS (PARTITION BY coalesce(queue_value, source_id)))`;

const AGENTS = `
  SELECT *, included = 1 AND (wfmKey = '' OR sharedBy > 1) AS trouble
  FROM (
    SELECT id, source_id AS sourceId, alias_id AS aliasId, username, name, login_id AS loginId, employee_id AS employeeId,
           included, in_roster AS inRoster, removed_at_ms AS removedAtMs, held_count AS heldCount,
           coalesce(login_id, username) AS wfmKey,
           sum(included) OVER (PARTITION BY coalesce(login_id, username)) AS sharedBy
    FROM agent WHERE connection_id = ?1)`;

const STATES = `
  SELECT id, name, reason, class, event_code AS eventCode, reason_code AS reasonCode, reviewed,
         first_seen_ms AS firstSeenMs, last_seen_ms AS lastSeenMs, seen_count AS seenCount, reviewed = 0 AS trouble
  FROM acd_state WHERE connection_id = ?1`;

/** Queues: those that need somebody, then by name; what the ACD lists no more comes last. */
export async function listQueueMappings(db: D1Database, filter: MappingFilter): Promise<Listed<QueueMappingRow>> {
  const found = await list<QueueMappingRow>(db, filter, {
    source: QUEUES,
    searched: ['name', 'sourceId', 'aliasId', 'wfmKey'],
    order: 'trouble DESC, inRoster DESC, name, sourceId, id',
  });
  const { rows, total } = found;
  return {
    total,
    rows: rows.map((row) => ({
      ...row,
      isOutbound: row.isOutbound === 1,
      mixed: row.mixed === 1,
      included: row.included === 1,
      inRoster: row.inRoster === 1,
      sharedMixes: row.sharedMixes === 1,
    })),
  };
}

/** Agents: those without a login id, then by name; who is gone from the roster comes last. */
export async function listAgentMappings(db: D1Database, filter: MappingFilter): Promise<Listed<AgentMappingRow>> {
  const { rows, total } = await list<AgentMappingRow>(db, filter, {
    source: AGENTS,
    searched: ['name', 'sourceId', 'aliasId', 'username', 'wfmKey', 'employeeId'],
    order: 'trouble DESC, inRoster DESC, name, username, sourceId, id',
  });
  return {
    total,
    rows: rows.map((row) => ({ ...row, included: row.included === 1, inRoster: row.inRoster === 1 })),
  };
}

/** States: those nobody has looked at, then the most frequent. */
export async function listStateMappings(db: D1Database, filter: MappingFilter): Promise<Listed<StateMappingRow>> {
  const { rows, total } = await list<StateMappingRow>(db, filter, {
    source: STATES,
    searched: ['name', 'reason', 'class', 'eventCode', 'reasonCode'],
    order: 'reviewed, seenCount DESC, name, reason, id',
  });
  return { total, rows: rows.map((row) => ({ ...row, reviewed: row.reviewed === 1 })) };
}

async function list<T>(
  db: D1Database,
  { connectionId, search, status, limit, offset }: MappingFilter,
  { source, searched, order }: { source: string; searched: readonly string[]; order: string },
): Promise<{ rows: Raw<T>[]; total: number }> {
  // The text is only ever a value; columns and conditions are this module's own.
  const matches = searched.map((column) => `instr(lower(coalesce(${column}, '')), ?2) > 0`).join(' OR ');
  const { results } = await db
    .prepare(
      `SELECT *, count(*) OVER () AS total FROM (${source})
       WHERE (?2 = '' OR ${matches}) AND ${STATUS[status]} ORDER BY ${order} LIMIT ?3 OFFSET ?4`,
    )
    .bind(connectionId, search.toLowerCase(), limit, offset)
    .all<Raw<T>>();
  return { rows: results, total: results[0]?.total ?? 0 };
}

/** Counts for the tabs of Roster and States. */
export interface MappingCounts {
  readonly queues: number;
  readonly queuesInTrouble: number;
  readonly agents: number;
  readonly agentsInTrouble: number;
  readonly states: number;
  readonly statesUnreviewed: number;
}

export async function countMappings(db: D1Database, connectionId: number): Promise<MappingCounts> {
  const row = await db
    .prepare(
      `SELECT q.*, a.*, s.* FROM
         (SELECT count(*) AS queues, coalesce(sum(trouble), 0) AS queuesInTrouble FROM (${QUEUES})) q,
         (SELECT count(*) AS agents, coalesce(sum(trouble), 0) AS agentsInTrouble FROM (${AGENTS})) a,
         (SELECT count(*) AS states, coalesce(sum(trouble), 0) AS statesUnreviewed FROM (${STATES})) s`,
    )
    .bind(connectionId)
    .first<MappingCounts>();
  if (!row) throw new Error('The database counted nothing.');
  return row;
}
