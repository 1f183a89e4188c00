/**
 * Keeps the ledger of intervals and reads what is due: closed intervals once they have settled, late figures again,
 * gaps without being asked, newest first. What to read comes from the ledger, never from "now".
 */
import type { Acd } from '../acd/acd.ts';
import { acdTraits } from '../acd/registry.ts';
import { floorToGrid, INTERVAL_MS, joinIntervals, type Window } from '../domain/interval.ts';
import { UpstreamError } from '../http/upstream-error.ts';
import { addEvent } from '../store/events.ts';
import { saveFeed } from '../store/feeds.ts';
import { guardLease } from '../store/lease.ts';
import { addWaiting, markGaps, postponeReading, readDue } from '../store/ledger.ts';
import { feedFailed, feedSucceeded } from './report-standing.ts';
import { type BridgeDeps, feedOf, type Session } from './session.ts';
import { storeIntervals } from './store-intervals.ts';

/** Intervals added to the ledger at most in one go: a year that the bridge was off is added in a few rounds. */
const LEDGER_STEP_MS = 2_000 * INTERVAL_MS;
const DUE_LOOKUP_MAX = 700;
/** An interval not read so long after it was due is a gap, and shown as one. */
const GAP_AFTER_MS = INTERVAL_MS;
/** An interval whose own answer was unusable so often in a row … */
const UNUSABLE_ANSWERS_MAX = 3;
/** … is asked for again so much later, without holding up the others. Until then the feed's back-off serves. */
const UNUSABLE_RETRY_MS = 30 * 60_000;
/** Intervals whose unusable answers are counted; a forgotten one gets its three tries anew. */
const COUNTED_MAX = 1_000;
const PERIOD_MS = 15_000;
/** How a source says that it does not like the range it was asked for. */
const RANGE_REFUSED = [400, 413, 416, 422];

/**
 * Reads one window of what is due, if anything is. Returns true when more is due right away. Throws what D1 throws.
 */
export async function collectIntervals(deps: BridgeDeps, session: Session): Promise<boolean> {
  const { readQueueIntervals } = session.config.acd;
  const nowMs = deps.clock.nowMs();
  if (!readQueueIntervals || nowMs < feedOf(session, 'intervals').retryAtMs) return false;
  const due = await readDue(deps.db, session.connectionId, nowMs, DUE_LOOKUP_MAX);
  const [newestMs] = due;
  if (newestMs === undefined) return false;
  const [window] = joinIntervals(due, windowsPerRequest(session, newestMs));
  if (!window) return false;
  const good = await readWindow(deps, session, window, readQueueIntervals);
  return good && due.length * INTERVAL_MS > window.endMs - window.startMs;
}

/**
 * How many intervals one request may ask for whose newest is `newestMs`; one by one where the source has shown that it
 * needs that.
 */
export function windowsPerRequest(session: Session, newestMs: number): number {
  const { readsIntervalsOneByOne, oneByOneWithin: within } = session;
  if (readsIntervalsOneByOne || (within && newestMs >= within.startMs && newestMs < within.endMs)) return 1;
  return acdTraits(session.config.settings.acd).windowsPerRequest;
}

/**
 * Notes that an answer for the several intervals of `window` was of no use: they are asked for one by one from here on.
 * Others are not, because one malformed answer says nothing about the next; unless the source gives no start times.
 */
export function askOneByOne(session: Session, window: Window, { failure }: UpstreamError): void {
  if (failure.kind === 'shape' && failure.reason === 'no start time') session.readsIntervalsOneByOne = true;
  else session.oneByOneWithin = window;
}

/**
 * Adds the intervals that have ended since the last time; true when there were any. Collection begins with the interval
 * that it was switched on in.
 */
