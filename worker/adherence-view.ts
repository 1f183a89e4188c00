/** Adherence as pages, CSV and API show it: by agent and day, with the spans behind it. */
import {
  ACTIVITY_MAX_MS,
  type ActualSpan,
  type AdherenceSpan,
  type AdherenceSum,
  activityKey,
  actualSpans,
  type ClassesOf,
  defaultClasses,
  joinActivities,
  judgeSchedule,
  type ScheduledActivity,
  sumVerdicts,
} from '../src/domain/adherence.ts';
import { overlapMs, type Window } from '../src/domain/interval.ts';
import { dayWindow } from '../src/domain/local-day.ts';
import { type AdherenceRules, readAdherenceRules, readEntriesOf, type ScheduledAgent } from '../src/store/adherence.ts';
import { readStates } from '../src/store/mapping.ts';
import { readActivitiesOf } from '../src/store/schedules.ts';
import { readLogHead } from '../src/store/state-log.ts';

/** A look that is no older than this counts as now: what has happened since is not called unknown. */
const FRESH_MS = 60_000;

/** One agent's day. `sum` and `spans` end where the present does. */
export interface AgentAdherence {
  readonly agent: ScheduledAgent;
  readonly day: string;
  readonly window: Window;
  /** Overlapping the day; they may begin before it and end after it. */
  readonly schedule: readonly ScheduledActivity[];
  readonly actual: readonly ActualSpan[];
  readonly spans: readonly AdherenceSpan[];
  readonly sum: AdherenceSum;
}

/** What all agents of a connection are judged by, read once. */
export interface AdherenceBasis {
  readonly connectionId: number;
  readonly timeZone: string;
  readonly rules: AdherenceRules;
  readonly classesOf: ClassesOf;
  readonly states: ReadonlyMap<number, { readonly name: string; readonly reason: string }>;
  readonly classOf: (stateId: number) => ActualSpan['stateClass'];
  /** Until when the bridge looked. */
  readonly lookedUntilMs: number;
  /** What is later has not come yet, and is not judged. */
  readonly doneMs: number;
}

export async function readBasis(
  db: D1Database,
  connection: { readonly id: number; readonly timeZone: string },
  nowMs: number,
): Promise<AdherenceBasis> {
  const [rules, states, { head }] = await Promise.all([
    readAdherenceRules(db, connection.id),
    readStates(db, connection.id),
    readLogHead(db, connection.id),
  ]);
  const classes = new Map(states.map((state) => [state.id, state.stateClass]));
  const lookedUntilMs = head?.untilMs ?? 0;
  return {
    connectionId: connection.id,
    timeZone: connection.timeZone,
    rules,
    classesOf: classesBy(rules),
    states: new Map(states.map((state) => [state.id, state])),
    classOf: (stateId) => classes.get(stateId) ?? null,
    lookedUntilMs,
    doneMs: nowMs - lookedUntilMs <= FRESH_MS ? lookedUntilMs : nowMs,
  };
}

/** The classes of an activity: those that a person chose, or what its name suggests. */
export function classesBy({ chosen }: AdherenceRules): ClassesOf {
  return (activity) => chosen.get(activityKey(activity))?.classes ?? defaultClasses(activity);
}

/** Each agent's each day on which something is scheduled; agents in their order, days oldest first. */
export async function readAdherence(
  db: D1Database,
  basis: AdherenceBasis,
  agents: readonly ScheduledAgent[],
  days: readonly string[],
): Promise<AgentAdherence[]> {
  const windows = days.map((day) => ({ day, window: dayWindow(day, basis.timeZone) }));
  const [first, last] = [windows[0]?.window, windows.at(-1)?.window];
  if (!first || !last || agents.length === 0) return [];
  const span = { startMs: first.startMs, endMs: last.endMs };
  const ids = agents.map(({ id }) => id);
  // A day around: an activity that reaches over midnight is one with what touches it.
  const around = { startMs: span.startMs - ACTIVITY_MAX_MS, endMs: span.endMs + ACTIVITY_MAX_MS };
  const scheduled = await readActivitiesOf(db, basis.connectionId, ids, around);
  const schedules = new Map(ids.map((id) => [id, scheduled.filter(({ agentId }) => agentId === id)]));
  const near = [...schedules.values()].flatMap(joinActivities).filter((one) => overlapMs(one, span) > 0);
  const entries = await readEntriesOf(db, ids, {
    startMs: Math.min(span.startMs, ...near.map(({ startMs }) => startMs)),
    endMs: Math.max(span.endMs, ...near.map(({ endMs }) => endMs)),
  });
  return agents.flatMap((agent) => {
    const own = schedules.get(agent.id) ?? [];
    const actual = actualSpans(entries.get(agent.id) ?? [], basis.lookedUntilMs, basis.classOf);
    return windows.flatMap(({ day, window }) => {
      const schedule = own.filter((one) => overlapMs(one, window) > 0);
      if (schedule.length === 0) return [];
      const done = { startMs: window.startMs, endMs: Math.min(window.endMs, basis.doneMs) };
      const spans = judgeSchedule(own, actual, done, { graceMs: basis.rules.graceMs, classesOf: basis.classesOf });
      const seen = actual.filter((one) => overlapMs(one, window) > 0);
      return [{ agent, day, window, schedule, actual: seen, spans, sum: sumVerdicts(spans) }];
    });
  });
}
