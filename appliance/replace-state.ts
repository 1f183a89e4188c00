// Puts another database in the place of the present one: whole or not at all, and what was there is kept beside it. The
// caches (tokens, the objects' clocks) are left out: they belong to the old database, and the Worker makes them anew.
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { clearHold, requireDatabase, STATE_DIRECTORY, setHold } from './data-directory.ts';
import { copyDatabase } from './database-file.ts';
import { syncEntry } from './durable-file.ts';
import { prepareEngineProcess, withDatabase } from './engine.ts';
import type { Log } from './log.ts';
import type { Secrets } from './secrets.ts';
import { SECRETS_FILE, storeSecrets } from './secrets.ts';
import type { WorkerConfig } from './worker-config.ts';

export interface ReplaceOptions {
  readonly config: WorkerConfig;
  readonly distDirectory: string;
  /** Locked by the caller. */
  readonly dataDirectory: string;
  /** The new database, inspected by the caller. */
  readonly databaseFile: string;
  /** Written to secrets.json; undefined: that file stays. */
  readonly secrets: Secrets | undefined;
  /** For messages: what the data comes from. */
  readonly what: string;
  readonly log: Log;
}

/**
 * Replaces database and, where given, secrets. Cut off in the middle, it leaves a directory on which the bridge refuses
 * to start until it is done again.
 * @returns where the replaced data lies; undefined where there was none
 */
export async function replaceState(options: ReplaceOptions): Promise<string | undefined> {
  const { config, distDirectory, dataDirectory, databaseFile, secrets, log } = options;
  const scratch = path.join(dataDirectory, 'incoming');
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true, mode: 0o700 });
  prepareEngineProcess(dataDirectory, log);

  // The engine alone knows under which name it looks for its database: it makes an empty one, which is then replaced.
  await withDatabase({ config, distDirectory, dataDirectory: scratch, log }, (database) =>
    database.prepare('CREATE TABLE placeholder (id INTEGER)').run(),
  );
  const place = requireDatabase(scratch);
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${place}${suffix}`, { force: true });
  copyDatabase(databaseFile, place);

  const present = path.join(dataDirectory, STATE_DIRECTORY);
  const stamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const aside = path.join(dataDirectory, `replaced-${stamp}`);
  setHold(dataDirectory, { reason: 'replacing', sinceMs: Date.now(), what: options.what });
  const isReplacing = existsSync(present);
  if (isReplacing) {
    mkdirSync(aside, { mode: 0o700 });
    renameSync(present, path.join(aside, STATE_DIRECTORY));
    const oldSecrets = path.join(dataDirectory, SECRETS_FILE);
    if (secrets !== undefined && existsSync(oldSecrets)) renameSync(oldSecrets, path.join(aside, SECRETS_FILE));
  }
  renameSync(path.join(scratch, STATE_DIRECTORY), present);
  if (secrets !== undefined) storeSecrets(dataDirectory, secrets);
  syncEntry(dataDirectory);
  rmSync(scratch, { recursive: true, force: true });
  clearHold(dataDirectory);
  return isReplacing ? aside : undefined;
}
