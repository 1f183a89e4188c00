/**
 * One life of the bridge's process. Everything that the jobs are handed goes through `step` on the way out and on the
 * way back: there a life can end, and after its end nothing of it has an effect or gets an answer.
 */
import type { Scheduler } from './scheduler.ts';

export class BridgeProcess {
  readonly id: number;
  readonly startedMs: number;
  alive = true;
  /** Steps left until the process dies; null: it does not die at a step. */
  stepsToLive: number | null = null;
  /** Steps taken so far. */
  steps = 0;
  readonly #scheduler: Scheduler;
  readonly #machine: Machine;
  readonly #onDeath: (process: BridgeProcess) => void;

  constructor(id: number, scheduler: Scheduler, machine: Machine, onDeath: (process: BridgeProcess) => void) {
    this.id = id;
    this.startedMs = scheduler.nowMs;
    this.#scheduler = scheduler;
    this.#machine = machine;
    this.#onDeath = onDeath;
  }

  /** One point at which the process can die. False when it is dead: then nothing may be done any more. */
  step(): boolean {
    if (!this.alive) return false;
    this.steps += 1;
    if (this.stepsToLive === null) return true;
    if (this.stepsToLive > 0) {
      this.stepsToLive -= 1;
      return true;
    }
    this.die();
    return false;
  }

  die(): void {
    if (!this.alive) return;
    this.alive = false;
    this.#onDeath(this);
  }

  /** Runs `run` after `ms` if the process lives then; while the machine is paused it waits for the end of the pause. */
  after(ms: number, run: () => void): void {
    this.#scheduler.after(ms, () => this.#whenRunning(run));
  }

  #whenRunning(run: () => void): void {
    if (!this.alive) return;
    if (this.#scheduler.nowMs < this.#machine.pausedUntilMs) {
      this.#scheduler.at(this.#machine.pausedUntilMs, () => this.#whenRunning(run));
    } else run();
  }
}

/** The machine that processes run on: its clock can be wrong, and it can be suspended. */
export interface Machine {
  clockOffsetMs: number;
  pausedUntilMs: number;
}
