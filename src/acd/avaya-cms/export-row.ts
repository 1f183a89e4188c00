/**
 * One row of an export of CMS: its cells by the names of the columns, and when its interval started. Whatever cannot be
 * read is thrown as a sentence for whoever made the export.
 */
import { INTERVAL_MS, MINUTE_MS } from '../../domain/interval.ts';
import type { AvayaCmsSettings } from './settings.ts';
import { switchDay, switchInstants } from './switch-time.ts';

/** A clock that is a little behind does not make an interval that has just ended one of the future. */
const AHEAD_MAX_MS = 5 * MINUTE_MS;

/** Why a row is not taken, as a sentence. */
export class RowRefused extends Error {}

/** How the cells of a row are asked for. Names of columns are written small. */
export interface Row {
  readonly line: number;
  /** The cell, trimmed; '' when it is empty or the export has no such column. */
  text(column: string): string;
  /** A whole number from 0; throws where there is none. */
  count(column: string): number;
  /** A duration in seconds, as milliseconds; throws where there is none. */
  durationMs(column: string): number;
  /** The same, undefined where the export does not have the column. */
  optional<T>(column: string, read: (row: Row, column: string) => T): T | undefined;
  /** All of it, to tell whether two rows are the same. */
  readonly whole: string;
}

export const count = (row: Row, column: string): number => row.count(column);
export const durationMs = (row: Row, column: string): number => row.durationMs(column);

/** Makes the reader of rows from the head's names. */
export function rowReader(head: readonly string[]): (line: number, cells: readonly string[]) => Row {
  const places = new Map(head.map((name, place) => [name.toLowerCase(), place]));
  return (line, cells) => {
    const text = (column: string) => cells[places.get(column) ?? -1]?.trim() ?? '';
    const number = (column: string, form: RegExp, what: string) => {
      const cell = text(column);
      if (!form.test(cell)) throw new RowRefused(`${column} is "${cell.slice(0, 40)}" and should be ${what}.`);
      return Number(cell);
    };
    const row: Row = {
      line,
      text,
      count: (column) => number(column, /^\d{1,9}(?:\.0+)?$/, 'a whole number'),
      durationMs: (column) => Math.round(number(column, /^\d{1,9}(?:\.\d+)?$/, 'a number of seconds') * 1_000),
      optional: (column, read) => (places.has(column) ? read(row, column) : undefined),
      whole: cells.map((cell) => cell.trim()).join('\n'),
    };
    return row;
  };
}

/** The quarters of an hour that a row's interval consists of: one, or two for an interval of 30 minutes. */
export interface RowInterval {
  readonly startMs: number;
  readonly quarters: 1 | 2;
}

/** When a row's interval started and how long it is. starttime_utc counts before row_date and starttime. */
export function intervalOf(row: Row, settings: AvayaCmsSettings, nowMs: number): RowInterval {
  const minutes = lengthOf(row, settings);
  const lengthMs = minutes * MINUTE_MS;
  const utc = row.text('starttime_utc');
  const startMs = utc === '' ? localStart(row, settings) : utcStart(utc);
  if (startMs % INTERVAL_MS !== 0) throw new RowRefused('The interval does not start at a quarter of an hour.');
  if (startMs % lengthMs !== 0) {
    throw new RowRefused('An interval of 30 minutes has to start at minute 0 or 30, UTC, as the reports do.');
  }
  if (startMs + lengthMs > nowMs + AHEAD_MAX_MS) {
    throw new RowRefused('The interval has not ended yet: check the time zone of the switch and the form of row_date.');
  }
  return { startMs, quarters: minutes === 30 ? 2 : 1 };
}

function lengthOf(row: Row, { intervalMinutes }: AvayaCmsSettings): 15 | 30 {
  const text = row.text('intrvl');
  const minutes = text === '' ? intervalMinutes : Number(text);
  if (minutes === 15) return 15;
  if (minutes !== 30) {
    throw new RowRefused(`An interval of ${text.slice(0, 20)} minutes: only 15 and 30 can be taken. Set CMS to 15.`);
  }
  if (intervalMinutes === 30) return 30;
  throw new RowRefused(
    'An interval of 30 minutes, and the connection is set to 15. Set CMS to 15, or the connection and its reports to 30.',
  );
}

function utcStart(text: string): number {
  if (/^\d{9,10}$/.test(text)) return Number(text) * 1_000;
  // Without an offset it is UTC by its name.
  const [, day, clock, offset = 'Z'] =
    /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.0+)?)?)(Z|[+-]\d\d:\d\d)?$/.exec(text) ?? [];
  const atMs = day === undefined ? Number.NaN : Date.parse(`${day}T${clock}${offset}`);
  if (!Number.isNaN(atMs)) return atMs;
  throw new RowRefused(`starttime_utc is "${text.slice(0, 40)}" and should be epoch seconds or a date and time.`);
}

function localStart(row: Row, { timeZone, dateOrder, repeatedHour }: AvayaCmsSettings): number {
  const dateText = row.text('row_date');
  const day = switchDay(dateText, dateOrder);
  if (day === null) {
    throw new RowRefused(`row_date is "${dateText.slice(0, 40)}", no date in the order set (${dateOrder}).`);
  }
  const clockText = row.text('starttime');
  const digits = clockText.replace(/^(\d{1,2}):(\d\d)(?::00)?$/, '$1$2').padStart(4, '0');
  if (!/^(?:[01]\d|2[0-3])[0-5]\d$/.test(digits)) {
    throw new RowRefused(`starttime is "${clockText.slice(0, 40)}" and should be a time as HHMM.`);
  }
  const clock = `${digits.slice(0, 2)}:${digits.slice(2)}`;
  const instants = switchInstants(Date.parse(`${day}T${clock}:00Z`), timeZone);
  const [first, second] = instants;
  if (first === undefined) {
    throw new RowRefused(
      `${clock} on ${day} was skipped by the clock of ${timeZone}: check the time zone of the switch.`,
    );
  }
  if (second === undefined || repeatedHour === 'first') return first;
  if (repeatedHour === 'second') return second;
  throw new RowRefused(
    `${clock} on ${day} came twice by the clock of ${timeZone}: export starttime_utc, or set which of the two is meant.`,
  );
}
