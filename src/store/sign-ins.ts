/** What must outlive a restart about sign-ins: refused credentials, and how the ACD wants its token. */
import type { SignInMemory, SignInRecord } from '../runtime.ts';

export function signInMemory(db: D1Database, connectionId: number): SignInMemory {
  return {
    async read(fingerprint) {
      return await db
        .prepare(
          `SELECT blocked_until_ms AS blockedUntilMs, refused_count AS refusedCount, refused_reason AS refusedReason, scheme
           FROM sign_in WHERE connection_id = ?1 AND fingerprint = ?2`,
        )
        .bind(connectionId, fingerprint)
        .first<SignInRecord>();
    },
    async write(fingerprint, record) {
      await db
        .prepare(
          `INSERT INTO sign_in (connection_id, fingerprint, blocked_until_ms, refused_count, refused_reason, scheme)
           VALUES (?1, ?2, ?3, ?4, ?5, ?6)
           ON CONFLICT DO UPDATE SET blocked_until_ms = excluded.blocked_until_ms, refused_count = excluded.refused_count,
             refused_reason = excluded.refused_reason, scheme = excluded.scheme`,
        )
        .bind(
          connectionId,
          fingerprint,
          record.blockedUntilMs,
          record.refusedCount,
          record.refusedReason.slice(0, 500),
          record.scheme,
        )
        .run();
    },
  };
}

/** Lets sign-ins that nobody answered be tried again at once: somebody has asked for it. Refused ones stay blocked. */
export async function allowUnansweredSignIns(db: D1Database, connectionId: number): Promise<void> {
  await db
    .prepare(
      `UPDATE sign_in SET blocked_until_ms = 1
       WHERE connection_id = ?1 AND blocked_until_ms > 1 AND refused_reason = ''`,
    )
    .bind(connectionId)
    .run();
}
