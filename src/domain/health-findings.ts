/** Single findings about a connection: what is wrong, since when, and what to do. Pure, like src/domain/health.ts. */
import {
  addsUp,
  type ConnectionFacts,
  type FeedFacts,
  type FeedName,
  SET_ASIDE_COUNTED_MAX,
  type StreamName,
} from './health-facts.ts';

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

/** A feed or stream that fails for so long has stalled (promise 7: a stall shows within a minute). */
const STALLED_AFTER_MS = 60_000;
/** A loop without a sign of life, or a delivery without an outcome: late enough to be sure, and shown within the minute. */
const SILENT_AFTER_MS = 45_000;
const UNSENT_AFTER_MS = 50_000;
/** A connection may take so long to its first poll before that is a stall. */
const STARTING_MS = 120_000;
/** The minute job is missed when it has not come 50 s after it should: a stall is to be seen within a minute. */
const CRON_LATE_MS = 110_000;
/** A feed that fails is tried again at least so often; its next try is stored at most this much too early. */
const RETRY_OVERDUE_MS = 4 * 60_000;
/** A closed interval should be collected so long after its settle delay. */
const INTERVAL_LATE_MS = 10 * 60_000;

const FEED_LABELS: Readonly<Record<FeedName, string>> = {
  'agent-states': 'agent states',
  intervals: 'queue figures',
  roster: 'the roster',
};
const STREAM_LABELS: Readonly<Record<StreamName, string>> = {
  'agent-states': 'agent states',
  historical: 'queue figures',
  'agent-activity': 'agent activity',
};

/** Everything that is to be said about a connection at `nowMs`, in no order. */
export function findingsOf(facts: ConnectionFacts, settings: HealthSettings, nowMs: number): Finding[] {
  return [
    ...feedFindings(facts, settings, nowMs),
    ...silenceFindings(facts, settings, nowMs),
    ...streamFindings(facts, settings, nowMs),
    ...unsentFindings(facts, nowMs),
    ...coverageFindings(facts, settings, nowMs),
    ...mappingFindings(facts, settings),
    ...warningFindings(facts),
    ...accountFindings(facts),
    ...cronFindings(facts, nowMs),
  ];
}

function feedFindings(facts: ConnectionFacts, settings: HealthSettings, nowMs: number): Finding[] {
  return facts.feeds.flatMap((feed) => {
    if (feed.failures === 0 || feed.failingSinceMs === null) return [];
    const isFailing = nowMs - feed.failingSinceMs >= STALLED_AFTER_MS;
    // A loop that was stopped and fails when it is revived has been silent for longer than it has failed.
    const isSilent = feed.name === 'agent-states' && isPollMissed(facts, settings, nowMs);
    const isStall = feed.name !== 'roster' && (isFailing || isSilent);
    return [
      {
        level: isStall ? ('stalled' as const) : ('degraded' as const),
        sinceMs: feed.failingSinceMs,
        ...feedWords(feed, feed.failingSinceMs, settings, nowMs),
      },
    ];
  });
}

