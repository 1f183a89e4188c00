/**
 * A small contact centre: agents with shifts, calls, breaks and custom states, and queues with figures that are revised
 * late. A pure function of the seed and the instant, so that it can be asked at any time and in any order.
 */
import { fraction, hash } from '../../simulators/shared/random.ts';
import { DAY_MS, INTERVAL_MS, MINUTE_MS } from '../../src/domain/interval.ts';

export const SIGNED_OUT = 'Logged out';
const CUSTOM_STATES = ['Pause café', '休憩', 'Training', 'Reunião', '<i>Coaching</i>', 'No Answer', 'Logged in'];

export interface Turn {
  readonly atMs: number;
  readonly state: string;
}

/** An agent's states on one day, beginning with the sign-in and ending with the sign-out; empty on a day off. */
function dayOf(seed: number, agent: number, day: number, paceMs: number): Turn[] {
  const chance = (salt: number) => fraction(seed, agent, day, salt);
  if (chance(1) < 0.15) return [];
  const turns: Turn[] = [];
  let atMs = day * DAY_MS + Math.floor((5 + 9 * fraction(seed, agent, 7) + chance(2)) * 3_600_000);
  const endMs = atMs + Math.floor((6 + 3 * chance(3)) * 3_600_000);
  let salt = 10;
  const next = (state: string, meanMs: number) => {
    turns.push({ atMs, state });
    const spread = -Math.log(1 - chance(salt++)) * meanMs;
    atMs += Math.max(1_000, Math.round(spread));
    const dice = chance(salt++);
    // On the edge of a window, and a breath beside it.
    if (dice < 0.01) atMs = Math.ceil(atMs / INTERVAL_MS) * INTERVAL_MS + (Math.floor(dice * 300) - 1);
  };
  next('Logged in', 2_000);
  while (atMs < endMs) {
    next('Available', paceMs * 0.4);
    const dice = chance(salt++);
    if (dice < 0.8) {
      next(dice < 0.7 ? 'Busy' : 'Working', paceMs);
      if (dice < 0.75) next('Wrapup', 45_000);
    } else if (dice < 0.86) {
      // Flaps faster than anybody polls.
      next('No Answer', 2_000);
      next('Available', 2_000);
      next('No Answer', 3_000);
    } else next(CUSTOM_STATES[hash(seed, agent, salt) % CUSTOM_STATES.length] ?? 'Training', paceMs);
  }
  turns.push({
    atMs: Math.min(Math.max(atMs, (turns.at(-1)?.atMs ?? atMs) + 1), (day + 1) * DAY_MS - 1),
    state: SIGNED_OUT,
  });
  return turns.filter((turn, i) => i === 0 || turn.atMs > (turns[i - 1]?.atMs ?? 0));
}

/** Where one agent is: `turn` in force, `next` the following one. */
export class AgentLife {
  readonly #seed: number;
  readonly #agent: number;
  readonly #paceMs: number;
  #day = -1;
  #turns: Turn[] = [];
  #place = 0;
  turn: Turn = { atMs: 0, state: SIGNED_OUT };
  nextMs = 0;

  constructor(seed: number, agent: number, paceMs: number) {
    this.#seed = seed;
    this.#agent = agent;
    this.#paceMs = paceMs;
  }

  /** Moves on to `atMs`; never back. */
  moveTo(atMs: number): void {
    const day = Math.floor(atMs / DAY_MS);
    if (day !== this.#day) {
      const out = this.#turns.at(-1);
      if (out) this.turn = out;
      this.#day = day;
      this.#turns = dayOf(this.#seed, this.#agent, day, this.#paceMs);
      this.#place = 0;
    }
    for (let next = this.#turns[this.#place]; next && next.atMs <= atMs; next = this.#turns[this.#place]) {
      this.turn = next;
      this.#place += 1;
    }
    this.nextMs = this.#turns[this.#place]?.atMs ?? (day + 1) * DAY_MS;
  }
}

export interface Figures {
  readonly entered: number;
  readonly abandoned: number;
  readonly handleTimeS: number;
}

/** A queue's figures of an interval as they stand at `atMs`; null for no contacts. Final 20 h after its end. */
export function figuresAt(seed: number, queue: number, startMs: number, atMs: number): Figures | null {
  const interval = startMs / INTERVAL_MS;
  const chance = (salt: number) => fraction(seed ^ 0x5f17, queue, interval, salt);
  const hour = Math.floor((startMs % DAY_MS) / 3_600_000);
  if (hour < 6 || hour >= 22 || atMs <= startMs) return null;
  let entered = Math.floor(12 * chance(1) * (queue % 3 === 2 ? 0.2 : 1));
  const endMs = startMs + INTERVAL_MS;
  if (atMs < endMs + 30_000) entered = Math.floor((entered * (atMs - startMs)) / (INTERVAL_MS + 30_000));
  if (chance(2) < 0.2 && atMs >= endMs + MINUTE_MS * (3 + 47 * chance(3))) entered += 1;
  if (chance(4) < 0.1 && atMs >= endMs + MINUTE_MS * (60 + 1_100 * chance(5))) entered += 2;
  if (entered === 0) return null;
  const abandoned = Math.floor(entered * 0.3 * chance(6));
  return { entered, abandoned, handleTimeS: Math.round((entered - abandoned) * (60 + 240 * chance(7))) };
}
