/**
 * The lanes of a loop: they run side by side, each one thing at a time and never twice at once, so that a slow or silent
 * neighbour holds up nothing else.
 */

export type Lane = 'send-states' | 'intervals' | 'reports' | 'heartbeat' | 'watch';

const NOTHING_TO_DO = () => undefined;

export class Lanes {
  readonly #running = new Map<Lane, Promise<void>>();

  /** Sets a lane going unless it still is. `run` never rejects. */
  start(lane: Lane, run: () => Promise<void>): void {
    if (this.#running.has(lane)) return;
    this.#running.set(
      lane,
      run().finally(() => this.#running.delete(lane)),
    );
  }

  /** Waits until a lane is idle and runs in its place, so that the two never work side by side. */
  async inPlaceOf<T>(lane: Lane, run: () => Promise<T>): Promise<T> {
    for (let busy = this.#running.get(lane); busy; busy = this.#running.get(lane)) await busy;
    const work = run();
    const isOver = work.then(NOTHING_TO_DO, NOTHING_TO_DO).finally(() => this.#running.delete(lane));
    this.#running.set(lane, isOver);
    return work;
  }

  /** Resolves when the lanes that run now are idle. */
  async idle(): Promise<void> {
    await Promise.all(this.#running.values());
  }
}
