import { execFile } from 'node:child_process';
import path from 'node:path';
import { expect, it } from 'vitest';

const CLI = path.join(import.meta.dirname, 'merged-cli.ts');

/** Runs in a process of its own: it takes the platform's clock, timers and chance away. */
function simulate(...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--no-warnings', CLI, ...args], { maxBuffer: 50_000_000 }, (error, stdout, stderr) => {
      resolve({ code: error ? 1 : 0, output: `${stdout}${stderr}` });
    });
  });
}

it('loses and doubles nothing of two ACDs in one tenant through a day of faults', async () => {
  const { code, output } = await simulate('--hours', '24', '--seed', '2');
  expect(code, output).toBe(0);
  expect(output).toMatch(/^seed 2: 0 violations, \d+ ms, \d{4} bodies handed over, [1-9]\d+ crashes, \d{2,3} windows/m);
});

it('surprises nobody on a morning without faults', async () => {
  const { code, output } = await simulate('--hours', '3', '--seed', '2', '--calm');
  expect(code, output).toBe(0);
});

it('notices merged time lines that are not what the members say', async () => {
  const { code, output } = await simulate('--hours', '3', '--seed', '3', '--sabotage');
  expect(code).toBe(1);
  expect(output).toMatch(/is nothing and should be/);
});
