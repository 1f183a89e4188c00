import { describe, expect, it } from 'vitest';
import { type AlertKind, causeOf, ruleText } from '../../../src/domain/alert.ts';
import { composeMessage } from '../../../src/domain/alert-message.ts';
import type { ConnectionFacts, StreamFacts } from '../../../src/domain/health-facts.ts';

const NOW_MS = Date.parse('2026-03-10T12:00:00Z');
const MINUTE_MS = 60_000;
const WELL = { failures: 0, failingSinceMs: null, retryAtMs: 0, successAtMs: NOW_MS, error: '', errorKind: '' };
const stream = (name: StreamFacts['name'], more: Partial<StreamFacts> = {}): StreamFacts => ({
  name,
  ...WELL,
  account: { read: 10, delivered: 10, setAside: 0, waiting: 0, held: 0 },
  ...more,
});

function facts(more: Partial<ConnectionFacts> = {}): ConnectionFacts {
  return {
    connectionId: 1,
    name: 'Acme',
    paused: false,
    createdAtMs: NOW_MS - 86_400_000,
    updatedAtMs: NOW_MS - 86_400_000,
    lastPollMs: NOW_MS - 5_000,
    loopAtMs: null,
    oldestUnsentMs: null,
    warning: '',
    feeds: [
      { name: 'agent-states', ...WELL },
      { name: 'intervals', ...WELL },
      { name: 'roster', ...WELL },
    ],
    streams: [stream('agent-states'), stream('historical'), stream('agent-activity')],
    newestFigureMs: NOW_MS,
    gapCount: 0,
    oldestGapMs: null,
    waitingIntervals: 0,
    oldestWaitingMs: null,
    unconfirmedCount: 0,
    setAsideOpen: 0,
    heldAgents: 0,
    agentCount: 3,
    queueCount: 2,
    unreviewedStates: 0,
    backfillsOpen: 0,
    lastTroubleMs: null,
    cronAtMs: NOW_MS,
    ...more,
  };
}

const cause = (kind: AlertKind, threshold: number, given: ConnectionFacts) =>
  causeOf({ id: 1, connectionId: null, kind, threshold }, given, NOW_MS);
const failing = (minutes: number, errorKind = 'unreachable') => ({
  failures: 3,
  failingSinceMs: NOW_MS - minutes * MINUTE_MS,
  error: 'GET /realTime answered 503',
  errorKind,
});

describe('a rule', () => {
  it.each<[string, AlertKind, number, Partial<ConnectionFacts>, RegExp | null]>([
    ['all is well', 'stale', 10, {}, null],
    [
      'the last answer is older',
      'stale',
      10,
      { lastPollMs: NOW_MS - 10 * MINUTE_MS },
      /^No agent states were read from the ACD since 2026-03-10 11:50 UTC\./,
    ],
    ['the last answer is a second younger', 'stale', 10, { lastPollMs: NOW_MS - 10 * MINUTE_MS + 1_000 }, null],
    ['it was made a moment ago', 'stale', 10, { lastPollMs: null, createdAtMs: NOW_MS - MINUTE_MS }, null],
    [
      'the WFM takes nothing',
      'stale',
      10,
      { streams: [stream('historical', failing(11))] },
      /^The WFM has accepted no queue figures since 2026-03-10 11:49 UTC\. GET \/realTime answered 503\.$/,
    ],
    [
      'just as many wait',
      'waiting',
      1_000,
      {
        streams: [
          stream('historical', { account: { read: 1_000, delivered: 0, setAside: 0, waiting: 1_000, held: 0 } }),
        ],
      },
      null,
    ],
    [
      'more wait',
      'waiting',
      1_000,
      {
        streams: [
          stream('historical', { account: { read: 1_001, delivered: 0, setAside: 0, waiting: 1_001, held: 0 } }),
        ],
      },
      /^1,001 records wait to be accepted/,
    ],
    [
      'another failure than the sign-in',
      'sign-in',
      0,
      { feeds: [{ name: 'agent-states', ...WELL, ...failing(1) }] },
      null,
    ],
    [
      'the access key is refused',
      'sign-in',
      0,
      { streams: [stream('agent-states', failing(1, 'sign-in'))] },
      /^The WFM refuses the access key\./,
    ],
    ['a gap is young', 'gap', 60, { gapCount: 1, oldestGapMs: NOW_MS - 74 * MINUTE_MS }, null],
    [
      'a gap is old',
      'gap',
      60,
      { gapCount: 2, oldestGapMs: NOW_MS - 75 * MINUTE_MS },
      /^2 intervals are missing, the oldest of 2026-03-10 10:45 UTC\./,
    ],
  ])('%s: %s over %i', (_why, kind, threshold, more, expected) => {
    const found = cause(kind, threshold, facts(more));
    if (expected === null) expect(found).toBeNull();
    else expect(found).toMatch(expected);
  });

  it('never holds for a connection that is paused', () => {
    expect(cause('stale', 1, facts({ paused: true, lastPollMs: 0 }))).toBeNull();
  });

  it('is named with its threshold', () => {
    expect(ruleText({ kind: 'gap', threshold: 60 })).toBe('A gap older than 1 hour');
    expect(ruleText({ kind: 'waiting', threshold: 1_000 })).toBe('More than 1,000 records waiting');
  });
});

describe('a message', () => {
  const message = {
    occasion: 'opened',
    alertId: 7,
    kind: 'stale',
    connectionId: 1,
    connectionName: '<!channel> *Acme* [x](https://evil.example)',
    text: 'No & nothing.',
    openedAtMs: NOW_MS,
    atMs: NOW_MS,
  } as const;

  it('calls nobody in Slack and leads nowhere in Teams, whatever a name holds', () => {
    expect(JSON.parse(composeMessage('slack', message)).text).toBe(
      '*Alert: &lt;!channel&gt; ∗Acme∗ [x](https://evil.example)*\nNo &amp; nothing.',
    );
    const card = JSON.parse(composeMessage('teams', message)).attachments[0].content;
    expect(card.body[0].text).toBe('Alert: <!channel> \\*Acme\\* \\[x\\]\\(https://evil.example\\)');
  });
});
