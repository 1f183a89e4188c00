// What a long history does to pages and polls: the coverage page and agents' time lines, and the rows that they and a poll read.
import type { Stage } from '../../test/host/support/stage.ts';
import { Bridge } from '../support/bridge.ts';
import { addHistory, type Stored } from '../support/history.ts';
import { figure, quantile } from '../support/numbers.ts';
import { afterPolls } from '../support/polling.ts';
import { processCpuMs } from '../support/process-cpu.ts';
import type { Row } from '../support/row.ts';
import { type StandIns, startStandIns } from '../support/stand-ins.ts';
import { takeUsage, totals } from '../support/usage.ts';
import { usageOfPolls } from './d1.ts';

const PERIOD_S = 3;
/** 10 million changes in a year are 110 a day for each of them. */
const AGENTS = 250;
const POLL_MEASURE_MS = 18_000;
const WARM_LOOKS = 20;
const LOOKS = 150;
const LOOKS_COUNTED = 20;
const PAGE_LIMIT_MS = 100;
/** The ledger's row and the report's. */
const ROWS_AN_INTERVAL = 2;

export interface HistorySize {
  readonly days: number;
  readonly queues: number;
  readonly stateChanges: number;
}

/** A page to be looked at, with a day that differs with each look. */
interface Page {
  readonly name: string;
  /** What is shown bounds what is read: of coverage, so many rows an interval and some for the page. */
  readonly rowsMax?: number;
  path(look: number): string;
}

/** Measures polls with next to no history, then with a lot of it, and pages on the latter. */
export async function historyRows(
  stage: Stage,
  size: HistorySize,
  builds: { product: string | undefined; counted: string },
): Promise<Row[]> {
  const dataDirectory = stage.directory();
  const standIns = await startStandIns(stage, { agents: AGENTS, changeShare: 0.05, queues: size.queues });
  const before = await readPerPoll(stage, standIns, dataDirectory, builds.counted, true);
  const { days, stateChanges } = size;
  const stored = addHistory(dataDirectory, { days, stateChanges, intervals: true });
  const after = await readPerPoll(stage, standIns, dataDirectory, builds.counted, false);
  const label = labelOf(stored, days);
  const pages = pagesOf(days);
  const rowsRead = await countPages(stage, dataDirectory, builds.counted, pages);
  const bridge = await Bridge.start(stage, { distDirectory: builds.product, dataDirectory });
  const times = await timePages(bridge, pages);
  await bridge.end();
  await standIns.end();
  return [
    {
      name: `D1 rows read per poll, ${AGENTS} agents, 5 % changing: with no history and with ${label}`,
      bridge: `${figure(before)}; ${figure(after)}`,
      bound: 'not growing with history',
      isReached: after <= before * 1.1 + 1,
    },
    ...pages.map((page, i): Row => {
      const { tookMs, cpuMs } = times[i] ?? { tookMs: [], cpuMs: Number.NaN };
      const p99 = quantile(tookMs, 0.99);
      const took = `${figure(quantile(tookMs, 0.5))} ms, ${figure(p99)} ms`;
      const read = rowsRead[i] ?? Number.NaN;
      const { rowsMax } = page;
      return {
        name: `${page.name}, p50 and p99 of ${LOOKS}, the same history`,
        bridge: `${took} (${figure(cpuMs)} ms CPU, ${figure(read)} D1 rows read)`,
        bound: `p99 ≤ ${PAGE_LIMIT_MS} ms${rowsMax === undefined ? '' : `, ≤ ${figure(rowsMax)} rows read`}`,
        isReached: p99 <= PAGE_LIMIT_MS && read <= (rowsMax ?? Number.POSITIVE_INFINITY),
      };
    }),
  ];
}

function labelOf({ stateChanges, queueIntervals, bytes }: Stored, days: number): string {
  return `${days} days, ${figure(stateChanges / 1e6)} million state changes, ${figure(queueIntervals / 1e6)} million queue intervals (${figure(bytes / 1e9)} GB)`;
}

function pagesOf(days: number): Page[] {
  const day = (look: number) => {
    const back = 2 + ((look * 37) % Math.max(1, days - 32));
    return new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10);
  };
  const rowsMax = (days: number) => days * 96 * ROWS_AN_INTERVAL + 200;
  const agent = (look: number) => 1 + ((look * 53) % AGENTS);
  return [
    { name: 'coverage page, 7 days', rowsMax: rowsMax(7), path: (look) => `/connections/1/coverage?to=${day(look)}` },
    {
      name: 'coverage page, 28 days',
      rowsMax: rowsMax(28),
      path: (look) => `/connections/1/coverage?days=28&to=${day(look)}`,
    },
    { name: 'coverage page, one day', path: (look) => `/connections/1/coverage/${day(look)}` },
    { name: "agent's time line, one day", path: (look) => `/connections/1/agents/${agent(look)}?day=${day(look)}` },
    { name: 'agents now', path: () => '/connections/1/agents' },
  ];
}

async function readPerPoll(
  stage: Stage,
  standIns: StandIns,
  dataDirectory: string,
  counted: string,
  isNew: boolean,
): Promise<number> {
  const bridge = await Bridge.start(stage, { distDirectory: counted, dataDirectory });
  if (isNew) await bridge.connect(standIns, PERIOD_S);
  await afterPolls(standIns, 5, Date.now());
  const { polls, usage } = await usageOfPolls(bridge, standIns, PERIOD_S, POLL_MEASURE_MS);
  await bridge.end();
  return totals(usage).rowsRead / polls;
}

/** D1 rows that one look at each page reads: requests of nobody else are under way, but polls are, and are left out. */
async function countPages(
  stage: Stage,
  dataDirectory: string,
  counted: string,
  pages: readonly Page[],
): Promise<number[]> {
  const bridge = await Bridge.start(stage, { distDirectory: counted, dataDirectory });
  await bridge.call('POST', '/api/v1/connections/1/pause', {});
  const look = await bridge.signIn();
  const perPage: number[] = [];
  for (const page of pages) {
    await takeUsage(bridge);
    for (let i = 0; i < LOOKS_COUNTED; i += 1) await look(page.path(i));
    perPage.push(totals(await takeUsage(bridge)).rowsRead / LOOKS_COUNTED);
  }
  await bridge.call('POST', '/api/v1/connections/1/resume', {});
  await bridge.end();
  return perPage;
}

interface PageTimes {
  /** Of each look, milliseconds. */
  readonly tookMs: readonly number[];
  /** Processor time of host and engine for one look, what polls took meanwhile included. */
  readonly cpuMs: number;
}

/** Looks at each page many times, while the connection is polled as always. */
async function timePages(bridge: Bridge, pages: readonly Page[]): Promise<PageTimes[]> {
  const look = await bridge.signIn();
  const { host, engine } = bridge.pids();
  const usedMs = () => [host, ...engine].reduce((sum, pid) => sum + (processCpuMs(pid) ?? 0), 0);
  const times: PageTimes[] = [];
  for (const page of pages) {
    for (let i = 0; i < WARM_LOOKS; i += 1) await look(page.path(LOOKS + i));
    const tookMs: number[] = [];
    const before = usedMs();
    for (let i = 0; i < LOOKS; i += 1) tookMs.push((await look(page.path(i))).tookMs);
    times.push({ tookMs, cpuMs: (usedMs() - before) / LOOKS });
  }
  return times;
}
