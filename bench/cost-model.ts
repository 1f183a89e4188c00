// Monthly usage from measured units, and what it costs. The units are bench/units.json, written by measure-units.ts.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import {
  DAYS_A_MONTH,
  FREE_A_DAY,
  METERS,
  type Meter,
  OBJECT_GB,
  PAID,
  PAID_BASE_USD,
  PAID_DATABASE_GB_MAX,
} from './prices-2026-11.ts';

const rows = z.object({ read: z.number(), written: z.number() });

export const unitsSchema = z.object({
  measuredAt: z.iso.date(),
  /** One state change, beyond the poll that brought it. */
  change: rows,
  /** One poll that brings a change, without the changes. */
  poll: rows.extend({ statements: z.number() }),
  /** One interval's end: figures, ledger, reports, activities. */
  window: rows,
  windowQueue: rows,
  windowAgent: rows,
  /** One state change, when the window that it fell into is closed and reported. */
  windowChange: rows,
  cronMinute: rows,
  object: z.object({ alarmsPerPoll: z.number(), rowsWrittenPerAlarm: z.number(), ownMsPerAlarm: z.number() }),
  stored: z.object({
    bytesPerChange: z.number(),
    bytesPerLoggedChange: z.number(),
    bytesPerQueueInterval: z.number(),
    bytesPerKeptActivity: z.number(),
  }),
  /** Processor time of one request that looks at every connection; a cron's is taken for the same. */
  requestCpuMs: z.number(),
});
export type Units = z.infer<typeof unitsSchema>;

export function readUnits(): Units {
  return unitsSchema.parse(JSON.parse(readFileSync(path.join(import.meta.dirname, 'units.json'), 'utf8')));
}

/** A deployment. Every number that is not a count has its unit in its name. */
export interface Deployment {
  readonly agents: number;
  readonly queues: number;
  readonly intervalS: number;
  readonly connections: number;
  /** Hours a day that an agent is signed in, and seconds between two of its state changes meanwhile. */
  readonly shiftHours: number;
  readonly stateS: number;
  /** What the other sides take to answer a poll and a delivery together, milliseconds: what an object waits for. */
  readonly upstreamMs: number;
  /** One round trip to D1. */
  readonly d1Ms: number;
  /** Hours a day that somebody looks at the Overview, which refreshes itself. */
  readonly viewerHours: number;
  /** Rows kept: state changes, the log of the polls, queue intervals. */
  readonly changeDays: number;
  readonly logDays: number;
  readonly queueDays: number;
  /** Bodies of reports as they were sent. */
  readonly bodyDays: number;
}

export const TYPICAL: Omit<Deployment, 'agents' | 'queues' | 'intervalS'> = {
  connections: 1,
  shiftHours: 8,
  stateS: 60,
  upstreamMs: 500,
  d1Ms: 30,
  viewerHours: 8,
  changeDays: 400,
  logDays: 14,
  queueDays: 1_100,
  bodyDays: 14,
};

const INTERVALS_A_DAY = 96;
/** Each hour one day's stored figures are added up, to prove the sums that Coverage shows. */
const PROOFS_A_DAY = 24;
const OVERVIEW_EVERY_S = 10;
/** An Overview's refresh reads about so many rows, however many agents there are. */
const OVERVIEW_ROWS = 300;
const D1_CALLS_A_POLL = 2;
/** Tokens renewed at 80 % of an hour, on both sides. */
const KV_WRITES_A_DAY = 60;

