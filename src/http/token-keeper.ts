/**
 * Holds the token of one account: from memory, else from the cache, else by refresh, else by signing in. There is never
 * more than one renewal in flight, and nobody signs in whom the guard does not admit.
 */
import type { UpstreamDeps } from './deps.ts';
import { SignInGuard } from './sign-in-guard.ts';
import { type AccountTokenCache, createAccountTokenCache, type Token } from './token-cache.ts';
import { UpstreamError, type UpstreamFailure } from './upstream-error.ts';

/** Whose token it is. Two groups of settings with the same account share one keeper. */
export interface Account {
  readonly side: 'acd' | 'wfm';
  /** Where the credentials go: the origin, and the path where it is a setting. */
  readonly signInUrl: string;
  readonly username: string;
  readonly secret: string;
}

/** The vendor's part: how to get a token. Both methods throw only `UpstreamError`. */
export interface TokenIssuer {
  /** "METHOD /path" of the sign-in, for failures that no request stands behind. */
  readonly endpoint: string;
  /** Other settings that it works with: two issuers of an account that differ here are two. */
  readonly variant: string;
  /** Statuses of a sign-in answer that mean that the credentials were refused. */
  readonly refusedStatuses: readonly number[];
  /** Trades the credentials for a token. `scheme`: what is remembered of how the vendor wants its tokens, or ''. */
  signIn(scheme: string): Promise<Token>;
  /** Trades a token for a new one, without the credentials. */
  refresh(token: Token): Promise<Token>;
}

export interface TokenKeeper {
  /** A token that is good by the clock; renewed first when 80 % of its life has passed. Throws only `UpstreamError`. */
  token(): Promise<Token>;
  /** After a 401: a token other than this one, by a sign-in unless somebody renewed it already. */
  renewAfterRefusal(token: Token): Promise<Token>;
  /** True while no call was accepted with this token since it was issued: its refusal says nothing about its age. */
  isUntried(token: Token): boolean;
  /** A call was accepted with this token, sent in this scheme. */
  accepted(token: Token, scheme: string): Promise<void>;
  /**
   * A fresh token was refused, too: holds further sign-ins back, 1 minute at first and twice as long each time, and
   * gives the failure to throw.
   */
  refusedAfresh(token: Token, endpoint: string): UpstreamError;
}

/**
 * How long an answer is waited for where refused passwords lock accounts: a refusal that comes later is not heard, and the
 * password is tried again.
 */
export const SIGN_IN_TIMEOUT_MS = 30_000;

const RENEW_AT_SHARE = 0.8;

type KeeperDeps = Pick<UpstreamDeps, 'clock' | 'tokens' | 'signIns' | 'sealer' | 'connectionId' | 'keepers'>;

/** The keeper of an account: the one that `deps.keepers` has, or a new one. It calls nobody until it is asked for a token. */
export function createTokenKeeper(account: Account, issuer: TokenIssuer, deps: KeeperDeps): TokenKeeper {
  const { side, signInUrl, username, secret } = account;
  const key = JSON.stringify([side, signInUrl, username, secret, issuer.variant]);
  const keeper = deps.keepers?.get(key) ?? new Keeper(account, issuer, deps);
  deps.keepers?.set(key, keeper);
  return keeper;
}

class Keeper implements TokenKeeper {
  readonly #account: Account;
  readonly #issuer: TokenIssuer;
  readonly #deps: KeeperDeps;
  #current: Token | null = null;
  /** Value of the token that no call was accepted with yet. */
  #untriedValue = '';
  #renewal: Promise<Token> | null = null;
  readonly #cache: AccountTokenCache;
  /** The cache is read once: afterwards memory knows better. */
  #isCacheRead = false;
  #fingerprint: Promise<string> | null = null;
  readonly #guard: SignInGuard;

  constructor(account: Account, issuer: TokenIssuer, deps: KeeperDeps) {
    this.#account = account;
    this.#issuer = issuer;
    this.#deps = deps;
    const fingerprint = () => this.#accountFingerprint();
    this.#cache = createAccountTokenCache({ side: account.side, fingerprint }, deps);
    const { endpoint, refusedStatuses } = issuer;
    this.#guard = new SignInGuard({ endpoint, refusedStatuses, fingerprint }, deps);
  }

