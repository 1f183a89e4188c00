/**
 * Files of past facts: which columns they have and what their rows say. A row is read or refused with a sentence; a file
 * is refused whole only when its head makes no sense. Pure: names of queues and agents are looked up by the caller's maps.
 */
import { type CsvRow, readCsv } from './csv.ts';
import { HOUR_MS, INTERVAL_MS } from './interval.ts';

export const IMPORT_KINDS = ['intervals', 'state-changes'] as const;
export type ImportKind = (typeof IMPORT_KINDS)[number];

/** A row that was left out. */
export interface RefusedLine {
  readonly line: number;
  readonly reason: string;
}

export interface ImportedFigures {
  readonly line: number;
  readonly queueKey: number;
  readonly startMs: number;
  readonly offered: number;
  readonly abandoned: number;
  readonly handleTimeMs: number;
}

export interface ImportedChange {
  readonly line: number;
  readonly agentKey: number;
  readonly atMs: number;
  readonly state: string;
  readonly reason: string;
}

export type ReadFile<Row> =
  | {
      readonly ok: true;
      readonly rows: readonly Row[];
      readonly refused: readonly RefusedLine[];
      /** Sentences about the file as a whole. */
      readonly remarks: readonly string[];
    }
  | { readonly ok: false; readonly message: string };

/** What a file is read against. */
export interface ImportContext {
  /** Keys by every name that a file may use; null: two have the name. */
  readonly keys: ReadonlyMap<string, number | null>;
  readonly nowMs: number;
  /** Facts from before this instant would be purged at once. */
  readonly keptFromMs: number;
}

export const IMPORT_ROWS_MAX = 150_000;

interface Column {
  readonly name: string;
  readonly isRequired: boolean;
  /** Heads that mean it, in small letters and digits only. */
  readonly heads: readonly string[];
}

const INTERVAL_COLUMNS = [
  {
    name: 'interval_start_utc',
    isRequired: true,
    heads: ['intervalstartutc', 'intervalstart', 'intervalstarttime', 'starttime', 'start', 'interval', 'datetime'],
  },
  {
    name: 'queue',
    isRequired: true,
    heads: ['queue', 'queueid', 'queuename', 'queuevalue', 'skill', 'skillname', 'ctname'],
  },
  {
    name: 'offered',
    isRequired: true,
    heads: ['offered', 'contactsoffered', 'contactsreceived', 'received', 'entered', 'volume'],
  },
  { name: 'handled', isRequired: true, heads: ['handled', 'contactshandled', 'answered'] },
  {
    name: 'total_handle_time_s',
    isRequired: true,
    heads: ['totalhandletimes', 'totalhandletime', 'totalhandletimesec', 'totalhandletimeseconds', 'handletime', 'tht'],
  },
  { name: 'abandoned', isRequired: false, heads: ['abandoned', 'contactsabandoned', 'abandons'] },
] as const satisfies readonly Column[];

const CHANGE_COLUMNS = [
  {
    name: 'at_utc',
    isRequired: true,
    heads: ['atutc', 'at', 'time', 'timeutc', 'timestamp', 'eventtime', 'eventutctime', 'start', 'starttime'],
  },
  {
    name: 'agent',
    isRequired: true,
    heads: ['agent', 'agentid', 'loginid', 'username', 'user', 'userid', 'agentname'],
  },
  { name: 'state', isRequired: true, heads: ['state', 'agentstate', 'status', 'eventcode'] },
  { name: 'reason', isRequired: false, heads: ['reason', 'reasoncode'] },
] as const satisfies readonly Column[];

/** The head of the file that a user fills in, by kind. */
export const IMPORT_COLUMNS: Readonly<Record<ImportKind, readonly Column[]>> = {
  intervals: INTERVAL_COLUMNS,
  'state-changes': CHANGE_COLUMNS,
};

/** Longest mean handle time of a contact that is taken for one in seconds. */
const HANDLE_TIME_MAX_MS = 4 * HOUR_MS;
const COUNT_MAX = 1_000_000;

