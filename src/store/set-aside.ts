/** Records refused for good, kept with the reason: by the WFM, or by the bridge where the ACD's row made no sense. */
import type { Stream } from '../wfm/wfm.ts';
import { jsonParts, rowsOfParts } from './json-parts.ts';

export interface SetAsideRecord {
  readonly stream: Stream | 'acd';
  readonly atMs: number;
  readonly windowStartMs: number | null;
  readonly recordKey: string;
  readonly record: unknown;
  readonly httpStatus: number | null;
  readonly reason: string;
}

/** Statement that sets records aside; one that is there already keeps its place and takes the newer reason. */
export function setAside(
  db: D1Database,
  connectionId: number,
  records: readonly SetAsideRecord[],
): D1PreparedStatement {
  const parts = jsonParts(
    records.map((r) => ({
      ...r,
      recordKey: r.recordKey.slice(0, 300),
      record: JSON.stringify(r.record),
      reason: r.reason.slice(0, 500),
    })),
  );
  return db
    .prepare(
      `INSERT INTO set_aside (connection_id, stream, at_ms, window_start_ms, record_key, record, http_status, reason)
       SELECT ?1, value ->> 'stream', value ->> 'atMs', value ->> 'windowStartMs', value ->> 'recordKey', value ->> 'record',
              value ->> 'httpStatus', value ->> 'reason'
       FROM ${rowsOfParts(parts.length, 2)} WHERE true
       ON CONFLICT (connection_id, stream, record_key, at_ms) DO UPDATE SET reason = excluded.reason,
         http_status = excluded.http_status, status = 'set aside', resolved_at_ms = NULL`,
    )
    .bind(connectionId, ...parts);
}

/** State events that a user asked to send again. */
export async function readSetAside(
  db: D1Database,
  connectionId: number,
  id: number,
): Promise<(SetAsideRecord & { id: number; status: string }) | null> {
  const row = await db
    .prepare(
      `SELECT id, stream, at_ms AS atMs, window_start_ms AS windowStartMs, record_key AS recordKey, record,
              http_status AS httpStatus, reason, status FROM set_aside WHERE connection_id = ?1 AND id = ?2`,
    )
    .bind(connectionId, id)
    .first<SetAsideRecord & { id: number; status: string; record: string }>();
  return row ? { ...row, record: JSON.parse(row.record) as unknown } : null;
}

/** Statement that marks a record as sent after all. */
export function resolveSetAside(db: D1Database, connectionId: number, id: number, nowMs: number): D1PreparedStatement {
  return db
    .prepare(`UPDATE set_aside SET status = 'sent again', resolved_at_ms = ?3 WHERE connection_id = ?1 AND id = ?2`)
    .bind(connectionId, id, nowMs);
}
