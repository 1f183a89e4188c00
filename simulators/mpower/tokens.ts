/**
 * CXone's sign-in: an access key for a token, a refresh token that works once and brings the next one.
 */
import { randomBytes } from 'node:crypto';
import { type Answer, json } from '../shared/answer.ts';
import { parseJson } from '../shared/parse.ts';
import type { SimRequest } from '../shared/server.ts';
import type { MpowerOptions } from './options.ts';
import { accessKeySchema, flatAccessKeySchema, refreshSchema } from './schema.ts';

/** Tokens that are remembered at most; the oldest goes first. */
const MAX_TOKENS = 20_000;

export class MpowerTokens {
  signIns = 0;
  refusedSignIns = 0;
  refreshes = 0;
  refusedRefreshes = 0;
  readonly #options: MpowerOptions;
  readonly #nowMs: () => number;
  /** Token → the Unix ms at which it ends. */
  readonly #access = new Map<string, number>();
  readonly #refresh = new Map<string, number>();

  constructor(options: MpowerOptions, nowMs: () => number) {
    this.#options = options;
    this.#nowMs = nowMs;
  }

  /** `POST /authentication/v1/token/access-key`. */
  signIn(request: SimRequest): Answer {
    const key = this.#readKey(request.body);
    if ('message' in key) {
      this.refusedSignIns += 1;
      return refused(400, key.message);
    }
    const { accessKeyId, accessKeySecret, tenantName } = this.#options;
    const good = key.accessKeyId === accessKeyId && key.accessKeySecret === accessKeySecret;
    if (!good || (tenantName !== undefined && key.tenantName !== tenantName && !this.#options.flatBody)) {
      this.refusedSignIns += 1;
      return refused(401, 'The access key or the tenant is unknown.');
    }
    this.signIns += 1;
    return json(200, {
      id_token: opaque(),
      token_type: 'Bearer',
      expires_in: this.#options.tokenLifeS,
      refresh_token: this.#issue(this.#refresh, this.#options.refreshLifeS),
      access_token: this.#issue(this.#access, this.#options.tokenLifeS),
    });
  }

  /** `POST /public/authentication/v1/refresh`; the refresh token that was used is used up. */
  refresh(request: SimRequest): Answer {
    const parsed = parseJson(request.body, refreshSchema);
    if (!parsed.ok) {
      this.refusedRefreshes += 1;
      return refused(400, parsed.message);
    }
    const endsMs = this.#refresh.get(parsed.value.token);
    this.#refresh.delete(parsed.value.token);
    if (endsMs === undefined || endsMs <= this.#nowMs()) {
      this.refusedRefreshes += 1;
      return refused(401, 'The refresh token is unknown, used or expired.');
    }
    this.refreshes += 1;
    return json(200, {
      token: this.#issue(this.#access, this.#options.tokenLifeS),
      tokenExpirationTimeSec: this.#options.tokenLifeS,
      refreshToken: this.#issue(this.#refresh, this.#options.refreshLifeS),
      refreshTokenExpirationTimeSec: this.#options.refreshLifeS,
      sessionId: null,
    });
  }

  /** Whether the call carries a living access token as `Bearer`. */
  isSignedIn(request: SimRequest): boolean {
    const header = request.headers.authorization ?? '';
    if (!header.startsWith('Bearer ')) return false;
    const endsMs = this.#access.get(header.slice('Bearer '.length));
    return endsMs !== undefined && endsMs > this.#nowMs();
  }

  /** Forgets every token. */
  revoke(): number {
    const count = this.#access.size;
    this.#access.clear();
    this.#refresh.clear();
    return count;
  }

  #readKey(
    body: string,
  ): { accessKeyId: string; accessKeySecret: string; tenantName?: string | undefined } | { message: string } {
    if (this.#options.flatBody) {
      const parsed = parseJson(body, flatAccessKeySchema);
      return parsed.ok ? parsed.value : { message: parsed.message };
    }
    const parsed = parseJson(body, accessKeySchema);
    if (!parsed.ok) return { message: parsed.message };
    return { ...parsed.value.accessKeyTokenRequest, tenantName: parsed.value.tenantName };
  }

  #issue(tokens: Map<string, number>, lifeS: number): string {
    if (tokens.size >= MAX_TOKENS) {
      const [oldest] = tokens.keys();
      if (oldest !== undefined) tokens.delete(oldest);
    }
    const token = opaque();
    tokens.set(token, this.#nowMs() + lifeS * 1000);
    return token;
  }
}

/** A refusal with its reason in the body and, in ASCII, in the header that CXone uses. */
export function refused(status: number, message: string): Answer {
  const headerText = message.replace(/[^\x20-\x7e]/g, '?').slice(0, 500);
  return json(status, { message }, { icStatusDescription: headerText });
}

function opaque(): string {
  return randomBytes(32).toString('base64url');
}
