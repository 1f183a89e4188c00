/**
 * The figures of the modelled switch, interval by interval, as its tables hsplit and hagent have them: seconds and counts.
 * The times over all splits stand in the row of the split that the agent signed in to first.
 */
import { fraction, type Random } from '../shared/random.ts';
import type { CmsOptions } from './options.ts';

export interface SplitRow {
  acdcalls: number;
  acdtime: number;
  holdtime: number;
  acwtime: number;
  anstime: number;
  acceptable: number;
  abncalls: number;
  abntime: number;
  slvlabns: number;
}

export interface AgentRow {
  acdcalls: number;
  acdtime: number;
  holdtime: number;
  acwtime: number;
  i_stafftime: number;
  i_availtime: number;
  ti_stafftime: number;
  ti_availtime: number;
  ti_auxtime: number;
}

export interface Figures {
  readonly startMs: number;
  readonly splits: Map<number, SplitRow>;
  /** By "login split". */
  readonly agents: Map<string, AgentRow>;
}

const ACCEPTABLE_S = 20;
const FIRST_SPLIT = 101;

export class FigureBook {
  readonly intervalMs: number;
  readonly #options: CmsOptions;
  readonly #intervals = new Map<number, Figures>();

  constructor(options: CmsOptions) {
    this.#options = options;
    this.intervalMs = options.intervalMinutes * 60_000;
  }

  /** The figures of the interval that an instant lies in. */
  at(atMs: number): Figures {
    const startMs = Math.floor(atMs / this.intervalMs) * this.intervalMs;
    const known = this.#intervals.get(startMs);
    if (known) return known;
    const figures: Figures = { startMs, splits: new Map(), agents: new Map() };
    for (let place = 0; place < this.#options.splits; place += 1) {
      figures.splits.set(FIRST_SPLIT + place, this.#abandons(place, startMs));
    }
    this.#intervals.set(startMs, figures);
    return figures;
  }

  /** Whole figures, oldest first. */
  all(): Figures[] {
    return [...this.#intervals.values()].sort((a, b) => a.startMs - b.startMs);
  }

  /** Calls back for each interval that a span touches, with the seconds of it. */
  eachInterval(fromMs: number, toMs: number, add: (figures: Figures, seconds: number) => void): void {
    for (let atMs = fromMs; atMs < toMs; ) {
      const figures = this.at(atMs);
      const endMs = Math.min(toMs, figures.startMs + this.intervalMs);
      add(figures, (endMs - atMs) / 1_000);
      atMs = endMs;
    }
  }

  /** A split's row with the contacts that nobody takes: they depend on seed, split and interval alone. */
  #abandons(place: number, startMs: number): SplitRow {
    const { seed } = this.#options;
    const chance = (n: number) => fraction(seed, place, startMs / 900_000, n);
    const abncalls = Math.floor(chance(1) * 4);
    const slvlabns = Math.floor(chance(2) * (abncalls + 1));
    const abntime = Math.floor(abncalls * (5 + chance(3) * 60));
    return {
      ...{ acdcalls: 0, acdtime: 0, holdtime: 0, acwtime: 0, anstime: 0, acceptable: 0 },
      ...{ abncalls, abntime, slvlabns },
    };
  }
}

function agentRow(figures: Figures, login: string, split: number): AgentRow {
  const key = `${login} ${split}`;
  const row = figures.agents.get(key) ?? {
    ...{ acdcalls: 0, acdtime: 0, holdtime: 0, acwtime: 0, i_stafftime: 0, i_availtime: 0 },
    ...{ ti_stafftime: 0, ti_availtime: 0, ti_auxtime: 0 },
  };
  figures.agents.set(key, row);
  return row;
}

/** Books a handled contact where it ends. */
export function addCall(figures: Figures, login: string, split: number, seconds: number, random: Random): void {
  const holdS = random.next() < 0.3 ? Math.floor(seconds * 0.2) : 0;
  const waitS = Math.floor(random.exponential(15));
  const row = figures.splits.get(split);
  for (const one of row ? [row, agentRow(figures, login, split)] : []) {
    one.acdcalls += 1;
    one.acdtime += seconds - holdS;
    one.holdtime += holdS;
  }
  if (!row) return;
  row.anstime += waitS;
  row.acceptable += waitS <= ACCEPTABLE_S ? 1 : 0;
}

/** Books after-call work where it ends. */
export function addWrapUp(figures: Figures, login: string, split: number, seconds: number): void {
  const row = figures.splits.get(split);
  for (const one of row ? [row, agentRow(figures, login, split)] : []) one.acwtime += seconds;
}

/** Books time that an agent was signed in. */
export function addTime(
  figures: Figures,
  login: string,
  splits: readonly number[],
  seconds: number,
  isAvailable: boolean,
  isAux: boolean,
): void {
  for (const [place, split] of splits.entries()) {
    const row = agentRow(figures, login, split);
    row.i_stafftime += seconds;
    if (isAvailable) row.i_availtime += seconds;
    if (place > 0) continue;
    row.ti_stafftime += seconds;
    if (isAvailable) row.ti_availtime += seconds;
    if (isAux) row.ti_auxtime += seconds;
  }
}
