/**
 * Compares one look at all agents with what is committed and says what changed. Pure: nothing is changed here, so that
 * a comparison whose commit fails leaves no trace. Cost grows with what changed: an observation that is the very object
 * of the look before is not looked into.
 */
import {
  type AcdState,
  type AgentObservation,
  type HeldState,
  SIGNED_OUT_STATE,
  type StateChange,
} from './agent-state.ts';

/** Contract nextiva-ncc.md: an empty answer while more agents than this were signed in is suspicious. */
const PLAUSIBLY_EMPTY_AGENTS_MAX = 10;
/** … and is not applied until it came so often in a row. */
const SUSPICIOUS_ANSWERS_MAX = 3;
/** A source's own time of a change may lie so far before the previous look. */
const SOURCE_TIME_SLACK_MS = 1_000;
const SHORT_STATE_MS = 3_000;

/** What the bridge remembers of one agent between two looks. */
export interface TrackedAgent {
  /** As committed; null when the agent was never seen. */
  readonly state: HeldState | null;
  /** The observation that `state` was last confirmed by. */
  readonly observation: AgentObservation | null;
  /** Good answers in a row without the agent, and when the first of them arrived. */
  readonly missingAnswers: number;
  readonly missingSinceMs: number;
  /** A state held back because it has not lasted 3 s yet. */
  readonly pending: HeldState | null;
}

export const UNSEEN: TrackedAgent = {
  state: null,
  observation: null,
  missingAnswers: 0,
  missingSinceMs: 0,
  pending: null,
};

export interface SnapshotRules {
  readonly missingAnswersToSignOut: number;
  readonly holdBackShortStates: boolean;
  /** A pause between two good answers longer than this is time in which the bridge did not look. */
  readonly unobservedAfterMs: number;
  readonly isSignedOut: (state: AcdState) => boolean;
}

export interface Look {
  readonly arrivedAtMs: number;
  /** Arrival of the last good answer before; null at the very first. */
  readonly previousMs: number | null;
  readonly agents: readonly AgentObservation[];
  /** False when rows were refused that name nobody: then nobody is missing. */
  readonly complete: boolean;
  /** Agents whom the answer names, but whose state could not be read: they are not missing. */
  readonly unread: ReadonlySet<string>;
  /** Suspiciously empty answers in a row before this one. */
  readonly emptyBefore: number;
}

export interface Comparison {
  /** Ordered by instant. */
  readonly changes: readonly StateChange[];
  /** What to remember of the agents that this look told something new about, once the changes are committed. */
  readonly tracked: ReadonlyMap<string, TrackedAgent>;
  /** True when the answer was not applied because it was implausibly empty. */
  readonly suspicious: boolean;
  /** Agents of this answer that are not signed out. */
  readonly signedIn: number;
  /** True when somebody is missing but not yet signed out: the next look matters even if it is the same. */
  readonly unsettled: boolean;
  /** Agents that the answer named more than once. */
  readonly duplicates: number;
}

/** True when a whole answer names nobody. */
export const isEmpty = ({ agents, complete, unread }: Pick<Look, 'agents' | 'complete' | 'unread'>): boolean =>
  agents.length === 0 && complete && unread.size === 0;

/** Compares a look with the tracked agents (keyed by the agent's id as the source names it). */
export function compareSnapshot(
  before: ReadonlyMap<string, TrackedAgent>,
  look: Look,
  rules: SnapshotRules,
): Comparison {
  if (isEmpty(look)) {
    const signedInBefore = countSignedIn(before, rules);
    const isSuspicious = signedInBefore > PLAUSIBLY_EMPTY_AGENTS_MAX && look.emptyBefore + 1 < SUSPICIOUS_ANSWERS_MAX;
    if (isSuspicious) return NOTHING_APPLIED(signedInBefore);
  }
  const gapFromMs = unobservedFrom(look, rules);
  const changes: StateChange[] = [];
  const tracked = new Map<string, TrackedAgent>();
  const seen = new Set<string>();
  let signedIn = 0;
  let unsettled = false;
  const latest = new Map<string, AgentObservation>();
  let duplicates = 0;
  for (const observation of look.agents) {
    const other = latest.get(observation.agentId);
    if (other) duplicates++;
    if (!other || (observation.sinceMs ?? 0) >= (other.sinceMs ?? 0)) latest.set(observation.agentId, observation);
  }
  for (const [agentId, observation] of latest) {
    seen.add(agentId);
    if (!rules.isSignedOut(observation)) signedIn++;
    const agent = before.get(agentId) ?? UNSEEN;
    const isNothingNew = agent.observation !== null && isSameObservation(agent.observation, observation);
    if (isNothingNew && gapFromMs === null && agent.missingAnswers === 0 && agent.pending === null) continue;
    const judged = judge(agent, observation, look, gapFromMs, rules);
    if (judged.change) changes.push(judged.change);
    if (judged.after.pending) unsettled = true;
    tracked.set(agentId, judged.after);
  }
  if (look.complete) {
    for (const [agentId, agent] of before) {
      if (seen.has(agentId) || agent.state === null || rules.isSignedOut(agent.state)) continue;
      if (look.unread.has(agentId)) {
        // Whoever is named in an answer begins anew to be missing after it.
        if (agent.missingAnswers > 0) tracked.set(agentId, { ...agent, missingAnswers: 0, missingSinceMs: 0 });
        continue;
      }
      const after = stillMissing(agent, look);
      if (after.missingAnswers < rules.missingAnswersToSignOut) {
        unsettled = true;
        tracked.set(agentId, after);
        continue;
      }
      const change = enter(agentId, agent.state, SIGNED_OUT_STATE, null, after.missingSinceMs, gapFromMs);
      changes.push(change);
      tracked.set(agentId, { ...UNSEEN, state: heldBy(change) });
    }
  }
  changes.sort((a, b) => a.atMs - b.atMs);
  return { changes, tracked, suspicious: false, signedIn, unsettled, duplicates };
}

