/**
 * The lanes of a loop: they run side by side, each one thing at a time and never twice at once, so that a slow or silent
 * neighbour holds up nothing else.
 */

export const ALL_LANES = ['send-states', 'intervals', 'reports', 'heartbeat', 'watch'] as const;
export type Lane = (typeof ALL_LANES)[number];

const NOTHING_TO_DO = () => undefined;

export class Lanes {
  readonly #running = new Map<Lane, Promise<void>>();
  /** How many wait to run in the place of a lane. */
  readonly #waiting = new Map<Lane, number>();

  /**
   * Sets a lane going unless it still is. `run` is one turn; it never rejects, and says whether there is more to do: then
   * the next turn follows at once, unless somebody waits for the lane's place.
   */
  start(lane: Lane, run: () => Promise<boolean>): void {
    if (this.#running.has(lane)) return;
    const turns = async () => {
      while ((await run()) && !this.#waiting.get(lane));
    };
    this.#running.set(
      lane,
      turns().finally(() => this.#running.delete(lane)),
    );
  }

  isRunning(lane: Lane): boolean {
    return this.#running.has(lane);
  }

  /** Waits until a lane's turn is over and runs in its place, so that the two never work side by side. */
  async inPlaceOf<T>(lane: Lane, run: () => Promise<T>): Promise<T> {
    this.#waiting.set(lane, (this.#waiting.get(lane) ?? 0) + 1);
    for (let busy = this.#running.get(lane); busy; busy = this.#running.get(lane)) await busy;
    this.#waiting.set(lane, (this.#waiting.get(lane) ?? 1) - 1);
    const work = run();
    const isOver = work.then(NOTHING_TO_DO, NOTHING_TO_DO).finally(() => this.#running.delete(lane));
    this.#running.set(lane, isOver);
    return work;
  }

  /** Resolves when those of the lanes that run now are idle. */
  async idle(lanes: readonly Lane[]): Promise<void> {
    await Promise.all(lanes.map((lane) => this.#running.get(lane)));
  }
}
