/** Sessions of the administrator: a signed cookie is worth something only while the session it names is open here. */
import { recordAudit, recordAuditIfChanged } from './audit.ts';

export interface SessionRow {
  readonly id: string;
  readonly beganAtMs: number;
  /** To five minutes. */
  readonly seenAtMs: number;
  /** Where it began. */
  readonly address: string;
  /** As the browser calls itself. */
  readonly browser: string;
}

const BROWSER_CHARS_MAX = 200;

/** Opens a session; `by` begins to be of use with it. */
export async function addSession(db: D1Database, session: SessionRow, by: string): Promise<void> {
  const { id, beganAtMs, seenAtMs, address, browser } = session;
  await db.batch([
    db
      .prepare('INSERT INTO session (id, began_at_ms, seen_at_ms, address, browser) VALUES (?1, ?2, ?3, ?4, ?5)')
      .bind(id, beganAtMs, seenAtMs, address, browser.slice(0, BROWSER_CHARS_MAX)),
    recordAudit(db, { by, atMs: beganAtMs, action: 'signed in', connectionId: null, detail: `From ${address}.` }),
  ]);
}

/** True while the session was neither ended nor forgotten. */
export async function isSessionOpen(db: D1Database, id: string): Promise<boolean> {
  const row = await db.prepare('SELECT ended_at_ms FROM session WHERE id = ?1').bind(id).first<{
    ended_at_ms: number | null;
  }>();
  return row !== null && row.ended_at_ms === null;
}

/** Notes that a session is in use. */
export async function noteSessionSeen(db: D1Database, id: string, nowMs: number): Promise<void> {
  await db.prepare('UPDATE session SET seen_at_ms = max(seen_at_ms, ?2) WHERE id = ?1').bind(id, nowMs).run();
}

/** Open sessions that began and were used after the given instants, the last used first. */
export async function listSessions(db: D1Database, since: { beganMs: number; seenMs: number }): Promise<SessionRow[]> {
  const { results } = await db
    .prepare(
      `SELECT id, began_at_ms AS beganAtMs, seen_at_ms AS seenAtMs, address, browser FROM session
       WHERE ended_at_ms IS NULL AND began_at_ms > ?1 AND seen_at_ms > ?2 ORDER BY seen_at_ms DESC, id LIMIT 200`,
    )
    .bind(since.beganMs, since.seenMs)
    .all<SessionRow>();
  return results;
}

/** Ends one session. Says whether it was open. */
export async function endSession(
  db: D1Database,
  { id, nowMs, by, action }: { id: string; nowMs: number; by: string; action: 'signed out' | 'session ended' },
): Promise<boolean> {
  const [ended] = await db.batch([
    db.prepare('UPDATE session SET ended_at_ms = ?2 WHERE id = ?1 AND ended_at_ms IS NULL').bind(id, nowMs),
    recordAuditIfChanged(db, { by, atMs: nowMs, action, connectionId: null, detail: '' }),
  ]);
  return (ended?.meta.changes ?? 0) > 0;
}

/** Ends every session there is. Returns how many were open. */
export async function endAllSessions(db: D1Database, { nowMs, by }: { nowMs: number; by: string }): Promise<number> {
  const [ended] = await db.batch([
    db.prepare('UPDATE session SET ended_at_ms = ?1 WHERE ended_at_ms IS NULL').bind(nowMs),
    recordAudit(db, { by, atMs: nowMs, action: 'signed out everywhere', connectionId: null, detail: '' }),
  ]);
  return ended?.meta.changes ?? 0;
}
