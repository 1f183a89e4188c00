// Polling agent states: processor time, delay, punctuality.
import type { Stage } from '../../test/host/support/stage.ts';
import type { Bridge } from '../support/bridge.ts';
import { figure, quantile } from '../support/numbers.ts';
import { measurePolling, type PollRun } from '../support/polling.ts';
import type { Row } from '../support/row.ts';

/** A poll is late when it comes more than a tenth of the period after its time. */
const LATE_SHARE = 0.1;

export interface PollingCase {
  readonly agents: number;
  readonly changeShare: number;
  readonly periodS: number;
  readonly polls: number;
}

/** The most that the issue allows, as a ratio to the floor; undefined: stated only. */
export interface PollingBounds {
  readonly cpuRatio?: number;
  readonly delayRatio?: number;
  /** Whether no poll may be late. */
  readonly punctual: boolean;
}

export async function pollingRows(
  stage: Stage,
  bridge: Bridge,
  wanted: PollingCase,
  bounds: PollingBounds,
): Promise<Row[]> {
  const { agents, changeShare, periodS, polls } = wanted;
  const traffic = { agents, changeShare, periodS };
  const measured = await measurePolling(stage, bridge, { traffic, measuredPolls: polls });
  const label = `${agents.toLocaleString('en')} agents, ${changeShare * 100} % changing, every ${periodS} s`;
  return [
    cpuRow(label, measured.bridge, measured.floor, bounds.cpuRatio),
    ...(changeShare > 0 ? delayRows(label, measured.bridge, measured.floor, bounds.delayRatio) : []),
    lateRow(label, measured.bridge, periodS * 1_000, bounds.punctual),
    memoryRow(label, measured.bridge),
  ];
}

function cpuRow(label: string, bridge: PollRun, floor: PollRun, bound: number | undefined): Row {
  const ratio = bridge.cpuMsPerPoll / floor.cpuMsPerPoll;
  return {
    name: `CPU per poll, ${label}`,
    bridge: `${figure(bridge.cpuMsPerPoll)} ms`,
    floor: `${figure(floor.cpuMsPerPoll)} ms`,
    ratio,
    bound: bound === undefined ? '' : `ratio ≤ ${bound}`,
    isReached: bound === undefined ? null : ratio <= bound,
  };
}

function delayRows(label: string, bridge: PollRun, floor: PollRun, bound: number | undefined): Row[] {
  const row = (share: number, limit: number | undefined): Row => {
    const bridgeMs = quantile(bridge.delaysMs, share);
    const floorMs = quantile(floor.delaysMs, share);
    return {
      name: `delay from NCC's answer to Mpower's acceptance, p${share * 100}, ${label}`,
      bridge: `${figure(bridgeMs)} ms (${bridge.delaysMs.length.toLocaleString('en')} changes, ${bridge.missing} missing)`,
      floor: `${figure(floorMs)} ms`,
      ratio: bridgeMs / floorMs,
      bound: limit === undefined ? '' : `ratio ≤ ${limit}, none missing`,
      isReached: limit === undefined ? null : bridgeMs <= limit * floorMs && bridge.missing === 0,
    };
  };
  return [row(0.5, undefined), row(0.99, bound)];
}

/** Polls that began late, by the arrivals that NCC recorded; a poll that never came leaves a hole of two periods. */
export function latePolls({ spacingsMs }: PollRun, periodMs: number): number {
  const limitMs = Math.max(periodMs, 3_005) + periodMs * LATE_SHARE;
  return spacingsMs.filter((ms) => ms > limitMs).length;
}

function lateRow(label: string, bridge: PollRun, periodMs: number, isBound: boolean): Row {
  const late = latePolls(bridge, periodMs);
  const range = `${figure(Math.min(...bridge.spacingsMs) / 1_000)}–${figure(Math.max(...bridge.spacingsMs) / 1_000)} s apart`;
  return {
    name: `late polls, ${label}`,
    bridge: `${late} of ${bridge.polls} (${range})`,
    bound: isBound ? 'none' : '',
    isReached: isBound ? late === 0 : null,
  };
}

function memoryRow(label: string, bridge: PollRun): Row {
  const words = Object.entries(bridge.peakBytes).map(([name, bytes]) => `${name} ${figure(bytes / 1e6)} MB`);
  return { name: `processes' memory at most, ${label}`, bridge: words.join(', '), bound: '', isReached: null };
}
