/**
 * CXone Mpower WFM for programs of other people: signs in and refreshes by itself, and carries the three published bodies.
 * It composes, sends and answers with an outcome; it never retries and keeps nothing but its token: the caller decides.
 */
import type * as z from 'zod';
import type { UpstreamDeps } from '../../http/deps.ts';
import { describeIssues } from '../../http/request.ts';
import type { AcdDetails, Outcome, Report, Wfm } from '../wfm.ts';
import { openMpower } from './destination.ts';
import type { AgentActivityWire, AgentStateWire, AgentSystemPerformanceWire, QueueReportWire } from './schema.ts';
import { mpowerSettingsSchema } from './settings.ts';

/** Whose tenant it is, and what may differ from the defaults (docs/assumptions.md). */
export type MpowerClientSettings = Omit<z.input<typeof mpowerSettingsSchema>, 'kind'> & {
  /** Shown once by CXone, beside the access key's id. */
  readonly accessKeySecret: string;
};

/** Agents entering states, in the order in which they did. */
export interface AgentStatesBody {
  readonly agentStateList: readonly AgentStateWire[];
}

/** What one agent did for one queue in the report's window. Times in seconds. */
export interface AgentQueueReportRow {
  readonly queueValue: string;
  readonly queueName: string;
  readonly isOutbound: boolean;
  readonly agentValue: string;
  readonly agentId: string;
  readonly handled: number;
  readonly handledTime: number;
  readonly workTime: number;
  readonly rightPartyHandleTime: number;
  readonly rightPartyContacts: number;
  readonly wrongPartyHandleTime: number;
  readonly wrongPartyContacts: number;
  readonly holdTime: number;
  readonly active: number;
}

/** Figures of one window of 15 or 30 minutes. Times in seconds. */
export interface HistoricalBody {
  readonly acdType: string;
  readonly reportVersion: string;
  /** ISO 8601, UTC, with milliseconds and "Z". */
  readonly startDate: string;
  readonly endDate: string;
  readonly status: string;
  readonly statusReason: string;
  readonly reportData: {
    readonly queueReport: readonly QueueReportWire[];
    readonly agentQueueReport: readonly AgentQueueReportRow[];
    readonly agentSystemPerformanceReport: readonly AgentSystemPerformanceWire[];
  };
}

/** Activities that ended in one window. Durations in milliseconds, unlike every other time. */
export type AgentActivityBody = AgentActivityWire;

/** One tenant of CXone Mpower WFM. It calls nobody until it is asked, and has at most one sign-in in flight. */
export class MpowerClient {
  readonly #wfm: Wfm;

  /** Throws a `TypeError` when a setting is not one, with the name of the setting and never its value. */
  constructor(settings: MpowerClientSettings, deps: UpstreamDeps) {
    const { accessKeySecret, ...rest } = settings;
    const parsed = mpowerSettingsSchema.safeParse({ ...rest, kind: 'cxone-mpower' });
    if (!parsed.success) {
      throw new TypeError(`The settings of the Mpower client are not right. ${describeIssues(parsed.error)}`);
    }
    if (!accessKeySecret)
      throw new TypeError('The settings of the Mpower client are not right. accessKeySecret is empty.');
    this.#wfm = openMpower(parsed.data, { accessKeySecret }, deps);
  }

  /** Makes sure of a token. Not needed before sending. Never throws. */
  signIn(): Promise<Outcome> {
    return this.#wfm.signIn();
  }

  /** Sends agent states. Never throws for what the network or CXone does: every failure is an outcome. */
  sendAgentStates(body: AgentStatesBody): Promise<Outcome> {
    return this.#wfm.send('agent-states', JSON.stringify(body));
  }

  /** Sends the figures of a window: intraday and skill history. Figures sent again replace the earlier ones. */
  sendHistorical(body: HistoricalBody): Promise<Outcome> {
    return this.#wfm.send('historical', JSON.stringify(body));
  }

  /** Sends activities, each once, in the window in which it ended. */
  sendAgentActivity(body: AgentActivityBody): Promise<Outcome> {
    return this.#wfm.send('agent-activity', JSON.stringify(body));
  }

  /** The exact body for a report in neutral words, durations in milliseconds. Pure: the same report gives the same bytes. */
  compose(report: Report): string {
    return this.#wfm.compose(report);
  }

  /** Composes a report and sends it. */
  send(report: Report): Promise<Outcome> {
    return this.#wfm.send(report.stream, this.#wfm.compose(report));
  }

  /** What CXone tells about the tenant's ACDs; null unless `advanced.acdDetailsPath` is set. Never throws. */
  readAcdDetails(): Promise<AcdDetails | null> {
    return this.#wfm.readAcdDetails();
  }

  /** Says that the ACD answers; null unless `advanced.heartbeatPath` is set. Never throws. */
  sendHeartbeat(atMs: number): Promise<Outcome | null> {
    return this.#wfm.sendHeartbeat(atMs);
  }
}
