/**
 * Calls LiveVox with a session: signed in once, kept for as long as it is used, and renewed once when a call finds it
 * dead (contracts/other-acds.md, "LiveVox"). A session lives while it is used once in two hours; a changed password ends it.
 */
import { DAY_MS } from '../../domain/interval.ts';
import type { UpstreamDeps } from '../../http/deps.ts';
import { endpointOf, type OutgoingRequest, requestJson, requestText, type TextAnswer } from '../../http/request.ts';
import type { Token } from '../../http/token-cache.ts';
import { createTokenKeeper, SIGN_IN_TIMEOUT_MS, type TokenIssuer, type TokenKeeper } from '../../http/token-keeper.ts';
import { UpstreamError } from '../../http/upstream-error.ts';
import { signInBody, signInWire } from './schema.ts';
import type { LiveVoxSettings } from './settings.ts';

/** A session that nobody used for so long is dead. */
const IDLE_LIFE_MS = 2 * 3_600_000;
const SIGN_IN_BYTES_MAX = 1_000_000;
/** A password that ends within so many days is worth a warning. */
const WARN_BEFORE_MS = 14 * DAY_MS;

export interface LiveVoxSecrets {
  readonly password: string;
  readonly accessToken: string;
}

export interface LiveVoxSession {
  /** GETs `{base URL}{path}{query}`; `query` begins with "?" or is ''. Throws only `UpstreamError`. */
  get(path: string, query?: string): Promise<TextAnswer>;
  /** POSTs a JSON body. Throws only `UpstreamError`. */
  post(path: string, body: string, timeoutMs: number): Promise<TextAnswer>;
  /** A sentence when the password ends soon or has ended by what the last sign-in said; else null. */
  passwordWarning(): string | null;
}

type Call = Pick<OutgoingRequest, 'url' | 'method' | 'body' | 'timeoutMs'>;

