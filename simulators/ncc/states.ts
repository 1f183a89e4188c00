/**
 * How an agent's day goes: shifts, contacts, breaks. A span depends on seed, agent and instant alone, so any past can be
 * asked again; the spans of an agent follow one another without hole or overlap.
 */
import { fraction, hash, Random } from '../shared/random.ts';
import { Zone } from '../shared/zone.ts';
import type { NccOptions } from './options.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const SHIFT_MS = 8.5 * HOUR_MS;
/** An agent who is off is back within this many days; two days off and a sick day in a row fit twice. */
const LOOK_AROUND_DAYS = 12;
/** Agents from this place on in the spread work at night. */
const NIGHT_SHARE = 0.66;
const GOLDEN = 0.6180339887498949;

export const LOGGED_OUT = 'Logged out';

const BREAKS = ['Pause café', '休憩', 'Break'];
const MEETINGS = ['اجتماع', 'Team meeting', 'Обучение'];
const COACHING = 'Coaching <1:1> & "QA"';

export interface Span {
  readonly state: string;
  readonly startMs: number;
  readonly endMs: number;
}

interface Shift {
  readonly day: number;
  readonly startMs: number;
  readonly endMs: number;
}

interface Planned {
  readonly state: string;
  readonly startMs: number;
  readonly durationMs: number;
}

export class DayModel {
  readonly seed: number;
  readonly #zone: Zone;
  readonly #flat: boolean;

  constructor({ seed, timeZone, dayShape }: Pick<NccOptions, 'seed' | 'timeZone' | 'dayShape'>) {
    this.seed = seed;
    this.#zone = new Zone(timeZone);
    this.#flat = dayShape === 'flat';
  }

  /** The shift that begins on this local day, or undefined on a day off. */
  shift(agent: number, day: number): Shift | undefined {
    if (this.#isOff(agent, day)) return undefined;
    const jitterMs = (fraction(this.seed, 32, agent, day) - 0.5) * 12 * MINUTE_MS;
    const startMs = Math.round(this.#zone.utcMs(day, this.#usualStartMs(agent)) + jitterMs);
    const lengthMs = SHIFT_MS + (fraction(this.seed, 33, agent, day) - 0.5) * 20 * MINUTE_MS;
    return { day, startMs, endMs: Math.round(startMs + lengthMs) };
  }

  /** The span that holds at this instant, with a walker that goes on from it. */
  at(agent: number, atMs: number): SpanWalker {
    const walker = new SpanWalker(this, agent, atMs);
    walker.advance(atMs);
    return walker;
  }

  /** Every span that overlaps [fromMs, toMs), whole. */
  *spans(agent: number, fromMs: number, toMs: number): Generator<Span> {
    for (const walker = this.at(agent, fromMs); walker.startMs < toMs; walker.step()) {
      yield { state: walker.state, startMs: walker.startMs, endMs: walker.endMs };
    }
  }

  localDay(atMs: number): number {
    return this.#zone.localDay(atMs);
  }

  /** Spread evenly over the agents, so that five agents cover the day as well as five thousand. */
  #shareOf(agent: number): number {
    return (agent * GOLDEN + fraction(this.seed, 31)) % 1;
  }

  #usualStartMs(agent: number): number {
    const share = this.#shareOf(agent);
    if (this.#flat) return share * 24 * HOUR_MS;
    if (share < 0.44) return (5 + (share / 0.44) ** 1.3 * 6.5) * HOUR_MS;
    if (share < NIGHT_SHARE) return (12.5 + ((share - 0.44) / 0.22) * 3.5) * HOUR_MS;
    return (19.25 + ((share - NIGHT_SHARE) / (1 - NIGHT_SHARE)) * 4.25) * HOUR_MS;
  }

  #isOff(agent: number, day: number): boolean {
    const weekday = Zone.weekday(day);
    if (hash(this.seed, 34, agent) % 7 === weekday) return true;
    // Nights are thinly staffed already: only day shifts have the whole weekend off.
    const freeWeekend = !this.#flat && this.#shareOf(agent) < NIGHT_SHARE && fraction(this.seed, 35, agent) < 0.25;
    if (freeWeekend && (weekday === 0 || weekday === 6)) return true;
    return fraction(this.seed, 36, agent, day) < 0.03;
  }
}

/** Steps through one agent's spans; holds the present one. */
export class SpanWalker {
  state = LOGGED_OUT;
  startMs = 0;
  endMs = 0;
  readonly #model: DayModel;
  readonly #agent: number;
  #shift: Shift | undefined;
  #random = new Random(0);
  #plan: Planned[] = [];
  #planned = 0;

  constructor(model: DayModel, agent: number, atMs: number) {
    this.#model = model;
    this.#agent = agent;
    this.#seek(atMs);
  }

