import { describe, expect, it } from 'vitest';
import { readCmsExport } from '../../../../src/acd/avaya-cms/exports.ts';
import { avayaCmsSettingsSchema } from '../../../../src/acd/avaya-cms/settings.ts';
import { checkRecords } from '../../../../src/domain/record.ts';

const NOW_MS = Date.parse('2026-11-20T00:00:00Z');
const settingsOf = (more: object = {}) => avayaCmsSettingsSchema.parse({ kind: 'avaya-cms', ...more });
const read = (lines: readonly string[], more: object = {}) => readCmsExport(lines.join('\n'), settingsOf(more), NOW_MS);

const SPLIT_HEAD =
  'row_date,starttime,intrvl,acd,split,acdcalls,acdtime,holdtime,acwtime,anstime,abncalls,abntime,acceptable,slvlabns,incomplete';
const AGENT_HEAD =
  'row_date,starttime,intrvl,acd,split,logid,acdcalls,acdtime,holdtime,acwtime,ti_stafftime,ti_availtime,ti_auxtime';
const reasonsOf = (result: ReturnType<typeof read>) => result.refused.map(({ line, reason }) => `${line}: ${reason}`);

describe('hsplit', () => {
  it('maps every column as the contract has it', () => {
    const result = read([SPLIT_HEAD, '2026-03-02,1415,15,1,7,10,1200,60,300,90,3,45,8,1,0']);
    expect(result.refused).toEqual([]);
    expect(result.records['queue-intervals']).toEqual([
      {
        line: 2,
        record: {
          queueId: '7',
          start: '2026-03-02T14:15:00.000Z',
          offered: 13,
          abandoned: 3,
          handleTimeMs: 1_260_000,
          holdTimeMs: 60_000,
          handledShort: 8,
          handledLong: 2,
          abandonedShort: 1,
          workTimeMs: 300_000,
          queueDelayTimeMs: 90_000,
        },
      },
    ]);
  });

  it('marks what CMS calls incomplete', () => {
    const result = read([SPLIT_HEAD, '2026-03-02,1415,15,1,7,0,0,0,0,0,0,0,0,0,1']);
    expect(result.records['queue-intervals'][0]?.record.isIncomplete).toBe(true);
    expect(result.incompleteCount).toBe(1);
  });

  it('leaves out what the export does not have instead of calling it zero', () => {
    const result = read(['starttime_utc|split|acdcalls|abncalls|acdtime|holdtime|', '1772460900|7|2|0|100|0|']);
    expect(result.records['queue-intervals'].map(({ record }) => record)).toEqual([
      {
        queueId: '7',
        start: '2026-03-02T14:15:00.000Z',
        offered: 2,
        abandoned: 0,
        handleTimeMs: 100_000,
        holdTimeMs: 0,
      },
    ]);
  });

  it('believes starttime_utc before row_date and starttime', () => {
    const head = `starttime_utc,${SPLIT_HEAD}`;
    const result = read(
      [
        head,
        '2026-03-02T20:15:00Z,2026-03-02,1415,15,1,7,1,1,0,0,0,0,0,1,0,0',
        '2026-03-02 20:30:00,x,y,15,1,7,1,1,0,0,0,0,0,1,0,0',
      ],
      { timeZone: 'Europe/Berlin' },
    );
    expect(result.records['queue-intervals'].map(({ record }) => record.start)).toEqual([
      '2026-03-02T20:15:00.000Z',
      '2026-03-02T20:30:00.000Z',
    ]);
  });

  it.each([
    ['2026-03-02,800', {}, '2026-03-02T08:00:00.000Z'],
    ['20260302,0', {}, '2026-03-02T00:00:00.000Z'],
    ['03/02/2026,8:00', { dateOrder: 'mdy' }, '2026-03-02T08:00:00.000Z'],
    ['2.3.26,0800', { dateOrder: 'dmy' }, '2026-03-02T08:00:00.000Z'],
    ['2026-03-02,1415', { timeZone: 'America/Chicago' }, '2026-03-02T20:15:00.000Z'],
    ['2026-03-02,1415', { timeZone: '-05:30' }, '2026-03-02T19:45:00.000Z'],
  ])('dates %s with %o', (start, more, expected) => {
    const result = read([SPLIT_HEAD, `${start},15,1,7,1,1,0,0,0,0,0,1,0,0`], more);
    expect(reasonsOf(result)).toEqual([]);
    expect(result.records['queue-intervals'][0]?.record.start).toBe(expected);
  });

  it.each([
    ['an hour', '2026-03-02,1400,60,1,7,1,1,0,0,0,0,0,1,0,0', 'An interval of 60 minutes'],
    ['half an hour, unless it is set', '2026-03-02,1400,30,1,7,1,1,0,0,0,0,0,1,0,0', 'An interval of 30 minutes'],
    ['a date in another order', '03/02/2026,1400,15,1,7,1,1,0,0,0,0,0,1,0,0', 'no date in the order set'],
    ['a day that is none', '2026-02-30,1400,15,1,7,1,1,0,0,0,0,0,1,0,0', 'no date'],
    ['a clock that is none', '2026-03-02,2460,15,1,7,1,1,0,0,0,0,0,1,0,0', 'a time as HHMM'],
    ['a start off the grid', '2026-03-02,1405,15,1,7,1,1,0,0,0,0,0,1,0,0', 'quarter of an hour'],
    ['an interval of the future', '2026-11-20,0000,15,1,7,1,1,0,0,0,0,0,1,0,0', 'has not ended yet'],
    ['a count that is empty', '2026-03-02,1400,15,1,7,,1,0,0,0,0,0,1,0,0', 'acdcalls is ""'],
    ['a count below zero', '2026-03-02,1400,15,1,7,-1,1,0,0,0,0,0,1,0,0', 'acdcalls is "-1"'],
    ['no split', '2026-03-02,1400,15,1,,1,1,0,0,0,0,0,1,0,0', 'split is empty'],
  ])('refuses %s with its line and reason, and takes the others', (_, line, reason) => {
    const result = read([SPLIT_HEAD, line, '2026-03-02,1415,15,1,7,1,1,0,0,0,0,0,1,0,0']);
    expect(result.refused).toEqual([{ line: 2, reason: expect.stringContaining(reason) }]);
    expect(result.records['queue-intervals']).toHaveLength(1);
  });

  it('counts an interval of 30 minutes in the first quarter and tells of the second, where it is set so', () => {
    const result = read([SPLIT_HEAD, '2026-03-02,1400,30,1,7,10,1200,60,300,90,3,45,8,1,0'], { intervalMinutes: 30 });
    const records = result.records['queue-intervals'].map(({ record }) => record);
    expect(records.map(({ start, offered, handleTimeMs }) => [start, offered, handleTimeMs])).toEqual([
      ['2026-03-02T14:00:00.000Z', 13, 1_260_000],
      ['2026-03-02T14:15:00.000Z', 0, 0],
    ]);
  });

  it('refuses 30 minutes that lie across two reports', () => {
    const result = read([SPLIT_HEAD, '2026-03-02,1400,30,1,7,1,1,0,0,0,0,0,1,0,0'], {
      intervalMinutes: 30,
      timeZone: 'Asia/Kathmandu',
    });
    expect(result.refused[0]?.reason).toContain('minute 0 or 30, UTC');
  });

  it('takes a row once that is there twice, and neither of two that differ', () => {
    const row = '2026-03-02,1415,15,1,7,1,1,0,0,0,0,0,1,0,0';
    expect(read([SPLIT_HEAD, row, row])).toMatchObject({ sameCount: 1, refused: [] });
    const differing = read([SPLIT_HEAD, row, row.replace('7,1', '7,2')]);
    expect(differing.records['queue-intervals']).toEqual([]);
    expect(differing.refused.map(({ line }) => line)).toEqual([2, 3]);
  });

  it('says what to set when an export is of several ACDs, and then takes one', () => {
    const lines = [
      SPLIT_HEAD,
      '2026-03-02,1415,15,1,7,1,1,0,0,0,0,0,1,0,0',
      '2026-03-02,1415,15,2,7,5,1,0,0,0,0,0,1,0,0',
    ];
    expect(read(lines)).toMatchObject({ table: null, refused: [{ line: 1, reason: expect.stringContaining('1, 2') }] });
    const one = read(lines, { acdNumber: '2' });
    expect(one).toMatchObject({ refused: [], otherAcdCount: 1 });
    expect(one.records['queue-intervals'].map(({ record }) => record.offered)).toEqual([5]);
  });

  it('never counts more within the service level than in all, and says so', () => {
    const result = read([SPLIT_HEAD, '2026-03-02,1415,15,1,7,2,1,0,0,0,1,0,3,2,0']);
    expect(result.records['queue-intervals'][0]?.record).toMatchObject({
      handledShort: 2,
      handledLong: 0,
      abandonedShort: 1,
    });
    expect(result.adjusted).toHaveLength(2);
  });

  it.each([
    ['a table that is neither', 'a,b,c\n1,2,3'],
    ['nothing', ''],
    ['a page', '<html><body>Sign in</body></html>'],
    ['an export without a head', '2026-03-02,1415,15,1,7,1,1,0,0,0,0,0,1,0,0'],
  ])('refuses %s as a whole', (_, text) => {
    const result = readCmsExport(text, settingsOf(), NOW_MS);
    expect(result.table).toBeNull();
    expect(result.refused[0]).toMatchObject({ line: 1, reason: expect.stringContaining('it lacks') });
  });

  it('keeps what is before a quote that is never closed', () => {
    const result = read([SPLIT_HEAD, '2026-03-02,1415,15,1,7,1,1,0,0,0,0,0,1,0,0', '"2026-03-02,1430']);
    expect(result.records['queue-intervals']).toHaveLength(1);
    expect(result.refused).toEqual([{ line: 3, reason: expect.stringContaining('never closed') }]);
  });
});

