// Polls the same traffic with the bridge and with the floor, side by side: each has stand-ins of its own, and the floor
// polls half a period after the bridge, so that a noisy machine is noisy for both and neither waits for the other.
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stage } from '../../test/host/support/stage.ts';
import type { Bridge } from './bridge.ts';
import { processCpuMs, processMemory } from './process-cpu.ts';
import { readDeliveries, readPolls, type StandIns, startStandIns, type Traffic } from './stand-ins.ts';

/** Polls before the measurement begins: the first one, which brings everybody, and the compilers' work are over then. */
const WARM_POLLS = 8;
/** Polls after which the bridge's place on the clock is known. */
const PHASE_POLLS = 4;
const WARM_LIMIT_MS = 120_000;
/** What was served last is given so long to arrive before it is looked for. */
const DELIVERY_WAIT_MS = 2_000;

/** What one program did with the traffic. */
export interface PollRun {
  readonly polls: number;
  /** Processor time of all its processes. */
  readonly cpuMsPerPoll: number;
  /** Between the arrivals of two polls at NCC. */
  readonly spacingsMs: readonly number[];
  readonly delaysMs: readonly number[];
  /** Changes served that did not arrive. */
  readonly missing: number;
  readonly answerBytes: number;
  readonly peakBytes: Readonly<Record<string, number>>;
}

export interface PollOptions {
  readonly traffic: Traffic;
  readonly measuredPolls: number;
}

/** Measures one connection of a running bridge, made for it and deleted after it, and the floor beside it. */
export async function measurePolling(
  stage: Stage,
  bridge: Bridge,
  { traffic, measuredPolls }: PollOptions,
): Promise<{ bridge: PollRun; floor: PollRun }> {
  const standIns = await startStandIns(stage, traffic);
  const connectionId = await bridge.connect(standIns, traffic.periodS, `${traffic.agents} agents`);
  const periodMs = periodMsOf(traffic);
  await afterPolls(standIns, PHASE_POLLS);
  const floor = await startFloor(stage, traffic, await halfWayBetween(standIns, periodMs));
  await Promise.all([afterPolls(standIns, WARM_POLLS), afterPolls(floor.standIns, WARM_POLLS)]);
  const { host, engine } = bridge.pids();
  const [bridgeRun, floorRun] = await Promise.all([
    measure(standIns, { host, engine: engine[0] ?? host }, periodMs, measuredPolls),
    measure(floor.standIns, { floor: floor.pid }, periodMs, measuredPolls),
  ]);
  await bridge.call('DELETE', `/api/v1/connections/${connectionId}`);
  await floor.end();
  await Promise.all([standIns.end(), floor.standIns.end()]);
  return { bridge: bridgeRun, floor: floorRun };
}

/** Measures the polls of a running bridge alone, once they are ordinary ones. */
export async function measureBridge(
  bridge: Bridge,
  standIns: StandIns,
  periodS: number,
  measuredPolls: number,
): Promise<PollRun> {
  const periodMs = periodMsOf({ periodS });
  // Polls of an earlier run of the host have warmed nothing up.
  await afterPolls(standIns, WARM_POLLS, Date.now());
  const { host, engine } = bridge.pids();
  return measure(standIns, { host, engine: engine[0] ?? host }, periodMs, measuredPolls);
}

async function halfWayBetween({ nccUrl }: StandIns, periodMs: number) {
  const lastMs = (await readPolls(nccUrl)).at(-1)?.arrivalMs ?? 0;
  return { periodMs, phaseMs: Math.round((lastMs + periodMs / 2) % periodMs) };
}

async function startFloor(stage: Stage, traffic: Traffic, grid: { periodMs: number; phaseMs: number }) {
  const standIns = await startStandIns(stage, traffic);
  const args = [
    'bench/floor.ts',
    ...['--ncc', standIns.nccUrl, '--mpower', standIns.mpowerUrl],
    ...['--db', path.join(stage.directory(), 'floor.sqlite')],
    ...['--period-ms', String(grid.periodMs), '--phase-ms', String(grid.phaseMs)],
  ];
  const started = await stage.startProgram(args, (line) => / polls (http\S+)/.exec(line)?.[1]);
  return { standIns, pid: started.pid, end: () => started.end() };
}

/** The bridge never polls more often than each 3,005 ms, so that two polls are 3 s apart at least; the floor does alike. */
const periodMsOf = ({ periodS }: Pick<Traffic, 'periodS'>) => Math.max(3_005, periodS * 1_000);

/** Waits until so many polls that came after `sinceMs` have been answered. */
export async function afterPolls({ nccUrl }: StandIns, count: number, sinceMs = 0): Promise<void> {
  const limitMs = Date.now() + WARM_LIMIT_MS;
  for (;;) {
    const served = (await readPolls(nccUrl, sinceMs)).filter(({ outcome }) => outcome === 'served').length;
    if (served >= count) return;
    if (Date.now() > limitMs) throw new Error(`Only ${served} polls were answered in ${WARM_LIMIT_MS} ms.`);
    await sleep(250);
  }
}

/** Looks at a program from the middle between two polls to the middle between two later ones. */
async function measure(
  standIns: StandIns,
  pids: Readonly<Record<string, number>>,
  periodMs: number,
  measuredPolls: number,
): Promise<PollRun> {
  const lastMs = (await readPolls(standIns.nccUrl)).at(-1)?.arrivalMs ?? Date.now();
  const fromMs = lastMs + periodMs * (Math.ceil((Date.now() - lastMs) / periodMs) + 0.5);
  const toMs = fromMs + periodMs * measuredPolls;
  await sleep(fromMs - Date.now());
  const before = cpuMsOf(pids);
  await sleep(toMs - Date.now());
  const cpuMs = cpuMsOf(pids) - before;
  await sleep(DELIVERY_WAIT_MS);
  const polls = (await readPolls(standIns.nccUrl, fromMs)).filter(({ arrivalMs }) => arrivalMs < toMs);
  // Fewer or more would mean that the two did not poll alike, and that no ratio of them means anything.
  if (Math.abs(polls.length - measuredPolls) > 1) {
    throw new Error(`${polls.length} polls came in the time of ${measuredPolls}: these figures cannot be compared.`);
  }
  const { delaysMs, missing } = await readDeliveries(standIns, fromMs, toMs);
  return {
    polls: polls.length,
    cpuMsPerPoll: cpuMs / polls.length,
    spacingsMs: polls.slice(1).map(({ arrivalMs }, i) => arrivalMs - (polls[i]?.arrivalMs ?? 0)),
    delaysMs,
    missing,
    answerBytes: polls.at(-1)?.bytesOut ?? 0,
    peakBytes: Object.fromEntries(
      Object.entries(pids).map(([name, pid]) => [name, processMemory(pid)?.peakBytes ?? 0]),
    ),
  };
}

function cpuMsOf(pids: Readonly<Record<string, number>>): number {
  return Object.values(pids).reduce((sum, pid) => {
    const cpuMs = processCpuMs(pid);
    if (cpuMs === null) throw new Error(`Process ${pid} ended while it was measured.`);
    return sum + cpuMs;
  }, 0);
}
