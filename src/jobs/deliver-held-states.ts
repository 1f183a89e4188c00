/**
 * Sends what was held for agents that had no login id, once they have one: in order, before anything newer of theirs.
 */
import { type MappedAgent, releaseAgent } from '../store/mapping.ts';
import { setAside } from '../store/set-aside.ts';
import { readHeldEntries } from '../store/state-changes.ts';
import { wfmTraits } from '../wfm/registry.ts';
import type { AgentStateEvent } from '../wfm/wfm.ts';
import { refusedKeysOf } from './refused-keys.ts';
import { noteOutcome, REPEATS_PER_ROUND_MAX } from './send-changes.ts';
import { sendEvents } from './send-events.ts';
import { sendInOrder } from './send-in-order.ts';
import { type BridgeDeps, replaceAgent, type Session } from './session.ts';
import { commitProgress, flushProgress } from './stream-progress.ts';

/** Agents looked after in one round: their entries are read one agent at a time. */
const AGENTS_PER_ROUND_MAX = 200;

interface HeldRecord {
  readonly agentKey: number;
  readonly stateId: number;
  readonly event: AgentStateEvent;
}

/** Sends one body's worth for agents that can be placed by now. `failed`: the WFM could not take it. */
export async function deliverHeldStates(
  deps: BridgeDeps,
  session: Session,
): Promise<{ delivered: number; failed: boolean }> {
  const ready: MappedAgent[] = [];
  for (const agent of session.config.agents.values()) {
    if (agent.heldCount > 0 && agent.loginId !== '' && agent.included) ready.push(agent);
    if (ready.length === AGENTS_PER_ROUND_MAX) break;
  }
  if (ready.length === 0) return { delivered: 0, failed: false };
  // What was accepted before is stored before anything else leaves: so a crash sends one body again at most.
  await flushProgress(deps, session);
  const { records, gone } = await heldRecords(deps, session, ready);
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
  const progress = {
    ...session.progress,
    deliveredCount: session.progress.deliveredCount + accepted.size,
    setAsideCount: session.progress.setAsideCount + refused.length,
    acceptedAtMs: accepted.size > 0 ? deps.clock.nowMs() : session.progress.acceptedAtMs,
  };
  const rows = refused.map(({ record, status, reason }) => ({
    stream: 'agent-states' as const,
    atMs: record.event.atMs,
    windowStartMs: null,
    recordKey: record.event.loginId,
    record: { ...record.event, agentKey: record.agentKey, stateId: record.stateId },
    httpStatus: status,
    reason,
  }));
  const refusedOnes = new Set(refused.map(({ record }) => record));
  const isDone = (record: HeldRecord) => accepted.has(record) || refusedOnes.has(record);
  await commitProgress(deps, session, progress, [
    ...release(
      deps,
      session,
      ready,
      records.filter(isDone),
      records.filter((record) => !isDone(record)),
      gone,
    ),
    ...(rows.length > 0 ? [setAside(deps.db, session.connectionId, rows)] : []),
  ]);
  await noteOutcome(deps, session, result);
  return { delivered: accepted.size, failed: failure !== null };
}

/** The records of one body, agent by agent in order; `gone`: agents whose entries are past their retention. */
async function heldRecords(deps: BridgeDeps, session: Session, ready: readonly MappedAgent[]) {
  const { states, settings } = session.config;
  const records: HeldRecord[] = [];
  const gone = new Set<number>();
  for (const agent of ready) {
    const room = wfmTraits(settings.wfm).eventsPerBodyMax - records.length;
    if (room <= 0) break;
    const entries = await readHeldEntries(deps.db, agent.key, agent.heldFromMs ?? 0, Math.min(agent.heldCount, room));
    if (entries.length === 0) gone.add(agent.key);
    for (const { atMs, stateId } of entries) {
      const state = states.get(stateId);
      const event = {
        loginId: agent.loginId,
        eventCode: state?.eventCode ?? '',
        reasonCode: state?.reasonCode ?? '',
        stateClass: state?.stateClass ?? 'not ready',
        atMs,
      };
      records.push({ agentKey: agent.key, stateId, event });
    }
  }
  return { records, gone };
}

/** Statements that leave with each agent what it still holds. */
function release(
  deps: BridgeDeps,
  session: Session,
  ready: readonly MappedAgent[],
  done: readonly HeldRecord[],
  left: readonly HeldRecord[],
  gone: ReadonlySet<number>,
): D1PreparedStatement[] {
  const statements: D1PreparedStatement[] = [];
  for (const { key } of ready) {
    // As it is now: somebody may have corrected the login id while bodies were under way.
    const agent = session.config.agents.get(key);
    if (!agent) continue;
    const own = done.filter(({ agentKey }) => agentKey === agent.key);
    if (own.length === 0 && !gone.has(agent.key)) continue;
    const count = gone.has(agent.key) ? 0 : agent.heldCount - own.length;
    const next = left.find(({ agentKey }) => agentKey === agent.key);
    const fromMs = count === 0 ? null : (next?.event.atMs ?? (own.at(-1)?.event.atMs ?? 0) + 1);
    statements.push(releaseAgent(deps.db, agent.key, { count, fromMs }));
    replaceAgent(session.config, { ...agent, heldCount: count, heldFromMs: fromMs });
  }
  return statements;
}
