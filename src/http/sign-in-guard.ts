/**
 * Says whether an account may sign in now. Credentials that were refused, or may have been, are not tried again before their
 * block has passed, restarts included: accounts get locked.
 */
import type { SignInMemory, SignInRecord } from '../runtime.ts';
import type { UpstreamDeps } from './deps.ts';
import { UpstreamError, type UpstreamFailure } from './upstream-error.ts';

/** Contract: none for 15 minutes after refused credentials. 21 minutes for each try make at most 3 tries an hour. */
const REFUSED_BLOCK_MS = 21 * 60_000;
/**
 * A try that nobody answered in time, of credentials that may be refused, is made again so soon, until there were three.
 * The last of a run of tries, or one that is refused, then blocks for as long as all of them would have.
 */
const UNANSWERED_REPEAT_MS = 60_000;
const UNANSWERED_RUN_MAX = 3;
/** What a saved connection leaves of a block: see `allowUnansweredSignIns`. */
const ASKED_FOR = 1;
/** After a sign-in that failed in passing: the next not before. */
const SIGN_IN_SPACING_MS = 3_000;
const AFRESH_HOLD_MS = 60_000;

/** No sign-in from one instant to another. Before `fromMs` it does not hold: the clock was set back since. */
interface Hold {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** A sign-in that failed in passing, and until when it stands for the next one. */
interface Passing {
  readonly hold: Hold;
  readonly error: UpstreamError;
}

const NEVER_REFUSED_AFRESH = { count: 0, hold: { fromMs: 0, untilMs: 0 } };
const NOTHING_REMEMBERED: SignInRecord = { blockedUntilMs: 0, refusedCount: 0, refusedReason: '', scheme: '' };

export class SignInGuard {
  readonly #endpoint: string;
  readonly #refusedStatuses: readonly number[];
  readonly #fingerprint: () => Promise<string>;
  readonly #signIns: SignInMemory;
  readonly #clock: UpstreamDeps['clock'];
  /** What D1 remembers of this account; undefined until it was read. */
  #record: SignInRecord | null | undefined = undefined;
  #passing: Passing | null = null;
  #afresh: { readonly count: number; readonly hold: Hold } = NEVER_REFUSED_AFRESH;

  /** `endpoint`: of the sign-in, for failures that no request stands behind. */
  constructor(
    account: {
      readonly endpoint: string;
      readonly refusedStatuses: readonly number[];
      readonly fingerprint: () => Promise<string>;
    },
    { signIns, clock }: Pick<UpstreamDeps, 'signIns' | 'clock'>,
  ) {
    this.#endpoint = account.endpoint;
    this.#refusedStatuses = account.refusedStatuses;
    this.#fingerprint = account.fingerprint;
    this.#signIns = signIns;
    this.#clock = clock;
  }

