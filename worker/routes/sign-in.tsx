/** Signing in and out with the administrator's password. */
import { forgetAttempts, reserveAttempt } from '../../src/store/login-attempts.ts';
import { addSession, endSession } from '../../src/store/sessions.ts';
import type { Identity, Visit } from '../app.ts';
import { isEqualSecret } from '../auth/compare.ts';
import { attemptAddress } from '../auth/guard.ts';
import { isSeenOverHttps } from '../auth/scheme.ts';
import { endOfSessionHeaders, newSessionId, sessionCookie } from '../auth/session.ts';
import { readForm } from '../body.ts';
import { log } from '../log.ts';
import { MessagePage } from '../pages/message.tsx';
import { SignInPage } from '../pages/sign-in.tsx';
import { spanText } from '../pages/ui/time.tsx';
import { htmlPage, seeOther } from '../respond.ts';

export async function showSignIn(_request: Request, visit: Visit): Promise<Response> {
  if (visit.identity) return seeOther('/');
  return signInAnswer(visit, 200, ownPath(visit.url.searchParams.get('next')));
}

/** The sign-in page in place of a page that needs it; afterwards the browser goes to the page that was asked for. */
export function signInAnswer(visit: Visit, status: number, next: string): Response {
  if (visit.app.settings.adminPassword === null) {
    const text = 'This site is guarded by Cloudflare Access. Open it through its public address and sign in there.';
    return htmlPage(<MessagePage title="Not signed in" text={text} identity={null} />, { status: 403 });
  }
  return htmlPage(<SignInPage next={next} />, { status });
}

export async function signIn(request: Request, visit: Visit): Promise<Response> {
  const { app, nowMs } = visit;
  const form = await readForm(request);
  const next = ownPath(form.get('next'));
  const address = attemptAddress(visit.address);
  const expected = app.settings.adminPassword;
  if (expected === null) return signInAnswer(visit, 403, next);
  const waitMs = await reserveAttempt(app.db, address, nowMs);
  if (waitMs > 0) {
    const message = 'A sign-in was refused unread: too many wrong passwords from its address.';
    app.noteRefusal({ kind: 'guessing', message, address, path: visit.url.pathname }, nowMs);
    const error = `Too many wrong passwords from this address. Try again in ${spanText(Math.max(1_000, waitMs))}.`;
    const headers = { 'retry-after': String(Math.ceil(waitMs / 1_000)) };
    return htmlPage(<SignInPage next={next} error={error} />, { status: 429, headers });
  }
  if (!(await isEqualSecret(form.get('password') ?? '', expected))) {
    // Each one: an address has a hundred a day at most.
    const message = `A sign-in with a wrong administrator password was refused. It came from ${address}.`;
    log({ level: 'warn', message, refused: 'password', address });
    return htmlPage(<SignInPage next={next} error="This is not the administrator password." />, { status: 403 });
  }
  await forgetAttempts(app.db, address);
  // Whoever signs in anew leaves no session of theirs behind.
  if (visit.identity?.kind === 'administrator') await end(visit.identity, visit);
  const session = { id: newSessionId(), beganMs: nowMs, seenMs: nowMs };
  const browser = request.headers.get('user-agent') ?? '';
  const row = { id: session.id, beganAtMs: nowMs, seenAtMs: nowMs, address: visit.address || 'unknown', browser };
  await addSession(app.db, row, 'the administrator');
  const cookie = await sessionCookie(app.settings, session, isSeenOverHttps(request, visit.url));
  return seeOther(next, { 'set-cookie': cookie });
}

export async function signOut(request: Request, visit: Visit): Promise<Response> {
  const { identity } = visit;
  if (identity?.kind === 'administrator') await end(identity, visit);
  return seeOther('/sign-in', endOfSessionHeaders(isSeenOverHttps(request, visit.url)));
}

async function end(
  { sessionId, by }: Extract<Identity, { kind: 'administrator' }>,
  { app, nowMs }: Visit,
): Promise<void> {
  await endSession(app.db, { id: sessionId, nowMs, by, action: 'signed out' });
}

/** A path of this site and nothing else: never a way to another host. */
export function ownPath(next: string | null): string {
  const url = next?.startsWith('/') ? URL.parse(next, 'http://own.invalid') : null;
  return url?.host === 'own.invalid' ? url.pathname + url.search : '/';
}
