// What looking at the bridge's health costs in D1: the Overview's refresh and /healthz, with very many agents.
import type { Stage } from '../../test/host/support/stage.ts';
import { Bridge } from '../support/bridge.ts';
import { figure } from '../support/numbers.ts';
import { afterPolls } from '../support/polling.ts';
import type { Row } from '../support/row.ts';
import { startStandIns } from '../support/stand-ins.ts';
import { takeUsage, totals } from '../support/usage.ts';

const LOOKS = 20;
/** The roster is imported, and agents without a login id are known, after so many polls. */
const POLLS_BEFORE = 6;
const ROWS_MAX = 1_000;

export async function overviewRow(stage: Stage, agents: number, counted: string): Promise<Row> {
  const standIns = await startStandIns(stage, { agents, changeShare: 0.01 });
  const bridge = await Bridge.start(stage, { distDirectory: counted });
  await bridge.connect(standIns, 3);
  await afterPolls(standIns, POLLS_BEFORE);
  // A poll's rows would be counted with the pages'.
  await bridge.call('POST', '/api/v1/connections/1/pause', {});
  const look = await bridge.signIn();
  const rowsRead: number[] = [];
  for (const path of ['/fragments/overview', '/healthz']) {
    await look(path);
    await takeUsage(bridge);
    for (let i = 0; i < LOOKS; i += 1) await look(path);
    rowsRead.push(totals(await takeUsage(bridge)).rowsRead / LOOKS);
  }
  await bridge.end();
  await standIns.end();
  return {
    name: `D1 rows read by a refresh of the Overview and by /healthz, ${agents.toLocaleString('en')} agents`,
    bridge: rowsRead.map(figure).join('; '),
    bound: `≤ ${ROWS_MAX.toLocaleString('en')}, not growing with agents`,
    isReached: rowsRead.every((rows) => rows <= ROWS_MAX),
  };
}
