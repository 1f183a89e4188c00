/** Queues and agents as somebody gives them, one by one: added or changed, never removed. */
import type { Outcome } from './import-facts.ts';
import { countAgents } from './roster.ts';

/** Null: not given, stays as it is. */
export interface GivenRosterRow {
  readonly sourceId: string;
  readonly name: string | null;
  /** Agents only. */
  readonly username: string | null;
  /** Queues only. */
  readonly isOutbound: boolean | null;
}

/** Statements that store what is new or differs, and raise the connection's config version; none when nothing does. */
export async function stepOfRosterRows(
  db: D1Database,
  connectionId: number,
  table: 'agent' | 'queue',
  rows: readonly GivenRosterRow[],
  nowMs: number,
): Promise<{ statements: readonly D1PreparedStatement[]; counts: Outcome }> {
  const own = table === 'agent' ? 'username' : 'is_outbound';
  const value = ({ username, isOutbound }: GivenRosterRow) =>
    table === 'agent' ? username : isOutbound === null ? null : Number(isOutbound);
  const values = rows.map((row) => [row.sourceId, row.name, value(row)]);
  const { results } = await db
    .prepare(
      `SELECT n.key AS place, t.id IS NULL AS isNew FROM json_each(?2) n
       LEFT JOIN ${table} t ON t.connection_id = ?1 AND t.source_id = n.value ->> 0
       WHERE t.id IS NULL OR t.in_roster = 0 OR t.name <> coalesce(n.value ->> 1, t.name)
          OR t.${own} <> coalesce(n.value ->> 2, t.${own})`,
    )
    .bind(connectionId, JSON.stringify(values))
    .all<{ place: number; isNew: number }>();
  const added = results.filter(({ isNew }) => isNew === 1).length;
  const counts = { added, changed: results.length - added, same: rows.length - results.length };
  if (results.length === 0) return { statements: [], counts };
  const differing = JSON.stringify(results.map(({ place }) => values[place]));
  return {
    statements: [
      db
        .prepare(
          `INSERT INTO ${table} (connection_id, source_id, name, ${own}, in_roster, first_seen_ms)
           SELECT ?1, value ->> 0, coalesce(value ->> 1, ''), coalesce(value ->> 2, ${table === 'agent' ? "''" : '0'}), 1, ?3
           FROM json_each(?2) WHERE true
           ON CONFLICT (connection_id, source_id) DO UPDATE SET in_roster = 1, removed_at_ms = NULL`,
        )
        .bind(connectionId, differing, nowMs),
      db
        .prepare(
          `UPDATE ${table} SET name = coalesce(n.value ->> 1, name), ${own} = coalesce(n.value ->> 2, ${own})
           FROM json_each(?2) n WHERE connection_id = ?1 AND source_id = n.value ->> 0`,
        )
        .bind(connectionId, differing),
      ...(table === 'agent' ? [countAgents(db, connectionId)] : []),
      db.prepare('UPDATE connection SET config_version = config_version + 1 WHERE id = ?1').bind(connectionId),
    ],
    counts,
  };
}
