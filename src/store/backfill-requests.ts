/** Backfills as people ask for, watch, pause and cancel them. The job that works them off keeps its own statements. */
import { INTERVAL_MS } from '../domain/interval.ts';
import { recordAudit, recordAuditIfChanged } from './audit.ts';

export const BACKFILL_STATUSES = ['waiting', 'running', 'paused', 'cancelled', 'done'] as const;
export type BackfillStatus = (typeof BACKFILL_STATUSES)[number];

export interface BackfillRow {
  readonly id: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** End of what is still to be loaded: it goes from `toMs` down to `fromMs`. */
  readonly nextEndMs: number;
  readonly status: BackfillStatus;
  readonly intervalsChanged: number;
  readonly intervalsFailed: number;
  readonly error: string;
  readonly createdBy: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly finishedAtMs: number | null;
}

const COLUMNS = `id, from_ms AS fromMs, to_ms AS toMs, next_end_ms AS nextEndMs, status,
  intervals_changed AS intervalsChanged, intervals_failed AS intervalsFailed, error, created_by AS createdBy,
  created_at_ms AS createdAtMs, updated_at_ms AS updatedAtMs, finished_at_ms AS finishedAtMs`;

/** How many intervals a backfill has to load and has loaded. */
export function backfillProgress(row: Pick<BackfillRow, 'fromMs' | 'toMs' | 'nextEndMs'>): {
  total: number;
  done: number;
} {
  return { total: (row.toMs - row.fromMs) / INTERVAL_MS, done: (row.toMs - row.nextEndMs) / INTERVAL_MS };
}

/** Stores a backfill of `[fromMs, toMs)`, both on the grid, with a diary entry; the new row. */
export async function createBackfill(
  db: D1Database,
  request: { connectionId: number; fromMs: number; toMs: number; nowMs: number; by: string },
): Promise<BackfillRow | null> {
  const { connectionId, fromMs, toMs, nowMs, by } = request;
  const range = `${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()}`;
  const [inserted] = await db.batch<BackfillRow>([
    db
      .prepare(
        `INSERT INTO backfill (connection_id, from_ms, to_ms, next_end_ms, status, created_by, created_at_ms, updated_at_ms)
         VALUES (?1, ?2, ?3, ?3, 'waiting', ?4, ?5, ?5) RETURNING ${COLUMNS}`,
      )
      .bind(connectionId, fromMs, toMs, by, nowMs),
    db
      .prepare(
        `INSERT INTO event (connection_id, at_ms, kind, severity, message) VALUES (?1, ?2, 'backfill asked for', 'info', ?3)`,
      )
      .bind(connectionId, nowMs, `A backfill of ${range} was asked for by ${by}.`),
    recordAudit(db, { by, atMs: nowMs, action: 'backfill asked for', connectionId, detail: `${range}.` }),
  ]);
  return inserted?.results[0] ?? null;
}

/** Backfills, newest first, before `beforeId`. */
export async function listBackfills(
  db: D1Database,
  page: { connectionId: number; beforeId: number; limit: number },
): Promise<BackfillRow[]> {
  const { results } = await db
    .prepare(`SELECT ${COLUMNS} FROM backfill WHERE connection_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3`)
    .bind(page.connectionId, page.beforeId, page.limit)
    .all<BackfillRow>();
  return results;
}

export async function readBackfill(db: D1Database, connectionId: number, id: number): Promise<BackfillRow | null> {
  return db
    .prepare(`SELECT ${COLUMNS} FROM backfill WHERE connection_id = ?1 AND id = ?2`)
    .bind(connectionId, id)
    .first<BackfillRow>();
}

/** From which states an order may be given, and what it leads to. */
const ORDERS = {
  pause: { from: ['waiting', 'running'], to: 'paused', done: 'paused' },
  resume: { from: ['paused'], to: 'waiting', done: 'resumed' },
  cancel: { from: ['waiting', 'running', 'paused'], to: 'cancelled', done: 'cancelled' },
} as const;
export type BackfillOrder = keyof typeof ORDERS;

/** Carries out an order; false when the backfill is not in a state that allows it (or does not exist). */
export async function orderBackfill(
  db: D1Database,
  change: { connectionId: number; id: number; order: BackfillOrder; nowMs: number; by: string },
): Promise<boolean> {
  const { connectionId, id, order, nowMs, by } = change;
  const { from, to, done } = ORDERS[order];
  const [result] = await db.batch([
    db
      .prepare(
        `UPDATE backfill SET status = ?3, updated_at_ms = ?4,
         finished_at_ms = CASE WHEN ?3 = 'cancelled' THEN ?4 ELSE finished_at_ms END
       WHERE connection_id = ?1 AND id = ?2 AND status IN (SELECT value FROM json_each(?5))`,
      )
      .bind(connectionId, id, to, nowMs, JSON.stringify(from)),
    recordAuditIfChanged(db, { by, atMs: nowMs, action: `backfill ${done}`, connectionId, detail: `Backfill ${id}.` }),
  ]);
  return (result?.meta.changes ?? 0) > 0;
}