const NOTHING_APPLIED = (signedIn: number): Comparison => ({
  changes: [],
  tracked: new Map(),
  suspicious: true,
  signedIn,
  unsettled: true,
  duplicates: 0,
});

/** Since when the bridge had not looked, when that is too long ago to vouch for the time between; else null. */
function unobservedFrom(look: Look, rules: SnapshotRules): number | null {
  if (look.previousMs === null || look.arrivedAtMs - look.previousMs <= rules.unobservedAfterMs) return null;
  return look.previousMs;
}

function judge(
  agent: TrackedAgent,
  observation: AgentObservation,
  look: Look,
  gapFromMs: number | null,
  rules: SnapshotRules,
): { change: StateChange | null; after: TrackedAgent } {
  const atMs = instantOf(observation, look);
  const settled: TrackedAgent = { ...UNSEEN, state: agent.state, observation };
  if (!isEntry(agent.state, observation, look, gapFromMs, rules)) return { change: null, after: settled };
  const firstSeenMs = agent.pending && sameState(agent.pending, observation) ? agent.pending.atMs : atMs;
  if (rules.holdBackShortStates && agent.state !== null && look.arrivedAtMs - firstSeenMs < SHORT_STATE_MS) {
    const pending = {
      name: observation.name,
      reason: observation.reason,
      atMs: firstSeenMs,
      sinceMs: observation.sinceMs,
    };
    return { change: null, after: { ...settled, observation: null, pending } };
  }
  const change = enter(observation.agentId, agent.state, observation, observation.sinceMs, firstSeenMs, gapFromMs);
  return { change, after: { ...settled, state: heldBy(change) } };
}

/** True when the observation shows the agent entering a state: another one, the same one anew, or after not looking. */
function isEntry(
  state: HeldState | null,
  observation: AgentObservation,
  look: Look,
  gapFromMs: number | null,
  rules: SnapshotRules,
): boolean {
  if (state === null || !sameState(state, observation)) return true;
  const sinceMs = observation.sinceMs;
  // The same state entered anew (faults S12): the source's own time moved on, and to a time that can be.
  if (sinceMs !== null && state.sinceMs !== null && sinceMs > state.sinceMs && isCredible(sinceMs, look)) {
    return sinceMs > state.atMs;
  }
  if (gapFromMs === null || rules.isSignedOut(observation)) return false;
  // The bridge did not look for a while. Where the source says "since before that", nothing is unknown.
  return sinceMs === null || sinceMs > gapFromMs + SOURCE_TIME_SLACK_MS;
}

/** The source's own time where it can be true (contracts/nextiva-ncc.md), else the arrival. */
function instantOf(observation: AgentObservation, look: Look): number {
  const { sinceMs } = observation;
  return sinceMs !== null && isCredible(sinceMs, look) ? sinceMs : look.arrivedAtMs;
}

function isCredible(sinceMs: number, look: Look): boolean {
  if (look.previousMs === null) return false;
  return sinceMs > look.previousMs - SOURCE_TIME_SLACK_MS && sinceMs <= look.arrivedAtMs;
}

function stillMissing(agent: TrackedAgent, look: Look): TrackedAgent {
  const missingSinceMs = agent.missingAnswers === 0 ? look.arrivedAtMs : agent.missingSinceMs;
  return { ...agent, observation: null, missingAnswers: agent.missingAnswers + 1, missingSinceMs };
}

/** Builds a change; an agent's instants strictly rise, whatever the clocks say. */
function enter(
  agentId: string,
  before: HeldState | null,
  into: AcdState,
  sinceMs: number | null,
  atMs: number,
  gapFromMs: number | null,
): StateChange {
  const { name, reason } = into;
  if (before === null) return { agentId, name, reason, atMs, sinceMs, unobservedFromMs: null };
  const unobservedFromMs = gapFromMs === null ? null : Math.max(gapFromMs, before.atMs + 1);
  const earliestMs = (unobservedFromMs ?? before.atMs) + 1;
  return { agentId, name, reason, atMs: Math.max(atMs, earliestMs), sinceMs, unobservedFromMs };
}

const heldBy = ({ name, reason, atMs, sinceMs }: StateChange): HeldState => ({ name, reason, atMs, sinceMs });
/** Whether two looks saw the same. A source time that was seen before says nothing new, even when it becomes credible. */
const isSameObservation = (a: AgentObservation, b: AgentObservation) =>
  a === b || (sameState(a, b) && a.sinceMs === b.sinceMs);
const sameState = (a: AcdState, b: AcdState) => a.name === b.name && a.reason === b.reason;

function countSignedIn(before: ReadonlyMap<string, TrackedAgent>, rules: SnapshotRules): number {
  let count = 0;
  for (const { state } of before.values()) if (state !== null && !rules.isSignedOut(state)) count++;
  return count;
}
