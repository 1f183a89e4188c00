// What was not taken, one JSON object a line, for whoever has to look into it. It never grows without end: at its limit it
// becomes NAME.1, replacing the one before.
import { closeSync, fsyncSync, openSync, renameSync, statSync, writeSync } from 'node:fs';

const MAX_BYTES = 20 * 1024 * 1024;

/** Appends entries and returns when the disk has them. @throws the system's error, for example a full disk */
export function appendRefused(file: string, entries: readonly object[]): void {
  if (entries.length === 0) return;
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > MAX_BYTES) renameSync(file, `${file}.1`);
  const descriptor = openSync(file, 'a', 0o600);
  try {
    writeSync(descriptor, `${entries.map((entry) => JSON.stringify(entry)).join('\n')}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
