/**
 * Which alerts a connection gives cause for. Rules and facts in, sentences out. Pure: whether an alert is new, muted or
 * solved is for the job that asks.
 */
import type { ConnectionFacts } from './health-facts.ts';
import { INTERVAL_MS, MINUTE_MS } from './interval.ts';

export const ALERT_KINDS = ['stale', 'waiting', 'sign-in', 'gap'] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

export interface AlertRule {
  readonly id: number;
  /** Null: every connection. */
  readonly connectionId: number | null;
  readonly kind: AlertKind;
  /** stale, gap: minutes; waiting: records; sign-in: 0. */
  readonly threshold: number;
}

/** Default thresholds, in the unit of the kind. */
export const ALERT_DEFAULTS: Readonly<Record<AlertKind, number>> = { stale: 10, waiting: 1_000, 'sign-in': 0, gap: 60 };

/** What a rule watches for, in words. */
export function ruleText({ kind, threshold }: Pick<AlertRule, 'kind' | 'threshold'>): string {
  switch (kind) {
    case 'stale':
      return `Stale for ${count(threshold, 'minute')}`;
    case 'waiting':
      return `More than ${count(threshold, 'record')} waiting`;
    case 'sign-in':
      return 'Sign-in refused';
    case 'gap':
      return `A gap older than ${threshold % 60 === 0 && threshold > 0 ? count(threshold / 60, 'hour') : count(threshold, 'minute')}`;
  }
}

/** Why the rule holds for the connection now, as a sentence; null when it does not. A paused connection gives no cause. */
export function causeOf({ kind, threshold }: AlertRule, facts: ConnectionFacts, nowMs: number): string | null {
  if (facts.paused) return null;
  switch (kind) {
    case 'stale':
      return staleCause(facts, threshold * MINUTE_MS, nowMs);
    case 'waiting': {
      const waiting = facts.streams.reduce((total, { account }) => total + account.waiting, 0);
      return waiting > threshold
        ? `${count(waiting, 'record')} wait to be accepted by the WFM; the alert is set for more than ${number(threshold)}.`
        : null;
    }
    case 'sign-in':
      return signInCause(facts);
    case 'gap': {
      const { oldestGapMs, gapCount } = facts;
      if (oldestGapMs === null || oldestGapMs + INTERVAL_MS > nowMs - threshold * MINUTE_MS) return null;
      const are =
        gapCount === 1 ? '1 interval is missing: that' : `${number(gapCount)} intervals are missing, the oldest`;
      return `${are} of ${utc(oldestGapMs)}. The bridge keeps asking for ${gapCount === 1 ? 'it' : 'them'}.`;
    }
  }
}

function staleCause(facts: ConnectionFacts, limitMs: number, nowMs: number): string | null {
  // A connection that was created a moment ago had no chance yet.
  const readMs = Math.max(facts.lastPollMs ?? 0, facts.createdAtMs);
  if (nowMs - readMs >= limitMs) {
    return `No agent states were read from the ACD since ${utc(facts.lastPollMs ?? facts.createdAtMs)}.${because(facts.feeds.find(({ name }) => name === 'agent-states')?.error)}`;
  }
  const stuck = facts.streams.find(
    ({ failures, failingSinceMs }) => failures > 0 && failingSinceMs !== null && nowMs - failingSinceMs >= limitMs,
  );
  if (stuck?.failingSinceMs != null) {
    return `The WFM has accepted no ${STREAM_WORDS[stuck.name]} since ${utc(stuck.failingSinceMs)}.${because(stuck.error)}`;
  }
  const figures = facts.feeds.find(({ name }) => name === 'intervals');
  if (figures && figures.failures > 0 && figures.failingSinceMs !== null && nowMs - figures.failingSinceMs >= limitMs) {
    return `No queue figures were read from the ACD since ${utc(figures.failingSinceMs)}.${because(figures.error)}`;
  }
  return null;
}

const STREAM_WORDS = {
  'agent-states': 'agent states',
  historical: 'queue figures',
  'agent-activity': 'agent activity',
} as const;

const FEED_WORDS = {
  'agent-states': 'agent states are',
  intervals: 'queue figures are',
  roster: 'the roster is',
} as const;

function signInCause(facts: ConnectionFacts): string | null {
  const refused = ({ failures, errorKind }: { failures: number; errorKind: string }) =>
    failures > 0 && errorKind === 'sign-in';
  const feed = facts.feeds.find(refused);
  if (feed) {
    // Whatever an ACD signs in with, and however its groups are called: the finding on the Overview names it.
    return `The ACD refuses the credentials that ${FEED_WORDS[feed.name]} read with. Correct them on the connection page.`;
  }
  if (facts.streams.some(refused)) return `The WFM refuses the access key. Correct it on the connection page.`;
  return null;
}

function because(error: string | undefined): string {
  const text = error?.trim() ?? '';
  return text === '' ? '' : ` ${text}${/[.!?]$/.test(text) ? '' : '.'}`;
}

const NUMBER = new Intl.NumberFormat('en-US');
const number = (value: number) => NUMBER.format(value);
const count = (value: number, noun: string) => `${number(value)} ${noun}${value === 1 ? '' : 's'}`;
const utc = (atMs: number) => `${new Date(atMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
