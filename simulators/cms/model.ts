/**
 * How the agents of the modelled switch spend their time, and the figures that follow from it: one course of events gives
 * both the feed and the exports, so that they agree. Everything happens at whole seconds.
 */
import { hash, Random } from '../shared/random.ts';
import { addCall, addTime, addWrapUp, FigureBook } from './figures.ts';
import type { CmsOptions } from './options.ts';

/** An agent entering a state; `reason` 0 for none. */
export interface CmsChange {
  readonly login: string;
  readonly code: number;
  readonly reason: number;
  readonly atMs: number;
}

interface Agent {
  readonly login: string;
  /** The first is the one that the agent signed in to first. */
  readonly splits: readonly number[];
  readonly random: Random;
  state: CmsChange;
  /** Of the contact that rings or is handled. */
  split: number;
  nextMs: number;
}

const LOGON = 100;
const LOGOFF = 110;
const AVAILABLE = 20;
const RING = 80;
const ACD = 30;
const ACW = 40;
const AUX = 50;

/** Mean length of a state, seconds; the shortest is a fifth of it. */
const MEAN_S: Record<number, number> = {
  [LOGON]: 10,
  [LOGOFF]: 1_200,
  [AVAILABLE]: 60,
  [RING]: 6,
  [ACD]: 180,
  [ACW]: 45,
  [AUX]: 300,
};
const FIRST_SPLIT = 101;
const FIRST_LOGIN = 2_001;

export class CmsModel {
  readonly figures: FigureBook;
  readonly #options: CmsOptions;
  readonly #agents: readonly Agent[];
  /** By login: up to when its time is booked. */
  readonly #spentUntil = new Map<string, number>();

  constructor(options: CmsOptions, startMs: number) {
    this.#options = options;
    this.figures = new FigureBook(options);
    this.#agents = Array.from({ length: options.agents }, (_, place) => {
      const random = new Random(hash(options.seed, place));
      const first = Math.floor(random.next() * options.splits);
      const second = Math.floor(random.next() * options.splits);
      const login = String(FIRST_LOGIN + place);
      return {
        login,
        splits: [...new Set([first, second])].map((split) => FIRST_SPLIT + split),
        random,
        state: { login, code: LOGOFF, reason: 0, atMs: startMs },
        split: FIRST_SPLIT + first,
        nextMs: startMs + Math.ceil(random.next() * 60) * 1_000,
      };
    });
  }

  /** Lets time pass up to and with `toMs`; the changes, in the order in which they happen. */
  advance(toMs: number): CmsChange[] {
    const changes: CmsChange[] = [];
    for (const agent of this.#agents) {
      while (agent.nextMs <= toMs) changes.push(this.#step(agent));
      this.#spend(agent, Math.floor(toMs / 1_000) * 1_000);
    }
    return changes.sort((a, b) => a.atMs - b.atMs || Number(a.login) - Number(b.login));
  }

  /** The state that each agent is in. */
  present(): CmsChange[] {
    return this.#agents.map(({ state }) => state);
  }

  /** Books the time since it was last booked to the state that the agent is in. */
  #spend(agent: Agent, toMs: number): void {
    const { code, atMs } = agent.state;
    const fromMs = Math.max(atMs, this.#spentUntil.get(agent.login) ?? atMs);
    this.#spentUntil.set(agent.login, toMs);
    if (code === LOGOFF || toMs <= fromMs) return;
    this.figures.eachInterval(fromMs, toMs, (figures, seconds) => {
      addTime(figures, agent.login, agent.splits, seconds, code === AVAILABLE, code === AUX);
    });
  }

  #step(agent: Agent): CmsChange {
    const { random } = agent;
    const atMs = agent.nextMs;
    this.#spend(agent, atMs);
    const before = agent.state;
    const seconds = (atMs - before.atMs) / 1_000;
    if (before.code === ACD) addCall(this.figures.at(atMs), agent.login, agent.split, seconds, random);
    if (before.code === ACW) addWrapUp(this.figures.at(atMs), agent.login, agent.split, seconds);
    const code = this.#next(before.code, random);
    if (code === RING) agent.split = agent.splits[Math.floor(random.next() * agent.splits.length)] ?? agent.split;
    const reason = code === AUX ? 1 + Math.floor(random.next() * 9) : 0;
    agent.state = { login: agent.login, code, reason, atMs };
    const mean = (MEAN_S[code] ?? 60) / this.#options.pace;
    agent.nextMs = atMs + Math.max(1, Math.ceil(Math.max(mean / 5, random.exponential(mean)))) * 1_000;
    return agent.state;
  }

  #next(code: number, random: Random): number {
    const chance = random.next();
    switch (code) {
      case LOGOFF:
        return LOGON;
      case AVAILABLE:
        return chance < 0.85 ? RING : AUX;
      case RING:
        return chance < 0.95 ? ACD : AUX;
      case ACD:
        return chance < 0.8 ? ACW : AVAILABLE;
      case AUX:
        return chance < 0.1 ? LOGOFF : AVAILABLE;
      default:
        return AVAILABLE;
    }
  }
}
