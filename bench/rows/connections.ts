// Many connections in one host: whether each is polled on time.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stage } from '../../test/host/support/stage.ts';
import { Bridge } from '../support/bridge.ts';
import { figure } from '../support/numbers.ts';
import { processCpuMs } from '../support/process-cpu.ts';
import type { Row } from '../support/row.ts';
import { readPolls } from '../support/stand-ins.ts';

const PERIOD_S = 5;
const WARM_MS = 25_000;
const MEASURE_MS = 30_000;
/** A poll is late when it comes more than a tenth of the period after its time. */
const LATE_MS = PERIOD_S * 1_100;

export async function connectionsRow(stage: Stage, count: number, agents: number, dist?: string): Promise<Row> {
  const args = ['bench/many-ncc.ts', '--count', String(count), '--agents', String(agents)];
  const ncc = await stage.startProgram(args, (line) => / listen on (\S+)/.exec(line)?.[1]);
  const mpower = await stage.startStandIn('mpower');
  const bridge = await Bridge.start(stage, { distDirectory: dist });
  const nccUrls = ncc.url.split(',');
  for (const [i, nccUrl] of nccUrls.entries()) {
    await bridge.connect({ nccUrl, mpowerUrl: mpower.url }, PERIOD_S, `Connection ${i + 1}`);
  }
  await sleep(WARM_MS);
  const { host, engine } = bridge.pids();
  const pids = [host, ...engine];
  const cpuMs = () => pids.reduce((sum, pid) => sum + (processCpuMs(pid) ?? 0), 0);
  const fromMs = Date.now();
  const before = cpuMs();
  await sleep(MEASURE_MS);
  const usedMs = cpuMs() - before;
  const toMs = Date.now();
  const polls = await Promise.all(nccUrls.map((url) => readPolls(url, fromMs)));
  const spacings = polls.flatMap((own) => own.slice(1).map(({ arrivalMs }, i) => arrivalMs - (own[i]?.arrivalMs ?? 0)));
  const late = spacings.filter((ms) => ms > LATE_MS).length;
  const starved = polls.filter((own) => own.length < Math.floor((toMs - fromMs) / (PERIOD_S * 1_000)) - 1).length;
  await bridge.end();
  await Promise.all([ncc.end(), mpower.end()]);
  const pollCount = polls.reduce((sum, own) => sum + own.length, 0);
  return {
    name: `${count} connections of ${agents} agents, 5 % changing, every ${PERIOD_S} s in one host: late polls`,
    bridge: `${late + starved} of ${pollCount} (at most ${figure(Math.max(...spacings) / 1_000)} s apart; ${figure(usedMs / pollCount)} ms CPU a poll)`,
    bound: 'none',
    isReached: late + starved === 0,
  };
}
