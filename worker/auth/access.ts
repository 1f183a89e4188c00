/** Cloudflare Access: verifies the token that it puts on each request it lets through (RS256, iss, aud, exp). */
import { createRemoteJWKSet, customFetch, errors, jwtVerify } from 'jose';
import type { Fetch } from '../../src/runtime.ts';
import { log } from '../log.ts';
import type { AccessSettings } from '../settings.ts';

const JWKS_MAX_AGE_MS = 3_600_000;
/** A flood of tokens with unknown key ids fetches the keys no more often than this. */
const JWKS_COOLDOWN_MS = 30_000;
const JWKS_TIMEOUT_MS = 5_000;

const keySets = new Map<string, ReturnType<typeof createRemoteJWKSet>>();

/**
 * Whom a valid token names: the e-mail address, else the subject, else the name of a service token (its `common_name`; its
 * subject is empty). Null for every other token: `onRefused` is told why, never the token.
 */
export async function verifyAccessToken(
  token: string,
  access: AccessSettings,
  fetch: Fetch,
  nowMs: number,
  onRefused: (message: string) => void,
): Promise<string | null> {
  try {
    const { payload } = await jwtVerify(token, keySetOf(access.teamDomain, fetch), {
      issuer: access.teamDomain,
      audience: access.audience,
      algorithms: ['RS256'],
      requiredClaims: ['exp', 'iat'],
      currentDate: new Date(nowMs),
    });
    const names = [payload.email, payload.sub, payload.common_name];
    return names.find((name): name is string => typeof name === 'string' && name !== '') ?? 'a service';
  } catch (error) {
    if (error instanceof errors.JOSEError) {
      onRefused(`A Cloudflare Access token was refused: ${error.code}`);
      return null;
    }
    log({
      level: 'error',
      message: 'The keys of Cloudflare Access could not be read; nobody is let in by it meanwhile.',
    });
    return null;
  }
}

function keySetOf(teamDomain: string, fetch: Fetch): ReturnType<typeof createRemoteJWKSet> {
  const known = keySets.get(teamDomain);
  if (known) return known;
  const keySet = createRemoteJWKSet(new URL('/cdn-cgi/access/certs', teamDomain), {
    cacheMaxAge: JWKS_MAX_AGE_MS,
    cooldownDuration: JWKS_COOLDOWN_MS,
    timeoutDuration: JWKS_TIMEOUT_MS,
    [customFetch]: (url, options) => fetch(new Request(url, options)),
  });
  keySets.set(teamDomain, keySet);
  return keySet;
}
