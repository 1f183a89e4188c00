/** Trying a connection's settings out, the same for form and API: only the group in question has to be complete. */
import { ACD_KINDS, acdForm } from '../src/acd/registry.ts';
import { checkAddresses, connectionSettingsSchema } from '../src/connection.ts';
import { SealError } from '../src/crypto/seal.ts';
import type { TestGroup } from '../src/domain/form-field.ts';
import type { UpstreamDeps } from '../src/http/deps.ts';
import { type TestResult, testGroup } from '../src/jobs/test-connection.ts';
import type { SignInMemory, SignInRecord, TokenCache } from '../src/runtime.ts';
import { type ConnectionRow, credentialContext } from '../src/store/connections.ts';
import { readSealedSecrets } from '../src/store/credentials.ts';
import { readAgents, readQueues, readStates } from '../src/store/mapping.ts';
import { signInMemory } from '../src/store/sign-ins.ts';
import { fieldErrors } from './api/field-errors.ts';
import type { App } from './app.ts';
import { type GivenSecrets, secretErrors } from './connection-settings.ts';
import { formOf } from './pages/connection-fields.ts';
import type { FieldError } from './respond.ts';
import { isObject, setAt, valueAt } from './settings-place.ts';

export interface TestInput {
  readonly group: TestGroup;
  /** Null: the connection does not exist yet. */
  readonly existing: ConnectionRow | null;
  /** Settings as a form or a script gave them; other groups may be incomplete. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly secrets: GivenSecrets;
}

export type TestAnswer =
  | { readonly kind: 'tested'; readonly result: TestResult }
  | { readonly kind: 'invalid'; readonly errors: readonly FieldError[] };

/** Tries one group out. Stores nothing and sends nothing. */
export async function runConnectionTest(app: App, input: TestInput): Promise<TestAnswer> {
  const { group, existing, secrets } = input;
  const parsed = connectionSettingsSchema.safeParse(withPlaceholders(input));
  if (!parsed.success) return { kind: 'invalid', errors: fieldErrors(parsed.error) };
  const settings = parsed.data;
  const fields = formOf({ acd: settings.acd.kind, wfm: settings.wfm.kind })
    .main.filter(({ test }) => test === group)
    .flatMap((part) => part.fields);
  if (fields.length === 0)
    return { kind: 'invalid', errors: [{ path: '', message: 'This source has nothing to try out here.' }] };
  const names = new Set(fields.map(({ name }) => name));
  const errors = [
    ...checkAddresses(settings, { allowPrivateNetwork: app.settings.allowPrivateNetwork }),
    ...secretErrors(existing, settings, secrets),
  ].filter(({ path }) => names.has(path));
  if (errors.length > 0) return { kind: 'invalid', errors };
  const opened: Record<string, string> = {};
  for (const { name } of fields.filter(({ kind }) => kind === 'password')) {
    const secretName = name.replace('secrets.', '');
    const secret = secrets[secretName] ?? (await storedSecret(app, existing, secretName));
    if (secret === null) {
      const message = 'The stored one cannot be opened with the present ENCRYPTION_KEY: enter it again.';
      return { kind: 'invalid', errors: [{ path: name, message }] };
    }
    opened[secretName] = secret;
  }
  const tested = { settings, secrets: opened, mapping: await knownMapping(app, existing) };
  return { kind: 'tested', result: await testGroup(group, tested, testDeps(app, existing)) };
}

/** Stands where a group that is not tried out is incomplete; nobody is asked there. */
const NOT_ASKED = { baseUrl: 'https://not-asked.invalid', text: 'not asked' };

/** The settings with everything that the group does not need made valid. */
function withPlaceholders({ group, settings }: TestInput): unknown {
  const { acd, wfm, collection } = settings;
  const shape = connectionSettingsSchema.shape;
  const isWfmComplete = shape.wfm.safeParse(wfm).success;
  const isCollectionComplete = shape.collection.safeParse(collection).success;
  return {
    name: 'A test',
    timeZone: 'UTC',
    acd: group === 'wfm' ? { kind: 'push' } : withoutOtherGroups(acd, group),
    wfm:
      group === 'wfm' || isWfmComplete
        ? wfm
        : { kind: 'cxone-mpower', baseUrl: NOT_ASKED.baseUrl, accessKeyId: NOT_ASKED.text },
    ...(isCollectionComplete && { collection }),
  };
}

/** A source's settings with each field of the groups that are not tried out as its form has it blank, or a placeholder. */
function withoutOtherGroups(acd: unknown, group: TestGroup): unknown {
  const kind = ACD_KINDS.find((one) => one === valueAt(acd, ['kind']));
  if (!kind || !isObject(acd)) return acd;
  const { groups, blank } = acdForm(kind);
  const source = structuredClone(acd);
  const others = groups.filter(({ test }) => test !== undefined && test !== group).flatMap(({ fields }) => fields);
  for (const field of others.filter((one) => one.kind !== 'password')) {
    const keys = field.name.split('.').slice(1);
    const usual = valueAt(blank, keys);
    setAt(source, keys, usual === '' ? (field.kind === 'url' ? NOT_ASKED.baseUrl : NOT_ASKED.text) : usual);
  }
  return source;
}

/** The stored secret in clear; null when it cannot be opened. */
async function storedSecret(app: App, existing: ConnectionRow | null, name: string): Promise<string | null> {
  if (!existing) return null;
  const sealed = (await readSealedSecrets(app.db, existing.id)).get(name);
  if (sealed === undefined) return null;
  try {
    return await app.sealer.open(sealed, credentialContext(existing.id, name));
  } catch (error) {
    if (error instanceof SealError) return null;
    throw error;
  }
}

async function knownMapping(app: App, existing: ConnectionRow | null) {
  if (!existing) return { agents: [], states: [], queues: [] };
  const [agents, states, queues] = await Promise.all([
    readAgents(app.db, existing.id),
    readStates(app.db, existing.id),
    readQueues(app.db, existing.id),
  ]);
  return { agents, states, queues };
}

/** A test signs in for real: no token is taken from the cache, and none is left there. */
const NO_TOKENS: TokenCache = {
  get: async () => null,
  put: async () => undefined,
  delete: async () => undefined,
};
/** Accounts of connections that do not exist yet, as far as this process remembers: the newest few. */
const tried = new Map<string, SignInRecord>();
const TRIED_MAX = 100;
const PROCESS_MEMORY: SignInMemory = {
  read: async (fingerprint) => tried.get(fingerprint) ?? null,
  async write(fingerprint, record) {
    tried.delete(fingerprint);
    tried.set(fingerprint, record);
    const [oldest] = tried.keys();
    if (tried.size > TRIED_MAX && oldest !== undefined) tried.delete(oldest);
  },
};

function testDeps(app: App, existing: ConnectionRow | null): UpstreamDeps {
  const { fetch, clock, sealer, settings } = app;
  return {
    connectionId: existing?.id ?? 0,
    fetch,
    clock,
    sealer,
    tokens: NO_TOKENS,
    // Credentials that were refused are not tried again by a test either: accounts get locked.
    signIns: existing ? signInMemory(app.db, existing.id) : PROCESS_MEMORY,
    allowPrivateNetwork: settings.allowPrivateNetwork,
  };
}
