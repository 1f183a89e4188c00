/**
 * Holds the token of one account: from memory, else from the cache, else by refresh, else by signing in. There is never
 * more than one renewal in flight, and credentials that were refused, or may have been, are not tried again before
 * their block has passed, restarts included: accounts get locked.
 */
import type { SignInRecord } from '../runtime.ts';
import type { UpstreamDeps } from './deps.ts';
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

/** Contract: none for 15 minutes after refused credentials. 21 minutes make at most 3 tries an hour. */
const REFUSED_BLOCK_MS = 21 * 60_000;
/** After a sign-in that failed in passing: the next not before. */
const SIGN_IN_SPACING_MS = 3_000;
const AFRESH_HOLD_MS = 60_000;
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
  /** What D1 remembers of this account; undefined until it was read. */
  #record: SignInRecord | null | undefined = undefined;
  /** The last sign-in failed in passing: until when it stands for the next one. */
  #passing: { readonly hold: Hold; readonly error: UpstreamError } | null = null;
  #afresh: { readonly count: number; readonly hold: Hold } = NEVER_REFUSED_AFRESH;

  constructor(account: Account, issuer: TokenIssuer, deps: KeeperDeps) {
    this.#account = account;
    this.#issuer = issuer;
    this.#deps = deps;
    const fingerprint = () => this.#accountFingerprint();
    this.#cache = createAccountTokenCache({ side: account.side, fingerprint }, deps);
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
    this.#afresh = NEVER_REFUSED_AFRESH;
    const current = this.#currentIf(token);
    if (!current || current.scheme === scheme) return;
    this.#current = { ...current, scheme };
    await this.#cache.keep(this.#current);
    // Failing to remember costs one refused call at the next start, no more.
    await this.#remember({ ...(this.#record ?? NOTHING_REMEMBERED), scheme });
  }

  refusedAfresh(token: Token, endpoint: string): UpstreamError {
    // Many calls can be refused with one token: it counts once.
    if (this.#current?.value === token.value) {
      this.#current = null;
      const count = this.#afresh.count + 1;
      const fromMs = this.#nowMs();
      const waitMs = Math.min(AFRESH_HOLD_MS * 2 ** (count - 1), REFUSED_BLOCK_MS);
      this.#afresh = { count, hold: { fromMs, untilMs: fromMs + waitMs } };
    }
    return new UpstreamError(endpoint, afreshFailure(this.#afresh.hold.untilMs));
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
    let record = await this.#readRecord();
    const nowMs = this.#nowMs();
    if (isHeld(this.#afresh.hold, nowMs)) throw this.#error(afreshFailure(this.#afresh.hold.untilMs));
    if (record && isBlocked(record, nowMs) && record.refusedReason === '') {
      // Somebody may have saved the connection, and so asked for a try, since it was read.
      this.#record = undefined;
      record = await this.#readRecord();
    }
    if (record && isBlocked(record, nowMs)) throw this.#error(blockedFailure(record));
    if (this.#passing && isHeld(this.#passing.hold, nowMs)) throw this.#passing.error;
    let token: Token;
    try {
      token = await this.#issuer.signIn(record?.scheme ?? '');
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      throw await this.#signInFailed(error, record);
    }
    this.#passing = null;
    if (record ? record.blockedUntilMs > 0 : token.scheme !== '') {
      // That they were good once counts later; where the scheme is not known yet, it is remembered with the scheme.
      await this.#remember({ ...NOTHING_REMEMBERED, scheme: record?.scheme ?? token.scheme });
    }
    return this.#hold(token);
  }

  async #signInFailed(error: UpstreamError, record: SignInRecord | null): Promise<UpstreamError> {
    const { failure } = error;
    const isRefused = failure.kind === 'status' && this.#issuer.refusedStatuses.includes(failure.status);
    // Where the last answer was a refusal, or there never was one, a try that nobody answered in time may have been refused.
    const isUnknown = failure.kind === 'timeout' && (record === null || record.blockedUntilMs > 0);
    if (!isRefused && !isUnknown) {
      const askedMs = failure.kind === 'status' ? (failure.retryAfterMs ?? 0) : 0;
      const fromMs = this.#nowMs();
      this.#passing = { hold: { fromMs, untilMs: fromMs + Math.max(SIGN_IN_SPACING_MS, askedMs) }, error };
      return error;
    }
    const retryAtMs = this.#nowMs() + REFUSED_BLOCK_MS;
    const detail = failure.kind === 'status' ? refusalOf(failure) : (record?.refusedReason ?? '');
    const refused = { ...(record ?? NOTHING_REMEMBERED), blockedUntilMs: retryAtMs, refusedReason: detail };
    const unwritten = await this.#remember({ ...refused, refusedCount: refused.refusedCount + 1 });
    return new UpstreamError(error.endpoint, blockedFailure(refused), { cause: unwritten });
  }

  async #hold(token: Token): Promise<Token> {
    this.#current = token;
    this.#untriedValue = token.value;
    this.#isCacheRead = true;
    await this.#cache.keep(token);
    return token;
  }

  /** Without knowing whether the account is blocked nobody signs in. */
  async #readRecord(): Promise<SignInRecord | null> {
    if (this.#record !== undefined) return this.#record;
    try {
      this.#record = await this.#deps.signIns.read(await this.#accountFingerprint());
    } catch (cause) {
      const detail = 'the bridge could not read from its database whether the account is blocked, and did not try';
      throw this.#error({ kind: 'unreachable', detail }, cause);
    }
    return this.#record;
  }

  /** Keeps the record in memory in any case. Gives the error when the database did not take it. */
  async #remember(record: SignInRecord): Promise<unknown> {
    this.#record = record;
    try {
      await this.#deps.signIns.write(await this.#accountFingerprint(), record);
      return undefined;
    } catch (error) {
      return error;
    }
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

  #error(failure: UpstreamFailure, cause?: unknown): UpstreamError {
    return new UpstreamError(this.#issuer.endpoint, failure, { cause });
  }

  #nowMs(): number {
    return this.#deps.clock.nowMs();
  }
}

function refusalOf({ status, detail }: UpstreamFailure & { kind: 'status' }): string {
  return detail === '' ? `${status}` : `${status} ${detail}`;
}

/** No sign-in from one instant to another. Before `fromMs` it does not hold: the clock was set back since. */
interface Hold {
  readonly fromMs: number;
  readonly untilMs: number;
}

const NEVER_REFUSED_AFRESH = { count: 0, hold: { fromMs: 0, untilMs: 0 } };
const NOTHING_REMEMBERED: SignInRecord = { blockedUntilMs: 0, refusedCount: 0, refusedReason: '', scheme: '' };

function isBlocked({ blockedUntilMs }: SignInRecord, nowMs: number): boolean {
  return isHeld({ fromMs: blockedUntilMs - REFUSED_BLOCK_MS, untilMs: blockedUntilMs }, nowMs);
}

/** Without a reason nobody has said that the credentials are refused: there was no answer. */
function blockedFailure({ refusedReason, blockedUntilMs: retryAtMs }: SignInRecord): UpstreamFailure {
  if (refusedReason === '') return { kind: 'unanswered sign-in', retryAtMs };
  return { kind: 'sign-in', detail: refusedReason, retryAtMs };
}

function isHeld({ fromMs, untilMs }: Hold, nowMs: number): boolean {
  return fromMs <= nowMs && nowMs < untilMs;
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

function afreshFailure(retryAtMs: number): UpstreamFailure {
  return { kind: 'sign-in', detail: 'a token that was just issued is not accepted', retryAtMs };
}