function feedWords(
  feed: FeedFacts,
  sinceMs: number,
  { acdName, credentialsOf }: HealthSettings,
  nowMs: number,
): Pick<Finding, 'what' | 'action' | 'target'> {
  const since = { atMs: sinceMs };
  const retry = nextTry(feed, nowMs);
  const label = FEED_LABELS[feed.name];
  switch (feed.errorKind) {
    case 'sign-in':
      return {
        what: [`${acdName} refused ${credentialsOf[feed.name]} at `, since, '.'],
        action: ['Correct them on the connection page; the next try is ', ...retry, '.'],
        target: 'connection',
      };
    case 'unanswered sign-in':
      return {
        what: [`${acdName} has not answered a sign-in in time since `, since, '.'],
        action: [
          `Whether it refused ${credentialsOf[feed.name]} is not known, so it is tried 3 times an hour at most; the next try is `,
          ...retry,
          '. Saving the connection tries at once.',
        ],
        target: 'connection',
      };
    case 'unusable':
      return {
        what: ['The connection cannot run since ', since, `: ${sentence(feed.error)}`],
        action: ['It goes on by itself once this is mended.'],
        target: 'connection',
      };
    case 'address':
    case 'redirect':
      return {
        what: [`The base URL for ${label} cannot be used since `, since, `: ${sentence(feed.error)}`],
        action: ['Correct the base URL on the connection page; the next try is ', ...retry, '.'],
        target: 'connection',
      };
    case 'shape':
    case 'oversize':
      return {
        what: [`${acdName} answers with something unexpected for ${label} since `, since, `: ${sentence(feed.error)}`],
        action: [
          'Nothing was stored from it. Compare base URL and paths (Advanced, on the connection page); the next try is ',
          ...retry,
          '.',
        ],
        target: 'connection',
      };
    case 'not stored':
      return {
        what: [`What ${acdName} answers for ${label} could not be stored since `, since, `: ${sentence(feed.error)}`],
        action: [
          'The bridge tries again ',
          ...retry,
          '; all else goes on. If it does not mend itself, check the size and the limits of the database.',
        ],
        target: null,
      };
    default:
      return {
        what: [`No ${label.replace(/^the /, '')} could be read since `, since, `: ${sentence(feed.error)}`],
        action: [
          'The bridge tries again ',
          ...retry,
          ` and loads missed figures by itself. If it goes on, check that ${acdName} is up and the base URL is right.`,
        ],
        target: null,
      };
  }
}

/** When the next try is, as the end of a sentence: one whose time has come is made in this moment. */
function nextTry({ retryAtMs }: Pick<FeedFacts, 'retryAtMs'>, nowMs: number): Sentence {
  return retryAtMs > nowMs ? ['at ', { atMs: retryAtMs }] : ['now'];
}

/** True when the last good answer is older than polls that go well leave it. */
function isPollMissed(
  { lastPollMs }: ConnectionFacts,
  { collectionIntervalMs }: HealthSettings,
  nowMs: number,
): boolean {
  return lastPollMs !== null && nowMs - lastPollMs > Math.max(SILENT_AFTER_MS, 2 * collectionIntervalMs + 15_000);
}

/**
 * True when a connection's loop gives no sign of life: neither a poll, nor a heartbeat between polls that are far apart,
 * nor the next try of one that fails.
 */
export function isLoopSilent(facts: ConnectionFacts, collectionIntervalMs: number, nowMs: number): boolean {
  if (facts.paused) return false;
  const feed = facts.feeds.find(({ name }) => name === 'agent-states');
  const aliveMs = Math.max(facts.lastPollMs ?? 0, facts.loopAtMs ?? 0);
  if (feed && feed.failures > 0) return nowMs - Math.max(feed.retryAtMs, aliveMs) > RETRY_OVERDUE_MS;
  if (facts.lastPollMs === null) {
    return nowMs - Math.max(facts.createdAtMs, facts.lastTroubleMs ?? 0) > STARTING_MS;
  }
  const pollLate = nowMs - facts.lastPollMs > Math.max(SILENT_AFTER_MS, 2 * collectionIntervalMs + 15_000);
  return pollLate || (facts.loopAtMs !== null && nowMs - aliveMs > SILENT_AFTER_MS);
}

/** A loop that does not run leaves no error: only the age of its last sign of life tells. */
function silenceFindings(facts: ConnectionFacts, settings: HealthSettings, nowMs: number): Finding[] {
  if (!isLoopSilent(facts, settings.collectionIntervalMs, nowMs)) return [];
  const lastMs = facts.lastPollMs ?? Math.max(facts.createdAtMs, facts.lastTroubleMs ?? 0);
  const what: Sentence =
    facts.lastPollMs === null
      ? ['No agent states were read since the connection was created at ', { atMs: facts.createdAtMs }, '.']
      : ['No agent states were read since ', { atMs: lastMs }, ', and no error was noted: the loop does not run.'];
  const action = ['The minute job revives the loop. If this stays for more than two minutes, look at the logs.'];
  return [{ level: 'stalled', sinceMs: lastMs, what, action, target: null }];
}

