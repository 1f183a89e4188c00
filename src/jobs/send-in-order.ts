/**
 * Sends records in order in bodies as large as allowed, and finds the ones that the WFM refuses by halving: one bad
 * record costs about 2 log₂(n) requests and holds nobody else up.
 */
import type { Outcome } from '../wfm/wfm.ts';

/** So many refusals in a row, with nothing accepted between, are no bad records but a bad setting. */
export const REFUSALS_IN_A_ROW_MAX = 10;

export type Failure = Exclude<Outcome, { kind: 'accepted' }>;

export interface Refusal<T> {
  readonly record: T;
  readonly status: number;
  readonly reason: string;
}

export interface SendResult<T> {
  /** How many of the records, from the first, are dealt with: accepted or refused for good. */
  readonly done: number;
  readonly refused: readonly Refusal<T>[];
  /** Refusals since the WFM last accepted something, the ones before this call included. */
  readonly refusedInARow: number;
  readonly accepted: number;
  /** Why it stopped before the end; null when it did not. */
  readonly failure: Failure | null;
  /** True when a body had to be split for its size: what is accepted came in parts. */
  readonly split: boolean;
}

/**
 * Sends `records`. `send` sends one body with the records it is given. `fits` tells whether so many make one body.
 * `onAccepted` is called after each accepted body with what is dealt with so far, before the next one leaves.
 */
export async function sendInOrder<T>(
  records: readonly T[],
  options: {
    send: (part: readonly T[]) => Promise<Outcome>;
    refusedInARow?: number;
    onAccepted?: (soFar: { done: number; refused: readonly Refusal<T>[] }) => Promise<void>;
  },
): Promise<SendResult<T>> {
  const refused: Refusal<T>[] = [];
  let refusedInARow = options.refusedInARow ?? 0;
  let refusedAtEnd = 0;
  let done = 0;
  let accepted = 0;
  let split = false;
  let failure: Failure | null = null;
  const parts: (readonly T[])[] = records.length > 0 ? [records] : [];
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    const outcome = await options.send(part);
    if (outcome.kind === 'accepted') {
      done += part.length;
      accepted += part.length;
      refusedInARow = 0;
      refusedAtEnd = 0;
      await options.onAccepted?.({ done, refused });
      continue;
    }
    if (outcome.kind !== 'refused' && outcome.kind !== 'too large') {
      failure = outcome;
      break;
    }
    split ||= outcome.kind === 'too large';
    const first = part[0];
    if (part.length === 1 && first !== undefined) {
      refused.push({ record: first, status: outcome.status, reason: outcome.reason });
      done += 1;
      refusedInARow += 1;
      refusedAtEnd += 1;
      if (refusedInARow < REFUSALS_IN_A_ROW_MAX) continue;
      // Not bad records but a bad setting: these wait with the others instead of being set aside.
      refused.length -= refusedAtEnd;
      done -= refusedAtEnd;
      failure = {
        kind: 'misconfigured',
        status: outcome.status,
        reason: `${refusedInARow} records in a row were refused, the last with: ${outcome.reason}. Check the WFM settings of the connection`,
      };
      break;
    }
    const middle = Math.ceil(part.length / 2);
    parts.push(part.slice(middle), part.slice(0, middle));
  }
  return { done, refused, refusedInARow, accepted, failure, split };
}
