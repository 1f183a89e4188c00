/**
 * Delivers state changes in the order of the log. The cursor moves when the WFM has said yes or a record is set aside.
 * After an outage the agents' present states go first, then live changes and history side by side, history at a limited
 * rate.
 */
import { MINUTE_MS } from '../domain/interval.ts';
import { saveStream } from '../store/feeds.ts';
import { guardLease } from '../store/lease.ts';
import { holdAgents, type MappedState } from '../store/mapping.ts';
import { type SetAsideRecord, setAside } from '../store/set-aside.ts';
import { readLatestEntries } from '../store/state-changes.ts';
import { type LoggedChange, readLog, type StatesProgress } from '../store/state-log.ts';
import { wfmTraits } from '../wfm/registry.ts';
import type { AgentStateEvent } from '../wfm/wfm.ts';
import { deliverHeldStates } from './deliver-held-states.ts';
import { streamFailed, streamSucceeded } from './report-standing.ts';
import { type Refusal, type SendResult, sendInOrder } from './send-in-order.ts';
import { type BridgeDeps, feedOf, replaceAgent, type Session, streamOf } from './session.ts';
import { commitProgress, flushProgress } from './stream-progress.ts';

/** A backlog older than this, and of more than one body, is history: present states first. */
const HISTORY_AFTER_MS = MINUTE_MS;
/** Bodies of history that may be sent at once because they are late. */
const HISTORY_BEHIND_MAX = 5;
/** Rows of the log looked through for the agents that a backlog is about. */
const PRESENT_STATES_LOOKUP_MAX = 50_000;

/** Tries of the first roster that state changes wait for. */
const ROSTER_TRIES = 3;

export interface DeliveryResult {
  readonly delivered: number;
  /** True when there is more to send, after `pauseMs`. */
  readonly more: boolean;
  readonly pauseMs?: number;
}

const IDLE: DeliveryResult = { delivered: 0, more: false };

/** Sends what waits, one round: at most a few bodies. Returns whether to come again at once. */
export async function deliverAgentStates(deps: BridgeDeps, session: Session): Promise<DeliveryResult> {
  const stream = streamOf(session, 'agent-states');
  if (deps.clock.nowMs() < stream.retryAtMs || session.head === null) return IDLE;
  if (awaitsRoster(session)) return IDLE;
  const held = await deliverHeldStates(deps, session);
  if (held.failed || held.delivered > 0) return { delivered: held.delivered, more: !held.failed };
  if (stream.catchUp) return catchUp(deps, session);
  const { readCount } = session.head;
  if (session.sentReadCount === readCount) return IDLE;
  const { logId, offset } = session.progress;
  const { eventsPerBodyMax } = wfmTraits(session.config.settings.wfm);
  const changes = await readLog(deps.db, session.connectionId, { logId, offset }, eventsPerBodyMax);
  const oldest = changes[0];
  if (!oldest) {
    session.sentReadCount = readCount;
    return IDLE;
  }
  const isHistory = deps.clock.nowMs() - oldest.atMs > HISTORY_AFTER_MS && changes.length >= eventsPerBodyMax;
  if (isHistory) return beginCatchUp(deps, session);
  // What was accepted before is stored by now, unless it went out since the last poll: so a crash sends one body again at most.
  await flushProgress(deps, session);
  const sent = await sendChanges(session, changes);
  await moveCursor(deps, session, changes, sent);
  return { delivered: sent.result.accepted, more: sent.result.failure === null && changes.length >= eventsPerBodyMax };
}

/** True until the first roster tells who is who: sent before that, every agent would have to be held. */
function awaitsRoster(session: Session): boolean {
  const roster = feedOf(session, 'roster');
  return roster.successAtMs === null && roster.failures < ROSTER_TRIES && session.config.agents.size > 0
    ? ![...session.config.agents.values()].some(({ loginId }) => loginId !== '')
    : false;
}

/** An agent entering a state, as the WFM is told. */
export function eventOf(
  loginId: string,
  { eventCode, reasonCode, stateClass }: Pick<MappedState, 'eventCode' | 'reasonCode' | 'stateClass'>,
  atMs: number,
): AgentStateEvent {
  return { loginId, eventCode, reasonCode, stateClass, atMs };
}

/** A change with what the WFM is told of it. */
export interface PlacedChange extends LoggedChange {
  readonly event: AgentStateEvent;
}

interface SentChanges {
  readonly result: SendResult<PlacedChange>;
  /** Of the changes looked at, how many from the first are dealt with, the ones that cannot be placed included. */
  readonly done: number;
  readonly held: readonly LoggedChange[];
  readonly leftOut: number;
}