  /** Moves to the span that holds at this instant; an earlier instant than the present span starts anew. */
  advance(atMs: number): void {
    if (atMs < this.startMs) this.#seek(atMs);
    while (this.endMs <= atMs) this.step();
  }

  /** Moves to the next span. */
  step(): void {
    this.startMs = this.endMs;
    const shift = this.#shift;
    if (shift === undefined) {
      const next = this.#nextShift(this.#model.localDay(this.startMs) - 1, this.startMs);
      this.#begin(next);
      return;
    }
    if (this.startMs >= shift.endMs) {
      this.#shift = undefined;
      this.state = LOGGED_OUT;
      this.endMs = this.#nextShift(shift.day + 1, shift.endMs).startMs;
      return;
    }
    this.#work(shift);
  }

  /** Stands on the beginning of the shift or absence that holds at this instant. */
  #seek(atMs: number): void {
    const today = this.#model.localDay(atMs);
    for (let day = today + 1; day > today - LOOK_AROUND_DAYS; day -= 1) {
      const shift = this.#model.shift(this.#agent, day);
      if (shift === undefined || shift.startMs > atMs) continue;
      this.#begin(shift);
      if (shift.endMs > atMs) return;
      this.#shift = undefined;
      this.state = LOGGED_OUT;
      this.startMs = shift.endMs;
      this.endMs = this.#nextShift(day + 1, shift.endMs).startMs;
      return;
    }
    throw new Error(`Agent ${this.#agent} has had no shift for ${LOOK_AROUND_DAYS} days.`);
  }

  #nextShift(fromDay: number, notBeforeMs: number): Shift {
    for (let day = fromDay; day < fromDay + LOOK_AROUND_DAYS; day += 1) {
      const shift = this.#model.shift(this.#agent, day);
      if (shift !== undefined && shift.startMs >= notBeforeMs) return shift;
    }
    throw new Error(`Agent ${this.#agent} has no shift for ${LOOK_AROUND_DAYS} days.`);
  }

  #begin(shift: Shift): void {
    this.#shift = shift;
    this.#random = new Random(hash(this.#model.seed, 37, this.#agent, shift.day));
    this.#plan = planShift(shift, this.#random);
    this.#planned = 0;
    this.state = 'Logged in';
    this.startMs = shift.startMs;
    this.endMs = shift.startMs + Math.round(this.#random.between(1000, 4500));
  }

  #work(shift: Shift): void {
    const due = this.#plan[this.#planned];
    const random = this.#random;
    if (due !== undefined && due.startMs <= this.startMs) {
      this.#planned += 1;
      this.#enter(due.state, due.durationMs, shift.endMs);
    } else if (this.state === 'Available') {
      const kind = random.next();
      if (kind < 0.03) this.#enter('No Answer', random.between(5000, 30_000), shift.endMs);
      else if (kind < 0.2) this.#enter('Working', random.between(30_000, 400_000), shift.endMs);
      else this.#enter('Busy', 25_000 + random.exponential(210_000), shift.endMs);
    } else if (this.state === 'Busy') {
      this.#enter('Wrapup', random.between(3000, 75_000), shift.endMs);
    } else {
      // A break begins on time when the agent is free, and after the contact otherwise.
      this.#enter('Available', 2000 + random.exponential(70_000), Math.min(due?.startMs ?? shift.endMs, shift.endMs));
    }
  }

  #enter(state: string, durationMs: number, latestEndMs: number): void {
    this.state = state;
    this.endMs = Math.min(this.startMs + Math.max(1000, Math.round(durationMs)), latestEndMs);
  }
}

/** Breaks, lunch, and on some days a meeting or coaching, in the order in which they begin. */
function planShift(shift: Shift, random: Random): Planned[] {
  const plan: Planned[] = [];
  const add = (atHour: number, spreadMinutes: number, state: string, minutes: number) => {
    const startMs = Math.round(shift.startMs + atHour * HOUR_MS + random.between(0, spreadMinutes) * MINUTE_MS);
    plan.push({ state, startMs, durationMs: Math.round(minutes * MINUTE_MS * random.between(0.8, 1.2)) });
  };
  const pick = (names: string[]) => names[Math.floor(random.next() * names.length)] ?? 'Break';
  add(1.7, 30, pick(BREAKS), 15);
  add(3.8, 40, 'Lunch', 30);
  add(6.3, 30, pick(BREAKS), 15);
  if (random.next() < 0.3) add(2.8, 30, pick(MEETINGS), 25);
  if (random.next() < 0.15) add(5.2, 30, COACHING, 20);
  return plan.sort((a, b) => a.startMs - b.startMs);
}
