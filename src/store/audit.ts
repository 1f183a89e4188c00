/** The audit: every change by a person or a script, by whom and when. It outlives the connections it speaks of. */

export interface AuditEntry {
  /** Who, as `identity.by` has it. */
  readonly by: string;
  readonly atMs: number;
  /** The kind of change in a few words, the same for the same kind: "settings changed". */
  readonly action: string;
  /** Null: about no single connection. */
  readonly connectionId: number | null;
  /** A sentence of facts without secrets; '' where the action says it all. */
  readonly detail: string;
}

const DETAIL_CHARS_MAX = 2_000;

/** Statement that writes one entry: put it into the batch of the change, so that neither is there without the other. */
export function recordAudit(db: D1Database, entry: AuditEntry): D1PreparedStatement {
  return prepared(db, entry, '');
}

/**
 * The same, for a change that may turn out to change nothing: writes only when the statement just before it in the batch
 * changed a row.
 */
export function recordAuditIfChanged(db: D1Database, entry: AuditEntry): D1PreparedStatement {
  return prepared(db, entry, 'WHERE changes() > 0');
}

function prepared(db: D1Database, entry: AuditEntry, condition: string): D1PreparedStatement {
  const { by, atMs, action, connectionId, detail } = entry;
  return db
    .prepare(`INSERT INTO audit (at_ms, by, action, connection_id, detail) SELECT ?1, ?2, ?3, ?4, ?5 ${condition}`)
    .bind(atMs, by, action, connectionId, detail.slice(0, DETAIL_CHARS_MAX));
}

export interface AuditRow extends AuditEntry {
  readonly id: number;
}

/** What a listing is narrowed to; null: not by this. */
export interface AuditFilter {
  readonly connectionId: number | null;
  readonly action: string | null;
  /** Part of the name of who changed it. */
  readonly by: string | null;
  /** `[fromMs, toMs)`. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
}

/** Entries before `beforeId`, newest first. */
export async function listAudit(
  db: D1Database,
  filter: AuditFilter,
  page: { beforeId: number; limit: number },
): Promise<AuditRow[]> {
  const { connectionId, action, by, fromMs, toMs } = filter;
  const { results } = await db
    .prepare(
      `SELECT id, at_ms AS atMs, by, action, connection_id AS connectionId, detail FROM audit
       WHERE id < ?1 AND (?2 IS NULL OR connection_id = ?2) AND (?3 IS NULL OR action = ?3)
         AND (?4 IS NULL OR instr(lower(by), lower(?4)) > 0) AND (?5 IS NULL OR at_ms >= ?5) AND (?6 IS NULL OR at_ms < ?6)
       ORDER BY id DESC LIMIT ?7`,
    )
    .bind(page.beforeId, connectionId, action, by, fromMs, toMs, page.limit)
    .all<AuditRow>();
  return results;
}

/** The kinds of change that there are entries of. */
export async function listAuditActions(db: D1Database): Promise<string[]> {
  const { results } = await db
    .prepare('SELECT DISTINCT action FROM audit ORDER BY action LIMIT 200')
    .all<{ action: string }>();
  return results.map(({ action }) => action);
}
