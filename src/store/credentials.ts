/** A connection's sealed secrets, for the loop that has to use them. */

/** Sealed secrets by name. */
export async function readSealedSecrets(db: D1Database, connectionId: number): Promise<Map<string, string>> {
  const { results } = await db
    .prepare('SELECT name, sealed FROM credential WHERE connection_id = ?1')
    .bind(connectionId)
    .all<{ name: string; sealed: string }>();
  return new Map(results.map(({ name, sealed }) => [name, sealed]));
}
