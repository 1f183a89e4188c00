// Which processes live, read from /proc (Linux). A process is named by its id and start time, so that an id that the
// system gives out again is not taken for the old process.
import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessIdentity {
  readonly pid: number;
  readonly startTicks: string;
  /** The start of its command line, for messages. */
  readonly command: string;
}

/** A process and all that it started, themselves and in turn. Empty when it does not live. */
export function processTree(rootPid: number): ProcessIdentity[] {
  const table = new Map<number, { parentPid: number; startTicks: string }>();
  for (const entry of readdirSync('/proc')) {
    const stat = /^\d+$/.test(entry) ? readStat(Number(entry)) : undefined;
    if (stat !== undefined) table.set(Number(entry), stat);
  }
  const found: number[] = table.has(rootPid) ? [rootPid] : [];
  for (const pid of found) {
    for (const [childPid, { parentPid }] of table) if (parentPid === pid) found.push(childPid);
  }
  return found.map((pid) => ({ pid, startTicks: table.get(pid)?.startTicks ?? '', command: commandOf(pid) }));
}

/** Does this very process still run? One that has ended and is not yet collected does not. */
export function isAlive(process: ProcessIdentity): boolean {
  return readStat(process.pid)?.startTicks === process.startTicks;
}

function readStat(pid: number): { parentPid: number; startTicks: string } | undefined {
  try {
    // "pid (command) state ppid … starttime …": the command may hold anything, so count from its closing bracket.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') return undefined;
    return { parentPid: Number(fields[1]), startTicks: fields[19] ?? '' };
  } catch {
    return undefined; // it ended between the listing and the reading
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').slice(0, 120);
  } catch {
    return 'ended';
  }
}
