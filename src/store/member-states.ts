/** What members said of agents' states, as they said it, and the rows of the merged time lines that follow from it. */
import type { MemberChange, MergeRange } from '../domain/merge-states.ts';
import { jsonParts, rowsOfParts } from './json-parts.ts';

/** An agent of the merged connection and the instants that matter. */
export interface AgentRange extends MergeRange {
  readonly agentKey: number;
}

const ROWS_PER_QUESTION_MAX = 2_000;
const END_OF_TIME_MS = Number.MAX_SAFE_INTEGER;

async function inParts<R, T>(rows: readonly R[], ask: (json: string) => Promise<T[]>, jsonOf: (row: R) => unknown) {
  const all: T[] = [];
  for (let from = 0; from < rows.length; from += ROWS_PER_QUESTION_MAX) {
    all.push(...(await ask(JSON.stringify(rows.slice(from, from + ROWS_PER_QUESTION_MAX).map(jsonOf)))));
  }
  return all;
}

const rangeJson = ({ agentKey, fromMs, toMs }: AgentRange) => [agentKey, fromMs, toMs ?? END_OF_TIME_MS];

/** What members said of agents: of each, its last change before the range and those in it. */
export function readMemberChanges(
  db: D1Database,
  connectionId: number,
  ranges: readonly AgentRange[],
): Promise<(MemberChange & { agentKey: number })[]> {
  const statement = db.prepare(
    `SELECT c.agent_id AS agentKey, c.member_id AS memberId, c.at_ms AS atMs, c.state_id AS stateId
     FROM json_each(?2) n CROSS JOIN member m ON m.connection_id = ?1
     CROSS JOIN member_state_change c ON c.agent_id = n.value ->> 0 AND c.member_id = m.member_id
       AND c.at_ms >= coalesce((SELECT max(at_ms) FROM member_state_change WHERE agent_id = n.value ->> 0
                                AND member_id = m.member_id AND at_ms < n.value ->> 1), n.value ->> 1)
       AND c.at_ms <= n.value ->> 2`,
  );
  const ask = async (json: string) =>
    (await statement.bind(connectionId, json).all<MemberChange & { agentKey: number }>()).results;
  return inParts(ranges, ask, rangeJson);
}

/** A stored row of a merged time line; `latestMs`: the agent's last one of all. */
export interface MergedRow {
  readonly agentKey: number;
  readonly atMs: number;
  readonly stateId: number;
  readonly latestMs: number;
  /** The agent's first row after the range. */
  readonly nextMs: number | null;
}

/** Rows of merged time lines: of each agent the last one before the range and those in it, oldest first. */
export function readMergedRows(db: D1Database, ranges: readonly AgentRange[]): Promise<MergedRow[]> {
  const statement = db.prepare(
    `SELECT c.agent_id AS agentKey, c.at_ms AS atMs, c.state_id AS stateId,
            (SELECT max(at_ms) FROM state_change WHERE agent_id = c.agent_id) AS latestMs,
            (SELECT min(at_ms) FROM state_change WHERE agent_id = c.agent_id AND at_ms > n.value ->> 2) AS nextMs
     FROM json_each(?1) n
     CROSS JOIN state_change c ON c.agent_id = n.value ->> 0
       AND c.at_ms >= coalesce((SELECT max(at_ms) FROM state_change WHERE agent_id = n.value ->> 0
                                AND at_ms < n.value ->> 1), n.value ->> 1)
       AND c.at_ms <= n.value ->> 2
     ORDER BY n.key, c.at_ms`,
  );
  const ask = async (json: string) => (await statement.bind(json).all<MergedRow>()).results;
  return inParts(ranges, ask, rangeJson);
}

/** A change of what one member said; a state of null: it takes it back. */
export interface MemberEdit {
  readonly agentKey: number;
  readonly atMs: number;
  readonly stateId: number | null;
}

/** What is stored of a member around each edit, in their order: the state at the instant, and its next change. */
export async function readAroundEdits(
  db: D1Database,
  memberId: number,
  edits: readonly MemberEdit[],
): Promise<{ hereStateId: number | null; nextMs: number | null }[]> {
  const statement = db.prepare(
    `SELECT (SELECT state_id FROM member_state_change
             WHERE agent_id = n.value ->> 0 AND member_id = ?1 AND at_ms = n.value ->> 1) AS hereStateId,
            (SELECT min(at_ms) FROM member_state_change
             WHERE agent_id = n.value ->> 0 AND member_id = ?1 AND at_ms > n.value ->> 1) AS nextMs
     FROM json_each(?2) n ORDER BY n.key`,
  );
  const ask = async (json: string) =>
    (await statement.bind(memberId, json).all<{ hereStateId: number | null; nextMs: number | null }>()).results;
  return inParts(edits, ask, ({ agentKey, atMs }) => [agentKey, atMs]);
}

/** What one member said of agents in a window. */
export async function readMemberWindow(
  db: D1Database,
  memberId: number,
  agentKeys: readonly number[],
  window: { startMs: number; endMs: number },
): Promise<{ agentKey: number; atMs: number; stateId: number }[]> {
  const { results } = await db
    .prepare(
      `SELECT c.agent_id AS agentKey, c.at_ms AS atMs, c.state_id AS stateId
       FROM json_each(?2) n CROSS JOIN member_state_change c
         ON c.agent_id = n.value AND c.member_id = ?1 AND c.at_ms >= ?3 AND c.at_ms < ?4`,
    )
    .bind(memberId, JSON.stringify(agentKeys), window.startMs, window.endMs)
    .all<{ agentKey: number; atMs: number; stateId: number }>();
  return results;
}

const ROWS_PER_STATEMENT_MAX = 20_000;

/** Statements that change what a member said. */
export function saveMemberEdits(db: D1Database, memberId: number, edits: readonly MemberEdit[]): D1PreparedStatement[] {
  const set = edits.filter(({ stateId }) => stateId !== null);
  const taken = edits.filter(({ stateId }) => stateId === null);
  const statements: D1PreparedStatement[] = [];
  for (let from = 0; from < set.length; from += ROWS_PER_STATEMENT_MAX) {
    const rows = set.slice(from, from + ROWS_PER_STATEMENT_MAX);
    statements.push(
      db
        .prepare(
          `INSERT INTO member_state_change (agent_id, member_id, at_ms, state_id)
           SELECT value ->> 0, ?1, value ->> 1, value ->> 2 FROM json_each(?2) WHERE true
           ON CONFLICT DO UPDATE SET state_id = excluded.state_id`,
        )
        .bind(memberId, JSON.stringify(rows.map(({ agentKey, atMs, stateId }) => [agentKey, atMs, stateId]))),
    );
  }
  const remove = db.prepare(
    `DELETE FROM member_state_change WHERE (agent_id, member_id, at_ms) IN (
       SELECT value ->> 0, ?1, value ->> 1 FROM json_each(?2))`,
  );
  const gone = jsonParts(taken.map(({ agentKey, atMs }) => [agentKey, atMs]));
  return [...statements, ...gone.map((part) => remove.bind(memberId, part))];
}

/** Statement that takes rows out of merged time lines. */
export function removeMergedRows(
  db: D1Database,
  rows: readonly { readonly agentKey: number; readonly atMs: number }[],
): D1PreparedStatement {
  const parts = jsonParts(rows.map(({ agentKey, atMs }) => [agentKey, atMs]));
  return db
    .prepare(
      `DELETE FROM state_change WHERE (agent_id, at_ms) IN (
         SELECT value ->> 0, value ->> 1 FROM ${rowsOfParts(parts.length, 1)})`,
    )
    .bind(...parts);
}
