/**
 * What an agent is doing, and what the bridge may infer from one look at all agents. Pure: it never reads a clock and
 * never invents a change that an answer does not show (promise 5: silence is not zero).
 */

/** How a state counts: in reports, in "signed in", in ready and not-ready time. */
export const STATE_CLASSES = ['ready', 'contact', 'wrap-up', 'not ready', 'signed out'] as const;
export type StateClass = (typeof STATE_CLASSES)[number];

/** A state as the ACD names it. `reason` is '' for sources that have none. */
export interface AcdState {
  readonly name: string;
  readonly reason: string;
}

/** One agent in one good answer. `sinceMs`: the source's own time of the last change, null where it gives none. */
export interface AgentObservation extends AcdState {
  readonly agentId: string;
  readonly sinceMs: number | null;
}

/** An agent's state as committed: since when, and as the source dated it. */
export interface HeldState extends AcdState {
  readonly atMs: number;
  readonly sinceMs: number | null;
}

/** An agent entering a state at an instant. */
export interface StateChange extends AcdState {
  readonly agentId: string;
  readonly atMs: number;
  readonly sinceMs: number | null;
  /**
   * From when the bridge did not look, where it did not look right before the change: the state before is known to have
   * lasted until then, and nothing is said of the time between. Null when the change closes the state before it.
   */
  readonly unobservedFromMs: number | null;
}

/** The state that stands for "not there any more"; the Nextiva NCC specification's own word. */
export const SIGNED_OUT_STATE: AcdState = { name: 'Logged out', reason: '' };
