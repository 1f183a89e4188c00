/**
 * Adherence: what agents were scheduled to do against the states that they were in. Every scheduled instant is in
 * adherence, out of it, or not known, because the bridge did not look. Pure: what has not come yet is the caller's to cut.
 *
 * Grace: an agent who comes late to an activity, or leaves it early, by no more than the grace period counts as in; a
 * longer deviation counts whole. A deviation in the middle of an activity has no grace. Activities of one name that touch
 * are one activity, so that cutting a schedule into pieces changes nothing.
 */
import { NOT_OBSERVED, type StateEntry } from './activity.ts';
import { STATE_CLASSES, type StateClass } from './agent-state.ts';
import { MINUTE_MS, overlapMs, type Window } from './interval.ts';

export const DEFAULT_GRACE_MS = 5 * MINUTE_MS;
export const GRACE_MAX_MS = 60 * MINUTE_MS;
/** Longest activity of a schedule, and so how far around a day its activities have to be looked for. */
export const ACTIVITY_MAX_MS = 24 * 60 * MINUTE_MS;

/** What an agent is to do, `[startMs, endMs)`. */
export interface ScheduledActivity extends Window {
  readonly activity: string;
}

/** What an agent was, over a span; null: not observed. */
export interface ActualSpan extends Window {
  readonly stateId: number;
  readonly stateClass: StateClass | null;
}

