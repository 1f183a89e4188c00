/** Writes what a person mapped: many rows in one statement, and tables that wait for their confirmation. */
import { HOUR_MS } from '../domain/interval.ts';

export interface QueueEdit {
  readonly id: number;
  readonly queueValue: string | null;
  readonly isOutbound: boolean;
  readonly mixed: boolean;
  readonly shortPct: number | null;
  readonly included: boolean;
}

export interface AgentEdit {
  readonly id: number;
  readonly loginId: string | null;
  readonly employeeId: string;
  readonly included: boolean;
}

export interface StateEdit {
  readonly id: number;
  readonly class: string;
  readonly eventCode: string | null;
  readonly reasonCode: string | null;
  readonly reviewed: boolean;
}

/** D1 takes 2 MB a value: so many rows of a mapping fit in any case. */
const ROWS_PER_STATEMENT_MAX = 2_000;

const UPDATES = {
  queues: `UPDATE queue SET queue_value = e.value ->> 'queueValue', is_outbound = e.value ->> 'isOutbound',
             mixed = e.value ->> 'mixed', short_pct = e.value ->> 'shortPct', included = e.value ->> 'included'
           FROM json_each(?2) e WHERE queue.connection_id = ?1 AND queue.id = e.value ->> 'id'`,
  agents: `UPDATE agent SET login_id = e.value ->> 'loginId', employee_id = e.value ->> 'employeeId',
             included = e.value ->> 'included'
           FROM json_each(?2) e WHERE agent.connection_id = ?1 AND agent.id = e.value ->> 'id'`,
  states: `UPDATE acd_state SET class = e.value ->> 'class', event_code = e.value ->> 'eventCode',
             reason_code = e.value ->> 'reasonCode', reviewed = e.value ->> 'reviewed'
           FROM json_each(?2) e WHERE acd_state.connection_id = ?1 AND acd_state.id = e.value ->> 'id'`,
} as const;

/** Sums of what is left out (src/store/ledger-sums.ts) hold until a queue is taken in or left out. */
const RAISE_INCLUSION = `UPDATE connection SET inclusion_version = inclusion_version + 1
  WHERE id = ?1 AND EXISTS (SELECT 1 FROM json_each(?2) e JOIN queue q ON q.connection_id = ?1 AND q.id = e.value ->> 'id'
                            WHERE q.included <> e.value ->> 'included')`;

export type MappedTable = keyof typeof UPDATES;

/** Statements that write mappings of one connection and raise its version, so that a running loop takes them over. */
export function saveEdits(
  db: D1Database,
  connectionId: number,
  table: MappedTable,
  edits: readonly (QueueEdit | AgentEdit | StateEdit)[],
): D1PreparedStatement[] {
  const statements: D1PreparedStatement[] = [];
  for (let from = 0; from < edits.length; from += ROWS_PER_STATEMENT_MAX) {
    const rows = JSON.stringify(edits.slice(from, from + ROWS_PER_STATEMENT_MAX));
    if (table === 'queues') statements.push(db.prepare(RAISE_INCLUSION).bind(connectionId, rows));
    statements.push(db.prepare(UPDATES[table]).bind(connectionId, rows));
  }
  statements.push(
    db.prepare('UPDATE connection SET config_version = config_version + 1 WHERE id = ?1').bind(connectionId),
  );
  return statements;
}

/** A table that was sent and waits for its confirmation. */
export interface MappingUpload {
  readonly id: number;
  readonly kind: MappedTable;
  readonly content: string;
}

/** How long a table waits. */
const UPLOAD_LIFE_MS = HOUR_MS;

/** Keeps a table until it is confirmed; forgets those that nobody confirmed. Returns its id. */
export async function keepUpload(
  db: D1Database,
  upload: { connectionId: number; kind: MappedTable; content: string; nowMs: number; by: string },
): Promise<number> {
  const { connectionId, kind, content, nowMs, by } = upload;
  const [, kept] = await db.batch<{ id: number }>([
    db.prepare('DELETE FROM mapping_upload WHERE created_at_ms < ?1').bind(nowMs - UPLOAD_LIFE_MS),
    db
      .prepare(
        `INSERT INTO mapping_upload (connection_id, kind, content, created_at_ms, created_by)
         VALUES (?1, ?2, ?3, ?4, ?5) RETURNING id`,
      )
      .bind(connectionId, kind, content, nowMs, by),
  ]);
  const id = kept?.results[0]?.id;
  if (id === undefined) throw new Error('The database stored a table and returned no id.');
  return id;
}

/** A table that waits; null when it was confirmed, has expired or is another connection's. */
export async function readUpload(
  db: D1Database,
  connectionId: number,
  id: number,
  nowMs: number,
): Promise<MappingUpload | null> {
  return db
    .prepare(
      'SELECT id, kind, content FROM mapping_upload WHERE connection_id = ?1 AND id = ?2 AND created_at_ms >= ?3',
    )
    .bind(connectionId, id, nowMs - UPLOAD_LIFE_MS)
    .first<MappingUpload>();
}

/** Statement that forgets a table that was confirmed. */
export function forgetUpload(db: D1Database, connectionId: number, id: number): D1PreparedStatement {
  return db.prepare('DELETE FROM mapping_upload WHERE connection_id = ?1 AND id = ?2').bind(connectionId, id);
}
