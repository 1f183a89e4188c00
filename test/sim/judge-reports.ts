/**
 * Judges the windowed reports: what Mpower has last of each window equals what follows from the committed states and from
 * what NCC last served, byte for byte where they are figures, and each activity stands in exactly one window.
 */
import { INTERVAL_MS } from '../../src/domain/interval.ts';
import type { SimDatabase } from './d1.ts';
import type { StatesJudge } from './judge-states.ts';
import type { ActivityReport, Historical, SimStream } from './mpower.ts';
import type { Ncc } from './ncc.ts';
import { inWholeSeconds } from './reference.ts';
import type { Verdicts } from './verdicts.ts';

const SIGNED_OUT = 'Logged out';
/** The last planned reading is 24 h after an interval's end; it may come later by what the run has to settle. */
const LATE_FIGURES_MS = 25 * 3_600_000 + 2 * 3_600_000;
const NOT_READY_EXCEPTIONS = new Set(['Available', 'Busy', 'Working', 'Wrapup']);

type QueueRow = Historical['reportData']['queueReport'][number];
type PerformanceRow = Historical['reportData']['agentSystemPerformanceReport'][number];

interface HistoricalWindow {
  endMs: number;
  queues: Map<string, QueueRow>;
  times: Map<string, PerformanceRow>;
}

/** From where to where facts were put back to an older state: what was sent of them may know more than the database. */
interface Murk {
  readonly fromMs: number;
  readonly toMs: number;
}

export class ReportsJudge {
  readonly #db: SimDatabase;
  readonly #ncc: Ncc;
  readonly #states: StatesJudge;
  readonly #verdicts: Verdicts;
  readonly #historical = new Map<number, HistoricalWindow>();
  readonly #activity = new Map<number, Map<string, string[]>>();
  readonly #inParts = new Set<string>();
  readonly murk: Murk[] = [];
  /** Agents that had no login id at first: their times are not asked for. */
  readonly placedLate = new Set<number>();

  constructor(db: SimDatabase, ncc: Ncc, states: StatesJudge, verdicts: Verdicts) {
    this.#db = db;
    this.#ncc = ncc;
    this.#states = states;
    this.#verdicts = verdicts;
  }

  tooLarge(stream: SimStream, startMs: number): void {
    this.#inParts.add(`${stream} ${startMs}`);
  }

  acceptedHistorical({ startDate, endDate, reportData }: Historical): void {
    const startMs = Date.parse(startDate);
    const inParts = this.#inParts.has(`historical ${startMs}`);
    const before = inParts ? this.#historical.get(startMs) : undefined;
    const window = before ?? { endMs: Date.parse(endDate), queues: new Map(), times: new Map() };
    for (const row of reportData.queueReport) window.queues.set(row.queueValue, row);
    for (const row of reportData.agentSystemPerformanceReport) window.times.set(row.agentValue, row);
    this.#historical.set(startMs, window);
  }

  acceptedActivity({ startDate, reportData }: ActivityReport): void {
    const startMs = Date.parse(startDate);
    const before = this.#inParts.has(`agent-activity ${startMs}`) ? this.#activity.get(startMs) : undefined;
    const window = before ?? new Map<string, string[]>();
    for (const { agentValue, agentActivity } of reportData) {
      window.set(
        agentValue,
        agentActivity.map(({ state, startTime, duration }) => `${state} ${Date.parse(startTime)} ${duration}`),
      );
    }
    this.#activity.set(startMs, window);
  }

  /** Judges every window that ended before `beforeMs`, which has to leave the bridge time to send it. */
  checkWindows(lengthMs: number, beforeMs: number): void {
    const { firstLookMs, untilMs } = this.#states;
    if (firstLookMs === null || untilMs === null) return;
    const fromMs = Math.floor(firstLookMs / lengthMs) * lengthMs;
    const toMs = Math.floor(Math.min(beforeMs, untilMs) / lengthMs) * lengthMs;
    const activities = this.#expectedActivities(lengthMs);
    const times = this.#expectedTimes(lengthMs, fromMs, toMs);
    for (let startMs = fromMs; startMs < toMs; startMs += lengthMs) {
      if (this.#isMurky(startMs, startMs + lengthMs)) continue;
      this.#checkActivities(startMs, activities.get(startMs) ?? new Map());
      this.#checkTimes(startMs, times.get(startMs) ?? new Map());
    }
    this.#checkFigures(lengthMs, toMs);
  }

  #isMurky(startMs: number, endMs: number): boolean {
    return this.murk.some(({ fromMs, toMs }) => startMs <= toMs && endMs >= fromMs);
  }

