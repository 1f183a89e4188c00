/**
 * Virtual time: a queue of events in the order of their instants. Between two events everything that can run runs, then
 * the clock jumps; nothing waits in real time, and the same events give the same run.
 */

interface Planned {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

export class Scheduler {
  /** True time, milliseconds UTC: what the bridge's and the vendors' clocks deviate from. */
  nowMs: number;
  #order = 0;
  readonly #heap: Planned[] = [];
  #stopped = false;

  constructor(startMs: number) {
    this.nowMs = startMs;
  }

  /** Runs `run` at `atMs`, or at once when that has passed; events of one instant in the order of asking. */
  at(atMs: number, run: () => void): void {
    const planned = { atMs: Math.max(this.nowMs, Math.ceil(atMs)), order: this.#order++, run };
    const heap = this.#heap;
    let place = heap.push(planned) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = heap[parent];
      if (!above || isBefore(above, planned)) break;
      heap[place] = above;
      place = parent;
    }
    heap[place] = planned;
  }

  after(ms: number, run: () => void): void {
    this.at(this.nowMs + ms, run);
  }

  /** Ends the run after the present event. */
  stop(): void {
    this.#stopped = true;
  }

  /** Runs events up to and including `endMs`. */
  async runUntil(endMs: number): Promise<void> {
    for (let next = this.#heap[0]; next && next.atMs <= endMs && !this.#stopped; next = this.#heap[0]) {
      this.#removeFirst();
      this.nowMs = next.atMs;
      next.run();
      await settled();
    }
    if (!this.#stopped) this.nowMs = Math.max(this.nowMs, endMs);
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      const left = heap[child];
      if (!left) break;
      const right = heap[child + 1];
      let smaller = left;
      if (right && isBefore(right, left)) {
        smaller = right;
        child += 1;
      }
      if (isBefore(last, smaller)) break;
      heap[place] = smaller;
      place = child;
    }
    heap[place] = last;
  }
}

function isBefore(a: Planned, b: Planned): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/** Resolves when every promise that can go on has gone on: Node runs them all before the next turn of its loop. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
