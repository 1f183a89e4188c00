/** Saving a connection, the same for form and API: check, seal, store in one transaction, tell the collector. */
import { ACD_KINDS, acdAddresses, acdSecrets, acdTitle, acdTraits } from '../src/acd/registry.ts';
import {
  type ConnectionSettings,
  checkAddresses,
  checkTogether,
  connectionSecretNames,
  connectionSettingsSchema,
} from '../src/connection.ts';
import {
  type ConnectionRow,
  ConnectionTakenError,
  createConnection,
  credentialContext,
  nextConnectionId,
  readConnection,
  updateConnection,
} from '../src/store/connections.ts';
import { allowUnansweredSignIns } from '../src/store/sign-ins.ts';
import { WFM_KINDS, wfmAddresses, wfmSecrets, wfmTraits } from '../src/wfm/registry.ts';
import { type App, pokeCollector } from './app.ts';
import type { FieldError } from './respond.ts';

/** Every name under which any kind of connection keeps a secret. */
export const SECRET_NAMES: readonly string[] = [
  ...new Set([...ACD_KINDS.flatMap(acdSecrets).map(({ name }) => name), ...WFM_KINDS.flatMap(wfmSecrets)]),
];

/** Secrets as given by a user, in clear, by name; absent: the stored one stays. */
export type GivenSecrets = Readonly<Record<string, string | undefined>>;

export type SaveResult =
  | { readonly kind: 'saved'; readonly id: number }
  | { readonly kind: 'invalid'; readonly errors: readonly FieldError[] }
  /** Somebody else saved in the meantime. */
  | { readonly kind: 'conflict' };

/** The stored settings, or null when they do not fit the present schema any more. */
export function storedSettings(connection: Pick<ConnectionRow, 'settings'>): ConnectionSettings | null {
  const parsed = connectionSettingsSchema.safeParse(JSON.parse(connection.settings));
  return parsed.success ? parsed.data : null;
}

/** Which secrets are stored. */
export function secretsSet(connection: Pick<ConnectionRow, 'secrets'>): Record<string, boolean> {
  const stored = new Set(connection.secrets.map(({ name }) => name));
  return Object.fromEntries(SECRET_NAMES.map((name) => [name, stored.has(name)]));
}

/** Stores a new connection (`existing` null), or new settings of `existing` when it is still as it was read. */
export async function saveConnection(
  app: App,
  change: {
    existing: ConnectionRow | null;
    settings: ConnectionSettings;
    secrets: GivenSecrets;
    nowMs: number;
    by: string;
  },
): Promise<SaveResult> {
  const { existing, settings, secrets, nowMs, by } = change;
  const errors = [
    ...kindErrors(existing, settings),
    ...(await mergingErrors(app, settings)),
    ...checkAddresses(settings, { allowPrivateNetwork: app.settings.allowPrivateNetwork }),
    ...checkTogether(settings),
    ...secretErrors(existing, settings, secrets),
  ];
  if (errors.length > 0) return { kind: 'invalid', errors };
  const id = existing?.id ?? (await nextConnectionId(app.db));
  const sealed = await Promise.all(
    connectionSecretNames(settings).flatMap((name) => {
      const given = secrets[name];
      if (given === undefined) return [];
      return [app.sealer.seal(given, credentialContext(id, name)).then((text) => ({ name, sealed: text }))];
    }),
  );
  const row = { id, name: settings.name, settings: JSON.stringify(settings), secrets: sealed, nowMs, by };
  const detail = changesText(existing && storedSettings(existing), settings, sealed);
  try {
    if (existing === null) await createConnection(app.db, row);
    else if (!(await updateConnection(app.db, { ...row, detail, expectedVersion: existing.configVersion }))) {
      return { kind: 'conflict' };
    }
  } catch (error) {
    if (!(error instanceof ConnectionTakenError)) throw error;
    return { kind: 'invalid', errors: [{ path: error.field ?? '', message: error.message }] };
  }
  await allowUnansweredSignIns(app.db, id);
  await pokeCollector(app, id);
  return { kind: 'saved', id };
}

/** A connection keeps its source: what is stored under the ids of one ACD means nothing in another. */
function kindErrors(existing: ConnectionRow | null, settings: ConnectionSettings): FieldError[] {
  const before = existing && storedSettings(existing);
  if (!before || before.acd.kind === settings.acd.kind) return [];
  const message = `This connection reads from ${acdTitle(before.acd.kind)}. Create another connection for another source.`;
  return [{ path: 'acd.kind', message }];
}

