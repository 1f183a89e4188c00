// Files that a power cut leaves old or new, never half written: written aside, synced, renamed, and the name synced too.
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import path from 'node:path';

/** Writes `content` under `file`'s name, readable as `mode` says. */
export function writeDurably(file: string, content: string, mode: number): void {
  const aside = `${file}.new`;
  const descriptor = openSync(aside, 'w', mode);
  try {
    writeSync(descriptor, content);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameDurably(aside, file);
}

/** Gives something already synced its name, on disk too. Both names are in one file system. */
export function renameDurably(from: string, to: string): void {
  renameSync(from, to);
  syncEntry(path.dirname(to));
}

/** Syncs a file's content or a directory's names. */
export function syncEntry(entry: string): void {
  const descriptor = openSync(entry, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
