/**
 * One connection as a running loop holds it: settings, clients, mapping and the last committed states. All of it is a
 * cache of D1 and can be dropped at any moment; `openSession` builds it anew and takes the lease.
 */
import type { Acd } from '../acd/acd.ts';
import { acdTraits } from '../acd/registry.ts';
import { type ConnectionSettings, connectionSecretNames, connectionSettingsSchema } from '../connection.ts';
import type { AcdState, AgentObservation } from '../domain/agent-state.ts';
import { MINUTE_MS, type Window } from '../domain/interval.ts';
import { type TrackedAgent, UNSEEN } from '../domain/snapshot.ts';
import type { UpstreamDeps } from '../http/deps.ts';
import { credentialContext, readConnection } from '../store/connections.ts';
import { readSealedSecrets } from '../store/credentials.ts';
import {
  addStandings,
  type Feed,
  type FeedStanding,
  readFeeds,
  readStreams,
  type Standing,
  type StreamStanding,
} from '../store/feeds.ts';
import { claimLease } from '../store/lease.ts';
import {
  type MappedAgent,
  type MappedQueue,
  type MappedState,
  readAgents,
  readQueues,
  readStates,
} from '../store/mapping.ts';
import { signInMemory } from '../store/sign-ins.ts';
import { readPresentStates } from '../store/state-changes.ts';
import { type LogHead, readLogHead, type StatesProgress } from '../store/state-log.ts';
import type { Stream, Wfm } from '../wfm/wfm.ts';
import { openClients } from './clients.ts';

/** What every job is handed by whoever runs the bridge. */
export interface BridgeDeps extends Omit<UpstreamDeps, 'connectionId' | 'signIns'> {
  readonly db: D1Database;
}

/** Why a connection cannot run until somebody changes something. `message` says what. */
export class ConnectionUnusableError extends Error {
  override readonly name = 'ConnectionUnusableError';
}

/** The part of a session that follows the connection's settings and mapping; replaced whole when they change. */
export interface Config {
  readonly version: number;
  readonly settings: ConnectionSettings;
  readonly acd: Acd;
  readonly wfm: Wfm;
  /** By key; grows as unknown agents turn up. */
  readonly agents: Map<number, MappedAgent>;
  /** By every name under which the source may speak of the agent. */
  readonly agentsByName: Map<string, MappedAgent>;
  readonly states: Map<number, MappedState>;
  /** By `stateKey`. */
  readonly statesByName: Map<string, MappedState>;
  readonly queues: readonly MappedQueue[];
  /** When the latest of the agents was first seen whom nobody can place; null: there are none. Grows with them. */
  unplacedSinceMs: number | null;
}

export interface Session {
  readonly connectionId: number;
  readonly epoch: number;
  config: Config;
  /** Agents as last committed, by the name that the source uses. */
  readonly tracked: Map<string, TrackedAgent>;
  head: LogHead | null;
  progress: StatesProgress;
  /** True while `progress` is ahead of what is stored. */
  progressUnsaved: boolean;
  /** This session has stored progress by itself, not with a poll. */
  hasStoredProgress: boolean;
  /** Ends when nobody writes the log or its progress (src/jobs/stream-progress.ts). */
  logTurn: Promise<void>;
  /** The log's count of changes when nothing of it was left to send: until it grows, there is nothing to look for. */
  sentReadCount: number | null;
  /** The agents of the last good answer, for when the next one is the same; null before the first. */
  lastAgents: readonly AgentObservation[] | null;
  /** Suspiciously empty answers in a row. */
  emptyAnswers: number;
  /** The look before left somebody missing or held back: the next one matters even when it is the same. */
  unsettled: boolean;
  signedIn: number;
  /** When the last poll's request left, by the clock: polls keep their distance. Null: nobody knows. */
  pollStartedMs: number | null;
  /** The source has shown that it gives no start times, so that it cannot answer for several intervals at once. */
  readsIntervalsOneByOne: boolean;
  /** Of these intervals a joint answer was of no use: they are asked for one by one, others together. Null: none. */
  oneByOneWithin: Window | null;
  /** Unusable answers in a row of intervals asked for alone, by start. */
  readonly unusableAnswers: Map<number, number>;
  readonly feeds: Map<Feed, FeedStanding>;
  readonly streams: Map<Stream, StreamStanding>;
  /** Whose records were refused since something was accepted (src/jobs/refused-keys.ts). */
  readonly refusedKeys: Map<Stream, ReadonlySet<string>>;
  /** What became of changes beyond the cursor, while refused ones before them are looked into; by their place in the log. */
  readonly sentAhead: Map<string, 'accepted' | { readonly status: number; readonly reason: string }>;
  /** When the last body of a backlog was sent: catching up keeps to a rate. */
  lastHistoryBodyMs: number;
  /** Reports of windows before this may have left out agents that have a login id by now; null: none have. */
  heldReportsBeforeMs: number | null;
}

