/** Writes how a feed or stream stands after a try, with a line in the diary when that changed. */
import { UpstreamError } from '../http/upstream-error.ts';
import { addEvent } from '../store/events.ts';
import { type Feed, saveFeed, saveStream } from '../store/feeds.ts';
import { guardLease, holdsLease } from '../store/lease.ts';
import type { Outcome, Stream } from '../wfm/wfm.ts';
import { isOfFormerClients } from './clients.ts';
import { type BridgeDeps, feedOf, type Session, streamOf } from './session.ts';
import {
  afterFailure,
  afterSuccess,
  feedBackOff,
  STREAM_BACK_OFF,
  type Trouble,
  troubleOf,
  troubleOfOutcome,
} from './standing.ts';

const FEED_WORDS: Record<Feed, string> = {
  'agent-states': 'Agent states',
  intervals: 'Queue figures',
  roster: 'The roster',
};
const STREAM_WORDS: Record<Stream, string> = {
  'agent-states': 'Agent states',
  historical: 'Historical reports',
  'agent-activity': 'Agent activity reports',
};

/**
 * Notes that reading a feed failed, unless it was read with settings that are not in force any more. Rethrows what is not an
 * upstream's failure: that is a fault of the bridge's own.
 */
export async function feedFailed(
  deps: BridgeDeps,
  session: Session,
  feed: Feed,
  error: unknown,
  periodMs: number,
): Promise<void> {
  if (!(error instanceof UpstreamError)) throw error;
  if (isOfFormerClients(session.config, error)) return;
  const words = `${FEED_WORDS[feed]} cannot be read from the ACD`;
  await noteFeedTrouble(deps, session, feed, { trouble: troubleOf(error), periodMs, words });
}

/**
 * Notes that what was read of a feed was not taken by the database, so that it is tried again in its time and what else the
 * connection does goes on. Rethrows when the lease is lost, and throws when the database takes nothing at all.
 */
export async function feedNotStored(
  deps: BridgeDeps,
  session: Session,
  feed: Feed,
  error: unknown,
  periodMs: number,
): Promise<void> {
  if (!(error instanceof Error) || !(await holdsLease(deps.db, session))) throw error;
  const trouble: Trouble = {
    kind: 'not stored',
    message: `The database did not take what the ACD answered: ${error.message.slice(0, 300)}`,
    retryAfterMs: null,
    retryAtMs: null,
    needsSomebody: false,
  };
  const words = `${FEED_WORDS[feed]} cannot be stored`;
  await noteFeedTrouble(deps, session, feed, { trouble, periodMs, words });
}

async function noteFeedTrouble(
  deps: BridgeDeps,
  session: Session,
  feed: Feed,
  { trouble, periodMs, words }: { trouble: Trouble; periodMs: number; words: string },
): Promise<void> {
  const { standing, write, isNew } = afterFailure(feedOf(session, feed), trouble, deps.clock, feedBackOff(periodMs));
  session.feeds.set(feed, standing);
  if (!write) return;
  const statements = [guardLease(deps.db, session), saveFeed(deps.db, session.connectionId, feed, standing)];
  if (isNew) {
    statements.push(
      addEvent(deps.db, {
        connectionId: session.connectionId,
        atMs: deps.clock.nowMs(),
        kind: 'reading failed',
        severity: 'error',
        message: `${words}: ${trouble.message}.`,
      }),
    );
  }
  await deps.db.batch(statements);
}

/** Notes that reading a feed went well; writes only when it had failed before, or when `always`. */
export async function feedSucceeded(
  deps: BridgeDeps,
  session: Session,
  feed: Feed,
  { always = false }: { always?: boolean } = {},
): Promise<void> {
  const nowMs = deps.clock.nowMs();
  const before = feedOf(session, feed);
  const { standing, recovered } = afterSuccess(before, nowMs);
  session.feeds.set(feed, standing);
  if (!recovered && !always) return;
  const statements = [guardLease(deps.db, session), saveFeed(deps.db, session.connectionId, feed, standing)];
  if (before.failingSinceMs !== null) {
    statements.push(
      addEvent(deps.db, {
        connectionId: session.connectionId,
        atMs: nowMs,
        kind: 'reading recovered',
        severity: 'info',
        message: `${FEED_WORDS[feed]} can be read again after ${duration(nowMs - before.failingSinceMs)}.`,
      }),
    );
  }
  await deps.db.batch(statements);
}

/** Notes that sending a stream failed, unless it was sent with settings that are not in force any more. */
export async function streamFailed(
  deps: BridgeDeps,
  session: Session,
  stream: Stream,
  outcome: Exclude<Outcome, { kind: 'accepted' }>,
): Promise<void> {
  if (isOfFormerClients(session.config, outcome)) return;
  const trouble: Trouble = troubleOfOutcome(outcome);
  const { standing, write, isNew } = afterFailure(streamOf(session, stream), trouble, deps.clock, STREAM_BACK_OFF);
  session.streams.set(stream, standing);
  if (!write) return;
  const statements = [guardLease(deps.db, session), saveStream(deps.db, session.connectionId, stream, standing)];
  if (isNew) {
    statements.push(
      addEvent(deps.db, {
        connectionId: session.connectionId,
        atMs: deps.clock.nowMs(),
        kind: 'sending failed',
        severity: 'error',
        message: `${STREAM_WORDS[stream]} are not accepted by the WFM: ${trouble.message}.`,
      }),
    );
  }
  await deps.db.batch(statements);
}

/** Notes that the WFM accepted something of a stream; writes only what has to be known after a restart. */
export async function streamSucceeded(
  deps: BridgeDeps,
  session: Session,
  stream: Stream,
  { always = false }: { always?: boolean } = {},
): Promise<void> {
  const nowMs = deps.clock.nowMs();
  const before = streamOf(session, stream);
  const { standing, recovered } = afterSuccess(before, nowMs);
  session.streams.set(stream, { ...standing, refusedInARow: 0 });
  if (!recovered && !always && before.refusedInARow === 0) return;
  const statements = [
    guardLease(deps.db, session),
    saveStream(deps.db, session.connectionId, stream, streamOf(session, stream)),
  ];
  if (before.failingSinceMs !== null) {
    statements.push(
      addEvent(deps.db, {
        connectionId: session.connectionId,
        atMs: nowMs,
        kind: 'sending recovered',
        severity: 'info',
        message: `${STREAM_WORDS[stream]} are accepted again after ${duration(nowMs - before.failingSinceMs)}.`,
      }),
    );
  }
  await deps.db.batch(statements);
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
