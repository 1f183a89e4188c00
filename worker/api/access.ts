/** Who may ask and who changed what: API tokens, sessions, the audit. */
import * as z from 'zod';
import { type ApiTokenRow, listApiTokens, revokeApiToken, TOKEN_SCOPES } from '../../src/store/api-tokens.ts';
import { type AuditRow, listAudit } from '../../src/store/audit.ts';
import { endAllSessions, endSession, listSessions, type SessionRow } from '../../src/store/sessions.ts';
import { sessionsSince } from '../auth/session.ts';
import { notFound, ProblemError } from '../respond.ts';
import { makeToken, newTokenSchema, TOO_MANY_TOKENS } from '../tokens.ts';
import { endpoint } from './endpoint.ts';
import { beforeId, listing } from './listing.ts';
import { formatParameter, id, instant, iso, isoOrNull, isoText, pageParameters } from './shapes.ts';

const TAG = 'Access';
const none = z.strictObject({});

const token = z
  .strictObject({
    id: z.int(),
    name: z.string(),
    scope: z.enum(TOKEN_SCOPES),
    hint: z.string().describe('The first characters of the token.'),
    createdAt: isoText,
    createdBy: z.string(),
    lastUsedAt: isoText.nullable().describe('To the hour.'),
    revokedAt: isoText.nullable(),
    revokedBy: z.string().nullable(),
  })
  .meta({ id: 'Token' });

function toToken({ createdAtMs, lastUsedAtMs, revokedAtMs, ...row }: ApiTokenRow): z.input<typeof token> {
  const { id: tokenId, name, scope, hint, createdBy, revokedBy } = row;
  const instants = {
    createdAt: iso(createdAtMs),
    lastUsedAt: isoOrNull(lastUsedAtMs),
    revokedAt: isoOrNull(revokedAtMs),
  };
  return { id: tokenId, name, scope, hint, createdBy, revokedBy, ...instants };
}

export const listTokensEndpoint = endpoint({
  tag: TAG,
  summary: 'API tokens',
  description: 'Those that work first. A token itself is never shown again.',
  params: none,
  answer: z.strictObject({ rows: z.array(token) }),
  async handle({ app }) {
    return { rows: (await listApiTokens(app.db)).map(toToken) };
  },
});

export const createTokenEndpoint = endpoint({
  tag: TAG,
  summary: 'Make an API token',
  description: 'The answer holds the token, once. read: every GET; push: push and import; all: everything.',
  params: none,
  body: newTokenSchema,
  status: 201,
  answer: z.strictObject({ id: z.int(), token: z.string(), hint: z.string() }).meta({ id: 'NewToken' }),
  problems: { 409: 'There are too many tokens.' },
  async handle({ app, body, nowMs, identity }) {
    const made = await makeToken(app, body, { nowMs, by: identity.by });
    if (!made) throw new ProblemError(409, 'Too many tokens', TOO_MANY_TOKENS);
    return made;
  },
});

export const revokeTokenEndpoint = endpoint({
  tag: TAG,
  summary: 'Revoke an API token',
  params: z.strictObject({ id }),
  status: 204,
  answer: z.undefined(),
  async handle({ app, params, nowMs, identity }) {
    const isDone = await revokeApiToken(app.db, { id: params.id, nowMs, by: identity.by });
    if (!isDone) throw notFound(`There is no token ${params.id} that works.`);
    return undefined;
  },
});

const session = z
  .strictObject({ id: z.string(), beganAt: isoText, seenAt: isoText, address: z.string(), browser: z.string() })
  .meta({ id: 'Session' });

function toSession({ beganAtMs, seenAtMs, ...row }: SessionRow): z.input<typeof session> {
  return { ...row, beganAt: iso(beganAtMs), seenAt: iso(seenAtMs) };
}

export const listSessionsEndpoint = endpoint({
  tag: TAG,
  summary: 'Open sessions of the administrator',
  description: 'The last used first. Sign-ins by Cloudflare Access are kept by Cloudflare.',
  params: none,
  answer: z.strictObject({ rows: z.array(session) }),
  async handle({ app, nowMs }) {
    return { rows: (await listSessions(app.db, sessionsSince(nowMs))).map(toSession) };
  },
});

export const endSessionEndpoint = endpoint({
  tag: TAG,
  summary: 'End a session',
  params: z.strictObject({ id: z.string().max(40) }),
  status: 204,
  answer: z.undefined(),
  async handle({ app, params, nowMs, identity }) {
    const isDone = await endSession(app.db, { id: params.id, nowMs, by: identity.by, action: 'session ended' });
    if (!isDone) throw notFound('There is no such session, or it has ended.');
    return undefined;
  },
});

export const endAllSessionsEndpoint = endpoint({
  tag: TAG,
  summary: 'End every session',
  description: 'Everybody who signed in with the administrator password has to sign in again.',
  params: none,
  answer: z.strictObject({ ended: z.int() }),
  async handle({ app, nowMs, identity }) {
    return { ended: await endAllSessions(app.db, { nowMs, by: identity.by }) };
  },
});

const entry = z
  .strictObject({
    id: z.int(),
    at: isoText,
    by: z.string(),
    action: z.string(),
    connectionId: z.int().nullable(),
    detail: z.string(),
  })
  .meta({ id: 'AuditEntry' });

function toEntry({ atMs, ...row }: AuditRow): z.input<typeof entry> {
  const { id: entryId, by, action, connectionId, detail } = row;
  return { id: entryId, at: iso(atMs), by, action, connectionId, detail };
}

export const listAuditEndpoint = listing({
  tag: TAG,
  summary: 'The audit: who changed what, when',
  description: 'Newest first.',
  query: z.strictObject({
    connection: id.optional(),
    action: z.string().max(100).optional(),
    by: z.string().max(320).optional().describe('Part of the name of who changed it.'),
    from: instant.optional(),
    to: instant.optional(),
    ...pageParameters,
    ...formatParameter,
  }),
  row: entry,
  key: ['id'],
  open(db, { connection = null, action = null, by = null, from = null, to = null }) {
    const filter = { connectionId: connection, action, by, fromMs: from, toMs: to };
    return (page) => listAudit(db, filter, beforeId(page));
  },
  convert: toEntry,
  csv: { name: 'audit', toCells: toEntry },
});
