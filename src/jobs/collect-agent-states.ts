/**
 * One poll of agent states: look, compare with what is committed, store the outcome as one batch. A failed, malformed or
 * implausible answer changes nothing. Memory follows the commit, never leads it.
 */
import type { AgentSnapshot } from '../acd/acd.ts';
import { acdTraits } from '../acd/registry.ts';
import type { StateChange } from '../domain/agent-state.ts';
import { floorToGrid } from '../domain/interval.ts';
import { compareSnapshot, isEmpty } from '../domain/snapshot.ts';
import { addEvent } from '../store/events.ts';
import { type FeedStanding, saveFeed } from '../store/feeds.ts';
import { guardLease } from '../store/lease.ts';
import { setAside } from '../store/set-aside.ts';
import type { StoredChange } from '../store/state-log.ts';
import type { WaitingWork } from '../store/waiting-work.ts';
import { noteAgents, noteStates } from './note-seen.ts';
import { feedFailed, feedSucceeded } from './report-standing.ts';
import { type BridgeDeps, feedOf, type Session, stateKey, unobservedAfterMs } from './session.ts';
import { commitToLog } from './stream-progress.ts';

/** Clocks further apart than this are worth a line in the diary. */
const CLOCK_OFFSET_WARNING_MS = 120_000;

export interface PollResult {
  /** False when the answer was not good: nothing was changed. */
  readonly good: boolean;
  readonly changeCount: number;
  readonly rowsWritten: number;
  /** What the loop has to look after as of this poll; null when nothing was committed. */
  readonly work: WaitingWork | null;
}

const NOTHING: PollResult = { good: false, changeCount: 0, rowsWritten: 0, work: null };

/**
 * Polls once. Resolves when the outcome is committed. Throws `LeaseLostError` and whatever D1 throws: then nobody knows
 * what was committed, and the session has to be opened anew.
 */
export async function collectAgentStates(deps: BridgeDeps, session: Session): Promise<PollResult> {
  const { readAgentStates } = session.config.acd;
  if (!readAgentStates) throw new Error('This source has no snapshots of agent states.');
  const periodMs = acdTraits(session.config.settings.acd).pollIntervalS * 1_000;
  session.pollStartedMs = deps.clock.nowMs();
  let snapshot: AgentSnapshot;
  try {
    snapshot = await readAgentStates();
  } catch (error) {
    // Nobody knows when the request left, only that it did before now.
    session.pollStartedMs = deps.clock.nowMs();
    await feedFailed(deps, session, 'agent-states', error, periodMs);
    return NOTHING;
  }
  session.pollStartedMs = snapshot.askedAtMs;
  const result = await applySnapshot(deps, session, snapshot);
  await feedSucceeded(deps, session, 'agent-states');
  return result;
}

async function applySnapshot(deps: BridgeDeps, session: Session, snapshot: AgentSnapshot): Promise<PollResult> {
  const previousMs = session.head?.untilMs ?? null;
  // A clock that was set back must not make the log run backwards.
  const arrivedAtMs = Math.max(snapshot.arrivedAtMs, previousMs ?? 0);
  const unobservedMs = previousMs === null ? 0 : arrivedAtMs - previousMs;
  const gapBeforeMs = unobservedMs > unobservedAfterMs(session.config.settings) ? unobservedMs : 0;
  if (snapshot.agents === 'unchanged' && !session.unsettled && gapBeforeMs === 0) {
    return commit(deps, session, { arrivedAtMs, gapBeforeMs, changes: [] });
  }
  const agents = snapshot.agents === 'unchanged' ? (session.lastAgents ?? []) : snapshot.agents;
  const unread = new Set(snapshot.refused.flatMap(({ agentId = null }) => (agentId === null ? [] : [agentId])));
  for (const { agentId } of agents) followName(session, agentId);
  for (const agentId of unread) followName(session, agentId);
  session.lastAgents = agents;
  const look = {
    arrivedAtMs,
    previousMs,
    agents,
    complete: snapshot.refused.every(({ agentId }) => agentId !== undefined),
    unread,
    emptyBefore: session.emptyAnswers,
  };
  const { missingAnswersToSignOut, holdBackShortStates } = session.config.settings.collection;
  const signedOut = signedOutTest(session);
  const comparison = compareSnapshot(session.tracked, look, {
    missingAnswersToSignOut,
    holdBackShortStates,
    unobservedAfterMs: unobservedAfterMs(session.config.settings),
    isSignedOut: signedOut,
  });
  session.emptyAnswers = isEmpty(look) ? session.emptyAnswers + 1 : 0;
  if (comparison.suspicious) {
    session.unsettled = true;
    await noteOnce(deps, session, 'implausible answer', IMPLAUSIBLE(session.signedIn));
    return { ...NOTHING, good: true };
  }
  const changes = await storable(deps, session, comparison.changes);
  const before = feedOf(session, 'agent-states');
  const reopening = reopened(session, before, comparison.changes);
  const result = await commit(deps, session, {
    arrivedAtMs,
    gapBeforeMs,
    changes,
    also: reopening ? saving(deps, session, reopening) : [],
  });
  for (const [name, agent] of comparison.tracked) session.tracked.set(name, agent);
  session.unsettled = comparison.unsettled;
  session.signedIn = comparison.signedIn;
  await followReopening(deps, session, comparison.changes, reopening && before);
  await noteRemarks(deps, session, snapshot);
  return result;
}

/**
 * After a restart agents are tracked by their id; a source that speaks of them by user name or another id is followed
 * from the first answer on that has them: who is signed out may come hours later.
 */
