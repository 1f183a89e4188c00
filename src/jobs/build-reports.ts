/** Builds the windowed reports from stored facts. The same facts and mapping give the same report. */
import { acdTraits } from '../acd/registry.ts';
import { activitiesEndedIn, type SignedInTime, timeIn } from '../domain/activity.ts';
import type { Window } from '../domain/interval.ts';
import { splitCounts } from '../domain/queue-interval.ts';
import { readAgentFigures, readAgentQueueFigures } from '../store/agent-figures.ts';
import { readTimesWithoutStates } from '../store/members.ts';
import type { QueueSums } from '../store/queue-intervals.ts';
import { type AgentEntries, readEntries } from '../store/state-changes.ts';
import { wfmTraits } from '../wfm/registry.ts';
import type {
  AgentActivities,
  AgentPerformance,
  AgentQueueFigures,
  QueueFigures,
  Report,
  StateOfWindow,
} from '../wfm/wfm.ts';
import type { BridgeDeps, Config, Session } from './session.ts';

const AGENTS_PER_PAGE = 2_000;

/** How many questions `entriesOf` asks of so many agents. */
export const pagesOfEntries = (agentCount: number): number => Math.floor(agentCount / AGENTS_PER_PAGE) + 1;

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
function queueFiguresOf({ config }: Session, stored: readonly QueueSums[]): QueueFigures[] {
  const queues = new Map(config.queues.map((queue) => [queue.key, queue]));
  const rowsOf = new Map<number, QueueSums[]>();
  for (const row of stored) {
    const rows = rowsOf.get(row.queueKey) ?? [];
    rows.push(row);
    rowsOf.set(row.queueKey, rows);
  }
  const figures: QueueFigures[] = [];
  for (const [key, rows] of rowsOf) {
    const queue = queues.get(key);
    if (!queue?.included) continue;
    const { queueValue, name: queueName, isOutbound } = queue;
    const sum = (pick: (row: (typeof rows)[number]) => number | null) =>
      rows.reduce((total, row) => total + (pick(row) ?? 0), 0);
    figures.push({
      queueValue,
      queueName,
      isOutbound,
      ...splitCounts(rows, queue.shortPct ?? config.settings.collection.shortPct),
      handleTimeMs: sum((row) => row.handleTimeMs),
      workTimeMs: sum((row) => row.workTimeMs),
      queueDelayTimeMs: sum((row) => row.queueDelayTimeMs),
      holdTimeMs: sum((row) => row.holdTimeMs),
    });
  }
  return figures;
}

/** What the source told of agents by queue in a window, of included agents and queues. Most sources tell nothing. */
async function agentQueueFiguresOf(deps: BridgeDeps, session: Session, window: Window): Promise<AgentQueueFigures[]> {
  const { config, connectionId } = session;
  const queues = new Map(config.queues.map((queue) => [queue.key, queue]));
  const rows = await readAgentQueueFigures(deps.db, connectionId, window);
  return rows.flatMap(({ queueKey, agentKey, ...figures }) => {
    const queue = queues.get(queueKey);
    const agent = config.agents.get(agentKey);
    if (!queue?.included || !agent?.included || agent.loginId === '') return [];
    const { queueValue, name: queueName, isOutbound } = queue;
    const { sourceId: agentValue, loginId, employeeId } = agent;
    return [{ queueValue, queueName, isOutbound, agentValue, loginId, employeeId, ...figures }];
  });
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
    const { sourceId: agentValue, loginId, employeeId } = agent;
    performance.push({ agentValue, loginId, employeeId, ...time });
  }
  return performance;
}

/** The same, with what the source itself told of an agent's time in the place of what follows from states. */
async function toldPerformanceOf(
  deps: BridgeDeps,
  session: Session,
  window: Window,
  derived: readonly AgentPerformance[],
): Promise<readonly AgentPerformance[]> {
  const told = await readAgentFigures(deps.db, session.connectionId, window);
  const byAgent = new Map(derived.map((row) => [row.agentValue, row]));
  for (const { agentKey, ...time } of told) {
    const agent = session.config.agents.get(agentKey);
    if (!agent?.included || agent.loginId === '') continue;
    const { sourceId: agentValue, loginId, employeeId } = agent;
    if (time.loginTimeMs === 0) byAgent.delete(agentValue);
    else byAgent.set(agentValue, { agentValue, loginId, employeeId, ...time });
  }
  return [...byAgent.values()];
}

/**
 * Times of people of whom no states are known, as members told them. Of two members that tell of one person in one interval the
 * one that saw the person longer counts.
 */
