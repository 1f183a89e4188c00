/** The days that reports may be asked for. */
import { isDay, shiftDay } from '../src/domain/local-day.ts';

/** Well inside of what calendars and time zones agree on. */
const FIRST_DAY = '2000-01-01';
const LAST_DAY = '2199-12-31';

/** A day that the calendar has and reports can be of. */
export function isReportDay(text: string): boolean {
  return isDay(text) && text >= FIRST_DAY && text <= LAST_DAY;
}

/** The days from one to another, both counted; null where there are more than `daysMax` or none. */
export function daysBetween(from: string, to: string, daysMax: number): string[] | null {
  const days: string[] = [];
  for (let day = from; day <= to; day = shiftDay(day, 1)) {
    if (days.length === daysMax) return null;
    days.push(day);
  }
  return days.length === 0 ? null : days;
}
