/**
 * From request to answer: settings first, then who is asking, then the route; every way out, failures included, gets
 * its security headers here.
 */
import { noteSessionSeen } from '../src/store/sessions.ts';
import type { App, Visit } from './app.ts';
import { attemptAddress, recognise, requireSameOrigin } from './auth/guard.ts';
import { isSeenOverHttps } from './auth/scheme.ts';
import { needsRenewal, type Session, sessionCookie } from './auth/session.ts';
import { forgetBody } from './body.ts';
import { isDatabaseAway } from './d1-deadline.ts';
import { log, type RefusalKind } from './log.ts';
import { MessagePage, NotConfiguredPage } from './pages/message.tsx';
import { htmlPage, ProblemError, problemJson, withSecurityHeaders } from './respond.ts';
import { dispatch, isApiPath } from './router.ts';
import type { SettingProblem } from './settings.ts';

/** Answers every request while the deployment is not complete. */
export function closedAnswer(request: Request, problems: readonly SettingProblem[]): Response {
  const url = new URL(request.url);
  const isJson = isApiPath(url.pathname) || url.pathname === '/healthz';
  const errors = problems.map(({ name, message, command }) => ({
    path: name,
    message: `${message} Set it with: ${command}`,
  }));
  const detail = `The bridge is closed until its settings are right. ${errors.map(({ message }) => message).join(' ')}`;
  const response = isJson
    ? problemJson(new ProblemError(503, 'Not configured', detail, { errors }))
    : htmlPage(<NotConfiguredPage problems={problems} />, { status: 503 });
  return withSecurityHeaders(response, isSeenOverHttps(request, url));
}

/** Answers a request. Never throws. */
export async function answerRequest(request: Request, app: App): Promise<Response> {
  const url = new URL(request.url);
  const nowMs = app.clock.nowMs();
  const address = request.headers.get('cf-connecting-ip') ?? '';
  const isHttps = isSeenOverHttps(request, url);
  let visit: Visit = { app, url, nowMs, address, identity: null };
  let response: Response;
  try {
    const isApi = isApiPath(url.pathname);
    const { settings, db, fetch } = app;
    const onRefused = (kind: RefusalKind, message: string) => noteRefusal(visit, kind, message);
    const { identity, session } = await recognise(request, { settings, db, fetch, nowMs, isApi, onRefused });
    visit = { ...visit, identity };
    // A token never comes along by itself; whoever sends a wrong one should hear that, and not of origins.
    if (!(isApiPath(url.pathname) && request.headers.has('authorization'))) requireSameOrigin(request, url);
    response = await dispatch(withoutHead(request), visit);
    if (session) response = await renewed(response, session, request, visit, isHttps);
  } catch (error) {
    response = failureAnswer(error, visit);
  }
  // A sender that has left in the middle of its body needs no answer.
  await forgetBody(request, app.clock).catch(() => undefined);
  if (request.method === 'HEAD') response = new Response(null, response);
  return withSecurityHeaders(response, isHttps);
}

/** HEAD is GET without its body. */
function withoutHead(request: Request): Request {
  return request.method === 'HEAD' ? new Request(request, { method: 'GET' }) : request;
}

/** Goes on with a session that is in use. A page that refreshes itself is no use: an idle session still ends. */
async function renewed(
  response: Response,
  session: Session,
  request: Request,
  visit: Visit,
  isHttps: boolean,
): Promise<Response> {
  const isUse = !request.headers.has('hx-request') && !response.headers.has('set-cookie');
  if (!isUse || !needsRenewal(session, visit.nowMs)) return response;
  const headers = new Headers(response.headers);
  const next = { ...session, seenMs: visit.nowMs };
  await noteSessionSeen(visit.app.db, session.id, visit.nowMs);
  headers.append('set-cookie', await sessionCookie(visit.app.settings, next, isHttps));
  return new Response(response.body, { status: response.status, headers });
}

function failureAnswer(error: unknown, visit: Visit): Response {
  const problem = error instanceof ProblemError ? error : unexpected(error, visit);
  if (problem.refusal) noteRefusal(visit, problem.refusal, `A request was refused: ${problem.title.toLowerCase()}.`);
  if (isApiPath(visit.url.pathname) || visit.url.pathname === '/healthz') return problemJson(problem);
  const page = <MessagePage title={problem.title} text={problem.message} identity={visit.identity} />;
  return htmlPage(page, { status: problem.status, headers: problem.headers });
}

function noteRefusal({ app, url, address, nowMs, identity }: Visit, kind: RefusalKind, message: string): void {
  const from = attemptAddress(address);
  app.noteRefusal({ kind, message, address: from, path: url.pathname, by: identity?.by }, nowMs);
}

/** A fault of the bridge: told in the log, by an id that the answer names; the answer itself tells nothing else. */
function unexpected(error: unknown, { url }: Visit): ProblemError {
  const id = crypto.randomUUID().slice(0, 8);
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  log({
    level: 'error',
    message: `Fault ${id}: a request could not be answered.`,
    fault: id,
    path: url.pathname,
    detail,
  });
  if (isDatabaseAway(error)) {
    const text = `The bridge cannot use its database at the moment; what it had stored is safe, and it goes on by itself. Try again in a minute. On an appliance, see whether the disk is full. The log knows it as fault ${id}.`;
    return new ProblemError(503, 'No database', text, { cause: error });
  }
  const text = `Something went wrong inside the bridge. The log knows it as fault ${id}.`;
  return new ProblemError(500, 'Fault of the bridge', text, { cause: error });
}
