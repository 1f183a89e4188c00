/** Files of past facts: held until somebody confirms them, then stored part by part by the connection's loop. */
import type { ImportKind, RefusedLine } from '../domain/import-file.ts';
import { recordAuditIfChanged } from './audit.ts';
import type { StoredFigures } from './queue-intervals.ts';

export const IMPORT_STATUSES = ['read', 'waiting', 'running', 'done', 'cancelled'] as const;
export type ImportStatus = (typeof IMPORT_STATUSES)[number];

export interface ImportRow {
  readonly id: number;
  readonly kind: ImportKind;
  readonly fileName: string;
  readonly sha256: string;
  /** read: shown, not confirmed. */
  readonly status: ImportStatus;
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly rowCount: number;
  readonly refusedCount: number;
  /** The first refused lines. */
  readonly refused: readonly RefusedLine[];
  readonly remarks: readonly string[];
  readonly newCount: number;
  readonly changedCount: number;
  readonly sameCount: number;
  readonly partCount: number;
  readonly nextPart: number;
  readonly error: string;
  readonly createdBy: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly finishedAtMs: number | null;
}

/** Queue figures of a part: [queue key, start, offered, abandoned, handle time in ms]. */
export type FiguresRow = readonly [
  queueKey: number,
  startMs: number,
  offered: number,
  abandoned: number,
  handleTimeMs: number,
];
/** What a row of a part says. A file tells the three figures that every source has, and nothing beyond them. */
export const figuresOfRow = ([queueKey, startMs, offered, abandoned, handleTimeMs]: FiguresRow): StoredFigures => ({
  queueKey,
  startMs,
  offered,
  abandoned,
  handleTimeMs,
  inferred: false,
});

/** A state change of a part; state '' is "not known from here on". */
export type ChangeRow = readonly [agentKey: number, atMs: number, state: string, reason: string];

/** What one step of an import stores. */
export type ImportPart =
  | { readonly kind: 'figures'; readonly rows: readonly FiguresRow[] }
  | { readonly kind: 'changes'; readonly rows: readonly ChangeRow[] }
  /** Interval starts whose reports follow from changes stored before. */
  | { readonly kind: 'windows'; readonly rows: readonly number[] };

const COLUMNS = `id, kind, file_name AS fileName, sha256, status, from_ms AS fromMs, to_ms AS toMs, row_count AS rowCount,
  refused_count AS refusedCount, refused, remarks, new_count AS newCount, changed_count AS changedCount,
  same_count AS sameCount, part_count AS partCount, next_part AS nextPart, error, created_by AS createdBy,
  created_at_ms AS createdAtMs, updated_at_ms AS updatedAtMs, finished_at_ms AS finishedAtMs`;

type RawImport = Omit<ImportRow, 'refused' | 'remarks'> & { refused: string; remarks: string };

const toImport = ({ refused, remarks, ...row }: RawImport): ImportRow => ({
  ...row,
  refused: (JSON.parse(refused) as [number, string][]).map(([line, reason]) => ({ line, reason })),
  remarks: JSON.parse(remarks) as string[],
});

/** Refused lines that are kept with an import. */
export const REFUSED_KEPT_MAX = 500;

/** Holds a file that was read, for its preview; the new row. Nothing of it is stored as fact. */
export async function holdImport(
  db: D1Database,
  file: {
    connectionId: number;
    kind: ImportKind;
    fileName: string;
    sha256: string;
    span: { fromMs: number; toMs: number } | null;
    rowCount: number;
    refused: readonly RefusedLine[];
    remarks: readonly string[];
    outcome: { added: number; changed: number; same: number };
    parts: readonly ImportPart[];
    by: string;
    nowMs: number;
  },
): Promise<ImportRow> {
  const inserted = await db
    .prepare(
      `INSERT INTO import (connection_id, kind, file_name, sha256, status, from_ms, to_ms, row_count, refused_count, refused,
              remarks, new_count, changed_count, same_count, part_count, created_by, created_at_ms, updated_at_ms)
       VALUES (?1, ?2, ?3, ?4, 'read', ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?16) RETURNING ${COLUMNS}`,
    )
    .bind(
      file.connectionId,
      file.kind,
      file.fileName.slice(0, 200),
      file.sha256,
      file.span?.fromMs ?? null,
      file.span?.toMs ?? null,
      file.rowCount,
      file.refused.length,
      JSON.stringify(file.refused.slice(0, REFUSED_KEPT_MAX).map(({ line, reason }) => [line, reason])),
      JSON.stringify(file.remarks),
      file.outcome.added,
      file.outcome.changed,
      file.outcome.same,
      file.parts.length,
      file.by,
      file.nowMs,
    )
    .first<RawImport>();
  if (!inserted) throw new Error('The database stored an import and returned none.');
  for (const [part, rows] of file.parts.entries()) {
    await db
      .prepare('INSERT INTO import_part (import_id, part, rows) VALUES (?1, ?2, ?3)')
      .bind(inserted.id, part, JSON.stringify(rows))
      .run();
  }
  return toImport(inserted);
}

