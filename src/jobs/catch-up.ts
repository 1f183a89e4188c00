/**
 * Catching up after an outage: the agents' present states go first, then live changes and history side by side, history at
 * a limited rate; agents whose states went out in between are told once more at the end.
 */
import { DAY_MS, MINUTE_MS } from '../domain/interval.ts';
import { type CatchUp, saveStream } from '../store/feeds.ts';
import { noteHeld } from '../store/held-changes.ts';
import { holdsBack } from '../store/mapping.ts';
import { type LatestEntry, readLatestEntries, readLatestEntriesSince } from '../store/state-changes.ts';
import { type LoggedChange, readLog, type StatesProgress } from '../store/state-log.ts';
import { wfmTraits } from '../wfm/registry.ts';
import type { AgentStateEvent } from '../wfm/wfm.ts';
import { streamFailed, streamSucceeded } from './report-standing.ts';
import {
  type DeliveryResult,
  eventOf,
  IDLE,
  leftBehind,
  mayGoOn,
  moveCursor,
  noteOutcome,
  placeAfter,
  sendChanges,
} from './send-changes.ts';
import { sendEvents } from './send-events.ts';
import { type SendResult, sendInOrder } from './send-in-order.ts';
import { type BridgeDeps, type Session, streamOf } from './session.ts';
import { commitProgress, flushProgress } from './stream-progress.ts';

/** A backlog older than this, and of more than one body, is history: present states first. */
const HISTORY_AFTER_MS = MINUTE_MS;
/** Bodies of history that may be sent at once because they are late. */
const HISTORY_BEHIND_MAX = 5;
/** A change may be told so much later than it happened: agents whose latest one is older have nothing in the backlog. */
const TOLD_LATE_MAX_MS = DAY_MS;

/** True when changes that wait, a body of them read, are history: present states go before them. */
export function isHistory(changes: readonly LoggedChange[], eventsPerBodyMax: number, nowMs: number): boolean {
  const [oldest] = changes;
  return oldest !== undefined && nowMs - oldest.atMs > HISTORY_AFTER_MS && changes.length >= eventsPerBodyMax;
}

/** Sends the agents' present states; when the WFM takes them, what waits becomes history. */
export async function beginCatchUp(deps: BridgeDeps, session: Session): Promise<DeliveryResult> {
  const { head, connectionId } = session;
  if (!head) return IDLE;
  const { eventsPerBodyMax } = wfmTraits(session.config.settings.wfm);
  const waiting = await readLog(deps.db, connectionId, session.progress, eventsPerBodyMax);
  if (!(await tellPresentStates(deps, session, waiting))) return IDLE;
  // A poll may extend the newest row only with nothing, so everything from the next row on is live.
  const live = { liveLogId: head.logId + 1, liveOffset: 0, liveDelivered: 0 };
  await saveCatchUp(deps, session, { untilLogId: head.logId, ...live, further: [] }, session.progress);
  return { delivered: 0, more: true };
}

/**
 * A further outage while history is caught up: what waits of it is history, too, and follows the one before; the agents'
 * present states go first once more.
 */
async function catchUpFurther(
  deps: BridgeDeps,
  session: Session,
  state: CatchUp,
  waiting: readonly LoggedChange[],
): Promise<DeliveryResult> {
  const { head } = session;
  if (!head || !(await tellPresentStates(deps, session, waiting))) return IDLE;
  const doneBefore = state.further.reduce((rest, history) => rest - history.doneBefore, state.liveDelivered);
  const history = { logId: state.liveLogId, offset: state.liveOffset, untilLogId: head.logId, doneBefore };
  const after = { ...state, liveLogId: head.logId + 1, liveOffset: 0, further: [...state.further, history] };
  await saveCatchUp(deps, session, after, session.progress);
  return { delivered: 0, more: true };
}

/** Tells what every agent who may be part of a backlog does now. `waiting`: a body of it. False when the WFM takes nothing. */
async function tellPresentStates(
  deps: BridgeDeps,
  session: Session,
  waiting: readonly LoggedChange[],
): Promise<boolean> {
  const [oldest] = waiting;
  if (!oldest) return false;
  // One body first: while the WFM takes nothing, a try reads no more than that.
  const first = new Set(waiting.map(({ agentKey }) => agentKey));
  let { failure } = await sendPresentStates(session, await readLatestEntries(deps.db, [...first]));
  if (!failure) {
    const latest = await readLatestEntriesSince(deps.db, session.connectionId, oldest.atMs - TOLD_LATE_MAX_MS);
    ({ failure } = await sendPresentStates(
      session,
      latest.filter(({ agentKey }) => !first.has(agentKey)),
    ));
  }
  if (failure) await streamFailed(deps, session, 'agent-states', failure);
  else await streamSucceeded(deps, session, 'agent-states');
  return failure === null;
}

