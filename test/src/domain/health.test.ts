import { describe, expect, it } from 'vitest';
import { assessHealth, plainText } from '../../../src/domain/health.ts';
import type { Account, ConnectionFacts, FeedFacts, StreamFacts } from '../../../src/domain/health-facts.ts';
import type { HealthSettings } from '../../../src/domain/health-findings.ts';

const NOW = Date.UTC(2026, 0, 5, 14, 2, 0);
const MINUTE = 60_000;

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

const GOOD = { failures: 0, failingSinceMs: null, retryAtMs: 0, successAtMs: NOW - 1_000, error: '', errorKind: '' };
const failing = (kind: string, error: string, forMs: number) => ({
  failures: 3,
  failingSinceMs: NOW - forMs,
  retryAtMs: NOW + 21 * MINUTE,
  successAtMs: NOW - forMs - 5_000,
  error,
  errorKind: kind,
});
const feed = (name: FeedFacts['name'], change: Partial<FeedFacts> = {}): FeedFacts => ({ name, ...GOOD, ...change });
const stream = (
  name: StreamFacts['name'],
  change: Partial<StreamFacts> = {},
  account: Partial<Account> = {},
): StreamFacts => ({
  name,
  ...GOOD,
  account: { read: 100, delivered: 90, setAside: 4, waiting: 6, held: 0, ...account },
  ...change,
});

function facts(change: Partial<ConnectionFacts> = {}): ConnectionFacts {
  return {
    connectionId: 1,
    name: 'Acme',
    paused: false,
    createdAtMs: NOW - 600 * MINUTE,
    updatedAtMs: NOW - 500 * MINUTE,
    lastPollMs: NOW - 2_000,
    loopAtMs: null,
    oldestUnsentMs: null,
    warning: '',
    feeds: [feed('agent-states'), feed('intervals'), feed('roster')],
    streams: [stream('agent-states'), stream('historical'), stream('agent-activity')],
    newestFigureMs: NOW - 10 * MINUTE,
    gapCount: 0,
    oldestGapMs: null,
    waitingIntervals: 1,
    oldestWaitingMs: NOW - 2 * MINUTE,
    unconfirmedCount: 0,
    setAsideOpen: 0,
    heldAgents: 0,
    agentCount: 10,
    queueCount: 2,
    unreviewedStates: 0,
    backfillsOpen: 0,
    lastTroubleMs: NOW - 30 * MINUTE,
    cronAtMs: NOW - 40_000,
    ...change,
  };
}

const assess = (change: Partial<ConnectionFacts>, settings: Partial<HealthSettings> = {}) =>
  assessHealth(facts(change), { ...SETTINGS, ...settings }, NOW);
const words = (change: Partial<ConnectionFacts>) =>
  assess(change).findings.map(({ what, action }) =>
    [plainText(what), action && plainText(action)].filter(Boolean).join(' '),
  );

const table: [string, Partial<ConnectionFacts>, string][] = [
  ['all is well', {}, 'healthy'],
  ['it never polled and is new', { lastPollMs: null, createdAtMs: NOW - MINUTE }, 'starting'],
  [
    'it never polled and is not new',
    { lastPollMs: null, createdAtMs: NOW - 3 * MINUTE, lastTroubleMs: null },
    'stalled',
  ],
  ['its loop is silent for a minute, without an error', { lastPollMs: NOW - MINUTE - 1 }, 'stalled'],
  [
    'its polls are far apart, and its loop is silent for a minute',
    { lastPollMs: NOW - 2 * MINUTE, loopAtMs: NOW - MINUTE - 1 },
    'stalled',
  ],
  [
    'it fails, and nobody has tried again when it was time',
    { feeds: [feed('agent-states', failing('status', 'x', 30 * MINUTE))], lastPollMs: NOW - 40 * MINUTE },
    'stalled',
  ],
  [
    'changes wait to be sent for a minute, without an error',
    { oldestUnsentMs: NOW - MINUTE - 1, streams: [stream('agent-states', { successAtMs: NOW - 2 * MINUTE })] },
    'stalled',
  ],
  [
    'changes have waited long, but are being caught up',
    { oldestUnsentMs: NOW - 50 * MINUTE, streams: [stream('agent-states', { successAtMs: NOW - 5_000 })] },
    'healthy',
  ],
  ['a feed fails since a moment', { feeds: [feed('agent-states', failing('timeout', 'x', 59_000))] }, 'degraded'],
  ['a feed fails since a minute', { feeds: [feed('agent-states', failing('timeout', 'x', 60_000))] }, 'stalled'],
  ['figures cannot be read since a minute', { feeds: [feed('intervals', failing('status', 'x', 60_000))] }, 'stalled'],
  [
    'only the roster fails, however long',
    { feeds: [feed('roster', failing('status', 'x', 600 * MINUTE))] },
    'degraded',
  ],
  [
    'a stream fails since a minute',
    { streams: [stream('historical', failing('unavailable', 'x', 60_000))] },
    'stalled',
  ],
  ['an interval is missing', { gapCount: 1, oldestGapMs: NOW - 90 * MINUTE }, 'degraded'],
  ['a record is set aside', { setAsideOpen: 1 }, 'degraded'],
  ['an agent has no login id', { heldAgents: 1 }, 'degraded'],
  ['an account does not add up', { streams: [stream('historical', {}, { waiting: 5 })] }, 'degraded'],
  ['the minute job has missed its minute', { cronAtMs: NOW - 110_001 }, 'degraded'],
  ['the minute job is a little late', { cronAtMs: NOW - 110_000 }, 'healthy'],
  ['an interval waits far beyond its time', { oldestWaitingMs: NOW - 28 * MINUTE }, 'degraded'],
  ['a backfill waits for past intervals', { oldestWaitingMs: NOW - 90_000 * MINUTE, backfillsOpen: 1 }, 'healthy'],
  ['states are not reviewed', { unreviewedStates: 3 }, 'healthy'],
  [
    'it is paused, whatever fails',
    { paused: true, lastPollMs: NOW - 600 * MINUTE, feeds: [feed('agent-states', failing('status', 'x', MINUTE))] },
    'paused',
  ],
];
it.each(table)('when %s, it is said so', (_, change, status) => {
  expect(assess(change).status).toBe(status);
});

