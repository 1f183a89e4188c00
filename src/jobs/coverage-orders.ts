/**
 * Orders of a person about intervals: read them again, send their reports again, take them for quiet. Each is one batch
 * that marks what is to be done; the loop does it. Safe beside a running loop: nothing here moves a cursor.
 */
import { DAY_MS, floorToGrid, HOUR_MS, INTERVAL_MS, MINUTE_MS, type Window, windowStarts } from '../domain/interval.ts';
import { recordAudit } from '../store/audit.ts';
import {
  closeSetAside,
  confirmQuiet,
  countIntervals,
  countReportedQueues,
  readAccepted,
  readConfirmable,
} from '../store/coverage-orders.ts';
import { addEvent } from '../store/events.ts';
import { askAgain } from '../store/ledger.ts';
import { raiseReports, type WindowedStream } from '../store/reports.ts';

/** The longest span of one order; what is longer is a backfill. */
const ORDER_DAYS_MAX = 31;
/** An hour more: such a month may have one day of 25 hours. */
const ORDER_SPAN_MAX_MS = ORDER_DAYS_MAX * DAY_MS + HOUR_MS;
/** Zeros written by one confirmation at most: intervals times queues. */
const ZEROS_MAX = 50_000;

export interface CoverageOrder {
  readonly connectionId: number;
  readonly window: Window;
  readonly nowMs: number;
  /** Who asks, as the audit names them. */
  readonly by: string;
}

/** The order cannot be carried out as asked. `message` says what to do; `most`: how many days or intervals may be asked for. */
export class OrderRefused extends Error {
  override readonly name = 'OrderRefused';
  readonly kind: 'too long' | 'too many';
  readonly most: number;
  constructor(kind: 'too long' | 'too many', most: number, message: string) {
    super(message);
    this.kind = kind;
    this.most = most;
  }
}

/** Makes the known intervals of a span due, now. Returns how many. Throws `OrderRefused`. */
export async function readAgain(db: D1Database, order: CoverageOrder): Promise<number> {
  requireShort(order);
  const { connectionId, window, nowMs } = order;
  const { known } = await countIntervals(db, connectionId, window);
  if (known === 0) return 0;
  await db.batch([
    askAgain(db, connectionId, window, nowMs),
    ...noted(db, order, 'read again', `${count(known, 'interval')} to be read again`),
  ]);
  return known;
}

/** How far back what reports are built from is kept, days. */
export interface KeptDays {
  readonly stateChanges: number;
  readonly queueIntervals: number;
}

/** From when on reports can be built anew; one of an earlier window would come out empty. */
export function buildableFromMs(kept: KeptDays, nowMs: number): Readonly<Record<WindowedStream, number>> {
  return {
    historical: nowMs - Math.min(kept.queueIntervals, kept.stateChanges) * DAY_MS,
    'agent-activity': nowMs - kept.stateChanges * DAY_MS,
  };
}

/**
 * Makes the accepted reports of a span wait once more. A report whose facts are past their retention is left as the WFM
 * has it: built anew it would be empty. Returns how many reports. Throws `OrderRefused`.
 */
export async function sendAgain(db: D1Database, order: CoverageOrder, kept: KeptDays): Promise<number> {
  requireShort(order);
  const { connectionId, window, nowMs } = order;
  const oldestMs = buildableFromMs(kept, nowMs);
  const statements: D1PreparedStatement[] = [];
  let total = 0;
  for (const stream of ['historical', 'agent-activity'] as const) {
    // A report of half an hour that began before the span carries its first interval.
    const reach = { startMs: Math.max(window.startMs - INTERVAL_MS, oldestMs[stream]), endMs: window.endMs };
    const reports = (await readAccepted(db, connectionId, stream, reach)).filter(({ endMs }) => endMs > window.startMs);
    total += reports.length;
    const starts = reports.map(({ startMs }) => startMs);
    if (reports.length === 0) continue;
    statements.push(...raiseReports(db, connectionId, stream, reports, nowMs));
    statements.push(closeSetAside(db, connectionId, stream, starts, nowMs));
  }
  if (total === 0) return 0;
  await db.batch([...statements, ...noted(db, order, 'sent again', `${count(total, 'report')} to be sent again`)]);
  return total;
}

/**
 * Takes the unconfirmed intervals of a span for quiet: nobody called. Their reports, with zeros, wait to be sent.
 * Returns how many intervals. Throws `OrderRefused`.
 */
export async function confirmAsQuiet(db: D1Database, order: CoverageOrder, reportMinutes: number): Promise<number> {
  requireShort(order);
  const { connectionId, window, nowMs, by } = order;
  const lengthMs = reportMinutes * MINUTE_MS;
  const around = { startMs: floorToGrid(window.startMs, lengthMs), endMs: window.endMs + lengthMs };
  const known = await readConfirmable(db, connectionId, around);
  const isAsked = (startMs: number) => startMs >= window.startMs && startMs < window.endMs;
  const starts = known.filter(({ startMs, unconfirmed }) => unconfirmed && isAsked(startMs)).map((row) => row.startMs);
  if (starts.length === 0) return 0;
  const { listedQueues } = await countIntervals(db, connectionId, window);
  if (starts.length * listedQueues > ZEROS_MAX) {
    const most = Math.max(1, Math.floor(ZEROS_MAX / listedQueues));
    throw new OrderRefused(
      'too many',
      most,
      `${starts.length} intervals are too many at once for ${listedQueues} queues. Confirm at most ${most} at a time.`,
    );
  }
  const settled = new Set(known.filter(({ isSettled }) => isSettled).map(({ startMs }) => startMs));
  for (const startMs of starts) settled.add(startMs);
  const recordCount = await countReportedQueues(db, connectionId);
  const reports = [...new Set(starts.map((startMs) => floorToGrid(startMs, lengthMs)))]
    .map((startMs) => ({ startMs, endMs: startMs + lengthMs, recordCount }))
    .filter((report) => windowStarts(report).every((startMs) => settled.has(startMs)));
  await db.batch([
    ...confirmQuiet(db, connectionId, starts, { by, nowMs }),
    ...raiseReports(db, connectionId, 'historical', reports, nowMs),
    ...noted(db, order, 'confirmed as quiet', `${count(starts.length, 'interval')} confirmed as quiet`),
  ]);
  return starts.length;
}

function requireShort({ window }: CoverageOrder): void {
  if (window.endMs - window.startMs <= ORDER_SPAN_MAX_MS) return;
  throw new OrderRefused(
    'too long',
    ORDER_DAYS_MAX,
    `At most ${ORDER_DAYS_MAX} days at once. For more, use a backfill.`,
  );
}

function noted(db: D1Database, order: CoverageOrder, kind: string, what: string): D1PreparedStatement[] {
  const { connectionId, window, nowMs: atMs, by } = order;
  const span = `${new Date(window.startMs).toISOString()} to ${new Date(window.endMs).toISOString()}`;
  const detail = `${what}: ${span}.`;
  return [
    recordAudit(db, { by, atMs, action: kind, connectionId, detail }),
    addEvent(db, { connectionId, atMs, kind, severity: 'info', message: `${what} by ${by}: ${span}.` }),
  ];
}

function count(value: number, word: string): string {
  return `${value} ${word}${value === 1 ? '' : 's'}`;
}
