/**
 * A scripted hour in which every stream has something to do, and the process dies in it: once at each step, that is before
 * and after every call of D1, KV, a vendor or the clock. After the restart the judge finds everything in order.
 */
import { DAY_MS, MINUTE_MS } from '../../src/domain/interval.ts';
import type { Fault } from './faults.ts';
import type { RunOptions } from './options.ts';
import { type RunResult, run } from './run.ts';

const fault = (kind: Fault['kind'], fromMinute: number, toMinute: number, choice: number, measure: number): Fault => ({
  kind,
  atMs: fromMinute * MINUTE_MS,
  untilMs: toMinute * MINUTE_MS,
  choice,
  measure,
});

/** 09:47 to 10:47: agents go missing, Mpower is down and a backlog is caught up, a record is refused, agents get login ids. */
const SCRIPT: readonly Fault[] = [
  fault('S4', 6, 8, 0.5, 0.5),
  fault('K1', 14, 20, 0, 0.1),
  fault('K2', 24, 26, 0.2, 0.3),
  fault('C6', 27, 28, 0.3, 0.05),
  fault('K3', 31, 34, 0.3, 0.25),
  fault('C6', 38, 39, 0.75, 0),
  fault('A1', 41, 42, 0.5, 0),
  fault('S1', 44, 46, 0.1, 0.7),
  fault('C6', 49, 50, 0.9, 0),
];

const HOUR: RunOptions = {
  seed: 5,
  days: (60 * MINUTE_MS) / DAY_MS,
  agents: 14,
  rates: {},
  scale: 0,
  faults: SCRIPT,
  isScripted: true,
};

/** How many steps the hour has when nobody dies. */
export async function countSteps(): Promise<number> {
  const result = await run(HOUR);
  if (result.violations.length > 0)
    throw new Error(`The hour fails without any crash: ${result.violations[0]?.message}`);
  return result.steps;
}

/** Runs the hour with a death at this step. */
export function dieAt(step: number): Promise<RunResult> {
  return run({ ...HOUR, dieAtStep: step });
}