export async function extendLedger(deps: BridgeDeps, session: Session): Promise<boolean> {
  const feed = feedOf(session, 'intervals');
  const nowMs = deps.clock.nowMs();
  const toMs = floorToGrid(nowMs);
  const fromMs = feed.throughMs ?? toMs;
  if (feed.throughMs !== null && fromMs >= toMs) return false;
  const window = { startMs: fromMs, endMs: Math.min(toMs, fromMs + LEDGER_STEP_MS) };
  const extended = { ...feed, throughMs: window.endMs };
  const { collection, acd } = session.config.settings;
  const settleDelayMs = collection.settleDelayS * 1_000;
  const { queueIntervals } = acdTraits(acd);
  const gapsOlderThanMs = nowMs - INTERVAL_MS - settleDelayMs - GAP_AFTER_MS;
  await deps.db.batch([
    guardLease(deps.db, session),
    ...(queueIntervals === 'none'
      ? []
      : [
          addWaiting(deps.db, session.connectionId, window, queueIntervals === 'asked' ? settleDelayMs : null),
          markGaps(deps.db, session.connectionId, gapsOlderThanMs, gapReason(feed.error, queueIntervals)),
        ]),
    saveFeed(deps.db, session.connectionId, 'intervals', extended),
  ]);
  session.feeds.set('intervals', extended);
  return true;
}

const gapReason = (error: string, queueIntervals: 'asked' | 'pushed') =>
  queueIntervals === 'pushed'
    ? 'Nobody has sent figures of it yet.'
    : error === ''
      ? 'The bridge was not running when the interval was due.'
      : `The ACD could not be read: ${error}`;

/** Reads and stores one window. False when the answer was not good; the feed's back-off then says when to try again. */
async function readWindow(
  deps: BridgeDeps,
  session: Session,
  window: Window,
  readQueueIntervals: NonNullable<Acd['readQueueIntervals']>,
): Promise<boolean> {
  try {
    const answer = await readQueueIntervals(window);
    await storeIntervals(deps, session, window, answer);
    session.unusableAnswers.delete(window.startMs);
    await feedSucceeded(deps, session, 'intervals', { always: true });
    return true;
  } catch (error) {
    if (isUnusableAnswer(error)) {
      if (window.endMs - window.startMs > INTERVAL_MS) {
        askOneByOne(session, window, error);
        return true;
      }
      if (countUnusable(session, window) >= UNUSABLE_ANSWERS_MAX) await postpone(deps, session, window, error.message);
    }
    await feedFailed(deps, session, 'intervals', error, PERIOD_MS);
    return false;
  }
}

/** Counts one more unusable answer of an interval; returns how many came in a row. */
function countUnusable({ unusableAnswers }: Session, { startMs }: Window): number {
  const count = (unusableAnswers.get(startMs) ?? 0) + 1;
  if (unusableAnswers.size >= COUNTED_MAX && !unusableAnswers.has(startMs)) unusableAnswers.clear();
  unusableAnswers.set(startMs, count);
  return count;
}

/** True for answers about what was asked, not about the source: asking for less, or later, may help; a second does not. */
export function isUnusableAnswer(error: unknown): error is UpstreamError {
  if (!(error instanceof UpstreamError)) return false;
  const { failure } = error;
  if (failure.kind === 'status') return RANGE_REFUSED.includes(failure.status);
  return failure.kind === 'shape' || failure.kind === 'oversize';
}

/** Asks for an unusable interval again later, so that it holds up no other; one never collected is a gap until then. */
export async function postpone(deps: BridgeDeps, session: Session, window: Window, reason: string): Promise<void> {
  const nowMs = deps.clock.nowMs();
  // Whoever postponed it: the next unusable answer of it is not the first.
  session.unusableAnswers.set(window.startMs, UNUSABLE_ANSWERS_MAX);
  await deps.db.batch([
    postponeReading(deps.db, session.connectionId, window.startMs, reason, nowMs + UNUSABLE_RETRY_MS),
    addEvent(deps.db, {
      connectionId: session.connectionId,
      atMs: nowMs,
      kind: 'gap opened',
      severity: 'warning',
      message: `The interval ${new Date(window.startMs).toISOString()} cannot be read: ${reason}. It is asked for again in 30 minutes.`,
    }),
  ]);
}
