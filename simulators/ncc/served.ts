/**
 * The record of what was really served: the state changes that a reader of every complete answer could see, and the
 * last figures given out for each queue and window. Answers that were cut, lost or never finished leave no trace here.
 */
import { Ring } from '../shared/ring.ts';
import type { Figures } from './figures.ts';
import { LOGGED_OUT } from './states.ts';

/** The newest observable changes that are kept; older ones are let go and counted. */
const CHANGES_KEPT = 500_000;
/** Windows whose served figures are kept, 41 days of them. */
const WINDOWS_KEPT = 4000;
/** After this many answers without an agent the agent counts as logged out; of empty answers it takes one more. */
const ABSENT_ANSWERS = 2;
const EMPTY_ANSWERS = 3;
const SUSPICIOUS_AGENTS = 10;

export interface ServedChange {
  readonly agent: number;
  readonly state: string;
  /** Source time as served, in ms; null when answers carry none or when the change was inferred from absence. */
  readonly sinceMs: number | null;
  /** True time at which the answer that showed the change had been handed over. */
  readonly answeredMs: number;
  /** True time of the complete answer before it, null for the first one. */
  readonly previousMs: number | null;
  /** The agent was seen for the first time since the stand-in started. */
  readonly initial: boolean;
  /** The same state as before, entered anew: only the source time tells. */
  readonly reentry: boolean;
  /** The agent was missing from the answers; a reader infers the log-out. */
  readonly inferred: boolean;
}

/** One answer of the real-time call: for each agent the state and source time, or null for an agent left out. */
export interface Snapshot {
  readonly states: readonly (string | null)[];
  readonly sinceMs: Float64Array | null;
}

export class ServedStates {
  readonly changes = new Ring<ServedChange>(CHANGES_KEPT);
  answers = 0;
  #last: (string | null)[] = [];
  #lastSinceMs: Float64Array;
  #absentAnswers: Uint8Array;
  #emptyAnswers = 0;
  #previousMs: number | null = null;

  constructor(agents: number) {
    this.#lastSinceMs = new Float64Array(agents);
    this.#absentAnswers = new Uint8Array(agents);
  }

  /** Takes in one answer that was handed over completely. */
  commit({ states, sinceMs }: Snapshot, answeredMs: number): void {
    const present = states.reduce((count, state) => (state === null ? count : count + 1), 0);
    const seated = this.#last.reduce((count, state) => (!state || state === LOGGED_OUT ? count : count + 1), 0);
    const suspicious = present === 0 && seated > SUSPICIOUS_AGENTS;
    this.#emptyAnswers = present === 0 ? this.#emptyAnswers + 1 : 0;
    for (let agent = 0; agent < states.length; agent += 1) {
      const state = states[agent] ?? null;
      if (state !== null) this.#present(agent, state, sinceMs?.[agent] ?? null, answeredMs);
      else if (!suspicious || this.#emptyAnswers >= EMPTY_ANSWERS) this.#absent(agent, suspicious, answeredMs);
    }
    this.answers += 1;
    this.#previousMs = answeredMs;
  }

  #present(agent: number, state: string, sinceMs: number | null, answeredMs: number): void {
    const before = this.#last[agent];
    this.#absentAnswers[agent] = 0;
    if (before === state && (sinceMs === null || this.#lastSinceMs[agent] === sinceMs)) return;
    this.#last[agent] = state;
    this.#lastSinceMs[agent] = sinceMs ?? 0;
    const initial = before === undefined;
    this.#push({ agent, state, sinceMs, answeredMs, initial, reentry: before === state, inferred: false });
  }

  #absent(agent: number, atOnce: boolean, answeredMs: number): void {
    const before = this.#last[agent];
    if (before === undefined || before === LOGGED_OUT) return;
    const absent = (this.#absentAnswers[agent] ?? 0) + 1;
    this.#absentAnswers[agent] = Math.min(absent, 255);
    if (absent < ABSENT_ANSWERS && !atOnce) return;
    this.#last[agent] = LOGGED_OUT;
    this.#lastSinceMs[agent] = -1;
    const change = { agent, state: LOGGED_OUT, sinceMs: null, answeredMs };
    this.#push({ ...change, initial: false, reentry: false, inferred: true });
  }

  #push(change: Omit<ServedChange, 'previousMs'>): void {
    this.changes.push({ ...change, previousMs: this.#previousMs });
  }
}

/** The figures of one window as they were given out, packed: 12 bytes a queue. */
export class WindowTable {
  readonly #cells: Int32Array;

  constructor(queues: number) {
    this.#cells = new Int32Array(queues * 3).fill(-1);
  }

  set(queue: number, { entered, abandoned, handleTimeS }: Figures): void {
    this.#cells.set([entered, abandoned, Math.round(handleTimeS)], queue * 3);
  }

  /** Undefined when the answer left the queue out. */
  get(queue: number): Figures | undefined {
    const [entered = -1, abandoned = 0, handleTimeS = 0] = this.#cells.subarray(queue * 3, queue * 3 + 3);
    return entered < 0 ? undefined : { entered, abandoned, handleTimeS };
  }
}

interface ServedWindow {
  readonly servedAtMs: number;
  readonly times: number;
  readonly table: WindowTable;
}

export class ServedFigures {
  readonly #windows = new Map<number, ServedWindow>();

  /** Takes in one window of an answer that was handed over completely; queues left out had no contacts. */
  commit(startMs: number, table: WindowTable, servedAtMs: number): void {
    const times = (this.#windows.get(startMs)?.times ?? 0) + 1;
    this.#windows.delete(startMs);
    this.#windows.set(startMs, { servedAtMs, times, table });
    if (this.#windows.size <= WINDOWS_KEPT) return;
    const [oldest] = this.#windows.keys();
    if (oldest !== undefined) this.#windows.delete(oldest);
  }

  get(startMs: number): ServedWindow | undefined {
    return this.#windows.get(startMs);
  }

  get size(): number {
    return this.#windows.size;
  }

  /** The starts of the windows that have been served, oldest first. */
  starts(): number[] {
    return [...this.#windows.keys()].sort((a, b) => a - b);
  }
}