/** Imports of a connection, newest first, before `beforeId`; those that were never confirmed are left out. */
export async function listImports(
  db: D1Database,
  page: { connectionId: number; beforeId: number; limit: number },
): Promise<ImportRow[]> {
  const { results } = await db
    .prepare(
      `SELECT ${COLUMNS} FROM import INDEXED BY import_by_connection
       WHERE connection_id = ?1 AND id < ?2 AND status <> 'read' ORDER BY id DESC LIMIT ?3`,
    )
    .bind(page.connectionId, page.beforeId, page.limit)
    .all<RawImport>();
  return results.map(toImport);
}

export async function readImport(db: D1Database, connectionId: number, id: number): Promise<ImportRow | null> {
  const row = await db
    .prepare(`SELECT ${COLUMNS} FROM import WHERE connection_id = ?1 AND id = ?2`)
    .bind(connectionId, id)
    .first<RawImport>();
  return row && toImport(row);
}

/** Lets a file that was read be stored. False when it is not there to be confirmed any more. */
export async function confirmImport(
  db: D1Database,
  change: { connectionId: number; id: number; nowMs: number; by: string; detail: string },
): Promise<boolean> {
  const { connectionId, id, nowMs, by, detail } = change;
  const [confirmed] = await db.batch([
    db
      .prepare(
        `UPDATE import SET status = 'waiting', updated_at_ms = ?3 WHERE connection_id = ?1 AND id = ?2 AND status = 'read'`,
      )
      .bind(connectionId, id, nowMs),
    recordAuditIfChanged(db, { by, atMs: nowMs, action: 'import confirmed', connectionId, detail }),
  ]);
  return (confirmed?.meta.changes ?? 0) > 0;
}

/** Ends an import; what was stored of it stays. One that was never confirmed leaves no trace. False: it was over already. */
export async function cancelImport(
  db: D1Database,
  change: { connectionId: number; id: number; nowMs: number; by: string; detail: string },
): Promise<boolean> {
  const { connectionId, id, nowMs, by, detail } = change;
  const bound = [connectionId, id] as const;
  const [discarded, , cancelled] = await db.batch([
    db.prepare(`DELETE FROM import WHERE connection_id = ?1 AND id = ?2 AND status = 'read'`).bind(...bound),
    db
      .prepare(
        `DELETE FROM import_part WHERE import_id = (SELECT id FROM import
           WHERE connection_id = ?1 AND id = ?2 AND status IN ('waiting', 'running'))`,
      )
      .bind(...bound),
    db
      .prepare(
        `UPDATE import SET status = 'cancelled', updated_at_ms = ?3, finished_at_ms = ?3
         WHERE connection_id = ?1 AND id = ?2 AND status IN ('waiting', 'running')`,
      )
      .bind(...bound, nowMs),
    recordAuditIfChanged(db, { by, atMs: nowMs, action: 'import cancelled', connectionId, detail }),
  ]);
  return (discarded?.meta.changes ?? 0) + (cancelled?.meta.changes ?? 0) > 0;
}

