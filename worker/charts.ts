/** The facts behind the Overview's charts of one connection. */
import { type ComparedDays, comparedDays } from '../src/domain/day-chart.ts';
import { DAY_MS, floorToGrid } from '../src/domain/interval.ts';
import {
  type Delay,
  type IntervalSum,
  readIntervalSums,
  readReportDelays,
  readStateDelays,
  readStateShares,
  type StateShare,
} from '../src/store/charts.ts';

/** Looks at the log that the chart of delays is drawn from: three a quarter of an hour. */
const DELAY_SAMPLES = 288;

export interface ChartFacts {
  readonly connectionId: number;
  readonly name: string;
  readonly timeZone: string;
  readonly nowMs: number;
  readonly days: ComparedDays;
  readonly today: readonly IntervalSum[];
  readonly before: readonly IntervalSum[];
  /** First instant of the charts of delays: a day ago. */
  readonly delaysFromMs: number;
  readonly reportDelays: readonly Delay[];
  readonly stateDelays: readonly Delay[];
  readonly states: readonly StateShare[];
}

export async function readCharts(
  db: D1Database,
  connection: { id: number; name: string; timeZone: string },
  nowMs: number,
): Promise<ChartFacts> {
  const { id, name, timeZone } = connection;
  const days = comparedDays(nowMs, timeZone);
  const delaysFromMs = floorToGrid(nowMs - DAY_MS);
  const [today, before, reportDelays, stateDelays, states] = await Promise.all([
    readIntervalSums(db, id, days.today),
    readIntervalSums(db, id, days.before),
    readReportDelays(db, id, delaysFromMs),
    readStateDelays(db, id, delaysFromMs, DELAY_SAMPLES),
    readStateShares(db, id),
  ]);
  return {
    connectionId: id,
    name,
    timeZone,
    nowMs,
    days,
    today,
    before,
    delaysFromMs,
    reportDelays,
    stateDelays,
    states,
  };
}
