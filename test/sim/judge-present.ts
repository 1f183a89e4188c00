/**
 * Judges what an outage of Mpower leaves behind: within half a minute of its end the newest committed state of every agent
 * is with Mpower, however long the history that follows.
 */
import { wfmTraits } from '../../src/wfm/registry.ts';
import type { Fault, FaultKind } from './faults.ts';
import type { Change } from './judge-states.ts';
import type { World } from './world.ts';

const DUE_MS = 30_000;
/** The longest that a stand-in for Mpower asks to be left alone, and a second by which its date may be rounded. */
const ASKED_MS = 46_000;
/** A fault has left its mark for so long. */
const AFTERMATH_MS = 3 * 60_000;
/** So many bodies of live changes leave within the time, one after the other; of a catch-up that was under way there may be more. */
const BODIES_MAX = 40;
/** Faults that touch neither the way to Mpower nor the loop. */
const ELSEWHERE: ReadonlySet<FaultKind> = new Set([
  ...(['S1', 'S1days', 'S2', 'S3', 'S4', 'S8', 'S10', 'S11'] as const),
  ...(['C2', 'C3'] as const),
]);
/** Failures that only somebody or a given time ends. */
const BLOCKED: ReadonlySet<string> = new Set(['misconfigured', 'sign-in', 'address', 'redirect']);

/** Plans a look after each outage of Mpower beside which nothing else is wrong. */
export function expectPresentStates(world: World, faults: readonly Fault[]): void {
  for (const outage of faults) {
    if (outage.kind !== 'K1' && outage.kind !== 'K1days') continue;
    const dueMs = outage.untilMs + (asksForTime(outage) ? ASKED_MS : 0) + DUE_MS;
    const isAlone = faults.every(
      (fault) =>
        fault === outage ||
        ELSEWHERE.has(fault.kind) ||
        fault.atMs > dueMs ||
        overMs(fault, faults) + AFTERMATH_MS < outage.untilMs,
    );
    if (!isAlone) continue;
    world.scheduler.at(outage.untilMs, () => {
      const due = dueStates(world);
      const { process } = world.collector;
      world.judge.saboteur.outageEnded(dueMs);
      if (due.length > 0) world.scheduler.at(dueMs, () => process.alive && look(world, due, outage));
    });
  }
}

/** When a fault is over: an alarm that is lost while cron is silent leaves nobody to wake the loop until cron comes again. */
function overMs({ kind, atMs, untilMs }: Fault, faults: readonly Fault[]): number {
  if (kind !== 'C1') return untilMs;
  const silences = faults.filter(
    (silence) => silence.kind === 'C2' && silence.atMs < untilMs + AFTERMATH_MS && silence.untilMs > atMs,
  );
  return Math.max(untilMs, ...silences.map((silence) => silence.untilMs));
}

/** Some outages are answers with a Retry-After (weather.ts). */
const asksForTime = ({ measure }: Fault): boolean => measure >= 0.3 && measure < 0.6;

/** The newest change of each agent whom Mpower can be told of; none while the bridge has no way to tell. */
function dueStates({ collector, scheduler, database, habits, judge }: World): Change[] {
  const hasRun = collector.process.alive && collector.process.startedMs < scheduler.nowMs - AFTERMATH_MS;
  const [stream] = database.query<{ kind: string; catchUp: number | null; live: number | null }>(
    `SELECT error_kind AS kind, catch_up_log_id AS catchUp, live_log_id AS live FROM stream WHERE name = 'agent-states'`,
  );
  if (!hasRun || !stream || BLOCKED.has(stream.kind)) return [];
  if (stream.catchUp !== null) {
    const [row] = database.query<{ count: number }>(
      `SELECT coalesce(sum(json_array_length(changes)), 0) AS count FROM state_log WHERE log_id >= ?1`,
      stream.live ?? 0,
    );
    if ((row?.count ?? 0) > BODIES_MAX * wfmTraits(habits.settings.wfm).eventsPerBodyMax) return [];
  }
  const unplaced = new Set(
    database
      .query<{ name: string }>(
        `SELECT source_id AS name FROM agent WHERE coalesce(login_id, username) = '' OR held_count > 0 OR included = 0`,
      )
      .map(({ name }) => judge.states.employeeOf(name)?.index),
  );
  return [...judge.states.records].flatMap(([agent, { changes }]) => {
    const newest = [...changes.values()].at(-1);
    return newest && !unplaced.has(agent) && !judge.states.leftOut.has(agent) ? [newest] : [];
  });
}

function look({ judge, verdicts }: World, due: readonly Change[], outage: Fault): void {
  for (const newest of due) {
    const changes = [...(judge.states.records.get(newest.agent)?.changes.values() ?? [])];
    const since = changes.slice(changes.indexOf(newest));
    // Put back to a backup, or moved by a clock: it is not expected any more.
    if (!changes.includes(newest) || since.some((change) => change.accepted || judge.states.isSetAside(change)))
      continue;
    verdicts.violation(
      'present state',
      `${outage.kind} ended ${new Date(outage.untilMs).toISOString()}, and Mpower has not got agent ${newest.agent}'s ${newest.state} of ${new Date(newest.atMs).toISOString()}.`,
    );
  }
}