/** Queue figures out of a file. */
export function readIntervalFile(text: string, context: ImportContext): ReadFile<ImportedFigures> {
  return readFile(text, INTERVAL_COLUMNS, (cell) => {
    const startMs = instantOf(cell('interval_start_utc'));
    if (startMs === null) return badInstant('The start', cell('interval_start_utc'));
    if (startMs % INTERVAL_MS !== 0) return 'The start is not on a quarter of an hour: 00, 15, 30 or 45 minutes.';
    if (startMs + INTERVAL_MS > context.nowMs) return 'The interval has not ended yet.';
    if (startMs < context.keptFromMs)
      return `The interval is older than figures are kept here: ${day(context.keptFromMs)}.`;
    const queueKey = context.keys.get(nameKey(cell('queue')));
    if (queueKey === undefined)
      return `There is no queue "${short(cell('queue'))}" on the roster: give its id or name.`;
    if (queueKey === null) return `Two queues are called "${short(cell('queue'))}": give the queue's id.`;
    const offered = countOf(cell('offered'));
    const handled = countOf(cell('handled'));
    if (offered === null) return `"${short(cell('offered'))}" is not a number of contacts offered.`;
    if (handled === null) return `"${short(cell('handled'))}" is not a number of contacts handled.`;
    if (handled > offered) return `${handled} contacts were handled and only ${offered} offered.`;
    const abandoned = cell('abandoned') === '' ? offered - handled : countOf(cell('abandoned'));
    if (abandoned === null) return `"${short(cell('abandoned'))}" is not a number of contacts abandoned.`;
    if (handled + abandoned !== offered) {
      return `${offered} offered is not ${handled} handled and ${abandoned} abandoned. Leave abandoned empty to have it worked out.`;
    }
    const handleTimeMs = secondsOf(cell('total_handle_time_s'));
    if (handleTimeMs === null) return `"${short(cell('total_handle_time_s'))}" is not a handle time in seconds.`;
    if (handleTimeMs > HANDLE_TIME_MAX_MS * Math.max(1, handled)) {
      return 'The handle time comes to over 4 hours a contact: it looks like milliseconds, and seconds are expected.';
    }
    return {
      key: `${startMs}/${queueKey}`,
      what: 'queue and interval',
      row: { queueKey, startMs, offered, abandoned, handleTimeMs },
    };
  });
}

/** State changes out of a file. */
export function readChangeFile(text: string, context: ImportContext): ReadFile<ImportedChange> {
  return readFile(text, CHANGE_COLUMNS, (cell) => {
    const atMs = instantOf(cell('at_utc'));
    if (atMs === null) return badInstant('The time', cell('at_utc'));
    if (atMs > context.nowMs) return 'The time has not come yet.';
    if (atMs < context.keptFromMs)
      return `The time is further back than state changes are kept here: ${day(context.keptFromMs)}.`;
    const agentKey = context.keys.get(nameKey(cell('agent')));
    if (agentKey === undefined)
      return `There is no agent "${short(cell('agent'))}" on the roster: give the id or user name.`;
    if (agentKey === null) return `Two agents are called "${short(cell('agent'))}": give the agent's id.`;
    const state = cell('state');
    if (state === '') return 'The state is missing.';
    if ([...state].length > 256 || [...cell('reason')].length > 256)
      return 'A state or reason has at most 256 characters.';
    return {
      key: `${agentKey}/${atMs}`,
      what: 'agent and time',
      row: { agentKey, atMs, state, reason: cell('reason') },
    };
  });
}

/** How names are compared: without regard to case and surrounding space. */
export function nameKey(name: string): string {
  return name.trim().toLowerCase();
}

type Cells<C extends readonly Column[]> = (name: C[number]['name']) => string;
type RowReader<C extends readonly Column[], Row> = (
  cell: Cells<C>,
) => string | { readonly key: string; readonly what: string; readonly row: Omit<Row, 'line'> };

function readFile<C extends readonly Column[], Row extends { readonly line: number }>(
  text: string,
  columns: C,
  read: RowReader<C, Row>,
): ReadFile<Row> {
  const { head, rows, fault } = readCsv(text);
  const found = columnsOf(head, columns);
  if (!found.ok) return found;
  if (rows.length > IMPORT_ROWS_MAX) {
    return {
      ok: false,
      message: `The file has ${rows.length} rows; one import takes at most ${IMPORT_ROWS_MAX}. Split it.`,
    };
  }
  const good: Row[] = [];
  const refused: RefusedLine[] = [];
  const lineOf = new Map<string, number>();
  for (const row of rows) {
    const result = cellsAreWhole(row, head) ?? read((name) => plainCell(row.cells[found.places.get(name) ?? -1] ?? ''));
    if (typeof result === 'string') {
      refused.push({ line: row.line, reason: result });
      continue;
    }
    const before = lineOf.get(result.key);
    if (before === undefined) {
      lineOf.set(result.key, row.line);
      good.push({ ...result.row, line: row.line } as Row);
    } else refused.push({ line: row.line, reason: `Line ${before} has the same ${result.what}.` });
  }
  if (fault) refused.push({ line: fault.line, reason: `${fault.message} The rest of the file could not be read.` });
  return { ok: true, rows: good, refused, remarks: found.remarks };
}

