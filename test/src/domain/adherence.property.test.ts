import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StateEntry } from '../../../src/domain/activity.ts';
import {
  actualSpans,
  addSums,
  adherencePercent,
  defaultClasses,
  judgeSchedule,
  type ScheduledActivity,
  sumVerdicts,
} from '../../../src/domain/adherence.ts';
import type { StateClass } from '../../../src/domain/agent-state.ts';
import { MINUTE_MS } from '../../../src/domain/interval.ts';

const CLASSES: readonly (StateClass | null)[] = [null, 'ready', 'contact', 'wrap-up', 'not ready', 'signed out'];
const classOf = (stateId: number) => CLASSES[stateId] ?? null;
const DAY = { startMs: 0, endMs: 600 * MINUTE_MS };

/** Activities in a row, some with nothing between them, some over the day's edges. */
const schedules = fc
  .array(
    fc.record({
      pauseMin: fc.constantFrom(0, 0, 3, 40),
      lengthMin: fc.integer({ min: 1, max: 180 }),
      activity: fc.constantFrom('Calls', 'calls ', 'Lunch', 'Team meeting', 'Vacation'),
    }),
    { maxLength: 8 },
  )
  .map((parts) => {
    let atMs = -90 * MINUTE_MS;
    return parts.map(({ pauseMin, lengthMin, activity }): ScheduledActivity => {
      const startMs = atMs + pauseMin * MINUTE_MS;
      atMs = startMs + lengthMin * MINUTE_MS;
      return { startMs, endMs: atMs, activity };
    });
  });

const timeLines = fc
  .array(fc.record({ gapMs: fc.integer({ min: 1, max: 60 * MINUTE_MS }), stateId: fc.integer({ min: 0, max: 5 }) }), {
    maxLength: 30,
  })
  .map((changes) => {
    let atMs = -60 * MINUTE_MS;
    const entries = changes.map(({ gapMs, stateId }): StateEntry => {
      atMs += gapMs;
      return { atMs, stateId };
    });
    return actualSpans(entries, atMs + 20 * MINUTE_MS, classOf);
  });

const graces = fc.integer({ min: 0, max: 20 * MINUTE_MS });
const rules = (graceMs: number) => ({ graceMs, classesOf: defaultClasses });

