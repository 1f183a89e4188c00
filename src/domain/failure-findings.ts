/** What fails with an error: reading from the ACD, sending to the WFM. */
import { count, type Finding, type HealthSettings, type Sentence, STREAM_LABELS, sentence } from './finding.ts';
import type { ConnectionFacts, FeedFacts, FeedName } from './health-facts.ts';
import { isPollMissed } from './silence-findings.ts';

/** A feed or stream that fails for so long has stalled (promise 7: a stall shows within a minute). */
const STALLED_AFTER_MS = 60_000;

const FEED_LABELS: Readonly<Record<FeedName, string>> = {
  'agent-states': 'agent states',
  intervals: 'queue figures',
  roster: 'the roster',
};

export function feedFindings(facts: ConnectionFacts, settings: HealthSettings, nowMs: number): Finding[] {
  return facts.feeds.flatMap((feed) => {
    if (feed.failures === 0 || feed.failingSinceMs === null) return [];
    const isFailing = nowMs - feed.failingSinceMs >= STALLED_AFTER_MS;
    // A loop that was stopped and fails when it is revived has been silent for longer than it has failed.
    const isSilent = feed.name === 'agent-states' && isPollMissed(facts, settings.collectionIntervalMs, nowMs);
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

export function streamFindings(facts: ConnectionFacts, settings: HealthSettings, nowMs: number): Finding[] {
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
