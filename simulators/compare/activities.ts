/**
 * Holds the spans between an agent's accepted events against the activities that Mpower accepted. An activity is due in
 * the report of the window in which it ended; a signed-out span needs none.
 */
import { emptySection, type Gap, grouped, iso, type Limits, type Section, unwatched } from './section.ts';
import type { AcceptedActivity, AcceptedEvent, Truth } from './truth.ts';

const LOGGED_OUT = 'Logged out';
const ROUNDING_MS = 1000;
/** An activity that was cut where nobody looked any more ends about there. */
const LATE_MS = 10_000;

interface Span {
  readonly state: string;
  readonly startMs: number;
  readonly endMs: number;
  /** The first span that is known of the agent; its true start may lie before the first event. */
  readonly isFirst: boolean;
}

export function compareActivities(truth: Truth, limits: Limits): Section {
  const section = emptySection('Agent activities');
  const events = grouped(truth.events, (event) => event.loginId);
  const gaps = unwatched(truth.states, limits);
  const activities = grouped(truth.activities, (activity) => activity.agentValue);
  for (const [agentId, username] of truth.logins) {
    const own = activities.get(agentId) ?? [];
    const byStart = new Map(own.map((activity) => [Date.parse(activity.startTime), activity]));
    const explained = new Set<AcceptedActivity>();
    for (const span of spansOf(events.get(username.trim()) ?? [])) {
      const found = byStart.get(span.startMs) ?? own.find((activity) => endsAlike(activity, span));
      if (found !== undefined) explained.add(found);
      if (span.endMs < limits.fromMs || span.endMs >= limits.toMs) continue;
      judge(
        section,
        username,
        span,
        found,
        gaps.some((gap) => touches(span, gap)),
        limits,
      );
    }
    for (const activity of own) {
      const endMs = endOf(activity);
      if (explained.has(activity) || endMs < limits.fromMs || endMs >= limits.toMs) continue;
      if (gaps.some((gap) => Math.abs(endMs - gap.fromMs) <= LATE_MS)) continue;
      section.extra.push(`${username}: ${activity.state} from ${activity.startTime} has no events to go with it`);
    }
  }
  return section;
}

function judge(
  section: Section,
  username: string,
  span: Span,
  found: AcceptedActivity | undefined,
  isUnwatched: boolean,
  limits: Limits,
): void {
  const text = `${username}: ${span.state} from ${iso(span.startMs)} to ${iso(span.endMs)}`;
  section.served += 1;
  const dueMs =
    Math.floor(span.endMs / limits.reportMs) * limits.reportMs + limits.reportMs + limits.settleMs + limits.inFlightMs;
  if (found === undefined) {
    if (span.state === LOGGED_OUT || isUnwatched) section.notNeeded += 1;
    else if (limits.nowMs < dueMs) section.inFlight += 1;
    else section.missing.push(text);
    return;
  }
  const startOk = span.isFirst || Math.abs(Date.parse(found.startTime) - span.startMs) <= ROUNDING_MS;
  const endOk = Math.abs(endOf(found) - span.endMs) <= ROUNDING_MS;
  if (startOk && endOk && found.state.trim() === span.state.trim()) section.accepted += 1;
  else if (isUnwatched) section.notNeeded += 1;
  else if (limits.nowMs < dueMs) section.inFlight += 1;
  else section.different.push(`${text}, accepted as ${found.state} from ${found.startTime} for ${found.durationMs} ms`);
}

function spansOf(events: AcceptedEvent[]): Span[] {
  const sorted = events
    .map((event) => ({ state: event.eventCode, atMs: Date.parse(event.eventUtcTime), order: event.order }))
    .sort((a, b) => a.atMs - b.atMs || a.order - b.order);
  return sorted.flatMap(({ state, atMs }, i) => {
    const next = sorted[i + 1];
    return next === undefined ? [] : [{ state, startMs: atMs, endMs: next.atMs, isFirst: i === 0 }];
  });
}

/** Of a span that reaches into time in which nobody looked, only a part or nothing is known. */
function touches(span: Span, gap: Gap): boolean {
  return span.startMs < gap.toMs && span.endMs > gap.fromMs;
}

function endsAlike(activity: AcceptedActivity, span: Span): boolean {
  return activity.state.trim() === span.state.trim() && Math.abs(endOf(activity) - span.endMs) <= ROUNDING_MS;
}

function endOf({ startTime, durationMs }: AcceptedActivity): number {
  return Date.parse(startTime) + durationMs;
}
