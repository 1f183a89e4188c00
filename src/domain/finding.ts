/** What a finding about a connection's health is, and how its words are put together. */
import type { FeedName, StreamName } from './health-facts.ts';

/** What health needs to know of the settings, and how to name the two sides. */
export interface HealthSettings {
  /** What is missing before the connection can run, as parts of a sentence; empty: complete. */
  readonly missing: readonly string[];
  readonly collectionIntervalMs: number;
  readonly settleDelayMs: number;
  readonly acdName: string;
  readonly wfmName: string;
  /** What a feed signs in with, as in "the user name or password of the real-time group". */
  readonly credentialsOf: Readonly<Record<FeedName, string>>;
  /** Figures are asked for; else somebody sends them, or is to. */
  readonly areFiguresAsked: boolean;
}

/** A sentence with instants in it. */
export type Sentence = readonly (string | { readonly atMs: number })[];

/** Where a reader can act on a finding. */
export type Target = 'connection' | 'set-aside' | 'roster' | 'coverage' | null;

export interface Finding {
  readonly level: 'stalled' | 'degraded' | 'note';
  readonly sinceMs: number | null;
  readonly what: Sentence;
  /** What to do about it; null: nothing, the bridge mends it. */
  readonly action: Sentence | null;
  readonly target: Target;
}

export const STREAM_LABELS: Readonly<Record<StreamName, string>> = {
  'agent-states': 'agent states',
  historical: 'queue figures',
  'agent-activity': 'agent activity',
};

const NUMBER = new Intl.NumberFormat('en-US');

export function number(value: number): string {
  return NUMBER.format(value);
}

export function count(value: number, noun: string): string {
  return `${number(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** A stored error as the end of a sentence. */
export function sentence(error: string): string {
  const text = error.trim() || 'no reason was noted';
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
