// What a scenario is, and what the command line can say about how it runs.

export interface RunSettings {
  /** Rounds of kill -9. */
  readonly rounds: number;
  /** No round begins after so many minutes. */
  readonly killMinutes: number;
  readonly seed: number;
  /** Seconds that Mpower stays away in the outage. */
  readonly outageS: number;
}

/** A scenario that cannot run here says why; it is shown as skipped, with the reason. */
export class NotHere extends Error {}

export interface Scenario {
  /** A claim about the bridge. */
  readonly name: string;
  /** Belongs to the short run that every check makes. */
  readonly isShort?: boolean;
  readonly limitMs: (settings: RunSettings) => number;
  /** Resolves to what was measured, for the record. */
  readonly run: (settings: RunSettings) => Promise<string>;
}

/** A generator of numbers in [0, 1) that a seed repeats (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The value below which a share of the sorted values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
