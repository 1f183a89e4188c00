/**
 * What the bridge is handed by whoever runs it. Nothing in src/ reads a clock, rolls dice, waits or opens a connection
 * but through these, so that a test can run a year in a minute and replay it from a seed.
 */

export interface Clock {
  /** UTC epoch, milliseconds. */
  nowMs(): number;
  /** Resolves after `ms`, or when `released` aborts: whoever no longer waits gives the timer back. */
  sleep(ms: number, released?: AbortSignal): Promise<void>;
  /** Aborts after `ms`, with a `TimeoutError` as its reason; never once `released` has aborted. */
  deadline(ms: number, released?: AbortSignal): AbortSignal;
  /** Uniform in [0, 1): for jitter only. */
  random(): number;
}

export type Fetch = (request: Request) => Promise<Response>;

/**
 * A cache of sealed tokens. It may lose anything at any time, may be stale, and its failures are not failures of what
 * uses it: both methods resolve whatever happens.
 */
export interface TokenCache {
  get(key: string): Promise<string | null>;
  /** Keeps `value` for `ttlS` seconds; asked for less than 60 s it keeps nothing. */
  put(key: string, value: string, ttlS: number): Promise<void>;
  delete(key: string): Promise<void>;
}

/** What must outlive a restart about one account's sign-ins; kept in D1. */
export interface SignInRecord {
  readonly blockedUntilMs: number;
  /** Tries that were refused or may have been, since the account was last accepted. */
  readonly refusedCount: number;
  /** '' while nobody has said that they were refused: there was no answer. */
  readonly refusedReason: string;
  /** How the ACD wants its token: 'raw' or 'Bearer'; '' while nobody knows. */
  readonly scheme: string;
}

export interface SignInMemory {
  read(fingerprint: string): Promise<SignInRecord | null>;
  write(fingerprint: string, record: SignInRecord): Promise<void>;
}

/** Seals and opens secrets (src/crypto/seal.ts): AES-256-GCM, key id in the text, `context` as additional data. */
export interface Sealer {
  seal(plaintext: string, context: string): Promise<string>;
  /** Throws `SealError` when the text was changed, bound to another context, or sealed with a key not at hand. */
  open(sealed: string, context: string): Promise<string>;
}