describe('adherence, whatever the schedule and the states', () => {
  it('gives each scheduled instant of the window one verdict', () => {
    fc.assert(
      fc.property(schedules, timeLines, graces, (schedule, spans, graceMs) => {
        const verdicts = judgeSchedule(schedule, spans, DAY, rules(graceMs));
        const scheduledMs = schedule.reduce(
          (sum, { startMs, endMs }) => sum + Math.max(0, Math.min(endMs, DAY.endMs) - Math.max(startMs, DAY.startMs)),
          0,
        );
        const sum = sumVerdicts(verdicts);
        expect(sum.inMs + sum.outMs + sum.unknownMs).toBe(scheduledMs);
        expect(sum.scheduledMs).toBe(scheduledMs);
        for (const [i, { startMs, endMs }] of verdicts.entries()) {
          expect(endMs).toBeGreaterThan(startMs);
          expect(startMs).toBeGreaterThanOrEqual(verdicts[i - 1]?.endMs ?? DAY.startMs);
        }
      }),
    );
  });

  it('is never made worse by more grace, which leaves what is unknown unknown', () => {
    fc.assert(
      fc.property(schedules, timeLines, graces, graces, (schedule, spans, a, b) => {
        const [less, more] = [Math.min(a, b), Math.max(a, b)].map((graceMs) =>
          sumVerdicts(judgeSchedule(schedule, spans, DAY, rules(graceMs))),
        );
        expect(more?.inMs).toBeGreaterThanOrEqual(less?.inMs ?? 0);
        expect(more?.outMs).toBeLessThanOrEqual(less?.outMs ?? 0);
        expect(more?.unknownMs).toBe(less?.unknownMs);
      }),
    );
  });

  it('is the same for a schedule that is cut in two anywhere, with any grace', () => {
    fc.assert(
      fc.property(
        schedules,
        timeLines,
        graces,
        fc.nat(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (schedule, spans, graceMs, which, where) => {
          const one = schedule[which % Math.max(1, schedule.length)];
          if (!one) return;
          const cutMs = Math.round(one.startMs + (one.endMs - one.startMs) * where);
          if (cutMs <= one.startMs || cutMs >= one.endMs) return;
          const cut = [
            ...schedule.filter((other) => other !== one),
            { ...one, endMs: cutMs },
            { ...one, startMs: cutMs },
          ];
          const whole = judgeSchedule(schedule, spans, DAY, rules(graceMs));
          expect(judgeSchedule(cut, spans, DAY, rules(graceMs))).toEqual(whole);
        },
      ),
    );
  });

  it('adds up over the parts of a day to the whole of it', () => {
    fc.assert(
      fc.property(
        schedules,
        timeLines,
        graces,
        fc.integer({ min: 0, max: DAY.endMs }),
        (schedule, spans, graceMs, cutMs) => {
          const sumIn = (startMs: number, endMs: number) =>
            sumVerdicts(judgeSchedule(schedule, spans, { startMs, endMs }, rules(graceMs)));
          expect(addSums(sumIn(0, cutMs), sumIn(cutMs, DAY.endMs))).toEqual(sumIn(0, DAY.endMs));
        },
      ),
    );
  });

  it('without grace says of each instant what the state there says', () => {
    fc.assert(
      fc.property(schedules, timeLines, fc.integer({ min: 0, max: DAY.endMs - 1 }), (schedule, spans, atMs) => {
        const holds = ({ startMs, endMs }: { startMs: number; endMs: number }) => startMs <= atMs && atMs < endMs;
        const found = judgeSchedule(schedule, spans, DAY, rules(0)).find(holds);
        const activity = schedule.find(holds)?.activity;
        const actual = spans.find(holds)?.stateClass ?? null;
        if (activity === undefined) expect(found).toBeUndefined();
        else if (actual === null) expect(found?.verdict).toBe('unknown');
        else expect(found?.verdict).toBe(defaultClasses(activity).includes(actual) ? 'in' : 'out');
      }),
    );
  });
});

describe('adherence', () => {
  const at = (minutes: number) => minutes * MINUTE_MS;
  const calls: ScheduledActivity = { startMs: at(60), endMs: at(120), activity: 'Calls' };
  const judge = (entries: StateEntry[], graceMs = at(5), schedule = [calls]) =>
    sumVerdicts(judgeSchedule(schedule, actualSpans(entries, at(600), classOf), DAY, rules(graceMs)));
  const OUT = 4;
  const IN = 1;

  it.each([
    ['five minutes late', [60, OUT, 65, IN], 60, 0],
    ['a moment more than five minutes late, which counts whole', [60, OUT, 65.01, IN], 54.99, 5.01],
    ['five minutes early at the end', [60, IN, 115, OUT], 60, 0],
    ['both', [60, OUT, 64, IN, 116, OUT], 60, 0],
    ['away for three minutes in the middle, which has no grace', [60, IN, 90, OUT, 93, IN], 57, 3],
    ['never there', [0, OUT], 0, 60],
    ['late from an activity before', [0, OUT, 64, IN], 60, 0],
  ])('of an agent who is %s', (_, entries, inMin, outMin) => {
    const changes: StateEntry[] = [];
    for (let i = 0; i < entries.length; i += 2)
      changes.push({ atMs: at(entries[i] ?? 0), stateId: entries[i + 1] ?? 0 });
    const sum = judge(changes);
    expect([sum.inMs / MINUTE_MS, sum.outMs / MINUTE_MS, sum.unknownMs]).toEqual([
      expect.closeTo(inMin, 6),
      expect.closeTo(outMin, 6),
      0,
    ]);
  });

  it('of time that nobody observed is neither in nor out, and no part of the percentage', () => {
    const sum = judge([
      { atMs: at(60), stateId: IN },
      { atMs: at(90), stateId: 0 },
    ]);
    expect([sum.inMs, sum.outMs, sum.unknownMs, adherencePercent(sum)]).toEqual([at(30), 0, at(30), 100]);
    expect(adherencePercent(judge([]))).toBeNull();
  });

  it('leaves out an activity that is not compared', () => {
    const spans = actualSpans([{ atMs: 0, stateId: OUT }], at(600), classOf);
    expect(judgeSchedule([calls], spans, DAY, { graceMs: 0, classesOf: () => [] })).toEqual([]);
  });

  it.each([
    ['Calls', ['ready', 'contact', 'wrap-up']],
    ['Inbound Sales 2', ['ready', 'contact', 'wrap-up']],
    ['LUNCH', ['not ready', 'signed out']],
    ['Break (paid)', ['not ready', 'signed out']],
    ['Team-Meeting', ['not ready', 'signed out']],
    ['Sick leave', ['signed out']],
    // A word, not a part of one.
    ['Breakdown service', ['ready', 'contact', 'wrap-up']],
  ])('suggests by the name of "%s" the classes %j', (name, classes) => {
    expect(defaultClasses(name)).toEqual(classes);
  });
});