async function sendChanges(session: Session, changes: readonly LoggedChange[]): Promise<SentChanges> {
  const placed: PlacedChange[] = [];
  const held: LoggedChange[] = [];
  const leftOutKeys = new Set<LoggedChange>();
  for (const change of changes) {
    const agent = session.config.agents.get(change.agentKey);
    const state = session.config.states.get(change.stateId);
    if (!agent || !state)
      throw new Error(`Change ${change.logId}/${change.offset} names an agent or state that is not stored.`);
    if (!agent.included) leftOutKeys.add(change);
    else if (agent.loginId === '' || agent.heldCount > 0) held.push(change);
    else {
      placed.push({ ...change, event: eventOf(agent.loginId, state, change.atMs) });
    }
  }
  const { wfm } = session.config;
  const result = await sendInOrder(placed, {
    refusedInARow: streamOf(session, 'agent-states').refusedInARow,
    send: (part) =>
      wfm.send('agent-states', wfm.compose({ stream: 'agent-states', events: part.map(({ event }) => event) })),
  });
  const next = placed[result.done];
  const done = next
    ? changes.findIndex(({ logId, offset }) => logId === next.logId && offset === next.offset)
    : changes.length;
  const passed = new Set(changes.slice(0, done));
  return {
    result,
    done,
    held: held.filter((change) => passed.has(change)),
    leftOut: [...leftOutKeys].filter((change) => passed.has(change)).length,
  };
}

/** Moves the cursor past what was dealt with, together with what was set aside or held, and notes how it went. */
async function moveCursor(
  deps: BridgeDeps,
  session: Session,
  changes: readonly LoggedChange[],
  sent: SentChanges,
): Promise<void> {
  const { result, done } = sent;
  const before = session.progress;
  const next = placeAfter(changes, done, before);
  const moved: StatesProgress = {
    ...next,
    deliveredCount: before.deliveredCount + result.accepted,
    setAsideCount: before.setAsideCount + result.refused.length + sent.leftOut,
    acceptedAtMs: result.accepted > 0 ? deps.clock.nowMs() : before.acceptedAtMs,
  };
  if (done > 0) await storeProgress(deps, session, moved, sent);
  await noteOutcome(deps, session, result);
}

/** The place after the first `done` of some changes. */
function placeAfter(changes: readonly LoggedChange[], done: number, otherwise: { logId: number; offset: number }) {
  const last = changes[done - 1];
  if (!last) return { logId: otherwise.logId, offset: otherwise.offset };
  return last.endsRow ? { logId: last.logId + 1, offset: 0 } : { logId: last.logId, offset: last.offset + 1 };
}

type LeftBehind = Pick<SentChanges, 'held'> & {
  readonly result: { readonly refused: readonly Refusal<PlacedChange>[] };
};

/**
 * Stores the stream's progress. Ordinary progress rides along with the next poll's write, which comes within seconds, so
 * that delivering costs no row; a crash before it sends at most that one batch again.
 */
async function storeProgress(
  deps: BridgeDeps,
  session: Session,
  progress: StatesProgress,
  sent: LeftBehind,
): Promise<void> {
  const statements = leftBehind(deps, session, sent);
  if (statements.length > 0) return commitProgress(deps, session, progress, statements);
  session.progress = progress;
  session.progressUnsaved = true;
}

/** Statements about changes that were passed over: refused for good, or held until their agent has a login id. */
function leftBehind(
  deps: BridgeDeps,
  session: Session,
  { held, result: { refused } }: LeftBehind,
): D1PreparedStatement[] {
  return [
    ...(refused.length > 0 ? [setAside(deps.db, session.connectionId, refused.map(setAsideOf))] : []),
    ...(held.length > 0 ? [holdAgents(deps.db, holdInMemory(session, held))] : []),
  ];
}

function setAsideOf({ record, status, reason }: Refusal<PlacedChange>): SetAsideRecord {
  return {
    stream: 'agent-states',
    atMs: record.atMs,
    windowStartMs: null,
    recordKey: record.event.loginId,
    record: { ...record.event, agentKey: record.agentKey, stateId: record.stateId },
    httpStatus: status,
    reason,
  };
}

function holdInMemory(session: Session, held: readonly LoggedChange[]) {
  const byAgent = new Map<number, { agentKey: number; count: number; fromMs: number }>();
  for (const { agentKey, atMs } of held) {
    const before = byAgent.get(agentKey);
    byAgent.set(agentKey, {
      agentKey,
      count: (before?.count ?? 0) + 1,
      fromMs: Math.min(before?.fromMs ?? atMs, atMs),
    });
  }
  for (const { agentKey, count, fromMs } of byAgent.values()) {
    const agent = session.config.agents.get(agentKey);
    if (!agent) continue;
    replaceAgent(session.config, {
      ...agent,
      heldCount: agent.heldCount + count,
      heldFromMs: Math.min(agent.heldFromMs ?? fromMs, fromMs),
    });
  }
  return [...byAgent.values()];
}

async function noteOutcome(deps: BridgeDeps, session: Session, result: SendResult<unknown>): Promise<void> {
  if (result.failure) {
    await streamFailed(deps, session, 'agent-states', result.failure);
    return;
  }
  if (result.accepted > 0) await streamSucceeded(deps, session, 'agent-states');
  else if (result.refusedInARow > 0) {
    const stream = { ...streamOf(session, 'agent-states'), refusedInARow: result.refusedInARow };
    session.streams.set('agent-states', stream);
    const statement = saveStream(deps.db, session.connectionId, 'agent-states', stream);
    await deps.db.batch([guardLease(deps.db, session), statement]);
  }
}

