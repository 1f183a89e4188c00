/**
 * Tries a connection's settings out: a sign-in and one real call per group, with what the bridge understands of the
 * answer and the body that it would send. Nothing is stored and nothing is sent: the only trace is that refused
 * credentials are remembered, so that testing locks no account.
 */
import type { Acd } from '../acd/acd.ts';
import { openAcd } from '../acd/registry.ts';
import { type ConnectionSettings, connectionSecretNames } from '../connection.ts';
import type { AgentObservation } from '../domain/agent-state.ts';
import type { TestGroup } from '../domain/form-field.ts';
import { floorToGrid, HOUR_MS, INTERVAL_MS, type Window } from '../domain/interval.ts';
import { type QueueInterval, splitAtServiceLevel } from '../domain/queue-interval.ts';
import type { UpstreamDeps } from '../http/deps.ts';
import { UpstreamError } from '../http/upstream-error.ts';
import type { MappedAgent, MappedQueue, MappedState } from '../store/mapping.ts';
import { openWfm, wfmTraits } from '../wfm/registry.ts';
import type { Wfm } from '../wfm/wfm.ts';

/** The three groups of the connection page, each tried by itself. */

export interface Finding {
  readonly tone: 'good' | 'note' | 'warn' | 'bad';
  readonly text: string;
}

export interface TestResult {
  readonly group: TestGroup;
  /** False when the settings do not work. */
  readonly ok: boolean;
  /** What was found, in sentences, in the order in which it was found. */
  readonly findings: readonly Finding[];
  /** The answer's first rows as the bridge understood them. */
  readonly table: TestTable | null;
  /** A body that would be sent, exactly; null where nothing came that could be. */
  readonly body: string | null;
  /** The WFM's own words about its ACDs, where the settings ask for them. */
  readonly acdDetails: string | null;
}

/** A text, a number, or an instant. */
export type TestCell = string | number | { readonly atMs: number };

export interface TestTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly TestCell[])[];
  /** How many rows there were in all. */
  readonly total: number;
}

/** What is known of the connection besides its settings; empty for one that does not exist yet. */
export interface KnownMapping {
  readonly agents: readonly MappedAgent[];
  readonly states: readonly MappedState[];
  readonly queues: readonly MappedQueue[];
}

