/**
 * Local time of one IANA zone, quick enough to be asked for every agent and window.
 */
const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
const QUARTER_MS = 900_000;
const CACHE_LIMIT = 20_000;

export class Zone {
  readonly #format: Intl.DateTimeFormat | null;
  #offsets = new Map<number, number>();

  constructor(timeZone: string) {
    this.#format =
      timeZone === 'UTC'
        ? null
        : new Intl.DateTimeFormat('en-US', {
            timeZone,
            hourCycle: 'h23',
            year: 'numeric',
            month: 'numeric',
            day: 'numeric',
            hour: 'numeric',
            minute: 'numeric',
            second: 'numeric',
          });
  }

  /** Local time minus UTC at this instant. Zones change on quarter hours, so one answer serves the whole quarter. */
  offsetMs(atMs: number): number {
    if (this.#format === null) return 0;
    const quarter = Math.floor(atMs / QUARTER_MS);
    const known = this.#offsets.get(quarter);
    if (known !== undefined) return known;
    const part: Record<string, number> = {};
    for (const { type, value } of this.#format.formatToParts(quarter * QUARTER_MS)) part[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
    const offset = Date.UTC(year, month - 1, day, hour, minute, second) - quarter * QUARTER_MS;
    if (this.#offsets.size >= CACHE_LIMIT) this.#offsets.clear();
    this.#offsets.set(quarter, offset);
    return offset;
  }

  /** Days since 1970-01-01 on the local calendar. */
  localDay(atMs: number): number {
    return Math.floor((atMs + this.offsetMs(atMs)) / DAY_MS);
  }

  /** Local hour of the day as a fraction, 0 to 24. */
  localHour(atMs: number): number {
    const local = atMs + this.offsetMs(atMs);
    return (local - Math.floor(local / DAY_MS) * DAY_MS) / HOUR_MS;
  }

  /** The instant at which local clocks show this many ms after the local midnight of `day`. */
  utcMs(day: number, sinceMidnightMs: number): number {
    const local = day * DAY_MS + sinceMidnightMs;
    return local - this.offsetMs(local - this.offsetMs(local));
  }

  /** 0 is Sunday. */
  static weekday(day: number): number {
    return (((day + 4) % 7) + 7) % 7;
  }
}
