/** The diary and the records set aside, as pages and API list them: newest first. */

export interface EventRow {
  readonly id: number;
  readonly atMs: number;
  readonly kind: string;
  readonly severity: 'info' | 'warning' | 'error';
  readonly message: string;
}

export interface SetAsideRow {
  readonly id: number;
  readonly stream: string;
  readonly atMs: number;
  readonly windowStartMs: number | null;
  readonly recordKey: string;
  /** JSON text. */
  readonly record: string;
  readonly httpStatus: number | null;
  readonly reason: string;
  readonly status: 'set aside' | 'sent again';
  readonly resolvedAtMs: number | null;
}

const SET_ASIDE_COLUMNS = `id, stream, at_ms AS atMs, window_start_ms AS windowStartMs, record_key AS recordKey, record,
  http_status AS httpStatus, reason, status, resolved_at_ms AS resolvedAtMs`;

/** Where records set aside come from: the streams to the WFM, and rows of the ACD. */
export const SET_ASIDE_STREAMS = ['agent-states', 'historical', 'agent-activity', 'acd'] as const;

/** What a listing is narrowed to; null: not by this. */
export interface SetAsideFilter {
  readonly status: SetAsideRow['status'] | null;
  readonly stream: (typeof SET_ASIDE_STREAMS)[number] | null;
}

/** Records set aside, newest first, before `beforeId`. */
export async function listSetAside(
  db: D1Database,
  page: SetAsideFilter & { connectionId: number; beforeId: number; limit: number },
): Promise<SetAsideRow[]> {
  const { results } = await db
    .prepare(
      `SELECT ${SET_ASIDE_COLUMNS} FROM set_aside
       WHERE connection_id = ?1 AND id < ?2 AND (?3 IS NULL OR status = ?3) AND (?5 IS NULL OR stream = ?5)
       ORDER BY id DESC LIMIT ?4`,
    )
    .bind(page.connectionId, page.beforeId, page.status, page.limit, page.stream)
    .all<SetAsideRow>();
  return results;
}

export async function readSetAsideRow(db: D1Database, connectionId: number, id: number): Promise<SetAsideRow | null> {
  return db
    .prepare(`SELECT ${SET_ASIDE_COLUMNS} FROM set_aside WHERE connection_id = ?1 AND id = ?2`)
    .bind(connectionId, id)
    .first<SetAsideRow>();
}
