/** One look at what agents do, in the way of the connection's source. */

import { acdTraits } from '../acd/registry.ts';
import { DAY_MS } from '../domain/interval.ts';
import { addEvent } from '../store/events.ts';
import { readWarning, saveWarning } from '../store/feeds.ts';
import { guardLease } from '../store/lease.ts';
import type { WaitingWork } from '../store/waiting-work.ts';
import { collectAgentStates } from './collect-agent-states.ts';
import { feedFailed, feedSucceeded } from './report-standing.ts';
import type { BridgeDeps, Session } from './session.ts';
import { storeToldChanges } from './store-told-changes.ts';
import { commitToLog } from './stream-progress.ts';
import { watchMembers } from './watch-members.ts';

/** Resolves when the outcome is committed, with what the loop has to look after; null when nothing was committed. */
export async function lookAtAgents(deps: BridgeDeps, session: Session): Promise<WaitingWork | null> {
  const work = await look(deps, session);
  await noteWarning(deps, session);
  return work;
}

async function look(deps: BridgeDeps, session: Session): Promise<WaitingWork | null> {
  const { readAgentStates, readAgentEvents } = session.config.acd;
  if (readAgentStates) return (await collectAgentStates(deps, session)).work;
  return readAgentEvents ? collectAgentEvents(deps, session, readAgentEvents) : sayPresent(deps, session);
}

type ReadAgentEvents = NonNullable<Session['config']['acd']['readAgentEvents']>;

/** Reads what happened since the cursor. The cursor moves in the batch that stores what it brought. */
async function collectAgentEvents(
  deps: BridgeDeps,
  session: Session,
  readAgentEvents: ReadAgentEvents,
): Promise<WaitingWork | null> {
  const { settings } = session.config;
  session.pollStartedMs = deps.clock.nowMs();
  const cursor = session.head?.sourceCursor ?? null;
  let answer: Awaited<ReturnType<ReadAgentEvents>>;
  try {
    answer = await readAgentEvents(cursor);
  } catch (error) {
    session.pollStartedMs = deps.clock.nowMs();
    await feedFailed(deps, session, 'agent-states', error, acdTraits(settings.acd).pollIntervalS * 1_000);
    return null;
  }
  session.pollStartedMs = answer.askedAtMs;
  const untilMs = session.head?.untilMs;
  const isGap = cursor !== null && answer.isGap && untilMs !== undefined;
  const events = answer.events.map((event, index) => ({ ...event, index }));
  const { refused, work } = await storeToldChanges(deps, session, events, {
    arrivedAtMs: answer.arrivedAtMs,
    sourceCursor: answer.cursor,
    ...(isGap ? { unknownFromMs: untilMs } : {}),
  });
  if (isGap) await noteGap(deps, session, untilMs);
  await noteUnreadable(deps, session, [...answer.refused, ...refused]);
  await feedSucceeded(deps, session, 'agent-states');
  return work;
}

/** A source that is not asked: the bridge only leaves word that it was there to take what was sent. */
async function sayPresent(deps: BridgeDeps, session: Session): Promise<WaitingWork> {
  if (acdTraits(session.config.settings.acd).merges) await watchMembers(deps, session);
  const arrivedAtMs = deps.clock.nowMs();
  session.pollStartedMs = arrivedAtMs;
  const { work } = await commitToLog(deps, session, { arrivedAtMs, gapBeforeMs: 0, changes: [] });
  return work;
}

async function noteGap(deps: BridgeDeps, session: Session, fromMs: number): Promise<void> {
  const message =
    `The ACD no longer knew what happened since ${new Date(fromMs).toISOString()}: what agents did from then until their ` +
    'next event is not known. Import their state changes from a file if the ACD can export them.';
  await deps.db.batch([
    guardLease(deps.db, session),
    addEvent(deps.db, {
      connectionId: session.connectionId,
      atMs: deps.clock.nowMs(),
      kind: 'events missing',
      severity: 'warning',
      message,
    }),
  ]);
}

/** What of its source's warnings a session has written last. */
const warned = new WeakMap<Session, string>();

/** What the source warns of (a password that expires) stands on the pages while it does, and in the diary when it changes. */
async function noteWarning(deps: BridgeDeps, session: Session): Promise<void> {
  const message = session.config.acd.warning?.() ?? '';
  const before = warned.get(session) ?? (await readWarning(deps.db, session.connectionId));
  warned.set(session, before);
  if (message === before) return;
  await deps.db.batch([
    guardLease(deps.db, session),
    saveWarning(deps.db, session.connectionId, message),
    ...(message === ''
      ? []
      : [
          addEvent(deps.db, {
            connectionId: session.connectionId,
            atMs: deps.clock.nowMs(),
            kind: 'source warning',
            severity: 'warning',
            message,
          }),
        ]),
  ]);
  warned.set(session, message);
}

/** When a session last said that events could not be read: once a day is enough. */
const saidAtMs = new WeakMap<Session, number>();

async function noteUnreadable(
  deps: BridgeDeps,
  session: Session,
  refused: readonly { readonly reason: string }[],
): Promise<void> {
  const [first] = refused;
  const nowMs = deps.clock.nowMs();
  if (!first || nowMs - (saidAtMs.get(session) ?? Number.NEGATIVE_INFINITY) < DAY_MS) return;
  saidAtMs.set(session, nowMs);
  const message = `${refused.length} events of the ACD could not be read and were left out; the first: ${first.reason}`;
  await deps.db.batch([
    guardLease(deps.db, session),
    addEvent(deps.db, {
      connectionId: session.connectionId,
      atMs: nowMs,
      kind: 'rows refused',
      severity: 'warning',
      message,
    }),
  ]);
}
