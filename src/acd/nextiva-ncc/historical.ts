/** NCC's historical call, and what its answer says: the figures of each queue in each interval of one window. */
import { INTERVAL_MS, type Window } from '../../domain/interval.ts';
import type { QueueInterval } from '../../domain/queue-interval.ts';
import { parseJson, type TextAnswer } from '../../http/request.ts';
import { UpstreamError } from '../../http/upstream-error.ts';
import type { QueueIntervalAnswer } from '../acd.ts';
import { createRefusedRows, UNREADABLE_ROWS_MAX } from '../refused.ts';
import type { NccClient } from './client.ts';
import { historicalRowWire, plainHistoricalRow, rowsOf, withUsualNames } from './schema.ts';
import type { NccSettings } from './settings.ts';

/** Asks for the figures of a window: its ends in Unix seconds, by the verb, path and names of the settings. */
export async function askForHistorical(
  client: NccClient,
  basePath: string,
  window: Window,
  advanced: NccSettings['advanced'],
): Promise<QueueIntervalAnswer> {
  const path = `${basePath}${advanced.historicalPath}`;
  const parameters: [string, number][] = [
    [advanced.startParameter, window.startMs / 1_000],
    [advanced.endParameter, window.endMs / 1_000],
  ];
  const query = `?${new URLSearchParams(parameters.map(([name, atS]) => [name, String(atS)]))}`;
  const isPost = advanced.historicalMethod === 'POST';
  const body = JSON.stringify(Object.fromEntries(parameters));
  const answer = await (isPost ? client.post(path, query, body) : client.get(path, query));
  return readHistorical(answer, window, advanced);
}

/**
 * The figures in an answer for `window`. Rows that cannot be read, lie off the 15-minute grid or outside the window, or
 * contradict another row are refused one by one. Throws `UpstreamError` of kind 'shape' when nothing can be read. Where
 * the window holds several intervals it says why they have to be asked for one by one: with reason 'no start time' when
 * a row does not say which one it is of, with 'one start time' when all say the first. That may be one sum of the whole
 * window (contract: `startTime` is the "start of the window"), which must not be taken for the first interval's figures.
 */
function readHistorical(
  { endpoint, text, arrivedAtMs }: TextAnswer,
  window: Window,
  settings: Pick<NccSettings['advanced'], 'handleTimeUnit' | 'rowsField' | 'queueIdField' | 'queueNameField'>,
): QueueIntervalAnswer {
  const { handleTimeUnit, rowsField, queueIdField, queueNameField } = settings;
  const ownRows = rowsOf(parseJson(endpoint, text), rowsField);
  if (!ownRows)
    throw new UpstreamError(endpoint, { kind: 'shape', issues: 'neither a list of rows nor an envelope of one' });
  const rawRows = withUsualNames(ownRows, [
    ['queue-id', queueIdField],
    ['queue-name', queueNameField],
  ]);
  const isOneInterval = window.endMs - window.startMs === INTERVAL_MS;
  const wire = historicalRowWire(handleTimeUnit);
  const refused = createRefusedRows();
  const read: { index: number; figures: QueueInterval }[] = [];
  for (const [index, row] of rawRows.entries()) {
    const plain = plainHistoricalRow(row, handleTimeUnit);
    const parsed = plain === null ? wire.safeParse(row) : ({ success: true, data: plain } as const);
    if (!parsed.success) {
      refused.add(index, row, parsed.error);
      if (refused.rows.length === UNREADABLE_ROWS_MAX && read.length === 0) break;
      continue;
    }
    const startMs = parsed.data.startMs ?? (isOneInterval ? window.startMs : null);
    // What is left out may belong to any of the intervals, so nothing is known of any of them.
    if (startMs === null) throw unplaced(endpoint, 'no start time');
    const problem = startProblem(startMs, window);
    if (problem) refused.add(index, row, problem);
    else read.push({ index, figures: { ...parsed.data, startMs } });
    if (refused.rows.length === UNREADABLE_ROWS_MAX && read.length === 0) break;
  }
  if (!isOneInterval && read.length > 0 && read.every(({ figures }) => figures.startMs === window.startMs))
    throw unplaced(endpoint, 'one start time');
  const intervals = withoutContradictions(read, (index) => {
    refused.add(
      index,
      rawRows[index],
      'the queue stands in the answer more than once in this interval, with different figures',
    );
  });
  const [firstRefused] = refused.rows;
  if (firstRefused && intervals.length === 0) {
    const issues = `none of ${rawRows.length} rows could be read; row ${firstRefused.index}: ${firstRefused.reason}`;
    throw new UpstreamError(endpoint, { kind: 'shape', issues });
  }
  return { arrivedAtMs, intervals, refused: refused.rows };
}

const UNPLACED = {
  'no start time': 'rows without a startTime, although several windows were asked for',
  'one start time':
    'every row starts with the range that was asked for, although several windows were: that may be one sum of all of them',
};

function unplaced(endpoint: string, reason: keyof typeof UNPLACED): UpstreamError {
  const issues = `${UNPLACED[reason]}; set "windows per request" of the connection to 1`;
  return new UpstreamError(endpoint, { kind: 'shape', issues, reason });
}

/** What is wrong with a row's start, '' when nothing. */
function startProblem(startMs: number, window: Window): string {
  if (startMs % INTERVAL_MS !== 0) return 'startTime: is not on the 15-minute grid';
  if (startMs < window.startMs || startMs >= window.endMs)
    return 'startTime: lies outside the window that was asked for';
  return '';
}

/** A queue twice in one interval counts once when both rows say the same; when they do not, neither counts. */
function withoutContradictions(
  read: readonly { readonly index: number; readonly figures: QueueInterval }[],
  refuse: (index: number) => void,
): QueueInterval[] {
  const groups = Map.groupBy(read, ({ figures }) => `${figures.startMs} ${figures.queueId}`);
  if (groups.size === read.length) return read.map(({ figures }) => figures);
  const kept: QueueInterval[] = [];
  for (const [first, ...others] of groups.values()) {
    if (!first) continue;
    if (others.every(({ figures }) => isSame(figures, first.figures))) kept.push(first.figures);
    else for (const { index } of [first, ...others]) refuse(index);
  }
  return kept;
}

function isSame(a: QueueInterval, b: QueueInterval): boolean {
  return a.offered === b.offered && a.abandoned === b.abandoned && a.handleTimeMs === b.handleTimeMs;
}
