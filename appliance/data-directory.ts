// What lies where in the data directory, and the notes in it that keep the bridge from starting on half of its data.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { writeDurably } from './durable-file.ts';
import { describeIssues, messageOf, StartRefused } from './start-refused.ts';

/** Database, key-value store and objects, in the layout of `wrangler --persist-to <data directory>`. */
export const STATE_DIRECTORY = 'v3';
const DATABASE_DIRECTORY = path.join(STATE_DIRECTORY, 'd1', 'miniflare-D1DatabaseObject');
const UNPACKED_PREFIX = 'unpacked-';
/** The engine's own book-keeping beside the database. */
const NOT_A_DATABASE = 'metadata.sqlite';

/**
 * The database's file; undefined where there is none yet.
 * @throws StartRefused when there are several: nobody could say which is the bridge's
 */
export function findDatabase(dataDirectory: string): string | undefined {
  const directory = path.join(dataDirectory, DATABASE_DIRECTORY);
  if (!existsSync(directory)) return undefined;
  const found = readdirSync(directory).filter((name) => name.endsWith('.sqlite') && name !== NOT_A_DATABASE);
  if (found.length > 1) throw new StartRefused(`${directory} holds ${found.length} databases; it must hold one.`);
  return found[0] === undefined ? undefined : path.join(directory, found[0]);
}

/** @throws StartRefused when there is none */
export function requireDatabase(dataDirectory: string): string {
  const file = findDatabase(dataDirectory);
  if (file !== undefined) return file;
  throw new StartRefused(
    `${dataDirectory} holds no database. Name the bridge's data directory with --data or DATA_DIR.`,
  );
}

/** Where a backup or an export is unpacked for a moment, under the data directory. */
export function scratchDirectory(dataDirectory: string): string {
  return path.join(dataDirectory, `${UNPACKED_PREFIX}${process.pid}`);
}

/** Removes what killed commands left unpacked. Call it holding the lock. */
export function removeLeftovers(dataDirectory: string): void {
  for (const name of readdirSync(dataDirectory)) {
    if (name.startsWith(UNPACKED_PREFIX)) rmSync(path.join(dataDirectory, name), { recursive: true, force: true });
  }
}

/** What the start of the bridge has to wait for. */
const holdSchema = z.strictObject({
  reason: z.enum(['moved away', 'replacing']),
  sinceMs: z.number(),
  /** Where to, or what with: for the sentence. */
  what: z.string(),
});
export type Hold = z.infer<typeof holdSchema>;

const holdFile = (dataDirectory: string) => path.join(dataDirectory, 'hold.json');

/** From here on the bridge refuses to start on this directory. */
export function setHold(dataDirectory: string, hold: Hold): void {
  writeDurably(holdFile(dataDirectory), `${JSON.stringify(hold)}\n`, 0o600);
}

export function clearHold(dataDirectory: string): void {
  rmSync(holdFile(dataDirectory), { force: true });
}

/** @throws StartRefused when the note is there and cannot be read */
export function readHold(dataDirectory: string): Hold | undefined {
  const file = holdFile(dataDirectory);
  if (!existsSync(file)) return undefined;
  try {
    const result = holdSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    if (result.success) return result.data;
    throw new StartRefused(`${file} is not usable (${describeIssues(result.error)}).`);
  } catch (cause) {
    if (cause instanceof StartRefused) throw cause;
    throw new StartRefused(`${file} cannot be read (${messageOf(cause)}).`, { cause });
  }
}

/** @throws StartRefused when the data was moved away, or a restore was cut off in the middle */
export function refuseHeld(dataDirectory: string): void {
  const hold = readHold(dataDirectory);
  if (hold === undefined) return;
  const since = new Date(hold.sinceMs).toISOString();
  throw new StartRefused(
    hold.reason === 'moved away'
      ? `The data of ${dataDirectory} was exported to ${hold.what} on ${since}, to run elsewhere. Two bridges would both ` +
          'deliver. If the other one does not run and never did, give up the move with the command `stay`.'
      : `Data is being brought in from ${hold.what} since ${since}, and that was cut off before its end. ` +
          'Give the same command again.',
  );
}
