/**
 * Runs every daily test in tracks side by side: what computes (unit tests, simulated days) beside what mostly waits for
 * processes, and for browsers. A track's output is shown whole when it ends; the exit code is 1 when any part failed.
 */
import { spawn } from 'node:child_process';

interface Step {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

const project = (name: string, ...more: string[]): Step => {
  const names = [name, ...more];
  return {
    name: names.join(', '),
    command: 'npx',
    args: ['vitest', 'run', ...names.flatMap((one) => ['--project', one])],
  };
};

const SHORT_FAULTS: Step = { name: 'faults', command: process.execPath, args: ['test/faults/run.ts', '--short'] };

/** A breath of what `npm run test:fuzz` does at length. */
const SHORT_FUZZ: Step = {
  name: 'fuzz',
  command: process.execPath,
  args: ['test/fuzz/run.ts', '--runs', '2000', '--requests', '400'],
};

const TRACKS: readonly (readonly Step[])[] = [
  [project('worker', 'node'), project('sim'), SHORT_FUZZ],
  [project('host'), SHORT_FAULTS],
  [project('browser'), project('security')],
];

function run({ name, command, args }: Step): Promise<boolean> {
  const startedMs = Date.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => output.push(part));
  child.stderr.on('data', (part: Buffer) => output.push(part));
  process.stdout.write(`${name}: started\n`);
  return new Promise((resolve) => {
    child.on('error', (error) => output.push(Buffer.from(`${error.message}\n`)));
    child.on('close', (code) => {
      const took = `${Math.round((Date.now() - startedMs) / 1_000)} s`;
      process.stdout.write(`${Buffer.concat(output)}\n${name}: ${code === 0 ? 'passed' : 'FAILED'} after ${took}\n\n`);
      resolve(code === 0);
    });
  });
}

async function runTrack(steps: readonly Step[]): Promise<boolean[]> {
  const results: boolean[] = [];
  for (const step of steps) results.push(await run(step));
  return results;
}

const results = (await Promise.all(TRACKS.map(runTrack))).flat();
process.exitCode = results.every(Boolean) ? 0 : 1;
