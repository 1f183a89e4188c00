/**
 * Which faults there are (the letters of the fault list), how often and how long, and when they strike in one run. Every
 * kind draws from its own source of chance, so that leaving one out moves no other.
 */
import { hash, Random } from '../../simulators/shared/random.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/domain/interval.ts';

const SECOND_MS = 1_000;

interface Kind {
  readonly perDay: number;
  readonly minMs: number;
  readonly maxMs: number;
}

const kind = (perDay: number, minMs: number, maxMs: number): Kind => ({ perDay, minMs, maxMs });

/** Default rates per simulated day, and how long one lasts (uniform in the logarithm). */
export const FAULT_KINDS = {
  /** S1: an error status, a reset or a time-out on some or all of NCC's calls. */
  S1: kind(1.5, 5 * SECOND_MS, 6 * HOUR_MS),
  /** S1: NCC gone for days. */
  S1days: kind(0.01, 12 * HOUR_MS, 7 * DAY_MS),
  /** S2: accepted and never answered, cut, stuck or a byte a second. */
  S2: kind(1, 5 * SECOND_MS, 20 * MINUTE_MS),
  /** S3: 200 with something that is no answer. */
  S3: kind(1, 5 * SECOND_MS, 30 * MINUTE_MS),
  /** S4: agents missing from answers, roster pages that fail. */
  S4: kind(3, SECOND_MS, 5 * MINUTE_MS),
  /** S7: the bridge is off. */
  S7: kind(0.15, 5 * MINUTE_MS, 12 * HOUR_MS),
  S7days: kind(0.01, DAY_MS, 7 * DAY_MS),
  /** S8: NCC's clock is off by minutes or a day. */
  S8: kind(0.2, HOUR_MS, 12 * HOUR_MS),
  /** S10: somebody is hired or leaves, a queue is opened, closed or renamed. */
  S10: kind(0.3, 0, 1),
  /** S11: rows that make no sense. */
  S11: kind(1.5, SECOND_MS, 2 * MINUTE_MS),
  /** K1: Mpower gone. */
  K1: kind(1, SECOND_MS, 6 * HOUR_MS),
  K1days: kind(0.01, 12 * HOUR_MS, 7 * DAY_MS),
  /** K2: accepted, and the answer is lost. */
  K2: kind(1.5, 5 * SECOND_MS, 20 * MINUTE_MS),
  /** K3: a record that Mpower refuses for good. */
  K3: kind(0.5, 10 * MINUTE_MS, 6 * HOUR_MS),
  /** K4: 200 with an error in it. */
  K4: kind(0.5, 5 * SECOND_MS, 20 * MINUTE_MS),
  /** K5: 413, 429 with Retry-After, 503 with a page. */
  K5: kind(1, 5 * SECOND_MS, HOUR_MS),
  /** 403 and 404 of Mpower: a setting. */
  K403: kind(0.2, MINUTE_MS, 2 * HOUR_MS),
  /** A1: tokens are not valid any more. */
  A1: kind(3, 0, 1),
  /** A2: refreshes are refused, or their answers lost. */
  A2: kind(0.7, MINUTE_MS, 6 * HOUR_MS),
  /** A3: the password is refused. */
  A3: kind(0.2, MINUTE_MS, 3 * HOUR_MS),
  /** A4: signing in is slow. */
  A4: kind(0.5, MINUTE_MS, HOUR_MS),
  /** A5: the encryption key is not there. */
  A5: kind(0.1, MINUTE_MS, HOUR_MS),
  /** A6: a certificate that is not trusted. */
  A6: kind(0.2, MINUTE_MS, HOUR_MS),
  /** D1: the process dies at some step. */
  D1: kind(4, 0, 1),
  /** D3: no space left on the disk. */
  D3: kind(0.2, MINUTE_MS, 2 * HOUR_MS),
  /** D4: D1 fails before or after the commit, some or all of the time. */
  D4: kind(1.5, 5 * SECOND_MS, 10 * MINUTE_MS),
  /** D4: D1 answers after 2 to 80 s. */
  D4stall: kind(1, 5 * SECOND_MS, 10 * MINUTE_MS),
  /** D7: KV is empty, stale or down. */
  D7: kind(1, MINUTE_MS, 6 * HOUR_MS),
  /** D8: the database is put back to a backup of up to a day ago. */
  D8: kind(0.05, MINUTE_MS, DAY_MS),
  /** C1: an alarm is lost. */
  C1: kind(2, 0, 1),
  /** C2: cron is silent. */
  C2: kind(0.3, 10 * MINUTE_MS, 12 * HOUR_MS),
  /** C3: cron comes twice, late, overlapping. */
  C3: kind(0.5, 10 * MINUTE_MS, 6 * HOUR_MS),
  /** C4: the clock is stepped by up to an hour and back. */
  C4: kind(0.2, MINUTE_MS, 6 * HOUR_MS),
  /** C4: the machine is paused. */
  C4pause: kind(0.5, 5 * SECOND_MS, 2 * HOUR_MS),
  /** C5: a second loop runs beside the first. */
  C5: kind(0.5, 2 * SECOND_MS, 10 * MINUTE_MS),
  /** C6: somebody changes settings, pauses, asks for a backfill or the roster, sends again. */
  C6: kind(1, MINUTE_MS, HOUR_MS),
} as const satisfies Record<string, Kind>;

export type FaultKind = keyof typeof FAULT_KINDS;
export type Rates = Readonly<Partial<Record<FaultKind, number>>>;

export interface Fault {
  readonly kind: FaultKind;
  readonly atMs: number;
  readonly untilMs: number;
  /** A fraction in [0, 1) that chooses the variant, and a second one. */
  readonly choice: number;
  readonly measure: number;
}

export const isFaultKind = (name: string): name is FaultKind => Object.hasOwn(FAULT_KINDS, name);

/** The faults of one run in the order of their beginning; none lasts beyond `endMs`. */
export function drawFaults(seed: number, startMs: number, endMs: number, rates: Rates, scale: number): Fault[] {
  const faults: Fault[] = [];
  Object.entries(FAULT_KINDS).forEach(([name, { perDay, minMs, maxMs }], index) => {
    if (!isFaultKind(name)) return;
    const random = new Random(hash(seed, 0xfa17, index));
    const rate = rates[name] ?? perDay * scale;
    if (rate <= 0) return;
    for (let atMs = startMs; ; ) {
      atMs += random.exponential(DAY_MS / rate);
      const spread = Math.log(Math.max(1, maxMs) / Math.max(1, minMs));
      const lastsMs = Math.round(Math.max(1, minMs) * Math.exp(spread * random.next()));
      const [choice, measure] = [random.next(), random.next()];
      if (atMs >= endMs) break;
      faults.push({
        kind: name,
        atMs: Math.round(atMs),
        untilMs: Math.round(Math.min(endMs, atMs + lastsMs)),
        choice,
        measure,
      });
    }
  });
  return faults.sort((a, b) => a.atMs - b.atMs);
}
