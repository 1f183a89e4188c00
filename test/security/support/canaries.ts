// Secrets that stand out: each has two runs that occur nowhere by chance, and between them what every way of escaping
// writes differently.
import { SECRETS } from './bridge.ts';
import type { Secret } from './forms.ts';

/** What a password may hold: marks of JSON, HTML and addresses, and a letter beyond ASCII. */
const HARD = '"&<%é';
/** The same for what travels in a header. */
const HARD_ASCII = '"&<%';

export const USERNAME = 'canary-user@example.com';
export const ACCESS_KEY_ID = 'canary-key-id';

export const DEPLOYMENT = {
  ...SECRETS,
  ADMIN_PASSWORD: `canary-admin-Zq7vRk2${HARD}mWx9Hc4tPb-admin`,
} as const;
export const PASSPHRASE = `canary-phrase-Ti6nBw1${HARD}cJf3Sv8kZr-phrase`;

export const CREDENTIALS = {
  realTimePassword: `canary-realtime-Bw4kXs6${HARD}Tn5vJq2hLd-realtime`,
  historicalPassword: `canary-historical-Nv9eJr1${HARD}Fy6bWk3mQs-historical`,
  accessKeySecret: `canary-accesskey-Uc2hPz7${HARD}Rg8xDt5nVa-accesskey`,
} as const;
export const LIVEVOX = {
  liveVoxPassword: `canary-lvpassword-Qm4sTd8${HARD}Ej1yGc7wKx-lvpassword`,
  liveVoxAccessToken: `canary-lvtoken-Gk2wBz5${HARD_ASCII}Pd9rNf6vHs-lvtoken`,
} as const;

/** What the mirror gives to whom it signs in. */
export const ISSUED = {
  nccToken: `canary-ncctoken-Ke5wTq0${HARD_ASCII}aVd7Xm3jCy-ncctoken`,
  accessToken: `canary-wfmtoken-Wb3fLs9${HARD_ASCII}oYh5Kt1zMn-wfmtoken`,
  refreshToken: `canary-wfmrefresh-Ds6pVx2${HARD_ASCII}iRq8Gj4cUe-wfmrefresh`,
  session: `canary-lvsession-Hf7tZm1${HARD_ASCII}uAw3Nb9kSx-lvsession`,
} as const;

/** The secret part of a webhook's address; percent signs and letters as addresses have them. */
export const HOOK = `canary-webhook-Lx8sGm3${HARD}yRo2Vp6dFt-webhook`;
export const PROXY_PASSWORD = `canary-proxy-Yn4jKc8${HARD}xTb1Wq7gZs-proxy`;

/** All of these, and the forms that the deployment and the sign-ins make of them. */
export function allCanaries(): Record<string, Secret> {
  const { ADMIN_PASSWORD, ENCRYPTION_KEY } = DEPLOYMENT;
  return {
    ...DEPLOYMENT,
    ...CREDENTIALS,
    ...LIVEVOX,
    ...ISSUED,
    HOOK,
    PASSPHRASE,
    // The bytes of the key, which are text here.
    encryptionKeyBytes: Buffer.from(ENCRYPTION_KEY, 'base64').toString(),
    // Basic credentials as a whole, and the guess of somebody who has mistaken one character.
    basic: Buffer.from(`${USERNAME}:${CREDENTIALS.realTimePassword}`).toString('base64'),
    guess: `${ADMIN_PASSWORD}-almost`,
  };
}
