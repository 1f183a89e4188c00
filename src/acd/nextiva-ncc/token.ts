/** Signs in to Nextiva NCC and refreshes its tokens (contracts/nextiva-ncc.md, "Signing in"). */
import * as z from 'zod';
import { fromBase64Url, toBase64, utf8 } from '../../crypto/bytes.ts';
import { MINUTE_MS } from '../../domain/interval.ts';
import { checkAddress } from '../../http/address.ts';
import type { UpstreamDeps } from '../../http/deps.ts';
import { endpointOf, type JsonAnswer, requestJson } from '../../http/request.ts';
import type { Token } from '../../http/token-cache.ts';
import { createTokenKeeper, SIGN_IN_TIMEOUT_MS, type TokenIssuer, type TokenKeeper } from '../../http/token-keeper.ts';
import { UpstreamError } from '../../http/upstream-error.ts';
import { refreshWire, signInWire } from './schema.ts';

/** One user of one NCC. */
export interface NccAccount {
  /** Origin of the base URL. */
  readonly origin: string;
  readonly username: string;
  readonly password: string;
  readonly signInPath: string;
  readonly refreshPath: string;
  /** Life of a token that does not say when it ends. */
  readonly tokenLifeMinutes: number;
}

const TOKEN_LIFE_MAX_MS = 30 * 24 * 3_600_000;
/** A sign-in answer is small; the list of authorities in it may be long. */
const SIGN_IN_BYTES_MAX = 4_000_000;

export function createNccTokenKeeper(account: NccAccount, deps: UpstreamDeps): TokenKeeper {
  const signInUrl = `${account.origin}${account.signInPath}`;
  const { username, password: secret } = account;
  return createTokenKeeper({ side: 'acd', signInUrl, username, secret }, createIssuer(account, signInUrl, deps), deps);
}

function createIssuer(account: NccAccount, signInUrl: string, deps: UpstreamDeps): TokenIssuer {
  const { username, password, refreshPath, tokenLifeMinutes } = account;
  const endpoint = endpointOf({ url: signInUrl });
  const secrets = [password];
  return {
    endpoint,
    variant: JSON.stringify([refreshPath, tokenLifeMinutes]),
    // 423 is how some servers say that an account is locked.
    refusedStatuses: [401, 403, 423],

    async signIn(scheme) {
      const authorization = `Basic ${toBase64(utf8(`${username}:${password}`))}`;
      const answer = await requestJson(deps, {
        url: signInUrl,
        headers: { authorization },
        timeoutMs: SIGN_IN_TIMEOUT_MS,
        bodyBytesMax: SIGN_IN_BYTES_MAX,
        secrets,
        schema: signInWire,
      });
      return tokenOf(answer, locationOf(answer.value.location, account.origin, endpoint, deps), scheme);
    },

    async refresh(token) {
      const answer = await requestJson(deps, {
        url: `${token.location}${refreshPath}`,
        headers: { authorization: authorizationOf(token, token.scheme) },
        bodyBytesMax: SIGN_IN_BYTES_MAX,
        secrets,
        schema: refreshWire,
      });
      const { location } = answer.value;
      const moved = location ? locationOf(location, account.origin, answer.endpoint, deps) : token.location;
      return tokenOf(answer, moved, token.scheme);
    },
  };

  function tokenOf({ value, dateMs }: JsonAnswer<{ token: string }>, location: string, scheme: string): Token {
    const issuedAtMs = deps.clock.nowMs();
    const expiresAtMs = issuedAtMs + (jwtLifeMs(value.token, dateMs ?? issuedAtMs) ?? tokenLifeMinutes * MINUTE_MS);
    // The token itself is what a refresh takes, as long as it lives.
    return {
      value: value.token,
      issuedAtMs,
      expiresAtMs,
      refreshValue: value.token,
      refreshExpiresAtMs: expiresAtMs,
      location,
      scheme,
    };
  }
}

/** `Authorization` for a token: raw unless it is known that NCC wants "Bearer". */
export function authorizationOf({ value }: Token, scheme: string): string {
  return scheme === 'Bearer' ? `Bearer ${value}` : value;
}

/**
 * Where a sign-in answer sends the bridge: a URL or a bare host, with or without a trailing slash. It must be an address
 * that may be called at all: an answer must not lead credentials to an address inside.
 */
function locationOf(location: string, origin: string, endpoint: string, deps: UpstreamDeps): string {
  const trimmed = location.trim();
  const scheme = deps.allowPrivateNetwork ? new URL(origin).protocol : 'https:';
  const checked = checkAddress(trimmed.includes('://') ? trimmed : `${scheme}//${trimmed}`, deps);
  if (checked.ok) return checked.url;
  const detail = `the sign-in answer names a location that may not be called. ${checked.message}`;
  throw new UpstreamError(endpoint, { kind: 'address', detail });
}

const jwtClaims = z.object({ exp: z.number(), iat: z.number().optional() });

/**
 * How long a JWT lives from its arrival, by its `exp` (RFC 7519 §4.1.4) and the clock of whoever issued it; by `iat`
 * where that clock makes no sense of it; null when it does not say. The signature is not for us to check.
 */
function jwtLifeMs(token: string, issuerNowMs: number): number | null {
  const payload = token.split('.')[1];
  const bytes = payload === undefined ? undefined : fromBase64Url(payload);
  if (!bytes) return null;
  let claims: z.output<typeof jwtClaims>;
  try {
    claims = jwtClaims.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    // Not a JWT, or one without `exp`: the life of the settings applies.
    return null;
  }
  const byClock = claims.exp * 1_000 - issuerNowMs;
  const byIssue = claims.iat === undefined ? Number.NaN : (claims.exp - claims.iat) * 1_000;
  const lifeMs = [byClock, byIssue].find((ms) => ms > 0 && ms <= TOKEN_LIFE_MAX_MS);
  return lifeMs === undefined ? null : Math.floor(lifeMs);
}