/**
 * What stands against a member: it needs a connection that merges. That this one sends to a WFM itself, so that nothing goes in
 * circles, `checkTogether` sees to, and that it goes on merging, `kindErrors`.
 */
async function mergingErrors(app: App, { acd, wfm }: ConnectionSettings): Promise<readonly FieldError[]> {
  const { handsOverTo } = wfmTraits(wfm);
  if (handsOverTo === null) return [];
  const into = await readConnection(app.db, handsOverTo);
  const merging = into && storedSettings(into);
  if (merging && acdTraits(merging.acd).merges) {
    if (merging.collection.reportMinutes >= (acdTraits(acd).shortestReportMinutes ?? 15)) return [];
    const message = `The ACD's intervals have 30 minutes: "${merging.name}" has to report 30 minutes first.`;
    return [{ path: 'wfm.into', message }];
  }
  const message = into
    ? `"${into.name}" merges no connections. Choose one whose source is "${acdTitle('merged')}".`
    : `There is no connection ${handsOverTo}. Create the one that merges first, with the source "${acdTitle('merged')}".`;
  return [{ path: 'wfm.into', message }];
}

/** What a change is about, field by field, for the audit. A secret is named, never shown. */
function changesText(
  before: ConnectionSettings | null,
  after: ConnectionSettings,
  secrets: readonly { readonly name: string }[],
): string {
  const old = new Map(before ? leavesOf(before) : []);
  const changed = leavesOf(after).flatMap(([path, value]) =>
    old.get(path) === value ? [] : [old.has(path) ? `${path}: from ${old.get(path)} to ${value}` : `${path}: ${value}`],
  );
  const all = [...changed, ...secrets.map(({ name }) => `secrets.${name}: a new one`)];
  return all.length === 0 ? 'Saved without a change.' : `${all.join('; ')}.`;
}

/** Every setting by its place, with dots, and its value as JSON. */
function leavesOf(value: object, prefix = ''): [path: string, value: string][] {
  return Object.entries(value).flatMap(([key, item]: [string, unknown]) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? leavesOf(item, `${prefix}${key}.`)
      : [[`${prefix}${key}`, JSON.stringify(item)] satisfies [string, string]],
  );
}

/** The base URL that a secret is sent to; undefined where these settings send it nowhere. */
function addressOf(settings: ConnectionSettings, secret: string): string | undefined {
  const addresses = [...acdAddresses(settings.acd), ...wfmAddresses(settings.wfm)];
  return addresses.find(({ secrets }) => secrets.includes(secret))?.url;
}

/**
 * Secrets that are missing, or that would go to another host than the one they were entered for: who can change a base
 * URL must not be able to have a stored secret sent to a host of theirs.
 */
export function secretErrors(
  existing: ConnectionRow | null,
  settings: ConnectionSettings,
  secrets: GivenSecrets,
): FieldError[] {
  const stored = new Set(existing?.secrets.map(({ name }) => name));
  const before = existing ? storedSettings(existing) : null;
  return connectionSecretNames(settings).flatMap((name) => {
    const source = acdSecrets(settings.acd.kind).find((secret) => secret.name === name);
    const what = source?.what ?? 'access key secret';
    const path = `secrets.${name}`;
    if (secrets[name] !== undefined) return [];
    if (!stored.has(name)) return [{ path, message: `Enter the ${what}.` }];
    const address = addressOf(settings, name);
    const enteredFor = before ? addressOf(before, name) : undefined;
    if (address === undefined || enteredFor === undefined || hostOf(enteredFor) === hostOf(address)) return [];
    const message = `The base URL leads to another host now: enter the ${what} again. A stored one is only sent where it was entered for.`;
    return [{ path, message }];
  });
}

function hostOf(address: string): string {
  return URL.parse(address)?.origin ?? address;
}

/** Tells whether the settings and secrets are still what a form showed: the roster may have changed meanwhile. */
export async function settingsMark(connection: ConnectionRow): Promise<string> {
  const text = JSON.stringify([connection.settings, connection.secrets.toSorted((a, b) => (a.name < b.name ? -1 : 1))]);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return Array.from(digest.slice(0, 12), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
