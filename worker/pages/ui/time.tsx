/** Instants and ages as people read them: in the connection's zone, with UTC on hover. */
import type { Sentence } from '../../../src/domain/finding.ts';

/** How pages show time: the zone, and the instant that the page is of. */
export interface Moment {
  readonly timeZone: string;
  readonly nowMs: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(timeZone: string, kind: 'date' | 'day' | 'time'): Intl.DateTimeFormat {
  const key = `${timeZone} ${kind}`;
  const known = formats.get(key);
  if (known) return known;
  const options: Intl.DateTimeFormatOptions =
    kind === 'time'
      ? { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }
      : { day: 'numeric', month: 'short', ...(kind === 'date' && { year: 'numeric' }) };
  const made = new Intl.DateTimeFormat('en-GB', { ...options, timeZone });
  formats.set(key, made);
  return made;
}

/** An instant in words: the time today, with the date on other days. Seconds only where they say something. */
export function instantText(atMs: number, { timeZone, nowMs }: Moment): string {
  const time = format(timeZone, 'time').format(atMs);
  const shown = time.endsWith(':00') || Math.abs(nowMs - atMs) > 3_600_000 ? time.slice(0, 5) : time;
  const date = format(timeZone, 'date').format(atMs);
  if (date === format(timeZone, 'date').format(nowMs)) return shown;
  const isThisYear = date.slice(-4) === format(timeZone, 'date').format(nowMs).slice(-4);
  return `${isThisYear ? format(timeZone, 'day').format(atMs) : date}, ${shown}`;
}

/** How long ago (or ahead) an instant is, in one unit: "just now", "3 s ago", "in 4 min". */
export function ageText(atMs: number, nowMs: number): string {
  const ms = Math.abs(nowMs - atMs);
  if (ms < 1_000) return 'just now';
  const span = spanText(ms);
  return nowMs >= atMs ? `${span} ago` : `in ${span}`;
}

/** A duration in one unit. */
export function spanText(ms: number): string {
  if (ms < 1_000) return '0 s';
  if (ms < 120_000) return `${Math.floor(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${Math.floor(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${Math.floor(ms / 3_600_000)} h`;
  return `${Math.floor(ms / 86_400_000)} days`;
}

function utcText(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

export function Time({ atMs, moment }: { atMs: number; moment: Moment }) {
  return (
    <time datetime={new Date(atMs).toISOString()} title={utcText(atMs)}>
      {instantText(atMs, moment)}
    </time>
  );
}

/** An age, with the instant on hover; `never` where there is none. */
export function Age({ atMs, moment, never = 'never' }: { atMs: number | null; moment: Moment; never?: string }) {
  if (atMs === null) return <span class="quiet">{never}</span>;
  return (
    <time datetime={new Date(atMs).toISOString()} title={`${instantText(atMs, moment)} (${utcText(atMs)})`}>
      {ageText(atMs, moment.nowMs)}
    </time>
  );
}

/** A sentence with its instants in the reader's zone. */
export function Words({ sentence, moment }: { sentence: Sentence; moment: Moment }) {
  return <>{sentence.map((part) => (typeof part === 'string' ? part : <Time atMs={part.atMs} moment={moment} />))}</>;
}