async function timesWithoutStates(deps: BridgeDeps, session: Session, window: Window): Promise<AgentPerformance[]> {
  const { config, connectionId } = session;
  const best = new Map<string, SignedInTime & { agentKey: number }>();
  for (const { startMs, memberId: _member, ...time } of await readTimesWithoutStates(deps.db, connectionId, window)) {
    const key = `${startMs} ${time.agentKey}`;
    if ((best.get(key)?.loginTimeMs ?? 0) < time.loginTimeMs) best.set(key, time);
  }
  const byAgent = new Map<number, SignedInTime>();
  for (const { agentKey, ...time } of best.values()) {
    const sum = byAgent.get(agentKey) ?? { loginTimeMs: 0, readyTimeMs: 0, notReadyTimeMs: 0 };
    byAgent.set(agentKey, {
      loginTimeMs: sum.loginTimeMs + time.loginTimeMs,
      readyTimeMs: sum.readyTimeMs + time.readyTimeMs,
      notReadyTimeMs: sum.notReadyTimeMs + time.notReadyTimeMs,
    });
  }
  return [...byAgent].flatMap(([agentKey, time]) => {
    const agent = config.agents.get(agentKey);
    if (!agent?.included || agent.loginId === '') return [];
    const { sourceId: agentValue, loginId, employeeId } = agent;
    return [{ agentValue, loginId, employeeId, ...time }];
  });
}

/** Activities that ended in a window. `held`: how many belong to agents that cannot be placed yet. */
export async function activitiesOf(
  deps: BridgeDeps,
  session: Session,
  window: Window,
): Promise<{ agents: AgentActivities[]; held: number }> {
  const { config, connectionId } = session;
  const { takesChanges } = wfmTraits(config.settings.wfm);
  const agents: AgentActivities[] = [];
  let held = 0;
  for await (const { agentKey, entries } of entriesOf(deps, connectionId, window)) {
    const agent = config.agents.get(agentKey);
    if (!agent?.included) continue;
    const spans = activitiesEndedIn(entries, window, classOf(config));
    const changes = takesChanges ? changesIn(entries, window, config) : [];
    if (spans.length === 0 && changes.length === 0) continue;
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
    agents.push({ agentValue, employeeId, loginId, activities, ...(takesChanges && { changes }) });
  }
  return { agents, held };
}

/** All entries of a window, with the class that says what they mean to whoever knows the names from elsewhere, too. */
function changesIn(entries: AgentEntries['entries'], window: Window, { states }: Config): StateOfWindow[] {
  return entries
    .filter(({ atMs }) => atMs >= window.startMs)
    .map(({ atMs, stateId }) => {
      const state = states.get(stateId);
      if (!state) return { atMs, state: '', reason: '', stateClass: null };
      return { atMs, state: state.eventCode, reason: state.reasonCode, stateClass: state.stateClass };
    });
}

/** A windowed report with the records that it is about, for the account. */
export interface BuiltReport {
  readonly report: Exclude<Report, { stream: 'agent-states' }>;
  readonly recordCount: number;
  readonly heldCount: number;
}

/** What is known of a window before its report is built. */
export interface WindowFacts {
  readonly rows: readonly QueueSums[];
  /** The window's states are known, so that times can be given. */
  readonly watched: boolean;
  /** The source told of agents' time in it. */
  readonly tellsTimes: boolean;
  /** The source told what agents did for which queue in it. */
  readonly tellsByQueue: boolean;
}

/** The historical report of a window from its stored `rows`. */
export async function buildHistorical(
  deps: BridgeDeps,
  session: Session,
  window: Window,
  { rows, watched, tellsTimes, tellsByQueue }: WindowFacts,
): Promise<BuiltReport> {
  const queues = queueFiguresOf(session, rows);
  const derived = watched ? await performanceOf(deps, session, window) : [];
  const isMerged = acdTraits(session.config.settings.acd).merges !== undefined;
  const performance = isMerged
    ? [...derived, ...(await timesWithoutStates(deps, session, window))]
    : tellsTimes
      ? await toldPerformanceOf(deps, session, window, derived)
      : derived;
  const agentQueues = tellsByQueue ? await agentQueueFiguresOf(deps, session, window) : [];
  const report = { stream: 'historical' as const, window, queues, agentQueues, performance };
  return { report, recordCount: queues.length, heldCount: 0 };
}

export async function buildActivity(deps: BridgeDeps, session: Session, window: Window): Promise<BuiltReport> {
  const { agents, held } = await activitiesOf(deps, session, window);
  const recordCount = agents.reduce((total, agent) => total + agent.activities.length, 0);
  return { report: { stream: 'agent-activity', window, agents }, recordCount, heldCount: held };
}
