import fc from 'fast-check';
import { expect, it } from 'vitest';
import { switchDay, switchInstants, switchOffsetMs } from '../../../../src/acd/avaya-cms/switch-time.ts';
import { DAY_MS, HOUR_MS, INTERVAL_MS, MINUTE_MS } from '../../../../src/domain/interval.ts';

const FROM_MS = Date.UTC(2000, 0, 1);
const TO_MS = Date.UTC(2060, 0, 1);
const quarter = fc.integer({ min: FROM_MS / INTERVAL_MS, max: TO_MS / INTERVAL_MS }).map((n) => n * INTERVAL_MS);
const second = fc.integer({ min: FROM_MS / 1_000, max: TO_MS / 1_000 }).map((n) => n * 1_000);
const fixed = fc
  .tuple(fc.constantFrom('+', '-'), fc.integer({ min: 0, max: 14 }), fc.constantFrom('00', '15', '30', '45'))
  .map(([sign, hours, minutes]) => `${sign}${String(hours).padStart(2, '0')}:${minutes}`);
const zone = fc.oneof(fc.constantFrom(...Intl.supportedValuesOf('timeZone')), fixed);

/** Zones with odd habits: half an hour of daylight saving, a day left out, changes at midnight, and twice a year more. */
const ODD = [
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'America/Havana',
  'Africa/Casablanca',
  'Asia/Tehran',
  'Asia/Kathmandu',
];

it('every instant is among those of its own clock reading, in any zone', () => {
  fc.assert(
    fc.property(fc.oneof(quarter, second), zone, (atMs, name) => {
      const instants = switchInstants(atMs + switchOffsetMs(atMs, name), name);
      expect(instants).toContain(atMs);
      expect(instants.length).toBeLessThanOrEqual(2);
    }),
    { numRuns: 400 },
  );
});

it('every instant found shows the reading, and the two of a repeated hour are apart by what the clock was put back', () => {
  fc.assert(
    fc.property(quarter, zone, (readingMs, name) => {
      const instants = switchInstants(readingMs, name);
      for (const atMs of instants) expect(atMs + switchOffsetMs(atMs, name)).toBe(readingMs);
      const [first, again] = instants;
      if (first !== undefined && again !== undefined) {
        expect(switchOffsetMs(first, name) - switchOffsetMs(again, name)).toBe(again - first);
      }
    }),
    { numRuns: 400 },
  );
});

it.each(ODD)('counts the quarters of a year once each, both ways, in %s', (name) => {
  const fromMs = Date.UTC(2011, 11, 1);
  const toMs = name === 'Pacific/Apia' ? Date.UTC(2012, 0, 15) : Date.UTC(2012, 11, 1);
  const found: number[] = [];
  // A reading differs from its instant by 14 hours at most: a day more at both ends finds all of them.
  for (let readingMs = fromMs - DAY_MS; readingMs < toMs + DAY_MS; readingMs += INTERVAL_MS) {
    found.push(...switchInstants(readingMs, name));
  }
  const inside = new Set(found.filter((atMs) => atMs >= fromMs && atMs < toMs));
  expect(inside.size).toBe((toMs - fromMs) / INTERVAL_MS);
  expect(new Set(found).size).toBe(found.length);
});

it.each([
  // Put forward and back by an hour.
  ['Europe/Berlin', '2026-03-29T02:00', 0],
  ['Europe/Berlin', '2026-03-29T03:00', 1],
  ['Europe/Berlin', '2026-10-25T01:45', 1],
  ['Europe/Berlin', '2026-10-25T02:00', 2],
  ['Europe/Berlin', '2026-10-25T02:45', 2],
  ['Europe/Berlin', '2026-10-25T03:00', 1],
  ['America/Chicago', '2026-03-08T02:30', 0],
  ['America/Chicago', '2026-11-01T01:30', 2],
  // By half an hour.
  ['Australia/Lord_Howe', '2026-10-04T02:15', 0],
  ['Australia/Lord_Howe', '2026-04-05T01:45', 2],
  // A whole day that was left out.
  ['Pacific/Apia', '2011-12-30T12:00', 0],
])('in %s the clock showed %s so many times: %i', (name, reading, times) => {
  expect(switchInstants(Date.parse(`${reading}:00Z`), name)).toHaveLength(times);
});

it('a fixed offset knows no daylight saving', () => {
  const reading = Date.UTC(2026, 6, 1, 12);
  expect(switchInstants(reading, '-06:00')).toEqual([reading + 6 * HOUR_MS]);
  expect(switchInstants(reading, '+05:45')).toEqual([reading - 5 * HOUR_MS - 45 * MINUTE_MS]);
});

it('writes of a day in any order are read back', () => {
  fc.assert(
    fc.property(quarter, fc.constantFrom('ymd', 'mdy', 'dmy'), fc.constantFrom('-', '/', '.'), (atMs, order, mark) => {
      const day = new Date(atMs).toISOString().slice(0, 10);
      const [y = '', m = '', d = ''] = day.split('-');
      const parts = { ymd: [y, m, d], mdy: [m, d, y], dmy: [d, m, y] }[order];
      expect(switchDay(parts.join(mark), order)).toBe(day);
      expect(switchDay(day, order)).toBe(day);
    }),
  );
});
