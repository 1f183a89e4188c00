// A Node process that this one started and must not leave behind. It holds the read end of a pipe from here and ends when
// the pipe closes (`--exit-with-parent`), so that even a parent killed with -9 leaves nothing running.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** Enough to show why a process ended. */
const LAST_LINES = 20;

export interface ChildOptions {
  /** How messages call it, for example "the NCC stand-in". */
  readonly name: string;
  /** Arguments of `node`, the file first. */
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Gets each line of both outputs. */
  readonly onLine?: (line: string) => void;
}

export interface Child {
  readonly name: string;
  readonly pid: number | undefined;
  /** Resolves when the process has ended, to a sentence that says how. */
  readonly ended: Promise<string>;
  hasEnded(): boolean;
  /** The newest lines that it wrote. */
  lastLines(): readonly string[];
  /** Asks it to end, and ends it by force after `limitMs`. */
  stop(limitMs: number): Promise<void>;
  kill(): void;
}

/** Starts a process in a group of its own: a terminal's Ctrl-C reaches only the parent, which ends the others in order. */
export function startChild(options: ChildOptions): Child {
  const child = spawn(process.execPath, options.args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, ...options.environment },
  });
  const lines: string[] = [];
  for (const output of [child.stdout, child.stderr]) {
    createInterface({ input: output }).on('line', (line) => {
      lines.push(line);
      if (lines.length > LAST_LINES) lines.shift();
      options.onLine?.(line);
    });
  }
  // Nothing is ever written into it: it breaks when the process ends first, which `ended` reports.
  child.stdin.on('error', () => undefined);
  const ended = endOf(child, options.name);
  return {
    name: options.name,
    pid: child.pid,
    ended,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    lastLines: () => lines,
    async stop(limitMs) {
      child.kill('SIGTERM');
      const limit = new AbortController();
      const forced = sleep(limitMs, undefined, { signal: limit.signal }).then(
        () => child.kill('SIGKILL'),
        () => undefined, // it ended in time
      );
      await ended;
      limit.abort();
      await forced;
    },
    kill: () => void child.kill('SIGKILL'),
  };
}

function endOf(child: ChildProcess, name: string): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`${name} could not be started (${error.message})`));
    child.once('close', (code, signal) =>
      resolve(`${name} ended ${signal === null ? `with code ${code}` : `by ${signal}`}`),
    );
  });
}