/** Reports of any window. */
export const ALL_HELD_REPORTS = Number.MAX_SAFE_INTEGER;

/** Takes the lease and reads everything. Null when the connection is gone or paused. Throws `ConnectionUnusableError`. */
export async function openSession(deps: BridgeDeps, connectionId: number): Promise<Session | null> {
  const connection = await readConnection(deps.db, connectionId);
  if (!connection || connection.paused) return null;
  const epoch = await claimLease(deps.db, connectionId, deps.clock.nowMs());
  if (epoch === null) return null;
  await deps.db.batch(addStandings(deps.db, connectionId));
  const config = await loadConfig(deps, connectionId, null);
  if (!config) return null;
  const { head, progress } = await readLogHead(deps.db, connectionId);
  const present = await readPresentStates(deps.db, connectionId);
  const tracked = new Map<string, TrackedAgent>();
  for (const agent of config.agents.values()) {
    const state = present.get(agent.key);
    if (state) tracked.set(agent.sourceId, { ...UNSEEN, state });
  }
  return {
    connectionId,
    epoch,
    config,
    tracked,
    head,
    progress,
    progressUnsaved: false,
    hasStoredProgress: false,
    logTurn: Promise.resolve(),
    sentReadCount: null,
    lastAgents: null,
    emptyAnswers: 0,
    unsettled: true,
    signedIn: 0,
    pollStartedMs: null,
    readsIntervalsOneByOne: false,
    oneByOneWithin: null,
    unusableAnswers: new Map(),
    feeds: triedAtOnce(await readFeeds(deps.db, connectionId)),
    streams: triedAtOnce(await readStreams(deps.db, connectionId)),
    refusedKeys: new Map(),
    sentAhead: new Map(),
    lastHistoryBodyMs: 0,
    heldReportsBeforeMs: ALL_HELD_REPORTS,
  };
}

/** Kinds of failures that a change of settings mends, and that the other side did not ask to be spared after. */
const MENDED_BY_SETTINGS = ['sign-in', 'unanswered sign-in', 'address', 'redirect', 'misconfigured'];

/**
 * What failed because of what is set may have been changed while nobody looked: a new session tries it. Whether credentials
 * may be tried is for the keeper of their token to say; it remembers which ones were refused.
 */
function triedAtOnce<N, S extends Standing>(standings: ReadonlyMap<N, S>): Map<N, S> {
  const isMendable = ({ errorKind }: S) => MENDED_BY_SETTINGS.includes(errorKind);
  return new Map([...standings].map(([name, one]) => [name, isMendable(one) ? { ...one, retryAtMs: 0 } : one]));
}

/**
 * Reads settings, secrets and mapping. `before`: the config in use; its clients, with their tokens and last answers, are
 * kept when only the mapping changed. Null when the connection is gone or paused.
 */
export async function loadConfig(
  deps: BridgeDeps,
  connectionId: number,
  before: Config | null,
): Promise<Config | null> {
  const connection = await readConnection(deps.db, connectionId);
  if (!connection || connection.paused) return null;
  const parsed = connectionSettingsSchema.safeParse(JSON.parse(connection.settings));
  if (!parsed.success) {
    throw new ConnectionUnusableError(
      `The stored settings of "${connection.name}" are not valid any more. Open the connection page and save it again.`,
    );
  }
  const settings = parsed.data;
  const secrets = await openSecrets(deps, connectionId, settings);
  const [agents, states, queues] = await Promise.all([
    readAgents(deps.db, connectionId),
    readStates(deps.db, connectionId),
    readQueues(deps.db, connectionId),
  ]);
  const upstream: UpstreamDeps = { ...deps, connectionId, signIns: signInMemory(deps.db, connectionId) };
  const key = clientKey(settings, secrets);
  const same = before !== null && clientKeys.get(before.acd) === key;
  const { acd, wfm } = same ? before : openClients(settings, secrets, upstream);
  clientKeys.set(acd, key);
  return {
    version: connection.configVersion,
    settings,
    acd,
    wfm,
    agents: new Map(agents.map((agent) => [agent.key, agent])),
    agentsByName: nameAgents(agents),
    states: new Map(states.map((state) => [state.id, state])),
    statesByName: new Map(states.map((state) => [stateKey(state), state])),
    queues,
    unplacedSinceMs: latestUnplacedMs(agents),
  };
}