/** Sends the agents' present states; when the WFM takes them, what waits becomes history. */
async function beginCatchUp(deps: BridgeDeps, session: Session): Promise<DeliveryResult> {
  const { head, progress, connectionId } = session;
  if (!head) return IDLE;
  const waiting = await readLog(deps.db, connectionId, progress, PRESENT_STATES_LOOKUP_MAX);
  const sent = await sendPresentStates(deps, session, [...new Set(waiting.map(({ agentKey }) => agentKey))]);
  if (sent.failure) {
    await streamFailed(deps, session, 'agent-states', sent.failure);
    return IDLE;
  }
  const catchUp = { untilLogId: head.logId, liveLogId: head.logId + 1, liveOffset: 0, liveDelivered: 0 };
  // A poll may extend the newest row only with nothing, so everything from the next row on is live.
  await streamSucceeded(deps, session, 'agent-states');
  await saveCatchUp(deps, session, catchUp, session.progress);
  return { delivered: 0, more: true };
}

async function sendPresentStates(deps: BridgeDeps, session: Session, agentKeys: readonly number[]) {
  const events: AgentStateEvent[] = [];
  for (const { agentKey, stateId, atMs } of await readLatestEntries(deps.db, agentKeys)) {
    const agent = session.config.agents.get(agentKey);
    const state = session.config.states.get(stateId);
    if (!agent?.included || agent.loginId === '' || !state) continue;
    events.push(eventOf(agent.loginId, state, atMs));
  }
  const { wfm, settings } = session.config;
  const { eventsPerBodyMax } = wfmTraits(settings.wfm);
  let failure: SendResult<AgentStateEvent>['failure'] = null;
  for (let from = 0; from < events.length && !failure; from += eventsPerBodyMax) {
    // A record refused here is met again in the history, in its place, and set aside there.
    const part = events.slice(from, from + eventsPerBodyMax);
    const send = (records: readonly AgentStateEvent[]) =>
      wfm.send('agent-states', wfm.compose({ stream: 'agent-states', events: records }));
    ({ failure } = await sendInOrder(part, { send }));
  }
  return { failure };
}

type CatchUp = NonNullable<ReturnType<typeof streamOf>['catchUp']>;

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
async function catchUp(deps: BridgeDeps, session: Session): Promise<DeliveryResult> {
  const state = streamOf(session, 'agent-states').catchUp;
  if (!state) return IDLE;
  const { eventsPerBodyMax } = wfmTraits(session.config.settings.wfm);
  const live = await readLog(
    deps.db,
    session.connectionId,
    { logId: state.liveLogId, offset: state.liveOffset },
    eventsPerBodyMax,
  );
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
  const sent = await sendChanges(session, history);
  await moveCursor(deps, session, history, sent);
  await flushProgress(deps, session);
  return { delivered: sent.result.accepted, more: sent.result.failure === null };
}

async function catchUpLive(
  deps: BridgeDeps,
  session: Session,
  state: CatchUp,
  live: readonly LoggedChange[],
): Promise<DeliveryResult> {
  const sent = await sendChanges(session, live);
  const { logId, offset } = placeAfter(live, sent.done, { logId: state.liveLogId, offset: state.liveOffset });
  const { progress } = session;
  const moved: StatesProgress = {
    ...progress,
    deliveredCount: progress.deliveredCount + sent.result.accepted,
    setAsideCount: progress.setAsideCount + sent.result.refused.length + sent.leftOut,
    acceptedAtMs: sent.result.accepted > 0 ? deps.clock.nowMs() : progress.acceptedAtMs,
  };
  if (sent.done > 0) {
    const after = { ...state, liveLogId: logId, liveOffset: offset, liveDelivered: state.liveDelivered + sent.done };
    await saveCatchUp(deps, session, after, moved, leftBehind(deps, session, sent));
  }
  await noteOutcome(deps, session, sent.result);
  return { delivered: sent.result.accepted, more: sent.result.failure === null };
}

/** History is done: the cursor joins the live one, and agents whose states went out in between are told once more. */
async function endCatchUp(deps: BridgeDeps, session: Session, state: CatchUp): Promise<DeliveryResult> {
  const recent = await readLog(
    deps.db,
    session.connectionId,
    { logId: state.untilLogId + 1, offset: 0 },
    PRESENT_STATES_LOOKUP_MAX,
  );
  const { failure } = await sendPresentStates(deps, session, [...new Set(recent.map(({ agentKey }) => agentKey))]);
  if (failure) {
    await streamFailed(deps, session, 'agent-states', failure);
    return IDLE;
  }
  await saveCatchUp(deps, session, null, { ...session.progress, logId: state.liveLogId, offset: state.liveOffset });
  return { delivered: 0, more: true };
}