/** Exports put an apostrophe before what a spreadsheet would take for a formula: it comes off again. */
function plainCell(cell: string): string {
  return cell.trim().replace(/^'(?=[=+\-@])/, '');
}

function cellsAreWhole({ cells }: CsvRow, head: readonly string[]): string | null {
  if (cells.length === head.length) return null;
  // Empty cells at the end are what spreadsheets add; missing ones at the end are optional columns left off.
  const extra = cells.slice(head.length).some((cell) => cell.trim() !== '');
  return extra ? `The row has ${cells.length} cells and the head ${head.length}.` : null;
}

function columnsOf(
  head: readonly string[],
  columns: readonly Column[],
): { ok: true; places: Map<string, number>; remarks: string[] } | { ok: false; message: string } {
  const wanted = columns.filter(({ isRequired }) => isRequired).map(({ name }) => name);
  if (head.every((cell) => cell === ''))
    return { ok: false, message: `The file is empty. Its first line names the columns: ${wanted.join(', ')}.` };
  const plain = head.map((cell) => cell.toLowerCase().replaceAll(/[^a-z0-9]/g, ''));
  const places = new Map<string, number>();
  for (const { name, heads } of columns) {
    const place = plain.findIndex((cell) => heads.includes(cell));
    if (place >= 0) places.set(name, place);
  }
  const missing = wanted.filter((name) => !places.has(name));
  if (missing.length > 0) {
    return {
      ok: false,
      message: `The first line does not name the column${missing.length === 1 ? '' : 's'} ${missing.join(', ')}. It must name ${wanted.join(', ')}.`,
    };
  }
  const used = new Set(places.values());
  const unused = head.filter((cell, place) => cell !== '' && !used.has(place)).map(short);
  return {
    ok: true,
    places,
    remarks: unused.length > 0 ? [`Not used: the column${unused.length === 1 ? '' : 's'} ${unused.join(', ')}.`] : [],
  };
}

/** ISO 8601, or the same with a space for the T; without an offset it is UTC. */
function instantOf(text: string): number | null {
  const match = /^(\d{4}-\d{2}-\d{2})[T ](\d{1,2}:\d{2})(:\d{2}(?:\.\d{1,3})?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?$/i.exec(
    text,
  );
  if (!match) return null;
  const [, date = '', minutes = '', seconds = ':00', offset = 'Z'] = match;
  const zone = /^(?:z|utc)$/i.test(offset) ? 'Z' : offset.replace(/^([+-]\d{2}):?(\d{2})$/, '$1:$2');
  const atMs = Date.parse(`${date}T${minutes.padStart(5, '0')}${seconds}${zone}`);
  const midnightMs = Date.parse(`${date}T00:00:00Z`);
  // The 30th of February is not the 2nd of March.
  const isReal = !Number.isNaN(atMs) && new Date(midnightMs).toISOString().startsWith(date);
  return isReal ? atMs : null;
}

const badInstant = (what: string, text: string) =>
  text === '' ? `${what} is missing.` : `"${short(text)}" is not a time such as 2026-01-31T13:15:00Z.`;

function countOf(text: string): number | null {
  const plain = text.replace(/\.0+$/, '');
  return /^\d{1,7}$/.test(plain) && Number(plain) <= COUNT_MAX ? Number(plain) : null;
}

function secondsOf(text: string): number | null {
  return /^\d{1,9}(?:\.\d{1,6})?$/.test(text) ? Math.round(Number(text) * 1_000) : null;
}

const short = (text: string) => (text.length > 60 ? `${text.slice(0, 59)}…` : text);
const day = (atMs: number) => new Date(atMs).toISOString().slice(0, 10);
