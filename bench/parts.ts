// The parts of the benchmark, in the order in which they run, and how much of each a run takes.
import type { Stage } from '../test/host/support/stage.ts';
import { backfillRow } from './rows/backfill.ts';
import { catchUpRows } from './rows/catch-up.ts';
import { connectionsRow } from './rows/connections.ts';
import { d1Rows } from './rows/d1.ts';
import { growthWithAgents, growthWithHistory, growthWithShare } from './rows/growth.ts';
import { heapRow } from './rows/heap.ts';
import { historyRows } from './rows/history.ts';
import { largestRow } from './rows/largest.ts';
import { oversizeRow } from './rows/oversize.ts';
import { overviewRow } from './rows/overview.ts';
import { type PollingBounds, pollingRows } from './rows/polling.ts';
import { measureStorage, storageRow } from './rows/storage.ts';
import { Bridge } from './support/bridge.ts';
import { buildCountedWorker } from './support/builds.ts';
import type { Row } from './support/row.ts';

/** quick: part of every run. usual: not of --quick. long: of --long alone. */
export type Scope = 'quick' | 'usual' | 'long';

export interface Run {
  readonly stage: Stage;
  /** Directory of the built Worker; undefined: the product's own dist/. */
  readonly dist: string | undefined;
  readonly scope: Scope;
}

export interface Part {
  readonly name: string;
  readonly scope: Scope;
  /** It counts and times nothing: such parts run side by side. */
  readonly isCounted?: boolean;
  measure(run: Run): Promise<readonly Row[]>;
}

const YEAR = { days: 365, queues: 200, stateChanges: 10_000_000 };
const MONTH = { days: 35, queues: 200, stateChanges: 1_000_000 };
const LARGEST_USUAL = [20_000];
const LARGEST_LONG = [20_000, 30_000, 40_000, 50_000, 60_000, 70_000, 80_000];

export const PARTS: readonly Part[] = [
  { name: 'storage', scope: 'quick', isCounted: true, measure: async () => [storageRow(measureStorage())] },
  {
    name: 'd1',
    scope: 'quick',
    isCounted: true,
    measure: ({ stage, dist }) => d1Rows(stage, buildCountedWorker(dist)),
  },
  {
    name: 'overview',
    scope: 'usual',
    isCounted: true,
    measure: async ({ stage, dist }) => [await overviewRow(stage, 20_000, buildCountedWorker(dist))],
  },
  {
    name: 'heap',
    scope: 'usual',
    isCounted: true,
    measure: async ({ stage, dist }) => [await heapRow(stage, 20_000, dist)],
  },
  { name: 'oversize', scope: 'long', measure: async ({ stage, dist }) => [await oversizeRow(stage, dist)] },
  { name: 'polling', scope: 'quick', measure: polling },
  { name: 'connections', scope: 'usual', measure: connections },
  {
    name: 'backfill',
    scope: 'usual',
    measure: async ({ stage, dist, scope }) => [await backfillRow(stage, scope === 'long' ? 30 : 10, 200, dist)],
  },
  {
    name: 'history',
    scope: 'usual',
    measure: ({ stage, dist, scope }) =>
      historyRows(stage, scope === 'long' ? YEAR : MONTH, { product: dist, counted: buildCountedWorker(dist) }),
  },
  { name: 'catch-up', scope: 'long', measure: ({ stage, dist }) => catchUpRows(stage, 1_000, dist) },
  { name: 'growth-agents', scope: 'long', measure: ({ stage, dist }) => growthWithAgents(stage, dist) },
  { name: 'growth-share', scope: 'long', measure: ({ stage, dist }) => growthWithShare(stage, dist) },
  { name: 'growth-history', scope: 'long', measure: ({ stage, dist }) => growthWithHistory(stage, dist) },
];

/** Sizes share one host: what it does once, at its start, is then over. */
async function polling({ stage, dist, scope }: Run): Promise<readonly Row[]> {
  const bridge = await Bridge.start(stage, { distDirectory: dist });
  const measure = (agents: number, changeShare: number, bounds: PollingBounds) =>
    pollingRows(stage, bridge, { agents, changeShare, periodS: 3, polls: 12 }, bounds);
  const rows = await measure(10_000, 0.05, { cpuRatio: 2, delayRatio: 3, punctual: true });
  if (scope !== 'quick') {
    rows.push(...(await measure(10_000, 0, { cpuRatio: 1.5, punctual: true })));
    rows.push(...(await measure(1_000, 0.05, { delayRatio: 3, punctual: true })));
    rows.push(await largestRow(stage, bridge, scope === 'long' ? LARGEST_LONG : LARGEST_USUAL));
  }
  await bridge.end();
  return rows;
}

async function connections({ stage, dist, scope }: Run): Promise<readonly Row[]> {
  const rows = [await connectionsRow(stage, 50, 500, dist)];
  if (scope === 'long') rows.push(await connectionsRow(stage, 80, 500, dist));
  return rows;
}
