// What processes have used, from /proc (Linux): processor time of all their threads, and memory.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

let ticksPerS: number | undefined;

/** Processor time of one process since it started, user and system, all threads, milliseconds; null when it has ended. */
export function processCpuMs(pid: number): number | null {
  ticksPerS ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  const stat = readProc(pid, 'stat');
  if (stat === null) return null;
  // "pid (command) state ppid …": the command may hold anything, so count from its closing bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / ticksPerS;
}

/** Memory that a process holds now and held at most, bytes; null when it has ended. */
export function processMemory(pid: number): { residentBytes: number; peakBytes: number } | null {
  const status = readProc(pid, 'status');
  if (status === null) return null;
  const bytesOf = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * 1_024;
  return { residentBytes: bytesOf('VmRSS'), peakBytes: bytesOf('VmHWM') };
}

function readProc(pid: number, file: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return null; // it has ended
  }
}
