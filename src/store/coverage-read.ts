/** What is known of every interval: collected, waiting or a gap, and how far its reports were delivered. */
import type { Window } from '../domain/interval.ts';

export interface CoverageRow {
  readonly startMs: number;
  readonly status: 'waiting' | 'collected' | 'gap';
  readonly reason: string;
  readonly unconfirmed: boolean;
  readonly revision: number;
  readonly collectedAtMs: number | null;
  readonly readAtMs: number | null;
  readonly nextReadAtMs: number | null;
  readonly queueCount: number;
  readonly offered: number;
  readonly abandoned: number;
  readonly handleTimeMs: number;
  readonly refusedRows: number;
  readonly reports: readonly CoverageReport[];
}

/** The report that carries an interval: a 30-minute report covers two intervals. */
export interface CoverageReport {
  readonly stream: 'historical' | 'agent-activity';
  readonly revision: number;
  readonly deliveredRevision: number;
  readonly recordCount: number;
  readonly heldCount: number;
  readonly setAsideCount: number;
  readonly acceptedAtMs: number | null;
}

interface RawCoverage {
  start_ms: number;
  status: CoverageRow['status'];
  reason: string;
  unconfirmed: number;
  revision: number;
  collected_at_ms: number | null;
  read_at_ms: number | null;
  next_read_at_ms: number | null;
  queue_count: number;
  offered: number;
  abandoned: number;
  handle_time_ms: number;
  refused_rows: number;
}

interface RawReport {
  stream: CoverageReport['stream'];
  start_ms: number;
  end_ms: number;
  revision: number;
  delivered_revision: number;
  record_count: number;
  held_count: number;
  set_aside_count: number;
  accepted_at_ms: number | null;
}

/** Longest report, so that one which began before the first interval of a page is found. */
const LONGEST_REPORT_MS = 30 * 60_000;

/** Intervals of `[startMs, endMs)`, oldest first, after `afterMs`. */
export async function listCoverage(
  db: D1Database,
  page: { connectionId: number; window: Window; afterMs: number | null; limit: number },
): Promise<CoverageRow[]> {
  const fromMs = Math.max(page.window.startMs, page.afterMs === null ? 0 : page.afterMs + 1);
  const ledger = await db
    .prepare(
      `SELECT * FROM interval_ledger WHERE connection_id = ?1 AND start_ms >= ?2 AND start_ms < ?3
       ORDER BY start_ms LIMIT ?4`,
    )
    .bind(page.connectionId, fromMs, page.window.endMs, page.limit)
    .all<RawCoverage>();
  const first = ledger.results[0];
  const last = ledger.results.at(-1);
  if (!first || !last) return [];
  const reports = await db
    .prepare(
      `SELECT stream, start_ms, end_ms, revision, delivered_revision, record_count, held_count, set_aside_count,
              accepted_at_ms
       FROM report WHERE connection_id = ?1 AND start_ms > ?2 AND start_ms <= ?3 ORDER BY start_ms, stream`,
    )
    .bind(page.connectionId, first.start_ms - LONGEST_REPORT_MS, last.start_ms)
    .all<RawReport>();
  return ledger.results.map((row) => toCoverage(row, reports.results));
}

function toCoverage(row: RawCoverage, reports: readonly RawReport[]): CoverageRow {
  return {
    startMs: row.start_ms,
    status: row.status,
    reason: row.reason,
    unconfirmed: row.unconfirmed === 1,
    revision: row.revision,
    collectedAtMs: row.collected_at_ms,
    readAtMs: row.read_at_ms,
    nextReadAtMs: row.next_read_at_ms,
    queueCount: row.queue_count,
    offered: row.offered,
    abandoned: row.abandoned,
    handleTimeMs: row.handle_time_ms,
    refusedRows: row.refused_rows,
    reports: reports
      .filter((report) => report.start_ms <= row.start_ms && row.start_ms < report.end_ms)
      .map((report) => ({
        stream: report.stream,
        revision: report.revision,
        deliveredRevision: report.delivered_revision,
        recordCount: report.record_count,
        heldCount: report.held_count,
        setAsideCount: report.set_aside_count,
        acceptedAtMs: report.accepted_at_ms,
      })),
  };
}
