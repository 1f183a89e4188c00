// The Worker's secrets: from the environment, else from secrets.json in the data directory, else made at the first start
// and kept there. A key is never made for a database that already holds something sealed with another one.
import { randomBytes, randomInt } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { writeDurably } from './durable-file.ts';
import type { Environment } from './settings.ts';
import { readVariableOrFile } from './settings.ts';
import { describeIssues, StartRefused } from './start-refused.ts';

export const SECRETS_FILE = 'secrets.json';

const secretsSchema = z.strictObject({
  ENCRYPTION_KEY: z.string().min(1).optional(),
  ADMIN_PASSWORD: z.string().min(1).optional(),
  API_TOKEN: z.string().min(1).optional(),
});
export type Secrets = z.infer<typeof secretsSchema>;
type SecretName = keyof Secrets;
const SECRET_NAMES: readonly SecretName[] = ['ENCRYPTION_KEY', 'ADMIN_PASSWORD', 'API_TOKEN'];

/** Bytes of AES-256's key. */
const ENCRYPTION_KEY_BYTES = 32;
const API_TOKEN_BYTES = 32;
/** Without the letters and digits that are taken for one another. */
const PASSWORD_ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';
/** 20 characters of 31: 99 bits. */
const PASSWORD_GROUPS = 4;
const PASSWORD_GROUP_LENGTH = 5;
const GROUP_AND_OTHERS = 0o077;

export interface SecretsResult {
  readonly secrets: Secrets;
  /** Those that were made and stored by this call. */
  readonly created: readonly SecretName[];
}

export interface SecretsOptions {
  readonly dataDirectory: string;
  readonly environment: Environment;
  /** Cloudflare Access guards the site, so no password is needed. */
  readonly isAccessConfigured: boolean;
  /** Make a token for the API, too: for the demo, which sets itself up through it. */
  readonly wantsApiToken?: boolean;
}

/**
 * Collects the secrets and makes those that a first start lacks.
 * @throws StartRefused when secrets.json is unusable, or the key to existing data is missing
 */
export function loadSecrets(options: SecretsOptions): SecretsResult {
  const { stored, given } = readSecrets(options.dataDirectory, options.environment);
  const present: Secrets = { ...stored, ...given };
  const made: Secrets = {};
  if (present.ENCRYPTION_KEY === undefined) {
    refuseIfDataExists(options.dataDirectory);
    made.ENCRYPTION_KEY = makeEncryptionKey();
  }
  if (present.ADMIN_PASSWORD === undefined && !options.isAccessConfigured) made.ADMIN_PASSWORD = makePassword();
  if (present.API_TOKEN === undefined && options.wantsApiToken === true) {
    made.API_TOKEN = randomBytes(API_TOKEN_BYTES).toString('base64url');
  }
  const created = SECRET_NAMES.filter((name) => made[name] !== undefined);
  if (created.length > 0) storeSecrets(options.dataDirectory, { ...stored, ...made });
  return { secrets: { ...present, ...made }, created };
}

/**
 * The secrets that there are, by where they come from; those of the environment win.
 * @throws StartRefused when secrets.json is unusable
 */
export function readSecrets(dataDirectory: string, environment: Environment): { stored: Secrets; given: Secrets } {
  const given: Secrets = {};
  for (const name of SECRET_NAMES) {
    const value = readVariableOrFile(environment, name);
    if (value !== undefined) given[name] = value;
  }
  return { stored: readStored(path.join(dataDirectory, SECRETS_FILE)), given };
}

/** Reads what a backup carries of secrets. @throws ZodError when it is not that */
export function parseSecrets(content: unknown): Secrets {
  return secretsSchema.parse(content);
}

export function makeEncryptionKey(): string {
  return randomBytes(ENCRYPTION_KEY_BYTES).toString('base64');
}

function readStored(file: string): Secrets {
  if (!existsSync(file)) return {};
  // A copy or an archive may have widened it; only the owner may read secrets.
  if ((statSync(file).mode & GROUP_AND_OTHERS) !== 0) chmodSync(file, 0o600);
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new StartRefused(`${file} cannot be read as JSON. Restore it from a backup: it holds the encryption key.`, {
      cause,
    });
  }
  const result = secretsSchema.safeParse(content);
  if (!result.success) {
    throw new StartRefused(
      `${file} is not usable (${describeIssues(result.error)}). It may hold ${SECRET_NAMES.join(', ')}.`,
    );
  }
  return result.data;
}

function refuseIfDataExists(dataDirectory: string): void {
  if (!existsSync(path.join(dataDirectory, 'v3', 'd1'))) return;
  throw new StartRefused(
    `${dataDirectory} holds a database, but there is no ENCRYPTION_KEY for it, neither in the environment nor in ` +
      `${SECRETS_FILE}. Set the key it was made with; a new one could not open the stored credentials.`,
  );
}

export function makePassword(): string {
  const group = () =>
    Array.from({ length: PASSWORD_GROUP_LENGTH }, () => PASSWORD_ALPHABET[randomInt(PASSWORD_ALPHABET.length)]).join(
      '',
    );
  return Array.from({ length: PASSWORD_GROUPS }, group).join('-');
}

/** Replaces secrets.json. A power cut leaves the old file or the new one, never half of one. */
export function storeSecrets(dataDirectory: string, secrets: Secrets): void {
  writeDurably(path.join(dataDirectory, SECRETS_FILE), `${JSON.stringify(secrets, null, 2)}\n`, 0o600);
}
