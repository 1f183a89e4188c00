/** The Access page: API tokens, sessions, the audit. */
import { dayWindow, isDay } from '../../src/domain/local-day.ts';
import { listApiTokens, revokeApiToken } from '../../src/store/api-tokens.ts';
import { type AuditFilter, listAudit, listAuditActions } from '../../src/store/audit.ts';
import { type ConnectionRow, listConnections } from '../../src/store/connections.ts';
import { endAllSessions, endSession, listSessions } from '../../src/store/sessions.ts';
import { fieldErrors } from '../api/field-errors.ts';
import { id } from '../api/shapes.ts';
import type { RoutedRequest, Visit } from '../app.ts';
import { isSeenOverHttps } from '../auth/scheme.ts';
import { endOfSessionHeaders, sessionsSince } from '../auth/session.ts';
import { readForm } from '../body.ts';
import { noticeOf } from '../notice.ts';
import { AuditPage, type AuditQuery } from '../pages/access-audit.tsx';
import { SessionsPage } from '../pages/access-sessions.tsx';
import { TokensPage } from '../pages/access-tokens.tsx';
import { type FieldError, htmlPage, notFound, ProblemError, seeOther } from '../respond.ts';
import { siteZone } from '../site-zone.ts';
import { makeToken, newTokenSchema, TOO_MANY_TOKENS } from '../tokens.ts';
import { beforeOf } from './asked.ts';

const PAGE_ROWS = 100;

const NOTICES: Readonly<Record<string, string>> = {
  revoked: 'The token is revoked. Who still uses it is refused from now on.',
  ended: 'The session is ended.',
};

export async function showAccess(_request: Request, visit: Visit): Promise<Response> {
  switch (visit.url.searchParams.get('show')) {
    case 'sessions':
      return showSessions(visit);
    case 'audit':
      return showAudit(visit);
    default:
      return tokensAnswer(visit, { values: { name: '', scope: 'read' }, errors: [] });
  }
}

interface TokensForm {
  readonly values: { readonly name: string; readonly scope: string };
  readonly errors: readonly FieldError[];
  readonly made?: { readonly name: string; readonly token: string };
}

async function tokensAnswer(visit: Visit, form: TokensForm, status = 200): Promise<Response> {
  const { app, identity, nowMs, url } = visit;
  const [tokens, connections] = await Promise.all([listApiTokens(app.db), listConnections(app.db)]);
  const moment = { timeZone: siteZone(connections), nowMs };
  const notice = noticeOf(NOTICES, url);
  const hasDeploymentToken = app.settings.apiToken !== null;
  const page = { identity, tokens, moment, notice, hasDeploymentToken, origin: url.origin, ...form };
  return htmlPage(<TokensPage {...page} />, { status });
}

export async function createToken(request: Request, visit: Visit): Promise<Response> {
  const form = await readForm(request);
  const values = { name: form.get('name') ?? '', scope: form.get('scope') ?? '' };
  const parsed = newTokenSchema.safeParse(values);
  if (!parsed.success) return tokensAnswer(visit, { values, errors: fieldErrors(parsed.error) }, 422);
  const made = await makeToken(visit.app, parsed.data, { nowMs: visit.nowMs, by: visit.identity?.by ?? 'nobody' });
  if (!made) return tokensAnswer(visit, { values, errors: [{ path: '', message: TOO_MANY_TOKENS }] }, 409);
  // Not a redirect: the token is in this one answer and nowhere else.
  const shown = { values: { name: '', scope: 'read' }, errors: [], made: { ...made, name: parsed.data.name } };
  return tokensAnswer(visit, shown, 201);
}

export async function revokeToken(request: RoutedRequest, visit: Visit): Promise<Response> {
  const { app, nowMs, identity } = visit;
  const parsed = id.safeParse(request.params.id);
  const by = identity?.by ?? 'nobody';
  if (!parsed.success || !(await revokeApiToken(app.db, { id: parsed.data, nowMs, by }))) {
    throw notFound('There is no such token, or it is revoked already.');
  }
  return seeOther('/access?notice=revoked');
}

