/** Builds the windowed reports from stored facts. The same facts and mapping give the same report. */
import { activitiesEndedIn, timeIn } from '../domain/activity.ts';
import type { Window } from '../domain/interval.ts';
import { splitAtServiceLevel } from '../domain/queue-interval.ts';
import type { QueueSums } from '../store/queue-intervals.ts';
import { type AgentEntries, readEntries } from '../store/state-changes.ts';
import type { AgentActivities, AgentPerformance, QueueFigures, Report } from '../wfm/wfm.ts';
import type { BridgeDeps, Config, Session } from './session.ts';

const AGENTS_PER_PAGE = 2_000;

/** Every agent's entries that matter for a window, in pages, so that memory stays bounded. */
export async function* entriesOf(deps: BridgeDeps, connectionId: number, window: Window): AsyncGenerator<AgentEntries> {
  let afterAgentKey: number | null = 0;
  while (afterAgentKey !== null) {
    const page: { agents: AgentEntries[]; lastAgentKey: number | null } = await readEntries(
      deps.db,
      connectionId,
      window,
      afterAgentKey,
      AGENTS_PER_PAGE,
    );
    yield* page.agents;
    afterAgentKey = page.lastAgentKey;
  }
}

const classOf = (config: Config) => (stateId: number) => config.states.get(stateId)?.stateClass ?? 'not ready';

/** Queue figures of a window from its stored rows, summed over its intervals, of the queues that are included. */
function queueFiguresOf({ config }: Session, rows: readonly QueueSums[]): QueueFigures[] {
  const queues = new Map(config.queues.map((queue) => [queue.key, queue]));
  const sums = new Map<number, { offered: number; abandoned: number; handleTimeMs: number }>();
  for (const { queueKey, offered, abandoned, handleTimeMs } of rows) {
    const sum = sums.get(queueKey) ?? { offered: 0, abandoned: 0, handleTimeMs: 0 };
    sum.offered += offered;
    sum.abandoned += abandoned;
    sum.handleTimeMs += handleTimeMs;
    sums.set(queueKey, sum);
  }
  const figures: QueueFigures[] = [];
  for (const [key, sum] of sums) {
    const queue = queues.get(key);
    if (!queue?.included) continue;
    const counts = splitAtServiceLevel(sum, queue.shortPct ?? config.settings.collection.shortPct);
    const { queueValue, name: queueName, isOutbound } = queue;
    figures.push({ queueValue, queueName, isOutbound, ...counts, handleTimeMs: sum.handleTimeMs, workTimeMs: 0 });
  }
  return figures;
}

/** Times of every included agent signed in at any time in the window. Empty for time in which nobody looked. */
export async function performanceOf(deps: BridgeDeps, session: Session, window: Window): Promise<AgentPerformance[]> {
  const { config, connectionId } = session;
  const performance: AgentPerformance[] = [];
  for await (const { agentKey, entries } of entriesOf(deps, connectionId, window)) {
    const agent = config.agents.get(agentKey);
    if (!agent?.included || agent.loginId === '') continue;
    const time = timeIn(entries, window, classOf(config));
    if (time.loginTimeMs === 0) continue;
    performance.push({ agentValue: agent.sourceId, employeeId: agent.employeeId, ...time });
  }
  return performance;
}

/** Activities that ended in a window. `held`: how many belong to agents that cannot be placed yet. */
export async function activitiesOf(
  deps: BridgeDeps,
  session: Session,
  window: Window,
): Promise<{ agents: AgentActivities[]; held: number }> {
  const { config, connectionId } = session;
  const agents: AgentActivities[] = [];
  let held = 0;
  for await (const { agentKey, entries } of entriesOf(deps, connectionId, window)) {
    const agent = config.agents.get(agentKey);
    if (!agent?.included) continue;
    const spans = activitiesEndedIn(entries, window, classOf(config));
    if (spans.length === 0) continue;
    if (agent.loginId === '') {
      held += spans.length;
      continue;
    }
    const activities = spans.map(({ stateId, startMs, endMs }) => {
      const state = config.states.get(stateId);
      return {
        state: state?.eventCode ?? '',
        reason: state?.reasonCode ?? '',
        startMs,
        durationMs: endMs - startMs,
      };
    });
    const { sourceId: agentValue, employeeId, loginId } = agent;
    agents.push({ agentValue, employeeId, loginId, activities });
  }
  return { agents, held };
}

/** A windowed report with the records that it is about, for the account. */
export interface BuiltReport {
  readonly report: Exclude<Report, { stream: 'agent-states' }>;
  readonly recordCount: number;
  readonly heldCount: number;
}

/**
 * The historical report of a window from its stored `rows`. `watched`: whether the window's states are known, so that
 * times can be given.
 */
export async function buildHistorical(
  deps: BridgeDeps,
  session: Session,
  window: Window,
  { rows, watched }: { rows: readonly QueueSums[]; watched: boolean },
): Promise<BuiltReport> {
  const queues = queueFiguresOf(session, rows);
  const performance = watched ? await performanceOf(deps, session, window) : [];
  return { report: { stream: 'historical', window, queues, performance }, recordCount: queues.length, heldCount: 0 };
}

export async function buildActivity(deps: BridgeDeps, session: Session, window: Window): Promise<BuiltReport> {
  const { agents, held } = await activitiesOf(deps, session, window);
  const recordCount = agents.reduce((total, agent) => total + agent.activities.length, 0);
  return { report: { stream: 'agent-activity', window, agents }, recordCount, heldCount: held };
}
