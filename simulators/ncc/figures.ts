/**
 * How many contacts each queue had in each 15-minute window: a function of seed, queue and window, so any past can be
 * asked. Some windows are first served too low and corrected 20 to 70 minutes after their end.
 */
import { fraction, hash, Random } from '../shared/random.ts';
import { DAY_MS, Zone } from '../shared/zone.ts';
import type { NccOptions } from './options.ts';

export const WINDOW_MS = 900_000;
const MINUTE_MS = 60_000;
const REVISED_SHARE = 0.08;
/** The newest corrections made by hand that are kept. */
const MAX_CORRECTIONS = 10_000;
/** Contacts in the busiest window of a queue of each kind. */
const PEAK_CONTACTS = [34, 9, 16, 3, 22, 5, 0.4, 12, 7, 1.5];

export interface Figures {
  readonly entered: number;
  readonly abandoned: number;
  readonly handleTimeS: number;
}

export interface WindowFigures {
  readonly final: Figures;
  /** What is served until `revisedAtMs`; the same as `final` when the window is not revised. */
  readonly first: Figures;
  readonly revisedAtMs: number | null;
}

export class FigureModel {
  readonly #seed: number;
  readonly #zone: Zone;
  readonly #flat: boolean;
  readonly #corrections = new Map<string, Figures>();

  constructor({ seed, timeZone, dayShape }: Pick<NccOptions, 'seed' | 'timeZone' | 'dayShape'>) {
    this.#seed = seed;
    this.#zone = new Zone(timeZone);
    this.#flat = dayShape === 'flat';
  }

  window(queue: number, startMs: number): WindowFigures {
    const corrected = this.#corrections.get(`${queue}:${startMs}`);
    const window = Math.floor(startMs / WINDOW_MS);
    const random = new Random(hash(this.#seed, 41, queue, window));
    const entered = random.poisson(this.#expected(queue, startMs));
    const abandoned = Math.min(entered, random.poisson(entered * (0.03 + 0.09 * fraction(this.#seed, 43, queue))));
    const handled = entered - abandoned;
    const meanHandleTimeS = 140 + 360 * fraction(this.#seed, 44, queue);
    const handleTimeS = Math.round(handled * meanHandleTimeS * random.between(0.8, 1.2));
    const final = { entered, abandoned, handleTimeS };
    if (corrected !== undefined) return { final: corrected, first: final, revisedAtMs: null };
    if (entered === 0 || random.next() >= REVISED_SHARE) return { final, first: final, revisedAtMs: null };
    const lateContacts = 1 + Math.floor(random.next() * Math.min(3, entered));
    const firstEntered = Math.max(0, entered - lateContacts);
    const first = {
      entered: firstEntered,
      abandoned: Math.min(abandoned, firstEntered),
      handleTimeS: Math.floor((handleTimeS * firstEntered) / entered),
    };
    const revisedAtMs = startMs + WINDOW_MS + Math.round(random.between(20, 70) * MINUTE_MS);
    return { final, first, revisedAtMs };
  }

  /** What is served at this instant. */
  asOf(queue: number, startMs: number, nowMs: number): Figures {
    const { final, first, revisedAtMs } = this.window(queue, startMs);
    return revisedAtMs !== null && nowMs < revisedAtMs ? first : final;
  }

  /** Sets a window's figures by hand, as a late correction does. */
  correct(queue: number, startMs: number, figures: Figures): void {
    if (this.#corrections.size >= MAX_CORRECTIONS) {
      const [oldest] = this.#corrections.keys();
      if (oldest !== undefined) this.#corrections.delete(oldest);
    }
    this.#corrections.set(`${queue}:${startMs}`, figures);
  }

  #expected(queue: number, startMs: number): number {
    const peak = (PEAK_CONTACTS[queue % PEAK_CONTACTS.length] ?? 5) * (0.7 + 0.6 * fraction(this.#seed, 42, queue));
    const middleMs = startMs + WINDOW_MS / 2;
    const day = this.#zone.localDay(middleMs);
    const weekday = Zone.weekday(day);
    const weekend = weekday === 0 || weekday === 6 ? 0.55 : 1;
    const dayNoise = 0.85 + 0.3 * fraction(this.#seed, 45, queue, day);
    return peak * weekend * dayNoise * (this.#flat ? 0.6 : twoHumps(this.#zone.localHour(middleMs)));
  }
}

/** A morning and an afternoon peak over a night that is never quite silent. */
function twoHumps(hour: number): number {
  const hump = (peakHour: number, width: number) => Math.exp(-(((hour - peakHour) / width) ** 2) / 2);
  return 0.14 + 0.86 * Math.min(1, hump(10.5, 1.9) + 0.85 * hump(15.5, 2.1));
}

/** The windows of [fromMs, toMs), by their starts. */
export function* windowsIn(fromMs: number, toMs: number): Generator<number> {
  for (let startMs = Math.floor(fromMs / WINDOW_MS) * WINDOW_MS; startMs < toMs; startMs += WINDOW_MS) yield startMs;
}

export const MAX_RANGE_MS = 7 * DAY_MS;
