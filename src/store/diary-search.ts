/** The diary as the Monitor shows it: of one connection or of all, narrowed by severity, kind and time. Newest first. */
import type { EventRow } from './diary-read.ts';

export const SEVERITIES = ['info', 'warning', 'error'] as const;

export interface DiaryFilter {
  /** Null: all connections. */
  readonly connectionId: number | null;
  /** This severity and worse; null: all. */
  readonly severity: EventRow['severity'] | null;
  readonly kind: string | null;
  readonly fromMs: number | null;
  readonly toMs: number | null;
}

export interface DiaryRow extends EventRow {
  readonly connectionId: number | null;
  /** '' where the connection was deleted, or where the entry is about none. */
  readonly connectionName: string;
}

/** Entries that fit, before `beforeId`. */
export async function searchDiary(
  db: D1Database,
  filter: DiaryFilter,
  page: { beforeId: number; limit: number },
): Promise<DiaryRow[]> {
  const severities = filter.severity === null ? SEVERITIES : SEVERITIES.slice(SEVERITIES.indexOf(filter.severity));
  const { results } = await db
    .prepare(
      `SELECT e.id, e.at_ms AS atMs, e.kind, e.severity, e.message, e.connection_id AS connectionId,
              coalesce(c.name, '') AS connectionName
       FROM event e LEFT JOIN connection c ON c.id = e.connection_id
       WHERE e.id < ?1 AND ${filter.connectionId === null ? '?2 IS NULL' : 'e.connection_id = ?2'}
         AND e.severity IN (SELECT value FROM json_each(?3)) AND (?4 IS NULL OR e.kind = ?4)
         AND (?5 IS NULL OR e.at_ms >= ?5) AND (?6 IS NULL OR e.at_ms < ?6)
       ORDER BY e.id DESC LIMIT ?7`,
    )
    .bind(
      page.beforeId,
      filter.connectionId,
      JSON.stringify(severities),
      filter.kind,
      filter.fromMs,
      filter.toMs,
      page.limit,
    )
    .all<DiaryRow>();
  return results;
}

/** How far back kinds are looked up. */
const KINDS_LOOKUP_MAX = 5_000;

/** The kinds of entries of late, for a filter. */
export async function listDiaryKinds(db: D1Database): Promise<string[]> {
  const { results } = await db
    .prepare('SELECT DISTINCT kind FROM (SELECT kind FROM event ORDER BY id DESC LIMIT ?1) ORDER BY kind')
    .bind(KINDS_LOOKUP_MAX)
    .all<{ kind: string }>();
  return results.map(({ kind }) => kind);
}
