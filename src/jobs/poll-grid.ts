/**
 * When a connection's agents are polled: on a grid of the poll period, never two polls less than 3.000 s apart, and how
 * often the loop ticks for that.
 */
import { acdTraits } from '../acd/registry.ts';
import type { Clock } from '../runtime.ts';
import { feedOf, type Session } from './session.ts';

/** Contract and faults S1: never two polls less than 3.000 s apart. */
const POLL_DISTANCE_MS = 3_000;
/** The shortest period, a little over 3 s, so that timers that are a millisecond early or late keep the distance. */
const PERIOD_MIN_MS = 3_005;
/** The platform puts an object that idles for 10 s to sleep, with its memory: tick more often than that. */
export const TICK_MAX_MS = 8_000;
/** So much later than its tick a poll may begin without the next tick being moved: opening a session takes longer. */
const POLL_SLACK_MS = 20;
/** So much later a new session's poll may leave than it begins: it reads its token first. */
const FIRST_POLL_SLACK_MS = 100;
/** How much earlier than its point on the grid a poll may begin. */
const EARLY_MS = 50;

/** How often agents are polled, milliseconds. */
export function pollPeriodMs(session: Session): number {
  return Math.max(PERIOD_MIN_MS, acdTraits(session.config.settings.acd).pollIntervalS * 1_000);
}

/** How often the loop ticks for a poll period: the period itself, or an even part of it. */
export function tickPeriodMs(periodMs: number): number {
  return periodMs / Math.ceil(periodMs / TICK_MAX_MS);
}

/**
 * The first point of the grid of `periodMs` at least half a period after `nowMs`: where the next tick belongs. Ticks
 * keep to the grid however late one was, and one that is early by a breath is not run twice. After a late one the next
 * comes no sooner than a poll may: whoever is killed in a tick has forgotten when its poll began, and the next tick polls.
 */
export function nextOnGridMs(nowMs: number, periodMs: number): number {
  const distanceMs = Math.min(POLL_DISTANCE_MS, Math.max(periodMs, 100));
  return Math.max(Math.ceil((nowMs + periodMs / 2) / periodMs) * periodMs, nowMs + distanceMs);
}

/** True when a point of the poll grid has passed since the last poll began, and no back-off stands against it. */
export function isPollDue(session: Session, nowMs: number, periodMs: number): boolean {
  if (nowMs < feedOf(session, 'agent-states').retryAtMs) return false;
  const lastMs = session.pollStartedMs ?? session.head?.untilMs;
  if (lastMs === undefined || lastMs > nowMs + periodMs) return true;
  return Math.floor((nowMs + EARLY_MS) / periodMs) > Math.floor((lastMs + EARLY_MS) / periodMs);
}

/** Sleeps until a poll may follow the last one. A last poll in the future, of a clock since set back, is no reason to wait. */
export async function keepDistance(clock: Clock, session: Session): Promise<void> {
  const lastMs = session.pollStartedMs ?? session.head?.untilMs ?? 0;
  const waitMs = lastMs + POLL_DISTANCE_MS - clock.nowMs();
  if (waitMs > 0 && waitMs <= POLL_DISTANCE_MS) await clock.sleep(waitMs);
}

/** The earliest instant at which a tick may poll again after the poll that begins at `nowMs`. */
export function earliestNextPollMs(session: Session, nowMs: number): number {
  return nowMs + POLL_DISTANCE_MS + (session.pollStartedMs === null ? FIRST_POLL_SLACK_MS : -POLL_SLACK_MS);
}
