/** Backfills and imports of a connection in one list: what was loaded of the past, how far, by whom. */

export const LOAD_KINDS = ['backfill', 'intervals', 'state-changes'] as const;
export type LoadKind = (typeof LOAD_KINDS)[number];
export const LOAD_STATUSES = ['waiting', 'running', 'paused', 'done', 'cancelled'] as const;
export type LoadStatus = (typeof LOAD_STATUSES)[number];

export interface LoadRow {
  readonly kind: LoadKind;
  readonly id: number;
  /** Name of the file; '' for a backfill. */
  readonly fileName: string;
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly status: LoadStatus;
  /** Steps: intervals of a backfill, parts of a file. */
  readonly done: number;
  readonly total: number;
  /** Intervals or rows that were new or differed, and that could not be read. */
  readonly changedCount: number;
  readonly sameCount: number | null;
  readonly failedCount: number;
  readonly error: string;
  readonly createdBy: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly finishedAtMs: number | null;
}

export interface LoadFilter {
  readonly kind: LoadKind | null;
  readonly status: LoadStatus | null;
}

/** Loads created before `beforeMs`, newest first. */
export async function listLoads(
  db: D1Database,
  connectionId: number,
  filter: LoadFilter,
  page: { beforeMs: number; limit: number },
): Promise<LoadRow[]> {
  const { results } = await db
    .prepare(
      `SELECT * FROM (
         SELECT 'backfill' AS kind, id, '' AS fileName, from_ms AS fromMs, to_ms AS toMs, status,
                (to_ms - next_end_ms) / 900000 AS done, (to_ms - from_ms) / 900000 AS total,
                intervals_changed AS changedCount, NULL AS sameCount, intervals_failed AS failedCount, error,
                created_by AS createdBy, created_at_ms AS createdAtMs, updated_at_ms AS updatedAtMs,
                finished_at_ms AS finishedAtMs
         FROM backfill WHERE connection_id = ?1
         UNION ALL
         SELECT kind, id, file_name, from_ms, to_ms, status, next_part, part_count, new_count + changed_count, same_count,
                refused_count, error, created_by, created_at_ms, updated_at_ms, finished_at_ms
         FROM import INDEXED BY import_by_connection WHERE connection_id = ?1 AND status <> 'read')
       WHERE createdAtMs < ?2 AND (?3 IS NULL OR kind = ?3) AND (?4 IS NULL OR status = ?4)
       ORDER BY createdAtMs DESC, kind, id DESC LIMIT ?5`,
    )
    .bind(connectionId, page.beforeMs, filter.kind, filter.status, page.limit)
    .all<LoadRow>();
  return results;
}

/** Loads that are not over, oldest first: the order in which they are worked on. */
export async function listOpenLoads(db: D1Database, connectionId: number): Promise<LoadRow[]> {
  const rows = await listLoads(
    db,
    connectionId,
    { kind: null, status: null },
    { beforeMs: Number.MAX_SAFE_INTEGER, limit: 200 },
  );
  return rows.filter(({ status }) => status !== 'done' && status !== 'cancelled').reverse();
}
