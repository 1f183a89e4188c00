/**
 * Holds the state changes that NCC's answers showed against the events that Mpower accepted, agent by agent and in order.
 */
import { emptySection, type Gap, grouped, iso, type Limits, type Section, unwatched } from './section.ts';
import type { AcceptedEvent, ServedState, Truth } from './truth.ts';

const LOGGED_OUT = 'Logged out';
/** An arrival is noted by the reader a little before or after the server thinks that it has answered. */
const EARLY_MS = 100;
const LATE_MS = 10_000;
/** Source times in whole seconds lie up to one second back. */
const SOURCE_ROUNDING_MS = 2000;

/** What a bridge says anew after it had not looked for a while. */
function afterGap(atMs: number, { fromMs, toMs }: Gap): boolean {
  return atMs >= fromMs && atMs <= toMs + LATE_MS;
}

interface TimedEvent extends AcceptedEvent {
  readonly atMs: number;
}

export function compareStates(truth: Truth, limits: Limits): Section {
  const section = emptySection('Agent states');
  const events = grouped(timed(truth.events), (event) => event.loginId);
  const firstAnswerMs = truth.states.reduce(
    (first, { answeredMs }) => Math.min(first, answeredMs),
    Number.POSITIVE_INFINITY,
  );
  const known = new Set(truth.logins.values());
  const gaps = unwatched(truth.states, limits);
  for (const [username, states] of grouped(truth.states, (state) => state.username)) {
    const own = events.get(username.trim()) ?? events.get(username) ?? [];
    const used = compareAgent(section, states, own, truth.mpowerStartedMs, limits);
    for (const event of own) {
      if (used.has(event) || gaps.some((gap) => afterGap(event.atMs, gap))) continue;
      if (event.atMs < Math.max(firstAnswerMs - LATE_MS, limits.fromMs) || event.atMs >= limits.toMs) continue;
      section.extra.push(`${event.loginId}: ${event.eventCode} at ${event.eventUtcTime} was not served`);
    }
  }
  for (const [loginId, own] of events) {
    if (!known.has(loginId)) section.extra.push(`${loginId}: ${own.length} events for somebody whom NCC does not have`);
  }
  return section;
}

function compareAgent(
  section: Section,
  states: ServedState[],
  events: TimedEvent[],
  mpowerStartedMs: number,
  limits: Limits,
): Set<TimedEvent> {
  const used = new Set<TimedEvent>();
  let next = 0;
  for (const state of states) {
    const found = findEvent(events, next, state);
    if (found >= 0) next = found + 1;
    const event = events[found];
    if (event !== undefined) used.add(event);
    if (state.answeredMs < limits.fromMs || state.answeredMs >= limits.toMs) continue;
    section.served += 1;
    if (event !== undefined && isRightTime(event.atMs, state)) section.accepted += 1;
    else if (event !== undefined) section.different.push(`${text(state)}, accepted as of ${event.eventUtcTime}`);
    else if (isNotNeeded(state, events, mpowerStartedMs)) section.notNeeded += 1;
    else if (state.answeredMs > limits.nowMs - limits.inFlightMs) section.inFlight += 1;
    else section.missing.push(text(state));
  }
  return used;
}

/** The event for a change: same state, from the place reached so far, near the change; the exact source time is best. */
function findEvent(events: TimedEvent[], from: number, state: ServedState): number {
  const earliestMs =
    Math.min(state.sinceMs ?? state.previousMs ?? state.answeredMs, state.answeredMs) - SOURCE_ROUNDING_MS;
  const latestMs = state.answeredMs + LATE_MS;
  let found = -1;
  for (let i = from; i < events.length; i += 1) {
    const event = events[i];
    if (event === undefined || event.atMs > latestMs) break;
    if (event.atMs < earliestMs || event.eventCode.trim() !== state.state.trim()) continue;
    if (event.atMs === state.sinceMs) return i;
    if (found < 0) found = i;
  }
  return found;
}

/** The source's time where it lies between the two answers, else the source's time or the arrival. */
function isRightTime(atMs: number, { sinceMs, previousMs, answeredMs, initial }: ServedState): boolean {
  if (atMs === sinceMs) return true;
  const arrival = atMs >= answeredMs - EARLY_MS && atMs <= answeredMs + LATE_MS;
  if (initial || previousMs === null) return arrival;
  if (sinceMs === null) return atMs >= previousMs - EARLY_MS && atMs <= answeredMs + LATE_MS;
  const usable = sinceMs > previousMs + SOURCE_ROUNDING_MS / 2 && sinceMs <= answeredMs;
  return !usable && (arrival || (atMs >= sinceMs && atMs <= answeredMs));
}

/**
 * Nobody to say it of, somebody who was out from the start, a state that Mpower already had, a re-entry that rounding
 * hides, or from before Mpower's memory.
 */
function isNotNeeded(state: ServedState, events: TimedEvent[], mpowerStartedMs: number): boolean {
  if (state.username === '' || state.answeredMs < mpowerStartedMs) return true;
  if (state.reentry && (state.sinceMs ?? 0) <= (state.previousMs ?? 0) + SOURCE_ROUNDING_MS / 2) return true;
  if (!state.initial) return false;
  if (state.state === LOGGED_OUT) return true;
  const before = events.findLast((event) => event.atMs <= state.answeredMs);
  return before?.eventCode.trim() === state.state.trim();
}

function timed(events: AcceptedEvent[]): TimedEvent[] {
  return events
    .map((event) => ({ ...event, atMs: Date.parse(event.eventUtcTime) }))
    .sort((a, b) => a.atMs - b.atMs || a.order - b.order);
}

function text({ username, state, sinceMs, answeredMs, inferred }: ServedState): string {
  const since = sinceMs === null ? (inferred ? ' (missing from the answers)' : '') : ` since ${iso(sinceMs)}`;
  return `${username}: ${state}${since}, served ${iso(answeredMs)}`;
}
