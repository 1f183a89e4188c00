/**
 * Coverage as the page shows it: intervals with their historical reports, and contacts per report window. Reads the
 * ledger's rows and the reports of the span that is shown; figures only where their sums are asked for anew or do not hold.
 */
import { type ContactBalance, type IntervalFacts, type WindowFacts, windowBalance } from '../domain/coverage.ts';
import { DAY_MS, INTERVAL_MS, type Window } from '../domain/interval.ts';
import { addUpFigures, type StoredSums, SUMS_HOLD } from './ledger-sums.ts';

/** One interval of the ledger with the historical report that carries it. */
export interface CoverageCell extends IntervalFacts {
  readonly startMs: number;
  readonly reason: string;
  readonly readAtMs: number | null;
  readonly nextReadAtMs: number | null;
  readonly handleTimeMs: number;
  readonly queueCount: number;
  readonly refusedRows: number;
  readonly report: CoverageCellReport | null;
  /** As the ledger keeps them; null where they do not hold: queues were taken in or left out since. */
  readonly sums: StoredSums | null;
}

export interface CoverageCellReport extends Window {
  readonly revision: number;
  readonly deliveredRevision: number;
  readonly acceptedAtMs: number | null;
  readonly recordCount: number;
  readonly setAsideCount: number;
  readonly deliveredContacts: number | null;
}

/** Contacts of one window: an interval, or the two of a 30-minute report. */
export interface WindowContacts {
  readonly startMs: number;
  readonly balance: ContactBalance;
}

/** Longest report: one that began before the span may carry its first interval. */
const LONGEST_REPORT_MS = 2 * INTERVAL_MS;

/** A ledger's row, and a report, as SQL puts them into one text a day: thousands of rows in the answer would take longer. */
const CELL = `json_array(start_ms, status, reason, unconfirmed, revision, collected_at_ms, read_at_ms, next_read_at_ms,
  queue_count, offered, abandoned, handle_time_ms, refused_rows, stored_offered, left_out_offered, ${SUMS_HOLD})`;
type RawCell = readonly [
  startMs: number,
  status: CoverageCell['status'],
  reason: string,
  unconfirmed: number,
  revision: number,
  collectedAtMs: number | null,
  readAtMs: number | null,
  nextReadAtMs: number | null,
  queueCount: number,
  offered: number,
  abandoned: number,
  handleTimeMs: number,
  refusedRows: number,
  stored: number,
  leftOut: number,
  holds: number,
];
const REPORT = `json_array(start_ms, end_ms, revision, delivered_revision, accepted_at_ms, record_count, set_aside_count,
  delivered_contacts)`;
type RawReport = readonly [number, number, number, number, number | null, number, number, number | null];

/** The intervals of a span that the ledger knows, oldest first. */
export async function readCells(db: D1Database, connectionId: number, window: Window): Promise<CoverageCell[]> {
  const gather = (row: string, from: string, { startMs, endMs }: Window) =>
    db
      .prepare(
        `SELECT (SELECT json_group_array(${row}) FROM ${from} connection_id = ?1 AND start_ms >= d.value ->> 0
                 AND start_ms < d.value ->> 1) AS rows FROM json_each(?2) d`,
      )
      .bind(connectionId, JSON.stringify(daysOf({ startMs, endMs })));
  const [ledger, reports] = await db.batch<{ rows: string }>([
    gather(CELL, 'interval_ledger WHERE', window),
    gather(REPORT, "report WHERE stream = 'historical' AND", {
      startMs: window.startMs - LONGEST_REPORT_MS + INTERVAL_MS,
      endMs: window.endMs,
    }),
  ]);
  const byStart = new Map(rowsOf<RawReport>(reports).map((row) => [row[0], reportFrom(row)]));
  return rowsOf<RawCell>(ledger).map((row) => cellFrom(row, reportOf(row[0], byStart)));
}

