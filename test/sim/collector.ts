/**
 * The alarm and the minute job, as worker/collector.ts and worker/wiring.ts run them: the next alarm is set first, on the
 * grid; alarms of one object do not overlap; what is stored outlives the process, what is in memory does not.
 */
import { Loop, type LoopLog } from '../../src/jobs/loop.ts';
import { nextOnGridMs, TICK_MAX_MS } from '../../src/jobs/poll-grid.ts';
import { runMinute } from '../../src/jobs/run-minute.ts';
import type { BridgeDeps } from '../../src/jobs/session.ts';
import type { BridgeProcess, Machine } from './process.ts';
import type { Scheduler } from './scheduler.ts';

const FIRST_TICK_MS = 5_000;
const OVERDUE_MS = 30_000;
const MARGIN_MS = 300;
const LANE_BUDGET_MAX_MS = 20_000;

export class SimCollector {
  process: BridgeProcess;
  loop: Loop;
  #deps: BridgeDeps;
  /** Stored: by the bridge's clock. */
  #alarmMs: number | null = null;
  #tickMs = FIRST_TICK_MS;
  #isRunning = false;
  readonly #scheduler: Scheduler;
  readonly #machine: Machine;
  readonly #connectionId: number;
  readonly #log: LoopLog;
  readonly #lateMs: () => number;

  constructor(
    world: { scheduler: Scheduler; machine: Machine; connectionId: number; log: LoopLog; lateMs: () => number },
    process: BridgeProcess,
    deps: BridgeDeps,
  ) {
    this.#scheduler = world.scheduler;
    this.#machine = world.machine;
    this.#connectionId = world.connectionId;
    this.#log = world.log;
    this.#lateMs = world.lateMs;
    this.process = process;
    this.#deps = deps;
    this.loop = new Loop(deps, world.connectionId, world.log);
  }

  /** A new process takes over what is stored. */
  restart(process: BridgeProcess, deps: BridgeDeps): void {
    this.process = process;
    this.#deps = deps;
    this.#isRunning = false;
    this.loop = new Loop(deps, this.#connectionId, this.#log);
    this.rearm();
  }

  loseAlarm(): void {
    this.#alarmMs = null;
  }

  /** The stored alarm is planned anew: after a restart, or when the clock was stepped. */
  rearm(): void {
    const alarmMs = this.#alarmMs;
    if (alarmMs === null) return;
    const { process } = this;
    this.#scheduler.at(alarmMs - this.#machine.clockOffsetMs + this.#lateMs(), () => {
      if (process !== this.process) return;
      process.after(0, () => {
        if (this.#alarmMs === alarmMs && !this.#isRunning) void this.#fire(process);
      });
    });
  }

  #setAlarm(atMs: number): void {
    this.#alarmMs = atMs;
    this.rearm();
  }

  wake(): void {
    if (!this.process.step()) return;
    const nowMs = this.#deps.clock.nowMs();
    const alarmMs = this.#alarmMs;
    if (alarmMs === null || alarmMs < nowMs - OVERDUE_MS || alarmMs > nowMs + 2 * LANE_BUDGET_MAX_MS) {
      this.#setAlarm(nowMs + 100);
    }
  }

  poke(): void {
    const nowMs = this.#deps.clock.nowMs();
    const alarmMs = this.#alarmMs;
    if (alarmMs === null || alarmMs > nowMs + 1_000 || alarmMs < nowMs - OVERDUE_MS) this.#setAlarm(nowMs + 100);
  }

  /** An alarm that came due while another ran fires when that one is over. */
  async #fire(process: BridgeProcess): Promise<void> {
    this.#isRunning = true;
    await this.#alarm();
    if (process !== this.process || !process.alive) return;
    this.#isRunning = false;
    this.rearm();
  }

  async #alarm(): Promise<void> {
    const startedMs = this.#deps.clock.nowMs();
    const tickMs = this.#tickMs;
    const nextMs = nextOnGridMs(startedMs, tickMs);
    this.#setAlarm(nextMs);
    const laneBudgetMs = Math.min(LANE_BUDGET_MAX_MS, nextMs - startedMs - MARGIN_MS);
    const next = await this.loop.tick(laneBudgetMs, async (earliestMs) => {
      if (earliestMs > nextMs || tickMs > TICK_MAX_MS) this.#setAlarm(earliestMs);
    });
    if (next === null) {
      this.#alarmMs = null;
      return;
    }
    if (next.inMs === tickMs) return;
    this.#tickMs = next.inMs;
    this.#setAlarm(nextOnGridMs(this.#deps.clock.nowMs(), next.inMs));
  }

  /** The minute job, in this collector's process. */
  async minute(): Promise<void> {
    const { db, clock } = this.#deps;
    try {
      await runMinute({ db, clock }, async () => this.wake());
    } catch (error) {
      this.#log({ level: 'error', message: `minute: ${String(error)}`, connectionId: 0 });
    }
  }
}
