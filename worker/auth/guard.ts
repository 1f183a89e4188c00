/** Who is asking, and may a request of theirs change anything? Closed: what is not recognised is nobody. */

import type { Fetch } from '../../src/runtime.ts';
import { findApiToken } from '../../src/store/api-tokens.ts';
import { isSessionOpen } from '../../src/store/sessions.ts';
import type { Identity } from '../app.ts';
import type { RefusalKind } from '../log.ts';
import { ProblemError } from '../respond.ts';
import type { Settings } from '../settings.ts';
import { verifyAccessToken } from './access.ts';
import { isEqualSecret } from './compare.ts';
import { isSeenOverHttps } from './scheme.ts';
import { readSession, type Session } from './session.ts';
import { tokenDigest } from './token.ts';

export interface Recognised {
  readonly identity: Identity | null;
  /** The session, where one was the proof. */
  readonly session: Session | null;
}

/** Told of a proof that was brought and is none, in a sentence without it. */
type OnRefused = (kind: RefusalKind, message: string) => void;

/**
 * Recognises the API token, then Cloudflare Access, then a session. A bearer token that is wrong is nobody, whatever
 * else the request carries: a script with a stale token should hear of it.
 */
export async function recognise(
  request: Request,
  context: { settings: Settings; db: D1Database; fetch: Fetch; nowMs: number; isApi: boolean; onRefused: OnRefused },
): Promise<Recognised> {
  const { settings, db, fetch, nowMs, isApi, onRefused } = context;
  const authorization = request.headers.get('authorization');
  if (isApi && authorization !== null) {
    const [, token] = /^bearer +(\S{1,500})$/i.exec(authorization) ?? [];
    const identity = token === undefined ? null : await tokenIdentity(token, context);
    if (identity === null) onRefused('token', 'A request with an API token that is wrong or revoked was refused.');
    return { identity, session: null };
  }
  const assertion = request.headers.get('cf-access-jwt-assertion');
  if (settings.access && assertion) {
    const email = await verifyAccessToken(assertion, settings.access, fetch, nowMs, (message) =>
      onRefused('access', message),
    );
    if (email !== null) return { identity: { kind: 'access', by: email }, session: null };
  }
  const session = settings.adminPassword === null ? null : await readSession(settings, request, nowMs);
  if (!session || !(await isSessionOpen(db, session.id))) return { identity: null, session: null };
  return { identity: { kind: 'administrator', by: 'the administrator', sessionId: session.id }, session };
}

/** The deployment's own token may do everything; one made on the Access page what its scope says. */
async function tokenIdentity(
  token: string,
  { settings, db, nowMs }: { settings: Settings; db: D1Database; nowMs: number },
): Promise<Identity | null> {
  if (settings.apiToken !== null && (await isEqualSecret(token, settings.apiToken))) {
    return { kind: 'token', by: 'the API token', scope: 'all' };
  }
  const known = await findApiToken(db, await tokenDigest(token), nowMs);
  return known && { kind: 'token', by: `the token "${known.name}"`, scope: known.scope };
}

/** True for methods that change nothing. */
export function isSafeMethod(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}

/**
 * Refuses a change that another site's page may have sent. Cookies and Access both come along by themselves, so every
 * change has to carry this site's own Origin; a bearer token does not come along and needs none.
 */
export function requireSameOrigin(request: Request, url: URL): void {
  if (isSafeMethod(request.method)) return;
  const origin = URL.parse(request.headers.get('origin') ?? '');
  // The host decides: behind a proxy that ends TLS the browser says https where the bridge is asked over http.
  const isSame =
    origin !== null && origin.host === url.host && (origin.protocol === 'https:' || !isSeenOverHttps(request, url));
  if (isSame) return;
  throw new ProblemError(
    403,
    'Not from this site',
    'The change was refused because the request does not come from a page of this site. Open the page again and repeat it.',
    { refusal: 'origin' },
  );
}

/** The address that attempts are counted by: an IPv6 customer has a whole /64, and counts as one. */
export function attemptAddress(address: string): string {
  if (!address.includes(':')) return address || 'unknown';
  const url = URL.parse(`http://[${address}]/`);
  if (!url) return 'unknown';
  const [head = '', tail = ''] = url.hostname.slice(1, -1).split('::');
  const heads = head === '' ? [] : head.split(':');
  const tails = tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - heads.length - tails.length) }, () => '0');
  return `${[...heads, ...zeros, ...tails].slice(0, 4).join(':')}::/64`;
}