describe('days on which the clock is changed', () => {
  const row = (date: string, clock: string) => `${date},${clock},15,1,7,1,1,0,0,0,0,0,1,0,0`;
  const berlin = { timeZone: 'Europe/Berlin' };

  it('refuses a time that the clock skipped', () => {
    const result = read(
      [SPLIT_HEAD, row('2026-03-29', '145'), row('2026-03-29', '230'), row('2026-03-29', '300')],
      berlin,
    );
    expect(result.records['queue-intervals'].map(({ record }) => record.start)).toEqual([
      '2026-03-29T00:45:00.000Z',
      '2026-03-29T01:00:00.000Z',
    ]);
    expect(reasonsOf(result)).toEqual([expect.stringContaining('3: 02:30 on 2026-03-29 was skipped')]);
  });

  it.each([
    ['refuse', []],
    ['first', ['2026-10-25T00:30:00.000Z']],
    ['second', ['2026-10-25T01:30:00.000Z']],
  ])('books a time that came twice as is set: %s', (repeatedHour, expected) => {
    const result = read([SPLIT_HEAD, row('2026-10-25', '230')], { ...berlin, repeatedHour });
    expect(result.records['queue-intervals'].map(({ record }) => record.start)).toEqual(expected);
    expect(result.refused).toHaveLength(1 - expected.length);
  });
});

