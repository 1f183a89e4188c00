/**
 * Sends changes of the log in their order and moves the cursor past what is dealt with: accepted, set aside, left out, or
 * held until the agent has a login id.
 */
import { saveStream } from '../store/feeds.ts';
import { noteHeld } from '../store/held-changes.ts';
import { guardLease } from '../store/lease.ts';
import { holdAgents, holdsBack, type MappedState } from '../store/mapping.ts';
import { type SetAsideRecord, setAside } from '../store/set-aside.ts';
import { type LoggedChange, readLog, type StatesProgress } from '../store/state-log.ts';
import type { AgentStateEvent } from '../wfm/wfm.ts';
import { noteRefusedKeys, refusedKeysOf } from './refused-keys.ts';
import { streamFailed, streamSucceeded } from './report-standing.ts';
import { sendEvents } from './send-events.ts';
import { type Refusal, type SendResult, sendInOrder } from './send-in-order.ts';
import { type BridgeDeps, replaceAgent, type Session, streamOf } from './session.ts';
import { commitProgress, flushProgress } from './stream-progress.ts';

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
  /** What became of these: */
  readonly accepted: number;
  readonly refused: readonly Refusal<PlacedChange>[];
  readonly held: readonly LoggedChange[];
  readonly leftOut: number;
}

/** Agents whose changes are refused again and again are looked into no further than this at a time. */
export const REPEATS_PER_ROUND_MAX = 30;
/** Changes behind a body that are looked at for other agents. */
const BEHIND_MAX = 500;

/**
 * Sends what can be placed of some changes, which lie side by side in the log, and says what became of them all. Nothing is
 * stored yet: `moveCursor` does. `untilLogId`: the log's row beyond which nothing is the caller's. Throws when a change names
 * an agent or a state that is not stored, and what D1 throws.
 */
export async function sendChanges(
  deps: BridgeDeps,
  session: Session,
  changes: readonly LoggedChange[],
  untilLogId?: number,
): Promise<SentChanges> {
  const placed: PlacedChange[] = [];
  const held: LoggedChange[] = [];
  const leftOut: LoggedChange[] = [];
  for (const change of changes) {
    const place = placeOf(session, change);
    if (place === 'left out') leftOut.push(change);
    else if (place === 'held') held.push(change);
    else placed.push(place);
  }
  const isOpen = (change: LoggedChange) => !session.sentAhead.has(idOf(change));
  const result = await sendInOrder(placed.filter(isOpen), {
    keyOf: ({ event }) => event.loginId,
    refusedKeys: refusedKeysOf(session, 'agent-states'),
    repeatsMax: REPEATS_PER_ROUND_MAX,
    send: (part) =>
      sendEvents(
        session,
        part.map(({ event }) => event),
      ),
    behind: async () => {
      const from = placeAfter(changes, changes.length, session.progress);
      const later = await readLog(deps.db, session.connectionId, from, BEHIND_MAX, untilLogId);
      return later
        .filter(isOpen)
        .map((change) => placeOf(session, change))
        .filter((place) => typeof place !== 'string');
    },
  });
  for (const change of result.accepted) session.sentAhead.set(idOf(change), 'accepted');
  for (const { record, status, reason } of result.refused) session.sentAhead.set(idOf(record), { status, reason });
  const next = placed.find(isOpen);
  const done = next ? changes.findIndex((change) => idOf(change) === idOf(next)) : changes.length;
  const passed = new Set(changes.slice(0, done).map(idOf));
  const isPassed = (change: LoggedChange) => passed.has(idOf(change));
  const refused: Refusal<PlacedChange>[] = [];
  let accepted = 0;
  for (const record of placed.filter(isPassed)) {
    const fate = session.sentAhead.get(idOf(record));
    if (fate === 'accepted') accepted += 1;
    else if (fate) refused.push({ record, ...fate });
  }
  for (const [id, fate] of session.sentAhead) {
    // By the time that a failure is over, what was refused may have been mended.
    if (passed.has(id) || (fate !== 'accepted' && result.failure)) session.sentAhead.delete(id);
  }
  const leftOutCount = leftOut.filter(isPassed).length;
  return { result, done, accepted, refused, held: held.filter(isPassed), leftOut: leftOutCount };
}

/** A change's place in the log, as one word. */
const idOf = ({ logId, offset }: LoggedChange) => `${logId}/${offset}`;

function placeOf(session: Session, change: LoggedChange): PlacedChange | 'left out' | 'held' {
  const agent = session.config.agents.get(change.agentKey);
  const state = session.config.states.get(change.stateId);
  if (!agent || !state)
    throw new Error(`Change ${change.logId}/${change.offset} names an agent or state that is not stored.`);
  const placed = { ...change, event: eventOf(agent.loginId, state, change.atMs) };
  if (session.sentAhead.has(idOf(change))) return placed;
  if (!agent.included) return 'left out';
  return agent.loginId === '' || holdsBack(agent) ? 'held' : placed;
}

/** True when another round is of use at once: with nothing but refusals, the next tick is early enough. */
export const mayGoOn = ({ failure, accepted, refused }: SendResult<unknown>): boolean =>
  failure === null && (accepted.size > 0 || refused.length === 0);

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
    deliveredCount: before.deliveredCount + sent.accepted,
    setAsideCount: before.setAsideCount + sent.refused.length + sent.leftOut,
    acceptedAtMs: result.accepted.size > 0 ? deps.clock.nowMs() : before.acceptedAtMs,
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

type LeftBehind = Pick<SentChanges, 'held' | 'refused'>;

/**
 * Stores the stream's progress. Ordinary progress rides along with the next poll's write, which comes within seconds, so
 * that delivering costs no row; a crash before it sends at most that one batch again. A session's first is written at once:
 * were none of several sessions to live until its second poll, each would send again what all of them have sent.
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
  if (!session.hasStoredProgress) await flushProgress(deps, session);
}

/** Statements about changes that were passed over: refused for good, or held until their agent has a login id. */
export function leftBehind(deps: BridgeDeps, session: Session, { held, refused }: LeftBehind): D1PreparedStatement[] {
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
  if (result.accepted.size > 0 && !result.failure) return streamSucceeded(deps, session, 'agent-states');
  const isNews = noteRefusedKeys(session, 'agent-states', result.refusedKeys);
  if (result.failure) return streamFailed(deps, session, 'agent-states', result.failure);
  if (!isNews) return;
  const statement = saveStream(deps.db, session.connectionId, 'agent-states', streamOf(session, 'agent-states'));
  await deps.db.batch([guardLease(deps.db, session), statement]);
}
