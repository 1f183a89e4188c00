// Another password for the administrator. It ends every session, as the sessions are signed with it.
import { requireDatabase } from './data-directory.ts';
import { readSecrets, storeSecrets } from './secrets.ts';
import type { Environment } from './settings.ts';
import { StartRefused } from './start-refused.ts';

/** As short as the Worker accepts (worker/settings.ts). */
const PASSWORD_CHARS_MIN = 12;

/**
 * Stores `password`; the bridge takes it over at its next start.
 * @throws StartRefused when it is too short, or the environment sets the password
 */
export function resetPassword(dataDirectory: string, environment: Environment, password: string): void {
  requireDatabase(dataDirectory);
  const { stored, given } = readSecrets(dataDirectory, environment);
  if (given.ADMIN_PASSWORD !== undefined) {
    throw new StartRefused('ADMIN_PASSWORD comes from the environment: change it there and restart the bridge.');
  }
  if (password.length < PASSWORD_CHARS_MIN) {
    throw new StartRefused(`The password has ${password.length} characters; it needs ${PASSWORD_CHARS_MIN} or more.`);
  }
  storeSecrets(dataDirectory, { ...stored, ADMIN_PASSWORD: password });
}
