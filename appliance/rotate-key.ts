// A new encryption key. Old and new are kept side by side until everything is sealed with the new one, so a kill at any
// moment leaves data that opens, and the same command again finishes what was begun.
import { findUnopenable, sealAnew } from './credentials.ts';
import { requireDatabase } from './data-directory.ts';
import { openToWrite } from './database-file.ts';
import { lockDataDirectory } from './lock.ts';
import { makeEncryptionKey, readSecrets, storeSecrets } from './secrets.ts';
import type { Environment } from './settings.ts';
import { StartRefused } from './start-refused.ts';

export interface RotateOptions {
  readonly dataDirectory: string;
  readonly environment: Environment;
  /** Called after each step that is on disk, and within the sealing after each row; for tests that end the process there. */
  readonly onStep?: (step: 'both keys stored' | 'row sealed' | 'sealed anew' | 'old key removed') => void;
}

export interface Rotated {
  readonly sealedCount: number;
  /** The key is the environment's: whoever set it has to remove the old one. */
  readonly isKeyGiven: boolean;
}

/**
 * Replaces the encryption key.
 * @throws StartRefused when the bridge runs, or the environment gives a single key
 * @throws SealError when a credential does not open with the present keys; nothing is changed then
 */
export async function rotateKey(options: RotateOptions): Promise<Rotated> {
  const { dataDirectory, environment, onStep } = options;
  const unlock = lockDataDirectory(dataDirectory);
  try {
    const database = openToWrite(requireDatabase(dataDirectory));
    try {
      const { stored, given } = readSecrets(dataDirectory, environment);
      const present = given.ENCRYPTION_KEY ?? stored.ENCRYPTION_KEY;
      if (present === undefined) throw new StartRefused('There is no ENCRYPTION_KEY to replace.');
      const isKeyGiven = given.ENCRYPTION_KEY !== undefined;
      if (isKeyGiven && !present.includes(',')) {
        throw new StartRefused(
          'ENCRYPTION_KEY comes from the environment. Make a new key (openssl rand -base64 32), set ENCRYPTION_KEY to ' +
            '"new,old" there, and give this command again; then remove the old one.',
        );
      }
      // Two keys: a rotation was begun, and the first of them is the new one.
      const both = present.includes(',') ? present : `${makeEncryptionKey()},${present}`;
      const [next = ''] = both.split(',').map((key) => key.trim());
      const findings = await findUnopenable(database, both);
      if (findings.length > 0) {
        throw new StartRefused(`The key was not changed: ${findings.join('; ')}. Enter these credentials again first.`);
      }
      if (!isKeyGiven) storeSecrets(dataDirectory, { ...stored, ENCRYPTION_KEY: both });
      onStep?.('both keys stored');
      const sealedCount = await sealAnew(database, both, () => onStep?.('row sealed'));
      onStep?.('sealed anew');
      const left = await findUnopenable(database, next);
      if (left.length > 0) throw new Error(`After sealing anew: ${left.join('; ')}`);
      if (!isKeyGiven) storeSecrets(dataDirectory, { ...stored, ENCRYPTION_KEY: next });
      onStep?.('old key removed');
      return { sealedCount, isKeyGiven };
    } finally {
      database.close();
    }
  } finally {
    unlock();
  }
}
