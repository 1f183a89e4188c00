/**
 * The stand-ins' command line; `npm run simulate -- --help` explains it.
 */
import { spawn } from 'node:child_process';
import * as z from 'zod';
import { startCms } from './cms/start.ts';
import { runCompare } from './compare/command.ts';
import { startLiveVox } from './livevox/start.ts';
import { misbehave } from './misbehave.ts';
import { startMpower } from './mpower/start.ts';
import { startNcc } from './ncc/start.ts';
import { COMMANDS, generalHelp } from './options.ts';
import { commandHelp, readOptions, UsageError, type Values } from './shared/command-line.ts';
import { describeIssues } from './shared/parse.ts';
import { exitCleanly } from './shared/process.ts';

async function main([name, ...args]: string[]): Promise<number | undefined> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    console.log(generalHelp());
    return name === undefined ? 2 : 0;
  }
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command === undefined) throw new UsageError(`There is no command "${name}".\n\n${generalHelp()}`);
  const { help, ...values } = readOptions(command, args);
  if (help === true) {
    console.log(commandHelp(command));
    return 0;
  }
  switch (name) {
    case 'ncc':
      return serve('NCC', values, startNcc);
    case 'mpower':
      return serve('Mpower', values, startMpower);
    case 'cms':
      return serve('CMS', values, startCms);
    case 'livevox':
      return serve('LiveVox', values, startLiveVox);
    case 'both':
      return both(values);
    case 'compare':
      return runCompare(values);
    default:
      return misbehave(values);
  }
}

async function serve(
  title: string,
  { exitWithParent, ...options }: Values,
  start: (options: Values) => Promise<{ url: string; close: () => Promise<void> }>,
): Promise<undefined> {
  const standIn = await start(options);
  // Whoever reads the line may send a signal at once.
  exitCleanly(standIn.close, exitWithParent === true);
  console.log(`${title} stand-in listening on ${standIn.url}`);
}

/** Two child processes that end with this one; when one ends by itself, so does everything. */
async function both({ nccPort, mpowerPort, seed, agents, queues, exitWithParent }: Values): Promise<undefined> {
  const children = [
    run(['ncc', ...flags({ port: nccPort, seed, agents, queues })]),
    run(['mpower', ...flags({ port: mpowerPort, seed })]),
  ];
  const close = async () => {
    for (const { child } of children) child.stdin.end();
    await Promise.all(children.map(({ ended }) => ended));
  };
  exitCleanly(close, exitWithParent === true);
  const code = await Promise.race(children.map(({ ended }) => ended));
  await close();
  process.exit(code);
}

function run(args: string[]) {
  const child = spawn(process.execPath, [import.meta.filename, ...args, '--exit-with-parent'], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const ended = new Promise<number>((resolve) => {
    child.once('exit', (code) => resolve(code ?? 1));
  });
  return { child, ended };
}

function flags(values: Record<string, Values[string] | undefined>): string[] {
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, String(value)]));
}

/** What went wrong, as a sentence for the person at the terminal; undefined for a defect, which keeps its stack. */
function explained(error: unknown): string | undefined {
  if (error instanceof UsageError) return error.message;
  if (error instanceof z.ZodError) return `An option is not right: ${describeIssues(error)}.`;
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    return `The port is in use (${error.message}). Choose another with --port, or stop what listens there.`;
  }
  return undefined;
}

try {
  const code = await main(process.argv.slice(2));
  if (code !== undefined) process.exitCode = code;
} catch (error) {
  const message = explained(error);
  if (message === undefined) throw error;
  console.error(message);
  process.exitCode = 2;
}
