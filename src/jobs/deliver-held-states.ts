/**
 * Sends what was held for agents that had no login id, once they have one: in order, before anything newer of theirs.
 */
import { type HeldChange, readHeld, releaseHeld } from '../store/held-changes.ts';
import { holdsBack, type MappedAgent } from '../store/mapping.ts';
import { setAside } from '../store/set-aside.ts';
import { wfmTraits } from '../wfm/registry.ts';
import type { AgentStateEvent } from '../wfm/wfm.ts';
import { refusedKeysOf } from './refused-keys.ts';
import { eventOf, noteOutcome, REPEATS_PER_ROUND_MAX } from './send-changes.ts';
import { sendEvents } from './send-events.ts';
import { sendInOrder } from './send-in-order.ts';
import { type BridgeDeps, replaceAgent, type Session } from './session.ts';
import { commitProgress, flushProgress } from './stream-progress.ts';

/** Agents looked after in one round. */
const AGENTS_PER_ROUND_MAX = 200;

interface HeldRecord extends HeldChange {
  readonly event: AgentStateEvent;
}

/** Sends one body's worth for agents that can be placed by now. `failed`: the WFM could not take it. */
export async function deliverHeldStates(
  deps: BridgeDeps,
  session: Session,
): Promise<{ delivered: number; failed: boolean }> {
  const ready: MappedAgent[] = [];
  for (const agent of session.config.agents.values()) {
    if (holdsBack(agent) && agent.loginId !== '' && agent.included) ready.push(agent);
    if (ready.length === AGENTS_PER_ROUND_MAX) break;
  }
  if (ready.length === 0) return { delivered: 0, failed: false };
  // What was accepted before is stored before anything else leaves: so a crash sends one body again at most.
  await flushProgress(deps, session);
  const { records, gone, empty, beyond } = await heldRecords(deps, session, ready);
  const result = await sendInOrder(records, {
    keyOf: ({ event }) => event.loginId,
    refusedKeys: refusedKeysOf(session, 'agent-states'),
    repeatsMax: REPEATS_PER_ROUND_MAX,
    send: (part) =>
      sendEvents(
        session,
        part.map(({ event }) => event),
      ),
  });
  const { accepted, refused, failure } = result;
  const refusedOnes = new Set(refused.map(({ record }) => record));
  const left = records.filter((record) => !accepted.has(record) && !refusedOnes.has(record));
  const lostCount = timesOf(gone) + empty.reduce((sum, { heldCount }) => sum + heldCount, 0);
  const progress = {
    ...session.progress,
    deliveredCount: session.progress.deliveredCount + timesOf(accepted),
    setAsideCount: session.progress.setAsideCount + timesOf(refusedOnes) + lostCount,
    acceptedAtMs: accepted.size > 0 ? deps.clock.nowMs() : session.progress.acceptedAtMs,
  };
  const rows = refused
    .filter(({ record }) => record.times > 0)
    .map(({ record, status, reason }) => ({
      stream: 'agent-states' as const,
      atMs: record.event.atMs,
      windowStartMs: null,
      recordKey: record.event.loginId,
      record: { ...record.event, agentKey: record.agentKey, stateId: record.stateId },
      httpStatus: status,
      reason,
    }));
  const done = [...accepted, ...refusedOnes, ...gone];
  await commitProgress(deps, session, progress, [
    ...release(deps, session, { done, left: [...left, ...beyond], empty }),
    ...(rows.length > 0 ? [setAside(deps.db, session.connectionId, rows)] : []),
  ]);
  await noteOutcome(deps, session, result);
  return { delivered: accepted.size, failed: failure !== null };
}

const timesOf = (changes: Iterable<HeldChange>) => [...changes].reduce((sum, { times }) => sum + times, 0);

/**
 * The records of one body, agent by agent in order. `gone`: held changes that are not stored any more; `empty`: agents that
 * count more than is held; `beyond`: the first that had no room.
 */
async function heldRecords(deps: BridgeDeps, session: Session, ready: readonly MappedAgent[]) {
  const { eventsPerBodyMax } = wfmTraits(session.config.settings.wfm);
  const keys = ready.map(({ key }) => key);
  // One more: it tells whether the last agent has more.
  const read = await readHeld(deps.db, keys, eventsPerBodyMax + 1);
  const changes = read.slice(0, eventsPerBodyMax);
  const beyond = read.slice(eventsPerBodyMax);
  const found = new Set(changes.map(({ agentKey }) => agentKey));
  const empty = beyond.length === 0 ? ready.filter(({ key }) => !found.has(key)) : [];
  const records: HeldRecord[] = [];
  const gone: HeldChange[] = [];
  for (const change of changes) {
    const agent = session.config.agents.get(change.agentKey);
    const state = session.config.states.get(change.stateId);
    if (agent && state) records.push({ ...change, event: eventOf(agent.loginId, state, change.atMs) });
    else gone.push(change);
  }
  return { records, gone, empty, beyond };
}

/** Statements that leave with each agent what it still holds. */
function release(
  deps: BridgeDeps,
  session: Session,
  { done, left, empty }: { done: readonly HeldChange[]; left: readonly HeldChange[]; empty: readonly MappedAgent[] },
): D1PreparedStatement[] {
  const counts = new Map<number, number>(empty.map(({ key, heldCount }) => [key, heldCount]));
  for (const { agentKey, times } of done) counts.set(agentKey, (counts.get(agentKey) ?? 0) + times);
  if (counts.size === 0) return [];
  const next = new Map<number, number>();
  for (const { agentKey, atMs } of left) next.set(agentKey, Math.min(next.get(agentKey) ?? atMs, atMs));
  const stillHeld: { agentKey: number; count: number }[] = [];
  for (const [agentKey, released] of counts) {
    // As it is now: somebody may have corrected the login id while bodies were under way.
    const agent = session.config.agents.get(agentKey);
    if (!agent) continue;
    const count = Math.max(0, agent.heldCount - released);
    stillHeld.push({ agentKey, count });
    replaceAgent(session.config, { ...agent, heldCount: count, heldFromMs: next.get(agentKey) ?? null });
  }
  return releaseHeld(deps.db, done, stillHeld);
}
