/** docs/runbook.md has a section for everything that the bridge says when it wants somebody, in the words that it uses. */
import { expect, it } from 'vitest';
import { ALERT_DEFAULTS, ALERT_KINDS, ruleText } from '../../../src/domain/alert.ts';
import { HEALTH_STATUSES, plainText } from '../../../src/domain/health.ts';
import type { ConnectionFacts, TryFacts } from '../../../src/domain/health-facts.ts';
import { findingsOf, type HealthSettings } from '../../../src/domain/health-findings.ts';

const read = (files: Record<string, string>) => Object.values(files).join('\n');
const runbook = read(import.meta.glob<string>('/docs/runbook.md', { query: '?raw', import: 'default', eager: true }));
const source = read(
  import.meta.glob<string>('/src/domain/health-findings.ts', { query: '?raw', import: 'default', eager: true }),
);

const NOW = Date.UTC(2026, 0, 5, 14);
const HOUR = 3_600_000;
const SETTINGS: HealthSettings = {
  missing: [],
  collectionIntervalMs: 5_000,
  settleDelayMs: 120_000,
  acdName: 'NCC',
  wfmName: 'Mpower',
  areFiguresAsked: true,
  credentialsOf: {
    'agent-states': 'the user name or password of the real-time group',
    intervals: 'the user name or password of the historical group',
    roster: 'the user name or password of the historical group',
  },
};
const GOOD: TryFacts = { failures: 0, failingSinceMs: null, retryAtMs: 0, successAtMs: NOW, error: '', errorKind: '' };
const ACCOUNT = { read: 1, delivered: 1, setAside: 0, waiting: 0, held: 0 };

const failing = (errorKind: string) => ({
  ...GOOD,
  failures: 3,
  failingSinceMs: NOW - HOUR,
  error: 'GET /x failed',
  errorKind,
});
const feed = (errorKind: string) => ({ feeds: [{ name: 'agent-states' as const, ...failing(errorKind) }] });
const stream = (change: object) => ({
  streams: [{ name: 'agent-states' as const, ...GOOD, account: ACCOUNT, ...change }],
});

/** Every finding that there is, each by what leads to it. */
const CASES: Readonly<Record<string, Partial<ConnectionFacts>>> = {
  'refused sign-in': feed('sign-in'),
  'unanswered sign-in': feed('unanswered sign-in'),
  'cannot run': feed('unusable'),
  'address or redirect': feed('redirect'),
  'unexpected answer': feed('shape'),
  'not stored': feed('not stored'),
  'not read': feed('timeout'),
  'loop silent': { lastPollMs: NOW - HOUR },
  'never read': { lastPollMs: null, lastTroubleMs: null, createdAtMs: NOW - HOUR },
  'delivery silent': { ...stream({ successAtMs: null }), oldestUnsentMs: NOW - HOUR },
  'not taken': stream(failing('unavailable')),
  'intervals missing': { gapCount: 2, oldestGapMs: NOW - HOUR },
  'figures late': { oldestWaitingMs: NOW - 5 * HOUR },
  'empty figures': { unconfirmedCount: 2 },
  'records set aside': { setAsideOpen: 3 },
  'no login id': { heldAgents: 2, ...stream({ account: { ...ACCOUNT, read: 4, waiting: 3, held: 3 } }) },
  'states not reviewed': { unreviewedStates: 3 },
  'account wrong': stream({ account: { ...ACCOUNT, read: 9 } }),
  'source warns': { warning: 'The password of the LiveVox user bridge expires on 2026-01-12. Change it.' },
  'minute job silent': { cronAtMs: NOW - HOUR },
};

function facts(change: Partial<ConnectionFacts>): ConnectionFacts {
  return {
    connectionId: 1,
    name: 'Acme',
    paused: false,
    createdAtMs: NOW - 24 * HOUR,
    updatedAtMs: NOW - 24 * HOUR,
    lastPollMs: NOW,
    loopAtMs: null,
    oldestUnsentMs: null,
    warning: '',
    feeds: [],
    streams: [],
    newestFigureMs: NOW,
    gapCount: 0,
    oldestGapMs: null,
    waitingIntervals: 0,
    oldestWaitingMs: null,
    unconfirmedCount: 0,
    setAsideOpen: 0,
    heldAgents: 0,
    agentCount: 1,
    queueCount: 1,
    unreviewedStates: 0,
    backfillsOpen: 0,
    lastTroubleMs: null,
    cronAtMs: NOW,
    ...change,
  };
}

/** Sections by their headings; "…" stands for anything. */
const sections = [...runbook.matchAll(/^### "?(.+?)"?(?: \(\d.*\))?\n([\s\S]*?)(?=^##|$(?![\s\S]))/gm)].map(
  ([, heading = '', text = '']) => ({
    heading,
    text,
    matches: new RegExp(
      heading
        .split('…')
        .map((part) => part.trim().replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
        .join('.*'),
    ),
  }),
);

/** Sections that are a table, or tell of something that nobody has to mend. */
const FREE_FORM = ['The appliance does not start', 'After a restore from a backup', 'The clock was wrong'];

/** What it means, where to look, what to do: in this order, each once, each with words. */
function expectWhole(text = ''): void {
  expect(text.match(/^\*\*(?:Means|Look at|Do)\*\* \S/gm)?.map((found) => found.slice(2, -4))).toEqual([
    'Means',
    'Look at',
    'Do',
  ]);
}

it.each(Object.entries(CASES))('says what to do about: %s', (_what, change) => {
  const found = findingsOf(facts(change), SETTINGS, NOW).map(({ what }) => plainText(what));
  expect(found).toHaveLength(1);
  const own = sections.filter(({ matches }) => matches.test(found[0] ?? ''));
  expect(own.map(({ heading }) => heading)).toHaveLength(1);
  expectWhole(own[0]?.text);
});

it.each(sections.map(({ heading, text }) => [heading, text]))(
  'is whole where it explains a message: %s',
  (heading, text) => {
    if (!FREE_FORM.includes(heading)) expectWhole(text);
  },
);

it('knows every finding: one that is added needs a case here', () => {
  // "never read" and "loop silent" are one finding in two wordings.
  const findings = source.match(/\bwhat: \[|\bwhat: Sentence =/g) ?? [];
  expect(findings.length).toBe(Object.keys(CASES).length - 1);
});

it.each(ALERT_KINDS)('says what to do about an alert of the kind %s', (kind) => {
  const name = ruleText({ kind, threshold: ALERT_DEFAULTS[kind] });
  const own = sections.filter(({ matches }) => matches.test(name));
  expect(own.map(({ heading }) => heading)).toHaveLength(1);
  expectWhole(own[0]?.text);
});

it.each(HEALTH_STATUSES)('explains the state %s', (status) => {
  expect(runbook).toMatch(new RegExp(`^\\| ${status} \\| .+ \\| .+ \\|$`, 'm'));
});