/** A session of one account. It calls nobody until it is asked to. `baseUrl`: without a trailing slash. */
export function createLiveVoxSession(
  settings: LiveVoxSettings,
  baseUrl: string,
  secrets: LiveVoxSecrets,
  deps: UpstreamDeps,
): LiveVoxSession {
  const { advanced } = settings;
  const { keeper, use } = keeperOf(settings, baseUrl, secrets, deps);
  let credentialsExpireAtMs: number | null = null;

  async function send(call: Call, token: Token): Promise<TextAnswer> {
    credentialsExpireAtMs = token.credentialsExpireAtMs ?? null;
    const answer = await requestText(deps, {
      ...call,
      headers: {
        'LV-Session': token.value,
        ...(advanced.accessTokenOnEveryCall ? accessHeader(advanced.accessTokenHeader, secrets.accessToken) : {}),
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      secrets: [secrets.password, secrets.accessToken, token.value],
    });
    if (use.freshId === token.value) use.freshId = '';
    use.lastId = token.value;
    use.lastAtMs = answer.askedAtMs;
    await keeper.accepted(token, token.scheme);
    return answer;
  }

  async function withSession(call: Call): Promise<TextAnswer> {
    const token = await keeper.token();
    const first = await unlessDead(send(call, token));
    if (first.answer) return first.answer;
    // A session that was only just given and is refused is no dead session: a third one would fare no better.
    if (use.freshId === token.value) throw keeper.refusedAfresh(token, first.endpoint);
    const renewed = await keeper.renewAfterRefusal(token);
    const second = await unlessDead(send(call, renewed));
    if (second.answer) return second.answer;
    throw keeper.refusedAfresh(renewed, second.endpoint);
  }

  return {
    get: (path, query = '') => withSession({ url: `${baseUrl}${path}${query}` }),
    post: (path, body, timeoutMs) => withSession({ url: `${baseUrl}${path}`, method: 'POST', body, timeoutMs }),

    passwordWarning() {
      if (credentialsExpireAtMs === null) return null;
      const leftMs = credentialsExpireAtMs - deps.clock.nowMs();
      if (leftMs > WARN_BEFORE_MS) return null;
      const day = new Date(credentialsExpireAtMs).toISOString().slice(0, 10);
      const advice = 'Change it in LiveVox and enter the new one on the connection page.';
      return leftMs > 0
        ? `The password of the LiveVox user ${settings.username} expires on ${day}. ${advice}`
        : `The password of the LiveVox user ${settings.username} has been due to expire since ${day}. ${advice}`;
    },
  };
}

/** How a session was used; one for each keeper, whoever shares it. */
interface SessionUse {
  /** A session that a sign-in gave and no call was accepted with yet; '' when there is none. */
  freshId: string;
  /** The session that a call was accepted with last, and when that call left. */
  lastId: string;
  lastAtMs: number;
}

const USES = new WeakMap<TokenKeeper, SessionUse>();

function keeperOf(
  settings: LiveVoxSettings,
  baseUrl: string,
  secrets: LiveVoxSecrets,
  deps: UpstreamDeps,
): { readonly keeper: TokenKeeper; readonly use: SessionUse } {
  const { clientName, username, advanced } = settings;
  const account = {
    side: 'acd',
    signInUrl: `${baseUrl}${advanced.signInPath}`,
    username: JSON.stringify([clientName, username]),
    // A session belongs to the access token as well: with another one it is another session.
    secret: JSON.stringify([secrets.password, secrets.accessToken]),
  } as const;
  const ownUse: SessionUse = { freshId: '', lastId: '', lastAtMs: 0 };
  const keeper = createTokenKeeper(account, createIssuer(settings, baseUrl, secrets, ownUse, deps), deps);
  // A keeper that was there before has its own issuer, which knows of uses by what was made with it.
  const use = USES.get(keeper) ?? ownUse;
  USES.set(keeper, use);
  return { keeper, use };
}

function createIssuer(
  settings: LiveVoxSettings,
  baseUrl: string,
  secrets: LiveVoxSecrets,
  use: SessionUse,
  deps: UpstreamDeps,
): TokenIssuer {
  const { advanced } = settings;
  const { password, accessToken } = secrets;
  const url = `${baseUrl}${advanced.signInPath}`;
  const endpoint = endpointOf({ url, method: 'POST' });
  return {
    endpoint,
    variant: advanced.accessTokenHeader,
    // What LiveVox answers to a wrong client name or password is not published: all that can mean it does.
    refusedStatuses: [400, 401, 403, 422, 423],

    async signIn() {
      if (!/^[\x21-\x7e]+$/.test(accessToken)) {
        const detail = 'the access token holds characters that no header can carry. Copy it again.';
        throw new UpstreamError(endpoint, { kind: 'address', detail });
      }
      const { value } = await requestJson(deps, {
        method: 'POST',
        url,
        headers: { 'content-type': 'application/json', ...accessHeader(advanced.accessTokenHeader, accessToken) },
        body: signInBody(settings, password),
        timeoutMs: SIGN_IN_TIMEOUT_MS,
        bodyBytesMax: SIGN_IN_BYTES_MAX,
        secrets: [password, accessToken],
        schema: signInWire,
      });
      const nowMs = deps.clock.nowMs();
      const days = value.daysUntilPasswordExpires;
      use.freshId = value.sessionId;
      return alive(value.sessionId, nowMs, days === null ? null : nowMs + days * DAY_MS);
    },

    /** Nothing has to be asked for: a session that was used lives on. One that was not is given up without a call. */
    async refresh({ value, issuedAtMs, credentialsExpireAtMs }) {
      const usedAtMs = use.lastId === value ? Math.max(use.lastAtMs, issuedAtMs) : issuedAtMs;
      if (deps.clock.nowMs() - usedAtMs >= IDLE_LIFE_MS) {
        const detail = 'the session was not used for two hours';
        throw new UpstreamError(endpoint, { kind: 'status', status: 401, retryAfterMs: null, detail });
      }
      return alive(value, usedAtMs, credentialsExpireAtMs ?? null);
    },
  };
}

/** A session as it is after being used at `usedAtMs`. */
function alive(sessionId: string, usedAtMs: number, credentialsExpireAtMs: number | null): Token {
  return {
    value: sessionId,
    issuedAtMs: usedAtMs,
    expiresAtMs: usedAtMs + IDLE_LIFE_MS,
    // Whether it lives on is for `refresh` to say, which knows of later uses.
    refreshValue: sessionId,
    refreshExpiresAtMs: Number.MAX_SAFE_INTEGER,
    location: '',
    scheme: '',
    credentialsExpireAtMs,
  };
}

function accessHeader(header: 'LV-Access' | 'Authorization', accessToken: string): Record<string, string> {
  return header === 'LV-Access' ? { 'LV-Access': accessToken } : { authorization: `Bearer ${accessToken}` };
}

type Attempt = { readonly answer: TextAnswer } | { readonly answer?: undefined; readonly endpoint: string };

/** Turns the answer to a dead session into data; everything else is thrown. */
async function unlessDead(call: Promise<TextAnswer>): Promise<Attempt> {
  try {
    return { answer: await call };
  } catch (error) {
    if (error instanceof UpstreamError && error.failure.kind === 'status' && error.failure.status === 401) {
      return { endpoint: error.endpoint };
    }
    throw error;
  }
}
