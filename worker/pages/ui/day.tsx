/** Days and clock times of the connection's zone, with UTC on hover. */
import { localTime } from '../../../src/domain/local-day.ts';

const DAY = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' });
const LONG_DAY = new Intl.DateTimeFormat('en-GB', {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  timeZone: 'UTC',
});

/** "Sun, 22 Nov" for the day `2026-11-22`. */
export function dayText(day: string): string {
  return DAY.format(Date.parse(`${day}T00:00:00Z`));
}

/** "Sunday, 22 November 2026". */
export function longDayText(day: string): string {
  return LONG_DAY.format(Date.parse(`${day}T00:00:00Z`));
}

/** `2026-11-22T14:15Z`: an interval's start as it stands in addresses. */
export function intervalName(startMs: number): string {
  return `${new Date(startMs).toISOString().slice(0, 16)}Z`;
}

/** A clock time of the zone, with UTC on hover. */
export function Clock({ atMs, timeZone }: { atMs: number; timeZone: string }) {
  const iso = new Date(atMs).toISOString();
  return (
    <time datetime={iso} title={`${iso.slice(0, 16).replace('T', ' ')} UTC`}>
      {localTime(atMs, timeZone).clock}
    </time>
  );
}

/** A span: "22 Nov, 02:15 – 03:45", with the second day where it is another one. */
export function Span({ startMs, endMs, timeZone }: { startMs: number; endMs: number; timeZone: string }) {
  const [from, to] = [localTime(startMs, timeZone), localTime(endMs, timeZone)];
  return (
    <span class="nowrap">
      {dayText(from.day)} <Clock atMs={startMs} timeZone={timeZone} /> – {to.day !== from.day && `${dayText(to.day)} `}
      <Clock atMs={endMs} timeZone={timeZone} />
    </span>
  );
}
