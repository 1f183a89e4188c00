// Data that comes in needs the key that its credentials were sealed with: which one will be there, and does it fit?
import { findUnopenable } from './credentials.ts';
import { openReadOnly } from './database-file.ts';
import type { Secrets } from './secrets.ts';
import { makeEncryptionKey, readSecrets, SECRETS_FILE } from './secrets.ts';
import type { Environment } from './settings.ts';
import { StartRefused } from './start-refused.ts';

export interface IncomingData {
  readonly dataDirectory: string;
  readonly environment: Environment;
  readonly databaseFile: string;
  /** The secrets that come with the data; undefined: none do. */
  readonly saved: Secrets | undefined;
  /** Go on although the credentials do not open: they are entered again afterwards. */
  readonly withoutCredentials: boolean;
}

/**
 * What secrets.json has to hold for the incoming data; undefined: it stays as it is.
 * @throws StartRefused when credentials would not open, unless that is accepted
 */
export async function secretsForIncoming(data: IncomingData): Promise<Secrets | undefined> {
  const { stored, given } = readSecrets(data.dataDirectory, data.environment);
  const effective = { ...(data.saved ?? stored), ...given };
  const key = effective.ENCRYPTION_KEY;
  if (!data.withoutCredentials) await refuseUnopenable(data.databaseFile, key);
  if (key !== undefined) return data.saved;
  return { ...(data.saved ?? stored), ENCRYPTION_KEY: makeEncryptionKey() };
}

async function refuseUnopenable(databaseFile: string, key: string | undefined): Promise<void> {
  const advice =
    `Give the ENCRYPTION_KEY that they were sealed with, by environment or in ${SECRETS_FILE}, or go on with ` +
    '--without-credentials and enter them again. Nothing was changed.';
  const database = openReadOnly(databaseFile);
  try {
    // Without a key nothing opens; where there is nothing to open, none is missed.
    const findings = await findUnopenable(database, key ?? makeEncryptionKey());
    if (findings.length === 0) return;
    throw new StartRefused(
      key === undefined
        ? `The data holds ${findings.length} credentials, and there is no key for them. ${advice}`
        : `Credentials do not open: ${findings.join('; ')} ${advice}`,
    );
  } finally {
    database.close();
  }
}
