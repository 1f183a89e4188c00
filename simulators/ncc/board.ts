/**
 * What every agent is doing now, kept current at the cost of those who changed: 20,000 agents are refreshed in
 * milliseconds. Control calls lay states over the model or take agents out of the answers.
 */
import { hash } from '../shared/random.ts';
import type { NccOptions } from './options.ts';
import { type DayModel, LOGGED_OUT, type Span, type SpanWalker } from './states.ts';

const CHURN_STATES = ['Available', 'Busy', 'Wrapup', 'Working', 'Pause café'];
/** The newest forced states that are kept for the truth. */
const MAX_OVERRIDES = 10_000;

interface Override {
  readonly agent: number;
  readonly state: string;
  readonly fromMs: number;
  toMs: number;
}

export class Board {
  readonly states: string[];
  readonly sinceMs: Float64Array;
  readonly #model: DayModel;
  readonly #mode: 'day' | 'churn' | 'frozen';
  readonly #changeShare: number;
  readonly #walkers: SpanWalker[] = [];
  readonly #forced = new Map<number, Override>();
  readonly #hiddenAnswers = new Map<number, number>();
  #overrides: Override[] = [];
  #allHiddenAnswers = 0;
  #next = 0;
  #refreshedMs = 0;

  constructor(model: DayModel, options: Pick<NccOptions, 'agents' | 'changeShare' | 'frozen'>) {
    this.#model = model;
    this.#mode = options.frozen ? 'frozen' : options.changeShare === undefined ? 'day' : 'churn';
    this.#changeShare = options.changeShare ?? 0;
    this.states = Array.from({ length: options.agents }, () => LOGGED_OUT);
    this.sinceMs = new Float64Array(options.agents);
  }

  /** Brings every agent to this instant. In churn mode each call is a poll and moves the set share of agents. */
  refresh(nowMs: number): void {
    if (this.#mode === 'churn') this.#churn(nowMs);
    else if (this.#mode === 'day' || this.#walkers.length === 0) this.#walk(nowMs);
    for (const [agent, override] of this.#forced) {
      if (nowMs >= override.toMs) this.#release(agent, nowMs);
      else {
        this.states[agent] = override.state;
        this.sinceMs[agent] = override.fromMs;
      }
    }
    this.#refreshedMs = nowMs;
  }

  /** Lays a state over the model from now on, until released or until `toMs`. */
  force(agent: number, state: string, nowMs: number, toMs: number): void {
    this.#release(agent, nowMs);
    const override = { agent, state, fromMs: nowMs, toMs };
    this.#forced.set(agent, override);
    this.#overrides.push(override);
    if (this.#overrides.length > MAX_OVERRIDES) this.#overrides.shift();
  }

  release(agent: number, nowMs: number): void {
    this.#release(agent, nowMs);
  }

  /** Leaves an agent, or everybody, out of the next answers. */
  hide(agent: number | 'all', answers: number): void {
    if (agent === 'all') this.#allHiddenAnswers = answers;
    else this.#hiddenAnswers.set(agent, answers);
  }

  /** Whether this answer leaves the agent out. */
  isHidden(agent: number): boolean {
    return this.#allHiddenAnswers > 0 || (this.#hiddenAnswers.size > 0 && this.#hiddenAnswers.has(agent));
  }

  /** To be called after each answer that was made. */
  countAnswer(): void {
    this.#allHiddenAnswers = Math.max(0, this.#allHiddenAnswers - 1);
    for (const [agent, left] of this.#hiddenAnswers) {
      if (left <= 1) this.#hiddenAnswers.delete(agent);
      else this.#hiddenAnswers.set(agent, left - 1);
    }
  }

  /** Spans of the modelled day with the forced states laid over; only the day model can tell the past. */
  *truth(agent: number, fromMs: number, toMs: number): Generator<Span> {
    const mine = this.#overrides.filter((o) => o.agent === agent && o.toMs > fromMs && o.fromMs < toMs);
    if (this.#mode !== 'day') return;
    for (const span of this.#model.spans(agent, fromMs, toMs)) yield* around(span, mine);
    for (const { state, fromMs: startMs, toMs: endMs } of mine) yield { state, startMs, endMs };
  }

  get remembersThePast(): boolean {
    return this.#mode === 'day';
  }

  #walk(nowMs: number): void {
    const walkers = this.#walkers;
    for (let agent = 0; agent < this.states.length; agent += 1) {
      const walker = walkers[agent];
      if (walker === undefined) walkers[agent] = this.#model.at(agent, nowMs);
      else if (walker.endMs > nowMs && walker.startMs <= nowMs && !this.#forced.has(agent)) continue;
      else walker.advance(nowMs);
      this.#show(agent);
    }
  }

  #show(agent: number): void {
    const walker = this.#walkers[agent];
    if (walker === undefined) return;
    this.states[agent] = walker.state;
    this.sinceMs[agent] = walker.startMs;
  }

  #churn(nowMs: number): void {
    const agents = this.states.length;
    if (this.#refreshedMs === 0) {
      for (let agent = 0; agent < agents; agent += 1) this.#moveOn(agent, nowMs, 60_000);
      return;
    }
    const spreadMs = Math.max(1, Math.min(2000, nowMs - this.#refreshedMs));
    for (let moved = Math.floor(agents * this.#changeShare); moved > 0; moved -= 1) {
      this.#moveOn(this.#next, nowMs, spreadMs);
      this.#next = (this.#next + 1) % agents;
    }
  }

  #moveOn(agent: number, nowMs: number, spreadMs: number): void {
    const at = CHURN_STATES.indexOf(this.states[agent] ?? '') + 1;
    this.states[agent] = CHURN_STATES[at % CHURN_STATES.length] ?? LOGGED_OUT;
    this.sinceMs[agent] = nowMs - (hash(this.#model.seed, agent, nowMs) % spreadMs);
  }

  #release(agent: number, nowMs: number): void {
    const override = this.#forced.get(agent);
    if (override === undefined) return;
    override.toMs = Math.min(override.toMs, nowMs);
    this.#forced.delete(agent);
    const walker = this.#walkers[agent];
    if (walker === undefined) return;
    if (this.#mode === 'day') walker.advance(nowMs);
    this.states[agent] = walker.state;
    // The agent came back at the release, not when the modelled span began.
    this.sinceMs[agent] = Math.max(walker.startMs, override.toMs);
  }
}

/** The parts of a span that no override covers. */
function* around(span: Span, overrides: Override[]): Generator<Span> {
  let startMs = span.startMs;
  for (const override of overrides) {
    if (override.toMs <= startMs || override.fromMs >= span.endMs) continue;
    if (override.fromMs > startMs) yield { state: span.state, startMs, endMs: override.fromMs };
    startMs = Math.min(span.endMs, Math.max(startMs, override.toMs));
  }
  if (startMs < span.endMs) yield { state: span.state, startMs, endMs: span.endMs };
}