describe('hagent', () => {
  const row = (split: number, ti: string, figures = '2,300,20,60') =>
    `2026-03-02,1415,15,1,${split},2001,${figures},${ti}`;

  it('gives one agent interval for all splits, with nothing counted double, and one record for each split', () => {
    const result = read([AGENT_HEAD, row(7, '900,400,100'), row(8, '0,0,0', '1,100,0,30')]);
    expect(reasonsOf(result)).toEqual([]);
    const start = '2026-03-02T14:15:00.000Z';
    expect(result.records['agent-intervals'].map(({ record }) => record)).toEqual([
      { agentId: '2001', start, loginTimeMs: 900_000, readyTimeMs: 400_000, notReadyTimeMs: 100_000 },
    ]);
    expect(result.records['agent-queue-intervals'].map(({ record }) => record)).toEqual([
      {
        agentId: '2001',
        queueId: '7',
        start,
        handled: 2,
        handleTimeMs: 320_000,
        workTimeMs: 60_000,
        holdTimeMs: 20_000,
      },
      { agentId: '2001', queueId: '8', start, handled: 1, handleTimeMs: 100_000, workTimeMs: 30_000, holdTimeMs: 0 },
    ]);
  });

  it('adds the times over all splits up where the oldest sign-in changed within the interval', () => {
    const result = read([AGENT_HEAD, row(7, '300,100,50'), row(8, '600,300,50')]);
    expect(result.records['agent-intervals'][0]?.record).toMatchObject({
      loginTimeMs: 900_000,
      readyTimeMs: 400_000,
      notReadyTimeMs: 100_000,
    });
  });

  it('takes the longest where an export has only the times of each split, which run side by side', () => {
    const head = AGENT_HEAD.replaceAll('ti_', 'i_');
    const result = read([head, row(7, '900,400,100'), row(8, '880,400,100')]);
    expect(result.records['agent-intervals'][0]?.record).toMatchObject({ loginTimeMs: 900_000, readyTimeMs: 400_000 });
  });

  it('adds up the rows of an agent who changed the extension', () => {
    const head = `${AGENT_HEAD},extn`;
    const result = read([head, `${row(7, '300,100,0')},501`, `${row(7, '500,100,0')},502`]);
    expect(reasonsOf(result)).toEqual([]);
    expect(result.records['agent-intervals'][0]?.record).toMatchObject({ loginTimeMs: 800_000 });
    expect(result.records['agent-queue-intervals'].map(({ record }) => record.handled)).toEqual([4]);
  });

  it('does not take a part of an interval for the whole', () => {
    const other = row(7, '900,400,100').replace(',2001,', ',2002,');
    const result = read([AGENT_HEAD, row(7, '600,400,100'), row(8, 'x,0,0'), other]);
    expect(result.records['agent-intervals'].map(({ record }) => record.agentId)).toEqual(['2002']);
    expect(result.records['agent-queue-intervals'].map(({ record }) => record.agentId)).toEqual(['2002']);
    expect(reasonsOf(result)).toEqual([
      expect.stringContaining('2: Line 3, of the same agent and interval, was refused'),
      expect.stringContaining('3: ti_stafftime is "x"'),
    ]);
  });

  it.each([
    ['a second of rounding is made to fit', '899,500,401', null],
    ['more than the interval has', '1000,0,0', 'more than the interval has'],
    ['parts longer than the whole', '500,400,200', 'longer than staffed'],
  ])('%s', (_, ti, reason) => {
    const result = read([AGENT_HEAD, row(7, ti)]);
    if (reason === null) {
      const given = result.records['agent-intervals'].map(({ record }) => record);
      expect(checkRecords('agent-intervals', given).refused).toEqual([]);
      expect(result.adjusted).toHaveLength(1);
    } else expect(result.refused).toEqual([{ line: 2, reason: expect.stringContaining(reason) }]);
  });

  it('halves times of 30 minutes, so that no quarter holds more than itself', () => {
    const result = read([AGENT_HEAD, row(7, '1799,801,100').replace(',1415,15,', ',1430,30,')], {
      intervalMinutes: 30,
    });
    const given = result.records['agent-intervals'].map(({ record }) => record);
    expect(given.map(({ start, loginTimeMs }) => [start, loginTimeMs])).toEqual([
      ['2026-03-02T14:30:00.000Z', 899_500],
      ['2026-03-02T14:45:00.000Z', 899_500],
    ]);
    expect(checkRecords('agent-intervals', given).refused).toEqual([]);
  });
});
