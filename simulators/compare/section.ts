/**
 * The outcome of comparing one kind of record.
 */
import type { ServedState } from './truth.ts';
export interface Section {
  readonly name: string;
  /** Records that had to come out, by what the source served. */
  served: number;
  /** Of these, there and alike. */
  accepted: number;
  /** Not there or not alike yet, and young enough. */
  inFlight: number;
  /** Not there, and rightly: nothing to say, nobody to say it of, or from before the destination's memory. */
  notNeeded: number;
  readonly missing: string[];
  readonly different: string[];
  /** There without having been served. */
  readonly extra: string[];
}

export interface Limits {
  readonly nowMs: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly inFlightMs: number;
  readonly settleMs: number;
  /** Length of the destination's report windows: 15 or 30 minutes. */
  readonly reportMs: number;
  /** A pause between two answers longer than this is time in which nobody looked. */
  readonly gapMs: number;
}

export function emptySection(name: string): Section {
  return { name, served: 0, accepted: 0, inFlight: 0, notNeeded: 0, missing: [], different: [], extra: [] };
}

export function iso(atMs: number): string {
  return Number.isFinite(atMs) ? new Date(atMs).toISOString() : String(atMs);
}

/** Items by key, in their order. */
export function grouped<T>(items: Iterable<T>, key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return groups;
}

/** Time in which nobody asked NCC for states: what happened in it is unknown to any reader, not missing. */
export interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
}

export function unwatched(states: readonly ServedState[], { gapMs }: Limits): Gap[] {
  const gaps = new Map<number, Gap>();
  for (const { previousMs, answeredMs } of states) {
    if (previousMs === null || answeredMs - previousMs <= gapMs) continue;
    gaps.set(previousMs, { fromMs: previousMs, toMs: answeredMs });
  }
  return [...gaps.values()];
}
