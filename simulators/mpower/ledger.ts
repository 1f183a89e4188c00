/**
 * The record of what Mpower accepted: the bodies as they came, and an index of what they say, with repeats counted.
 * Everything is bounded; what was let go is counted.
 */
import type { AgentActivity, AgentStates, Historical } from './schema.ts';

/** Newest bodies kept, by number and by size together. */
const BODIES_KEPT = 2000;
const BODY_CHARACTERS_KEPT = 32 * 1024 * 1024;
/** Newest distinct records kept in each index. */
const EVENTS_KEPT = 300_000;
const FIGURES_KEPT = 500_000;
const ACTIVITIES_KEPT = 300_000;
const AGENTS_KEPT = 100_000;

export type ReportKind = 'agent-states' | 'historical' | 'agent-activity';

export interface AcceptedBody {
  readonly number: number;
  readonly kind: ReportKind;
  readonly arrivedMs: number;
  readonly body: string;
}

export interface AcceptedEvent {
  readonly loginId: string;
  readonly acdId: string;
  readonly eventCode: string;
  readonly reasonCode: string;
  readonly eventUtcTime: string;
  readonly arrivedMs: number;
  /** Place in the order of acceptance. */
  readonly order: number;
  times: number;
}

export interface AcceptedFigures {
  readonly queueValue: string;
  readonly startDate: string;
  readonly endDate: string;
  readonly arrivedMs: number;
  readonly row: Historical['reportData']['queueReport'][number];
  readonly times: number;
  /** How often the figures came with other values than before. */
  readonly revisions: number;
}

export interface AcceptedActivity {
  readonly agentValue: string;
  readonly userName: string;
  readonly state: string;
  readonly startTime: string;
  readonly durationMs: number;
  readonly reason: string;
  readonly startDate: string;
  readonly endDate: string;
  readonly arrivedMs: number;
  readonly times: number;
  readonly revisions: number;
}

export class Ledger {
  /** By number, oldest first. */
  readonly bodies = new Map<number, AcceptedBody>();
  readonly events = new BoundedMap<AcceptedEvent>(EVENTS_KEPT);
  readonly figures = new BoundedMap<AcceptedFigures>(FIGURES_KEPT);
  readonly activities = new BoundedMap<AcceptedActivity>(ACTIVITIES_KEPT);
  readonly accepted: Record<ReportKind, number> = { 'agent-states': 0, historical: 0, 'agent-activity': 0 };
  readonly refused: Record<ReportKind, number> = { 'agent-states': 0, historical: 0, 'agent-activity': 0 };
  records = 0;
  duplicates = 0;
  revisions = 0;
  /** New events that were older than what the agent's stream had already reached. */
  outOfOrder = 0;
  #order = 0;
  #bodyCharacters = 0;
  readonly #latestEventMs = new BoundedMap<{ atMs: number }>(AGENTS_KEPT);

  keepBody(kind: ReportKind, body: string, arrivedMs: number): void {
    this.accepted[kind] += 1;
    const number = this.accepted['agent-states'] + this.accepted.historical + this.accepted['agent-activity'];
    this.#bodyCharacters += body.length;
    this.bodies.set(number, { number, kind, arrivedMs, body });
    for (const [oldest, { body: text }] of this.bodies) {
      if (this.bodies.size <= BODIES_KEPT && this.#bodyCharacters <= BODY_CHARACTERS_KEPT) break;
      this.bodies.delete(oldest);
      this.#bodyCharacters -= text.length;
    }
  }

  addStates({ agentStateList }: AgentStates, arrivedMs: number): void {
    for (const event of agentStateList) {
      this.records += 1;
      const key = JSON.stringify([event.loginId, event.acdId, event.eventCode, event.reasonCode, event.eventUtcTime]);
      const known = this.events.get(key);
      if (known !== undefined) {
        known.times += 1;
        this.duplicates += 1;
        continue;
      }
      const atMs = Date.parse(event.eventUtcTime);
      if (atMs < (this.#latestEventMs.get(event.loginId)?.atMs ?? 0)) this.outOfOrder += 1;
      else this.#latestEventMs.set(event.loginId, { atMs });
      this.#order += 1;
      this.events.set(key, { ...event, arrivedMs, order: this.#order, times: 1 });
    }
  }

  addHistorical({ startDate, endDate, reportData }: Historical, arrivedMs: number): void {
    for (const row of reportData.queueReport) {
      const key = JSON.stringify([row.queueValue, startDate, endDate]);
      const known = this.figures.get(key);
      const counts = this.#count(known, known !== undefined && JSON.stringify(known.row) !== JSON.stringify(row));
      this.figures.set(key, { queueValue: row.queueValue, startDate, endDate, arrivedMs, row, ...counts });
    }
    this.records += reportData.agentQueueReport.length + reportData.agentSystemPerformanceReport.length;
  }

  addActivities({ startDate, endDate, reportData }: AgentActivity, arrivedMs: number): void {
    for (const { agentValue, userName, agentActivity } of reportData) {
      for (const { state, startTime, duration: durationMs, reason } of agentActivity) {
        const key = JSON.stringify([agentValue, startTime]);
        const known = this.activities.get(key);
        const differs =
          known !== undefined &&
          (known.state !== state ||
            known.durationMs !== durationMs ||
            known.reason !== reason ||
            known.startDate !== startDate);
        const counts = this.#count(known, differs);
        const window = { startDate, endDate, arrivedMs };
        this.activities.set(key, { agentValue, userName, state, startTime, durationMs, reason, ...window, ...counts });
      }
    }
  }

  #count(known: { times: number; revisions: number } | undefined, differs: boolean) {
    this.records += 1;
    if (known === undefined) return { times: 1, revisions: 0 };
    if (differs) this.revisions += 1;
    else this.duplicates += 1;
    return { times: known.times + 1, revisions: known.revisions + (differs ? 1 : 0) };
  }
}

/** A map that lets the key go that came first when it is full. */
class BoundedMap<V> {
  readonly #map = new Map<string, V>();
  /** Goes on behind what was let go: one that starts anew would pass all of that again. */
  readonly #oldestFirst = this.#map.keys();
  readonly #capacity: number;
  dropped = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(key: string): V | undefined {
    return this.#map.get(key);
  }

  set(key: string, value: V): void {
    this.#map.set(key, value);
    if (this.#map.size <= this.#capacity) return;
    const oldest = this.#oldestFirst.next();
    if (!oldest.done) this.#map.delete(oldest.value);
    this.dropped += 1;
  }

  get size(): number {
    return this.#map.size;
  }

  values(): IterableIterator<V> {
    return this.#map.values();
  }
}
