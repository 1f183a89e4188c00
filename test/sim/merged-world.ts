/**
 * Two members and the connection that merges them, each in a process of its own on one database: NCC behind the first, records
 * pushed to the second, Mpower behind the merged one. Calls between them take time, fail, and lose their answers.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Random } from '../../simulators/shared/random.ts';
import { type ConnectionSettings, connectionSettingsSchema } from '../../src/connection.ts';
import type { HandOverAnswer } from '../../src/domain/handed-over.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/domain/interval.ts';
import type { BridgeDeps } from '../../src/jobs/session.ts';
import { createConnection, credentialContext } from '../../src/store/connections.ts';
import { SimCollector } from './collector.ts';
import { type D1Weather, d1For, SimDatabase } from './d1.ts';
import { SimKv } from './kv.ts';
import { MergedPusher } from './merged-pusher.ts';
import { type ActivityReport, type Historical, Mpower, type StateEvent } from './mpower.ts';
import { NCC_ORIGIN, Ncc } from './ncc.ts';
import { type Exchange, fetchFor, type NetWeather } from './network.ts';
import { type Habits, habitsOf } from './options.ts';
import { BridgeProcess } from './process.ts';
import { Scheduler } from './scheduler.ts';
import { simSealer } from './seal.ts';

export const [NCC, MERGED, PUSHED] = [1, 2, 3] as const;
export const CONNECTIONS = [NCC, MERGED, PUSHED] as const;
export type ConnectionId = (typeof CONNECTIONS)[number];

const migrationsDir = path.join(import.meta.dirname, '../../migrations');
const SCHEMA = readdirSync(migrationsDir)
  .filter((name) => name.endsWith('.sql'))
  .sort()
  .map((name) => readFileSync(path.join(migrationsDir, name), 'utf8'));

const MACHINE = { clockOffsetMs: 0, pausedUntilMs: 0 };
const NO_FAULTS = new Map();

/** A time in which something is wrong. */
export interface Trouble {
  readonly what: 'database' | 'hand-over' | 'mpower' | 'ncc' | 'pushes' | 'paused';
  readonly connection: ConnectionId;
  readonly fromMs: number;
  readonly untilMs: number;
}

export class MergedWorld {
  readonly scheduler: Scheduler;
  readonly database = new SimDatabase(SCHEMA, () => undefined);
  readonly habits: Habits;
  readonly ncc: Ncc;
  readonly mpower: Mpower;
  readonly pusher: MergedPusher;
  readonly collectors = new Map<number, SimCollector>();
  readonly startMs: number;
  readonly endMs: number;
  /** What Mpower accepted last of each person, and of each window. */
  readonly lastState = new Map<string, StateEvent>();
  readonly bodies = new Map<string, Historical[]>();
  /** What Mpower accepted last of the activities of each window. */
  readonly activities = new Map<string, ActivityReport>();
  readonly malformed: string[] = [];
  readonly logged: string[] = [];
  readonly chance: Random;
  troubles: readonly Trouble[] = [];
  crashes = 0;
  handedOver = 0;
  #processes = 0;

  constructor(seed: number, hours: number, agents: number) {
    this.habits = habitsOf({ seed, days: hours / 24, agents, rates: {}, scale: 0 });
    this.startMs = this.habits.startMs;
    this.endMs = this.startMs + hours * HOUR_MS;
    this.scheduler = new Scheduler(this.startMs);
    this.chance = new Random(seed ^ 0x3e6d);
    const nowMs = () => this.scheduler.nowMs;
    this.ncc = new Ncc(seed, this.habits.ncc, nowMs, nowMs);
    this.mpower = new Mpower(seed, HOUR_MS, nowMs, {
      states: (events) => {
        for (const event of events) this.lastState.set(event.loginId, event);
      },
      historical: (report) => {
        this.bodies.set(report.startDate, [...(this.bodies.get(report.startDate) ?? []), report]);
      },
      activity: (report) => {
        this.activities.set(report.startDate, report);
      },
      refusedAlone: (stream, key) => this.malformed.push(`${stream} refused ${key}`),
      tooLarge: () => undefined,
      malformed: (where, issues) => this.malformed.push(`${where}: ${issues}`),
    });
    this.pusher = new MergedPusher(this, seed);
  }