  async token(): Promise<Token> {
    const held = this.#current;
    if (held && this.#nowMs() < renewAtMs(held)) return held;
    return this.#renewOnce(() => this.#renew());
  }

  async renewAfterRefusal(token: Token): Promise<Token> {
    if (this.#current?.value === token.value) this.#current = null;
    if (this.#current) return this.#current;
    return this.#renewOnce(async () => {
      this.#isCacheRead = true;
      await this.#cache.forget();
      return this.#signIn();
    });
  }

  isUntried(token: Token): boolean {
    return token.value === this.#untriedValue;
  }

  async accepted(token: Token, scheme: string): Promise<void> {
    if (token.value === this.#untriedValue) this.#untriedValue = '';
    this.#guard.accepted();
    const current = this.#currentIf(token);
    if (!current || current.scheme === scheme) return;
    this.#current = { ...current, scheme };
    await this.#cache.keep(this.#current);
    await this.#guard.rememberScheme(scheme);
  }

  refusedAfresh(token: Token, endpoint: string): UpstreamError {
    // Many calls can be refused with one token: it counts once.
    if (this.#current?.value === token.value) {
      this.#current = null;
      this.#guard.holdAfresh();
    }
    return new UpstreamError(endpoint, this.#guard.afreshFailure());
  }

  /** Those who come while a renewal is in flight wait for the same one. */
  #renewOnce(renew: () => Promise<Token>): Promise<Token> {
    this.#renewal ??= renew().finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  async #renew(): Promise<Token> {
    const held = this.#current ?? (await this.#readCacheOnce());
    this.#current = held;
    const nowMs = this.#nowMs();
    if (!held || nowMs >= held.expiresAtMs) {
      return held && canRefresh(held, nowMs) ? this.#refreshElseSignIn(held) : this.#signIn();
    }
    if (nowMs < renewAtMs(held)) return held;
    // Not expired yet: what goes wrong now in passing can be tried again before anybody is without a token.
    try {
      return canRefresh(held, nowMs) ? await this.#refreshElseSignIn(held) : await this.#signIn();
    } catch (error) {
      if (!(error instanceof UpstreamError) || 'retryAtMs' in error.failure) throw error;
      const current = this.#currentIf(held);
      if (!current || this.#nowMs() >= current.expiresAtMs) throw error;
      return current;
    }
  }

  /** Whatever a refresh fails of (refused, rotated already, its answer lost), the credentials are the way out. */
  async #refreshElseSignIn(held: Token): Promise<Token> {
    let renewed: Token;
    try {
      renewed = await this.#issuer.refresh(held);
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      const isPassing = !isFinal(error.failure);
      // It may have been used up although its answer was lost: it is not tried again.
      const current = this.#currentIf(held);
      if (current) this.#current = { ...current, refreshValue: '' };
      // With a token still good, a host in trouble is not asked a second thing in the same breath.
      if (isPassing && this.#nowMs() < held.expiresAtMs) throw error;
      return this.#signIn();
    }
    return this.#hold(renewed);
  }

  async #signIn(): Promise<Token> {
    const record = await this.#guard.admit();
    let token: Token;
    try {
      token = await this.#issuer.signIn(record?.scheme ?? '');
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      throw await this.#guard.failed(error, record);
    }
    await this.#guard.succeeded(record, token.scheme);
    return this.#hold(token);
  }

  async #hold(token: Token): Promise<Token> {
    this.#current = token;
    this.#untriedValue = token.value;
    this.#isCacheRead = true;
    await this.#cache.keep(token);
    return token;
  }

  async #readCacheOnce(): Promise<Token | null> {
    if (this.#isCacheRead) return null;
    this.#isCacheRead = true;
    return this.#cache.read();
  }

  /** The current token while it is still this one: a refusal meanwhile has dropped it. */
  #currentIf({ value }: Token): Token | null {
    return this.#current?.value === value ? this.#current : null;
  }

  #accountFingerprint(): Promise<string> {
    const { side, signInUrl, username, secret } = this.#account;
    this.#fingerprint ??= this.#deps.sealer.fingerprint(side, signInUrl, username, secret);
    return this.#fingerprint;
  }

  #nowMs(): number {
    return this.#deps.clock.nowMs();
  }
}

function renewAtMs({ issuedAtMs, expiresAtMs }: Token): number {
  return issuedAtMs + (expiresAtMs - issuedAtMs) * RENEW_AT_SHARE;
}

function canRefresh({ refreshValue, refreshExpiresAtMs }: Token, nowMs: number): boolean {
  return refreshValue !== '' && nowMs < refreshExpiresAtMs;
}

/** True when asking the same again would be answered the same. */
function isFinal(failure: UpstreamFailure): boolean {
  if (failure.kind === 'status') return failure.status < 500 && failure.status !== 408 && failure.status !== 429;
  return failure.kind === 'shape' || failure.kind === 'redirect' || failure.kind === 'address';
}
