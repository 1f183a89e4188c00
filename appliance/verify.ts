// Is it whole, of a version this one works with, and does the key fit? For a backup and for the data that is in use.
import { findUnopenable } from './credentials.ts';
import { requireDatabase } from './data-directory.ts';
import type { DatabaseFacts } from './database-file.ts';
import { inspectDatabase, openReadOnly } from './database-file.ts';
import { withBackup } from './restore.ts';
import { readSecrets } from './secrets.ts';
import type { Environment } from './settings.ts';
import { StartRefused } from './start-refused.ts';
import type { WorkerConfig } from './worker-config.ts';

interface Subject {
  readonly config: WorkerConfig;
  readonly dataDirectory: string;
  readonly environment: Environment;
}

/** @returns what was found, in sentences @throws StartRefused when something is wrong */
export async function verifyData({ config, dataDirectory, environment }: Subject): Promise<string[]> {
  const file = requireDatabase(dataDirectory);
  const facts = inspectDatabase(file, config.migrations);
  const { stored, given } = readSecrets(dataDirectory, environment);
  await refuseUnopenable(file, given.ENCRYPTION_KEY ?? stored.ENCRYPTION_KEY);
  return [`The database is whole: ${describe(facts)}.`, 'All credentials open with the key.'];
}

/** @returns what was found, in sentences @throws StartRefused when something is wrong */
export async function verifyBackup(
  subject: Subject & { readonly file: string; readonly passphrase: string | undefined },
): Promise<string[]> {
  const { config, file, passphrase, dataDirectory, environment } = subject;
  return withBackup({ config, file, passphrase, dataDirectory }, async (contents) => {
    const { manifest, databaseFile, secrets } = contents;
    const facts = inspectDatabase(databaseFile, config.migrations);
    const made = `The backup of ${manifest.createdAt} (version ${manifest.version}) is whole: ${describe(facts)}.`;
    const { stored, given } = readSecrets(dataDirectory, environment);
    const key = secrets?.ENCRYPTION_KEY ?? given.ENCRYPTION_KEY ?? stored.ENCRYPTION_KEY;
    await refuseUnopenable(databaseFile, key);
    return [
      made,
      `All credentials open with the key ${secrets === undefined ? 'here; it carries none' : 'it carries'}.`,
    ];
  });
}

async function refuseUnopenable(file: string, key: string | undefined): Promise<void> {
  if (key === undefined)
    throw new StartRefused('The database is whole, but there is no ENCRYPTION_KEY for its credentials.');
  const database = openReadOnly(file);
  try {
    const findings = await findUnopenable(database, key);
    if (findings.length > 0) {
      throw new StartRefused(`The database is whole, but credentials do not open: ${findings.join('; ')}.`);
    }
  } finally {
    database.close();
  }
}

function describe({ bytes, rowCounts, migrations }: DatabaseFacts): string {
  const rows = Object.values(rowCounts).reduce((sum, count) => sum + count, 0);
  return `${bytes} bytes, ${rows} rows in ${Object.keys(rowCounts).length} tables, schema ${migrations.at(-1) ?? 'none'}`;
}
