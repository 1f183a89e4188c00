/** Volume and handle time, the same for page, CSV and API: which days, which queues, and the figures of both weeks. */
import type { Window } from '../src/domain/interval.ts';
import { dayWindow, shiftDay } from '../src/domain/local-day.ts';
import {
  meanHandleTimeMs,
  type Volume,
  type VolumeReport,
  type VolumeStep,
  volumeReport,
} from '../src/domain/volume.ts';
import { readIntervalSums } from '../src/store/charts.ts';
import {
  listQueueNames,
  type QueueName,
  type QueueVolume,
  readQueueVolume,
  readVolumeByQueue,
} from '../src/store/volume.ts';
import type { Cell } from './csv.ts';

/** What is asked for. */
export interface VolumeQuery {
  readonly connectionId: number;
  readonly timeZone: string;
  /** Following each other, oldest first. */
  readonly days: readonly string[];
  readonly step: VolumeStep;
  /** Empty: all queues together. */
  readonly queueIds: readonly number[];
}

/** Queues that one report adds up at most, where they are named. */
export const VOLUME_QUEUES_MAX = 50;

/** The spans of the days and of the same days a week before. */
function windowsOf({ days, timeZone }: Pick<VolumeQuery, 'days' | 'timeZone'>): { now: Window; before: Window } {
  const [first = '', last = ''] = [days[0], days.at(-1)];
  const span = (by: number) => ({
    startMs: dayWindow(shiftDay(first, by), timeZone).startMs,
    endMs: dayWindow(shiftDay(last, by), timeZone).endMs,
  });
  return { now: span(0), before: span(-7) };
}

/** The report. All queues together come from the ledger: one row an interval. */
export async function readVolume(db: D1Database, query: VolumeQuery): Promise<VolumeReport> {
  const { connectionId, queueIds, days } = query;
  const { now, before } = windowsOf(query);
  const facts =
    queueIds.length === 0
      ? (await Promise.all([now, before].map((window) => readIntervalSums(db, connectionId, window)))).flat()
      : await readQueueVolume(db, connectionId, queueIds, [now, before]);
  return volumeReport(days, facts, query);
}

/** One queue's sums over the days; null: no figures of it. */
export interface QueueTotals {
  readonly queue: QueueName;
  readonly now: Volume | null;
  readonly before: Volume | null;
}

/** A page of queues with their sums. Reads the figures of these queues only. */
export async function readVolumeQueues(
  db: D1Database,
  query: Pick<VolumeQuery, 'connectionId' | 'days' | 'timeZone'>,
  page: { offset: number; limit: number },
): Promise<QueueTotals[]> {
  const { now, before } = windowsOf(query);
  const queues = await listQueueNames(db, query.connectionId, page);
  const ids = queues.map(({ id }) => id);
  const [sums, sumsBefore] = await Promise.all(
    [now, before].map((window) => readVolumeByQueue(db, query.connectionId, ids, window)),
  );
  return queues.map((queue) => ({ queue, now: volumeOf(queue, sums), before: volumeOf(queue, sumsBefore) }));
}

function volumeOf({ id }: QueueName, sums: readonly QueueVolume[] | undefined): Volume | null {
  const found = sums?.find(({ queueId }) => queueId === id);
  if (!found) return null;
  const { offered, abandoned, handleTimeMs } = found;
  return { offered, abandoned, handled: Math.max(0, offered - abandoned), handleTimeMs };
}

/** The columns of figures in CSV, without those that say of what. */
export const VOLUME_CSV_COLUMNS = [
  'offered',
  'handled',
  'abandoned',
  'handle_time_s',
  'mean_handle_time_s',
  'week_before_offered',
  'week_before_handled',
  'week_before_abandoned',
  'week_before_handle_time_s',
  'week_before_mean_handle_time_s',
] as const;

/** The cells of these columns. */
export function volumeCells({ now, before }: { now: Volume | null; before: Volume | null }): Cell[] {
  return [now, before].flatMap((volume) => {
    if (!volume) return [null, null, null, null, null];
    const mean = meanHandleTimeMs(volume);
    const { offered, handled, abandoned, handleTimeMs } = volume;
    return [offered, handled, abandoned, handleTimeMs / 1_000, mean === null ? null : Math.round(mean) / 1_000];
  });
}
