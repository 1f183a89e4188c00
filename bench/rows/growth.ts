// How the processor time of a poll grows: with the agents, with the share that changes, with the history stored. Writes
// docs/growth-*.svg.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Stage } from '../../test/host/support/stage.ts';
import { Bridge } from '../support/bridge.ts';
import { addStateChanges, withStoredFacts } from '../support/history.ts';
import { figure } from '../support/numbers.ts';
import { type Plot, svgOf } from '../support/plot.ts';
import { measureBridge } from '../support/polling.ts';
import type { Row } from '../support/row.ts';
import { startStandIns } from '../support/stand-ins.ts';

const PERIOD_S = 3;
const POLLS = 12;
const AGENTS = [1_000, 5_000, 10_000, 15_000, 20_000];
const SHARES = [0, 0.01, 0.05, 0.1, 0.2];
const SHARE_AGENTS = 5_000;
const HISTORY_AGENTS = 2_000;
const HISTORY = [0, 1_000_000, 5_000_000, 10_000_000];
const HISTORY_DAYS = 365;
/** Figures of one and the same load differ by so much on a machine that does other things, too. */
const FLAT_WITHIN = 1.25;

const docs = path.join(import.meta.dirname, '../../docs');

export async function growthWithAgents(stage: Stage, dist: string | undefined): Promise<Row[]> {
  const cpuMs = await onOneHost(
    stage,
    dist,
    AGENTS.map((agents) => ({ agents, changeShare: 0.05 })),
  );
  return [
    plotted('agents', {
      title: 'CPU per poll against agents, 5 % changing',
      xLabel: 'agents',
      points: pointsOf(AGENTS, cpuMs),
    }),
  ];
}

export async function growthWithShare(stage: Stage, dist: string | undefined): Promise<Row[]> {
  const cpuMs = await onOneHost(
    stage,
    dist,
    SHARES.map((changeShare) => ({ agents: SHARE_AGENTS, changeShare })),
  );
  const percents = SHARES.map((share) => share * 100);
  return [
    plotted('share', {
      title: `CPU per poll against the share changing, ${SHARE_AGENTS.toLocaleString('en')} agents`,
      xLabel: 'percent of the agents that change with a poll',
      points: pointsOf(percents, cpuMs),
    }),
  ];
}

export async function growthWithHistory(stage: Stage, dist: string | undefined): Promise<Row[]> {
  const cpuMs = await withHistory(stage, dist);
  const most = Math.max(...cpuMs) / Math.min(...cpuMs);
  const millions = HISTORY.map((count) => count / 1e6);
  const row = plotted('history', {
    title: `CPU per poll against history stored, ${HISTORY_AGENTS.toLocaleString('en')} agents, 5 % changing`,
    xLabel: 'state changes stored, millions',
    points: pointsOf(millions, cpuMs),
  });
  const bound = `flat: largest ÷ smallest ≤ ${FLAT_WITHIN}`;
  return [{ ...row, ratio: most, bound, isReached: most <= FLAT_WITHIN }];
}

const pointsOf = (xs: readonly number[], ys: readonly number[]) => xs.map((x, i) => ({ x, y: ys[i] ?? Number.NaN }));

function plotted(name: string, plot: Omit<Plot, 'yLabel'>): Row {
  writeFileSync(path.join(docs, `growth-${name}.svg`), svgOf({ ...plot, yLabel: 'CPU per poll, ms' }));
  const points = plot.points.map(({ x, y }) => `${figure(x)} → ${figure(y)} ms`);
  return { name: `${plot.title} (growth-${name}.svg)`, bridge: points.join(', '), bound: '', isReached: null };
}

async function onOneHost(
  stage: Stage,
  distDirectory: string | undefined,
  cases: readonly { agents: number; changeShare: number }[],
): Promise<number[]> {
  const bridge = await Bridge.start(stage, { distDirectory });
  const cpuMs: number[] = [];
  // The first case is measured twice, and its second figure is taken: the host's own beginning is over then.
  for (const [i, traffic] of [...cases.slice(0, 1), ...cases].entries()) {
    const standIns = await startStandIns(stage, traffic);
    const id = await bridge.connect(standIns, PERIOD_S, `Case ${i}`);
    const { cpuMsPerPoll } = await measureBridge(bridge, standIns, PERIOD_S, POLLS);
    if (i > 0) cpuMs.push(cpuMsPerPoll);
    await bridge.call('DELETE', `/api/v1/connections/${id}`);
    await standIns.end();
  }
  await bridge.end();
  return cpuMs;
}

/** The same connection with more and more history, written between two runs of the host. */
async function withHistory(stage: Stage, distDirectory: string | undefined): Promise<number[]> {
  const dataDirectory = stage.directory();
  const standIns = await startStandIns(stage, { agents: HISTORY_AGENTS, changeShare: 0.05 });
  const cpuMs: number[] = [];
  let beganMs: number | undefined;
  for (const [i, stateChanges] of HISTORY.entries()) {
    beganMs ??= i === 0 ? undefined : firstLookMs(dataDirectory);
    if (beganMs !== undefined) addMore(dataDirectory, { from: HISTORY[i - 1] ?? 0, to: stateChanges, beganMs });
    const bridge = await Bridge.start(stage, { distDirectory, dataDirectory });
    if (i === 0) await bridge.connect(standIns, PERIOD_S);
    cpuMs.push((await measureBridge(bridge, standIns, PERIOD_S, POLLS)).cpuMsPerPoll);
    await bridge.end();
  }
  await standIns.end();
  return cpuMs;
}

function firstLookMs(dataDirectory: string): number {
  return withStoredFacts(dataDirectory, (database) =>
    Number(database.prepare('SELECT min(from_ms) AS ms FROM state_log').get()?.ms),
  );
}

/** The share of a year's history that is still lacking: each part before the one that is there. */
function addMore(dataDirectory: string, { from, to, beganMs }: { from: number; to: number; beganMs: number }): void {
  const share = (count: number) => (count / 1e7) * HISTORY_DAYS;
  const endMs = beganMs - share(from) * 86_400_000;
  withStoredFacts(dataDirectory, (database) =>
    addStateChanges(database, { stateChanges: to - from, days: share(to) - share(from) }, endMs),
  );
}