export const VERDICTS = ['in', 'out', 'unknown'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** A piece of a scheduled activity with one verdict. `grace`: out by the states, and forgiven. */
export interface AdherenceSpan extends Window {
  readonly activity: string;
  readonly verdict: Verdict;
  readonly grace: boolean;
  /** 0: not observed. */
  readonly stateId: number;
}

/** Milliseconds; scheduled = in + out + unknown. */
export interface AdherenceSum {
  readonly scheduledMs: number;
  readonly inMs: number;
  readonly outMs: number;
  readonly unknownMs: number;
}

export const NO_TIME: AdherenceSum = { scheduledMs: 0, inMs: 0, outMs: 0, unknownMs: 0 };

/** How an activity is judged: the classes that adhere to it; an empty list: it is not compared. */
export type ClassesOf = (activity: string) => readonly StateClass[];

const AT_WORK: readonly StateClass[] = ['ready', 'contact', 'wrap-up'];
const AWAY: readonly StateClass[] = ['not ready', 'signed out'];
const ABSENT: readonly StateClass[] = ['signed out'];

const AWAY_WORDS =
  'admin administration backoffice break coaching huddle lunch meal meeting offline paperwork pause project rest training unavailable workshop';
const ABSENT_WORDS = 'absence absent holiday leave off pto sick sickness vacation';

const DEFAULTS = new Map<string, readonly StateClass[]>([
  ...AWAY_WORDS.split(' ').map((word) => [word, AWAY] as const),
  ...ABSENT_WORDS.split(' ').map((word) => [word, ABSENT] as const),
]);

/** Names of activities are compared without regard to case and surrounding space. */
export function activityKey(activity: string): string {
  return activity.trim().toLowerCase();
}

/**
 * The classes that an activity's name suggests: breaks, meetings and training are spent not ready or signed out, leave signed
 * out, and anything else is work: ready, on a contact or in wrap-up.
 */
export function defaultClasses(activity: string): readonly StateClass[] {
  const words = activityKey(activity).split(/[^a-z]+/);
  return words.map((word) => DEFAULTS.get(word)).find((classes) => classes !== undefined) ?? AT_WORK;
}

/** Classes in their usual order, each once. */
export function orderedClasses(classes: readonly StateClass[]): StateClass[] {
  return STATE_CLASSES.filter((one) => classes.includes(one));
}

/** An agent's schedule with activities of one name that touch or overlap joined, oldest first. */
export function joinActivities(schedule: readonly ScheduledActivity[]): ScheduledActivity[] {
  const joined: ScheduledActivity[] = [];
  for (const one of schedule.toSorted((a, b) => a.startMs - b.startMs)) {
    const last = joined.at(-1);
    if (last && last.endMs >= one.startMs && activityKey(last.activity) === activityKey(one.activity)) {
      joined[joined.length - 1] = { ...last, endMs: Math.max(last.endMs, one.endMs) };
    } else joined.push(one);
  }
  return joined;
}

/**
 * What an agent was over time. `entries`: oldest first; the last one lasts until `untilMs`, when the bridge last looked.
 */
export function actualSpans(
  entries: readonly StateEntry[],
  untilMs: number,
  classOf: (stateId: number) => StateClass | null,
): ActualSpan[] {
  return entries.flatMap(({ atMs, stateId }, i) => {
    const endMs = entries[i + 1]?.atMs ?? untilMs;
    if (endMs <= atMs) return [];
    const stateClass = stateId === NOT_OBSERVED ? null : classOf(stateId);
    return [{ startMs: atMs, endMs, stateId: stateClass === null ? NOT_OBSERVED : stateId, stateClass }];
  });
}

/**
 * The verdicts over the part of a schedule that lies in `window`, oldest first. `schedule` and `spans` reach around the
 * window, so that grace is judged by whole activities. Both without overlaps.
 */
export function judgeSchedule(
  schedule: readonly ScheduledActivity[],
  spans: readonly ActualSpan[],
  window: Window,
  rules: { readonly graceMs: number; readonly classesOf: ClassesOf },
): AdherenceSpan[] {
  return joinActivities(schedule).flatMap((one) => {
    const classes = rules.classesOf(one.activity);
    if (classes.length === 0 || overlapMs(one, window) === 0) return [];
    return judgeActivity(one, spans, classes, rules.graceMs).flatMap((piece) => {
      const clipped = {
        ...piece,
        startMs: Math.max(piece.startMs, window.startMs),
        endMs: Math.min(piece.endMs, window.endMs),
      };
      return clipped.startMs < clipped.endMs ? [clipped] : [];
    });
  });
}

function judgeActivity(
  one: ScheduledActivity,
  spans: readonly ActualSpan[],
  classes: readonly StateClass[],
  graceMs: number,
): AdherenceSpan[] {
  const pieces: AdherenceSpan[] = [];
  const add = (startMs: number, endMs: number, verdict: Verdict, stateId: number) => {
    if (endMs > startMs) pieces.push({ startMs, endMs, activity: one.activity, verdict, stateId, grace: false });
  };
  let atMs = one.startMs;
  for (const span of spans) {
    if (overlapMs(span, one) === 0) continue;
    add(atMs, span.startMs, 'unknown', NOT_OBSERVED);
    const [startMs, endMs] = [Math.max(span.startMs, one.startMs), Math.min(span.endMs, one.endMs)];
    const { stateClass, stateId } = span;
    add(startMs, endMs, stateClass === null ? 'unknown' : classes.includes(stateClass) ? 'in' : 'out', stateId);
    atMs = endMs;
  }
  add(atMs, one.endMs, 'unknown', NOT_OBSERVED);
  return forgive(pieces, graceMs);
}

/** Deviations at the start and at the end that are no longer than the grace period are forgiven. */
function forgive(pieces: readonly AdherenceSpan[], graceMs: number): AdherenceSpan[] {
  const isOut = ({ verdict }: AdherenceSpan) => verdict === 'out';
  const length = (some: readonly AdherenceSpan[]) => some.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
  const firstOther = pieces.findIndex((piece) => !isOut(piece));
  const atStart = firstOther < 0 ? pieces.length : firstOther;
  const atEnd = pieces.length - 1 - pieces.findLastIndex((piece) => !isOut(piece));
  const late = length(pieces.slice(0, atStart)) <= graceMs ? atStart : 0;
  const early = length(pieces.slice(pieces.length - atEnd)) <= graceMs ? atEnd : 0;
  return pieces.map((piece, i) =>
    isOut(piece) && (i < late || i >= pieces.length - early) ? { ...piece, verdict: 'in', grace: true } : piece,
  );
}

/** Sums over verdicts. */
export function sumVerdicts(spans: readonly AdherenceSpan[]): AdherenceSum {
  const of = (verdict: Verdict) =>
    spans.reduce((sum, span) => sum + (span.verdict === verdict ? span.endMs - span.startMs : 0), 0);
  const [inMs, outMs, unknownMs] = [of('in'), of('out'), of('unknown')];
  return { scheduledMs: inMs + outMs + unknownMs, inMs, outMs, unknownMs };
}

export function addSums(a: AdherenceSum, b: AdherenceSum): AdherenceSum {
  return {
    scheduledMs: a.scheduledMs + b.scheduledMs,
    inMs: a.inMs + b.inMs,
    outMs: a.outMs + b.outMs,
    unknownMs: a.unknownMs + b.unknownMs,
  };
}

/** Percent of the time that is known; null where none is. */
export function adherencePercent({ inMs, outMs }: AdherenceSum): number | null {
  return inMs + outMs === 0 ? null : (inMs / (inMs + outMs)) * 100;
}
