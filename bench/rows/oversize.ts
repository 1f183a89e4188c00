// An answer over 32 MB: refused while it is read, nothing stored, memory bounded.
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { Stage } from '../../test/host/support/stage.ts';
import { Bridge } from '../support/bridge.ts';
import { figure } from '../support/numbers.ts';
import { processMemory } from '../support/process-cpu.ts';
import type { Row } from '../support/row.ts';
import { readPolls, startStandIns } from '../support/stand-ins.ts';

const HUGE_MB = 256;
const ANSWERS = 4;
const WAIT_LIMIT_MS = 90_000;
/** Text of 32 MB in two-byte characters, and the pieces that it was joined from. */
const GROWTH_MAX_BYTES = 256e6;

const statusSchema = z.looseObject({});

export async function oversizeRow(stage: Stage, dist?: string): Promise<Row> {
  const standIns = await startStandIns(stage, { agents: 100, changeShare: 0.05 });
  const bridge = await Bridge.start(stage, { distDirectory: dist });
  await bridge.connect(standIns, 3);
  await sleep(10_000);
  const engine = bridge.pids().engine[0] ?? 0;
  const before = processMemory(engine)?.peakBytes ?? 0;
  const sinceMs = Date.now();
  const rule = { path: 'realTime', fault: 'garble', garble: 'huge', sizeMb: HUGE_MB, count: ANSWERS };
  await fetch(`${standIns.nccUrl}/_control/faults`, { method: 'POST', body: JSON.stringify(rule) });
  const limitMs = Date.now() + WAIT_LIMIT_MS;
  let sent: number[] = [];
  while (sent.length < ANSWERS && Date.now() < limitMs) {
    await sleep(1_000);
    const polls = await readPolls(standIns.nccUrl, sinceMs);
    sent = polls
      .filter(({ answeredMs, bytesOut }) => answeredMs !== null && bytesOut > 8e6)
      .map(({ bytesOut }) => bytesOut);
  }
  const status = JSON.stringify(statusSchema.parse(await bridge.call('GET', '/api/v1/status')));
  const growth = (processMemory(engine)?.peakBytes ?? 0) - before;
  await bridge.end();
  await standIns.end();
  const isRefused = sent.length === ANSWERS && sent.every((bytes) => bytes < 2 * 32e6) && status.includes('32 MB');
  return {
    name: `an answer of ${HUGE_MB} MB, ${ANSWERS} times: what NCC could send before it was refused; engine's memory at most`,
    bridge: `${figure(Math.max(...sent) / 1e6)} MB; + ${figure(growth / 1e6)} MB`,
    bound: 'refused at 32 MB while read, memory bounded',
    isReached: isRefused && growth < GROWTH_MAX_BYTES,
  };
}
