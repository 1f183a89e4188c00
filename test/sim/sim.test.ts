import { execFile } from 'node:child_process';
import path from 'node:path';
import { expect, it } from 'vitest';

const CLI = path.join(import.meta.dirname, 'cli.ts');

/** Runs the simulator in a process of its own: it takes the platform's clock, timers and chance away. */
function simulate(...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--no-warnings', CLI, ...args], { maxBuffer: 50_000_000 }, (error, stdout, stderr) => {
      resolve({ code: error ? 1 : 0, output: `${stdout}${stderr}` });
    });
  });
}

it('keeps every promise through 30 days of faults over ten seeds', async () => {
  const { code, output } = await simulate('--days', '3', '--seed', '1', '--seeds', '10', '--agents', '8');
  expect(code, output).toBe(0);
  expect(output.match(/^seed \d+: 0 violations/gm)).toHaveLength(10);
});

it('finds everything in order after a death at any of some 30 steps of an hour in which every stream has work', async () => {
  const { code, output } = await simulate('--crash-every', '293');
  expect(code, output).toBe(0);
  expect(output).toMatch(/^[2-4]\d deaths, 0 with violations/m);
});

it('repeats a run from its seed', async () => {
  const args = ['--days', '0.3', '--seed', '77', '--agents', '6', '--scale', '4'];
  const [first, second] = [await simulate(...args), await simulate(...args)];
  const print = /\[.+\]/.exec(first.output)?.[0];
  expect(print).toBeDefined();
  expect(second.output).toContain(print);
});

it('notices a record that Mpower never got, prints the command line and makes it smaller', async () => {
  const { code, output } = await simulate(
    '--days',
    '0.2',
    '--seed',
    '3',
    '--agents',
    '6',
    '--scale',
    '0',
    '--sabotage',
  );
  expect(code).toBe(1);
  expect(output).toMatch(/is neither delivered nor waiting|was not delivered in time|A change waits for/);
  expect(output).toMatch(/smallest: node test\/sim\/cli\.ts --days [\d.]+ --seed 3 --agents [1-3] .*--sabotage/);
});
