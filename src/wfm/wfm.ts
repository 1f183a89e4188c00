/**
 * What every destination takes. A destination composes the exact body for a report and carries it; it never decides
 * what to send, never retries (the job decides) and answers with one of five outcomes, which the job acts upon.
 */
import type { StateClass } from '../domain/agent-state.ts';
import type { Window } from '../domain/interval.ts';

/** The three streams of the WFM side. A stream has one sender and is delivered in order. */
export const STREAMS = ['agent-states', 'historical', 'agent-activity'] as const;
export type Stream = (typeof STREAMS)[number];

/** An agent entering a state, as the WFM is told. */
export interface AgentStateEvent {
  readonly loginId: string;
  readonly eventCode: string;
  readonly reasonCode: string;
  /** How the state counts: for destinations that keep time lines of their own (`WfmTraits.takesChanges`). */
  readonly stateClass?: StateClass;
  readonly atMs: number;
}

/** One queue's figures of the report's window. Durations in milliseconds, counts as split at the service level. */
export interface QueueFigures {
  readonly queueValue: string;
  readonly queueName: string;
  readonly isOutbound: boolean;
  readonly contactsReceived: number;
  readonly abandonedShort: number;
  readonly abandonedLong: number;
  readonly handledShort: number;
  readonly handledLong: number;
  readonly handleTimeMs: number;
  readonly workTimeMs: number;
  readonly queueDelayTimeMs: number;
  readonly holdTimeMs: number;
  readonly serviceLevelPct: number;
}

/** What one agent did for one queue in the report's window. */
export interface AgentQueueFigures {
  readonly queueValue: string;
  readonly queueName: string;
  readonly isOutbound: boolean;
  readonly agentValue: string;
  /** As in `AgentActivities`: for destinations that keep time lines of their own. */
  readonly loginId?: string;
  readonly employeeId: string;
  readonly handled: number;
  readonly handleTimeMs: number;
  readonly workTimeMs: number;
  readonly holdTimeMs: number;
}

/** Time of one agent in the report's window, from stored states; each at most the window's length. */
export interface AgentPerformance {
  readonly agentValue: string;
  /** As in `AgentActivities`: for destinations that keep time lines of their own. */
  readonly loginId?: string;
  readonly employeeId: string;
  readonly loginTimeMs: number;
  readonly readyTimeMs: number;
  readonly notReadyTimeMs: number;
}

/** A span in one state that ended in the report's window. */
export interface Activity {
  readonly state: string;
  readonly reason: string;
  readonly startMs: number;
  readonly durationMs: number;
}

/** An agent entering a state in the report's window; a class of null: from here nobody looked until the next one. */
export interface StateOfWindow {
  readonly atMs: number;
  readonly state: string;
  readonly reason: string;
  readonly stateClass: StateClass | null;
}

export interface AgentActivities {
  readonly agentValue: string;
  readonly employeeId: string;
  readonly loginId: string;
  readonly activities: readonly Activity[];
  /** All changes of the window, oldest first, for destinations that take them (`WfmTraits.takesChanges`). */
  readonly changes?: readonly StateOfWindow[];
}

/** One body for the WFM, before it is written in the WFM's own words. */
export type Report =
  | { readonly stream: 'agent-states'; readonly events: readonly AgentStateEvent[] }
  | {
      readonly stream: 'historical';
      readonly window: Window;
      readonly queues: readonly QueueFigures[];
      readonly agentQueues: readonly AgentQueueFigures[];
      readonly performance: readonly AgentPerformance[];
    }
  | { readonly stream: 'agent-activity'; readonly window: Window; readonly agents: readonly AgentActivities[] };

/** What became of one body (contracts/cxone-mpower.md, "Answers"). `reason` is safe to show: no token, no credential. */
export type Outcome =
  | { readonly kind: 'accepted'; readonly status: number }
  /** 400, 422: this body will never be accepted. */
  | { readonly kind: 'refused'; readonly status: number; readonly reason: string }
  /** 413: a smaller body may be accepted. */
  | { readonly kind: 'too large'; readonly status: number; readonly reason: string }
  /** 403, 404, refused credentials, a bad address: somebody has to change a setting. */
  | { readonly kind: 'misconfigured'; readonly status: number | null; readonly reason: string }
  /** 408, 429, 5xx, no answer, an answer that is not one: accepted or not, nobody knows. */
  | {
      readonly kind: 'unavailable';
      readonly status: number | null;
      readonly reason: string;
      readonly retryAfterMs: number | null;
    };

export interface Wfm {
  /** The exact body for a report. Pure: the same report gives the same bytes. */
  compose(report: Report): string;
  /** Sends one composed body. Never throws: every failure is an outcome. */
  send(stream: Stream, body: string): Promise<Outcome>;
  /** Makes sure of a token, for a test of the credentials. Never throws. */
  signIn(): Promise<Outcome>;
  /** What the destination tells about its ACDs; null where the settings name no place to ask. Never throws. */
  readAcdDetails(): Promise<AcdDetails | null>;
  /** Says that the source answers; null where the settings name no place for it. Never throws. */
  sendHeartbeat(atMs: number): Promise<Outcome | null>;
}

/** The destination's own words about the ACDs it knows, and what in them looks like an ACD type. */
export interface AcdDetails {
  readonly outcome: Outcome;
  /** The answer, cut; '' where there was none. */
  readonly text: string;
  readonly acdTypes: readonly string[];
}