/** Delivery that stands still without a failure leaves no error either. */
function unsentFindings(facts: ConnectionFacts, nowMs: number): Finding[] {
  const stream = facts.streams.find(({ name }) => name === 'agent-states');
  const rosterFails = facts.feeds.some(({ name, failures }) => name === 'roster' && failures > 0);
  if (facts.paused || !stream || stream.failures > 0 || rosterFails || facts.oldestUnsentMs === null) return [];
  // While history is caught up the oldest waits long, but something is accepted all the time.
  const movedMs = Math.max(facts.oldestUnsentMs, stream.successAtMs ?? 0);
  if (nowMs - movedMs <= UNSENT_AFTER_MS) return [];
  return [
    {
      level: 'stalled',
      sinceMs: movedMs,
      what: [
        'Agent states wait to be sent since ',
        { atMs: movedMs },
        ', and no error was noted: delivery stands still.',
      ],
      action: ['The bridge begins anew within a minute. If this stays, look at the logs and restart the appliance.'],
      target: null,
    },
  ];
}

function streamFindings(facts: ConnectionFacts, settings: HealthSettings, nowMs: number): Finding[] {
  return facts.streams.flatMap((stream) => {
    if (stream.failures === 0 || stream.failingSinceMs === null) return [];
    const level = nowMs - stream.failingSinceMs >= STALLED_AFTER_MS ? ('stalled' as const) : ('degraded' as const);
    const { waiting } = stream.account;
    const needsSettings = stream.errorKind === 'misconfigured' || stream.errorKind === 'sign-in';
    const kept =
      waiting > 0 ? `${count(waiting, 'record')} ${waiting === 1 ? 'is' : 'are'} kept and` : 'What is read is kept and';
    return [
      {
        level,
        sinceMs: stream.failingSinceMs,
        what: [
          `${settings.wfmName} has not taken ${STREAM_LABELS[stream.name]} since `,
          { atMs: stream.failingSinceMs },
          `: ${sentence(stream.error)}`,
        ],
        action: [
          needsSettings ? 'Correct base URL, path or access key on the connection page. ' : '',
          `${kept} sent when it answers again; the next try is `,
          ...nextTry(stream, nowMs),
          '.',
        ],
        target: needsSettings ? ('connection' as const) : null,
      },
    ];
  });
}

function coverageFindings(facts: ConnectionFacts, settings: HealthSettings, nowMs: number): Finding[] {
  const findings: Finding[] = [];
  if (facts.gapCount > 0) {
    findings.push({
      level: 'degraded',
      sinceMs: facts.oldestGapMs,
      what: [
        `${count(facts.gapCount, 'interval')} ${facts.gapCount === 1 ? 'is' : 'are'} missing, the oldest of `,
        { atMs: facts.oldestGapMs ?? nowMs },
        '.',
      ],
      action: [
        settings.areFiguresAsked
          ? 'The bridge asks for them again by itself, newest first.'
          : 'Nobody has sent them. Look at the program that sends them, or import them from a file.',
      ],
      target: 'coverage',
    });
  }
  const dueMs = (facts.oldestWaitingMs ?? nowMs) + 15 * 60_000 + settings.settleDelayMs + INTERVAL_LATE_MS;
  const intervalsFail = facts.feeds.some(({ name, failures }) => name === 'intervals' && failures > 0);
  const isRead = settings.areFiguresAsked && !intervalsFail && facts.backfillsOpen === 0;
  if (isRead && facts.oldestWaitingMs !== null && nowMs > dueMs) {
    findings.push({
      level: 'degraded',
      sinceMs: dueMs,
      what: ['Figures are late: the interval of ', { atMs: facts.oldestWaitingMs }, ' is still waiting to be read.'],
      action: null,
      target: 'coverage',
    });
  }
  if (facts.unconfirmedCount > 0) {
    findings.push({
      level: 'note',
      sinceMs: null,
      what: [
        `${count(facts.unconfirmedCount, 'interval')} of the last day came without any figure while agents were signed in.`,
      ],
      action: ['The bridge keeps asking. If no contact came in, there is nothing to do.'],
      target: 'coverage',
    });
  }
  return findings;
}

