import { describe, expect, it } from 'vitest';
import { DAY_MS } from '../../../src/domain/interval.ts';
import {
  type AgentActivity,
  placeSchedule,
  readSchedule,
  readScheduleCsv,
  type WrittenActivity,
} from '../../../src/domain/schedule-file.ts';

const CHICAGO = 'America/Chicago';
const NOW = Date.UTC(2026, 10, 22, 12);
const context = {
  agents: new Map<string, number | null>([
    ['ann', 1],
    ['a2', 2],
    ['smith', null],
  ]),
  timeZone: CHICAGO,
  nowMs: NOW,
  keptFromMs: NOW - 400 * DAY_MS,
};

const line = (agent: string, activity: string, start: string, end: string, no = 2): WrittenActivity => ({
  line: no,
  agent,
  activity,
  start,
  end,
});
const utc = (text: string) => Date.parse(`${text}:00Z`);
const stored = (agentId: number, start: string, end: string, activity = 'Calls'): AgentActivity => ({
  agentId,
  activity,
  startMs: utc(start),
  endMs: utc(end),
});

describe('a file of schedules', () => {
  it('names its columns in any order and in usual words', () => {
    const read = readScheduleCsv(
      'End Time;Employee ID;Start Time;Activity Code;Note\n2026-11-20 17:00;ann;2026-11-20 09:00;Calls;x\n',
    );
    expect(read).toMatchObject({
      ok: true,
      rows: [{ line: 2, agent: 'ann', activity: 'Calls', start: '2026-11-20 09:00', end: '2026-11-20 17:00' }],
    });
  });

  it.each([
    ['', 'The file is empty. Its first line names the columns: agent, activity, start, end.'],
    [
      'agent,start\nx,y\n',
      'The first line does not name the columns activity, end. It must name agent, activity, start, end.',
    ],
  ])('that makes no sense as a whole is refused: %j', (text, message) => {
    expect(readScheduleCsv(text)).toEqual({ ok: false, message });
  });

  it.each([
    ['', 'Calls', '2026-11-20 09:00', '2026-11-20 10:00', 'The agent is missing.'],
    [
      'bob',
      'Calls',
      '2026-11-20 09:00',
      '2026-11-20 10:00',
      'There is no agent "bob" on the roster: give the id, login id, employee id or name.',
    ],
    ['Smith', 'Calls', '2026-11-20 09:00', '2026-11-20 10:00', 'Two agents are called "Smith": give the agent\'s id.'],
    ['ann', '', '2026-11-20 09:00', '2026-11-20 10:00', 'The activity is missing.'],
    ['ann', 'x'.repeat(101), '2026-11-20 09:00', '2026-11-20 10:00', "An activity's name has at most 100 characters."],
    ['ann', 'Calls', '', '2026-11-20 10:00', 'The start is missing.'],
    [
      'ann',
      'Calls',
      '2026-11-20 25:00',
      '2026-11-20 10:00',
      '"2026-11-20 25:00" is not a time such as 2026-01-31 13:15 or 2026-01-31T13:15:00Z.',
    ],
    [
      'ann',
      'Calls',
      '2026-02-30 09:00',
      '2026-11-20 10:00',
      '"2026-02-30 09:00" is not a time such as 2026-01-31 13:15 or 2026-01-31T13:15:00Z.',
    ],
    [
      'ann',
      'Calls',
      '2026-11-20 22:00',
      '2026-11-20 06:00',
      'The end is not after the start. An activity that ends the next day needs that day in its end.',
    ],
    ['ann', 'Calls', '2026-11-20 09:00', '2026-11-21 09:01', 'The activity is longer than 24 hours.'],
    [
      'ann',
      'Calls',
      '2020-11-20 09:00',
      '2020-11-20 10:00',
      'The activity is further back than schedules are kept here: 2025-10-18.',
    ],
    ['ann', 'Calls', '2029-11-20 09:00', '2029-11-20 10:00', 'The activity is more than 400 days ahead.'],
  ])('refuses a line with its reason: %s %s %s %s', (agent, activity, start, end, reason) => {
    const read = readSchedule([line(agent, activity, start, end, 7)], context);
    expect(read).toEqual({ activities: [], refused: [{ line: 7, reason }] });
  });

  it.each([
    ['2026-11-20 09:00', '2026-11-20T15:00'],
    ['2026-11-20T09:00:30', '2026-11-20T15:00:30'],
    ['2026-11-20T09:00:00Z', '2026-11-20T09:00'],
    ['2026-11-20 9:00 +01:00', '2026-11-20T08:00'],
    // The clock goes forward from 2 to 3: half past two is the first instant after it.
    ['2026-03-08 02:30', '2026-03-08T08:00'],
    // It goes back from 2 to 1: half past one is the first of the two.
    ['2026-11-01 01:30', '2026-11-01T06:30'],
    ['2026-11-01 02:30', '2026-11-01T08:30'],
  ])('takes %s, in Chicago, as %s UTC', (text, expected) => {
    const end = new Date(
      Date.parse(`${expected.length > 16 ? expected : `${expected}:00`}Z`) + 3_600_000,
    ).toISOString();
    const { activities } = readSchedule([line('ann', 'Calls', text, end)], context);
    expect(activities.map(({ startMs }) => new Date(startMs).toISOString().slice(0, expected.length))).toEqual([
      expected,
    ]);
  });

  it('takes the same activity twice once, and refuses what overlaps another line', () => {
    const { activities, refused } = readSchedule(
      [
        line('ann', 'Calls', '2026-11-20 09:00', '2026-11-20 12:00', 2),
        line('ANN', 'calls', '2026-11-20 09:00', '2026-11-20 12:00', 3),
        line('ann', 'Lunch', '2026-11-20 11:30', '2026-11-20 12:30', 4),
        line('a2', 'Lunch', '2026-11-20 11:30', '2026-11-20 12:30', 5),
        line('ann', 'Lunch', '2026-11-20 12:00', '2026-11-20 12:30', 6),
      ],
      context,
    );
    expect(activities.map((one) => one.line)).toEqual([2, 6, 5]);
    expect(refused).toEqual([{ line: 4, reason: 'It overlaps the activity of line 2.' }]);
  });
});

