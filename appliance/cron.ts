// Fires the Worker's cron expressions each minute, as Cloudflare does. The waiting runs on the monotonic clock and is
// aligned to the wall clock's minutes: a stepped clock neither silences it for more than a minute nor makes a burst.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './log.ts';
import { messageOf } from './start-refused.ts';

const MINUTE_MS = 60_000;
const EACH_MINUTE = '* * * * *';
/** A timer may end a little before the wall clock's minute: nearer than this, the minute counts as reached. */
const EARLY_TOLERANCE_MS = 1_000;
/** An engine that hangs must not gather invocations without end. */
const MAX_IN_FLIGHT = 5;

/** Lowest and highest value of the five fields: minute, hour, day of the month, month, day of the week (1 = Sunday). */
const FIELD_RANGES = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [1, 7],
] as const;

/** Tells whether an expression is due in the minute that begins at `timeMs` (UTC milliseconds). */
export type CronMatcher = (timeMs: number) => boolean;

/**
 * Reads a cron expression in Cloudflare's form (UTC, days of the week 1 = Sunday to 7 = Saturday), numbers only.
 * As in cron, days of the month and of the week are alternatives when both are restricted.
 * @throws Error on anything else, names of days or months included
 */
export function parseCron(expression: string): CronMatcher {
  const fields = expression.trim().split(/\s+/);
  if (fields.length !== FIELD_RANGES.length) {
    throw new Error(`The cron expression "${expression}" has ${fields.length} fields; it needs 5.`);
  }
  const [minutes, hours, days, months, weekdays] = fields.map((field, index) => parseField(field, index, expression));
  const bothDaysRestricted = fields[2] !== '*' && fields[4] !== '*';
  return (timeMs) => {
    const time = new Date(timeMs);
    const day = days?.has(time.getUTCDate()) === true;
    const weekday = weekdays?.has(time.getUTCDay() + 1) === true;
    return (
      minutes?.has(time.getUTCMinutes()) === true &&
      hours?.has(time.getUTCHours()) === true &&
      months?.has(time.getUTCMonth() + 1) === true &&
      (bothDaysRestricted ? day || weekday : day && weekday)
    );
  };
}

function parseField(field: string, index: number, expression: string): Set<number> {
  const [lowest, highest] = FIELD_RANGES[index] ?? [0, 0];
  const values = new Set<number>();
  for (const part of field.split(',')) {
    const match = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part);
    if (match === null)
      throw new Error(`The cron expression "${expression}" has a field "${part}" that is not numeric.`);
    const step = Number(match[3] ?? 1);
    const first = Number(match[1] ?? lowest);
    const last = Number(match[2] ?? (match[1] === undefined || match[3] !== undefined ? highest : first));
    if (first < lowest || last > highest || first > last || step < 1) {
      throw new Error(`The cron expression "${expression}" has a field "${part}" outside ${lowest} to ${highest}.`);
    }
    for (let value = first; value <= last; value += step) values.add(value);
  }
  return values;
}

/** How long to wait, at most a minute and a second, until the next whole minute of the wall clock. */
export function waitUntilNextMinuteMs(nowMs: number): number {
  const rest = MINUTE_MS - (nowMs % MINUTE_MS);
  return rest < EARLY_TOLERANCE_MS ? rest + MINUTE_MS : rest;
}

interface CronOptions {
  readonly expressions: readonly string[];
  /** Runs the Worker's `scheduled` handler once; resolves to its outcome, "ok" when it succeeded. */
  readonly fire: (expression: string, scheduledTime: Date) => Promise<string>;
  readonly log: Log;
  /** True: what is due each minute is due now as well, whatever the second. */
  readonly beginsAtOnce?: boolean;
  /** For messages; default: "The cron" and its expression. */
  readonly what?: string;
}

/** Starts the clock. The function returned stops it; invocations under way are left to end. */
export function startCron(options: CronOptions): () => void {
  const crons = options.expressions.map((expression) => ({ expression, isDue: parseCron(expression) }));
  const stopping = new AbortController();
  let inFlight = 0;

  async function fire(expression: string, minuteMs: number): Promise<void> {
    const what = options.what ?? `The cron ${expression}`;
    if (inFlight >= MAX_IN_FLIGHT) {
      options.log('error', `${what} was skipped: ${inFlight} earlier invocations have not ended.`);
      return;
    }
    inFlight += 1;
    try {
      const outcome = await options.fire(expression, new Date(minuteMs));
      if (outcome !== 'ok') options.log('error', `${what} ended with the outcome "${outcome}".`);
    } catch (thrown) {
      if (!stopping.signal.aborted) options.log('error', `${what} did not run: ${messageOf(thrown)}`);
    } finally {
      inFlight -= 1;
    }
  }

  async function run(): Promise<void> {
    for (const { expression } of crons) {
      if (options.beginsAtOnce === true && expression === EACH_MINUTE) void fire(expression, Date.now());
    }
    while (!stopping.signal.aborted) {
      const waitMs = waitUntilNextMinuteMs(Date.now());
      const ended = await sleep(waitMs, true, { signal: stopping.signal }).catch(() => false);
      if (!ended) return;
      const minuteMs = Math.round(Date.now() / MINUTE_MS) * MINUTE_MS;
      for (const cron of crons) if (cron.isDue(minuteMs)) void fire(cron.expression, minuteMs);
    }
  }

  void run();
  return () => stopping.abort();
}
