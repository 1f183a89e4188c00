// Brings a backup back, after it has shown that it is whole, of a version this one can work with, and that its
// credentials open with the key that will be there. Until then nothing is touched.
import { mkdirSync, rmSync } from 'node:fs';
import { type Manifest, readBackup } from './backup-archive.ts';
import { scratchDirectory } from './data-directory.ts';
import { inspectDatabase } from './database-file.ts';
import { secretsForIncoming } from './key-fit.ts';
import { lockDataDirectory } from './lock.ts';
import type { Log } from './log.ts';
import { replaceState } from './replace-state.ts';
import type { Secrets } from './secrets.ts';
import type { Environment } from './settings.ts';
import type { WorkerConfig } from './worker-config.ts';

export interface BackupSource {
  readonly config: WorkerConfig;
  readonly file: string;
  readonly passphrase: string | undefined;
  /** It is unpacked there for a moment: as much space as the database takes. */
  readonly dataDirectory: string;
}

/**
 * Unpacks a backup, checks it whole and hands it to `work`; what was unpacked is gone afterwards.
 * @throws StartRefused when it is damaged, of a newer version, or the passphrase does not fit
 */
export async function withBackup<T>(
  source: BackupSource,
  work: (contents: { manifest: Manifest; databaseFile: string; secrets: Secrets | undefined }) => Promise<T>,
): Promise<T> {
  const scratch = scratchDirectory(source.dataDirectory);
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true, mode: 0o700 });
  try {
    const contents = await readBackup(source.file, scratch, source.passphrase);
    inspectDatabase(contents.databaseFile, source.config.migrations);
    return await work(contents);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

export interface RestoreOptions extends BackupSource {
  readonly distDirectory: string;
  readonly environment: Environment;
  /** Go on although the credentials do not open: they have to be entered again. */
  readonly withoutCredentials: boolean;
  readonly log: Log;
}

/**
 * Restores a backup into the data directory.
 * @throws StartRefused when the bridge runs on it, the backup is not usable, or the key to its credentials is missing
 */
export async function restore(options: RestoreOptions): Promise<{ manifest: Manifest; aside: string | undefined }> {
  const { config, dataDirectory } = options;
  const unlock = lockDataDirectory(dataDirectory);
  try {
    return await withBackup(options, async (contents) => {
      const { manifest, databaseFile } = contents;
      const secrets = await secretsForIncoming({ ...options, databaseFile, saved: contents.secrets });
      const aside = await replaceState({
        config,
        distDirectory: options.distDirectory,
        dataDirectory,
        databaseFile,
        secrets,
        what: options.file,
        log: options.log,
      });
      return { manifest, aside };
    });
  } finally {
    unlock();
  }
}
