/**
 * NCC's sign-in: Basic credentials for a token that looks like a JWT, lives for a set time and is checked on every call.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Answer, json } from '../shared/answer.ts';
import type { SimRequest } from '../shared/server.ts';
import type { NccOptions } from './options.ts';

/** Tokens that are remembered at most; the oldest goes first. */
const MAX_TOKENS = 20_000;

interface Token {
  readonly account: string;
  readonly expiresMs: number;
}

export class NccTokens {
  signIns = 0;
  refusedSignIns = 0;
  refreshes = 0;
  readonly #options: NccOptions;
  readonly #nowMs: () => number;
  readonly #location: () => string;
  readonly #accounts: Map<string, string>;
  readonly #tokens = new Map<string, Token>();
  readonly #secret = randomBytes(32);
  #serial = 0;

  constructor(options: NccOptions, nowMs: () => number, location: () => string) {
    this.#options = options;
    this.#nowMs = nowMs;
    this.#location = location;
    this.#accounts = new Map([[options.username, options.password]]);
    for (const account of options.account) {
      const colon = account.indexOf(':');
      this.#accounts.set(account.slice(0, colon), account.slice(colon + 1));
    }
  }

  /** `GET /provider/token-with-authorities` with Basic credentials in UTF-8. */
  signIn(request: SimRequest): Answer {
    const account = this.#accountOf(request.headers.authorization ?? '');
    if (account === undefined) {
      this.refusedSignIns += 1;
      return json(401, { code: 401, message: 'Username or password is wrong.' });
    }
    this.signIns += 1;
    return json(200, {
      token: this.#issue(account),
      location: this.#location(),
      clientLocation: null,
      authorities: ['ROLE_WFM'],
      username: account,
    });
  }

  /** `GET /provider/api/token-refresh` with a token that still lives; the old one stays good until its end. */
  refresh(request: SimRequest): Answer {
    const account = this.account(request);
    if (account === undefined) return unauthorized();
    this.refreshes += 1;
    return json(200, { clientLocation: null, location: this.#location(), token: this.#issue(account) });
  }

  /** The account of a call with a known, living token in the accepted form; undefined means 401. */
  account(request: SimRequest): string | undefined {
    const header = request.headers.authorization ?? '';
    const bearer = header.startsWith('Bearer ');
    const { tokenScheme } = this.#options;
    if (tokenScheme !== 'both' && bearer !== (tokenScheme === 'bearer')) return undefined;
    const token = this.#tokens.get(bearer ? header.slice('Bearer '.length) : header);
    return token !== undefined && token.expiresMs > this.#nowMs() ? token.account : undefined;
  }

  /** Forgets every token, as a restart of the cluster does. */
  revoke(): number {
    const count = this.#tokens.size;
    this.#tokens.clear();
    return count;
  }

  #accountOf(header: string): string | undefined {
    if (!header.startsWith('Basic ')) return undefined;
    const text = Buffer.from(header.slice('Basic '.length), 'base64').toString('utf8');
    const colon = text.indexOf(':');
    if (colon < 0) return undefined;
    const account = text.slice(0, colon);
    const expected = this.#accounts.get(account);
    return expected !== undefined && sameText(expected, text.slice(colon + 1)) ? account : undefined;
  }

  #issue(account: string): string {
    this.#serial += 1;
    const issuedS = Math.floor(this.#nowMs() / 1000);
    const expiresMs = this.#nowMs() + this.#options.tokenLifeS * 1000;
    const claims = { sub: account, iat: issuedS, jti: String(this.#serial) };
    const payload = this.#options.tokenExp ? { ...claims, exp: Math.floor(expiresMs / 1000) } : claims;
    const body = `${base64url({ alg: 'HS256', typ: 'JWT' })}.${base64url(payload)}`;
    const token = `${body}.${createHmac('sha256', this.#secret).update(body).digest('base64url')}`;
    if (this.#tokens.size >= MAX_TOKENS) {
      const [oldest] = this.#tokens.keys();
      if (oldest !== undefined) this.#tokens.delete(oldest);
    }
    this.#tokens.set(token, { account, expiresMs });
    return token;
  }
}

export function unauthorized(): Answer {
  return json(401, { code: 401, message: 'The token is missing, unknown or expired.' });
}

function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

function base64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
