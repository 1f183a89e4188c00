/**
 * Stores figures of queues that somebody gave (a file, a push) rather than the ACD when it was asked: what is equal is not
 * written, what differs raises the revision, and the reports of changed windows wait to be sent.
 */
import { floorToGrid, MINUTE_MS, windowStarts } from '../domain/interval.ts';
import {
  compareFigures,
  confirmIntervals,
  countReportedQueues,
  enterImportedIntervals,
  type Outcome,
  readSettling,
} from '../store/import-facts.ts';
import { type StoredFigures, saveFigures } from '../store/queue-intervals.ts';
import { raiseReports } from '../store/reports.ts';
import type { BridgeDeps, Session } from './session.ts';
import { nextReadAtMs } from './store-intervals.ts';

/** Statements for a batch that its caller guards, and what they change. */
export interface FiguresStep {
  readonly statements: readonly D1PreparedStatement[];
  readonly counts: Outcome;
  /** Starts of the intervals that change. */
  readonly starts: readonly number[];
}

/** What storing `rows` takes. `incompleteStarts`: intervals of which the ACD says that its figures are not complete. */
export async function stepOfFigures(
  deps: BridgeDeps,
  session: Session,
  rows: readonly StoredFigures[],
  incompleteStarts: ReadonlySet<number> = new Set(),
): Promise<FiguresStep> {
  const { db } = deps;
  const { connectionId } = session;
  const nowMs = deps.clock.nowMs();
  const { differing, ...counts } = await compareFigures(db, connectionId, rows);
  const starts = [...new Set(differing.map(({ startMs }) => startMs))];
  const confirmed = [...new Set(rows.map(({ startMs }) => startMs))].filter((start) => !incompleteStarts.has(start));
  const confirm = confirmIntervals(db, connectionId, confirmed);
  if (differing.length === 0) return { statements: [confirm], counts, starts };
  const isAsked = session.config.acd.readQueueIntervals !== null;
  const intervals = starts.map((startMs) => ({
    startMs,
    nextReadAtMs: isAsked ? nextReadAtMs(session, startMs, nowMs) : null,
    isIncomplete: incompleteStarts.has(startMs),
  }));
  return {
    statements: [
      ...saveFigures(db, connectionId, differing, nowMs),
      ...enterImportedIntervals(db, connectionId, intervals, nowMs),
      confirm,
      ...(await waitingReports(deps, session, starts, differing)),
    ],
    counts,
    starts,
  };
}

/** Statements that make the historical reports of changed intervals wait; a window of two intervals needs both. */
export async function waitingReports(
  { db, clock }: BridgeDeps,
  { connectionId, config }: Session,
  starts: readonly number[],
  rows: readonly StoredFigures[],
): Promise<D1PreparedStatement[]> {
  const lengthMs = config.settings.collection.reportMinutes * MINUTE_MS;
  const windows = [...new Set(starts.map((startMs) => floorToGrid(startMs, lengthMs)))];
  const intervalsOf = (startMs: number) => windowStarts({ startMs, endMs: startMs + lengthMs });
  const ledger = await readSettling(db, connectionId, windows.flatMap(intervalsOf));
  const changed = new Set(starts);
  const whole = windows.filter((startMs) =>
    intervalsOf(startMs).every((start) => changed.has(start) || ledger.get(start)?.isSettled === true),
  );
  const queues = await countReportedQueues(db, connectionId, whole, lengthMs, rows);
  const reports = whole.map((startMs) => ({
    startMs,
    endMs: startMs + lengthMs,
    recordCount: queues.get(startMs) ?? 0,
  }));
  return raiseReports(db, connectionId, 'historical', reports, clock.nowMs());
}
