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
    'lost',
  );
  expect(code).toBe(1);
  expect(output).toMatch(/is neither delivered nor waiting|was not delivered in time|A change waits for/);
  expect(output).toMatch(/smallest: node test\/sim\/cli\.ts --days [\d.]+ --seed 3 --agents [1-3] .*--sabotage lost/);
});

/** One way of spoiling a run that keeps every promise, and the rule by which the judge notices. */
it.each([
  ['lost', '', /lost: .* neither delivered nor waiting|health: A change waits/],
  ['altered', '', /delivery: .* was sent as .* altered and committed as/],
  ['order', '', /order: .* came after the change of/],
  ['figure', '', /figures: Interval .* was sent, .* was served last/],
  ['sign-in', '', /sign-in: Two sign-ins to NCC within one token's life/],
  ['sign-in', 'A3=12', /sign-in: \d+ refused sign-ins within an hour/],
  ['ledger', '', /ledger: The ledger has a hole/],
  ['present', 'K1=12', /present state: K1 ended .*, and Mpower has not got agent/],
])('notices "%s" (with %s), and nothing where nothing is spoilt', async (kind, rates, said) => {
  const args = ['--days', '0.2', '--seed', '3', '--agents', '6', '--scale', '0', '--rates', rates, '--as-is'];
  const [spoilt, whole] = await Promise.all([simulate(...args, '--sabotage', kind), simulate(...args)]);
  expect(whole).toMatchObject({ code: 0, output: expect.stringMatching(/^seed 3: 0 violations/) });
  expect(spoilt.code).toBe(1);
  expect(spoilt.output).toMatch(said);
});

it('takes every way to the clock, to timers and to chance away from what runs in it', async () => {
  const uses = [
    'Date.now()',
    'new Date()',
    'Date()',
    'performance.now()',
    'setTimeout(() => 0, 1)',
    'setInterval(() => 0, 1)',
    'AbortSignal.timeout(1)',
    'Math.random()',
    'crypto.getRandomValues(new Uint8Array(1))',
    'crypto.randomUUID()',
    'fetch("http://127.0.0.1:9/")',
  ];
  const script = `
    const { installGlobals } = await import(${JSON.stringify(path.join(import.meta.dirname, 'globals.ts'))});
    installGlobals();
    if (new Date(0).toISOString() !== '1970-01-01T00:00:00.000Z') console.log('no dates at all');
    ${uses.map((use) => `try { ${use}; console.log(${JSON.stringify(use)}); } catch {}`).join('\n')}
    console.log('looked');`;
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, ['--no-warnings', '--input-type=module', '-e', script], (_error, stdout, stderr) =>
      resolve(`${stdout}${stderr}`),
    );
  });
  expect(output).toBe('looked\n');
});
