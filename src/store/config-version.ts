/** A connection's config version: raised by every change that a running loop has to take over. */

/** The version; null when the connection is gone or paused. */
export async function readConfigVersion(db: D1Database, connectionId: number): Promise<number | null> {
  const row = await db
    .prepare('SELECT config_version AS version FROM connection WHERE id = ?1 AND paused = 0')
    .bind(connectionId)
    .first<{ version: number }>();
  return row?.version ?? null;
}

/** Makes the roster due. */
export async function askForRoster(db: D1Database, connectionId: number): Promise<void> {
  await db
    .prepare(`UPDATE feed SET success_at_ms = NULL, retry_at_ms = 0 WHERE connection_id = ?1 AND name = 'roster'`)
    .bind(connectionId)
    .run();
}
