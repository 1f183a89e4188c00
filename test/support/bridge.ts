/**
 * A bridge on real D1 with a clock that the test moves, and two stand-ins behind its fetch that keep the truth: what NCC
 * shows, what Mpower accepted. Strict stand-ins as processes are in simulators/; these are for claims about the jobs.
 */

import { applyD1Migrations, reset } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { acdTraits } from '../../src/acd/registry.ts';
import { type ConnectionSettings, connectionSecretNames, connectionSettingsSchema } from '../../src/connection.ts';
import { createSealer } from '../../src/crypto/seal.ts';
import { checkRecords, type RecordCounts, type RecordKind } from '../../src/domain/record.ts';
import { Loop } from '../../src/jobs/loop.ts';
import type { BridgeDeps } from '../../src/jobs/session.ts';
import type { Clock, TokenCache } from '../../src/runtime.ts';
import { createBackfill } from '../../src/store/backfill-requests.ts';
import { createConnection, credentialContext } from '../../src/store/connections.ts';

const KEY = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
const NCC = 'https://ncc.example';
const MPOWER = 'https://mpower.example';

export interface ShownAgent {
  status: string;
  sinceMs?: number;
}

export interface AgentEvent {
  loginId: string;
  acdId: string;
  eventCode: string;
  reasonCode: string;
  eventUtcTime: string;
}

/** A call that a stand-in got, before it is answered. */
export interface Call {
  path: string;
  url: URL;
  body: unknown;
  atMs: number;
}

type Misbehaviour = (call: Call) => Response | null | Promise<Response | null>;

export interface Figures {
  'queue-id': string;
  enteredCount: number;
  abandonedCount: number;
  sumHandleTime: number;
}

export interface Bridge {
  readonly deps: BridgeDeps;
  readonly connectionId: number;
  readonly clock: { nowMs: number };
  readonly ncc: {
    agents: Map<string, ShownAgent>;
    users: Map<string, { username: string; _id?: string; enabled?: boolean }>;
    queues: Set<string>;
    /** By interval start; an interval that is not there has no rows. */
    figures: Map<number, Figures[]>;
    misbehave: Misbehaviour;
    calls: Call[];
  };
  readonly mpower: {
    events: AgentEvent[];
    historical: {
      startDate: string;
      endDate: string;
      reportData: {
        queueReport: Record<string, unknown>[];
        agentQueueReport: Record<string, unknown>[];
        agentSystemPerformanceReport: Record<string, unknown>[];
      };
    }[];
    activity: {
      startDate: string;
      endDate: string;
      reportData: {
        agentValue: string;
        userName: string;
        agentActivity: { state: string; startTime: string; duration: number }[];
      }[];
    }[];
    misbehave: Misbehaviour;
    calls: Call[];
  };
  /** Runs ticks on the grid until the clock has moved by `ms`. */
  run(ms: number): Promise<void>;
  /** Forgets everything in memory, as a crash or an eviction does. */
  crash(): void;
  /** Adds a connection beside the first, run with it; its id. */
  join(chosen: ConnectionSettings): Promise<number>;
  /** What happens to bodies that connections hand over to each other; null: they arrive. */
  handOver: { misbehave: (into: number, from: number) => 'before' | 'after' | null };
  /** Gives records to the loop, as a push does: what became of them. */
  push(
    kind: RecordKind,
    records: readonly unknown[],
    connectionId?: number,
  ): Promise<Omit<RecordCounts, 'refusedCount'>>;
  /** Asks for figures of `[fromMs, toMs)` to be loaded again, as the Coverage page does. */
  backfill(fromMs: number, toMs: number): Promise<void>;
  /** The messages that the loop logged. */
  readonly logged: string[];
}

export function settings(
  overrides: {
    name?: string;
    wfm?: object;
    collection?: object;
    ncc?: object;
    intervalS?: number;
    acd?: object;
    wfmAdvanced?: object;
  } = {},
): ConnectionSettings {
  return connectionSettingsSchema.parse({
    name: overrides.name ?? 'Test centre',
    timeZone: 'America/Chicago',
    acd: overrides.acd ?? {
      kind: 'nextiva-ncc',
      realTime: { baseUrl: NCC, username: 'wfm', collectionIntervalS: overrides.intervalS ?? 5 },
      historical: { baseUrl: NCC, username: 'wfm' },
      advanced: overrides.ncc ?? {},
    },
    wfm: overrides.wfm ?? {
      kind: 'cxone-mpower',
      baseUrl: MPOWER,
      accessKeyId: 'key',
      advanced: overrides.wfmAdvanced ?? {},
    },
    collection: overrides.collection ?? {},
  });
}

