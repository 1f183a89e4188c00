/**
 * Turns one answer about a window into stored figures, ledger entries and reports that wait, as one batch. What is equal
 * to what is stored is not written again; what differs raises the revision; silence is not zero.
 */
import type { QueueIntervalAnswer, RefusedRow } from '../acd/acd.ts';
import { acdTraits } from '../acd/registry.ts';
import { floorToGrid, HOUR_MS, INTERVAL_MS, MINUTE_MS, type Window, windowStarts } from '../domain/interval.ts';
import type { QueueInterval } from '../domain/queue-interval.ts';
import { addEvent } from '../store/events.ts';
import { guardLease } from '../store/lease.ts';
import { isSettled, type LedgerEntry, type LedgerReading, readLedger, saveReadings } from '../store/ledger.ts';
import { addSeenQueues, type MappedQueue, readQueues } from '../store/mapping.ts';
import { readFigures, type StoredFigures, saveFigures } from '../store/queue-intervals.ts';
import { raiseReports, readReport } from '../store/reports.ts';
import { type SetAsideRecord, setAside } from '../store/set-aside.ts';
import { wasAnybodySignedIn } from '../store/state-changes.ts';
import { readFirstLookMs } from '../store/state-log.ts';
import type { BridgeDeps, Session } from './session.ts';

/** A mean handle time above this looks like milliseconds taken for seconds (contracts/nextiva-ncc.md). */
const PLAUSIBLE_HANDLE_TIME_MS = 4 * HOUR_MS;

/** Stores the answer for `window`. Returns how many intervals brought figures that are new or differ. */
export async function storeIntervals(
  deps: BridgeDeps,
  session: Session,
  window: Window,
  answer: QueueIntervalAnswer,
): Promise<{ changed: number }> {
  const { connectionId } = session;
  const queues = await knownQueues(deps, session, answer.intervals);
  const silent = answer.intervals.length === 0 && answer.refused.length === 0;
  const silence = silent ? await suspicionOf(deps, session, window) : null;
  const unconfirmed = silence !== null;
  const rows = unconfirmed ? [] : figuresOf(answer, window, queues);
  const ledger = await readLedger(deps.db, connectionId, window);
  const known = [...ledger.values()].some(({ revision }) => revision > 0);
  const stored = new Map(
    (known ? await readFigures(deps.db, connectionId, window) : []).map((row) => [rowKey(row), row]),
  );
  const differing = stored.size === 0 ? rows : rows.filter((row) => differs(row, stored.get(rowKey(row))));
  const readings = windowStarts(window).map((startMs) =>
    readingOf(session, startMs, answer, rows, differing, ledger.get(startMs), unconfirmed),
  );
  const changedStarts = readings.filter(({ startMs, revision }) => revision > (ledger.get(startMs)?.revision ?? 0));
  const changed = new Set(changedStarts.map(({ startMs }) => startMs));
  const windows =
    silence === 'signed in'
      ? await windowsOfTimesAlone(deps, session, readings)
      : reportWindows(session, changedStarts);
  const statements = [
    guardLease(deps.db, session),
    ...saveFigures(deps.db, connectionId, differing, answer.arrivedAtMs),
    saveReadings(deps.db, connectionId, readings),
    ...(await waitingReports(deps, session, windows, changed, readings, rows)),
    ...remarks(deps, session, window, answer, readings, ledger),
  ];
  await deps.db.batch(statements);
  return { changed: changedStarts.length };
}

/** The connection's queues by every id that the answer may use; queues never heard of are noted first. */
async function knownQueues(
  deps: BridgeDeps,
  session: Session,
  intervals: readonly QueueInterval[],
): Promise<Map<string, MappedQueue>> {
  const byName = nameQueues(session.config.queues);
  const unknown = new Map<string, { sourceId: string; name: string }>();
  for (const { queueId, queueName } of intervals) {
    if (!byName.has(queueId)) unknown.set(queueId, { sourceId: queueId, name: queueName });
  }
  if (unknown.size === 0) return byName;
  await addSeenQueues(deps.db, session.connectionId, [...unknown.values()], deps.clock.nowMs());
  const queues = await readQueues(deps.db, session.connectionId);
  session.config = { ...session.config, queues };
  return nameQueues(queues);
}

function nameQueues(queues: readonly MappedQueue[]): Map<string, MappedQueue> {
  const byName = new Map<string, MappedQueue>();
  for (const queue of queues) if (queue.aliasId) byName.set(queue.aliasId, queue);
  for (const queue of queues) byName.set(queue.sourceId, queue);
  return byName;
}

/**
 * Why an answer without any row cannot be taken for quiet: somebody was signed in, or the bridge cannot know, because it
 * was not looking then. Null when it can.
 */