  /** By window and agent: the spans that ended there. */
  #expectedActivities(lengthMs: number): Map<number, Map<number, string[]>> {
    const windows = new Map<number, Map<number, string[]>>();
    for (const [agent, { entries }] of this.#states.records) {
      if (this.#states.leftOut.has(agent)) continue;
      entries.forEach((entry, i) => {
        const next = entries[i + 1];
        if (!next || entry.state === '' || entry.state === SIGNED_OUT) return;
        const startMs = Math.floor(next.atMs / lengthMs) * lengthMs;
        const window = windows.get(startMs) ?? new Map<number, string[]>();
        windows.set(startMs, window);
        const own = window.get(agent) ?? [];
        window.set(agent, own);
        own.push(`${entry.state} ${entry.atMs} ${next.atMs - entry.atMs}`);
      });
    }
    return windows;
  }

  #expectedTimes(lengthMs: number, fromMs: number, toMs: number): Map<number, Map<number, [number, number, number]>> {
    const windows = new Map<number, Map<number, [number, number, number]>>();
    for (const [agent, { entries }] of this.#states.records) {
      if (this.#states.leftOut.has(agent)) continue;
      entries.forEach(({ atMs, state }, i) => {
        if (state === '' || state === SIGNED_OUT) return;
        const endMs = Math.min(entries[i + 1]?.atMs ?? toMs, toMs);
        for (
          let startMs = Math.floor(Math.max(atMs, fromMs) / lengthMs) * lengthMs;
          startMs < endMs;
          startMs += lengthMs
        ) {
          const ms = Math.min(endMs, startMs + lengthMs) - Math.max(atMs, startMs);
          if (ms <= 0) continue;
          const window = windows.get(startMs) ?? new Map<number, [number, number, number]>();
          windows.set(startMs, window);
          const sums = window.get(agent) ?? [0, 0, 0];
          window.set(agent, sums);
          sums[0] += ms;
          if (state === 'Available') sums[1] += ms;
          if (!NOT_READY_EXCEPTIONS.has(state)) sums[2] += ms;
        }
      });
    }
    return windows;
  }

