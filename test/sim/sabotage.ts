/**
 * Ways to spoil a run that keeps every promise, so that a test can see the judge notice: what Mpower accepts reaches the
 * judge changed, a vendor counts a sign-in that nobody made, a row of the database is lost.
 */
import type { SimDatabase } from './d1.ts';
import type { Historical, MpowerEvents, StateEvent } from './mpower.ts';

/** What each does. */
export const SABOTAGE_KINDS = {
  lost: 'every tenth body of state changes loses its first event',
  altered: 'every tenth body of state changes has another state in its first event',
  order: 'an event is kept back until a later one of its agent has come',
  figure: 'every tenth historical report has a contact more in its first queue',
  'sign-in': 'each sign-in that a vendor has seen counts twice',
  ledger: 'the ledger loses a row in its middle',
  present: 'for half a minute after an outage Mpower forgets the state changes that it accepts',
} as const;
export type SabotageKind = keyof typeof SABOTAGE_KINDS;

export const isSabotageKind = (name: string): name is SabotageKind => Object.hasOwn(SABOTAGE_KINDS, name);

const EVERY = 10;

/** Stands between Mpower and the judge. `kind` null: hands everything on as it is. */
export class Saboteur {
  readonly #kind: SabotageKind | null;
  readonly #nowMs: () => number;
  #forgetsUntilMs = 0;
  #bodies = 0;
  #reports = 0;
  #keptBack: StateEvent | null = null;

  constructor(kind: SabotageKind | null, nowMs: () => number) {
    this.#kind = kind;
    this.#nowMs = nowMs;
  }

  between(events: MpowerEvents): MpowerEvents {
    return {
      ...events,
      states: (body) => events.states(this.#spoiltStates(body)),
      historical: (report) => events.historical(this.#spoiltReport(report)),
    };
  }

  #spoiltStates(body: readonly StateEvent[]): readonly StateEvent[] {
    this.#bodies += 1;
    const [first, ...others] = body;
    const hasTurn = this.#bodies % EVERY === 0;
    if (!first) return body;
    if (this.#nowMs() < this.#forgetsUntilMs) return [];
    if (this.#kind === 'lost' && hasTurn) return others;
    if (this.#kind === 'altered' && hasTurn) return [{ ...first, eventCode: `${first.eventCode} altered` }, ...others];
    return this.#kind === 'order' ? this.#disordered(body, first, hasTurn) : body;
  }

  #disordered(body: readonly StateEvent[], first: StateEvent, hasTurn: boolean): readonly StateEvent[] {
    const kept = this.#keptBack;
    if (kept === null) {
      if (!hasTurn) return body;
      this.#keptBack = first;
      return body.slice(1);
    }
    if (!body.some(({ loginId }) => loginId === kept.loginId)) return body;
    this.#keptBack = null;
    return [...body, kept];
  }

  #spoiltReport(report: Historical): Historical {
    const { queueReport } = report.reportData;
    const [first, ...others] = queueReport;
    if (this.#kind !== 'figure' || !first) return report;
    this.#reports += 1;
    if (this.#reports % EVERY !== 0) return report;
    const spoilt = { ...first, contactsReceived: first.contactsReceived + 1 };
    return { ...report, reportData: { ...report.reportData, queueReport: [spoilt, ...others] } };
  }

  /** Mpower is back; the judge looks at `dueMs`. */
  outageEnded(dueMs: number): void {
    if (this.#kind === 'present') this.#forgetsUntilMs = dueMs;
  }

  /** A vendor has seen a sign-in. */
  signedIn<T>(tries: T[]): void {
    const last = tries.at(-1);
    if (this.#kind === 'sign-in' && last !== undefined) tries.push({ ...last });
  }

  /** The judge is about to look at everything. */
  atEnd(database: SimDatabase): void {
    if (this.#kind !== 'ledger') return;
    database.execute(
      `DELETE FROM interval_ledger WHERE start_ms =
         (SELECT start_ms FROM interval_ledger ORDER BY start_ms LIMIT 1 OFFSET (SELECT count(*) / 2 FROM interval_ledger))`,
    );
  }
}