function mappingFindings(facts: ConnectionFacts, settings: HealthSettings): Finding[] {
  const findings: Finding[] = [];
  if (facts.setAsideOpen > 0) {
    const isMany = facts.setAsideOpen >= SET_ASIDE_COUNTED_MAX;
    findings.push({
      level: 'degraded',
      sinceMs: null,
      what: [
        `${isMany ? `${number(facts.setAsideOpen)} or more records` : count(facts.setAsideOpen, 'record')} ` +
          `${facts.setAsideOpen === 1 ? 'was' : 'were'} refused and set aside.`,
      ],
      action: ['Read why in the list of records set aside, mend the cause, then send them again.'],
      target: 'set-aside',
    });
  }
  const held = facts.streams.find(({ name }) => name === 'agent-states')?.account.held ?? 0;
  if (facts.heldAgents > 0) {
    findings.push({
      level: 'degraded',
      sinceMs: null,
      what: [
        `${count(held, 'state change')} of ${count(facts.heldAgents, 'agent')} ${held === 1 ? 'waits' : 'wait'} for an ACD Login ID.`,
      ],
      action: [`Give these agents their login id of ${settings.wfmName} in the roster, or leave them out.`],
      target: 'roster',
    });
  }
  if (facts.unreviewedStates > 0) {
    findings.push({
      level: 'note',
      sinceMs: null,
      what: [`${count(facts.unreviewedStates, 'state')} seen, not reviewed: sent under the ACD's own name.`],
      action: ['Say what each counts as, and map its event code in the WFM.'],
      target: null,
    });
  }
  return findings;
}

function warningFindings({ warning }: ConnectionFacts): Finding[] {
  if (warning === '') return [];
  return [{ level: 'degraded', sinceMs: null, what: [warning], action: null, target: 'connection' }];
}

function accountFindings(facts: ConnectionFacts): Finding[] {
  return facts.streams.flatMap(({ name, account }) =>
    addsUp(account)
      ? []
      : [
          {
            level: 'degraded' as const,
            sinceMs: null,
            what: [
              `The account of ${STREAM_LABELS[name]} does not add up: ${number(account.read)} read, but ${number(account.delivered)} delivered + ${number(account.setAside)} set aside + ${number(account.waiting)} waiting.`,
            ],
            action: ['This is a fault of the bridge: report it with the figures.'],
            target: null,
          },
        ],
  );
}

/** True when the minute job is overdue. `lastMs`: when it last ran. */
export function isMinuteJobSilent(lastMs: number, nowMs: number): boolean {
  return nowMs - lastMs > CRON_LATE_MS;
}

function cronFindings({ cronAtMs, createdAtMs }: ConnectionFacts, nowMs: number): Finding[] {
  const lastMs = cronAtMs ?? createdAtMs;
  if (!isMinuteJobSilent(lastMs, nowMs)) return [];
  return [
    {
      level: 'degraded',
      sinceMs: lastMs,
      what: ['The minute job has not run since ', { atMs: lastMs }, ': a stopped loop would not be revived.'],
      action: ['Check the cron trigger of the Worker, or restart the appliance.'],
      target: null,
    },
  ];
}

const NUMBER = new Intl.NumberFormat('en-US');

function number(value: number): string {
  return NUMBER.format(value);
}

export function count(value: number, noun: string): string {
  return `${number(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** A stored error as the end of a sentence. */
function sentence(error: string): string {
  const text = error.trim() || 'no reason was noted';
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