  #checkActivities(startMs: number, expected: ReadonlyMap<number, readonly string[]>): void {
    const at = new Date(startMs).toISOString();
    const window = this.#activity.get(startMs) ?? new Map<string, string[]>();
    const got = new Map([...window].map(([value, list]) => [this.#states.employeeOf(value)?.index ?? -1, list]));
    for (const [agent, list] of expected) {
      if (this.#isRefused('agent-activity', 'activities', agent, startMs)) continue;
      const sent = got.get(agent) ?? [];
      if (sent.length === list.length && list.every((line) => sent.includes(line))) continue;
      this.#verdicts.violation(
        'activity',
        `Window ${at}, agent ${agent}: [${sent.join('; ')}] was sent, [${list.join('; ')}] is right.`,
      );
    }
    if (this.#inParts.has(`agent-activity ${startMs}`)) return;
    for (const agent of got.keys()) {
      if (!expected.has(agent))
        this.#verdicts.violation('activity', `Window ${at} has activities of agent ${agent}, who has none.`);
    }
  }

  #checkTimes(startMs: number, expected: ReadonlyMap<number, readonly [number, number, number]>): void {
    const window = this.#historical.get(startMs);
    if (!window) return;
    const at = new Date(startMs).toISOString();
    const got = new Map(
      [...window.times.values()].map((row) => [this.#states.employeeOf(row.agentValue)?.index ?? -1, row]),
    );
    for (const [agent, [login, ready, notReady]] of expected) {
      if (this.placedLate.has(agent) || this.#isRefused('historical', 'times', agent, startMs)) continue;
      const row = got.get(agent);
      const sent = row ? `${row.loginTime}/${row.readyTime}/${row.notReadyTime}` : 'nothing';
      const right = inWholeSeconds(login, ready, notReady);
      if (sent === right) continue;
      this.#verdicts.violation('times', `Window ${at}, agent ${agent}: ${sent} was sent, ${right} s is right.`);
    }
    if (this.#inParts.has(`historical ${startMs}`)) return;
    for (const agent of got.keys()) {
      if (!expected.has(agent))
        this.#verdicts.violation('times', `Window ${at} has times of agent ${agent}, who was not signed in.`);
    }
  }

  #isRefused(stream: SimStream, kind: 'activities' | 'times', agent: number, startMs: number): boolean {
    const employee = this.#ncc.employees[agent];
    const names = employee ? [employee.userId, employee.id, employee.username] : [];
    const word = kind === 'times' ? 'times of agent' : 'activities of agent';
    return names.some((name) => this.#states.refusedAlone.has(`${stream} ${word} ${name} ${startMs}`));
  }

  /** Every collected interval's figures, as NCC last served them. */
  #checkFigures(lengthMs: number, beforeMs: number): void {
    const ledger = new Map(
      this.#db
        .query<{ start: number; revision: number }>('SELECT start_ms AS start, revision FROM interval_ledger')
        .map(({ start, revision }) => [start, revision]),
    );
    for (const [firstMs, revision] of ledger) {
      if (firstMs % lengthMs !== 0 || firstMs + lengthMs > beforeMs || revision === 0) continue;
      const starts = lengthMs === INTERVAL_MS ? [firstMs] : [firstMs, firstMs + INTERVAL_MS];
      if (starts.some((startMs) => !ledger.get(startMs))) continue;
      this.#checkWindowFigures(firstMs, starts);
    }
  }

  #checkWindowFigures(firstMs: number, starts: readonly number[]): void {
    const at = new Date(firstMs).toISOString();
    const sums = new Map<string, [number, number, number]>();
    for (const startMs of starts) {
      for (const [queue, { entered, abandoned, handleTimeS }] of this.#ncc.served.get(startMs) ?? []) {
        const sum = sums.get(queue) ?? [0, 0, 0];
        sums.set(queue, [sum[0] + entered, sum[1] + abandoned, sum[2] + handleTimeS]);
      }
    }
    const window = this.#historical.get(firstMs);
    for (const [queue, [entered, abandoned, handleTimeS]] of sums) {
      if (this.#states.refusedAlone.has(`historical queue ${queue} ${firstMs}`)) continue;
      const row = window?.queues.get(queue);
      const right =
        row?.contactsReceived === entered && row.abandonedLong === abandoned && row.handleTime === handleTimeS;
      if (right && row.handledLong === entered - abandoned) continue;
      const sent = row ? `${row.contactsReceived}/${row.abandonedLong}/${row.handleTime}` : 'nothing';
      this.#verdicts.violation(
        'figures',
        `Interval ${at}, queue ${queue}: ${sent} was sent, ${entered}/${abandoned}/${handleTimeS} was served last.`,
      );
    }
    for (const [queue, row] of window?.queues ?? []) {
      if (!sums.has(queue) && (row.contactsReceived !== 0 || row.handleTime !== 0)) {
        this.#verdicts.violation(
          'figures',
          `Interval ${at}, queue ${queue}: ${row.contactsReceived} contacts were sent, none served.`,
        );
      }
    }
  }

  /** Late figures were asked for: a day and a bit after its end, what was served last is what NCC has. */
  checkLateFigures(trueMs: number): void {
    for (const [startMs, said] of this.#ncc.served) {
      if (startMs + INTERVAL_MS + LATE_FIGURES_MS > trueMs) continue;
      const truth = JSON.stringify([...this.#ncc.figures(startMs, trueMs)]);
      if (truth === JSON.stringify([...said])) continue;
      const at = new Date(startMs).toISOString();
      this.#verdicts.violation(
        'figures',
        `Interval ${at}: ${truth} is final, and ${JSON.stringify([...said])} was read last.`,
      );
    }
  }

  /** Every interval since collection began is known; after settling, each due one is collected or says why not. */
  checkLedger(nowMs: number, settled: boolean): void {
    const rows = this.#db.query<{
      start: number;
      status: string;
      reason: string;
      unconfirmed: number;
      next: number | null;
    }>(
      'SELECT start_ms AS start, status, reason, unconfirmed, next_read_at_ms AS next FROM interval_ledger ORDER BY start_ms',
    );
    rows.forEach((row, i) => {
      const at = new Date(row.start).toISOString();
      const before = rows[i - 1];
      if (before && row.start !== before.start + INTERVAL_MS)
        this.#verdicts.violation('ledger', `The ledger has a hole before ${at}.`);
      if (row.status === 'gap' && row.reason === '')
        this.#verdicts.violation('ledger', `The gap of ${at} has no reason.`);
      if (row.status !== 'collected' && row.next === null)
        this.#verdicts.violation('ledger', `The interval ${at} is ${row.status} and will not be read.`);
      if (!settled) return;
      if (row.status !== 'collected' && row.start + 2 * INTERVAL_MS < nowMs) {
        this.#verdicts.violation('ledger', `The interval ${at} is still ${row.status}: ${row.reason}`);
      }
      if (row.next !== null && row.next < nowMs - 600_000)
        this.#verdicts.violation('ledger', `The reading of ${at} is overdue.`);
    });
    const last = rows.at(-1);
    if (settled && last && last.start < nowMs - 2 * INTERVAL_MS)
      this.#verdicts.violation('ledger', 'The ledger does not reach to now.');
    if (!settled) return;
    const waiting = this.#db.query<{ stream: string; start: number }>(
      'SELECT stream, start_ms AS start FROM report WHERE delivered_revision < revision',
    );
    for (const { stream, start } of waiting) {
      if (start + 2 * INTERVAL_MS < nowMs - 600_000) {
        this.#verdicts.violation(
          'undelivered',
          `The ${stream} report of ${new Date(start).toISOString()} still waits.`,
        );
      }
    }
  }
}
