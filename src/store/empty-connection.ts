/**
 * Removes what a connection has collected in small steps, before the connection itself goes: one statement that deletes
 * years of states by cascade would outlast what a database allows a statement.
 */

/** Rows removed by one statement at most. */
const ROWS_MAX = 20_000;

/** The tables that grow with time, each with its key. */
const TABLES: readonly (readonly [table: string, key: string])[] = [
  ['state_log', 'connection_id, log_id'],
  ['report_body', 'connection_id, stream, start_ms, revision, part'],
  ['report', 'connection_id, stream, start_ms'],
  ['queue_interval_revision', 'connection_id, start_ms, queue_id, revision'],
  ['queue_interval', 'connection_id, start_ms, queue_id'],
  ['agent_interval', 'connection_id, start_ms, agent_id'],
  ['agent_queue_interval', 'connection_id, start_ms, queue_id, agent_id'],
  ['member_interval', 'connection_id, start_ms, member_id'],
  ['member_agent_interval', 'connection_id, start_ms, agent_id, member_id'],
  ['imported_state_interval', 'connection_id, start_ms'],
  ['touched_interval', 'connection_id, start_ms'],
  ['interval_ledger', 'connection_id, start_ms'],
  ['set_aside', 'id'],
  ['schedule_activity', 'connection_id, agent_id, start_ms'],
];

/** Those of them that know their connection by the agent only. */
const TABLES_BY_AGENT: readonly (readonly [table: string, key: string])[] = [
  ['state_change', 'agent_id, at_ms'],
  ['member_state_change', 'agent_id, member_id, at_ms'],
  ['imported_state_change', 'agent_id, at_ms'],
];

/** Removes the next rows. Resolves to false when there are no more. */
export async function emptyConnectionStep(db: D1Database, connectionId: number): Promise<boolean> {
  const removals = [
    ...TABLES_BY_AGENT.map(
      ([table, key]) =>
        `DELETE FROM ${table} WHERE (${key}) IN (
           SELECT ${key} FROM agent a CROSS JOIN ${table} c ON c.agent_id = a.id WHERE a.connection_id = ?1 LIMIT ${ROWS_MAX})`,
    ),
    ...TABLES.map(
      ([table, key]) =>
        `DELETE FROM ${table} WHERE (${key}) IN (SELECT ${key} FROM ${table} WHERE connection_id = ?1 LIMIT ${ROWS_MAX})`,
    ),
  ];
  for (const sql of removals) {
    const { meta } = await db.prepare(sql).bind(connectionId).run();
    if (meta.changes >= ROWS_MAX) return true;
  }
  return false;
}