  /** Resolves with what is remembered of the account when it may sign in now; else throws the `UpstreamError` that stands. */
  async admit(): Promise<SignInRecord | null> {
    let record = await this.#readRecord();
    const nowMs = this.#clock.nowMs();
    if (isHeld(this.#afresh.hold, nowMs)) throw this.#error(afreshFailure(this.#afresh.hold.untilMs));
    if (record && isBlocked(record, nowMs) && record.refusedReason === '') {
      // Somebody may have saved the connection, and so asked for a try, since it was read.
      this.#record = undefined;
      record = await this.#readRecord();
    }
    if (record && isBlocked(record, nowMs)) throw this.#error(blockedFailure(record));
    if (this.#passing && isHeld(this.#passing.hold, nowMs)) throw stillStanding(this.#passing, nowMs);
    return record;
  }

  /** A sign-in went well. `scheme`: how the vendor wants its token, as far as it is known. */
  async succeeded(record: SignInRecord | null, scheme: string): Promise<void> {
    this.#passing = null;
    if (record ? record.blockedUntilMs > 0 : scheme !== '') {
      // That they were good once counts later; where the scheme is not known yet, it is remembered with the scheme.
      await this.#remember({ ...NOTHING_REMEMBERED, scheme: record?.scheme ?? scheme });
    }
  }

  /** A sign-in failed: blocks the account when it was refused, or may have been. Gives the error to throw. */
  async failed(error: UpstreamError, record: SignInRecord | null): Promise<UpstreamError> {
    const { failure } = error;
    const isRefused = failure.kind === 'status' && this.#refusedStatuses.includes(failure.status);
    // Where the last answer was a refusal, or there never was one, a try that nobody answered in time may have been refused;
    // after a refusal also one whose connection broke, because nobody knows whether it had arrived.
    const isUnknown =
      (failure.kind === 'timeout' && (record === null || record.blockedUntilMs > 0)) ||
      (failure.kind === 'unreachable' && record !== null && record.refusedReason !== '');
    if (!isRefused && !isUnknown) {
      const askedMs = failure.kind === 'status' ? (failure.retryAfterMs ?? 0) : 0;
      const fromMs = this.#clock.nowMs();
      this.#passing = { hold: { fromMs, untilMs: fromMs + Math.max(SIGN_IN_SPACING_MS, askedMs) }, error };
      return error;
    }
    const before = record ?? NOTHING_REMEMBERED;
    const tries = triesOfRun(before);
    const refusedReason = failure.kind === 'status' ? refusalOf(failure) : before.refusedReason;
    const isRepeated = refusedReason === '' && tries < UNANSWERED_RUN_MAX;
    const blockedUntilMs = this.#clock.nowMs() + (isRepeated ? UNANSWERED_REPEAT_MS : tries * REFUSED_BLOCK_MS);
    // Tries that nobody answered are counted in whole runs, so that the count tells where in a run the next one is.
    const refusedCount = before.refusedCount + (refusedReason === '' ? tries - triesInRun(before) : 1);
    const refused = { ...before, blockedUntilMs, refusedReason, refusedCount };
    const unwritten = await this.#remember(refused);
    return new UpstreamError(error.endpoint, blockedFailure(refused), { cause: unwritten });
  }

  /** A call was accepted with a token: sign-ins are not held back any more. */
  accepted(): void {
    this.#afresh = NEVER_REFUSED_AFRESH;
  }

  /** Remembers how the vendor wants its token. Failing to costs one refused call at the next start, no more. */
  async rememberScheme(scheme: string): Promise<void> {
    await this.#remember({ ...(this.#record ?? NOTHING_REMEMBERED), scheme });
  }

  /** A fresh token was refused: no sign-in for 1 minute at first, and twice as long each time. */
  holdAfresh(): void {
    const count = this.#afresh.count + 1;
    const fromMs = this.#clock.nowMs();
    const waitMs = Math.min(AFRESH_HOLD_MS * 2 ** (count - 1), REFUSED_BLOCK_MS);
    this.#afresh = { count, hold: { fromMs, untilMs: fromMs + waitMs } };
  }

  /** Why calls fail while a fresh token's refusal holds sign-ins back. */
  afreshFailure(): UpstreamFailure {
    return afreshFailure(this.#afresh.hold.untilMs);
  }

  /** Without knowing whether the account is blocked nobody signs in. */
  async #readRecord(): Promise<SignInRecord | null> {
    if (this.#record !== undefined) return this.#record;
    try {
      this.#record = await this.#signIns.read(await this.#fingerprint());
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
      await this.#signIns.write(await this.#fingerprint(), record);
      return undefined;
    } catch (error) {
      return error;
    }
  }

  #error(failure: UpstreamFailure, cause?: unknown): UpstreamError {
    return new UpstreamError(this.#endpoint, failure, { cause });
  }
}

function refusalOf({ status, detail }: UpstreamFailure & { kind: 'status' }): string {
  return detail === '' ? `${status}` : `${status} ${detail}`;
}

/** Tries of the present run that nobody answered. */
function triesInRun({ refusedCount }: SignInRecord): number {
  return refusedCount % UNANSWERED_RUN_MAX;
}

/** Which try of its run one is that has just failed. */
function triesOfRun(before: SignInRecord): number {
  // After a refusal there are no runs.
  if (before.refusedReason !== '') return 1;
  const tries = triesInRun(before);
  // Somebody asks for a try after a whole run: they get the one.
  if (tries === 0 && before.blockedUntilMs === ASKED_FOR) return UNANSWERED_RUN_MAX;
  return tries + 1;
}

/** A block that began in the future does not hold: the clock was set back since. */
function isBlocked(record: SignInRecord, nowMs: number): boolean {
  const { blockedUntilMs, refusedReason } = record;
  const isRepeated = refusedReason === '' && triesInRun(record) > 0;
  const longestMs = isRepeated ? UNANSWERED_REPEAT_MS : UNANSWERED_RUN_MAX * REFUSED_BLOCK_MS;
  return isHeld({ fromMs: blockedUntilMs - longestMs, untilMs: blockedUntilMs }, nowMs);
}

/** Without a reason nobody has said that the credentials are refused: there was no answer. */
function blockedFailure({ refusedReason, blockedUntilMs: retryAtMs }: SignInRecord): UpstreamFailure {
  if (refusedReason === '') return { kind: 'unanswered sign-in', retryAtMs };
  return { kind: 'sign-in', detail: refusedReason, retryAtMs };
}

/** The failure with what is left of its Retry-After: whoever hears of it later waits no longer than whoever heard it first. */
function stillStanding({ hold, error }: Passing, nowMs: number): UpstreamError {
  const { endpoint, failure } = error;
  if (failure.kind !== 'status' || failure.retryAfterMs === null) return error;
  return new UpstreamError(endpoint, { ...failure, retryAfterMs: hold.untilMs - nowMs }, { cause: error });
}

function isHeld({ fromMs, untilMs }: Hold, nowMs: number): boolean {
  return fromMs <= nowMs && nowMs < untilMs;
}

function afreshFailure(retryAtMs: number): UpstreamFailure {
  return { kind: 'sign-in', detail: 'a token that was just issued is not accepted', retryAtMs };
}