/** The first rows of a file that was read, with the names of what their keys stand for. */
export async function readImportSample(
  db: D1Database,
  row: Pick<ImportRow, 'id' | 'kind'>,
  rowsMax: number,
): Promise<{ part: ImportPart | null; names: Map<number, string> }> {
  const raw = await db
    .prepare('SELECT rows FROM import_part WHERE import_id = ?1 AND part = 0')
    .bind(row.id)
    .first<{ rows: string }>();
  if (!raw) return { part: null, names: new Map() };
  const whole = JSON.parse(raw.rows) as ImportPart;
  if (whole.kind === 'windows') return { part: null, names: new Map() };
  const part: ImportPart =
    whole.kind === 'figures'
      ? { kind: 'figures', rows: whole.rows.slice(0, rowsMax) }
      : { kind: 'changes', rows: whole.rows.slice(0, rowsMax) };
  const keys = JSON.stringify([...new Set(part.rows.map(([key]) => key))]);
  const { results } = await db
    .prepare(
      row.kind === 'intervals'
        ? 'SELECT id, name, source_id AS sourceId FROM queue WHERE id IN (SELECT value FROM json_each(?1))'
        : 'SELECT id, name, source_id AS sourceId FROM agent WHERE id IN (SELECT value FROM json_each(?1))',
    )
    .bind(keys)
    .all<{ id: number; name: string; sourceId: string }>();
  return { part, names: new Map(results.map(({ id, name, sourceId }) => [id, name || sourceId])) };
}

/** The import to work on and its next part: the oldest that is confirmed. */
export async function readOpenImport(
  db: D1Database,
  connectionId: number,
): Promise<{ row: ImportRow; part: ImportPart | null } | null> {
  const raw = await db
    .prepare(
      `SELECT ${COLUMNS} FROM import INDEXED BY import_open
       WHERE connection_id = ?1 AND status IN ('waiting', 'running') ORDER BY id LIMIT 1`,
    )
    .bind(connectionId)
    .first<RawImport>();
  if (!raw) return null;
  const part = await db
    .prepare('SELECT rows FROM import_part WHERE import_id = ?1 AND part = ?2')
    .bind(raw.id, raw.nextPart)
    .first<{ rows: string }>();
  return { row: toImport(raw), part: part && (JSON.parse(part.rows) as ImportPart) };
}

/** Statements that note a part as stored; after the last one the import is done and its rows go. */
export function advanceImport(
  db: D1Database,
  { id, nextPart }: Pick<ImportRow, 'id' | 'nextPart'>,
  counts: { added: number; changed: number; same: number },
  nowMs: number,
): D1PreparedStatement[] {
  return [
    db
      .prepare(
        // The first part puts what happened in the place of what was foreseen.
        `UPDATE import SET next_part = next_part + 1, updated_at_ms = ?6,
           new_count = CASE WHEN ?2 = 0 THEN 0 ELSE new_count END + ?3,
           changed_count = CASE WHEN ?2 = 0 THEN 0 ELSE changed_count END + ?4,
           same_count = CASE WHEN ?2 = 0 THEN 0 ELSE same_count END + ?5,
           status = CASE WHEN next_part + 1 >= part_count THEN 'done' ELSE 'running' END,
           finished_at_ms = CASE WHEN next_part + 1 >= part_count THEN ?6 END
         WHERE id = ?1 AND next_part = ?2 AND status IN ('waiting', 'running')`,
      )
      .bind(id, nextPart, counts.added, counts.changed, counts.same, nowMs),
    db.prepare('DELETE FROM import_part WHERE import_id = ?1 AND part <= ?2').bind(id, nextPart),
  ];
}

/** Ends an import that holds no rows at all, or whose rows are gone. */
export function finishImport(db: D1Database, id: number, nowMs: number): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE import SET status = 'done', next_part = part_count, updated_at_ms = ?2, finished_at_ms = ?2
       WHERE id = ?1 AND status IN ('waiting', 'running')`,
    )
    .bind(id, nowMs);
}

/** Removes files that were read before `beforeMs` and never confirmed. */
export async function dropUnconfirmed(db: D1Database, beforeMs: number): Promise<void> {
  await db.prepare(`DELETE FROM import WHERE status = 'read' AND created_at_ms < ?1`).bind(beforeMs).run();
}
