/** Trades an access key of CXone for tokens, and refreshes them (contracts/cxone-mpower.md, "Tokens"). */
import type { UpstreamDeps } from '../../http/deps.ts';
import { endpointOf, requestJson } from '../../http/request.ts';
import type { Token } from '../../http/token-cache.ts';
import { createTokenKeeper, type TokenIssuer, type TokenKeeper } from '../../http/token-keeper.ts';
import { accessKeyBody, accessKeyTokenWire, type IssuedToken, refreshBody, refreshWire } from './schema.ts';
import type { MpowerSettings } from './settings.ts';

/** Life of a token whose answer does not say, and of a refresh token: what NICE's examples show. */
const TOKEN_LIFE_S = 3_600;
const REFRESH_LIFE_S = 7_200;
/** A number of seconds over this is no life but a Unix time. */
const LIFE_MAX_S = 1e9;
const ANSWER_BYTES_MAX = 1_000_000;

/** `baseUrl`: normalised, without a trailing slash. */
export function createMpowerTokenKeeper(
  settings: MpowerSettings,
  baseUrl: string,
  accessKeySecret: string,
  deps: UpstreamDeps,
): TokenKeeper {
  const { accessKeyId, tenantName, advanced } = settings;
  const signInUrl = `${baseUrl}${advanced.signInPath}`;
  const headers = { 'content-type': 'application/json' };
  const issuer: TokenIssuer = {
    endpoint: endpointOf({ url: signInUrl, method: 'POST' }),
    variant: JSON.stringify([advanced.refreshPath, advanced.flatSignInBody]),
    // 400 and 422 are how a key that is none is answered, 423 a locked one.
    refusedStatuses: [400, 401, 403, 422, 423],

    async signIn() {
      const { value } = await requestJson(deps, {
        method: 'POST',
        url: signInUrl,
        headers,
        body: accessKeyBody({ accessKeyId, tenantName, flat: advanced.flatSignInBody }, accessKeySecret),
        bodyBytesMax: ANSWER_BYTES_MAX,
        secrets: [accessKeySecret],
        schema: accessKeyTokenWire,
      });
      return tokenOf(value, deps.clock.nowMs());
    },

    async refresh({ refreshValue }) {
      const { value } = await requestJson(deps, {
        method: 'POST',
        url: `${baseUrl}${advanced.refreshPath}`,
        headers,
        body: refreshBody(refreshValue),
        bodyBytesMax: ANSWER_BYTES_MAX,
        secrets: [accessKeySecret, refreshValue],
        schema: refreshWire,
      });
      return tokenOf(value, deps.clock.nowMs());
    },
  };
  const account = {
    side: 'wfm',
    signInUrl,
    username: `${tenantName}/${accessKeyId}`,
    secret: accessKeySecret,
  } as const;
  return createTokenKeeper(account, issuer, deps);
}

function tokenOf({ value, refreshValue, expiryS, refreshExpiryS }: IssuedToken, issuedAtMs: number): Token {
  return {
    value,
    issuedAtMs,
    expiresAtMs: expiryMs(expiryS ?? TOKEN_LIFE_S, issuedAtMs),
    refreshValue,
    refreshExpiresAtMs: expiryMs(refreshExpiryS ?? REFRESH_LIFE_S, issuedAtMs),
    location: '',
    scheme: 'Bearer',
  };
}

function expiryMs(expiryS: number, issuedAtMs: number): number {
  return Math.floor(expiryS > LIFE_MAX_S ? expiryS * 1_000 : issuedAtMs + expiryS * 1_000);
}
