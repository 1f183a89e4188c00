/**
 * The record of what was really served: each event of a complete answer once, with how often it came.
 */
import type { FeedEvent } from './events.ts';

/** The newest events that are kept; older ones are let go and counted. */
const EVENTS_KEPT = 500_000;

interface ServedEvent extends FeedEvent {
  /** When the first complete answer with it had been handed over. */
  readonly answeredMs: number;
  times: number;
}

export class ServedEvents {
  answers = 0;
  forgotten = 0;
  readonly #events = new Map<string, ServedEvent>();

  /** Takes in one answer that was handed over completely. */
  commit(events: readonly FeedEvent[], answeredMs: number): void {
    this.answers += 1;
    for (const event of events) {
      const { agentId, atMs, eventType, reason, line } = event;
      const key = JSON.stringify([agentId, atMs, eventType, reason, line]);
      const known = this.#events.get(key);
      if (known) known.times += 1;
      else this.#events.set(key, { agentId, eventType, reason, line, atMs, answeredMs, times: 1 });
      if (this.#events.size <= EVENTS_KEPT) continue;
      const [oldest] = this.#events.keys();
      if (oldest !== undefined) this.#events.delete(oldest);
      this.forgotten += 1;
    }
  }

  get size(): number {
    return this.#events.size;
  }

  values(): Iterable<ServedEvent> {
    return this.#events.values();
  }
}
