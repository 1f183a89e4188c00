import { expect, it } from 'vitest';
import { TICK_MAX_MS } from '../../../src/jobs/poll-grid.ts';
import { afterFailure, STREAM_BACK_OFF } from '../../../src/jobs/standing.ts';
import type { Standing } from '../../../src/store/feeds.ts';

const NOW_MS = Date.UTC(2026, 2, 2, 9);
/** A request that gets no answer is given up after so long (src/wfm/cxone-mpower). */
const UNANSWERED_MS = 15_000;
const PRESENT_WITHIN_MS = 30_000;
const SENDING_MS = 500;

const clock = {
  nowMs: () => NOW_MS,
  sleep: async () => undefined,
  deadline: () => new AbortController().signal,
  random: () => 0.999_999,
};
const standing: Standing = {
  failures: 0,
  failingSinceMs: null,
  retryAtMs: 0,
  successAtMs: null,
  error: '',
  errorKind: '',
};
const trouble = {
  kind: 'unavailable',
  message: 'No answer.',
  retryAfterMs: null,
  retryAtMs: null,
  needsSomebody: false,
};

it.each([1, 3, 8, 40, 10_000])(
  'a try that hangs as an outage ends, after %i failures, leaves time to send within the half minute that it may take',
  (failures) => {
    const after = afterFailure({ ...standing, failures }, trouble, clock, STREAM_BACK_OFF);
    // What is due is tried with the next tick.
    const triedMs = after.standing.retryAtMs + TICK_MAX_MS;
    expect(UNANSWERED_MS + triedMs - NOW_MS).toBeLessThan(PRESENT_WITHIN_MS - SENDING_MS);
  },
);
