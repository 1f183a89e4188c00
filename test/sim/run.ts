/** One run from its first minute to the verdict. */
import { acdTraits } from '../../src/acd/registry.ts';
import { DAY_MS, INTERVAL_MS, MINUTE_MS } from '../../src/domain/interval.ts';
import { drawFaults, type Fault, type FaultKind } from './faults.ts';
import { expectPresentStates } from './judge-present.ts';
import { FaultMaster } from './master.ts';
import type { RunOptions } from './options.ts';
import type { Violation } from './verdicts.ts';
import { World } from './world.ts';

/** After the faults stop, everything that waits has so long to arrive. */
/** So long after a quarter of an hour nothing is due. */
const QUIET_AFTER_QUARTER_MS = 8 * 60_000;
const SETTLE_MS = 90 * MINUTE_MS;
/** The same after the scripted hour, whose faults are short. */
const SCRIPT_SETTLE_MS = 40 * MINUTE_MS;
const HEALTH_EVERY_MS = 10 * MINUTE_MS;

export interface RunResult {
  readonly seed: number;
  readonly days: number;
  readonly violations: readonly Violation[];
  readonly trail: readonly string[];
  readonly faults: readonly Fault[];
  /** How many faults were drawn, those left out included. */
  readonly drawn: number;
  readonly crashes: number;
  readonly polls: number;
  readonly events: number;
  readonly steps: number;
  readonly cpuMs: number;
  /** The same for the same options: tells whether a run can be repeated. */
  readonly print: string;
}

export async function run(options: RunOptions): Promise<RunResult> {
  const cpu = process.cpuUsage();
  const world = new World(options);
  const { scheduler, judge, verdicts } = world;
  await world.open();
  const { startMs } = world.habits;
  const endMs = startMs + Math.round(options.days * DAY_MS);
  const all =
    options.faults?.map((fault) => ({ ...fault, atMs: startMs + fault.atMs, untilMs: startMs + fault.untilMs })) ??
    drawFaults(options.seed, startMs + 5 * MINUTE_MS, endMs, options.rates, options.scale);
  const faults = all.filter((_, i) => !options.without?.has(i));
  const master = new FaultMaster(world);
  for (const fault of faults) master.plan(fault);
  expectPresentStates(world, faults);
  // The judge's own look at the database is no work of the bridge: it may not move the clock.
  const look = (work: () => Promise<void>) => () =>
    void work().catch((error: unknown) => verdicts.violation('judge', String(error)));
  for (let atMs = startMs + DAY_MS; atMs < endMs; atMs += DAY_MS)
    scheduler.at(
      atMs,
      look(() => judge.checkDay()),
    );
  for (let atMs = startMs + HEALTH_EVERY_MS; atMs < endMs; atMs += HEALTH_EVERY_MS) {
    scheduler.at(
      atMs,
      look(() => judge.checkHealth()),
    );
  }
  await scheduler.runUntil(endMs);
  if (verdicts.violations.length === 0) {
    master.endAll();
    probe(world, faults);
    await scheduler.runUntil(endMs + (options.isScripted ? SCRIPT_SETTLE_MS : SETTLE_MS));
    // Intervals are read again on the quarter of an hour and a few minutes later: what that brings needs a moment, too.
    const sinceQuarterMs = world.bridgeNowMs() % INTERVAL_MS;
    await scheduler.runUntil(scheduler.nowMs + ((INTERVAL_MS + QUIET_AFTER_QUARTER_MS - sinceQuarterMs) % INTERVAL_MS));
    scheduler.after(
      0,
      look(() => judge.checkEnd()),
    );
    await scheduler.runUntil(scheduler.nowMs + 2_000);
  }
  if (faults.length === 0 && options.dieAtStep === undefined) judge.checkSignIns();
  options.inspect?.(world);
  world.database.close();
  const { user, system } = process.cpuUsage(cpu);
  const { polls, accepted } = judge;
  const { steps } = world.collector.process;
  return {
    seed: options.seed,
    days: options.days,
    violations: verdicts.violations,
    trail: verdicts.trail,
    faults,
    drawn: all.length,
    crashes: world.crashes,
    polls,
    events: accepted,
    steps,
    cpuMs: Math.round((user + system) / 1_000),
    print: `${polls} ${accepted} ${world.crashes} ${steps} ${world.chance.next()}`,
  };
}

/** Faults of the platform itself leave the loop to be revived within two minutes; after others a minute is enough. */
const PLATFORM_FAULTS: ReadonlySet<FaultKind> = new Set([
  'S7',
  'S7days',
  'A1',
  'A2',
  'A3',
  'A4',
  'A5',
  'D1',
  'D3',
  'D4',
  'D4stall',
  'D8',
  'C1',
  'C2',
  'C4',
  'C4pause',
  'C5',
  'C6',
]);

/** After the faults stop a fresh change has to arrive within a minute, or when a pause that somebody asked for is over. */
function probe(world: World, faults: readonly Fault[]): void {
  const { scheduler, ncc, judge, verdicts, database } = world;
  const { nowMs } = scheduler;
  const agent = ncc.employees.find(({ username, leftAtMs, hiredAtMs, index }) => {
    return username !== '' && hiredAtMs < nowMs - MINUTE_MS && leftAtMs > nowMs && !judge.states.leftOut.has(index);
  });
  if (!agent) return;
  const force = (forced: { atMs: number; state: string } | null) => () => {
    agent.forced = forced;
    ncc.forget();
  };
  scheduler.after(1_000, force({ atMs: nowMs + 1_000, state: PROBE_STATE }));
  scheduler.after(20 * MINUTE_MS, force(null));
  const isPlatform = faults.some(({ kind, untilMs }) => PLATFORM_FAULTS.has(kind) && untilMs > nowMs - 3 * MINUTE_MS);
  const waits = database.query<{ retry: number; kind: string }>(
    `SELECT retry_at_ms AS retry, error_kind AS kind FROM feed WHERE name = 'agent-states' AND failures > 0
     UNION ALL SELECT retry_at_ms, error_kind FROM stream WHERE name = 'agent-states' AND failures > 0`,
  );
  const asked = waits.filter(({ kind }) =>
    ['misconfigured', 'sign-in', 'address', 'redirect', 'unusable', 'status'].includes(kind),
  );
  const askedMs = Math.max(0, ...asked.map(({ retry }) => retry - nowMs));
  const periodMs = acdTraits(world.habits.settings.acd).pollIntervalS * 1_000;
  const allowedMs = (isPlatform ? 150_000 : MINUTE_MS) + askedMs + periodMs;
  scheduler.after(allowedMs, () => {
    const record = judge.states.records.get(agent.index);
    const arrived = [...(record?.changes.values() ?? [])].some(
      ({ state, accepted }) => state === PROBE_STATE && accepted,
    );
    if (!arrived)
      verdicts.violation(
        'fresh change',
        `A fresh change had not arrived ${Math.round(allowedMs / 1_000)} s after the faults stopped.`,
      );
  });
}

const PROBE_STATE = 'Probe';
