/**
 * Sends changes of the log in their order and moves the cursor past what is dealt with: accepted, set aside, left out, or
 * held until the agent has a login id.
 */
import { saveStream } from '../store/feeds.ts';
import { noteHeld } from '../store/held-changes.ts';
import { guardLease } from '../store/lease.ts';
import { holdAgents, holdsBack, type MappedState } from '../store/mapping.ts';
import { type SetAsideRecord, setAside } from '../store/set-aside.ts';
import type { LoggedChange, StatesProgress } from '../store/state-log.ts';
import type { AgentStateEvent } from '../wfm/wfm.ts';
import { streamFailed, streamSucceeded } from './report-standing.ts';
import { type Refusal, type SendResult, sendInOrder } from './send-in-order.ts';
import { type BridgeDeps, replaceAgent, type Session, streamOf } from './session.ts';
import { commitProgress } from './stream-progress.ts';

/** How one round of sending went. */
export interface DeliveryResult {
  readonly delivered: number;
  /** True when there is more to send, after `pauseMs`. */
  readonly more: boolean;
  readonly pauseMs?: number;
}

/** Nothing was there to send. */
export const IDLE: DeliveryResult = { delivered: 0, more: false };

/** An agent entering a state, as the WFM is told. */
export function eventOf(
  loginId: string,
  { eventCode, reasonCode, stateClass }: Pick<MappedState, 'eventCode' | 'reasonCode' | 'stateClass'>,
  atMs: number,
): AgentStateEvent {
  return { loginId, eventCode, reasonCode, stateClass, atMs };
}

/** A change with what the WFM is told of it. */
interface PlacedChange extends LoggedChange {
  readonly event: AgentStateEvent;
}

interface SentChanges {
  readonly result: SendResult<PlacedChange>;
  /** Of the changes looked at, how many from the first are dealt with, the ones that cannot be placed included. */
  readonly done: number;
  readonly held: readonly LoggedChange[];
  readonly leftOut: number;
}

/**
 * Sends what can be placed of some changes, and says what became of them all. Nothing is stored yet: `moveCursor` does. Throws
 * when a change names an agent or a state that is not stored.
 */
export async function sendChanges(session: Session, changes: readonly LoggedChange[]): Promise<SentChanges> {
  const placed: PlacedChange[] = [];
  const held: LoggedChange[] = [];
  const leftOutKeys = new Set<LoggedChange>();
  for (const change of changes) {
    const agent = session.config.agents.get(change.agentKey);
    const state = session.config.states.get(change.stateId);
    if (!agent || !state)
      throw new Error(`Change ${change.logId}/${change.offset} names an agent or state that is not stored.`);
    if (!agent.included) leftOutKeys.add(change);
    else if (agent.loginId === '' || holdsBack(agent)) held.push(change);
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
export async function moveCursor(
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
export function placeAfter(
  changes: readonly LoggedChange[],
  done: number,
  otherwise: { logId: number; offset: number },
) {
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
export function leftBehind(
  deps: BridgeDeps,
  session: Session,
  { held, result: { refused } }: LeftBehind,
): D1PreparedStatement[] {
  return [
    ...(refused.length > 0 ? [setAside(deps.db, session.connectionId, refused.map(setAsideOf))] : []),
    ...(held.length > 0 ? [noteHeld(deps.db, held, 1), holdAgents(deps.db, holdInMemory(session, held))] : []),
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

/** Notes how the stream stands after a round. Throws what D1 throws. */
export async function noteOutcome(deps: BridgeDeps, session: Session, result: SendResult<unknown>): Promise<void> {
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
