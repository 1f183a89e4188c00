/** Answers to requests with an Idempotency-Key, kept for 24 hours (src/store/purge.ts removes them). */

export interface PushReceipt {
  readonly requestSha256: string;
  /** JSON. */
  readonly answer: string;
}

const KEPT_MS = 86_400_000;

export async function readReceipt(
  db: D1Database,
  connectionId: number,
  keySha256: string,
  nowMs: number,
): Promise<PushReceipt | null> {
  return await db
    .prepare(
      `SELECT request_sha256 AS requestSha256, answer FROM push_receipt
       WHERE connection_id = ?1 AND key_sha256 = ?2 AND created_at_ms > ?3`,
    )
    .bind(connectionId, keySha256, nowMs - KEPT_MS)
    .first<PushReceipt>();
}

export async function keepReceipt(
  db: D1Database,
  connectionId: number,
  keySha256: string,
  receipt: PushReceipt,
  nowMs: number,
): Promise<void> {
  await db
    .prepare(
      `INSERT INTO push_receipt (connection_id, key_sha256, request_sha256, answer, created_at_ms) VALUES (?1, ?2, ?3, ?4, ?5)
       ON CONFLICT DO UPDATE SET request_sha256 = excluded.request_sha256, answer = excluded.answer,
         created_at_ms = excluded.created_at_ms`,
    )
    .bind(connectionId, keySha256, receipt.requestSha256, receipt.answer, nowMs)
    .run();
}
