/**
 * How a feed or stream stands after a try, and when to try again: back-off with jitter, the other side's Retry-After
 * first. A change from good to failing, or back, is one line in the diary; what goes on as before writes nothing.
 */
import { MINUTE_MS } from '../domain/interval.ts';
import type { UpstreamError, UpstreamFailure } from '../http/upstream-error.ts';
import type { Clock } from '../runtime.ts';
import type { Standing } from '../store/feeds.ts';
import type { Outcome } from '../wfm/wfm.ts';

/** Pauses, before jitter, between two tries of something that may mend itself: twice as long each time. */
export interface BackOff {
  readonly firstMs: number;
  readonly mostMs: number;
}

/** A source is read as often as ever, but after a failure within seconds. */
export const feedBackOff = (periodMs: number): BackOff => ({ firstMs: periodMs, mostMs: 10_000 });
/**
 * Faults K1 allow 30 s in all: a try that began before the end and gets no answer takes 15 s of them, the jitter a quarter
 * more of this, the next tick comes up to 8 s later, and what is sent takes the rest.
 */
export const STREAM_BACK_OFF: BackOff = { firstMs: 1_000, mostMs: 5_000 };
/** Pause after something that somebody has to mend. */
const MISCONFIGURED_RETRY_MS = 5 * MINUTE_MS;
/** A failure's row is written again only when it changed or this much later: a long outage costs little. */
const REPEAT_WRITE_MS = MINUTE_MS;

export interface Trouble {
  readonly kind: string;
  readonly message: string;
  readonly retryAfterMs: number | null;
  /** Earliest next try, where the failure knows one. */
  readonly retryAtMs: number | null;
  /** True when only a change of settings can mend it. */
  readonly needsSomebody: boolean;
}

export function troubleOf(error: UpstreamError): Trouble {
  const { failure } = error;
  return {
    kind: failure.kind,
    message: error.message,
    retryAfterMs: failure.kind === 'status' ? failure.retryAfterMs : null,
    retryAtMs: 'retryAtMs' in failure ? failure.retryAtMs : null,
    needsSomebody: needsSomebody(failure),
  };
}

function needsSomebody(failure: UpstreamFailure): boolean {
  switch (failure.kind) {
    case 'sign-in':
    case 'address':
    case 'redirect':
      return true;
    case 'status':
      return failure.status === 403 || failure.status === 404;
    default:
      return false;
  }
}

export function troubleOfOutcome(outcome: Exclude<Outcome, { kind: 'accepted' }>): Trouble {
  return {
    kind: outcome.kind,
    message: outcome.reason,
    retryAfterMs: outcome.kind === 'unavailable' ? outcome.retryAfterMs : null,
    retryAtMs: null,
    needsSomebody: outcome.kind !== 'unavailable',
  };
}

/**
 * The standing after a failed try. Returns the new standing, whether its row should be written, and whether this is the
 * first failure after good ones.
 */
export function afterFailure<S extends Standing>(
  standing: S,
  trouble: Trouble,
  clock: Clock,
  { firstMs, mostMs }: BackOff,
): { standing: S; write: boolean; isNew: boolean } {
  const nowMs = clock.nowMs();
  const failures = standing.failures + 1;
  const backOffMs = Math.min(mostMs, Math.max(firstMs, 1_000) * 2 ** Math.min(failures - 1, 10));
  const pauseMs = trouble.needsSomebody ? MISCONFIGURED_RETRY_MS : backOffMs * (0.75 + clock.random() / 2);
  const retryAtMs = Math.round(Math.max(nowMs + (trouble.retryAfterMs ?? pauseMs), trouble.retryAtMs ?? 0));
  const isNew = standing.failures === 0 || standing.errorKind !== trouble.kind;
  const write = isNew || standing.error !== trouble.message || retryAtMs - standing.retryAtMs >= REPEAT_WRITE_MS;
  return {
    standing: {
      ...standing,
      failures,
      failingSinceMs: standing.failingSinceMs ?? nowMs,
      retryAtMs,
      error: trouble.message,
      errorKind: trouble.kind,
    },
    write,
    isNew,
  };
}

/** The standing after a good try. `recovered` is true when it had been failing: then the row has to be written. */
export function afterSuccess<S extends Standing>(standing: S, nowMs: number): { standing: S; recovered: boolean } {
  const recovered = standing.failures > 0 || standing.retryAtMs > 0;
  return {
    standing: {
      ...standing,
      failures: 0,
      failingSinceMs: null,
      retryAtMs: 0,
      successAtMs: nowMs,
      error: '',
      errorKind: '',
    },
    recovered,
  };
}
