// A backfill: rows a second from the order to the last acceptance, beside the floor's.
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { Stage } from '../../test/host/support/stage.ts';
import { Bridge } from '../support/bridge.ts';
import { figure } from '../support/numbers.ts';
import { processCpuMs } from '../support/process-cpu.ts';
import type { Row } from '../support/row.ts';
import { startStandIns } from '../support/stand-ins.ts';

const INTERVAL_MS = 900_000;
const INTERVALS_A_DAY = 96;
/** The first roster and the first polls are over. */
const SETTLE_MS = 12_000;
const LIMIT_MS = 20 * 60_000;

const summarySchema = z.looseObject({ accepted: z.looseObject({ historical: z.number() }) });
const floorSchema = z.object({ rows: z.number(), ms: z.number(), cpuMs: z.number() });

interface FloorRun {
  readonly ms: number;
  readonly cpuMs: number;
}

export async function backfillRow(stage: Stage, days: number, queues: number, dist?: string): Promise<Row> {
  const toMs = Math.floor(Date.now() / INTERVAL_MS) * INTERVAL_MS - INTERVAL_MS;
  const fromMs = toMs - days * INTERVALS_A_DAY * INTERVAL_MS;
  const rows = days * INTERVALS_A_DAY * queues;
  const before = await runFloor(stage, queues, fromMs, toMs);
  const { tookMs: bridgeMs, usedMs } = await runBridge(stage, queues, fromMs, toMs, dist);
  // Once before and once after: what else the machine does is then in both.
  const after = await runFloor(stage, queues, fromMs, toMs);
  const floorMs = (before.ms + after.ms) / 2;
  const floorCpuMs = (before.cpuMs + after.cpuMs) / 2;
  const [bridgeRate, floorRate] = [rows / (bridgeMs / 1_000), rows / (floorMs / 1_000)];
  return {
    name: `backfill of ${days} days × ${queues} queues`,
    bridge: `${figure(bridgeRate)} rows/s (${figure(bridgeMs / 1_000)} s, ${figure(usedMs / 1_000)} s CPU)`,
    floor: `${figure(floorRate)} rows/s (${figure(floorMs / 1_000)} s, ${figure(floorCpuMs / 1_000)} s CPU)`,
    ratio: bridgeRate / floorRate,
    bound: 'ratio ≥ 0.5',
    isReached: bridgeRate >= floorRate / 2,
  };
}

async function runFloor(stage: Stage, queues: number, fromMs: number, toMs: number): Promise<FloorRun> {
  const standIns = await startStandIns(stage, { agents: 10, changeShare: 0, queues });
  const args = [
    'bench/floor-backfill.ts',
    ...['--ncc', standIns.nccUrl, '--mpower', standIns.mpowerUrl, '--db', path.join(stage.directory(), 'floor.sqlite')],
    ...['--from-s', String(fromMs / 1_000), '--to-s', String(toMs / 1_000)],
  ];
  const floor = await stage.startProgram(args, (line) => / loads from (http\S+)/.exec(line)?.[1]);
  const limitMs = performance.now() + LIMIT_MS;
  let summary: string | undefined;
  while (summary === undefined) {
    if (performance.now() > limitMs) throw new Error(`The floor was not done within ${LIMIT_MS / 60_000} minutes.`);
    await sleep(100);
    const hasEnded = floor.tree().length === 0;
    summary = floor.lines.find((line) => line.startsWith('{"rows"'));
    if (summary === undefined && hasEnded) throw new Error(`The floor ended early: ${floor.lines.slice(-5).join(' ')}`);
  }
  await standIns.end();
  const { rows, ms, cpuMs } = floorSchema.parse(JSON.parse(summary));
  const wanted = ((toMs - fromMs) / INTERVAL_MS) * queues;
  if (rows !== wanted) throw new Error(`The floor loaded ${rows} rows and not ${wanted}.`);
  return { ms, cpuMs };
}

async function runBridge(stage: Stage, queues: number, fromMs: number, toMs: number, dist?: string) {
  const standIns = await startStandIns(stage, { agents: 10, changeShare: 0, queues });
  const bridge = await Bridge.start(stage, { distDirectory: dist });
  const id = await bridge.connect(standIns, 5);
  await sleep(SETTLE_MS);
  const accepted = async () => {
    const response = await fetch(`${standIns.mpowerUrl}/_truth/summary`);
    return summarySchema.parse(await response.json()).accepted.historical;
  };
  const before = await accepted();
  const wanted = (toMs - fromMs) / INTERVAL_MS;
  const { host, engine } = bridge.pids();
  const cpuMs = () => [host, ...engine].reduce((sum, pid) => sum + (processCpuMs(pid) ?? 0), 0);
  const cpuBeforeMs = cpuMs();
  const beganMs = performance.now();
  const limitMs = beganMs + LIMIT_MS;
  await bridge.call('POST', `/api/v1/connections/${id}/backfills`, {
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
  });
  while ((await accepted()) - before < wanted) {
    if (performance.now() > limitMs) throw new Error(`The backfill was not done within ${LIMIT_MS / 60_000} minutes.`);
    await sleep(50);
  }
  const tookMs = performance.now() - beganMs;
  const usedMs = cpuMs() - cpuBeforeMs;
  await bridge.end();
  await standIns.end();
  return { tookMs, usedMs };
}
