/** An ACD that pushes: its people's states as they happen, late or twice, and its queues' figures; again until they are taken. */
import { hash, Random } from '../../simulators/shared/random.ts';
import { floorToGrid, INTERVAL_MS, MINUTE_MS } from '../../src/domain/interval.ts';
import { checkRecords, type RecordKind } from '../../src/domain/record.ts';
import { type MergedWorld, PUSHED } from './merged-world.ts';

const STATES = ['Ready', 'Contact', 'Wrap-up', 'Not ready', 'Lunch', 'Signed out'] as const;
/** The same key as a queue of the other ACD, and one of its own. */
const QUEUES = ['q-0', 'south'] as const;
const TRY_AGAIN_MS = 20_000;

interface Batch {
  readonly kind: RecordKind;
  readonly records: readonly unknown[];
}

export class MergedPusher {
  readonly #world: MergedWorld;
  readonly #random: Random;
  readonly #waiting: Batch[] = [];
  readonly #seed: number;
  /** What was ever given: `agent at` → state. */
  readonly given = new Map<string, string>();

  constructor(world: MergedWorld, seed: number) {
    this.#world = world;
    this.#seed = seed;
    this.#random = new Random(seed ^ 0x9d15);
  }

  start(): void {
    this.#next();
    this.#try();
    this.#figures();
  }

  get isDone(): boolean {
    return this.#waiting.length === 0;
  }

  /** Half of its people work for the other ACD, too. */
  #person(): string {
    const { employees } = this.#world.ncc;
    const index = Math.floor(this.#random.next() * 6);
    return (index < 3 && employees[index]?.username) || `south.${index}@centre.test`;
  }

  #next(): void {
    const { scheduler, endMs } = this.#world;
    if (scheduler.nowMs >= endMs) return;
    const count = 1 + Math.floor(this.#random.next() * 3);
    const records = [];
    for (let i = 0; i < count; i++) {
      const isLate = this.#random.next() < 0.08;
      const atMs = scheduler.nowMs - Math.floor(this.#random.next() * (isLate ? 90 * MINUTE_MS : 4_000));
      const agentId = this.#person();
      const state = STATES[Math.floor(this.#random.next() * STATES.length)] ?? 'Ready';
      // The first word about an instant holds: the ACD does not contradict itself.
      if (this.given.has(`${agentId} ${atMs}`)) continue;
      this.given.set(`${agentId} ${atMs}`, state);
      records.push({ agentId, at: new Date(atMs).toISOString(), state });
    }
    if (records.length > 0) this.#waiting.push({ kind: 'state-changes', records });
    scheduler.after(20_000 + Math.floor(this.#random.next() * 100_000), () => this.#next());
  }

  #figures(): void {
    const { scheduler, endMs } = this.#world;
    const startMs = floorToGrid(scheduler.nowMs) - INTERVAL_MS;
    const records = QUEUES.map((queueId, i) => this.figuresOf(queueId, i, startMs, 0));
    if (startMs >= this.#world.startMs && startMs < endMs) {
      this.#waiting.push({ kind: 'queue-intervals', records });
      if (this.#random.next() < 0.2) {
        const corrected = QUEUES.map((queueId, i) => this.figuresOf(queueId, i, startMs, 3));
        scheduler.after(Math.floor(this.#random.next() * 90 * MINUTE_MS), () => {
          this.#waiting.push({ kind: 'queue-intervals', records: corrected });
        });
      }
    }
    const nextMs =
      floorToGrid(scheduler.nowMs) + INTERVAL_MS + Math.floor(this.#random.next() ** 3 * 14 * MINUTE_MS) + 5_000;
    scheduler.at(nextMs, () => this.#figures());
  }

  figuresOf(queueId: string, index: number, startMs: number, more: number) {
    const offered = (hash(hash(this.#seed, startMs / INTERVAL_MS), index) % 40) + more;
    return {
      queueId,
      start: new Date(startMs).toISOString(),
      offered,
      abandoned: offered % 4,
      handleTimeMs: offered * 60_000,
    };
  }

  /** Gives what waits, in order, one at a time; what is not taken within the time is given again. */
  #try(): void {
    const { scheduler } = this.#world;
    const batch = this.#waiting[0];
    if (!batch || this.#world.is('pushes', PUSHED)) {
      scheduler.after(1_000, () => this.#try());
      return;
    }
    let isOver = false;
    const over = (isTaken: boolean) => {
      if (isOver) return;
      isOver = true;
      if (isTaken && this.#random.next() > 0.02) this.#waiting.shift();
      scheduler.after(isTaken ? 10 : TRY_AGAIN_MS, () => this.#try());
    };
    scheduler.after(TRY_AGAIN_MS, () => over(false));
    const collector = this.#world.collectorOf(PUSHED);
    if (!collector.process.alive) return;
    const { good } = checkRecords(batch.kind, batch.records);
    collector.loop.push({ kind: batch.kind, good }).then(
      () => over(true),
      () => undefined,
    );
  }
}
