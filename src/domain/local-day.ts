/**
 * Days and clocks as people in a time zone count them. A day is named `YYYY-MM-DD` and is 23, 24 or 25 hours long;
 * where the clock goes back, the second of two equal clock times is told apart from the first. Pure: Intl knows the zones.
 */
import { DAY_MS, HOUR_MS, INTERVAL_MS, MINUTE_MS, type Window, windowStarts } from './interval.ts';

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  formats.set(timeZone, made);
  return made;
}

/** Day and clock time of an instant in a zone: `{ day: '2026-03-29', clock: '14:15' }`. */
export function localTime(atMs: number, timeZone: string): { readonly day: string; readonly clock: string } {
  // "29/03/2026, 14:15"
  const text = formatOf(timeZone).format(atMs);
  return { day: `${text.slice(6, 10)}-${text.slice(3, 5)}-${text.slice(0, 2)}`, clock: text.slice(12, 17) };
}

/** The day that an instant lies in. */
export function dayOf(atMs: number, timeZone: string): string {
  return localTime(atMs, timeZone).day;
}

/** True for a day that the calendar has: `2026-02-28`, not `2026-02-30`. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const atMs = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(atMs) && new Date(atMs).toISOString().startsWith(text);
}

/** The day so many days later (or earlier). */
export function shiftDay(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** The span of a day in a zone, on the grid of intervals. Empty for a day that the zone left out of its calendar. */
export function dayWindow(day: string, timeZone: string): Window {
  return { startMs: startOf(day, timeZone), endMs: startOf(shiftDay(day, 1), timeZone) };
}

/** The first interval that lies in `day` or later. No zone is further from UTC than 14 hours. */
function startOf(day: string, timeZone: string): number {
  const utcMs = Date.parse(`${day}T00:00:00Z`);
  let [low, high] = [(utcMs - 15 * HOUR_MS) / INTERVAL_MS, (utcMs + 15 * HOUR_MS) / INTERVAL_MS];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (dayOf(middle * INTERVAL_MS, timeZone) < day) low = middle + 1;
    else high = middle;
  }
  return low * INTERVAL_MS;
}

/** One interval of a day. `again`: the clock showed this time before on the same day. */
export interface DaySlot {
  readonly startMs: number;
  readonly clock: string;
  readonly again: boolean;
}

/** The intervals of a day in a zone: 96, or 92 or 100 where the clock is changed. */
export function daySlots(day: string, timeZone: string): DaySlot[] {
  const seen = new Set<string>();
  const window = dayWindow(day, timeZone);
  if (isPlain(window, timeZone)) {
    return windowStarts(window).map((startMs, i) => ({ startMs, clock: PLAIN_CLOCKS[i] ?? '', again: false }));
  }
  return windowStarts(window).map((startMs) => {
    const { clock } = localTime(startMs, timeZone);
    const again = seen.has(clock);
    seen.add(clock);
    return { startMs, clock, again };
  });
}

/** The clock of a day on which nobody changes it, by the interval. */
const PLAIN_CLOCKS = Array.from({ length: DAY_MS / INTERVAL_MS }, (_, i) =>
  new Date(i * INTERVAL_MS).toISOString().slice(11, 16),
);

/** True for a day of 24 hours that begins at midnight and whose clock runs through: asking it each interval costs more. */
function isPlain({ startMs, endMs }: Window, timeZone: string): boolean {
  if (endMs - startMs !== DAY_MS) return false;
  for (let i = 0; i < PLAIN_CLOCKS.length; i += PLAIN_CLOCKS.length / 8) {
    if (localTime(startMs + i * INTERVAL_MS, timeZone).clock !== PLAIN_CLOCKS[i]) return false;
  }
  return true;
}

/** Slots of the days that were asked for last: files name the same few days on every line. */
const slotsOfDays = new Map<string, ReadonlyMap<string, DaySlot>>();
const DAYS_KEPT_MAX = 400;

/** The slots of a day by their clock time, the first of two equal ones. */
function slotsByClock(day: string, timeZone: string): ReadonlyMap<string, DaySlot> {
  const key = `${timeZone} ${day}`;
  const known = slotsOfDays.get(key);
  if (known) return known;
  const made = new Map(
    daySlots(day, timeZone)
      .filter(({ again }) => !again)
      .map((slot) => [slot.clock, slot]),
  );
  if (slotsOfDays.size >= DAYS_KEPT_MAX) slotsOfDays.clear();
  slotsOfDays.set(key, made);
  return made;
}

/**
 * The instant of a clock time in a zone, given as `2026-03-29T14:15` or with seconds; null when it is none. A time that the
 * zone skips is taken as the first instant after it, one that it has twice as the first of the two.
 */
export function instantOf(text: string, timeZone: string): number | null {
  const [, day = '', hour = '', minute = '', second = '0'] =
    /^(\d{4}-\d{2}-\d{2})[T ](\d{2}):(\d{2})(?::(\d{2}))?$/.exec(text) ?? [];
  if (!isDay(day) || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  const slots = slotsByClock(day, timeZone);
  const quarter = `${hour}:${String(Math.floor(Number(minute) / 15) * 15).padStart(2, '0')}`;
  const slot = slots.get(quarter);
  if (slot) return slot.startMs + (Number(minute) % 15) * MINUTE_MS + Number(second) * 1_000;
  const next = [...slots.values()].find(({ clock }) => clock > quarter);
  return next?.startMs ?? dayWindow(day, timeZone).endMs;
}
