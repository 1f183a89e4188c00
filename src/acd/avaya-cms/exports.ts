/**
 * Maps an export of the CMS tables `hsplit` and `hagent`, delimited and with a head, to the bridge's records. Each row is
 * taken or refused with its line and a reason; nothing is guessed. The mapping is that of contracts/other-acds.md. Pure.
 */
import { type CsvTable, readCsv } from '../../domain/csv.ts';
import { INTERVAL_MS } from '../../domain/interval.ts';
import type { SourceExport } from '../export.ts';
import { type AgentRow, AgentTimes } from './agent-times.ts';
import { type CmsTable, emptyExport, type MutableExport, startText } from './export-result.ts';
import { count, durationMs, intervalOf, type Row, RowRefused, rowReader } from './export-row.ts';
import type { AvayaCmsSettings } from './settings.ts';

const SEPARATORS = { comma: ',', semicolon: ';', tab: '\t', bar: '|' } as const;
const NEEDED = {
  hsplit: ['split', 'acdcalls', 'abncalls', 'acdtime', 'holdtime'],
  hagent: ['split', 'logid', 'acdcalls', 'acdtime', 'holdtime'],
} as const;

/**
 * Reads an export whole. `nowMs`: the present, so that an interval that has not ended is noticed.
 * @returns the records with the lines that they come from; what is wrong with the whole is refused at line 1
 */
export function readCmsExport(text: string, settings: AvayaCmsSettings, nowMs: number): SourceExport {
  const table = readCsv(text, separatorOf(text, settings.delimiter));
  const names = new Set(table.head.map((name) => name.toLowerCase()));
  const kind = names.has('logid') ? 'hagent' : 'hsplit';
  const result = emptyExport(kind, table.rows.length);
  const problem = headProblem(names, kind) ?? acdProblem(table, names, settings);
  if (problem !== null) {
    result.refused.push({ line: 1, reason: problem });
    return { ...result, table: null };
  }
  const readRow = rowReader(table.head);
  const rows = table.rows.flatMap(({ line, cells }) => {
    const row = readRow(line, cells);
    const isOther = settings.acdNumber !== '' && row.text('acd') !== '' && row.text('acd') !== settings.acdNumber;
    if (isOther) result.otherAcdCount += 1;
    return isOther ? [] : [row];
  });
  if (kind === 'hsplit') readSplits(rows, settings, nowMs, result);
  else readAgents(rows, names, settings, nowMs, result);
  if (table.fault) result.refused.push({ line: table.fault.line, reason: table.fault.message });
  result.refused.sort((a, b) => a.line - b.line);
  return result;
}

function separatorOf(text: string, delimiter: AvayaCmsSettings['delimiter']): string {
  if (delimiter !== 'auto') return SEPARATORS[delimiter];
  const [head = ''] = text.slice(0, 20_000).split(/[\r\n]/, 1);
  const separators = Object.values(SEPARATORS);
  const counts = separators.map((separator) => head.split(separator).length);
  return separators[counts.indexOf(Math.max(...counts))] ?? ',';
}

function headProblem(names: ReadonlySet<string>, kind: CmsTable): string | null {
  const missing: string[] = NEEDED[kind].filter((name) => !names.has(name));
  if (!names.has('starttime_utc') && !(names.has('row_date') && names.has('starttime'))) {
    missing.push('starttime_utc, or row_date and starttime');
  }
  if (kind === 'hagent') {
    for (const what of ['stafftime', 'availtime', 'auxtime']) {
      if (!names.has(`ti_${what}`) && !names.has(`i_${what}`)) missing.push(`ti_${what}`);
    }
  }
  if (missing.length === 0) return null;
  return `This is no export of hsplit or hagent with a head: it lacks ${missing.join('; ')}.`;
}

/** Splits of several ACDs have the same numbers: somebody has to say which ACD is meant. */
function acdProblem(table: CsvTable, names: ReadonlySet<string>, settings: AvayaCmsSettings): string | null {
  if (settings.acdNumber !== '' || !names.has('acd')) return null;
  const place = table.head.findIndex((name) => name.toLowerCase() === 'acd');
  const acds = [...new Set(table.rows.map(({ cells }) => cells[place]?.trim() ?? ''))];
  if (acds.length < 2) return null;
  return `There are rows of several ACDs (${acds.slice(0, 5).join(', ')}). Set which of them this connection is for.`;
}