  /** Creates the connections and starts them. */
  async open(): Promise<void> {
    const admin = new BridgeProcess(0, this.scheduler, MACHINE, () => undefined);
    const db = d1For(this.database, admin, () => ({ latencyMs: 0, fails: null }));
    const sealer = simSealer(() => false);
    for (const id of CONNECTIONS) {
      const settings = settingsOf(id, this.habits.settings);
      const secrets = await Promise.all(
        ['realTimePassword', 'historicalPassword', 'accessKeySecret'].map(async (name) => {
          return { name, sealed: await sealer.seal('right', credentialContext(id, name)) };
        }),
      );
      const row = { id, name: settings.name, settings: JSON.stringify(settings), secrets, nowMs: this.startMs };
      const created = createConnection(db, { ...row, by: 'test' });
      await this.scheduler.runUntil(this.startMs);
      await created;
    }
    for (const id of CONNECTIONS) {
      const process = this.#startProcess(id);
      const lateMs = () => Math.floor(this.chance.next() * 30);
      const log = ({ level, message, detail }: { level: string; message: string; detail?: string }) => {
        if (level === 'error') this.logged.push(`${id}: ${message} ${detail ?? ''}`);
      };
      const world = { scheduler: this.scheduler, machine: MACHINE, connectionId: id, log, lateMs };
      this.collectors.set(id, new SimCollector(world, process, this.#depsFor(process, id)));
    }
    this.#cron();
    this.pusher.start();
  }

  #cron(): void {
    for (const collector of this.collectors.values()) collector.wake();
    this.scheduler.after(MINUTE_MS, () => this.#cron());
  }

  is(what: Trouble['what'], connection: number): boolean {
    const { nowMs } = this.scheduler;
    return this.troubles.some(
      (t) => t.what === what && t.connection === connection && t.fromMs <= nowMs && nowMs < t.untilMs,
    );
  }

  collectorOf(id: number): SimCollector {
    const collector = this.collectors.get(id);
    if (!collector) throw new Error(`There is no connection ${id}.`);
    return collector;
  }

  #startProcess(id: ConnectionId): BridgeProcess {
    this.#processes += 1;
    return new BridgeProcess(this.#processes, this.scheduler, MACHINE, (dead) => {
      this.crashes += 1;
      this.scheduler.after(100 + Math.floor(this.chance.next() * 5_000), () => {
        const collector = this.collectorOf(id);
        if (collector.process !== dead) return;
        const process = this.#startProcess(id);
        collector.restart(process, this.#depsFor(process, id));
      });
    });
  }

  /** The process dies a few steps from now: wherever that is. */
  crashSoon(id: ConnectionId): void {
    this.collectorOf(id).process.stepsToLive = Math.floor(this.chance.next() * 60);
  }

  #depsFor(process: BridgeProcess, id: ConnectionId): BridgeDeps {
    const random = new Random((this.habits.startMs ^ (process.id * 7_919)) >>> 0);
    const d1Weather = (): D1Weather => {
      const latencyMs = 1 + Math.floor(random.next() * 8);
      if (!this.is('database', id) || random.next() > 0.15) return { latencyMs, fails: null };
      return { latencyMs, fails: random.next() < 0.5 ? 'after' : 'before' };
    };
    const netWeather = ({ url }: Exchange): NetWeather => {
      const isBad = url.origin === NCC_ORIGIN ? this.is('ncc', id) : this.is('mpower', id) && random.next() < 0.7;
      const carriage = !isBad ? 'whole' : random.next() < 0.5 ? 'reset after' : 'reset before';
      return { outMs: 20, backMs: 20, carriage, instead: null };
    };
    const vendor = (exchange: Exchange) =>
      exchange.url.origin === NCC_ORIGIN ? this.ncc.answer(exchange) : this.mpower.answer(exchange);
    const watch = { onStart: () => undefined, onEnd: () => undefined, onReply: () => undefined };
    return {
      db: d1For(this.database, process, d1Weather),
      fetch: fetchFor(process, vendor, netWeather, watch),
      handOver: (into, from, body) => this.#handOver(process, random, into, from, body),
      clock: {
        nowMs: () => this.scheduler.nowMs,
        sleep: (ms, released) =>
          new Promise((resolve) => {
            const wake = () => {
              if (process.step()) resolve();
            };
            process.after(ms, wake);
            released?.addEventListener('abort', () => process.after(0, wake), { once: true });
          }),
        deadline: (ms, released) => {
          const controller = new AbortController();
          process.after(ms, () => {
            if (!released?.aborted) controller.abort(new DOMException('The operation timed out.', 'TimeoutError'));
          });
          return controller.signal;
        },
        random: () => random.next(),
      },
      tokens: new SimKv().for(process, NO_FAULTS, random),
      sealer: simSealer(() => false),
      allowPrivateNetwork: false,
    };
  }

