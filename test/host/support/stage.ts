// The stage of a host test: real processes in temporary directories, on free ports of 127.0.0.1. Closing it ends what the
// test left running, removes the directories, and fails when a process outlived the one that had to end it.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Child } from '../../../appliance/child.ts';
import { startChild } from '../../../appliance/child.ts';
import type { ProcessIdentity } from './process-table.ts';
import { isAlive, processTree } from './process-table.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const READY_LIMIT_MS = 30_000;
const END_LIMIT_MS = 12_000;

export interface StartedProcess {
  readonly pid: number;
  /** Where it listens. */
  readonly url: string;
  /** All lines that it has written so far. */
  readonly lines: readonly string[];
  /** Sends a signal and waits until it has ended; the sentence says how ("appliance/main.ts ended with code 0"). */
  end(signal?: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<string>;
  /** The process and everything below it, as of now. */
  tree(): ProcessIdentity[];
}

export interface HostOptions {
  /** Default: a new directory. */
  readonly dataDirectory?: string;
  /** Default: the built product. */
  readonly distDirectory?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Default: one that is free. */
  readonly port?: number;
}

/** What a process left when it ended instead of becoming ready. */
export class EndedEarly extends Error {
  override name = 'EndedEarly';
}

export class Stage {
  readonly #children: { child: Child; seen: ProcessIdentity[] }[] = [];
  readonly #directories: string[] = [];

  /** A new directory that goes away with the stage. */
  directory(): string {
    const directory = mkdtempSync(path.join(os.tmpdir(), 'bridge-test-'));
    this.#directories.push(directory);
    return directory;
  }

  /**
   * Starts appliance/main.ts and waits until it answers.
   * @throws EndedEarly with all that it wrote, when it refuses to start
   */
  startHost(options: HostOptions = {}): Promise<StartedProcess> {
    const dataDirectory = options.dataDirectory ?? this.directory();
    const args = [
      'appliance/main.ts',
      '--port',
      String(options.port ?? 0),
      '--data',
      dataDirectory,
      '--log-format',
      'json',
    ];
    if (options.distDirectory !== undefined) args.push('--dist', options.distDirectory);
    return this.startProgram(args, (line) => /"url":"(http[^"]+)"/.exec(line)?.[1], options.environment);
  }

  /** Starts a stand-in (`simulators/cli.ts`) on a free port, with further arguments, and waits until it listens. */
  startStandIn(kind: 'ncc' | 'mpower', args: readonly string[] = []): Promise<StartedProcess> {
    const allArgs = ['simulators/cli.ts', kind, '--port', '0', '--exit-with-parent', ...args];
    return this.startProgram(allArgs, (line) => / listening on (http\S+)/.exec(line)?.[1]);
  }

  /**
   * Starts a Node program of the project, ready when `readUrl` finds its address in a line that it writes.
   * @throws EndedEarly with all that it wrote, when it ends before that
   */
  async startProgram(
    [file = '', ...args]: readonly string[],
    readUrl: (line: string) => string | undefined,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<StartedProcess> {
    const lines: string[] = [];
    let url: string | undefined;
    const child = startChild({
      name: file,
      args: [path.join(root, file), ...args],
      // npm's variables would tell a program that it runs under npm, which here it does not.
      environment: { npm_lifecycle_event: undefined, ...environment },
      onLine(line) {
        lines.push(line);
        url ??= readUrl(line);
      },
    });
    const entry: { child: Child; seen: ProcessIdentity[] } = { child, seen: [] };
    this.#children.push(entry);
    const tree = () => (child.pid === undefined || child.hasEnded() ? [] : processTree(child.pid));
    const deadlineMs = performance.now() + READY_LIMIT_MS;
    while (url === undefined) {
      entry.seen.push(...tree());
      if (child.hasEnded()) throw new EndedEarly(`${await child.ended}:\n${lines.join('\n')}`);
      if (performance.now() > deadlineMs) throw new Error(`${file} was not ready in time:\n${lines.join('\n')}`);
      await sleep(25);
    }
    return {
      pid: child.pid ?? 0,
      url,
      lines,
      tree,
      async end(signal = 'SIGTERM') {
        entry.seen.push(...tree());
        if (child.pid !== undefined) process.kill(child.pid, signal);
        return withinLimit(child.ended, `${file} did not end after ${signal}`);
      },
    };
  }

  /** Ends everything. Throws when something that the test ended left a process behind. */
  async close(): Promise<void> {
    const ended = this.#children.filter(({ child }) => child.hasEnded());
    const running = this.#children.filter(({ child }) => !child.hasEnded());
    const left = await survivors(ended.flatMap(({ seen }) => seen));
    for (const { child, seen } of running.reverse()) {
      if (child.pid !== undefined) seen.push(...processTree(child.pid));
      await child.stop(END_LIMIT_MS);
    }
    left.push(...(await survivors(running.flatMap(({ seen }) => seen))));
    for (const { pid } of left) process.kill(pid, 'SIGKILL');
    this.#children.length = 0;
    for (const directory of this.#directories.splice(0)) rmSync(directory, { recursive: true, force: true });
    if (left.length > 0) {
      throw new Error(
        `Processes outlived their parent: ${left.map(({ pid, command }) => `${pid} ${command}`).join('; ')}`,
      );
    }
  }
}

/** Those of `processes` that still live after a moment in which they may end. */
export async function survivors(processes: readonly ProcessIdentity[]): Promise<ProcessIdentity[]> {
  const unique = [...new Map(processes.map((one) => [`${one.pid}:${one.startTicks}`, one])).values()];
  const deadlineMs = performance.now() + 3_000;
  let alive = unique.filter(isAlive);
  while (alive.length > 0 && performance.now() < deadlineMs) {
    await sleep(25);
    alive = alive.filter(isAlive);
  }
  return alive;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('The system named no port.');
  return address.port;
}

/** Asks again until `check` holds. @throws Error with `what` after `limitMs` */
export async function eventually(what: string, check: () => Promise<boolean>, limitMs = 15_000): Promise<void> {
  const deadlineMs = performance.now() + limitMs;
  while (!(await check())) {
    if (performance.now() > deadlineMs) throw new Error(`Not within ${limitMs} ms: ${what}`);
    await sleep(50);
  }
}

async function withinLimit<T>(promise: Promise<T>, message: string): Promise<T> {
  const limit = new AbortController();
  const late = sleep(END_LIMIT_MS, undefined, { signal: limit.signal }).then(() => {
    throw new Error(`${message} within ${END_LIMIT_MS} ms`);
  });
  late.catch(() => undefined); // aborted below, or already the outcome of the race
  try {
    return await Promise.race([promise, late]);
  } finally {
    limit.abort();
  }
}
