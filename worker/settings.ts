/**
 * The deployment's settings: read from the environment whole and once. One that is missing or wrong closes the whole
 * bridge, with the command that sets it; nothing ever runs half-configured.
 */
import * as z from 'zod';
import { parseEncryptionKeys } from '../src/crypto/seal.ts';

export interface AccessSettings {
  /** Origin of the team, `https://<team>.cloudflareaccess.com`. */
  readonly teamDomain: string;
  /** Audience tag of the Access application. */
  readonly audience: string;
}

export interface Settings {
  readonly encryptionKey: string;
  /** Null only where Cloudflare Access guards the site. */
  readonly adminPassword: string | null;
  readonly access: AccessSettings | null;
  readonly apiToken: string | null;
  readonly allowPrivateNetwork: boolean;
}

/** One setting that keeps the bridge closed. Never holds the setting's value. */
export interface SettingProblem {
  readonly name: string;
  readonly message: string;
  /** The exact command that sets it on Cloudflare. */
  readonly command: string;
}

export type ParsedSettings =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly problems: readonly SettingProblem[] };

const ADMIN_PASSWORD_CHARS_MIN = 12;
const API_TOKEN_CHARS_MIN = 32;

const text = z.string().trim().default('');
const environmentSchema = z.object({
  ENCRYPTION_KEY: text,
  ADMIN_PASSWORD: z.string().default(''),
  API_TOKEN: text,
  ACCESS_TEAM_DOMAIN: text,
  ACCESS_AUDIENCE: text,
  ALLOW_PRIVATE_NETWORK: text,
});

const COMMANDS: Readonly<Record<string, string>> = {
  ENCRYPTION_KEY: 'openssl rand -base64 32 | npx wrangler secret put ENCRYPTION_KEY',
  ADMIN_PASSWORD: 'npx wrangler secret put ADMIN_PASSWORD',
  API_TOKEN: 'openssl rand -hex 32 | npx wrangler secret put API_TOKEN',
  ACCESS_TEAM_DOMAIN: 'npx wrangler deploy --var ACCESS_TEAM_DOMAIN:https://<team>.cloudflareaccess.com',
  ACCESS_AUDIENCE: 'npx wrangler deploy --var ACCESS_AUDIENCE:<audience tag>',
  ALLOW_PRIVATE_NETWORK: 'npx wrangler deploy --var ALLOW_PRIVATE_NETWORK:false',
};

const parsedByEnvironment = new WeakMap<object, ParsedSettings>();

/** The settings of this environment; parsed once per environment. */
export function readSettings(environment: object): ParsedSettings {
  const known = parsedByEnvironment.get(environment);
  if (known) return known;
  const parsed = parseSettings(environment);
  parsedByEnvironment.set(environment, parsed);
  return parsed;
}

/** Parses settings from an environment's variables and secrets; other bindings are left alone. */
export function parseSettings(environment: object): ParsedSettings {
  const shape = environmentSchema.safeParse(environment);
  if (!shape.success) {
    const names = shape.error.issues.map((issue) => String(issue.path[0]));
    return { ok: false, problems: names.map((name) => problem(name, `${name} is not text.`)) };
  }
  const values = shape.data;
  const allowPrivateNetwork = z.stringbool().safeParse(values.ALLOW_PRIVATE_NETWORK || 'false');
  const access = accessSettings(values.ACCESS_TEAM_DOMAIN, values.ACCESS_AUDIENCE);
  const problems = [
    ...keyProblems(values.ENCRYPTION_KEY),
    ...access.problems,
    ...passwordProblems(values.ADMIN_PASSWORD, access.settings !== null || access.problems.length > 0),
    ...tokenProblems(values.API_TOKEN),
    ...(allowPrivateNetwork.success
      ? []
      : [problem('ALLOW_PRIVATE_NETWORK', 'ALLOW_PRIVATE_NETWORK is neither true nor false.')]),
  ];
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    settings: {
      encryptionKey: values.ENCRYPTION_KEY,
      adminPassword: values.ADMIN_PASSWORD || null,
      access: access.settings,
      apiToken: values.API_TOKEN || null,
      allowPrivateNetwork: allowPrivateNetwork.data === true,
    },
  };
}

function problem(name: string, message: string): SettingProblem {
  return { name, message, command: COMMANDS[name] ?? `npx wrangler secret put ${name}` };
}

function keyProblems(value: string): SettingProblem[] {
  const parsed = parseEncryptionKeys(value);
  return parsed.ok ? [] : [problem('ENCRYPTION_KEY', parsed.message)];
}

function passwordProblems(value: string, mayBeAbsent: boolean): SettingProblem[] {
  if (value === '') {
    if (mayBeAbsent) return [];
    const message = `ADMIN_PASSWORD is not set. It signs an administrator in: ${ADMIN_PASSWORD_CHARS_MIN} characters or more.`;
    return [problem('ADMIN_PASSWORD', message)];
  }
  if (value.length >= ADMIN_PASSWORD_CHARS_MIN) return [];
  const message = `ADMIN_PASSWORD has ${value.length} characters; it needs ${ADMIN_PASSWORD_CHARS_MIN} or more.`;
  return [problem('ADMIN_PASSWORD', message)];
}

function tokenProblems(value: string): SettingProblem[] {
  if (value === '' || value.length >= API_TOKEN_CHARS_MIN) return [];
  const message = `API_TOKEN has ${value.length} characters; it needs ${API_TOKEN_CHARS_MIN} or more, or none at all.`;
  return [problem('API_TOKEN', message)];
}

function accessSettings(teamDomain: string, audience: string) {
  const none = { settings: null, problems: [] as SettingProblem[] };
  if (teamDomain === '' && audience === '') return none;
  if (teamDomain === '') {
    const message = 'ACCESS_AUDIENCE is set, ACCESS_TEAM_DOMAIN is not: set both or neither.';
    return { settings: null, problems: [problem('ACCESS_TEAM_DOMAIN', message)] };
  }
  if (audience === '') {
    const message = 'ACCESS_TEAM_DOMAIN is set, ACCESS_AUDIENCE is not: set both or neither.';
    return { settings: null, problems: [problem('ACCESS_AUDIENCE', message)] };
  }
  const url = URL.parse(teamDomain.includes('://') ? teamDomain : `https://${teamDomain}`);
  if (url?.protocol !== 'https:' || !url.hostname.includes('.') || url.pathname !== '/') {
    const message = 'ACCESS_TEAM_DOMAIN is not an address such as https://team.cloudflareaccess.com.';
    return { settings: null, problems: [problem('ACCESS_TEAM_DOMAIN', message)] };
  }
  return { settings: { teamDomain: url.origin, audience }, problems: [] as SettingProblem[] };
}
