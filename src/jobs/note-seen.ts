/** Notes agents and states that are seen for the first time, so that whatever refers to them finds them. */
import { acdTraits, defaultStateClass, isDocumentedState } from '../acd/registry.ts';
import type { AcdState, StateClass } from '../domain/agent-state.ts';
import { addSeenAgents, addSeenStates, type MappedState, saveEmployeeIds } from '../store/mapping.ts';
import { type BridgeDeps, latestUnplacedMs, replaceAgent, type Session, stateKey } from './session.ts';

/** Adds what is unknown to store and session. Known ones cost nothing. */
export async function noteStates(deps: BridgeDeps, session: Session, states: Iterable<AcdState>): Promise<void> {
  const { config, connectionId } = session;
  const { kind } = config.settings.acd;
  const unknown = new Map<string, AcdState>();
  for (const state of states) if (!config.statesByName.has(stateKey(state))) unknown.set(stateKey(state), state);
  if (unknown.size === 0) return;
  const rows = [...unknown.values()].map(({ name, reason }) => ({
    name,
    reason,
    stateClass: defaultStateClass(kind, name, reason),
    isReviewed: isDocumentedState(kind, name, reason),
  }));
  addToConfig(session, await addSeenStates(deps.db, connectionId, rows, deps.clock.nowMs()));
}

/** Into the config as it is now: a reload may have come in between. */
function addToConfig({ config }: Session, states: readonly MappedState[]): void {
  for (const state of states) {
    config.states.set(state.id, state);
    config.statesByName.set(stateKey(state), state);
  }
}

/** A state with the class that whoever tells of it gives it. */
export interface ClassedState extends AcdState {
  readonly stateClass: StateClass;
}

/**
 * Adds states that come with their class, and says which stored one each is. Where two tell of states of one name that count
 * differently, the second gets its class into its name here; the WFM is told the same of both.
 */
export async function noteClassedStates(
  deps: BridgeDeps,
  session: Session,
  states: Iterable<ClassedState>,
): Promise<(state: ClassedState) => number> {
  const { connectionId } = session;
  const stored = (state: ClassedState) => {
    const { config } = session;
    const plain = config.statesByName.get(stateKey(state));
    return plain?.stateClass === state.stateClass ? plain : config.statesByName.get(stateKey(marked(state)));
  };
  const unknown = new Map<string, ClassedState & { isReviewed: boolean; eventCode?: string }>();
  for (const state of states) {
    if (stored(state)) continue;
    const { name, reason, stateClass } = state;
    const plain = session.config.statesByName.get(stateKey(state)) ?? unknown.get(stateKey(state));
    if (!plain) unknown.set(stateKey(state), { name, reason, stateClass, isReviewed: true });
    else if (plain.stateClass !== stateClass) {
      const other = marked(state);
      unknown.set(stateKey(other), { ...other, stateClass, isReviewed: true, eventCode: name });
    }
  }
  addToConfig(session, await addSeenStates(deps.db, connectionId, [...unknown.values()], deps.clock.nowMs()));
  return (state) => {
    const found = stored(state);
    if (!found) throw new Error(`A state was not stored: ${state.name}`);
    return found.id;
  };
}

const marked = ({ name, reason, stateClass }: ClassedState): AcdState => ({ name: `${name} (${stateClass})`, reason });

/** Adds agents that no name of the roster leads to. `agentIds`: as the source calls them. */
export async function noteAgents(deps: BridgeDeps, session: Session, agentIds: Iterable<string>): Promise<void> {
  const { config, connectionId } = session;
  const unknown = new Set<string>();
  for (const agentId of agentIds) if (!config.agentsByName.has(agentId)) unknown.add(agentId);
  const { agentIdIsLoginId } = acdTraits(config.settings.acd);
  const seen = [...unknown].map((sourceId) => ({ sourceId, username: agentIdIsLoginId ? sourceId : '' }));
  const added = await addSeenAgents(deps.db, connectionId, seen, deps.clock.nowMs());
  // Into the config as it is now: a reload may have come in between, and brought some of them with what they are called.
  const now = session.config;
  for (const agent of added) {
    if (!now.agents.has(agent.key)) now.agents.set(agent.key, agent);
    const known = now.agents.get(agent.key) ?? agent;
    now.agentsByName.set(agent.sourceId, known);
    now.unplacedSinceMs = latestUnplacedMs([known], now.unplacedSinceMs);
  }
}

/** What members know as a person's employee id fills what is empty here; what somebody entered stays. */
export async function fillEmployeeIds(
  deps: BridgeDeps,
  session: Session,
  people: readonly { readonly loginId: string; readonly employeeId: string }[],
): Promise<void> {
  const filled = new Map(
    people.flatMap(({ loginId, employeeId }) => {
      const agent = session.config.agentsByName.get(loginId);
      return agent && agent.employeeId === '' && employeeId !== '' ? [[agent.key, { ...agent, employeeId }]] : [];
    }),
  );
  if (filled.size === 0) return;
  const rows = [...filled.values()].map(({ key, employeeId }) => ({ agentKey: key, employeeId }));
  await deps.db.batch([saveEmployeeIds(deps.db, session, rows)]);
  for (const { agentKey, employeeId } of rows) {
    // As it is now: a reload may have come in between.
    const agent = session.config.agents.get(agentKey);
    if (agent?.employeeId === '') replaceAgent(session.config, { ...agent, employeeId });
  }
}
