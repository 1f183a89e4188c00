import { describe, expect, it } from 'vitest';
import { INTERVAL_MS, windowStarts } from '../../../src/domain/interval.ts';
import { dayWindow, shiftDay } from '../../../src/domain/local-day.ts';
import { meanHandleTimeMs, reportDays, type VolumeFacts, volumeReport } from '../../../src/domain/volume.ts';

const CHICAGO = 'America/Chicago';
/** Each interval of a day with so many contacts, one abandoned, a minute each. */
const factsOf = (day: string, offered: number): VolumeFacts[] =>
  windowStarts(dayWindow(day, CHICAGO)).map((startMs) => ({
    startMs,
    offered,
    abandoned: 1,
    handleTimeMs: (offered - 1) * 60_000,
  }));

describe('volume and handle time', () => {
  it.each([
    ['2026-11-20', 96],
    ['2026-03-08', 92],
    ['2026-11-01', 100],
  ])('of %s has %i intervals, none lost and none counted twice', (day, count) => {
    const facts = [...factsOf(day, 5), ...factsOf(shiftDay(day, -7), 3)];
    for (const step of ['interval', 'hour', 'day'] as const) {
      const report = volumeReport([day], facts, { timeZone: CHICAGO, step });
      expect(report.rows.reduce((sum, { intervals }) => sum + intervals, 0)).toBe(count);
      expect(report.now?.offered).toBe(count * 5);
      expect(report.rows.reduce((sum, { now }) => sum + (now?.offered ?? 0), 0)).toBe(count * 5);
    }
  });

  it('compares by the clock: the hour that is twice there has nothing to compare with the second time', () => {
    const day = '2026-11-01';
    const report = volumeReport([day], [...factsOf(day, 5), ...factsOf('2026-10-25', 3)], {
      timeZone: CHICAGO,
      step: 'hour',
    });
    expect(report.rows).toHaveLength(25);
    expect(report.rows.slice(0, 4).map(({ clock, again, before }) => [clock, again, before?.offered ?? null])).toEqual([
      ['00:00', false, 12],
      ['01:00', false, 12],
      ['01:00', true, null],
      ['02:00', false, 12],
    ]);
  });

  it('calls nothing zero that was not collected, and says how much of an hour was', () => {
    const { startMs } = dayWindow('2026-11-20', CHICAGO);
    const facts = [0, 1, 4].map((i) => ({
      startMs: startMs + i * INTERVAL_MS,
      offered: 2,
      abandoned: 0,
      handleTimeMs: 0,
    }));
    const report = volumeReport(['2026-11-20'], facts, { timeZone: CHICAGO, step: 'hour' });
    expect(
      report.rows.slice(0, 3).map(({ collected, intervals, now }) => [collected, intervals, now?.offered ?? null]),
    ).toEqual([
      [2, 4, 4],
      [1, 4, 2],
      [0, 4, null],
    ]);
    expect(report.before).toBeNull();
  });

  it('compares only intervals that have figures in both weeks', () => {
    const day = '2026-11-20';
    const facts = [...factsOf(day, 5).slice(0, 10), ...factsOf(shiftDay(day, -7), 3).slice(6)];
    const report = volumeReport([day], facts, { timeZone: CHICAGO, step: 'interval' });
    expect([report.now?.offered, report.before?.offered]).toEqual([50, 270]);
    expect([report.compared?.now.offered, report.compared?.before.offered]).toEqual([20, 12]);
    expect(volumeReport([day], factsOf(day, 5), { timeZone: CHICAGO, step: 'interval' }).compared).toBeNull();
  });

  it('has no mean handle time where nothing was handled', () => {
    expect(meanHandleTimeMs({ offered: 1, abandoned: 1, handled: 0, handleTimeMs: 0 })).toBeNull();
  });

  it('of a week begins on Monday', () => {
    expect(reportDays('2026-11-22', 'week')).toEqual(Array.from({ length: 7 }, (_, i) => `2026-11-${16 + i}`));
    expect(reportDays('2026-11-16', 'week')[0]).toBe('2026-11-16');
  });
});