it('is not configured while something is missing, whatever else is known', () => {
  const health = assess({}, { missing: ['the access key secret is not stored'] });
  expect(health.status).toBe('not configured');
  expect(plainText(health.findings[0]!.what)).toBe('The connection cannot run: the access key secret is not stored.');
});

it('is given twice the interval where polls are rare', () => {
  const change = { lastPollMs: NOW - 2 * 3_600_000 };
  expect(assess(change, { collectionIntervalMs: 3_600_000 }).status).toBe('healthy');
  expect(assess(change, { collectionIntervalMs: 1_800_000 }).status).toBe('stalled');
});

describe('since when', () => {
  it('calls a connection stalled whose loop was stopped for an hour and fails since a moment', () => {
    const feeds = [feed('agent-states', failing('status', 'GET /realTime answered 502', 20_000)), feed('intervals')];
    const { status } = assessHealth(facts({ lastPollMs: NOW - 60 * MINUTE, feeds }), SETTINGS, NOW);
    expect(status).toBe('stalled');
  });

  it('a stall is: since the first thing that stalled', () => {
    const feeds = [
      feed('agent-states', failing('timeout', 'x', 5 * MINUTE)),
      feed('intervals', failing('timeout', 'x', 9 * MINUTE)),
    ];
    expect(assess({ feeds, gapCount: 1, oldestGapMs: NOW - 900 * MINUTE }).sinceMs).toBe(NOW - 9 * MINUTE);
  });

  it('it is healthy: since the last trouble ended, or since it was created', () => {
    expect(assess({}).sinceMs).toBe(NOW - 30 * MINUTE);
    expect(assess({ lastTroubleMs: null }).sinceMs).toBe(NOW - 600 * MINUTE);
  });
});

describe('the words', () => {
  it('of refused credentials name the account, the time, the page and the next try', () => {
    const feeds = [
      feed('agent-states', failing('sign-in', 'GET /provider/token-with-authorities refused', 2 * MINUTE)),
    ];
    expect(words({ feeds })).toEqual([
      'NCC refused the user name or password of the real-time group at 2026-01-05T14:00:00.000Z. Correct them on the connection page; the next try is at 2026-01-05T14:23:00.000Z.',
    ]);
  });

  it('of a sign-in that nobody answers do not say that it was refused', () => {
    const feeds = [feed('agent-states', failing('unanswered sign-in', 'x', 2 * MINUTE))];
    expect(words({ feeds })).toEqual([
      'NCC has not answered a sign-in in time since 2026-01-05T14:00:00.000Z. Whether it refused the user name or password of the real-time group is not known, so it is tried 3 times an hour at most; the next try is at 2026-01-05T14:23:00.000Z. Saving the connection tries at once.',
    ]);
  });

  it.each([0, NOW - 5 * MINUTE, NOW])('of a try whose time has come say that it is now (%i)', (retryAtMs) => {
    const late = { ...failing('timeout', 'GET /x gave no answer', MINUTE), retryAtMs };
    const feeds = ['timeout', 'sign-in', 'unanswered sign-in', 'redirect', 'shape'].map((errorKind) =>
      feed('intervals', { ...late, errorKind }),
    );
    const said = words({ feeds, streams: [stream('historical', late)] });
    expect(said).toHaveLength(6);
    for (const text of said) expect(text).toMatch(/next try is now|tries again now/);
  });

  it('of a roster that cannot be read speak of it as a sentence does', () => {
    const [said = ''] = words({ feeds: [feed('roster', failing('status', 'GET /x answered 500', 2 * MINUTE))] });
    expect(said).toMatch(/^No roster could be read since 2026-01-05T14:00:00.000Z: GET \/x answered 500\./);
  });

  it('of a WFM that is down say what is kept', () => {
    const streams = [stream('historical', failing('unavailable', 'POST /wfm answered 503', 2 * MINUTE))];
    expect(words({ streams })).toEqual([
      'Mpower has not taken queue figures since 2026-01-05T14:00:00.000Z: POST /wfm answered 503. 6 records are kept and sent when it answers again; the next try is at 2026-01-05T14:23:00.000Z.',
    ]);
  });

  it('of a roster that the database does not take say that all else goes on', () => {
    const trouble = failing('not stored', 'The database did not take what the ACD answered: full', 2 * MINUTE);
    const [said] = words({ feeds: [feed('roster', trouble)] });
    expect(said).toMatch(
      /could not be stored since .*: The database did not take what the ACD answered: full\. .*all else goes on/,
    );
  });

  it('count records set aside as far as they are counted', () => {
    expect(words({ setAsideOpen: 9_999 })[0]).toContain('9,999 records were refused');
    expect(words({ setAsideOpen: 10_000 })[0]).toContain('10,000 or more records were refused');
  });

  it('put the worst first', () => {
    const change = {
      unreviewedStates: 1,
      setAsideOpen: 1,
      feeds: [feed('intervals', failing('status', 'x', 5 * MINUTE))],
    };
    expect(assess(change).findings.map(({ level }) => level)).toEqual(['stalled', 'degraded', 'note']);
  });
});