/** When the latest of these agents was first seen whom nobody can place; null: all can be placed. */
export function latestUnplacedMs(agents: Iterable<MappedAgent>, knownMs: number | null = null): number | null {
  let latestMs = knownMs;
  for (const { unplacedSinceMs } of agents) {
    if (unplacedSinceMs !== null && unplacedSinceMs > (latestMs ?? 0)) latestMs = unplacedSinceMs;
  }
  return latestMs;
}

/** What a source object was opened with: tells whether it still serves. Held in memory only, never written. */
const clientKeys = new WeakMap<Acd, string>();
const clientKey = (settings: ConnectionSettings, secrets: Readonly<Record<string, string>>) =>
  JSON.stringify([settings.acd, settings.wfm, secrets]);

async function openSecrets(
  deps: BridgeDeps,
  connectionId: number,
  settings: ConnectionSettings,
): Promise<Record<string, string>> {
  const sealed = await readSealedSecrets(deps.db, connectionId);
  const secrets: Record<string, string> = {};
  for (const name of connectionSecretNames(settings)) {
    const text = sealed.get(name);
    if (text === undefined) {
      throw new ConnectionUnusableError(`The secret "${name}" is not set. Enter it on the connection page.`);
    }
    try {
      secrets[name] = await deps.sealer.open(text, credentialContext(connectionId, name));
    } catch (cause) {
      throw new ConnectionUnusableError(
        `The stored secret "${name}" cannot be opened with the present ENCRYPTION_KEY. Put the key that sealed it back, ` +
          'or enter the secret again on the connection page.',
        { cause },
      );
    }
  }
  return secrets;
}

/** Agents by user name, other id and id; where two claim a name, the one whose id it is has it. */
function nameAgents(agents: readonly MappedAgent[]): Map<string, MappedAgent> {
  const byName = new Map<string, MappedAgent>();
  for (const agent of agents) if (agent.username) byName.set(agent.username, agent);
  for (const agent of agents) if (agent.aliasId) byName.set(agent.aliasId, agent);
  for (const agent of agents) byName.set(agent.sourceId, agent);
  return byName;
}

/** Puts an agent's new facts in the place of the old ones, under all its names. */
export function replaceAgent(config: Config, agent: MappedAgent): void {
  config.agents.set(agent.key, agent);
  for (const name of [agent.username, agent.aliasId, agent.sourceId]) {
    if (name && config.agentsByName.get(name)?.key === agent.key) config.agentsByName.set(name, agent);
  }
}

/**
 * Puts a config that was read anew in force. What only this session changes is taken over from the one before: lanes may
 * have held or released changes, or stored agents and states never seen before, while it was read.
 */
export function replaceConfig(session: Session, config: Config): void {
  for (const agent of session.config.agents.values()) {
    const fresh = config.agents.get(agent.key);
    if (fresh) replaceAgent(config, { ...fresh, heldCount: agent.heldCount, heldFromMs: agent.heldFromMs });
    else {
      config.agents.set(agent.key, agent);
      config.unplacedSinceMs = latestUnplacedMs([agent], config.unplacedSinceMs);
      if (!config.agentsByName.has(agent.sourceId)) config.agentsByName.set(agent.sourceId, agent);
    }
  }
  for (const state of session.config.states.values()) {
    if (config.states.has(state.id)) continue;
    config.states.set(state.id, state);
    config.statesByName.set(stateKey(state), state);
  }
  session.config = config;
}

/** How a state is looked up by what the source calls it. */
export const stateKey = ({ name, reason }: AcdState): string => (reason === '' ? name : `${name}\u0000${reason}`);

export const feedOf = (session: Session, name: Feed): FeedStanding =>
  session.feeds.get(name) ?? { ...NEW_STANDING, throughMs: null };

export const streamOf = (session: Session, name: Stream): StreamStanding =>
  session.streams.get(name) ?? {
    ...NEW_STANDING,
    refusedInARow: 0,
    readCount: 0,
    deliveredCount: 0,
    setAsideCount: 0,
    catchUp: null,
  };

const NEW_STANDING = { failures: 0, failingSinceMs: null, retryAtMs: 0, successAtMs: null, error: '', errorKind: '' };

/** The time between two looks beyond which the bridge does not vouch for what was between. */
export function unobservedAfterMs(settings: ConnectionSettings): number {
  const { agentStates, pollIntervalS } = acdTraits(settings.acd);
  // What is told or kept by the source is known, however long nobody looked.
  if (agentStates !== 'snapshots') return Number.POSITIVE_INFINITY;
  return Math.max(MINUTE_MS, 4_000 * pollIntervalS);
}
