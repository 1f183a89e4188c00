/**
 * Writes reports in CXone Mpower's words: the three bodies, with exactly the fields of NICE's published examples and in
 * their order. Pure: the same report gives the same bytes, so that sending again is harmless.
 */
import type { Window } from '../../domain/interval.ts';
import type {
  AgentActivities,
  AgentPerformance,
  AgentQueueFigures,
  AgentStateEvent,
  QueueFigures,
  Report,
} from '../wfm.ts';
import type {
  AgentActivityWire,
  AgentQueueReportWire,
  AgentStateWire,
  AgentSystemPerformanceWire,
  HistoricalWire,
  QueueReportWire,
} from './schema.ts';

/** The settings that every body carries. */
export interface ReportIdentity {
  readonly acdType: string;
  readonly acdId: string;
  readonly reportVersion: string;
}

/** The body for a report. Throws `RangeError` for an instant that is none: the caller's mistake, not the data's. */
export function composeReport(report: Report, identity: ReportIdentity): string {
  switch (report.stream) {
    case 'agent-states':
      return JSON.stringify({ agentStateList: report.events.map((event) => agentState(event, identity.acdId)) });
    case 'historical':
      return JSON.stringify(historical(report, identity));
    case 'agent-activity':
      return JSON.stringify(agentActivity(report.window, report.agents, identity));
  }
}

function agentState({ loginId, eventCode, reasonCode, atMs }: AgentStateEvent, acdId: string): AgentStateWire {
  return { loginId, acdId, eventCode, reasonCode, eventUtcTime: isoUtc(atMs) };
}

function historical(
  { window, queues, agentQueues, performance }: Extract<Report, { stream: 'historical' }>,
  identity: ReportIdentity,
): HistoricalWire {
  return {
    ...header(window, identity),
    status: 'SUCCESS',
    statusReason: '',
    reportData: {
      queueReport: queues.map(queueReport),
      agentQueueReport: agentQueues.map(agentQueueReport),
      agentSystemPerformanceReport: performance.map(agentPerformance),
    },
  };
}

/** What a source does not have is sent as 0, never left out. */
function queueReport(figures: QueueFigures): QueueReportWire {
  return {
    queueValue: figures.queueValue,
    queueName: queueNameOf(figures),
    isOutbound: figures.isOutbound,
    contactsReceived: figures.contactsReceived,
    abandonedShort: figures.abandonedShort,
    abandonedLong: figures.abandonedLong,
    handledShort: figures.handledShort,
    handledLong: figures.handledLong,
    handleTime: seconds(figures.handleTimeMs),
    workTime: seconds(figures.workTimeMs),
    queueDelayTime: seconds(figures.queueDelayTimeMs),
    svcLvlPct: figures.serviceLevelPct,
    rightPartyHandleTime: 0,
    rightPartyContacts: 0,
    wrongPartyHandleTime: 0,
    wrongPartyContacts: 0,
    backlog: 0,
    backlogNotExpired: 0,
    backlogExpired: 0,
    holdTime: seconds(figures.holdTimeMs),
    active: 0,
  };
}

/** Whole seconds, as in agentPerformance: fractions are published for queueReport alone. */
function agentQueueReport(figures: AgentQueueFigures): AgentQueueReportWire {
  return {
    queueValue: figures.queueValue,
    queueName: queueNameOf(figures),
    isOutbound: figures.isOutbound,
    agentValue: figures.agentValue,
    agentId: figures.employeeId,
    handled: figures.handled,
    handledTime: wholeSeconds(figures.handleTimeMs),
    workTime: wholeSeconds(figures.workTimeMs),
    rightPartyHandleTime: 0,
    rightPartyContacts: 0,
    wrongPartyHandleTime: 0,
    wrongPartyContacts: 0,
    holdTime: wholeSeconds(figures.holdTimeMs),
    active: 0,
  };
}

/** An agent's times in whole seconds, as NICE's examples have them; ready and not ready together are never over login. */
function agentPerformance(times: AgentPerformance): AgentSystemPerformanceWire {
  const loginTime = wholeSeconds(times.loginTimeMs);
  const readyTime = Math.min(wholeSeconds(times.readyTimeMs), loginTime);
  const notReadyTime = Math.min(wholeSeconds(times.notReadyTimeMs), loginTime - readyTime);
  return { agentValue: times.agentValue, agentId: times.employeeId, readyTime, notReadyTime, loginTime };
}

function agentActivity(
  window: Window,
  agents: readonly AgentActivities[],
  identity: ReportIdentity,
): AgentActivityWire {
  return {
    ...header(window, identity),
    reportData: agents.map(({ agentValue, employeeId, loginId, activities }) => ({
      agentValue,
      agentId: employeeId,
      userName: loginId,
      agentActivity: activities.map(({ state, startMs, durationMs, reason }) => ({
        state,
        startTime: isoUtc(startMs),
        duration: durationMs,
        reason,
      })),
    })),
  };
}

function header({ startMs, endMs }: Window, { acdType, reportVersion }: ReportIdentity) {
  return { acdType, reportVersion, startDate: isoUtc(startMs), endDate: isoUtc(endMs) };
}

/** A queue that nobody has named goes by its key: the published bodies have no empty name. */
function queueNameOf({ queueName, queueValue }: Pick<QueueFigures, 'queueName' | 'queueValue'>): string {
  return queueName.trim() === '' ? queueValue : queueName;
}

/** ISO 8601, UTC, with milliseconds and "Z". */
function isoUtc(atMs: number): string {
  return new Date(atMs).toISOString();
}

function seconds(ms: number): number {
  return ms / 1_000;
}

function wholeSeconds(ms: number): number {
  return Math.round(ms / 1_000);
}
