/**
 * Maps one line of the real-time feed to a state change. How CMS writes its lines is not published, so that it is a
 * setting: JSON with the codes of the event set, or a pattern with named groups. Pure: the clock is handed in.
 */
import * as z from 'zod';
import { DAY_MS, floorToGrid, HOUR_MS, MINUTE_MS } from '../../domain/interval.ts';
import { isDay } from '../../domain/local-day.ts';
import type { GivenRecord } from '../../domain/record.ts';
import { cmsStateOf } from './codes.ts';
import { compilePattern, LINE_CHARS_MAX } from './pattern.ts';
import type { AvayaCmsSettings } from './settings.ts';
import { switchInstants, switchOffsetMs } from './switch-time.ts';

/** A line that names a later moment than this is dated by a clock, or a zone, that is wrong. */
const AHEAD_MAX_MS = 5 * MINUTE_MS;

export type FeedLine =
  | { readonly record: GivenRecord<'state-changes'>; readonly reason: null }
  /** Why the line is no state change, as a sentence. */
  | { readonly record: null; readonly reason: string };

/** The parts of a line, as they were written; '' for what it does not have. */
interface Parts {
  readonly login: string;
  readonly state: string;
  readonly reason: string;
  readonly time: string;
}

const text = z.union([z.string(), z.number().transform(String)]);
const jsonLineSchema = z.looseObject({
  login: text,
  eventCode: text,
  reasonCode: text.nullish(),
  time: text.nullish(),
});

/**
 * Makes the reader of a feed's lines. The function returned takes a line and when it arrived (UTC ms), which dates the
 * change where the line has no time.
 */
export function feedReader(
  settings: Pick<AvayaCmsSettings, 'feed' | 'timeZone'>,
): (line: string, arrivedAtMs: number) => FeedLine {
  const partsOf = settings.feed.form === 'json' ? jsonParts : patternParts(settings.feed.pattern);
  return (line, arrivedAtMs) => {
    if (line.length > LINE_CHARS_MAX) return refuse(`The line is longer than ${LINE_CHARS_MAX} characters.`);
    const parts = partsOf(line);
    if (typeof parts === 'string') return refuse(parts);
    if (parts.login === '' || parts.state === '') return refuse('The line names no login or no state.');
    const atMs = timeOf(parts.time, arrivedAtMs, settings.timeZone);
    if (typeof atMs === 'string') return refuse(atMs);
    if (atMs > arrivedAtMs + AHEAD_MAX_MS) {
      return refuse('The time of the line is in the future: check the time zone of the switch and the clocks.');
    }
    const { state, reason } = cmsStateOf(parts.state, parts.reason);
    return { record: { agentId: parts.login, at: new Date(atMs).toISOString(), state, reason }, reason: null };
  };
}

const refuse = (reason: string): FeedLine => ({ record: null, reason });

function jsonParts(line: string): Parts | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return 'The line is not JSON.';
  }
  const parsed = jsonLineSchema.safeParse(value);
  if (!parsed.success) {
    return 'The line needs login and eventCode as text or numbers; reasonCode and time are optional.';
  }
  const { login, eventCode, reasonCode, time } = parsed.data;
  return {
    login: login.trim(),
    state: eventCode.trim(),
    reason: (reasonCode ?? '').trim(),
    time: (time ?? '').trim(),
  };
}

function patternParts(pattern: string): (line: string) => Parts | string {
  const expression = compilePattern(pattern);
  return (line) => {
    const groups = expression.exec(line)?.groups;
    if (!groups) return 'The line does not match the pattern.';
    const { login = '', state = '', reason = '', time = '' } = groups;
    return { login: login.trim(), state: state.trim(), reason: reason.trim(), time: time.trim() };
  };
}

/**
 * When the agent entered the state: epoch seconds or milliseconds, ISO 8601 with an offset, or the switch's clock, with
 * its day or only the time of day. Of several instants that the clock's reading fits, the one nearest to the arrival.
 */
function timeOf(time: string, arrivedAtMs: number, zone: string): number | string {
  if (time === '') return arrivedAtMs;
  if (/^\d{13}$/.test(time)) return Number(time);
  if (/^\d{9,10}(?:\.\d{1,6})?$/.test(time)) return Math.round(Number(time) * 1_000);
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)$/.test(time)) {
    const atMs = Date.parse(time);
    return Number.isNaN(atMs) ? `"${time}" is no time.` : atMs;
  }
  const readings = readingsOf(time, arrivedAtMs, zone);
  if (readings.length === 0) {
    return `"${time.slice(0, 40)}" is no time: epoch seconds or milliseconds, ISO 8601, or the clock of the switch.`;
  }
  const instants = readings.flatMap((readingMs) => switchInstants(readingMs, zone));
  if (instants.length === 0) return `The clock of ${zone} never showed "${time}": check the time zone of the switch.`;
  return instants.reduce((best, atMs) => (Math.abs(atMs - arrivedAtMs) < Math.abs(best - arrivedAtMs) ? atMs : best));
}

/** The readings of the switch's clock, as if they were UTC, that a text may mean. */
function readingsOf(time: string, arrivedAtMs: number, zone: string): number[] {
  const [, day, clock = ''] =
    /^(?:(\d{4}-\d\d-\d\d)[T ])?((?:[01]\d|2[0-3]):?[0-5]\d(?::?[0-5]\d(?:\.\d{1,6})?)?)$/.exec(time) ?? [];
  if (clock === '') return [];
  const [, hours, minutes, seconds = '0'] = /^(\d\d):?(\d\d)(?::?([\d.]+))?$/.exec(clock) ?? [];
  const sinceMidnightMs = Math.round(Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS + Number(seconds) * 1_000);
  if (day !== undefined) {
    return isDay(day) ? [Date.parse(`${day}T00:00:00Z`) + sinceMidnightMs] : [];
  }
  const todayMs = floorToGrid(arrivedAtMs + switchOffsetMs(arrivedAtMs, zone), DAY_MS);
  return [todayMs - DAY_MS, todayMs, todayMs + DAY_MS].map((dayMs) => dayMs + sinceMidnightMs);
}
