// What a poll costs in D1, by D1's own account of each statement.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stage } from '../../test/host/support/stage.ts';
import { Bridge } from '../support/bridge.ts';
import { figure } from '../support/numbers.ts';
import type { Row } from '../support/row.ts';
import { readPolls, type StandIns, startStandIns } from '../support/stand-ins.ts';
import { takeUsage, totals, type Usage } from '../support/usage.ts';

const PERIOD_S = 3;
const SETTLE_MS = 20_000;
const MEASURE_MS = 30_000;

export interface PollUsage {
  readonly polls: number;
  readonly changes: number;
  /** Statements that belong to polling and delivering; the host's own look at the bridge's health is not counted. */
  readonly usage: Usage;
}

/** Statements of pages and health checks, which no poll makes. */
const OF_PAGES = [
  /^SELECT c\./,
  /^SELECT \* FROM/,
  /^SELECT connection_id, stream, sum/,
  /heartbeat|alert|maintenance|session|audit/,
];
/** Statements that the minute's job makes. */
const OF_MINUTE = /^DELETE/;

/** Each poll is committed by one of these, and each that brings changes by the other, too. */
const COMMITS_LOOK = /^(?:INSERT INTO state_log|UPDATE state_log SET until_ms)/;
const STORES_CHANGES = /^INSERT INTO state_change/;

function madeBy(statements: Usage['statements'], pattern: RegExp): number {
  return Object.entries(statements).reduce((sum, [sql, one]) => sum + (pattern.test(sql) ? one.statements : 0), 0);
}

export async function measurePollUsage(
  stage: Stage,
  counted: string,
  traffic: { agents: number; changeShare: number },
  durationMs: number,
): Promise<PollUsage> {
  const standIns = await startStandIns(stage, traffic);
  const bridge = await Bridge.start(stage, { distDirectory: counted });
  await bridge.connect(standIns, PERIOD_S);
  await sleep(SETTLE_MS);
  const { polls, usage } = await usageOfPolls(bridge, standIns, PERIOD_S, durationMs);
  await bridge.end();
  await standIns.end();
  const changes = madeBy(usage.statements, STORES_CHANGES) * Math.floor(traffic.agents * traffic.changeShare);
  return { polls, changes, usage };
}

/** What a running bridge's polls and deliveries used, from the middle between two polls on. */
export async function usageOfPolls(
  bridge: Bridge,
  { nccUrl }: Pick<StandIns, 'nccUrl'>,
  periodS: number,
  durationMs: number,
): Promise<{ polls: number; usage: Usage }> {
  const lastMs = (await readPolls(nccUrl)).at(-1)?.arrivalMs ?? Date.now();
  await sleep(lastMs + 1.5 * periodS * 1_000 - Date.now());
  await takeUsage(bridge);
  await sleep(durationMs);
  const taken = await takeUsage(bridge);
  const statements = Object.fromEntries(
    Object.entries(taken.statements).filter(
      ([sql]) => !OF_MINUTE.test(sql) && !OF_PAGES.some((page) => page.test(sql)),
    ),
  );
  // Counted where the rows are: a poll at the edge of the time is in both or in neither.
  return { polls: madeBy(statements, COMMITS_LOOK), usage: { ...taken, statements } };
}

/** How often a poll made the statement that was made most often. */
function mostOfOneStatement({ usage, polls }: PollUsage): number {
  return Math.max(...Object.values(usage.statements).map(({ statements }) => statements)) / polls;
}

export async function d1Rows(stage: Stage, counted: string): Promise<Row[]> {
  // Rows do not depend on how busy the machine is: the three run side by side.
  const [changing, many, still] = await Promise.all([
    measurePollUsage(stage, counted, { agents: 1_000, changeShare: 0.05 }, MEASURE_MS),
    measurePollUsage(stage, counted, { agents: 10_000, changeShare: 0.05 }, MEASURE_MS),
    measurePollUsage(stage, counted, { agents: 1_000, changeShare: 0 }, MEASURE_MS),
  ]);
  const written = totals(changing.usage).rowsWritten / changing.changes;
  const writtenStill = totals(still.usage).rowsWritten / still.polls;
  const perPoll = [changing, many, still].map(({ usage, polls }) => totals(usage).statements / polls);
  const readPerPoll = [changing, many, still].map(({ usage, polls }) => totals(usage).rowsRead / polls);
  // Means differ by chance: not every poll of a small centre brings a change of an agent without a login id.
  const mostOften = Math.max(...[changing, many].map(mostOfOneStatement));
  return [
    {
      name: 'D1 rows written per state change, everything that a poll and its delivery write',
      bridge: figure(written),
      bound: '≤ 2',
      isReached: written <= 2,
    },
    {
      name: 'D1 rows written per poll without change',
      bridge: figure(writtenStill),
      bound: '≤ 1',
      // A cron may fall into the time measured.
      isReached: writtenStill <= 1,
    },
    {
      name: 'D1 statements per poll with 1,000 and 10,000 agents, 5 % changing; without change; most of one',
      bridge: `${perPoll.map(figure).join('; ')}; ${figure(mostOften)}`,
      bound: 'none more than once a poll, however many agents',
      isReached: mostOften <= 1 + 1 / Math.min(changing.polls, many.polls),
    },
    {
      name: 'D1 rows read per poll, the same',
      bridge: readPerPoll.map(figure).join('; '),
      bound: 'not growing with history',
      isReached: null,
    },
  ];
}
