/** The imported queues and agents of a connection with their keys in the WFM. */

/** A queue as the ACD lists it. `serviceLevelMs` is the voice service level where the ACD has one. */
export interface RosterQueue {
  readonly queueId: string;
  /** Another id under which the ACD's figures may name the same queue; '' when there is none. */
  readonly aliasId: string;
  readonly name: string;
  readonly serviceLevelMs: number | null;
}

/** An agent as the ACD lists it. `agentId` is the id that real-time answers are expected to use. */
export interface RosterAgent {
  readonly agentId: string;
  readonly aliasId: string;
  readonly username: string;
  readonly name: string;
  readonly enabled: boolean;
}

/** A whole roster: only ever built from answers whose every page was good. */
export interface Roster {
  readonly queues: readonly RosterQueue[];
  readonly agents: readonly RosterAgent[];
}