/** A span in pieces of a day. */
function daysOf({ startMs, endMs }: Window): [number, number][] {
  const pieces: [number, number][] = [];
  for (let fromMs = startMs; fromMs < endMs; fromMs += DAY_MS) pieces.push([fromMs, Math.min(fromMs + DAY_MS, endMs)]);
  return pieces;
}

function rowsOf<T>(answer: D1Result<{ rows: string }> | undefined): T[] {
  return (answer?.results ?? []).flatMap(({ rows }) => JSON.parse(rows) as T[]);
}

function cellFrom(row: RawCell, report: CoverageCellReport | null): CoverageCell {
  const [startMs, status, reason, unconfirmed, revision, collectedAtMs, readAtMs, nextReadAtMs, ...counts] = row;
  const [queueCount, offered, abandoned, handleTimeMs, refusedRows, stored, leftOut, holds] = counts;
  return {
    startMs,
    endMs: startMs + INTERVAL_MS,
    status,
    reason,
    unconfirmed: unconfirmed === 1,
    revision,
    collectedAtMs,
    readAtMs,
    nextReadAtMs,
    queueCount,
    offered,
    abandoned,
    handleTimeMs,
    refusedRows,
    sums: holds === 1 ? { stored, leftOut } : null,
    report,
  };
}

function reportFrom(row: RawReport): CoverageCellReport {
  const [startMs, endMs, revision, deliveredRevision, acceptedAtMs, recordCount, setAsideCount, deliveredContacts] =
    row;
  return { startMs, endMs, revision, deliveredRevision, acceptedAtMs, recordCount, setAsideCount, deliveredContacts };
}

/** The report that carries an interval: its own, or the one of the half hour that it is the second part of. */
function reportOf(startMs: number, byStart: ReadonlyMap<number, CoverageCellReport>): CoverageCellReport | null {
  const before = byStart.get(startMs - INTERVAL_MS);
  return byStart.get(startMs) ?? (before && before.endMs > startMs ? before : null);
}

/**
 * Contacts of the windows of some cells. `anew`: each stored figure is added up for it, whatever the ledger says; else its
 * sums are taken, where they hold.
 */
export async function readContacts(
  db: D1Database,
  connectionId: number,
  cells: readonly CoverageCell[],
  { anew }: { readonly anew: boolean },
): Promise<WindowContacts[]> {
  const asked = cells.filter(({ sums }) => anew || sums === null).map(({ startMs }) => startMs);
  const added = await addUpFigures(db, connectionId, asked);
  const windows = new Map<number, { startMs: number; facts: WindowFacts }>();
  for (const { startMs, offered, report, sums } of cells) {
    const key = report?.startMs ?? startMs;
    const before = windows.get(key)?.facts;
    const sum = added.get(startMs) ?? sums;
    const facts: WindowFacts = {
      source: (before?.source ?? 0) + offered,
      stored: (before?.stored ?? 0) + (sum?.stored ?? 0),
      excluded: (before?.excluded ?? 0) + (sum?.leftOut ?? 0),
      report: report && {
        isWaiting: report.deliveredRevision < report.revision,
        delivered: report.deliveredContacts,
        setAsideCount: report.setAsideCount,
      },
    };
    windows.set(key, { startMs: windows.get(key)?.startMs ?? startMs, facts });
  }
  return [...windows.values()].map(({ startMs, facts }) => ({ startMs, balance: windowBalance(facts) }));
}

/** Where the ledger begins, and the first instant that it does not know yet. Null while it is empty. */
export async function readLedgerSpan(db: D1Database, connectionId: number): Promise<Window | null> {
  const row = await db
    .prepare(
      `SELECT (SELECT min(start_ms) FROM interval_ledger WHERE connection_id = ?1) AS startMs,
              (SELECT max(start_ms) FROM interval_ledger WHERE connection_id = ?1) AS lastMs`,
    )
    .bind(connectionId)
    .first<{ startMs: number | null; lastMs: number | null }>();
  if (!row || row.startMs === null || row.lastMs === null) return null;
  return { startMs: row.startMs, endMs: row.lastMs + INTERVAL_MS };
}
