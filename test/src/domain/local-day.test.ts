import { describe, expect, it } from 'vitest';
import { INTERVAL_MS } from '../../../src/domain/interval.ts';
import { dayOf, daySlots, dayWindow, instantOf, isDay, localTime, shiftDay } from '../../../src/domain/local-day.ts';

const iso = (atMs: number) => new Date(atMs).toISOString().slice(0, 16);

describe('a day of a zone', () => {
  it.each([
    // Ordinary days east and west of UTC, and on offsets that are no whole hours.
    ['2026-01-15', 'UTC', '2026-01-15T00:00', 96],
    ['2026-01-15', 'America/Chicago', '2026-01-15T06:00', 96],
    ['2026-01-15', 'Asia/Kathmandu', '2026-01-14T18:15', 96],
    ['2026-01-15', 'Pacific/Kiritimati', '2026-01-14T10:00', 96],
    // The clock goes forward and back, by an hour and by half an hour.
    ['2026-03-08', 'America/Chicago', '2026-03-08T06:00', 92],
    ['2026-11-01', 'America/Chicago', '2026-11-01T05:00', 100],
    ['2026-04-05', 'Australia/Lord_Howe', '2026-04-04T13:00', 98],
    ['2026-10-04', 'Australia/Lord_Howe', '2026-10-03T13:30', 94],
    // The clock is changed at midnight: the day begins at one o'clock.
    ['2026-04-24', 'Africa/Cairo', '2026-04-23T22:00', 92],
    // The day that Samoa left out.
    ['2011-12-30', 'Pacific/Apia', '2011-12-30T10:00', 0],
  ])('%s in %s begins at %s UTC and has %i intervals', (day, zone, start, intervals) => {
    const { startMs, endMs } = dayWindow(day, zone);
    expect([iso(startMs), (endMs - startMs) / INTERVAL_MS]).toEqual([start, intervals]);
  });

  it('follows the day before it without a hole or an overlap, all year round', () => {
    for (const zone of ['America/Chicago', 'Africa/Cairo', 'Australia/Lord_Howe', 'Asia/Kathmandu']) {
      let day = '2026-01-01';
      while (day < '2027-01-01') {
        const next = shiftDay(day, 1);
        expect([zone, day, dayWindow(day, zone).endMs]).toEqual([zone, day, dayWindow(next, zone).startMs]);
        day = next;
      }
    }
  });

  it('has the clock time of each of its intervals, all year round', () => {
    for (const zone of ['America/Chicago', 'Africa/Cairo', 'Australia/Lord_Howe', 'Asia/Kathmandu']) {
      for (let day = '2026-01-01'; day < '2027-01-01'; day = shiftDay(day, 1)) {
        const slots = daySlots(day, zone);
        const wrong = slots.filter(({ startMs, clock }) => clock !== localTime(startMs, zone).clock);
        expect([zone, day, wrong]).toEqual([zone, day, []]);
      }
    }
  });

  it('tells the second of two equal clock times apart, and leaves out those that the clock skips', () => {
    const back = daySlots('2026-11-01', 'America/Chicago');
    expect(back.filter(({ clock }) => clock === '01:15').map(({ again }) => again)).toEqual([false, true]);
    const forward = daySlots('2026-03-08', 'America/Chicago').map(({ clock }) => clock);
    expect(forward.filter((clock) => clock.startsWith('02'))).toEqual([]);
    expect(new Set(forward).size).toBe(92);
  });

  it('is the one that its own first instant lies in', () => {
    const { startMs } = dayWindow('2026-11-01', 'America/Chicago');
    expect(localTime(startMs, 'America/Chicago')).toEqual({ day: '2026-11-01', clock: '00:00' });
    expect(dayOf(startMs - 1, 'America/Chicago')).toBe('2026-10-31');
  });
});

it('a day is one that the calendar has', () => {
  expect(['2026-02-28', '2028-02-29'].map(isDay)).toEqual([true, true]);
  const others = ['2026-02-30', '2026-13-01', '26-01-01', '2026-1-1', '', 'today'];
  expect(others.map(isDay)).toEqual(others.map(() => false));
});

it('days follow each other across the ends of months', () => {
  expect(shiftDay('2026-02-28', 1)).toBe('2026-03-01');
  expect(shiftDay('2026-01-01', -1)).toBe('2025-12-31');
});

describe('a clock time of a zone', () => {
  it.each([
    ['2026-01-15T14:17', 'Asia/Kathmandu', '2026-01-15T08:32:00'],
    ['2026-01-15 14:17:09', 'Asia/Kathmandu', '2026-01-15T08:32:09'],
    // Skipped by an hour, by half an hour, and at midnight: the first instant after it.
    ['2026-03-08T02:59', 'America/Chicago', '2026-03-08T08:00:00'],
    ['2026-10-04T02:10', 'Australia/Lord_Howe', '2026-10-03T15:30:00'],
    ['2026-04-24T00:30', 'Africa/Cairo', '2026-04-23T22:00:00'],
    // Twice there: the first of the two.
    ['2026-11-01T01:59', 'America/Chicago', '2026-11-01T06:59:00'],
    ['2026-04-05T01:45', 'Australia/Lord_Howe', '2026-04-04T14:45:00'],
    ['2026-11-01T02:00', 'America/Chicago', '2026-11-01T08:00:00'],
  ])('%s in %s is %s UTC', (text, zone, expected) => {
    expect(new Date(instantOf(text, zone) ?? Number.NaN).toISOString().slice(0, 19)).toBe(expected);
  });

  it('is the one that the clock shows, for every minute of days with a changed clock', () => {
    for (const [day, zone] of [
      ['2026-03-08', 'America/Chicago'],
      ['2026-11-01', 'America/Chicago'],
      ['2026-04-05', 'Australia/Lord_Howe'],
    ] as const) {
      const { startMs, endMs } = dayWindow(day, zone);
      const first = new Map<string, number>();
      for (let atMs = startMs; atMs < endMs; atMs += 60_000) {
        const { clock } = localTime(atMs, zone);
        if (!first.has(clock)) first.set(clock, atMs);
      }
      for (const [clock, atMs] of first)
        expect([zone, clock, instantOf(`${day}T${clock}`, zone)]).toEqual([zone, clock, atMs]);
    }
  });

  it.each(['', '2026-02-30T10:00', '2026-01-15T24:00', '2026-01-15T10:60', '2026-01-15T10:00:60', '2026-01-15T10:00Z'])(
    'is none: %j',
    (text) => {
      expect(instantOf(text, 'UTC')).toBeNull();
    },
  );
});
