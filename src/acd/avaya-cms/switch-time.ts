/**
 * The switch's clock. A reading of it names no instant where the clock was put forward, and two where it was put back:
 * both are told, never guessed. Pure: Intl knows the zones.
 */
import { DAY_MS, floorToGrid, HOUR_MS, MINUTE_MS } from '../../domain/interval.ts';
import { isDay, localTime } from '../../domain/local-day.ts';

/** No zone is further from UTC: +14:00 in the east, −12:00 in the west. */
const EAST_MS = 14 * HOUR_MS;
const WEST_MS = 12 * HOUR_MS;
const DAYS_KEPT_MAX = 5_000;

/** True for an IANA name such as America/Chicago, and for a fixed offset such as -06:00. */
export function isSwitchZone(text: string): boolean {
  if (fixedOffsetMs(text) !== null) return true;
  if (!/^[A-Za-z]/.test(text)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function fixedOffsetMs(zone: string): number | null {
  const [, sign, hours, minutes] = /^([+-])(0\d|1[0-4]):([0-5]\d)$/.exec(zone) ?? [];
  if (sign === undefined) return null;
  return (sign === '-' ? -1 : 1) * (Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS);
}

/** Local time minus UTC at an instant. */
export function switchOffsetMs(atMs: number, zone: string): number {
  const fixed = fixedOffsetMs(zone);
  if (fixed !== null) return fixed;
  const { day, clock } = localTime(atMs, zone);
  return Date.parse(`${day}T${clock}:00Z`) - floorToGrid(atMs, MINUTE_MS);
}

const offsetsOfDays = new Map<string, readonly number[]>();

/** Every offset that the zone has around a day of its calendar; a zone keeps each of its offsets for hours at least. */
function offsetsAround(dayMs: number, zone: string): readonly number[] {
  const key = `${zone} ${dayMs}`;
  const known = offsetsOfDays.get(key);
  if (known) return known;
  const offsets = new Set<number>();
  for (let atMs = dayMs - EAST_MS; atMs <= dayMs + DAY_MS + WEST_MS; atMs += HOUR_MS) {
    offsets.add(switchOffsetMs(atMs, zone));
  }
  if (offsetsOfDays.size >= DAYS_KEPT_MAX) offsetsOfDays.clear();
  const found = [...offsets];
  offsetsOfDays.set(key, found);
  return found;
}

/**
 * The instants at which the switch's clock shows this reading, oldest first: one, two where the clock was put back, none
 * where it was put forward. `readingMs`: the reading as if it were UTC.
 */
export function switchInstants(readingMs: number, zone: string): readonly number[] {
  const fixed = fixedOffsetMs(zone);
  if (fixed !== null) return [readingMs - fixed];
  return offsetsAround(floorToGrid(readingMs, DAY_MS), zone)
    .map((offsetMs) => readingMs - offsetMs)
    .filter((atMs) => atMs + switchOffsetMs(atMs, zone) === readingMs)
    .sort((a, b) => a - b);
}

export const DATE_ORDERS = ['ymd', 'mdy', 'dmy'] as const;
export type DateOrder = (typeof DATE_ORDERS)[number];

/** A date as CMS writes it, as `YYYY-MM-DD`; null when it is none. The year first is always understood. */
export function switchDay(text: string, order: DateOrder): string | null {
  const [, year, month, date] = /^(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})$/.exec(text) ?? [];
  if (year !== undefined) return dayOrNull(`${year}-${month}-${date}`);
  const [, first = '', second = '', last = ''] = /^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})$/.exec(text) ?? [];
  if (last === '' || order === 'ymd') return null;
  const [monthText, dateText] = order === 'mdy' ? [first, second] : [second, first];
  return dayOrNull(
    `${last.length === 2 ? `20${last}` : last}-${monthText.padStart(2, '0')}-${dateText.padStart(2, '0')}`,
  );
}

const dayOrNull = (text: string): string | null => (isDay(text) ? text : null);
