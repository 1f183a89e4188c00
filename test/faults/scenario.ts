// What a scenario is, and what the command line can say about how it runs.

export interface RunSettings {
  /** How many times host or engine are killed. */
  readonly kills: number;
  /** Bridges that are killed side by side, each with stand-ins of its own. */
  readonly sideBySide: number;
  /** No kill begins after so many minutes. */
  readonly killMinutes: number;
  readonly seed: number;
  /** Minutes that Mpower stays away in the outage. */
  readonly outageMinutes: number;
}

/** A scenario that cannot run here says why; it is shown as skipped, with the reason. */
export class NotHere extends Error {}

/** What was measured, as one line, and figures that are added up over several runs. */
export interface Measured {
  readonly told: string;
  readonly figures: Readonly<Record<string, number | readonly number[]>>;
}

export interface Scenario {
  /** The word that chooses it on the command line. */
  readonly key: string;
  /** A claim about the bridge. */
  readonly name: string;
  /** Belongs to the short run that every check makes. */
  readonly isShort?: boolean;
  readonly limitMs: (settings: RunSettings) => number;
  /** Resolves to what was measured, for the record. `onPart`: takes what a part of a long scenario has measured. */
  readonly run: (settings: RunSettings, onPart: (part: Measured) => void) => Promise<string | Measured>;
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
