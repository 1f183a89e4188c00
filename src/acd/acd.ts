/**
 * What every source of contact-centre facts offers. A new ACD is a folder beside this file and a line in `registry.ts`.
 * A source offers what its ACD has: what it cannot be asked for is null here and comes by push or import instead. Every
 * method throws `UpstreamError` (src/http) and nothing else; an answer that is returned was whole and well formed.
 */
import type { AgentObservation } from '../domain/agent-state.ts';
import type { Window } from '../domain/interval.ts';
import type { QueueInterval } from '../domain/queue-interval.ts';
import type { Roster } from '../domain/roster.ts';

/** A row that the source's schema refused: kept for the account, never applied. `sample` holds at most 500 characters. */
export interface RefusedRow {
  readonly index: number;
  readonly reason: string;
  readonly sample: string;
  /** The agent of the row, where that much of it can be read; else absent. */
  readonly agentId?: string;
}

/** One look at all agents. */
export interface AgentSnapshot {
  /** When the request for it left, after any sign-in, by the bridge's clock: polls keep their distance from it. */
  readonly askedAtMs: number;
  /** When the whole answer had arrived, by the bridge's clock. */
  readonly arrivedAtMs: number;
  /** The answer's `Date` header, null where it had none: tells how far the clocks are apart. */
  readonly sourceDateMs: number | null;
  /**
   * The agents, or 'unchanged' when the answer is byte for byte the last one that this source object returned: the
   * cheapest case is the commonest.
   */
  readonly agents: readonly AgentObservation[] | 'unchanged';
  /**
   * Rows that could not be read. An agent whom one names is not missing; where one names nobody, nobody is missing who is
   * not in `agents`.
   */
  readonly refused: readonly RefusedRow[];
}

/** An agent entering a state at an instant, as the source tells it: in any order, and possibly more than once. */
export interface AgentEvent {
  readonly agentId: string;
  readonly name: string;
  /** '' for states that have none. */
  readonly reason: string;
  readonly atMs: number;
}

/** What happened since a cursor. */
export interface AgentEvents {
  readonly askedAtMs: number;
  readonly arrivedAtMs: number;
  readonly sourceDateMs: number | null;
  readonly events: readonly AgentEvent[];
  readonly refused: readonly RefusedRow[];
  /** Where the next reading goes on; stored in the same batch as the events. */
  readonly cursor: string;
  /**
   * True when the source no longer knew the cursor and began anew: what happened between the last reading and the first
   * event is not known.
   */
  readonly isGap: boolean;
}

/** The figures of one window, rows of several intervals when the window holds several. */
export interface QueueIntervalAnswer {
  readonly arrivedAtMs: number;
  readonly intervals: readonly QueueInterval[];
  readonly refused: readonly RefusedRow[];
}

export interface Acd {
  /** The state of every agent now; null for a source that tells of events, or is pushed. */
  readonly readAgentStates: (() => Promise<AgentSnapshot>) | null;
  /** What agents did since `cursor`, null: as far back as the source remembers; null for a source that has no such feed. */
  readonly readAgentEvents: ((cursor: string | null) => Promise<AgentEvents>) | null;
  /** Figures of all queues in a window whose ends are on the 15-minute grid. */
  readonly readQueueIntervals: ((window: Window) => Promise<QueueIntervalAnswer>) | null;
  /** All queues and agents; throws rather than return a part. */
  readonly readRoster: (() => Promise<Roster>) | null;
  /** A sentence about something that will stop the source from answering (a password that expires), or null. */
  readonly warning: (() => string | null) | null;
}
