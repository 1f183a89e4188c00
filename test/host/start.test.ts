// `npm start` as a newcomer uses it: everything comes up by one command, says where it is, and goes away with it.
import { createServer } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { StartedProcess } from './support/stage.ts';
import { EndedEarly, freePort, Stage, survivors } from './support/stage.ts';

let stage: Stage;
let dataDirectory: string;
let ports: { bridge: number; ncc: number; mpower: number };

beforeEach(async () => {
  stage = new Stage();
  dataDirectory = stage.directory();
  ports = { bridge: await freePort(), ncc: await freePort(), mpower: await freePort() };
});
afterEach(() => stage.close());

function start(...more: string[]): Promise<StartedProcess> {
  const args = [
    '--port',
    ports.bridge,
    '--ncc-port',
    ports.ncc,
    '--mpower-port',
    ports.mpower,
    '--data',
    dataDirectory,
  ];
  const readUrl = (line: string) => /The bridge +(http\S+)/.exec(line)?.[1];
  return stage.startProgram(['appliance/start.ts', ...args.map(String), ...more], readUrl);
}

it('starts the bridge with both stand-ins, says where to look, and ends them all on Ctrl-C', async () => {
  const run = await start();
  const output = run.lines.join('\n');
  expect(run.url).toBe(`http://127.0.0.1:${ports.bridge}`);
  expect(output).toMatch(/Password +\S{12,}/);
  expect(output).toContain(`npm run simulate -- compare --ncc http://127.0.0.1:${ports.ncc}`);
  expect(output).toContain('Made it, and asked for the last 2 hours.');
  expect((await fetch(run.url)).status).toBeLessThan(500);
  const tree = run.tree();
  expect(tree.length).toBeGreaterThanOrEqual(5); // itself, two stand-ins, host, engine

  expect(await run.end('SIGINT')).toBe('appliance/start.ts ended with code 0');
  expect(await survivors(tree)).toEqual([]);
});

it('leaves nothing behind when it is killed, and continues with the same data at the next start', async () => {
  const run = await start();
  const tree = run.tree();
  await run.end('SIGKILL');
  expect(await survivors(tree)).toEqual([]);

  const next = await start();
  expect(passwordOf(next)).toBe(passwordOf(run));
  expect(next.lines.join('\n')).toContain('There is a connection already: it continues.');
});

it('ends as a whole when one of its processes ends', async () => {
  const run = await start();
  const tree = run.tree();
  const standIn = tree.find(({ command }) => command.includes('cli.ts ncc'));
  if (standIn === undefined) throw new Error('The NCC stand-in does not run.');
  process.kill(standIn.pid, 'SIGKILL');
  expect(await survivors(tree)).toEqual([]);
  expect(run.lines.join('\n')).toContain('The NCC stand-in ended by SIGKILL');
});

it('runs the bridge alone with --no-demo', async () => {
  const run = await start('--no-demo');
  const commands = run.tree().map(({ command }) => command);
  expect(commands.filter((command) => command.includes('simulators'))).toEqual([]);
  expect(run.lines.join('\n')).not.toContain('Stand-ins');
});

it('names the option for each busy port, and starts nothing', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(ports.mpower, '127.0.0.1', resolve));
  const outcome = await start().catch((thrown: unknown) => thrown);
  await new Promise((resolve) => server.close(resolve));
  expect(outcome).toBeInstanceOf(EndedEarly);
  expect(String(outcome)).toContain(
    `The Mpower stand-in cannot have port ${ports.mpower}: it is in use. Choose another with --mpower-port.`,
  );
  expect(String(outcome)).not.toContain('Starting');
});

function passwordOf(run: StartedProcess): string | undefined {
  return /Password +(\S+)/.exec(run.lines.join('\n'))?.[1];
}
