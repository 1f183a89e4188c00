/** When something last ran. */

/** Notes that `name` ran. */
export async function beat(db: D1Database, name: string, nowMs: number): Promise<void> {
  await db
    .prepare(
      'INSERT INTO heartbeat (name, at_ms) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET at_ms = excluded.at_ms',
    )
    .bind(name, nowMs)
    .run();
}

/** When `name` last ran; null when it never did. */
export async function readBeat(db: D1Database, name: string): Promise<number | null> {
  const row = await db.prepare('SELECT at_ms FROM heartbeat WHERE name = ?1').bind(name).first<{ at_ms: number }>();
  return row?.at_ms ?? null;
}

/** Claims the hourly (or other) turn of `name`: true for one caller per period, however many ask. */
export async function claimTurn(db: D1Database, name: string, nowMs: number, periodMs: number): Promise<boolean> {
  const row = await db
    .prepare(
      `INSERT INTO heartbeat (name, at_ms) VALUES (?1, ?2)
       ON CONFLICT (name) DO UPDATE SET at_ms = excluded.at_ms WHERE heartbeat.at_ms <= ?2 - ?3 OR heartbeat.at_ms > ?2 + ?3
       RETURNING at_ms`,
    )
    .bind(name, nowMs, periodMs)
    .first<{ at_ms: number }>();
  return row !== null;
}

/** Gives a claimed turn back: the next caller has it, however soon. */
export async function giveBackTurn(db: D1Database, name: string): Promise<void> {
  await db.prepare('DELETE FROM heartbeat WHERE name = ?1').bind(name).run();
}
