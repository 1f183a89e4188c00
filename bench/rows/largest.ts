// The largest centre that one connection polls every 3 seconds without a late poll: upwards until one is late.
import type { Stage } from '../../test/host/support/stage.ts';
import type { Bridge } from '../support/bridge.ts';
import { figure } from '../support/numbers.ts';
import { measureBridge, type PollRun } from '../support/polling.ts';
import type { Row } from '../support/row.ts';
import { startStandIns } from '../support/stand-ins.ts';
import { latePolls } from './polling.ts';

const PERIOD_S = 3;
const POLLS = 10;
const WANTED = 20_000;
const CHANGE_SHARE = 0.05;

/** `sizes` rise. Stops at the first one with a late poll. */
export async function largestRow(stage: Stage, bridge: Bridge, sizes: readonly number[]): Promise<Row> {
  let largest = 0;
  let last: PollRun | undefined;
  let stoppedBy = '';
  for (const agents of sizes) {
    const outcome = await tryPolling(stage, bridge, agents);
    if (typeof outcome === 'string') {
      stoppedBy = `; ${agents.toLocaleString('en')}: ${outcome}`;
      break;
    }
    largest = agents;
    last = outcome;
  }
  const cpu =
    last === undefined
      ? ''
      : ` (${figure(last.cpuMsPerPoll)} ms CPU a poll, ${figure(last.answerBytes / 1e6)} MB an answer)`;
  const isAll = largest === sizes.at(-1) ? ', the most tried' : '';
  return {
    name: `agents polled every ${PERIOD_S} s without a late poll, one connection, ${CHANGE_SHARE * 100} % changing`,
    bridge: `${largest.toLocaleString('en')}${isAll}${cpu}${stoppedBy}`,
    bound: `≥ ${WANTED.toLocaleString('en')}`,
    isReached: largest >= WANTED,
  };
}

/** What its polls took, or why this many are too many. */
async function tryPolling(stage: Stage, bridge: Bridge, agents: number): Promise<PollRun | string> {
  const standIns = await startStandIns(stage, { agents, changeShare: CHANGE_SHARE });
  const id = await bridge.connect(standIns, PERIOD_S, `${agents} agents, tried`);
  try {
    const run = await measureBridge(bridge, standIns, PERIOD_S, POLLS);
    const late = latePolls(run, PERIOD_S * 1_000);
    if (late > 0) return `${late} of ${run.polls} polls late`;
    return run.missing > 0 ? `${run.missing} changes not delivered in time` : run;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await bridge.call('DELETE', `/api/v1/connections/${id}`);
    await standIns.end();
  }
}