export interface TestedConnection {
  readonly settings: Pick<ConnectionSettings, 'acd' | 'wfm' | 'collection'>;
  /** In clear; a group's own secret has to be there. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly mapping: KnownMapping;
}

const ROWS_SHOWN = 5;
/** A mean handle time over this looks like milliseconds taken for seconds. */
const MEAN_HANDLE_TIME_MAX_MS = 4 * HOUR_MS;
/** Stands in for the secret of a group that is not tried: a client is opened with it and never asked. */
const NOT_ASKED = 'not asked';

/** Tries one group. Throws nothing that the vendors' side can cause. */
export async function testGroup(
  group: TestGroup,
  connection: TestedConnection,
  deps: UpstreamDeps,
): Promise<TestResult> {
  const { settings, secrets } = connection;
  const unasked = Object.fromEntries(connectionSecretNames(settings).map((name) => [name, NOT_ASKED]));
  const all = { ...unasked, ...secrets };
  const wfm = openWfm(settings.wfm, all, deps);
  if (group === 'wfm') return testWfm(connection, wfm, deps);
  const acd = openAcd(settings.acd, all, deps);
  try {
    return group === 'real-time'
      ? await testRealTime(connection, acd, wfm)
      : await testHistorical(connection, acd, wfm, deps.clock.nowMs());
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    return failed(group, `${error.message}.`);
  }
}

function failed(group: TestGroup, text: string): TestResult {
  return { group, ok: false, findings: [{ tone: 'bad', text }], table: null, body: null, acdDetails: null };
}

async function testRealTime({ mapping }: TestedConnection, acd: Acd, wfm: Wfm): Promise<TestResult> {
  const snapshot = await look(acd);
  if (!snapshot) return failed('real-time', 'This source is not asked for agent states: it sends them.');
  const { agents } = snapshot;
  const findings: Finding[] = [
    { tone: 'good', text: `Signed in, and read the states of ${count(agents.length, 'agent')}.` },
    ...refusedFinding(snapshot.refused),
  ];
  if (agents.length === 0) {
    findings.push({
      tone: 'warn',
      text: 'The answer names no agent. If some should be there, check the real-time path.',
    });
  }
  const byName = agentsByName(mapping.agents);
  const states = new Map(mapping.states.map((state) => [`${state.name}\u0000${state.reason}`, state]));
  const shown = agents.slice(0, ROWS_SHOWN);
  const events = shown.map((agent) => eventOf(agent, byName.get(agent.agentId), states, snapshot.arrivedAtMs));
  const unplaced = agents.filter(({ agentId }) => !byName.get(agentId)?.loginId).length;
  if (unplaced > 0) {
    const text =
      mapping.agents.length === 0
        ? 'The login ids come with the roster, which is imported once the connection is saved; the body shows their places.'
        : `${count(unplaced, 'agent')} of the answer ${unplaced === 1 ? 'has' : 'have'} no login id yet: their states are held until the roster or the mapping gives one.`;
    findings.push({ tone: 'note', text });
  }
  return {
    group: 'real-time',
    ok: true,
    findings,
    table: {
      columns: ['Agent', 'Login id', 'State', 'Since'],
      rows: shown.map(({ agentId, name, reason, sinceMs }) => [
        agentId,
        byName.get(agentId)?.loginId ?? '',
        reason === '' ? name : `${name} (${reason})`,
        sinceMs === null ? 'not told' : { atMs: sinceMs },
      ]),
      total: agents.length,
    },
    body: events.length === 0 ? null : wfm.compose({ stream: 'agent-states', events }),
    acdDetails: null,
  };
}

/** One look at what agents do, whichever way the source tells it; null where it cannot be asked. */
async function look({ readAgentStates, readAgentEvents }: Acd) {
  if (readAgentStates) {
    const { agents, refused, arrivedAtMs } = await readAgentStates();
    return { agents: agents === 'unchanged' ? [] : agents, refused, arrivedAtMs };
  }
  if (!readAgentEvents) return null;
  const { events, refused, arrivedAtMs } = await readAgentEvents(null);
  const latest = new Map<string, AgentObservation>();
  for (const { agentId, name, reason, atMs } of events) {
    if ((latest.get(agentId)?.sinceMs ?? 0) <= atMs) latest.set(agentId, { agentId, name, reason, sinceMs: atMs });
  }
  return { agents: [...latest.values()], refused, arrivedAtMs };
}

function eventOf(
  { agentId, name, reason, sinceMs }: AgentObservation,
  agent: MappedAgent | undefined,
  states: ReadonlyMap<string, MappedState>,
  arrivedAtMs: number,
) {
  const state = states.get(`${name}\u0000${reason}`);
  return {
    loginId: agent?.loginId || `(login id of ${agentId})`,
    eventCode: state?.eventCode ?? name,
    reasonCode: state?.reasonCode ?? reason,
    stateClass: state?.stateClass ?? 'not ready',
    atMs: sinceMs ?? arrivedAtMs,
  };
}

async function testHistorical(
  { settings, mapping }: TestedConnection,
  acd: Acd,
  wfm: Wfm,
  nowMs: number,
): Promise<TestResult> {
  const endMs = floorToGrid(nowMs - settings.collection.settleDelayS * 1_000);
  const window = { startMs: endMs - INTERVAL_MS, endMs };
  if (!acd.readQueueIntervals) return failed('historical', 'This source is not asked for figures: it sends them.');
  const { intervals, refused } = await acd.readQueueIntervals(window);
  const span = `${new Date(window.startMs).toISOString().slice(0, 16).replace('T', ' ')} to ${new Date(endMs).toISOString().slice(11, 16)} UTC`;
  const findings: Finding[] = [
    {
      tone: 'good',
      text: `Signed in, and read the interval ${span}: figures of ${count(intervals.length, 'queue')}.`,
    },
    ...refusedFinding(refused),
    ...plausibility(intervals),
  ];
  const queues = new Map(mapping.queues.flatMap((queue) => queueNames(queue).map((name) => [name, queue] as const)));
  const shown = intervals.slice(0, ROWS_SHOWN);
  const figures = shown.map((interval) => figuresOf(interval, queues.get(interval.queueId), settings));
  return {
    group: 'historical',
    ok: true,
    findings,
    table: {
      columns: ['Queue', 'Name', 'Offered', 'Abandoned', 'Handle time (s)'],
      rows: shown.map(({ queueId, queueName, offered, abandoned, handleTimeMs }) => [
        queueId,
        queues.get(queueId)?.name || queueName,
        offered,
        abandoned,
        handleTimeMs / 1_000,
      ]),
      total: intervals.length,
    },
    body: figures.length === 0 ? null : historicalBody(wfm, window, figures),
    acdDetails: null,
  };
}

function historicalBody(wfm: Wfm, window: Window, queues: readonly ReturnType<typeof figuresOf>[]): string {
  return wfm.compose({ stream: 'historical', window, queues, agentQueues: [], performance: [] });
}

function figuresOf(
  { queueId, queueName, offered, abandoned, handleTimeMs }: QueueInterval,
  queue: MappedQueue | undefined,
  settings: TestedConnection['settings'],
) {
  return {
    queueValue: queue?.queueValue ?? queueId,
    queueName: queue?.name || queueName,
    isOutbound: queue?.isOutbound ?? false,
    ...splitAtServiceLevel({ offered, abandoned }, queue?.shortPct ?? settings.collection.shortPct),
    handleTimeMs,
    workTimeMs: 0,
    queueDelayTimeMs: 0,
    holdTimeMs: 0,
  };
}

/** What is odd about figures although they could be read. */
function plausibility(intervals: readonly QueueInterval[]): Finding[] {
  if (intervals.length === 0) {
    const text =
      'The answer has no rows. That is right only where no contact came in that interval; else check the historical path and its parameters.';
    return [{ tone: 'warn', text }];
  }
  const handled = intervals.reduce((sum, { offered, abandoned }) => sum + Math.max(0, offered - abandoned), 0);
  const handleTimeMs = intervals.reduce((sum, interval) => sum + interval.handleTimeMs, 0);
  if (handled === 0 || handleTimeMs / handled <= MEAN_HANDLE_TIME_MAX_MS) return [];
  const text = `The mean handle time is ${Math.round(handleTimeMs / handled / HOUR_MS)} hours a contact: NCC seems to give milliseconds. See "Unit of handle time" under Advanced.`;
  return [{ tone: 'warn', text }];
}

async function testWfm({ settings }: TestedConnection, wfm: Wfm, deps: UpstreamDeps): Promise<TestResult> {
  const signedIn = await wfm.signIn();
  if (signedIn.kind !== 'accepted') return failed('wfm', `${signedIn.reason}.`);
  const findings: Finding[] = [{ tone: 'good', text: 'Signed in with the access key.' }];
  const details = await wfm.readAcdDetails();
  if (details === null) {
    const text = 'The reports themselves cannot be tried out without sending something: nothing else is asked.';
    findings.push({ tone: 'note', text });
  } else if (details.outcome.kind === 'accepted') {
    findings.push({ tone: 'good', text: 'Read the ACD details.' }, ...acdTypeFinding(details.acdTypes, settings));
  } else {
    findings.push({ tone: 'warn', text: `The ACD details could not be read: ${details.outcome.reason}.` });
  }
  const event = {
    loginId: '(a login id)',
    eventCode: 'Available',
    reasonCode: '',
    stateClass: 'ready' as const,
    atMs: deps.clock.nowMs(),
  };
  return {
    group: 'wfm',
    ok: true,
    findings,
    table: null,
    body: wfm.compose({ stream: 'agent-states', events: [event] }),
    acdDetails: details?.text || null,
  };
}

function acdTypeFinding(acdTypes: readonly string[], { wfm }: TestedConnection['settings']): Finding[] {
  const { acdType } = wfmTraits(wfm);
  if (acdTypes.length === 0 || acdType === null) return [];
  const list = acdTypes.join(', ');
  if (acdTypes.includes(acdType)) return [{ tone: 'good', text: `CXone knows the ACD type ${acdType}.` }];
  return [{ tone: 'warn', text: `CXone names other ACD types than ${acdType}: ${list}.` }];
}

function refusedFinding(refused: readonly { readonly reason: string }[]): Finding[] {
  const [first] = refused;
  if (!first) return [];
  const text = `${count(refused.length, 'row')} could not be read and would be set aside; the first: ${first.reason}.`;
  return [{ tone: 'warn', text }];
}

function agentsByName(agents: readonly MappedAgent[]): Map<string, MappedAgent> {
  const names = agents.flatMap((agent) =>
    [agent.username, agent.aliasId, agent.sourceId].filter(Boolean).map((name) => [name, agent] as const),
  );
  return new Map(names);
}

function queueNames({ aliasId, sourceId }: MappedQueue): string[] {
  return [aliasId, sourceId].filter(Boolean);
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
}
