/** Makes a failing run as small as it can: fewer days, kinds of faults, agents and faults, as long as the same rule breaks. */
import { DAY_MS } from '../../src/domain/interval.ts';
import { FAULT_KINDS, isFaultKind } from './faults.ts';
import { habitsOf, type RunOptions } from './options.ts';
import { type RunResult, run } from './run.ts';

const RUNS_MAX = 80;

/** The smallest run found, with its result. `result`: what the run as given came to. */
export async function shrink(
  options: RunOptions,
  result: RunResult,
): Promise<{ options: RunOptions; result: RunResult }> {
  const rule = result.violations[0]?.rule;
  let best = { options, result };
  let runs = 0;
  const attempt = async (smaller: RunOptions): Promise<boolean> => {
    if (runs >= RUNS_MAX) return false;
    runs += 1;
    const tried = await run(smaller);
    if (tried.violations[0]?.rule !== rule) return false;
    best = { options: smaller, result: tried };
    return true;
  };
  await fewerDays(best, attempt);
  for (const kind of Object.keys(FAULT_KINDS).filter(isFaultKind)) {
    if (!best.result.faults.some((fault) => fault.kind === kind)) continue;
    await attempt({ ...best.options, rates: { ...best.options.rates, [kind]: 0 } });
  }
  while (best.options.agents > 2 && (await attempt({ ...best.options, agents: Math.ceil(best.options.agents / 2) })));
  await fewerDays(best, attempt);
  for (let i = best.result.drawn - 1; i >= 0; i--) {
    if (best.options.without?.has(i)) continue;
    await attempt({ ...best.options, without: new Set([...(best.options.without ?? []), i]) });
  }
  return best;
}

async function fewerDays(
  best: { options: RunOptions; result: RunResult },
  attempt: (smaller: RunOptions) => Promise<boolean>,
): Promise<void> {
  const { options, result } = best;
  const atMs = result.violations[0]?.atMs ?? 0;
  const neededDays = Math.ceil(((atMs - habitsOf(options).startMs) / DAY_MS + 0.01) * 100) / 100;
  if (neededDays < options.days) await attempt({ ...options, days: neededDays });
}