/** Runs one row's mapping; what it refuses is noted with its line. Returns whether it was taken. */
function attempt(result: MutableExport, row: Row, map: () => void): boolean {
  try {
    map();
    return true;
  } catch (error) {
    if (!(error instanceof RowRefused)) throw error;
    result.refused.push({ line: row.line, reason: error.message });
    return false;
  }
}

function needed(row: Row, column: string): string {
  const text = row.text(column);
  if (text === '') throw new RowRefused(`${column} is empty.`);
  return text;
}

/** Counts of contacts are taken where they end, those of the service level where they are answered: never more than all. */
function atMost(row: Row, result: MutableExport, column: string, most: number): number | undefined {
  const value = row.optional(column, count);
  if (value === undefined || value <= most) return value;
  result.adjusted.push({ line: row.line, reason: `${column} is ${value} of ${most}: counted as ${most}.` });
  return most;
}

function readSplits(rows: readonly Row[], settings: AvayaCmsSettings, nowMs: number, result: MutableExport): void {
  const seen = new Map<string, { readonly row: Row; readonly take: () => void }>();
  const twice = new Set<string>();
  for (const row of rows) {
    attempt(result, row, () => {
      const queueId = needed(row, 'split');
      const { startMs, quarters } = intervalOf(row, settings, nowMs);
      const key = `${startMs} ${queueId}`;
      const before = seen.get(key);
      if (before?.row.whole === row.whole) {
        result.sameCount += 1;
        return;
      }
      if (before) {
        twice.add(key);
        throw new RowRefused(`Line ${before.row.line} has other figures for the same split and interval.`);
      }
      const record = splitRecord(row, queueId, startMs, result);
      const isIncomplete = record.isIncomplete ?? false;
      if (isIncomplete) result.incompleteCount += 1;
      const list = result.records['queue-intervals'];
      const take = () => {
        list.push({ line: row.line, record });
        if (quarters === 1) return;
        // The second quarter is told as well: a quarter of which nothing is told is a gap.
        const second = { queueId, start: startText(startMs + INTERVAL_MS), offered: 0, handleTimeMs: 0, isIncomplete };
        list.push({ line: row.line, record: second });
      };
      seen.set(key, { row, take });
    });
  }
  for (const [key, { row, take }] of seen) {
    if (twice.has(key)) result.refused.push({ line: row.line, reason: SEVERAL_FIGURES });
    else take();
  }
}

const SEVERAL_FIGURES = 'A later line has other figures for the same split and interval: which of them count?';

function splitRecord(row: Row, queueId: string, startMs: number, result: MutableExport) {
  const answered = row.count('acdcalls');
  const abandoned = row.count('abncalls');
  const acceptable = atMost(row, result, 'acceptable', answered);
  const abandonedShort = atMost(row, result, 'slvlabns', abandoned);
  const workTimeMs = row.optional('acwtime', durationMs);
  const queueDelayTimeMs = row.optional('anstime', durationMs);
  const holdTimeMs = row.durationMs('holdtime');
  return {
    queueId,
    start: startText(startMs),
    offered: answered + abandoned,
    abandoned,
    handleTimeMs: row.durationMs('acdtime') + holdTimeMs,
    holdTimeMs,
    ...(acceptable !== undefined && { handledShort: acceptable, handledLong: answered - acceptable }),
    ...(abandonedShort !== undefined && { abandonedShort }),
    ...(workTimeMs !== undefined && { workTimeMs }),
    ...(queueDelayTimeMs !== undefined && { queueDelayTimeMs }),
    ...(isIncompleteRow(row) && { isIncomplete: true }),
  };
}

function isIncompleteRow(row: Row): boolean {
  const text = row.text('incomplete');
  if (text === '' || text === '0' || text === '1') return text === '1';
  throw new RowRefused(`incomplete is "${text.slice(0, 20)}" and should be 0 or 1.`);
}

function readAgents(
  rows: readonly Row[],
  names: ReadonlySet<string>,
  settings: AvayaCmsSettings,
  nowMs: number,
  result: MutableExport,
): void {
  const times = new AgentTimes(names);
  for (const row of rows) {
    let agent: AgentRow | undefined;
    const isTaken = attempt(result, row, () => {
      const agentId = needed(row, 'logid');
      const { startMs, quarters } = intervalOf(row, settings, nowMs);
      agent = { row, agentId, queueId: row.text('split'), startMs, quarters };
      if (isIncompleteRow(row)) result.incompleteCount += 1;
      if (!times.add(agent)) result.sameCount += 1;
    });
    // The others of the same agent and interval are a part of the truth then, and a part would be taken for the whole.
    if (!isTaken && agent) times.spoil(agent);
  }
  times.writeInto(result);
}
