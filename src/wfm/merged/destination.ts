/**
 * Another connection as a destination: delivering means that the merged connection has stored what it was handed. It holds
 * no credentials and calls no address.
 */
import type { HandedInterval, HandedOver, HandedStates, HandedWindow } from '../../domain/handed-over.ts';
import type { UpstreamDeps } from '../../http/deps.ts';
import type { WfmDestination } from '../destination.ts';
import type { AgentActivities, Outcome, Report, StateOfWindow, Wfm } from '../wfm.ts';
import { memberForm } from './form.ts';
import { type MergedSettings, mergedSettingsSchema } from './settings.ts';

/** Handing over is one call inside the bridge and a few batches of D1. */
const HAND_OVER_MS = 60_000;

export const mergedDestination: WfmDestination<MergedSettings> = {
  title: 'Another connection, which merges several',
  form: memberForm,
  settingsSchema: mergedSettingsSchema,
  secrets: [],
  addresses: () => [],
  // A window's figures take the place of what was there, so they go in one body: more than any interval has.
  traits: ({ into }) => ({
    eventsPerBodyMax: 1_000,
    bodyBytesMax: 20_000_000,
    takesChanges: true,
    handsOverTo: into,
    acdType: null,
  }),
  open: openMerged,
};

function openMerged({ into }: MergedSettings, _secrets: Readonly<Record<string, string>>, deps: UpstreamDeps): Wfm {
  return {
    compose: (report) => JSON.stringify(handedOverOf(report)),
    send: (_stream, body) => handOver(deps, into, body),
    signIn: async () => ({ kind: 'accepted', status: 200 }),
    readAcdDetails: async () => null,
    sendHeartbeat: async () => null,
  };
}

async function handOver(deps: UpstreamDeps, into: number, body: string): Promise<Outcome> {
  if (!deps.handOver) return { kind: 'misconfigured', status: null, reason: 'No other connection can be reached here' };
  const over = new AbortController();
  try {
    const answer = await Promise.race([
      deps.handOver(into, deps.connectionId, body),
      expiry(deps.clock.deadline(HAND_OVER_MS, over.signal)),
    ]);
    if (answer.ok) return { kind: 'accepted', status: 200 };
    return { kind: 'misconfigured', status: null, reason: answer.message };
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    const reason = `Connection ${into} did not say that it stored what it was handed: ${words}`;
    return { kind: 'unavailable', status: null, reason: reason.slice(0, 500), retryAfterMs: null };
  } finally {
    over.abort();
  }
}

function expiry(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`no answer within ${HAND_OVER_MS / 1_000} s`)), {
      once: true,
    });
  });
}

function handedOverOf(report: Report): HandedOver {
  switch (report.stream) {
    case 'agent-states':
      return statesOf(report);
    case 'historical':
      return intervalOf(report);
    case 'agent-activity':
      return windowOf(report);
  }
}

function statesOf({ events }: Extract<Report, { stream: 'agent-states' }>): HandedStates {
  return {
    kind: 'agent-states',
    changes: events.map(({ loginId, eventCode: state, reasonCode: reason, stateClass = 'not ready', atMs }) => {
      return { loginId, atMs, state, reason, stateClass };
    }),
  };
}

function intervalOf(report: Extract<Report, { stream: 'historical' }>): HandedInterval {
  return {
    kind: 'interval',
    startMs: report.window.startMs,
    queues: report.queues.map((queue) => {
      const { contactsReceived: offered, abandonedLong, serviceLevelPct: _derived, ...figures } = queue;
      return { ...figures, offered, abandoned: figures.abandonedShort + abandonedLong };
    }),
    agentQueues: report.agentQueues.map(({ agentValue, loginId = agentValue, ...figures }) => ({
      loginId,
      ...figures,
    })),
    times: report.performance.map(({ agentValue, loginId = agentValue, ...times }) => ({ loginId, ...times })),
  };
}

function windowOf({ window, agents }: Extract<Report, { stream: 'agent-activity' }>): HandedWindow {
  const byPerson = new Map<string, AgentActivities[]>();
  for (const agent of agents) byPerson.set(agent.loginId, [...(byPerson.get(agent.loginId) ?? []), agent]);
  const people = [...byPerson].map(([loginId, same]) => ({
    loginId,
    employeeId: same.find(({ employeeId }) => employeeId !== '')?.employeeId ?? '',
    changes: inOrder(same.flatMap(({ changes }) => changes ?? [])),
  }));
  return { kind: 'window', startMs: window.startMs, endMs: window.endMs, people };
}

/** Two agents of one login id are one person: of two changes at one instant the last one counts. */
function inOrder(changes: readonly StateOfWindow[]): StateOfWindow[] {
  const byInstant = new Map(changes.map((change) => [change.atMs, change]));
  return [...byInstant.values()].sort((a, b) => a.atMs - b.atMs);
}