async function showSessions(visit: Visit): Promise<Response> {
  const { app, identity, nowMs, url } = visit;
  const [sessions, connections] = await Promise.all([
    listSessions(app.db, sessionsSince(nowMs)),
    listConnections(app.db),
  ]);
  const moment = { timeZone: siteZone(connections), nowMs };
  const notice = noticeOf(NOTICES, url);
  const { access, adminPassword } = app.settings;
  const page = { identity, sessions, moment, notice, access, hasPassword: adminPassword !== null };
  return htmlPage(<SessionsPage {...page} />);
}

export async function endOneSession(request: RoutedRequest, visit: Visit): Promise<Response> {
  const { app, nowMs, identity } = visit;
  const sessionId = request.params.id ?? '';
  await endSession(app.db, { id: sessionId, nowMs, by: identity?.by ?? 'nobody', action: 'session ended' });
  const isOwn = identity?.kind === 'administrator' && identity.sessionId === sessionId;
  if (!isOwn) return seeOther('/access?show=sessions&notice=ended');
  return seeOther('/sign-in', endOfSessionHeaders(isSeenOverHttps(request, visit.url)));
}

export async function signOutEverywhere(request: Request, visit: Visit): Promise<Response> {
  const { app, nowMs, identity } = visit;
  await endAllSessions(app.db, { nowMs, by: identity?.by ?? 'nobody' });
  if (identity?.kind !== 'administrator') return seeOther('/access?show=sessions&notice=ended');
  return seeOther('/sign-in', endOfSessionHeaders(isSeenOverHttps(request, visit.url)));
}

async function showAudit(visit: Visit): Promise<Response> {
  const { app, identity, nowMs, url } = visit;
  const [connections, actions] = await Promise.all([listConnections(app.db), listAuditActions(app.db)]);
  const moment = { timeZone: siteZone(connections), nowMs };
  const query = auditQuery(url.searchParams);
  const filter = auditFilter(query, moment.timeZone, connections);
  const beforeId = beforeOf(url);
  const rows = await listAudit(app.db, filter, { beforeId, limit: PAGE_ROWS + 1 });
  const entries = rows.slice(0, PAGE_ROWS);
  const olderId = rows.length > PAGE_ROWS ? (entries.at(-1)?.id ?? null) : null;
  const isFirst = beforeId === Number.MAX_SAFE_INTEGER;
  const page = { identity, entries, connections, actions, query, filter, moment, olderId, isFirst };
  return htmlPage(<AuditPage {...page} />);
}

function auditQuery(params: URLSearchParams): AuditQuery {
  const text = (name: string) => (params.get(name) ?? '').trim();
  return {
    connection: text('connection'),
    action: text('action'),
    by: text('by'),
    from: text('from'),
    to: text('to'),
  };
}

/** The filter that the address asks for. Throws `ProblemError` for one that means nothing. */
function auditFilter(query: AuditQuery, timeZone: string, connections: readonly ConnectionRow[]): AuditFilter {
  for (const day of [query.from, query.to]) {
    if (day === '' || isDay(day)) continue;
    throw new ProblemError(400, 'Not a day', `"${day.slice(0, 40)}" is no day of the calendar; give YYYY-MM-DD.`);
  }
  const connection = connections.find(({ id: known }) => String(known) === query.connection);
  const asked = id.safeParse(query.connection);
  return {
    // A deleted connection is in no list and can still be asked for.
    connectionId: connection?.id ?? (asked.success ? asked.data : null),
    action: query.action || null,
    by: query.by || null,
    fromMs: query.from ? dayWindow(query.from, timeZone).startMs : null,
    toMs: query.to ? dayWindow(query.to, timeZone).endMs : null,
  };
}
