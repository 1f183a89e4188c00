/** Notes agents and states that are seen for the first time, so that whatever refers to them finds them. */
import { acdTraits, defaultStateClass, isDocumentedState } from '../acd/registry.ts';
import type { AcdState } from '../domain/agent-state.ts';
import { addSeenAgents, addSeenStates } from '../store/mapping.ts';
import { type BridgeDeps, type Session, stateKey } from './session.ts';

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
  for (const state of await addSeenStates(deps.db, connectionId, rows, deps.clock.nowMs())) {
    config.states.set(state.id, state);
    config.statesByName.set(stateKey(state), state);
  }
}

/** Adds agents that no name of the roster leads to. `agentIds`: as the source calls them. */
export async function noteAgents(deps: BridgeDeps, session: Session, agentIds: Iterable<string>): Promise<void> {
  const { config, connectionId } = session;
  const unknown = new Set<string>();
  for (const agentId of agentIds) if (!config.agentsByName.has(agentId)) unknown.add(agentId);
  const { agentIdIsLoginId } = acdTraits(config.settings.acd);
  const seen = [...unknown].map((sourceId) => ({ sourceId, username: agentIdIsLoginId ? sourceId : '' }));
  for (const agent of await addSeenAgents(deps.db, connectionId, seen, deps.clock.nowMs())) {
    config.agents.set(agent.key, agent);
    config.agentsByName.set(agent.sourceId, agent);
  }
}