describe('an upload of schedules', () => {
  const place = (rows: WrittenActivity[], before: AgentActivity[]) =>
    placeSchedule(readSchedule(rows, context), before, CHICAGO);

  it('replaces the days of the agents that it names, by the clock of the connection, and no others', () => {
    const before = [
      stored(1, '2026-11-20T15:00', '2026-11-20T17:00'),
      stored(1, '2026-11-20T18:00', '2026-11-20T19:00'),
      // 20:00 of the 20th in Chicago, although the 21st in UTC.
      stored(1, '2026-11-21T02:00', '2026-11-21T03:00'),
      stored(1, '2026-11-21T15:00', '2026-11-21T17:00'),
      stored(2, '2026-11-20T15:00', '2026-11-20T17:00'),
    ];
    const placed = place(
      [
        line('ann', 'Calls', '2026-11-20 09:00', '2026-11-20 11:00'),
        line('ann', 'Lunch', '2026-11-20 12:00', '2026-11-20 13:00'),
        line('ann', 'Calls', '2026-11-20 13:00', '2026-11-20 14:00'),
      ],
      before,
    );
    expect(placed.outcome).toEqual({ added: 1, changed: 1, removed: 1, same: 1 });
    expect(placed.days).toEqual([{ agentId: 1, startMs: utc('2026-11-20T06:00'), endMs: utc('2026-11-21T06:00') }]);
  });

  it('that is stored already changes nothing', () => {
    const rows = [line('ann', 'Calls', '2026-11-20 09:00', '2026-11-20 11:00')];
    const { activities } = place(rows, []);
    expect(place(rows, [...activities]).outcome).toEqual({ added: 0, changed: 0, removed: 0, same: 1 });
  });

  it('is refused where it overlaps a day that stays, and then does not replace its own', () => {
    const night = stored(1, '2026-11-20T04:00', '2026-11-20T12:00', 'Night');
    const placed = place([line('ann', 'Calls', '2026-11-20 05:00', '2026-11-20 09:00', 3)], [night]);
    expect(placed.refused).toEqual([
      {
        line: 3,
        reason: 'It overlaps the stored activity "Night" of 2026-11-19, 22:00, a day that is not uploaded anew.',
      },
    ]);
    expect([placed.activities, placed.days]).toEqual([[], []]);
  });
});