async function suspicionOf(
  deps: BridgeDeps,
  session: Session,
  window: Window,
): Promise<'signed in' | 'not looking' | null> {
  if (await wasAnybodySignedIn(deps.db, session.connectionId, window)) return 'signed in';
  const firstLookMs = await readFirstLookMs(deps.db, session.connectionId);
  return firstLookMs === null || firstLookMs > window.startMs ? 'not looking' : null;
}

/** Rows to store: what the answer says, and zeros for each listed queue that it leaves out. */
function figuresOf(
  answer: QueueIntervalAnswer,
  window: Window,
  queues: ReadonlyMap<string, MappedQueue>,
): StoredFigures[] {
  const rows = new Map<string, StoredFigures>();
  for (const { queueId, startMs, offered, abandoned, handleTimeMs } of answer.intervals) {
    const queue = queues.get(queueId);
    if (!queue) throw new Error(`Queue ${queueId} was not stored.`);
    const row = { queueKey: queue.key, startMs, offered, abandoned, handleTimeMs, inferred: false };
    rows.set(rowKey(row), row);
  }
  // Rows that could not be read may have been about any queue: then nothing is inferred.
  if (answer.refused.length > 0) return [...rows.values()];
  for (const queue of new Set(queues.values())) {
    if (!queue.listed) continue;
    for (const startMs of windowStarts(window)) {
      const key = rowKey({ queueKey: queue.key, startMs });
      if (rows.has(key)) continue;
      rows.set(key, { queueKey: queue.key, startMs, offered: 0, abandoned: 0, handleTimeMs: 0, inferred: true });
    }
  }
  return [...rows.values()];
}

const rowKey = (row: { queueKey: number; startMs: number }) => `${row.startMs}/${row.queueKey}`;

function differs(row: StoredFigures, stored: StoredFigures | undefined): boolean {
  if (!stored) return true;
  return (
    row.offered !== stored.offered ||
    row.abandoned !== stored.abandoned ||
    row.handleTimeMs !== stored.handleTimeMs ||
    (stored.inferred && !row.inferred)
  );
}

function readingOf(
  session: Session,
  startMs: number,
  answer: QueueIntervalAnswer,
  rows: readonly StoredFigures[],
  differing: readonly StoredFigures[],
  before: LedgerEntry | undefined,
  unconfirmed: boolean,
): LedgerReading {
  const own = rows.filter((row) => row.startMs === startMs);
  const changed = differing.some((row) => row.startMs === startMs);
  const revisionBefore = before?.revision ?? 0;
  // An empty answer takes nothing back from an interval that had figures.
  const empty = unconfirmed && revisionBefore === 0;
  const first = revisionBefore === 0 && !unconfirmed;
  const sum = (pick: (row: StoredFigures) => number) => own.reduce((total, row) => total + pick(row), 0);
  return {
    startMs,
    status: 'collected',
    reason: empty ? 'The ACD answered without any row, which may be silence and not zero.' : '',
    unconfirmed: empty,
    revision: revisionBefore + (first || changed ? 1 : 0),
    readAtMs: answer.arrivedAtMs,
    nextReadAtMs: nextReadAtMs(session, startMs, answer.arrivedAtMs),
    queueCount: own.length,
    offered: sum((row) => row.offered),
    abandoned: sum((row) => row.abandoned),
    handleTimeMs: sum((row) => row.handleTimeMs),
    refusedRows: answer.refused.length,
  };
}

/** When an interval is read next, given that it was read at `nowMs`: the first planned reading after that, else never. */
export function nextReadAtMs(session: Session, startMs: number, nowMs: number): number | null {
  const endMs = startMs + INTERVAL_MS;
  const { settleDelayS, reReadAfterMinutes } = session.config.settings.collection;
  const planned = [settleDelayS * 1_000, ...reReadAfterMinutes.map((minutes) => minutes * MINUTE_MS)];
  const after = planned.map((delayMs) => endMs + delayMs).filter((atMs) => atMs > nowMs);
  return after.length === 0 ? null : Math.min(...after);
}

/** The windows of reports that intervals lie in, each once. */
function reportWindows({ config }: Session, intervals: readonly { readonly startMs: number }[]): Window[] {
  const lengthMs = config.settings.collection.reportMinutes * MINUTE_MS;
  const starts = new Set(intervals.map(({ startMs }) => floorToGrid(startMs, lengthMs)));
  return [...starts].map((startMs) => ({ startMs, endMs: startMs + lengthMs }));
}

/**
 * Windows for which the ACD gave no figures to the last, although somebody was signed in: their reports go without figures
 * of queues, so that the agents' times arrive. Figures that come later make a further revision.
 */
async function windowsOfTimesAlone(
  { db }: BridgeDeps,
  session: Session,
  readings: readonly LedgerReading[],
): Promise<Window[]> {
  const windows: Window[] = [];
  for (const window of reportWindows(session, readings.filter(isSettled))) {
    if (!(await wasAnybodySignedIn(db, session.connectionId, window))) continue;
    // Of one that was sent, a change of times is told by whoever closes windows.
    const report = await readReport(db, session.connectionId, 'historical', window.startMs);
    if (!report) windows.push(window);
  }
  return windows;
}

