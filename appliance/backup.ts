// Makes a backup while the bridge runs, and keeps as many of the scheduled ones as asked for.
import { mkdirSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs';
import path from 'node:path';
import { checkPassphrase, type Manifest, writeBackup } from './backup-archive.ts';
import { requireDatabase } from './data-directory.ts';
import { copyDatabase, inspectDatabase } from './database-file.ts';
import { renameDurably } from './durable-file.ts';
import { readSecrets } from './secrets.ts';
import type { Environment } from './settings.ts';
import { StartRefused } from './start-refused.ts';
import { productVersion } from './version.ts';
import type { WorkerConfig } from './worker-config.ts';

/** A copy of the database and its compressed form lie side by side for a while. */
const SPACE_FACTOR = 2;
const SPACE_RESERVE_BYTES = 64 * 1024 * 1024;
const UNFINISHED_PREFIX = '.unfinished-';
const SCHEDULED_PREFIX = 'scheduled-';

export interface BackupOptions {
  readonly config: WorkerConfig;
  readonly dataDirectory: string;
  readonly environment: Environment;
  readonly directory: string;
  /** Undefined: not encrypted, and then without secrets. */
  readonly passphrase: string | undefined;
  /** Undefined: made by hand, never removed. */
  readonly keepCount: number | undefined;
}

export interface BackupMade {
  readonly file: string;
  readonly bytes: number;
  readonly manifest: Manifest;
}

/**
 * Makes a backup in `directory`. What cannot be finished leaves nothing behind.
 * @throws StartRefused when the database is missing or damaged, or the disk too full
 */
export async function makeBackup(options: BackupOptions): Promise<BackupMade> {
  const { config, dataDirectory, directory, passphrase } = options;
  if (passphrase !== undefined) checkPassphrase(passphrase);
  const database = requireDatabase(dataDirectory);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  // What a killed backup left; a second one at work at the same time loses its scratch and says so.
  for (const name of readdirSync(directory)) {
    if (name.startsWith(UNFINISHED_PREFIX)) rmSync(path.join(directory, name), { force: true });
  }
  refuseFullDisk(directory, statSync(database).size + sizeOf(`${database}-wal`));

  const createdAt = new Date();
  const stamp = createdAt.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const prefix = options.keepCount === undefined ? 'bridge-' : SCHEDULED_PREFIX;
  const file = path.join(directory, `${prefix}${stamp}.tar.gz${passphrase === undefined ? '' : '.age'}`);
  const copy = path.join(directory, `${UNFINISHED_PREFIX}${stamp}.sqlite`);
  const unfinished = path.join(directory, `${UNFINISHED_PREFIX}${stamp}.archive`);
  try {
    copyDatabase(database, copy);
    const { migrations, rowCounts } = inspectDatabase(copy, config.migrations);
    const { stored, given } = readSecrets(dataDirectory, options.environment);
    const manifest = await writeBackup(
      unfinished,
      {
        manifest: {
          product: 'acd-wfm-bridge',
          format: 1,
          version: productVersion(),
          createdAt: createdAt.toISOString(),
          migrations: [...migrations],
          rowCounts,
        },
        databaseFile: copy,
        secrets: { ...stored, ...given },
      },
      passphrase,
    );
    renameDurably(unfinished, file);
    if (options.keepCount !== undefined) removeOldest(directory, options.keepCount);
    return { file, bytes: statSync(file).size, manifest };
  } finally {
    for (const scratch of [copy, unfinished]) rmSync(scratch, { force: true });
  }
}

function removeOldest(directory: string, keepCount: number): void {
  const scheduled = readdirSync(directory)
    .filter((name) => name.startsWith(SCHEDULED_PREFIX))
    .sort(); // the names carry the time
  for (const name of scheduled.slice(0, -keepCount)) rmSync(path.join(directory, name), { force: true });
}

function refuseFullDisk(directory: string, databaseBytes: number): void {
  const { bavail, bsize } = statfsSync(directory);
  const freeBytes = bavail * bsize;
  const neededBytes = databaseBytes * SPACE_FACTOR + SPACE_RESERVE_BYTES;
  if (freeBytes >= neededBytes) return;
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 1024 / 1024)} MB`;
  throw new StartRefused(
    `No backup was made: it needs ${megabytes(neededBytes)} in ${directory}, and ${megabytes(freeBytes)} are free.`,
  );
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
