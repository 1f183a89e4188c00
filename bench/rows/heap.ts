// Memory of the Worker's isolate, by its own inspector.
import { setTimeout as sleep } from 'node:timers/promises';
import { Inspector, inspectorEnvironment } from '../../test/host/support/inspector.ts';
import { freePort, type Stage } from '../../test/host/support/stage.ts';
import { Bridge } from '../support/bridge.ts';
import { figure } from '../support/numbers.ts';
import type { Row } from '../support/row.ts';
import { startStandIns } from '../support/stand-ins.ts';

const LIMIT_BYTES = 128e6;
const WARM_MS = 25_000;
const LOOKS = 40;
const LOOK_EVERY_MS = 500;

export async function heapRow(stage: Stage, agents: number, dist?: string): Promise<Row> {
  const standIns = await startStandIns(stage, { agents, changeShare: 0.05 });
  const port = await freePort();
  const bridge = await Bridge.start(stage, { distDirectory: dist, environment: inspectorEnvironment(port) });
  await bridge.connect(standIns, 3);
  await sleep(WARM_MS);
  const inspector = await Inspector.open(port);
  let mostBytes = 0;
  for (let look = 0; look < LOOKS; look += 1) {
    mostBytes = Math.max(mostBytes, (await inspector.heap(false)).usedSize);
    await sleep(LOOK_EVERY_MS);
  }
  const { usedSize: keptBytes } = await inspector.heap(true);
  inspector.close();
  await bridge.end();
  await standIns.end();
  return {
    name: `heap of the Worker's isolate, ${agents.toLocaleString('en')} agents, 5 % changing, every 3 s: most; after clearing`,
    bridge: `${figure(mostBytes / 1e6)} MB; ${figure(keptBytes / 1e6)} MB`,
    bound: '≤ 128 MB',
    isReached: mostBytes <= LIMIT_BYTES,
  };
}
