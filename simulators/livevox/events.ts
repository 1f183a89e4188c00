/**
 * The events of the modelled agents in the order in which the feed learns of them: some late, some twice, some of lines
 * that are not the agent's state. What an event says depends on seed, agent and instant alone.
 */
import { type DayModel, LOGGED_OUT, type SpanWalker } from '../ncc/states.ts';
import { fraction, hash } from '../shared/random.ts';
import type { Agent } from './roster.ts';

const HOUR_MS = 3_600_000;
const LATE_SHARE = 0.03;
const LATE_MAX_MS = 40_000;
const TWICE_SHARE = 0.02;
const OTHER_LINE_SHARE = 0.1;

export interface FeedEvent {
  readonly agentId: number;
  readonly eventType: string;
  readonly reason: string;
  /** '' where the event is of no line. */
  readonly line: string;
  readonly atMs: number;
}

interface Entry extends FeedEvent {
  /** When the feed learns of it. */
  readonly publishedMs: number;
}

/** A step of what an agent does, some milliseconds after a span of the day model begins. */
type Step = readonly [eventType: string, afterMs: number, reason?: string];

const STEPS = new Map<string, readonly Step[]>([
  ['Logged in', [['LOGON', 0] as const, ['REGISTERING', 400] as const]],
  ['Available', [['READY', 0] as const]],
  ['Busy', [['RESERVED', 0] as const, ['IN_CALL', 700] as const]],
  ['Wrapup', [['WRAP_UP', 0] as const]],
  ['Working', [['MANUAL_DIAL', 0] as const, ['DIALING', 600] as const]],
  ['No Answer', [['NOT_READY', 0, 'Other'] as const]],
  ['Lunch', [['NOT_READY', 0, 'Lunch'] as const]],
  ['Team meeting', [['NOT_READY', 0, 'Meeting'] as const]],
  [LOGGED_OUT, [['LOGOFF', 0] as const]],
]);
/** Breaks and the like, in many scripts. */
const BREAK: readonly Step[] = [['NOT_READY', 0, 'Break']];
const ON_NO_LINE = ['LOGON', 'LOGOFF'];

export class EventFeed {
  readonly #model: DayModel;
  readonly #agents: readonly Agent[];
  readonly #keptMs: number;
  readonly #walkers: SpanWalker[];
  /** In the order of publication. */
  #entries: Entry[] = [];
  #waiting: Entry[] = [];
  /** Entries that were let go: the position of the first that is kept. */
  #dropped = 0;

  constructor(model: DayModel, agents: readonly Agent[], keptHours: number, nowMs: number) {
    this.#model = model;
    this.#agents = agents;
    this.#keptMs = keptHours * HOUR_MS;
    this.#walkers = agents.map((_, index) => model.at(index, nowMs - this.#keptMs));
    this.advance(nowMs);
  }

  /** Publishes what has happened up to this instant and lets go what is too old. */
  advance(nowMs: number): void {
    for (const [index, walker] of this.#walkers.entries()) {
      while (walker.endMs <= nowMs) {
        walker.step();
        this.#begin(index, walker);
      }
    }
    const due = this.#waiting.filter(({ publishedMs }) => publishedMs <= nowMs);
    if (due.length > 0) {
      this.#waiting = this.#waiting.filter(({ publishedMs }) => publishedMs > nowMs);
      due.sort((a, b) => a.publishedMs - b.publishedMs || a.agentId - b.agentId || a.atMs - b.atMs);
      for (const entry of due) this.#entries.push(entry);
    }
    const firstKept = this.#entries.findIndex(({ publishedMs }) => publishedMs >= nowMs - this.#keptMs);
    const old = firstKept < 0 ? this.#entries.length : firstKept;
    if (old === 0) return;
    this.#dropped += old;
    this.#entries = this.#entries.slice(old);
  }

  /** An event by hand, known at once. */
  add(event: FeedEvent, nowMs: number): void {
    this.advance(nowMs);
    this.#entries.push({ ...event, publishedMs: nowMs });
  }

  /** Position of the oldest event that is kept, and of the next one that will come. */
  get first(): number {
    return this.#dropped;
  }

  get end(): number {
    return this.#dropped + this.#entries.length;
  }

  /** At most `max` events from a position on. */
  from(position: number, max: number): readonly FeedEvent[] {
    const at = position - this.#dropped;
    return this.#entries.slice(at, at + max);
  }

  /** Every event that is kept, in the order of publication; one that came twice stands there twice. */
  kept(): readonly Entry[] {
    return this.#entries;
  }

  #begin(index: number, { state, startMs }: SpanWalker): void {
    const agentId = this.#agents[index]?.id ?? 0;
    const add = (eventType: string, atMs: number, reason: string, line: string) => {
      const event = { agentId, eventType, reason, line, atMs };
      const place = hash(atMs % 4_294_967_296, agentId, eventType.length);
      const { seed } = this.#model;
      const lateMs = fraction(seed, 61, place) < LATE_SHARE ? LATE_MAX_MS : 1_500;
      const publishedMs = atMs + Math.round(fraction(seed, 62, place) * lateMs);
      this.#waiting.push({ ...event, publishedMs });
      if (fraction(seed, 63, place) >= TWICE_SHARE) return;
      this.#waiting.push({ ...event, publishedMs: publishedMs + Math.round(fraction(seed, 64, place) * LATE_MAX_MS) });
    };
    for (const [eventType, afterMs, reason = ''] of STEPS.get(state) ?? BREAK) {
      add(eventType, startMs + afterMs, reason, ON_NO_LINE.includes(eventType) ? '' : 'ACD');
    }
    if (fraction(this.#model.seed, 65, index, startMs % 4_294_967_296) < OTHER_LINE_SHARE) {
      add('IN_CALL', startMs + 200, '', 'DIRECT');
    }
  }
}
