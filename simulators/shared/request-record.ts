/** What a stand-in keeps of each vendor request. */

type Outcome = 'pending' | 'served' | 'lost' | 'cut' | 'refused' | 'hung' | 'garbled' | 'aborted';

export interface RequestRecord {
  readonly number: number;
  readonly method: string;
  readonly path: string;
  readonly query: Record<string, string>;
  /** Unix ms with microseconds from a monotonic clock: good for spacing. */
  readonly arrivalMs: number;
  answeredMs: number | null;
  status: number | null;
  outcome: Outcome;
  fault: string | null;
  bytesIn: number;
  bytesOut: number;
}

/** Unix ms with microseconds from a monotonic clock. */
export function preciseNowMs(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000) / 1000;
}