async function sendPresentStates(session: Session, latest: readonly LatestEntry[]) {
  const events: AgentStateEvent[] = [];
  for (const { agentKey, stateId, atMs } of latest) {
    const agent = session.config.agents.get(agentKey);
    const state = session.config.states.get(stateId);
    // What was held for an agent goes before anything newer of theirs, and ends with the present state.
    if (!agent?.included || agent.loginId === '' || holdsBack(agent) || !state) continue;
    events.push(eventOf(agent.loginId, state, atMs));
  }
  const { eventsPerBodyMax } = wfmTraits(session.config.settings.wfm);
  let failure: SendResult<AgentStateEvent>['failure'] = null;
  for (let from = 0; from < events.length && !failure; from += eventsPerBodyMax) {
    // A record refused here is met again in the history, in its place, and set aside there.
    const part = events.slice(from, from + eventsPerBodyMax);
    const send = (records: readonly AgentStateEvent[]) => sendEvents(session, records);
    ({ failure } = await sendInOrder(part, { send, keyOf: ({ loginId }) => loginId }));
  }
  return { failure };
}

async function saveCatchUp(
  deps: BridgeDeps,
  session: Session,
  catchUp: CatchUp | null,
  progress: StatesProgress,
  more: readonly D1PreparedStatement[] = [],
): Promise<void> {
  const stream = { ...streamOf(session, 'agent-states'), catchUp };
  const statement = saveStream(deps.db, session.connectionId, 'agent-states', stream);
  await commitProgress(deps, session, progress, [statement, ...more]);
  session.streams.set('agent-states', stream);
}

/** One round of catching up: live changes first, then a body of history when its turn has come. */
export async function catchUp(deps: BridgeDeps, session: Session): Promise<DeliveryResult> {
  const state = streamOf(session, 'agent-states').catchUp;
  if (!state) return IDLE;
  const { eventsPerBodyMax } = wfmTraits(session.config.settings.wfm);
  const live = await readLog(
    deps.db,
    session.connectionId,
    { logId: state.liveLogId, offset: state.liveOffset },
    eventsPerBodyMax,
  );
  if (isHistory(live, eventsPerBodyMax, deps.clock.nowMs())) return catchUpFurther(deps, session, state, live);
  if (live.length > 0) return catchUpLive(deps, session, state, live);
  const periodMs = MINUTE_MS / session.config.settings.collection.catchUpBodiesPerMinute;
  const nowMs = deps.clock.nowMs();
  const dueMs = session.lastHistoryBodyMs + periodMs;
  const pauseMs = Math.min(periodMs, dueMs - nowMs);
  if (pauseMs > 0) return { delivered: 0, more: true, pauseMs };
  // A turn that came late is made up for, so that the rate is what the settings say; a long pause is not.
  session.lastHistoryBodyMs = Math.max(dueMs, nowMs - HISTORY_BEHIND_MAX * periodMs);
  const history = await readLog(deps.db, session.connectionId, session.progress, eventsPerBodyMax, state.untilLogId);
  if (history.length === 0) return endCatchUp(deps, session, state);
  const sent = await sendChanges(deps, session, history, state.untilLogId);
  await moveCursor(deps, session, history, sent);
  await flushProgress(deps, session);
  return { delivered: sent.result.accepted.size, more: mayGoOn(sent.result) };
}

async function catchUpLive(
  deps: BridgeDeps,
  session: Session,
  state: CatchUp,
  live: readonly LoggedChange[],
): Promise<DeliveryResult> {
  const sent = await sendChanges(deps, session, live);
  const { logId, offset } = placeAfter(live, sent.done, { logId: state.liveLogId, offset: state.liveOffset });
  const { progress } = session;
  const moved: StatesProgress = {
    ...progress,
    deliveredCount: progress.deliveredCount + sent.accepted,
    setAsideCount: progress.setAsideCount + sent.refused.length + sent.leftOut,
    acceptedAtMs: sent.result.accepted.size > 0 ? deps.clock.nowMs() : progress.acceptedAtMs,
  };
  if (sent.done > 0) {
    const after = { ...state, liveLogId: logId, liveOffset: offset, liveDelivered: state.liveDelivered + sent.done };
    await saveCatchUp(deps, session, after, moved, leftBehind(deps, session, sent));
  }
  await noteOutcome(deps, session, sent.result);
  return { delivered: sent.result.accepted.size, more: mayGoOn(sent.result) };
}

/**
 * History is done: agents whose states went out in between are told once more, and the cursor goes on to the history of the
 * next outage or joins the live one.
 */
async function endCatchUp(deps: BridgeDeps, session: Session, state: CatchUp): Promise<DeliveryResult> {
  const { connectionId } = session;
  const [recent] = await readLog(deps.db, connectionId, { logId: state.untilLogId + 1, offset: 0 }, 1);
  const latest = recent ? await readLatestEntriesSince(deps.db, connectionId, recent.atMs - TOLD_LATE_MAX_MS) : [];
  const { failure } = await sendPresentStates(session, latest);
  if (failure) {
    await streamFailed(deps, session, 'agent-states', failure);
    return IDLE;
  }
  // Where older changes are held, the present state ends them, also when the WFM has heard it before.
  const reminders = latest.filter(({ agentKey }) => {
    const agent = session.config.agents.get(agentKey);
    return agent !== undefined && holdsBack(agent);
  });
  const more = reminders.length > 0 ? [noteHeld(deps.db, reminders, 0)] : [];
  const [next, ...further] = state.further;
  const { logId, offset } = next ?? { logId: state.liveLogId, offset: state.liveOffset };
  const after = next && {
    ...state,
    untilLogId: next.untilLogId,
    liveDelivered: state.liveDelivered - next.doneBefore,
    further,
  };
  await saveCatchUp(deps, session, after ?? null, { ...session.progress, logId, offset }, more);
  return { delivered: 0, more: true };
}
