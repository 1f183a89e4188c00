// How the processor time of a poll grows: with the agents, with the share that changes, with the history stored. Writes
// docs/growth-*.svg. About 15 minutes.
import { globSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import { Stage } from '../test/host/support/stage.ts';
import { Bridge } from './support/bridge.ts';
import { figure } from './support/numbers.ts';
import { type Plot, svgOf } from './support/plot.ts';
import { measureBridge } from './support/polling.ts';
import { startStandIns } from './support/stand-ins.ts';

const PERIOD_S = 3;
const POLLS = 12;
const AGENTS = [1_000, 5_000, 10_000, 20_000];
const SHARES = [0, 0.01, 0.05, 0.2];
const HISTORY = [0, 1_000_000, 5_000_000, 10_000_000];
const HISTORY_AGENTS = 2_000;
const HISTORY_SPACING_MS = 60_000;

const { values } = parseArgs({ options: { dist: { type: 'string' } } });
const distDirectory = values.dist === undefined ? undefined : path.resolve(values.dist);
const docs = path.join(import.meta.dirname, '../docs');

async function onOneHost(cases: readonly { agents: number; changeShare: number }[]): Promise<number[]> {
  const stage = new Stage();
  try {
    const bridge = await Bridge.start(stage, { distDirectory });
    const cpuMs: number[] = [];
    for (const [i, traffic] of cases.entries()) {
      const standIns = await startStandIns(stage, traffic);
      const id = await bridge.connect(standIns, PERIOD_S, `Case ${i + 1}`);
      cpuMs.push((await measureBridge(bridge, standIns, PERIOD_S, POLLS)).cpuMsPerPoll);
      await bridge.call('DELETE', `/api/v1/connections/${id}`);
      await standIns.end();
    }
    await bridge.end();
    return cpuMs;
  } finally {
    await stage.close();
  }
}

/** The same connection with more and more history: written between two runs of the host, as the bridge would have. */
async function withHistory(): Promise<number[]> {
  const stage = new Stage();
  try {
    const dataDirectory = stage.directory();
    const standIns = await startStandIns(stage, { agents: HISTORY_AGENTS, changeShare: 0.05 });
    const cpuMs: number[] = [];
    let stored = 0;
    for (const wanted of HISTORY) {
      addHistory(dataDirectory, stored, wanted);
      stored = wanted;
      const bridge = await Bridge.start(stage, { distDirectory, dataDirectory });
      if (cpuMs.length === 0) await bridge.connect(standIns, PERIOD_S);
      cpuMs.push((await measureBridge(bridge, standIns, PERIOD_S, POLLS)).cpuMsPerPoll);
      await bridge.end();
    }
    await standIns.end();
    return cpuMs;
  } finally {
    await stage.close();
  }
}

function addHistory(dataDirectory: string, from: number, to: number): void {
  if (to === from) return;
  const file = globSync(path.join(dataDirectory, 'v3/d1/**/*.sqlite')).find(
    (name) => !name.endsWith('metadata.sqlite'),
  );
  if (file === undefined) throw new Error('The database of the host is not where it should be.');
  const database = new DatabaseSync(file);
  database.exec(`INSERT OR IGNORE INTO state_change (agent_id, at_ms, state_id, since_ms)
    WITH RECURSIVE turn (i) AS (SELECT ${from / HISTORY_AGENTS} UNION ALL SELECT i + 1 FROM turn WHERE i + 1 < ${to / HISTORY_AGENTS})
    SELECT a.id, (SELECT min(from_ms) FROM state_log) - (turn.i + 1) * ${HISTORY_SPACING_MS}, 1 + turn.i % 5, NULL
    FROM agent a, turn ORDER BY a.id, turn.i DESC`);
  database.close();
}

function write(name: string, plot: Plot): void {
  writeFileSync(path.join(docs, `growth-${name}.svg`), svgOf(plot));
  console.log(`${plot.title}: ${plot.points.map(({ x, y }) => `${figure(x)} → ${figure(y)} ms`).join(', ')}`);
}

const points = (xs: readonly number[], ys: readonly number[]) => xs.map((x, i) => ({ x, y: ys[i] ?? Number.NaN }));
const yLabel = 'CPU per poll, ms';

const byAgents = await onOneHost(AGENTS.map((agents) => ({ agents, changeShare: 0.05 })));
write('agents', {
  title: 'CPU per poll against agents, 5 % changing',
  xLabel: 'agents',
  yLabel,
  points: points(AGENTS, byAgents),
});
const byShare = await onOneHost(SHARES.map((changeShare) => ({ agents: 5_000, changeShare })));
write('share', {
  title: 'CPU per poll against the share changing, 5,000 agents',
  xLabel: 'percent of the agents that change with a poll',
  yLabel,
  points: points(
    SHARES.map((share) => share * 100),
    byShare,
  ),
});
const byHistory = await withHistory();
write('history', {
  title: `CPU per poll against history stored, ${HISTORY_AGENTS.toLocaleString('en')} agents, 5 % changing`,
  xLabel: 'state changes stored, millions',
  yLabel,
  points: points(
    HISTORY.map((count) => count / 1e6),
    byHistory,
  ),
});