/** Statements that make the historical reports of windows wait; a window of two intervals needs both. */
async function waitingReports(
  deps: BridgeDeps,
  session: Session,
  windows: readonly Window[],
  changed: ReadonlySet<number>,
  readings: readonly LedgerReading[],
  rows: readonly StoredFigures[],
): Promise<D1PreparedStatement[]> {
  const { connectionId, config } = session;
  const included = new Set(config.queues.filter((queue) => queue.included).map(({ key }) => key));
  const read = new Map(readings.map((reading) => [reading.startMs, reading]));
  const reports: (Window & { recordCount: number })[] = [];
  for (const window of windows) {
    const keys = new Set<number>();
    const inWindow = rows.filter((row) => row.startMs >= window.startMs && row.startMs < window.endMs);
    for (const { queueKey } of inWindow) if (included.has(queueKey)) keys.add(queueKey);
    const others = windowStarts(window).filter((start) => !changed.has(start));
    const isRead = others.every((start) => read.has(start));
    const rest = isRead ? read : new Map([...(await readLedger(deps.db, connectionId, window)), ...read]);
    const entries = others.map((start) => rest.get(start));
    const areSettled = entries.every((entry) => entry !== undefined && isSettled(entry));
    if (!areSettled && !(await readReport(deps.db, connectionId, 'historical', window.startMs))) continue;
    if (entries.some((entry) => entry !== undefined && entry.revision > 0)) {
      for (const { queueKey } of await readFigures(deps.db, connectionId, window)) {
        if (included.has(queueKey)) keys.add(queueKey);
      }
    }
    reports.push({ ...window, recordCount: keys.size });
  }
  return raiseReports(deps.db, connectionId, 'historical', reports, deps.clock.nowMs());
}

/** Set-aside rows and lines of the diary that an answer gives cause for. */
function remarks(
  deps: BridgeDeps,
  session: Session,
  window: Window,
  answer: QueueIntervalAnswer,
  readings: readonly LedgerReading[],
  ledger: ReadonlyMap<number, LedgerEntry>,
): D1PreparedStatement[] {
  const statements: D1PreparedStatement[] = [];
  const note = (kind: string, severity: 'info' | 'warning', message: string) =>
    statements.push(
      addEvent(deps.db, { connectionId: session.connectionId, atMs: answer.arrivedAtMs, kind, severity, message }),
    );
  if (answer.refused.length > 0) {
    statements.push(setAside(deps.db, session.connectionId, refusedRecords(answer.refused, window)));
  }
  const mended = readings.filter(
    ({ startMs, revision }) => revision > 0 && ledger.get(startMs)?.status === 'gap',
  ).length;
  if (mended > 0) note('gap mended', 'info', `${mended} missing intervals were loaded: ${spell(window)}.`);
  const doubtful = readings.find(
    ({ offered, abandoned, handleTimeMs }) =>
      handleTimeMs > PLAUSIBLE_HANDLE_TIME_MS * Math.max(1, offered - abandoned),
  );
  if (doubtful && acdTraits(session.config.settings.acd).handleTimeIsTakenForSeconds) {
    note(
      'doubtful handle time',
      'warning',
      `The mean handle time of ${spell({ startMs: doubtful.startMs, endMs: doubtful.startMs + INTERVAL_MS })} is over 4 hours a contact. ` +
        'It looks like milliseconds: set "handle time unit" on the connection page.',
    );
  }
  return statements;
}

const spell = ({ startMs, endMs }: Window) => `${new Date(startMs).toISOString()} to ${new Date(endMs).toISOString()}`;

/** Of one answer, so many refused rows are kept each with its reason; one record more says how many there were. */
const REFUSED_KEPT_MAX = 100;

function refusedRecords(refused: readonly RefusedRow[], window: Window): SetAsideRecord[] {
  const records = refused.slice(0, REFUSED_KEPT_MAX).map((row) => refusedRecord(row, window));
  const [next] = refused.slice(REFUSED_KEPT_MAX);
  if (!next) return records;
  const count = refused.length - REFUSED_KEPT_MAX;
  const reason = `${count} further rows of the same answer could not be read; the first of them: ${next.reason}`;
  const further = { ...refusedRecord(next, window), recordKey: 'queue figures: further rows', record: { count } };
  return [...records, { ...further, reason }];
}

function refusedRecord({ index, reason, sample }: RefusedRow, window: Window): SetAsideRecord {
  return {
    stream: 'acd',
    atMs: window.startMs,
    windowStartMs: window.startMs,
    recordKey: `queue figures: ${sample.slice(0, 200)}`,
    record: { index, sample },
    httpStatus: null,
    reason,
  };
}
