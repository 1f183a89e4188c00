/**
 * Runs simulated days: `node test/sim/cli.ts --days 30 --seed 1 --seeds 10`, or the crash at every step:
 * `node test/sim/cli.ts --crash-every 1`. A seed that breaks a promise is made as small as it can be and printed with the
 * command line that shows it again; the exit code is then 1.
 */
import { countSteps, dieAt } from './crash-everywhere.ts';
import { installGlobals } from './globals.ts';
import { commandLine, parseCommand } from './options.ts';
import { appendResult, readResults, summaryOf } from './results.ts';
import { type RunResult, run } from './run.ts';
import { shrink } from './shrink.ts';

const { options, seeds, isAsIs, resume, crashEvery, isSummary } = parseCommand(process.argv.slice(2));
const say = (line: string) => process.stdout.write(`${line}\n`);

if (isSummary) say(summaryOf(readResults(resume ?? '')));
else {
  installGlobals();
  Error.stackTraceLimit = 5;
  const broken = crashEvery > 0 ? await crashEverywhere(crashEvery) : await runSeeds();
  process.exitCode = broken > 0 ? 1 : 0;
}

async function runSeeds(): Promise<number> {
  const before = resume === null ? [] : readResults(resume);
  const from = Math.max(options.seed, ...before.map(({ seed }) => seed + 1));
  let broken = 0;
  for (let seed = from; seed < from + seeds; seed++) {
    const result = await run({ ...options, seed });
    if (resume !== null) appendResult(resume, options, result);
    say(describe(result));
    if (result.violations.length === 0) continue;
    broken += 1;
    show(result);
    say(`  ${commandLine({ ...options, seed })}`);
    if (isAsIs) continue;
    const small = await shrink({ ...options, seed }, result);
    say(`  smallest: ${commandLine(small.options)}`);
    show(small.result);
  }
  if (resume !== null) say(summaryOf(readResults(resume)));
  return broken;
}

function describe({ seed, violations, cpuMs, polls, events, crashes, faults, print }: RunResult): string {
  return `seed ${seed}: ${violations.length} violations, ${cpuMs} ms, ${polls} polls, ${events} events, ${crashes} crashes, ${faults.length} faults [${print}]`;
}

function show({ violations, trail }: RunResult): void {
  if (options.verbose) for (const line of trail) say(`    ${line}`);
  for (const { atMs, rule, message } of violations.slice(0, 8))
    say(`    ${new Date(atMs).toISOString()} ${rule}: ${message.slice(0, 500)}`);
}

async function crashEverywhere(every: number): Promise<number> {
  const steps = await countSteps();
  say(`The hour has ${steps} steps; the process dies at every ${every}.`);
  let broken = 0;
  let rounds = 0;
  for (let step = options.seed - 1; step < steps; step += every) {
    const result = await dieAt(step);
    rounds += 1;
    if (result.violations.length === 0) continue;
    broken += 1;
    say(`step ${step}:`);
    show(result);
  }
  const cpuS = Math.round(process.cpuUsage().user / 1e6);
  say(`${rounds} deaths, ${broken} with violations, ${cpuS} s of CPU.`);
  return broken;
}