  /** A call from one process to another: either can die meanwhile, and then nobody answers. */
  #handOver(process: BridgeProcess, random: Random, into: number, from: number, body: string): Promise<HandOverAnswer> {
    return new Promise((resolve, reject) => {
      if (!process.step()) return;
      const answer = (settle: () => void) => process.after(5, () => process.step() && settle());
      const fate = this.is('hand-over', from) ? random.next() : 1;
      if (fate < 0.3) return void answer(() => reject(new Error('not reached')));
      process.after(5, () => {
        const other = this.collectorOf(into);
        if (!other.process.alive) return answer(() => reject(new Error('nobody is there')));
        this.handedOver += 1;
        other.loop.handOver(from, body).then(
          (result) => answer(() => (fate < 0.6 ? reject(new Error('the answer was lost')) : resolve(result))),
          (error: unknown) => answer(() => reject(error instanceof Error ? error : new Error(String(error)))),
        );
        other.wake();
      });
    });
  }

  setPaused(id: ConnectionId, paused: boolean): void {
    this.database.execute(
      'UPDATE connection SET paused = ?2, config_version = config_version + 1 WHERE id = ?1',
      id,
      paused ? 1 : 0,
    );
    this.collectorOf(id).poke();
  }
}

function settingsOf(id: ConnectionId, { acd, wfm, collection }: ConnectionSettings): ConnectionSettings {
  const common = { timeZone: 'UTC', collection: { settleDelayS: collection.settleDelayS, reportMinutes: 15 } };
  if (id === MERGED) return connectionSettingsSchema.parse({ ...common, name: 'Both', acd: { kind: 'merged' }, wfm });
  const into = { kind: 'merged', into: MERGED };
  if (id === NCC) return connectionSettingsSchema.parse({ ...common, name: 'North', acd, wfm: into });
  return connectionSettingsSchema.parse({ ...common, name: 'South', acd: { kind: 'push' }, wfm: into });
}

/** Troubles of a day: each kind strikes each connection that it can a few times, once for hours. */
export function drawTroubles(world: MergedWorld): Trouble[] {
  const { chance, startMs, endMs } = world;
  const troubles: Trouble[] = [];
  const strike = (what: Trouble['what'], connection: ConnectionId, times: number, longestMs: number) => {
    for (let i = 0; i < times; i++) {
      const fromMs = startMs + 10 * MINUTE_MS + Math.floor(chance.next() * (endMs - startMs - 20 * MINUTE_MS));
      const untilMs = Math.min(endMs, fromMs + MINUTE_MS + Math.floor(chance.next() ** 2 * longestMs));
      troubles.push({ what, connection, fromMs, untilMs });
    }
  };
  const longMs = Math.min(4 * HOUR_MS, (endMs - startMs) / 3, DAY_MS);
  for (const id of CONNECTIONS) strike('database', id, 2, 10 * MINUTE_MS);
  for (const id of [NCC, PUSHED] as const) strike('hand-over', id, 3, 30 * MINUTE_MS);
  strike('mpower', MERGED, 2, longMs);
  strike('ncc', NCC, 2, longMs);
  strike('pushes', PUSHED, 1, longMs);
  strike('paused', MERGED, 1, HOUR_MS);
  strike('paused', PUSHED, 1, HOUR_MS);
  return troubles;
}
