/** Connections: list, create, read, change, delete, pause. Secrets go in and never come out. */
import * as z from 'zod';
import { type ConnectionSettings, connectionSettingsSchema } from '../../src/connection.ts';
import { type ConnectionRow, listConnections, setPaused } from '../../src/store/connections.ts';
import { type App, pokeCollector } from '../app.ts';
import { removeConnectionForGood } from '../connection-delete.ts';
import { type GivenSecrets, SECRET_NAMES, saveConnection, secretsSet, storedSettings } from '../connection-settings.ts';
import { ProblemError } from '../respond.ts';
import { answer, endpoint } from './endpoint.ts';
import { connectionParams, iso, isoText, requireConnection } from './shapes.ts';

const TAG = 'Connections';

const summary = z.strictObject({
  id: z.int(),
  name: z.string(),
  paused: z.boolean(),
  version: z.int().describe('Rises with every change of settings, secrets, roster or mapping.'),
  createdAt: isoText,
  updatedAt: isoText,
});

const whole = z
  .strictObject({
    ...summary.shape,
    ...connectionSettingsSchema.shape,
    secretsSet: z.record(z.string(), z.boolean()).describe('Which secrets are stored. They are never shown.'),
  })
  .meta({ id: 'Connection' });

export const secretsSchema = z
  .strictObject(Object.fromEntries(SECRET_NAMES.map((name) => [name, z.string().min(1).max(2_000).optional()])))
  .describe('Write-only. A secret that is left out stays as it is stored.');

const created = z
  .strictObject({ ...connectionSettingsSchema.shape, secrets: secretsSchema.default({}) })
  .meta({ id: 'NewConnection' });
const changed = z
  .strictObject({
    ...created.shape,
    version: z.int().optional().describe('The version that was read; or give it as If-Match.'),
  })
  .meta({ id: 'ConnectionChange' });

function toSummary(row: ConnectionRow): z.input<typeof summary> {
  return {
    id: row.id,
    name: row.name,
    paused: row.paused,
    version: row.configVersion,
    createdAt: iso(row.createdAtMs),
    updatedAt: iso(row.updatedAtMs),
  };
}

function wholeAnswer(row: ConnectionRow, init: ResponseInit = {}): Response {
  const settings = storedSettings(row);
  if (!settings) {
    const detail = 'The stored settings are not valid any more. Open the connection page and save it again.';
    throw new ProblemError(409, 'Settings not valid', detail);
  }
  const body = { ...toSummary(row), ...settings, secretsSet: secretsSet(row) };
  return answer(whole, body, { ...init, headers: { ...init.headers, etag: `"${row.configVersion}"` } });
}

async function save(
  app: App,
  existing: ConnectionRow | null,
  settings: ConnectionSettings,
  given: GivenSecrets,
  who: { nowMs: number; by: string },
): Promise<number> {
  const result = await saveConnection(app, { existing, settings, secrets: given, ...who });
  switch (result.kind) {
    case 'saved':
      return result.id;
    case 'conflict':
      throw conflict();
    case 'invalid': {
      const detail = `Nothing was changed: ${result.errors.map(({ path, message }) => `${path}: ${message}`).join(' ')}`;
      throw new ProblemError(400, 'Invalid request', detail, { errors: result.errors });
    }
  }
}

function conflict(): ProblemError {
  const detail =
    'Somebody else changed the connection since you read it. Nothing was changed. Read it again and repeat.';
  return new ProblemError(409, 'Changed meanwhile', detail);
}

export const listConnectionsEndpoint = endpoint({
  tag: TAG,
  summary: 'All connections',
  params: z.strictObject({}),
  answer: z.strictObject({ rows: z.array(summary) }),
  async handle({ app }) {
    return { rows: (await listConnections(app.db)).map(toSummary) };
  },
});

export const createConnectionEndpoint = endpoint({
  tag: TAG,
  summary: 'Create a connection',
  description: 'Collection begins at once, the roster is imported first.',
  params: z.strictObject({}),
  body: created,
  status: 201,
  answer: whole,
  async handle({ app, body, nowMs, identity }) {
    const { secrets: given, ...settings } = body;
    const id = await save(app, null, settings, given, { nowMs, by: identity.by });
    const row = await requireConnection(app, id);
    return wholeAnswer(row, { status: 201, headers: { location: `/api/v1/connections/${id}` } });
  },
});

export const readConnectionEndpoint = endpoint({
  tag: TAG,
  summary: 'One connection with its settings',
  description: 'The ETag is the version, for If-Match.',
  params: connectionParams,
  answer: whole,
  problems: { 409: 'The stored settings are not valid any more.' },
  async handle({ app, params }) {
    return wholeAnswer(await requireConnection(app, params.connectionId));
  },
});

export const changeConnectionEndpoint = endpoint({
  tag: TAG,
  summary: 'Replace the settings of a connection',
  description:
    'The whole settings; a setting left out takes its default, a secret left out stays. The version read goes in `version` or If-Match.',
  params: connectionParams,
  body: changed,
  answer: whole,
  problems: { 409: 'Somebody else changed it meanwhile.', 428: 'The version that was read is missing.' },
  async handle({ app, params, body, request, nowMs, identity }) {
    const { secrets: given, version, ...settings } = body;
    const expected = version ?? ifMatch(request);
    const existing = await requireConnection(app, params.connectionId);
    if (expected !== existing.configVersion) throw conflict();
    await save(app, existing, settings, given, { nowMs, by: identity.by });
    return wholeAnswer(await requireConnection(app, params.connectionId));
  },
});

function ifMatch(request: Request): number {
  const [, version] = /^"?(\d{1,15})"?$/.exec(request.headers.get('if-match') ?? '') ?? [];
  if (version !== undefined) return Number(version);
  const detail = 'Give the version that you read, in `version` or as If-Match.';
  throw new ProblemError(428, 'Version required', detail, { errors: [{ path: 'version', message: detail }] });
}

export const deleteConnectionEndpoint = endpoint({
  tag: TAG,
  summary: 'Delete a connection with everything collected for it',
  description: 'Years of data may take several goes: repeat it while the answer is 503.',
  params: connectionParams,
  status: 204,
  answer: z.undefined(),
  problems: { 503: 'There is more to delete than goes at once; repeat it.' },
  async handle({ app, params, nowMs, identity }) {
    const connection = await requireConnection(app, params.connectionId);
    if (await removeConnectionForGood(app, connection, { nowMs, by: identity.by })) return undefined;
    throw new ProblemError(503, 'Not finished', 'There is more to delete than goes at once. Repeat it to go on.', {
      headers: { 'retry-after': '1' },
    });
  },
});

function pauseEndpoint(paused: boolean) {
  return endpoint({
    tag: TAG,
    summary: paused ? 'Pause a connection' : 'Resume a connection',
    description: paused
      ? 'Nothing is read and nothing is sent until it is resumed.'
      : 'Figures missed meanwhile are loaded by themselves.',
    params: connectionParams,
    answer: summary,
    async handle({ app, params, nowMs, identity }) {
      await requireConnection(app, params.connectionId);
      await setPaused(app.db, { id: params.connectionId, paused, nowMs, by: identity.by });
      await pokeCollector(app, params.connectionId);
      return toSummary(await requireConnection(app, params.connectionId));
    },
  });
}

export const pauseConnectionEndpoint = pauseEndpoint(true);
export const resumeConnectionEndpoint = pauseEndpoint(false);
