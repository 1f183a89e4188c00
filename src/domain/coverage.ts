/** What is known of an interval in one word, for people: the states of the Coverage page, and the balance of a day. */

export const CELL_STATES = ['delivered', 'late', 'waiting', 'gap', 'quiet', 'unconfirmed'] as const;
export type CellState = (typeof CELL_STATES)[number];

/** An interval and its historical report, as stored. Instants in UTC epoch milliseconds. */
export interface IntervalFacts {
  readonly status: 'waiting' | 'collected' | 'gap';
  readonly unconfirmed: boolean;
  readonly revision: number;
  readonly endMs: number;
  readonly offered: number;
  readonly abandoned: number;
  readonly collectedAtMs: number | null;
  /** Null: no report was made of it yet. */
  readonly report: {
    readonly revision: number;
    readonly deliveredRevision: number;
    readonly acceptedAtMs: number | null;
  } | null;
}

/** Later than this after it was due, a figure or its delivery counts as late. */
const LATE_MS = 20 * 60_000;

/**
 * The one state of an interval. What needs somebody comes first: a gap is a gap and an unconfirmed interval is
 * unconfirmed whatever else is true. `quiet`: delivered, and nobody called. `late`: delivered, but late or more than once
 * because figures changed.
 */
export function cellState(facts: IntervalFacts, settleDelayMs: number): CellState {
  const { status, unconfirmed, revision, report, endMs } = facts;
  if (status === 'gap') return 'gap';
  if (status === 'waiting') return 'waiting';
  if (unconfirmed) return 'unconfirmed';
  if (!report || report.deliveredRevision < report.revision) return 'waiting';
  if (facts.offered === 0 && facts.abandoned === 0) return 'quiet';
  const dueMs = endMs + settleDelayMs + LATE_MS;
  const isLate = (atMs: number | null) => atMs !== null && atMs > dueMs;
  // A report that was sent more than once says when it was last accepted, which tells nothing of the first time.
  const wasDeliveredLate = report.deliveredRevision === 1 && isLate(report.acceptedAtMs);
  return revision > 1 || isLate(facts.collectedAtMs) || wasDeliveredLate ? 'late' : 'delivered';
}

/** Contacts of a window or a day: as the source told, as stored, as the WFM accepted them, and why they differ. */
export interface ContactBalance {
  readonly source: number;
  readonly stored: number;
  readonly delivered: number;
  /** Of queues that are left out on purpose. */
  readonly leftOut: number;
  /** In reports that wait to be sent. */
  readonly waiting: number;
  /** In reports of which the WFM refused records. */
  readonly setAside: number;
  /** Missing from reports that were sent as they then had to be: a queue was included later, say. 0 as a rule. */
  readonly missing: number;
}

export const NO_CONTACTS: ContactBalance = {
  source: 0,
  stored: 0,
  delivered: 0,
  leftOut: 0,
  waiting: 0,
  setAside: 0,
  missing: 0,
};

/** What is stored of one report's window. `delivered` null: accepted before contacts were counted. */
export interface WindowFacts {
  readonly source: number;
  readonly stored: number;
  /** Stored contacts of queues that are not included at present. */
  readonly excluded: number;
  readonly report: {
    readonly isWaiting: boolean;
    readonly delivered: number | null;
    readonly setAsideCount: number;
  } | null;
}

/** Balances one window: the source's contacts are delivered, or there is a reason why not. */
export function windowBalance({ source, stored, excluded, report }: WindowFacts): ContactBalance {
  const isWaiting = report === null || report.isWaiting;
  const delivered = report === null ? 0 : (report.delivered ?? (isWaiting ? 0 : source - excluded));
  const lacking = source - delivered;
  const leftOut = Math.min(Math.max(lacking, 0), excluded);
  const rest = lacking - leftOut;
  const reason = isWaiting ? 'waiting' : report.setAsideCount > 0 ? 'setAside' : 'missing';
  return { ...NO_CONTACTS, source, stored, delivered, leftOut, [reason]: rest };
}

export function addContacts(a: ContactBalance, b: ContactBalance): ContactBalance {
  return {
    source: a.source + b.source,
    stored: a.stored + b.stored,
    delivered: a.delivered + b.delivered,
    leftOut: a.leftOut + b.leftOut,
    waiting: a.waiting + b.waiting,
    setAside: a.setAside + b.setAside,
    missing: a.missing + b.missing,
  };
}