/** Usage a day once everything is as old as it gets, so that as much is removed as comes in. */
export function usageADay(d: Deployment, units: Units): Readonly<Record<Meter, number>> {
  const polls = (86_400 / d.intervalS) * d.connections;
  const changes = (d.agents * d.shiftHours * 3_600) / d.stateS;
  const alarms = polls * units.object.alarmsPerPoll;
  const windows = INTERVALS_A_DAY * d.connections;
  const refreshes = (d.viewerHours * 3_600) / OVERVIEW_EVERY_S;
  const minutes = 1_440;
  // A poll that brings no change extends the row before; how many bring none is chance. Both write one row.
  const logRows = polls * (1 - Math.exp(-changes / polls));
  const queueRows = INTERVALS_A_DAY * d.queues;
  const removed = changes + logRows + queueRows;
  const alarmS = (units.object.ownMsPerAlarm + d.upstreamMs + D1_CALLS_A_POLL * d.d1Ms) / 1_000;
  const activeS = Math.min(alarms * alarmS, 86_400 * d.connections);
  const storedBytes =
    changes * d.changeDays * units.stored.bytesPerChange +
    changes * d.logDays * units.stored.bytesPerLoggedChange +
    changes * d.bodyDays * units.stored.bytesPerKeptActivity +
    queueRows * d.queueDays * units.stored.bytesPerQueueInterval;
  return {
    'worker requests': minutes + refreshes,
    'worker CPU ms': (minutes + refreshes) * units.requestCpuMs,
    'object requests': alarms + minutes * d.connections,
    'object GB-s': activeS * OBJECT_GB,
    'object rows written': alarms * units.object.rowsWrittenPerAlarm,
    'D1 rows read':
      polls * units.poll.read +
      changes * (units.change.read + units.windowChange.read) +
      windows * units.window.read +
      INTERVALS_A_DAY * (d.queues * units.windowQueue.read + d.agents * units.windowAgent.read) +
      minutes * units.cronMinute.read +
      PROOFS_A_DAY * (queueRows + INTERVALS_A_DAY * d.connections) +
      refreshes * OVERVIEW_ROWS +
      removed,
    'D1 rows written':
      polls * units.poll.written +
      changes * (units.change.written + units.windowChange.written) +
      windows * units.window.written +
      INTERVALS_A_DAY * (d.queues * units.windowQueue.written + d.agents * units.windowAgent.written) +
      minutes * units.cronMinute.written +
      PROOFS_A_DAY * d.connections +
      removed,
    'D1 GB stored': storedBytes / 1e9,
    'KV writes': KV_WRITES_A_DAY * d.connections,
  };
}

/** How long state changes can be kept, at most as long as the deployment asks for, in one database of the Paid plan. */
export function changeDaysThatFit(d: Deployment, units: Units): number {
  const stored = (changeDays: number) => usageADay({ ...d, changeDays }, units)['D1 GB stored'];
  const perDay = stored(1) - stored(0);
  return Math.max(0, Math.min(d.changeDays, Math.floor((PAID_DATABASE_GB_MAX - stored(0)) / perDay)));
}

export interface Bill {
  readonly usd: number;
  /** Dollars beyond the included amounts, by meter. */
  readonly overage: Readonly<Partial<Record<Meter, number>>>;
  /** Share of the included amount that each meter takes. */
  readonly shares: Readonly<Record<Meter, number>>;
  /** The meter with the largest share. */
  readonly dominant: Meter;
}

/** Usage a month: rates times days; what is stored is no rate. */
export function aMonth(usage: Readonly<Record<Meter, number>>): Readonly<Record<Meter, number>> {
  return byMeter((meter) => usage[meter] * (meter === 'D1 GB stored' ? 1 : DAYS_A_MONTH));
}

export function paidBill(usage: Readonly<Record<Meter, number>>): Bill {
  const month = aMonth(usage);
  const overage: Partial<Record<Meter, number>> = {};
  for (const meter of METERS) {
    const usd = Math.max(0, month[meter] - PAID[meter].included) * PAID[meter].usdEach;
    if (usd > 0) overage[meter] = usd;
  }
  const shares = byMeter((meter) => month[meter] / PAID[meter].included);
  const usd = PAID_BASE_USD + Object.values(overage).reduce((sum, part) => sum + part, 0);
  return { usd, overage, shares, dominant: largest(shares) };
}

/** Shares of the Free plan's amounts; above 1 does not fit. */
export function freeShares(usage: Readonly<Record<Meter, number>>): {
  shares: Readonly<Record<Meter, number>>;
  dominant: Meter;
} {
  const shares = byMeter((meter) => {
    const included = FREE_A_DAY[meter];
    return included === null ? 0 : usage[meter] / included;
  });
  return { shares, dominant: largest(shares) };
}

/** The most agents that the Free plan carries, one queue for every 20 of them. */
export function largestOnFree(units: Units, intervalS: number, kept: Partial<Deployment> = {}): number {
  const fits = (agents: number) => {
    const deployment = { ...TYPICAL, ...kept, agents, queues: Math.ceil(agents / 20), intervalS };
    return Object.values(freeShares(usageADay(deployment, units)).shares).every((share) => share <= 1);
  };
  let [low, high] = [0, 100_000];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

function byMeter(value: (meter: Meter) => number): Record<Meter, number> {
  return {
    'worker requests': value('worker requests'),
    'worker CPU ms': value('worker CPU ms'),
    'object requests': value('object requests'),
    'object GB-s': value('object GB-s'),
    'object rows written': value('object rows written'),
    'D1 rows read': value('D1 rows read'),
    'D1 rows written': value('D1 rows written'),
    'D1 GB stored': value('D1 GB stored'),
    'KV writes': value('KV writes'),
  };
}

const largest = (shares: Readonly<Record<Meter, number>>): Meter =>
  METERS.reduce((most, meter) => (shares[meter] > shares[most] ? meter : most));
