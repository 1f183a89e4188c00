// One host per data directory. The lock is the operating system's on a small SQLite file, so that it ends with the
// process however that ends, and holds between containers that share a volume.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { messageOf, StartRefused } from './start-refused.ts';

const SQLITE_BUSY = 5;

/** How messages call the directory, and how another one is named. */
interface Naming {
  readonly what: string;
  readonly otherwise: string;
}

/**
 * Makes the data directory if need be, for its owner alone, and takes its lock.
 * @returns a function that gives it back
 * @throws StartRefused when another process holds it or it cannot be written
 */
export function lockDataDirectory(
  dataDirectory: string,
  { what, otherwise }: Naming = { what: 'data directory', otherwise: '--data or DATA_DIR' },
): () => void {
  const holderFile = path.join(dataDirectory, 'host.pid');
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
    database = new DatabaseSync(path.join(dataDirectory, 'host.lock'), { timeout: 0 });
    // Nothing is ever written here; a journal on disk would only be left behind by a killed process.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    writeFileSync(holderFile, `${process.pid}\n`);
  } catch (cause) {
    database?.close();
    if (!isBusy(cause)) {
      const reason = `The ${what} ${dataDirectory} cannot be used (${messageOf(cause)}).`;
      throw new StartRefused(`${reason} Make it writable for this user, or name another with ${otherwise}.`, {
        cause,
      });
    }
    throw new StartRefused(
      `The ${what} ${dataDirectory} is in use by another bridge${processNote(holderFile)}. ` +
        `Stop that one first, or give this one a directory of its own with ${otherwise}.`,
      { cause },
    );
  }
  const lock = database;
  return () => lock.close();
}

function isBusy(thrown: unknown): boolean {
  return thrown instanceof Error && 'errcode' in thrown && thrown.errcode === SQLITE_BUSY;
}

/** Who holds it, as far as the directory tells: in another container the number means nothing here. */
function processNote(holderFile: string): string {
  try {
    return ` (process ${readFileSync(holderFile, 'utf8').trim()})`;
  } catch {
    return ''; // the holder has not written it yet; the sentence is complete without it
  }
}