function followName(session: Session, agentId: string): void {
  if (session.tracked.has(agentId)) return;
  const known = session.config.agentsByName.get(agentId);
  if (!known || known.sourceId === agentId) return;
  const tracked = session.tracked.get(known.sourceId);
  if (!tracked) return;
  session.tracked.delete(known.sourceId);
  session.tracked.set(agentId, tracked);
}

function signedOutTest(session: Session) {
  const { statesByName } = session.config;
  return (state: { name: string; reason: string }) => {
    const known = statesByName.get(stateKey(state));
    return known ? known.stateClass === 'signed out' : state.name === 'Logged out';
  };
}

async function commit(
  deps: BridgeDeps,
  session: Session,
  look: { arrivedAtMs: number; gapBeforeMs: number; changes: StoredChange[]; also?: D1PreparedStatement[] },
): Promise<PollResult> {
  return { good: true, changeCount: look.changes.length, ...(await commitToLog(deps, session, look)) };
}

/** Gives changes the keys of their agents and states; agents and states never seen before are noted first. */
async function storable(deps: BridgeDeps, session: Session, changes: readonly StateChange[]): Promise<StoredChange[]> {
  await noteAgents(
    deps,
    session,
    changes.map(({ agentId }) => agentId),
  );
  await noteStates(deps, session, changes);
  const { config } = session;
  return changes.map((change) => {
    const agent = config.agentsByName.get(change.agentId);
    const state = config.statesByName.get(stateKey(change));
    if (!agent || !state) throw new Error(`Agent or state of a change was not stored: ${change.name}`);
    const { atMs, sinceMs, unobservedFromMs } = change;
    return { agentKey: agent.key, atMs, stateId: state.id, sinceMs, unobservedFromMs, logged: agent.included };
  });
}

/** The feed with the windows open again into which a change is dated, and those after them; null where none is closed. */
function reopened(session: Session, feed: FeedStanding, changes: readonly StateChange[]): FeedStanding | null {
  const earliestMs = Math.min(...changes.map(({ atMs, unobservedFromMs }) => unobservedFromMs ?? atMs));
  if (feed.throughMs === null || earliestMs >= feed.throughMs) return null;
  const lengthMs = session.config.settings.collection.reportMinutes * 60_000;
  return { ...feed, throughMs: floorToGrid(earliestMs, lengthMs) };
}

function saving(deps: BridgeDeps, session: Session, feed: FeedStanding): D1PreparedStatement[] {
  return [guardLease(deps.db, session), saveFeed(deps.db, session.connectionId, 'agent-states', feed)];
}

/**
 * Memory follows the commit. A window that was closed while the look was committed is reopened by itself. `basis`: the feed
 * that the look's batch reopened, null when it had none to.
 */
async function followReopening(
  deps: BridgeDeps,
  session: Session,
  changes: readonly StateChange[],
  basis: FeedStanding | null,
): Promise<void> {
  const feed = feedOf(session, 'agent-states');
  const after = reopened(session, feed, changes);
  if (!after) return;
  session.feeds.set('agent-states', after);
  if (feed !== basis) await deps.db.batch(saving(deps, session, after));
}

/** What is worth knowing about a good answer: rows that could not be read, clocks that are apart. */
async function noteRemarks(deps: BridgeDeps, session: Session, snapshot: AgentSnapshot): Promise<void> {
  if (snapshot.refused.length > 0) {
    const atMs = floorToGrid(snapshot.arrivedAtMs);
    const rows = snapshot.refused.slice(0, 50).map(({ index, reason, sample }) => ({
      stream: 'acd' as const,
      atMs,
      windowStartMs: null,
      recordKey: `agent states: ${sample.slice(0, 100)}`,
      record: { index, sample },
      httpStatus: null,
      reason,
    }));
    if (!notedLately(session, 'rows refused', deps.clock.nowMs()))
      await deps.db.batch([setAside(deps.db, session.connectionId, rows)]);
    await noteOnce(
      deps,
      session,
      'rows refused',
      `${snapshot.refused.length} rows of an agent-state answer could not be read; the first: ${snapshot.refused[0]?.reason}.`,
    );
  }
  if (snapshot.sourceDateMs === null) return;
  const offsetMs = snapshot.sourceDateMs - snapshot.arrivedAtMs;
  if (Math.abs(offsetMs) > CLOCK_OFFSET_WARNING_MS) {
    await noteOnce(
      deps,
      session,
      'clocks apart',
      `The ACD's clock is ${Math.abs(Math.round(offsetMs / 1_000))} s ${offsetMs > 0 ? 'ahead of' : 'behind'} the bridge's. Check the time synchronisation of the machine that runs the bridge.`,
    );
  }
}

const IMPLAUSIBLE = (signedIn: number) =>
  `The ACD answered with no agents at all while ${signedIn} were signed in. The answer is not applied unless it repeats.`;

const REMARK_EVERY_MS = 3_600_000;
const remarks = new WeakMap<Session, Map<string, number>>();

function notedLately(session: Session, kind: string, nowMs: number): boolean {
  const lastMs = remarks.get(session)?.get(kind);
  return lastMs !== undefined && nowMs - lastMs < REMARK_EVERY_MS;
}

/** Writes a warning into the diary, at most once an hour a kind. */
async function noteOnce(deps: BridgeDeps, session: Session, kind: string, message: string): Promise<void> {
  const nowMs = deps.clock.nowMs();
  if (notedLately(session, kind, nowMs)) return;
  const noted = remarks.get(session) ?? new Map<string, number>();
  remarks.set(session, noted.set(kind, nowMs));
  await deps.db.batch([
    addEvent(deps.db, { connectionId: session.connectionId, atMs: nowMs, kind, severity: 'warning', message }),
  ]);
}
