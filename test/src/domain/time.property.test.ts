import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { activitiesEndedIn, closedSpans, NOT_OBSERVED, type StateEntry, timeIn } from '../../../src/domain/activity.ts';
import type { StateClass } from '../../../src/domain/agent-state.ts';
import {
  ceilToGrid,
  DAY_MS,
  floorToGrid,
  INTERVAL_MS,
  isOnGrid,
  joinIntervals,
  overlapMs,
  windowStarts,
} from '../../../src/domain/interval.ts';

const instant = fc.integer({ min: 0, max: 4_102_444_800_000 });
const CLASSES: Record<number, StateClass> = { 1: 'ready', 2: 'contact', 3: 'wrap-up', 4: 'not ready', 5: 'signed out' };
const classOf = (stateId: number): StateClass => CLASSES[stateId] ?? 'not ready';
const DAY_START_MS = Date.parse('2026-03-08T00:00:00Z');

/** A day of one agent: entries at rising instants, some exactly on a boundary or one millisecond beside it. */
const day = fc
  .uniqueArray(
    fc.oneof(
      fc.integer({ min: 0, max: DAY_MS - 1 }),
      fc.tuple(fc.integer({ min: 1, max: 95 }), fc.constantFrom(-1, 0, 1)).map(([i, ms]) => i * INTERVAL_MS + ms),
    ),
    { minLength: 1, maxLength: 60 },
  )
  .chain((offsets) =>
    fc
      .array(fc.integer({ min: 0, max: 5 }), { minLength: offsets.length, maxLength: offsets.length })
      .map((states): StateEntry[] =>
        [...offsets]
          .sort((a, b) => a - b)
          .map((offsetMs, i) => ({ atMs: DAY_START_MS + offsetMs, stateId: states[i] ?? 1 })),
      ),
  );

/** Entries of a window as the store hands them over: the last one before it, and those before its end. */
function entriesFor(entries: readonly StateEntry[], startMs: number, endMs: number): StateEntry[] {
  const inForce = entries.findLastIndex(({ atMs }) => atMs < startMs);
  return entries.slice(Math.max(0, inForce)).filter(({ atMs }) => atMs < endMs);
}

const DAY = { startMs: DAY_START_MS, endMs: DAY_START_MS + DAY_MS };
const quarters = windowStarts(DAY).map((startMs) => ({ startMs, endMs: startMs + INTERVAL_MS }));

describe('the grid', () => {
  it('puts every instant into exactly one interval', () => {
    fc.assert(
      fc.property(instant, (atMs) => {
        const startMs = floorToGrid(atMs);
        expect(startMs <= atMs && atMs < startMs + INTERVAL_MS).toBe(true);
        expect(isOnGrid({ startMs, endMs: startMs + INTERVAL_MS })).toBe(true);
        expect(ceilToGrid(atMs) - floorToGrid(atMs)).toBe(atMs % INTERVAL_MS === 0 ? 0 : INTERVAL_MS);
      }),
    );
  });

  it('joins intervals without losing, doubling or adding one, and none longer than asked', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 300 }), { maxLength: 80 }),
        fc.integer({ min: 1, max: 30 }),
        (cells, max) => {
          const starts = cells.map((cell) => cell * INTERVAL_MS);
          const windows = joinIntervals(starts, max);
          const covered = windows.flatMap((window) => windowStarts(window));
          expect([...covered].sort((a, b) => a - b)).toEqual([...starts].sort((a, b) => a - b));
          for (const { startMs, endMs } of windows) expect(endMs - startMs).toBeLessThanOrEqual(max * INTERVAL_MS);
          expect(windows.map(({ endMs }) => endMs)).toEqual(
            [...windows.map(({ endMs }) => endMs)].sort((a, b) => b - a),
          );
        },
      ),
    );
  });
});

describe('spans of a day', () => {
  it('add up to the signed-in time, whatever the boundaries', () => {
    fc.assert(
      fc.property(day, (entries) => {
        const whole = timeIn(entriesFor(entries, DAY.startMs, DAY.endMs), DAY, classOf);
        const parts = quarters.map((window) =>
          timeIn(entriesFor(entries, window.startMs, window.endMs), window, classOf),
        );
        for (const key of ['loginTimeMs', 'readyTimeMs', 'notReadyTimeMs'] as const) {
          expect(parts.reduce((sum, part) => sum + part[key], 0)).toBe(whole[key]);
        }
        for (const { loginTimeMs, readyTimeMs, notReadyTimeMs } of parts) {
          expect(loginTimeMs).toBeLessThanOrEqual(INTERVAL_MS);
          expect(readyTimeMs + notReadyTimeMs).toBeLessThanOrEqual(loginTimeMs);
        }
        const spans = [...closedSpans(entries), { ...lastOpen(entries) }];
        const signedIn = spans.filter(({ stateId }) => stateId !== NOT_OBSERVED && classOf(stateId) !== 'signed out');
        expect(signedIn.reduce((sum, span) => sum + overlapMs(span, DAY), 0)).toBe(whole.loginTimeMs);
      }),
    );
  });

  it('are each booked once, whole, in the window in which they end', () => {
    fc.assert(
      fc.property(day, (entries) => {
        const booked = quarters.flatMap((window) =>
          activitiesEndedIn(entriesFor(entries, window.startMs, window.endMs), window, classOf),
        );
        const due = closedSpans(entries).filter(
          ({ stateId }) => stateId !== NOT_OBSERVED && classOf(stateId) !== 'signed out',
        );
        expect(booked).toEqual(due);
      }),
    );
  });
});

function lastOpen(entries: readonly StateEntry[]) {
  const last = entries.at(-1);
  return { stateId: last?.stateId ?? NOT_OBSERVED, startMs: last?.atMs ?? DAY.endMs, endMs: DAY.endMs };
}
