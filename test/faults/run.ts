// `npm run test:faults`: the faults that only real processes have. Each scenario starts the whole product, breaks
// something, holds what came out against the truths of the stand-ins, and says in one line what was measured.
import { parseArgs } from 'node:util';
import { processTree } from '../host/support/process-table.ts';
import { appendLine, type Line, readLines } from './results.ts';
import { type Measured, NotHere, type RunSettings, type Scenario } from './scenario.ts';
import { clockScenarios } from './scenarios/clock.ts';
import { databaseScenarios } from './scenarios/database.ts';
import { destinationScenarios } from './scenarios/destination.ts';
import { diskScenarios } from './scenarios/disk.ts';
import { killScenarios, killsSoFar, tellKills } from './scenarios/kill.ts';
import { sourceScenarios } from './scenarios/source.ts';
import { stallScenarios } from './scenarios/stalls.ts';

const SCENARIOS: readonly Scenario[] = [
  ...killScenarios,
  ...sourceScenarios,
  ...destinationScenarios,
  ...databaseScenarios,
  ...diskScenarios,
  ...clockScenarios,
  ...stallScenarios,
];

const HELP = `Faults of real processes, about 35 minutes. Needs a build (npm run build), Linux, and for some scenarios root and cc;
those that cannot run here say so and are skipped. Each scenario prints one line, and its result goes into a file.

npm run test:faults -- [options]
  --only A,B        only the scenarios of these names, or whose claim contains the text
  --kills N         how many times host or engine are killed with -9 (100)
  --side-by-side N  bridges that are killed side by side (2)
  --kill-minutes N  begin no kill after so many minutes (600)
  --hours H         how long Mpower stays away in the outage, for example 0.1 (1/6: ten minutes)
  --short           only the short ones, under a minute, with 4 kills
  --seed N          when the kills strike (1)
  --results FILE    where results go (data/faults.jsonl; those of a short run nowhere unless this is given)
  --resume          leave out what that file says is done; kills are counted together
  --summary         say what that file holds, and end
  --list            name the scenarios and end
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    kills: { type: 'string' },
    'side-by-side': { type: 'string' },
    'kill-minutes': { type: 'string' },
    hours: { type: 'string' },
    short: { type: 'boolean' },
    seed: { type: 'string' },
    results: { type: 'string' },
    resume: { type: 'boolean' },
    summary: { type: 'boolean' },
    list: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});

/** Where results are kept; undefined: nowhere. */
const RESULTS_FILE = values.results ?? (values.short ? undefined : 'data/faults.jsonl');

function keep(line: Omit<Line, 'at'>): void {
  if (RESULTS_FILE !== undefined) appendLine(RESULTS_FILE, line);
}

function whole(text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`"${text}" is no whole number above 0.\n\n${HELP}`);
  return value;
}

function hours(text: string | undefined): number {
  const value = text === undefined ? 1 / 6 : Number(text);
  if (!(value > 0 && value <= 24)) throw new Error(`"${text}" is no number of hours up to 24.\n\n${HELP}`);
  return value;
}

function readSettings(): RunSettings {
  return {
    kills: whole(values.kills, values.short ? 4 : 100),
    sideBySide: whole(values['side-by-side'], 2),
    killMinutes: whole(values['kill-minutes'], 600),
    seed: whole(values.seed, 1),
    outageMinutes: hours(values.hours) * 60,
  };
}

function chosenScenarios(): Scenario[] {
  const wanted = values.only?.split(',').filter(Boolean);
  const chosen = SCENARIOS.filter(
    ({ key, name, isShort }) =>
      (!values.short || isShort) &&
      (wanted === undefined || wanted.some((text) => key === text || name.includes(text))),
  );
  if (chosen.length === 0) throw new Error(`No scenario is called "${values.only}", and no claim contains it.`);
  return chosen;
}

/** Ends everything that this process has started and that still runs, itself excepted. */
function endProcesses(): void {
  for (const { pid } of processTree(process.pid).slice(1)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile, which is what was wanted.
    }
  }
}

/** Runs one, at most as long as it may take. Never throws. */
async function attempt(scenario: Scenario, settings: RunSettings): Promise<Omit<Line, 'at'>> {
  const { key } = scenario;
  const startedMs = performance.now();
  const seconds = () => Math.round((performance.now() - startedMs) / 1_000);
  const limitMs = scenario.limitMs(settings);
  const limit = Promise.withResolvers<never>();
  const timer = setTimeout(() => limit.reject(new Error(`It has not ended within ${limitMs / 1_000} s.`)), limitMs);
  const onPart = (part: Measured) => keep({ key, outcome: 'part', seed: settings.seed, seconds: seconds(), ...part });
  try {
    const result = await Promise.race([scenario.run(settings, onPart), limit.promise]);
    const measured = typeof result === 'string' ? { told: result, figures: {} } : result;
    return { key, outcome: 'ok', seed: settings.seed, seconds: seconds(), ...measured };
  } catch (thrown) {
    const told = thrown instanceof Error ? thrown.message : String(thrown);
    const outcome = thrown instanceof NotHere ? 'skipped' : 'failed';
    return { key, outcome, seed: settings.seed, seconds: seconds(), told, figures: {} };
  } finally {
    clearTimeout(timer);
    endProcesses();
  }
}

async function main(): Promise<number> {
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const settings = readSettings();
  const chosen = chosenScenarios();
  const before = RESULTS_FILE === undefined ? [] : readLines(RESULTS_FILE);
  if (values.list) {
    for (const { key, name } of chosen) process.stdout.write(`${key.padEnd(18)} ${name}\n`);
    return 0;
  }
  if (values.summary) {
    for (const { at, key, outcome, seconds, told } of before.filter((line) => line.outcome !== 'part')) {
      process.stdout.write(`${at} ${key.padEnd(18)} ${outcome} ${seconds} s  ${told.split('\n')[0]}\n`);
    }
    process.stdout.write(`All kills in the file: ${tellKills(before)}\n`);
    return 0;
  }
  let failures = 0;
  for (const scenario of chosen) {
    const isKill = scenario.key === 'kill';
    const doneKills = values.resume && isKill ? killsSoFar(before) : 0;
    const isDone = isKill
      ? doneKills >= settings.kills
      : before.some(({ key, outcome }) => key === scenario.key && outcome === 'ok');
    if (values.resume && isDone) continue;
    // Other seeds than those that were run already strike at other moments.
    const own = { ...settings, kills: settings.kills - doneKills, seed: settings.seed + doneKills };
    const line = await attempt(scenario, own);
    keep(line);
    if (line.outcome === 'failed') failures += 1;
    process.stdout.write(
      `${line.outcome.padEnd(7)} ${scenario.key}: ${scenario.name} (${line.seconds} s): ${line.told}\n`,
    );
  }
  process.stdout.write(failures === 0 ? 'All scenarios went well.\n' : `${failures} scenarios failed.\n`);
  return failures === 0 ? 0 : 1;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    endProcesses();
    process.exit(1);
  });
}
process.exit(await main());
