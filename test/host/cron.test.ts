// Cron expressions as Cloudflare reads them, and the wait between two minutes.
import { describe, expect, it } from 'vitest';
import { parseCron, waitUntilNextMinuteMs } from '../../appliance/cron.ts';

const isDue = (expression: string, time: string) => parseCron(expression)(Date.parse(time));

describe('a cron expression', () => {
  it.each([
    ['* * * * *', '2026-11-22T14:07:00Z', true, 'each minute'],
    ['17 3 * * *', '2026-11-22T03:17:00Z', true, 'once a day'],
    ['17 3 * * *', '2026-11-22T04:17:00Z', false, 'another hour'],
    ['*/15 * * * *', '2026-11-22T14:45:00Z', true, 'a step over everything'],
    ['*/15 * * * *', '2026-11-22T14:46:00Z', false, 'beside the step'],
    ['5/20 * * * *', '2026-11-22T14:45:00Z', true, 'a step from a start'],
    ['0 9-17 * * *', '2026-11-22T17:00:00Z', true, 'the end of a range'],
    ['0,30 * * * *', '2026-11-22T14:30:00Z', true, 'a list'],
    ['0 0 * * 1', '2026-11-22T00:00:00Z', true, 'Sunday is 1'],
    ['0 0 * * 7', '2026-11-22T00:00:00Z', false, 'Saturday is 7'],
    ['0 0 1 * 1', '2026-11-22T00:00:00Z', true, 'either of two restricted days'],
    ['0 0 1 * *', '2026-11-22T00:00:00Z', false, 'one restricted day'],
    ['0 0 * 12 *', '2026-11-22T00:00:00Z', false, 'another month'],
  ])('%s at %s is due: %s (%s)', (expression, time, expected) => {
    expect(isDue(expression, time)).toBe(expected);
  });

  it.each([
    ['* * * *', 'a field too few'],
    ['60 * * * *', 'outside the hour'],
    ['* * * * 0', 'Sunday is 1, not 0'],
    ['* * * JAN *', 'a name'],
    ['*/0 * * * *', 'a step of nothing'],
    ['9-5 * * * *', 'a range backwards'],
  ])('%s is refused (%s)', (expression) => {
    expect(() => parseCron(expression)).toThrow(`The cron expression "${expression}"`);
  });
});

describe('the wait for the next minute', () => {
  const minuteMs = Date.parse('2026-11-22T14:07:00Z');

  it.each([
    [0, 60_000, 'exactly on the minute: the next one'],
    [1, 59_999, 'just after it'],
    [30_000, 30_000, 'half way'],
    [59_997, 60_003, 'a timer that ended 3 ms early: the minute counts as reached, and is not fired twice'],
  ])('%i ms into a minute it is %i ms (%s)', (intoMinuteMs, expectedMs) => {
    expect(waitUntilNextMinuteMs(minuteMs + intoMinuteMs)).toBe(expectedMs);
  });
});
