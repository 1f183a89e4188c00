// A log file that never grows without end: at its limit it becomes NAME.1, replacing the one before, and begins anew.
import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from './start-refused.ts';

const MAX_BYTES = 5 * 1024 * 1024;

/**
 * Returns a function that appends one line. The directory is made when it is missing. A line that cannot be written (a
 * full disk) is left out, which standard error is told once until it works again: a log must not end what it logs.
 */
export function openLogFile(file: string): (line: string) => void {
  mkdirSync(path.dirname(file), { recursive: true });
  let bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  let isFailing = false;
  return (line) => {
    const entry = `${line}\n`;
    try {
      if (bytes > MAX_BYTES) {
        renameSync(file, `${file}.1`);
        bytes = 0;
      }
      appendFileSync(file, entry);
      bytes += Buffer.byteLength(entry);
      isFailing = false;
    } catch (thrown) {
      if (!isFailing) process.stderr.write(`The log ${file} cannot be written: ${messageOf(thrown)}\n`);
      isFailing = true;
    }
  };
}