/** Opens a fresh bridge on an empty database, its clock at `startMs`. */
export async function openBridge(startMs: number, chosen: ConnectionSettings = settings()): Promise<Bridge> {
  await reset();
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
  const clock = { nowMs: startMs };
  const sleepers: { atMs: number; wake: () => void }[] = [];
  const virtual: Clock = {
    nowMs: () => clock.nowMs,
    sleep: (ms) => new Promise((wake) => sleepers.push({ atMs: clock.nowMs + ms, wake })),
    deadline: () => new AbortController().signal,
    random: () => 0.5,
  };
  const ncc: Bridge['ncc'] = {
    agents: new Map(),
    users: new Map(),
    queues: new Set(),
    figures: new Map(),
    misbehave: () => null,
    calls: [],
  };
  const mpower: Bridge['mpower'] = { events: [], historical: [], activity: [], misbehave: () => null, calls: [] };
  const deps: BridgeDeps = {
    db: env.DB,
    clock: virtual,
    tokens: memoryTokens(),
    sealer: createSealer(KEY),
    allowPrivateNetwork: false,
    handOver: async (into, from, body) => {
      const fate = handOver.misbehave(into, from);
      if (fate === 'before') throw new Error('not reached');
      const answer = await loopOf(into).handOver(from, body);
      if (fate === 'after') throw new Error('the answer was lost');
      return answer;
    },
    fetch: async (request) => {
      const url = new URL(request.url);
      const text = await request.text();
      const call = { path: url.pathname, url, body: text ? (JSON.parse(text) as unknown) : null, atMs: clock.nowMs };
      const side = url.origin === NCC ? ncc : mpower;
      side.calls.push(call);
      return (await side.misbehave(call)) ?? (url.origin === NCC ? answerNcc(ncc, call) : answerMpower(mpower, call));
    },
  };
  const connectionId = 1;
  const logged: string[] = [];
  const handOver: Bridge['handOver'] = { misbehave: () => null };
  const loops = new Map<number, { loop: Loop; readonly stepMs: number; tickedMs: number }>();
  const open = (id: number) => new Loop(deps, id, ({ message, detail }) => logged.push(`${message}\n${detail ?? ''}`));
  const loopOf = (id: number): Loop => {
    const entry = loops.get(id);
    if (!entry) throw new Error(`There is no connection ${id}.`);
    return entry.loop;
  };
  const join = async (settingsOf: ConnectionSettings): Promise<number> => {
    const id = loops.size + 1;
    const secrets = await Promise.all(
      connectionSecretNames(settingsOf).map(async (name) => ({
        name,
        sealed: await deps.sealer.seal('secret', credentialContext(id, name)),
      })),
    );
    const text = JSON.stringify(settingsOf);
    await createConnection(env.DB, {
      id,
      name: settingsOf.name,
      settings: text,
      secrets,
      nowMs: clock.nowMs,
      by: 'test',
    });
    const stepMs = acdTraits(settingsOf.acd).pollIntervalS * 1_000;
    loops.set(id, { loop: open(id), stepMs, tickedMs: Number.NEGATIVE_INFINITY });
    return id;
  };
  await join(chosen);
  const tick = async ({ loop, stepMs }: { loop: Loop; stepMs: number }) => {
    let over = false;
    const ticking = loop.tick(stepMs - 300).finally(() => {
      over = true;
    });
    const deadlineMs = clock.nowMs + stepMs - 300;
    // Real D1 work settles by itself; a lane that waits on the clock gets its time once nothing else moves.
    for (let idle = 0; !over; idle++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      const next = sleepers.filter(({ atMs }) => atMs <= deadlineMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (idle < 30 || !next) continue;
      sleepers.splice(sleepers.indexOf(next), 1);
      clock.nowMs = Math.max(clock.nowMs, next.atMs);
      next.wake();
      idle = 0;
    }
    await ticking;
    sleepers.length = 0;
  };
  return {
    deps,
    connectionId,
    clock,
    ncc,
    mpower,
    logged,
    handOver,
    join,
    crash: () => {
      for (const [id, entry] of loops) entry.loop = open(id);
    },
    push: async (kind, records, id = connectionId) => {
      const { good, refused } = checkRecords(kind, records);
      const applied = await loopOf(id).push({ kind, good });
      return { ...applied.counts, refused: [...refused, ...applied.refused] };
    },
    backfill: async (fromMs, toMs) => {
      await createBackfill(env.DB, { connectionId, fromMs, toMs, nowMs: clock.nowMs, by: 'test' });
    },
    run: async (ms) => {
      const endMs = clock.nowMs + ms;
      while (clock.nowMs < endMs) {
        for (const entry of loops.values()) {
          const { stepMs, tickedMs } = entry;
          if (loops.size > 1 && Math.floor(clock.nowMs / stepMs) === Math.floor(tickedMs / stepMs)) continue;
          entry.tickedMs = clock.nowMs;
          await tick(entry);
        }
        const stepMs = Math.min(...[...loops.values()].map((entry) => entry.stepMs));
        clock.nowMs = Math.min(endMs, Math.floor(clock.nowMs / stepMs) * stepMs + stepMs);
      }
    },
  };
}

function memoryTokens(): TokenCache {
  const kept = new Map<string, string>();
  return {
    get: async (key) => kept.get(key) ?? null,
    put: async (key, value) => void kept.set(key, value),
    delete: async (key) => void kept.delete(key),
  };
}

function answerNcc(ncc: Bridge['ncc'], { path, url }: Call): Response {
  switch (path) {
    case '/provider/token-with-authorities':
      return Response.json({ token: 'token', location: NCC, clientLocation: null });
    case '/provider/api/token-refresh':
      return Response.json({ token: 'token', location: NCC, clientLocation: null });
    case '/realTime':
      return Response.json(
        [...ncc.agents].map(([id, { status, sinceMs }]) => ({
          'agent-id': id,
          'agent-status': status,
          ...(sinceMs === undefined ? {} : { 'agent-status-time': sinceMs }),
        })),
      );
    case '/historical': {
      const [start, end] = [Number(url.searchParams.get('start')), Number(url.searchParams.get('end'))];
      const starts = Array.from({ length: (end - start) / 900 }, (_, i) => (start + i * 900) * 1_000);
      const rows = starts.flatMap((startMs) =>
        (ncc.figures.get(startMs) ?? []).map((row) => ({ ...row, startTime: startMs / 1_000 })),
      );
      return Response.json(rows);
    }
    case '/data/api/types/queue':
      return page([...ncc.queues].map((id) => ({ _id: id, queueId: id, name: `Queue ${id}` })));
    case '/data/api/types/user':
      return page(
        [...ncc.users].map(([id, { username, _id, enabled = true }]) => ({
          _id: _id ?? id,
          userId: id,
          username,
          name: username,
          enabled,
        })),
      );
    default:
      return new Response(null, { status: 404 });
  }
}

const page = (objects: object[]) => Response.json({ count: objects.length, total: String(objects.length), objects });

function answerMpower(mpower: Bridge['mpower'], { path, body }: Call): Response {
  switch (path) {
    case '/authentication/v1/token/access-key':
      return Response.json({
        id_token: '',
        token_type: 'Bearer',
        expires_in: 3_600,
        refresh_token: 'r',
        access_token: 'a',
      });
    case '/public/authentication/v1/refresh':
      return Response.json({
        token: 'a',
        tokenExpirationTimeSec: 3_600,
        refreshToken: 'r',
        refreshTokenExpirationTimeSec: 7_200,
        sessionId: null,
      });
    case '/wfm/acd/v1/agent-states':
      mpower.events.push(...(body as { agentStateList: AgentEvent[] }).agentStateList);
      return new Response(null, { status: 200 });
    case '/wfm/acd/v1/historical':
      mpower.historical.push(body as Bridge['mpower']['historical'][number]);
      return new Response(null, { status: 200 });
    case '/wfm/acd/v1/agent-activity':
      mpower.activity.push(body as Bridge['mpower']['activity'][number]);
      return new Response(null, { status: 200 });
    default:
      return new Response(null, { status: 404 });
  }
}

/** A bridge whose bodies have two changes at most. */
export function openWithSmallBodies(startMs: number, collection: object = {}): Promise<Bridge> {
  const usual = settings({ intervalS: 5 });
  const wfm = { ...usual.wfm, advanced: { eventsPerBodyMax: 2 } };
  return openBridge(startMs, connectionSettingsSchema.parse({ ...usual, wfm, collection }));
}

/** Figures of a queue as NCC's rows have them. */
export const figuresRow = (queue: string, entered: number, abandoned = 0, handleTimeS = entered * 100): Figures => ({
  'queue-id': queue,
  enteredCount: entered,
  abandonedCount: abandoned,
  sumHandleTime: handleTimeS,
});
