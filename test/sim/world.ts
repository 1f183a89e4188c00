/**
 * Everything of one run put together: machine, processes, vendors, database and judge, and the faults that come over
 * them. Deterministic: the same options give the same run.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Random } from '../../simulators/shared/random.ts';
import type { LoopLog } from '../../src/jobs/loop.ts';
import type { BridgeDeps } from '../../src/jobs/session.ts';
import { createConnection, credentialContext, readConnection } from '../../src/store/connections.ts';
import { SimCollector } from './collector.ts';
import { committingProcess, d1For, SimDatabase } from './d1.ts';
import type { Fault, FaultKind } from './faults.ts';
import { Judge } from './judge.ts';
import { SimKv } from './kv.ts';
import { Mpower } from './mpower.ts';
import { NCC_ORIGIN, Ncc } from './ncc.ts';
import { type Exchange, fetchFor } from './network.ts';
import { type Habits, habitsOf, type RunOptions } from './options.ts';
import { BridgeProcess, type Machine } from './process.ts';
import { Scheduler } from './scheduler.ts';
import { simSealer } from './seal.ts';
import { Verdicts } from './verdicts.ts';
import { d1Weather, netWeather } from './weather.ts';

export const CONNECTION_ID = 1;
const MINUTE_MS = 60_000;

const migrationsDir = path.join(import.meta.dirname, '../../migrations');
const SCHEMA = readdirSync(migrationsDir)
  .filter((name) => name.endsWith('.sql'))
  .sort()
  .map((name) => readFileSync(path.join(migrationsDir, name), 'utf8'));

export class World {
  readonly options: RunOptions;
  readonly habits: Habits;
  readonly scheduler: Scheduler;
  readonly machine: Machine = { clockOffsetMs: 0, pausedUntilMs: 0 };
  readonly verdicts: Verdicts;
  readonly database: SimDatabase;
  readonly kv = new SimKv();
  readonly ncc: Ncc;
  readonly mpower: Mpower;
  readonly judge: Judge;
  readonly active = new Map<FaultKind, Fault[]>();
  /** The host is switched off until then. */
  offUntilMs = 0;
  crashes = 0;
  collector: SimCollector;
  /** A second host, while there is one. */
  second: SimCollector | null = null;
  readonly chance: Random;
  /** The longest life so far, in steps. */
  firstLifeSteps = 0;
  #processes = 0;
  readonly #first: BridgeProcess;

  constructor(options: RunOptions) {
    this.options = options;
    this.habits = habitsOf(options);
    const { ncc, settings, startMs, mpowerTokenLifeMs, leftOutAgent } = this.habits;
    const { seed } = options;
    this.scheduler = new Scheduler(startMs);
    this.chance = new Random(seed ^ 0x51de);
    const nowMs = () => this.scheduler.nowMs;
    this.verdicts = new Verdicts(nowMs, () => this.scheduler.stop());
    this.database = new SimDatabase(SCHEMA, (changes) => this.judge.committed(changes, committingProcess()));
    this.ncc = new Ncc(seed, ncc, nowMs, () => this.bridgeNowMs());
    this.judge = new Judge(this.database, this.ncc, settings, this.verdicts, this);
    this.mpower = new Mpower(seed, mpowerTokenLifeMs, nowMs, this.judge.mpowerEvents());
    if (leftOutAgent !== null) this.judge.states.leftOut.add(leftOutAgent);
    this.#first = this.startProcess();
    if (options.dieAtStep !== undefined) this.#first.stepsToLive = options.dieAtStep;
    this.collector = new SimCollector(this.#collectorWorld(), this.#first, this.depsFor(this.#first));
  }

  bridgeNowMs(): number {
    return this.scheduler.nowMs + this.machine.clockOffsetMs;
  }

  has(kind: FaultKind): boolean {
    return this.active.has(kind);
  }

  #collectorWorld() {
    const lateMs = () => Math.floor(this.chance.next() * 30);
    return { scheduler: this.scheduler, machine: this.machine, connectionId: CONNECTION_ID, log: this.log, lateMs };
  }

  /** Another host beside the first. */
  startSecond(): SimCollector {
    const process = this.startProcess();
    const second = new SimCollector(this.#collectorWorld(), process, this.depsFor(process));
    this.second = second;
    second.wake();
    return second;
  }

  readonly log: LoopLog = ({ level, message, detail }) => {
    this.verdicts.note(`log ${level}: ${message}`);
    this.judge.logged(message, detail);
  };

  startProcess(): BridgeProcess {
    this.#processes += 1;
    return new BridgeProcess(this.#processes, this.scheduler, this.machine, (process) => this.#died(process));
  }

  #died(process: BridgeProcess): void {
    this.crashes += 1;
    if (process === this.#first) this.firstLifeSteps = process.steps;
    this.verdicts.note(`process ${process.id} died after ${process.steps} steps`);
    if (process !== this.collector.process) return;
    const pauseMs = 100 + Math.floor(this.chance.next() * 5_000);
    this.scheduler.at(Math.max(this.scheduler.nowMs + pauseMs, this.offUntilMs), () => this.#restart(process));
  }

  #restart(dead: BridgeProcess): void {
    if (this.collector.process !== dead) return;
    if (this.scheduler.nowMs < this.offUntilMs) {
      this.scheduler.at(this.offUntilMs, () => this.#restart(dead));
      return;
    }
    const process = this.startProcess();
    this.verdicts.note(`process ${process.id} started`);
    this.collector.restart(process, this.depsFor(process));
  }

  depsFor(process: BridgeProcess): BridgeDeps {
    const random = new Random(this.options.seed ^ (process.id * 7_919));
    const vendor = (exchange: Exchange) =>
      exchange.url.origin === NCC_ORIGIN ? this.ncc.answer(exchange) : this.mpower.answer(exchange);
    return {
      db: d1For(this.database, process, (writes) => d1Weather(this.active, random, writes)),
      fetch: fetchFor(
        process,
        vendor,
        (exchange) => netWeather(this.active, exchange, random, this.scheduler.nowMs),
        this.judge.exchanges,
      ),
      clock: {
        nowMs: () => this.bridgeNowMs(),
        sleep: (ms, released) =>
          new Promise((resolve) => {
            if (!process.step()) return;
            const wake = () => {
              if (process.step()) resolve();
            };
            process.after(ms, wake);
            released?.addEventListener('abort', () => process.after(0, wake), { once: true });
          }),
        deadline: (ms, released) => {
          const controller = new AbortController();
          process.after(ms, () => {
            if (!released?.aborted) controller.abort(EXPIRED);
          });
          return controller.signal;
        },
        random: () => random.next(),
      },
      tokens: this.kv.for(process, this.active, random),
      sealer: simSealer(() => this.has('A5')),
      allowPrivateNetwork: false,
    };
  }

  /** D1 for those who administer: it never fails and takes no time to speak of. */
  adminDb(): D1Database {
    const admin = new BridgeProcess(0, this.scheduler, { clockOffsetMs: 0, pausedUntilMs: 0 }, () => undefined);
    return d1For(this.database, admin, () => ({ latencyMs: 0, fails: null }));
  }

  /** Creates the connection and starts alarm and cron. */
  async open(): Promise<void> {
    const { settings, leftOutAgent, startMs } = this.habits;
    const sealer = simSealer(() => false);
    const names = ['realTimePassword', 'historicalPassword', 'accessKeySecret'];
    const secrets = await Promise.all(
      names.map(async (name) => ({ name, sealed: await sealer.seal('right', credentialContext(CONNECTION_ID, name)) })),
    );
    const created = createConnection(this.adminDb(), {
      id: CONNECTION_ID,
      name: settings.name,
      settings: JSON.stringify(settings),
      secrets,
      nowMs: startMs,
      by: 'test',
    });
    await this.scheduler.runUntil(startMs);
    await created;
    const employee = leftOutAgent === null ? undefined : this.ncc.employees[leftOutAgent];
    if (employee) {
      this.database.execute(
        'INSERT INTO agent (connection_id, source_id, username, included, first_seen_ms) VALUES (?1, ?2, ?3, 0, ?4)',
        CONNECTION_ID,
        this.ncc.shownId(employee),
        employee.username,
        startMs,
      );
    }
    this.collector.wake();
    this.scheduler.after(MINUTE_MS - (startMs % MINUTE_MS), () => this.#cron());
  }

  #cron(): void {
    this.scheduler.after(MINUTE_MS, () => this.#cron());
    const { process } = this.collector;
    if (!process.alive || this.scheduler.nowMs < this.offUntilMs) return;
    const once = (delayMs: number) => process.after(delayMs, () => void (this.second ?? this.collector).minute());
    if (this.has('C2')) return;
    if (this.has('C3')) {
      once(Math.floor(this.chance.next() * 90_000));
      once(Math.floor(this.chance.next() * 50));
    }
    once(Math.floor(this.chance.next() * 2_000));
  }

  /** The connection as an administrator sees it. */
  connection() {
    return readConnection(this.adminDb(), CONNECTION_ID);
  }
}

const EXPIRED = new DOMException('The operation timed out.', 'TimeoutError');
