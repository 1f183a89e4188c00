// `npm run test:faults`: the faults that only real processes have. Each scenario starts the whole product, breaks
// something, and holds what came out against the truths of the stand-ins.
import { test } from 'node:test';
import { parseArgs } from 'node:util';
import { NotHere, type RunSettings, type Scenario } from './scenario.ts';
import { clockScenarios } from './scenarios/clock.ts';
import { databaseScenarios } from './scenarios/database.ts';
import { destinationScenarios } from './scenarios/destination.ts';
import { diskScenarios } from './scenarios/disk.ts';
import { killScenarios } from './scenarios/kill.ts';
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

const HELP = `Faults of real processes, about 25 minutes. Needs a build (npm run build), Linux, and for some scenarios root and gcc;
those that cannot run here say so and are skipped.

npm run test:faults -- [options]
  --rounds N     rounds of kill -9 (100)
  --kill-minutes N  begin no round after so many minutes (600)
  --only TEXT    only scenarios whose claim contains this
  --short        only the short ones, about a minute, with 4 rounds
  --outage-s S   how long Mpower stays away in the outage (300)
  --seed N       when the kills strike (1)
  --list         name the scenarios and end
`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string' },
    'kill-minutes': { type: 'string' },
    only: { type: 'string' },
    short: { type: 'boolean' },
    'outage-s': { type: 'string' },
    seed: { type: 'string' },
    list: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});

function number(text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`"${text}" is no whole number above 0.\n\n${HELP}`);
  return value;
}

const settings: RunSettings = {
  rounds: number(values.rounds, values.short ? 4 : 100),
  killMinutes: number(values['kill-minutes'], 600),
  seed: number(values.seed, 1),
  outageS: number(values['outage-s'], 300),
};
const chosen = SCENARIOS.filter(({ name, isShort }) => (!values.short || isShort) && name.includes(values.only ?? ''));

if (values.help) process.stdout.write(HELP);
else if (values.list) process.stdout.write(`${chosen.map(({ name }) => name).join('\n')}\n`);
else if (chosen.length === 0) throw new Error(`No scenario's claim contains "${values.only}".`);
else {
  for (const { name, limitMs, run } of chosen) {
    test(name, { timeout: limitMs(settings) }, async (context) => {
      try {
        context.diagnostic(await run(settings));
      } catch (thrown) {
        if (!(thrown instanceof NotHere)) throw thrown;
        context.skip(thrown.message);
      }
    });
  }
}
