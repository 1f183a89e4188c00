/**
 * Volume and handle time over days, by interval, hour or day, beside the same weekdays a week before. An interval that was not
 * collected is no zero. Pure.
 */
import { INTERVAL_MS, type Window } from './interval.ts';
import { type DaySlot, daySlots, shiftDay } from './local-day.ts';

export const VOLUME_STEPS = ['interval', 'hour', 'day'] as const;
export type VolumeStep = (typeof VOLUME_STEPS)[number];

/** Sums of one interval over the queues that are looked at. */
export interface VolumeFacts {
  readonly startMs: number;
  readonly offered: number;
  readonly abandoned: number;
  readonly handleTimeMs: number;
}

/** What happened in a span. `handled`: offered and not abandoned. */
export interface Volume {
  readonly offered: number;
  readonly abandoned: number;
  readonly handled: number;
  readonly handleTimeMs: number;
}

/** One row of the report. */
export interface VolumeRow extends Window {
  readonly day: string;
  /** Clock time of its start: '14:15'; `again`: the clock showed it before on the same day. */
  readonly clock: string;
  readonly again: boolean;
  /** Intervals of the row, and how many of them have figures. */
  readonly intervals: number;
  readonly collected: number;
  /** Null: no interval of it was collected. */
  readonly now: Volume | null;
  readonly before: Volume | null;
}

export interface VolumeReport {
  readonly rows: readonly VolumeRow[];
  readonly now: Volume | null;
  readonly before: Volume | null;
  /** Both over those intervals only that have figures in both weeks: what can be compared. Null without any. */
  readonly compared: { readonly now: Volume; readonly before: Volume } | null;
}

/** Mean handle time of a contact in milliseconds; null where none was handled. */
export function meanHandleTimeMs({ handled, handleTimeMs }: Volume): number | null {
  return handled === 0 ? null : handleTimeMs / handled;
}

/** The days of a report: one, or the seven from Monday that `day` lies in. */
export function reportDays(day: string, span: 'day' | 'week'): string[] {
  if (span === 'day') return [day];
  const weekday = (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
  return Array.from({ length: 7 }, (_, i) => shiftDay(day, i - weekday));
}

interface Slot extends DaySlot {
  readonly day: string;
  readonly now: VolumeFacts | null;
  readonly before: VolumeFacts | null;
}

/** The report over `days`, oldest first. `facts`: intervals of these days and of the same days a week before. */
export function volumeReport(
  days: readonly string[],
  facts: readonly VolumeFacts[],
  { timeZone, step }: { readonly timeZone: string; readonly step: VolumeStep },
): VolumeReport {
  const byStart = new Map(facts.map((one) => [one.startMs, one]));
  const slots = days.flatMap((day): Slot[] => {
    // By the clock, not by what has passed: days on which the clock is changed have holes or doubles.
    const before = new Map(daySlots(shiftDay(day, -7), timeZone).map((slot) => [nameOf(slot), slot.startMs]));
    return daySlots(day, timeZone).map((slot) => ({
      ...slot,
      day,
      now: byStart.get(slot.startMs) ?? null,
      before: byStart.get(before.get(nameOf(slot)) ?? Number.NaN) ?? null,
    }));
  });
  const groups = new Map<string, Slot[]>();
  for (const slot of slots) {
    const key = groupOf(slot, step);
    const group = groups.get(key);
    if (group) group.push(slot);
    else groups.set(key, [slot]);
  }
  const both = slots.filter(({ now, before }) => now !== null && before !== null);
  const [now, before] = [sumOf(both.map((slot) => slot.now)), sumOf(both.map((slot) => slot.before))];
  return {
    rows: [...groups.values()].flatMap(rowOf),
    now: sumOf(slots.map(({ now }) => now)),
    before: sumOf(slots.map(({ before }) => before)),
    compared: now && before && { now, before },
  };
}

const nameOf = ({ clock, again }: DaySlot) => `${clock}${again ? ' again' : ''}`;

function groupOf(slot: Slot, step: VolumeStep): string {
  switch (step) {
    case 'interval':
      return String(slot.startMs);
    case 'hour':
      return `${slot.day} ${slot.clock.slice(0, 2)}${slot.again ? ' again' : ''}`;
    case 'day':
      return slot.day;
  }
}

function rowOf(slots: readonly Slot[]): VolumeRow[] {
  const [first, last] = [slots[0], slots.at(-1)];
  if (!first || !last) return [];
  const { day, clock, again, startMs } = first;
  return [
    {
      day,
      clock,
      again,
      startMs,
      endMs: last.startMs + INTERVAL_MS,
      intervals: slots.length,
      collected: slots.filter(({ now }) => now !== null).length,
      now: sumOf(slots.map(({ now }) => now)),
      before: sumOf(slots.map(({ before }) => before)),
    },
  ];
}

function sumOf(facts: readonly (VolumeFacts | null)[]): Volume | null {
  const known = facts.filter((one) => one !== null);
  if (known.length === 0) return null;
  const sum = (pick: (one: VolumeFacts) => number) => known.reduce((total, one) => total + pick(one), 0);
  return {
    offered: sum(({ offered }) => offered),
    abandoned: sum(({ abandoned }) => abandoned),
    handled: sum(({ offered, abandoned }) => Math.max(0, offered - abandoned)),
    handleTimeMs: sum(({ handleTimeMs }) => handleTimeMs),
  };
}
