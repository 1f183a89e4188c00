/** Queues and agents as the ACD lists them. What the user mapped by hand is never written here. */
import { jsonParts } from './json-parts.ts';

/** A queue or an agent. `inRoster` is false for what was removed, or only seen in figures or states. */
export interface RosterRow {
  readonly key: number;
  readonly sourceId: string;
  readonly aliasId: string;
  /** '' for queues. */
  readonly username: string;
  readonly name: string;
  /** Null for agents. */
  readonly serviceLevelMs: number | null;
  readonly inRoster: boolean;
}

export interface RosterChanges {
  readonly added: readonly Omit<RosterRow, 'key' | 'inRoster'>[];
  readonly changed: readonly RosterRow[];
  readonly removed: readonly RosterRow[];
  /** Not in the roster, but the ACD tells their names: agents alone. */
  readonly unlistedAdded: readonly Omit<RosterRow, 'key' | 'inRoster'>[];
  readonly unlistedChanged: readonly RosterRow[];
}

export async function readRosterRows(
  db: D1Database,
  connectionId: number,
): Promise<{ queues: RosterRow[]; agents: RosterRow[] }> {
  type Row = Omit<RosterRow, 'inRoster'> & { inRoster: number };
  const [queues, agents] = await db.batch<Row>([
    db
      .prepare(
        `SELECT id AS key, source_id AS sourceId, alias_id AS aliasId, '' AS username, name,
                service_level_ms AS serviceLevelMs, in_roster AS inRoster FROM queue WHERE connection_id = ?1`,
      )
      .bind(connectionId),
    db
      .prepare(
        `SELECT id AS key, source_id AS sourceId, alias_id AS aliasId, username, name, NULL AS serviceLevelMs,
                in_roster AS inRoster FROM agent WHERE connection_id = ?1`,
      )
      .bind(connectionId),
  ]);
  const rows = (result: D1Result<Row> | undefined) =>
    (result?.results ?? []).map((row) => ({ ...row, inRoster: row.inRoster === 1 }));
  return { queues: rows(queues), agents: rows(agents) };
}

/** Statement that counts the agents that are there: last in every batch that adds or removes some. */
export function countAgents(db: D1Database, connectionId: number): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE connection SET agent_count = (SELECT count(*) FROM agent WHERE connection_id = ?1 AND removed_at_ms IS NULL)
       WHERE id = ?1`,
    )
    .bind(connectionId);
}

/** Statements that write what an import changed and raise the connection's config version, so that loops reload. */
export function saveRosterRows(
  db: D1Database,
  connectionId: number,
  { queues, agents }: { queues: RosterChanges; agents: RosterChanges },
  nowMs: number,
): D1PreparedStatement[] {
  const inParts = (rows: readonly unknown[], sql: string, ...more: number[]) =>
    jsonParts(rows).map((part) => db.prepare(sql).bind(part, ...more));
  const keys = (rows: readonly RosterRow[]) => rows.map(({ key }) => key);
  return [
    ...inParts(
      queues.added,
      `INSERT INTO queue (connection_id, source_id, alias_id, name, service_level_ms, in_roster, first_seen_ms)
       SELECT ?2, value ->> 'sourceId', value ->> 'aliasId', value ->> 'name', value ->> 'serviceLevelMs', 1, ?3
       FROM json_each(?1) WHERE true ON CONFLICT (connection_id, source_id) DO NOTHING`,
      connectionId,
      nowMs,
    ),
    ...inParts(
      queues.changed,
      `UPDATE queue SET alias_id = r.value ->> 'aliasId', name = r.value ->> 'name',
              service_level_ms = r.value ->> 'serviceLevelMs', in_roster = 1, removed_at_ms = NULL
       FROM json_each(?1) r WHERE queue.id = r.value ->> 'key'`,
    ),
    ...inParts(
      keys(queues.removed),
      'UPDATE queue SET in_roster = 0, removed_at_ms = ?2 WHERE id IN (SELECT value FROM json_each(?1))',
      nowMs,
    ),
    ...inParts(
      agents.added,
      `INSERT INTO agent (connection_id, source_id, alias_id, username, name, in_roster, first_seen_ms)
       SELECT ?2, value ->> 'sourceId', value ->> 'aliasId', value ->> 'username', value ->> 'name', 1, ?3
       FROM json_each(?1) WHERE true ON CONFLICT (connection_id, source_id) DO NOTHING`,
      connectionId,
      nowMs,
    ),
    ...inParts(
      agents.changed,
      `UPDATE agent SET alias_id = r.value ->> 'aliasId', username = r.value ->> 'username', name = r.value ->> 'name',
              in_roster = 1, removed_at_ms = NULL
       FROM json_each(?1) r WHERE agent.id = r.value ->> 'key'`,
    ),
    ...inParts(
      agents.unlistedAdded,
      `INSERT INTO agent (connection_id, source_id, alias_id, username, name, in_roster, first_seen_ms, removed_at_ms)
       SELECT ?2, value ->> 'sourceId', value ->> 'aliasId', value ->> 'username', value ->> 'name', 0, ?3, ?3
       FROM json_each(?1) WHERE true ON CONFLICT (connection_id, source_id) DO NOTHING`,
      connectionId,
      nowMs,
    ),
    ...inParts(
      agents.unlistedChanged,
      `UPDATE agent SET alias_id = r.value ->> 'aliasId', username = r.value ->> 'username', name = r.value ->> 'name'
       FROM json_each(?1) r WHERE agent.id = r.value ->> 'key'`,
    ),
    ...inParts(
      keys(agents.removed),
      'UPDATE agent SET in_roster = 0, removed_at_ms = ?2 WHERE id IN (SELECT value FROM json_each(?1))',
      nowMs,
    ),
    db.prepare('UPDATE connection SET config_version = config_version + 1 WHERE id = ?1').bind(connectionId),
    countAgents(db, connectionId),
  ];
}
