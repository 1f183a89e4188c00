/**
 * Runs every daily test in tracks side by side: what computes (unit tests, simulated days) beside what mostly waits for
 * processes, and for browsers. A part's output is shown whole when it ends. Last comes what a reader of the last screen wants:
 * how each part went, and how each failed one ended. The exit code is 1 when any part failed.
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

/** Of about the same length. */
const TRACKS: readonly (readonly Step[])[] = [
  [project('worker', 'node')],
  [project('host'), SHORT_FAULTS],
  [project('browser'), project('security'), project('sim'), SHORT_FUZZ],
];

/** What of a failed part's output is repeated at the end: vitest tells there what failed, and why. */
const REPEATED_CHARS = 8_000;

interface Result {
  readonly passed: boolean;
  /** Name, outcome and duration. */
  readonly line: string;
  readonly output: string;
}

function run({ name, command, args }: Step): Promise<Result> {
  const startedMs = Date.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => output.push(part));
  child.stderr.on('data', (part: Buffer) => output.push(part));
  process.stdout.write(`${name}: started\n`);
  return new Promise((resolve) => {
    child.on('error', (error) => output.push(Buffer.from(`${error.message}\n`)));
    child.on('close', (code) => {
      const passed = code === 0;
      const line = `${name}: ${passed ? 'passed' : 'FAILED'} after ${Math.round((Date.now() - startedMs) / 1_000)} s`;
      const result = { passed, line, output: String(Buffer.concat(output)) };
      process.stdout.write(`${result.output}\n${line}\n\n`);
      resolve(result);
    });
  });
}

async function runTrack(steps: readonly Step[]): Promise<Result[]> {
  const results: Result[] = [];
  for (const step of steps) results.push(await run(step));
  return results;
}

const results = (await Promise.all(TRACKS.map(runTrack))).flat();
const failed = results.filter(({ passed }) => !passed);
for (const { line, output } of failed)
  process.stdout.write(`${line}, and ended so:\n${output.slice(-REPEATED_CHARS)}\n\n`);
process.stdout.write(`${results.map(({ line }) => line).join('\n')}\n`);
process.exitCode = failed.length > 0 ? 1 : 0;
