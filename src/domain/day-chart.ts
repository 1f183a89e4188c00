/** Figures of two days laid side by side by the clock, for a chart: today against the same weekday before. Pure. */
import { DAY_MS, INTERVAL_MS, type Window } from './interval.ts';
import { dayOf, dayWindow, localTime, shiftDay } from './local-day.ts';

/** Quarters of an hour that a clock shows in a day. */
export const SLOTS_PER_DAY = DAY_MS / INTERVAL_MS;

/** The days that are compared, in a zone. */
export interface ComparedDays {
  readonly today: Window;
  readonly before: Window;
  readonly todayName: string;
  readonly beforeName: string;
}

/** Today and the same weekday a week before. */
export function comparedDays(nowMs: number, timeZone: string): ComparedDays {
  const todayName = dayOf(nowMs, timeZone);
  const beforeName = shiftDay(todayName, -7);
  return { todayName, beforeName, today: dayWindow(todayName, timeZone), before: dayWindow(beforeName, timeZone) };
}

/** Place of an instant on the clock, in quarters of an hour: 0 to 95, on days with a changed clock, too. */
export function slotOf(atMs: number, timeZone: string): number {
  const { clock } = localTime(atMs, timeZone);
  return Number(clock.slice(0, 2)) * 4 + Math.floor(Number(clock.slice(3)) / 15);
}

/** Values by place on the clock; null where there is none. Where the clock goes back, the two hours are added up. */
export function bySlot<T extends { readonly startMs: number }>(
  rows: readonly T[],
  timeZone: string,
  pick: (row: T) => number | null,
): (number | null)[] {
  const slots: (number | null)[] = Array.from({ length: SLOTS_PER_DAY }, () => null);
  for (const row of rows) {
    const value = pick(row);
    const slot = slotOf(row.startMs, timeZone);
    if (value !== null) slots[slot] = (slots[slot] ?? 0) + value;
  }
  return slots;
}

/** The largest of a few round numbers that holds `value`: the top of an axis. */
export function axisTop(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 2.5, 5, 10].find((one) => one * power >= value) ?? 10;
  return step * power;
}
