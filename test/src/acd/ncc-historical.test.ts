import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UpstreamError } from '../../../src/http/upstream-error.ts';
import { rejection } from '../http/support.ts';
import { fakeNcc, nccSettings } from './fake-ncc.ts';

const PATH = '/wfm/historical';
const NINE_MS = Date.parse('2026-03-02T09:00:00Z');
const QUARTER_MS = 900_000;
const ONE = { startMs: NINE_MS, endMs: NINE_MS + QUARTER_MS };
const FOUR = { startMs: NINE_MS, endMs: NINE_MS + 4 * QUARTER_MS };

const row = (overrides: object = {}) => ({
  'queue-id': 'sales',
  'queue-name': 'Sales',
  sumHandleTime: 1_830.5,
  enteredCount: 12,
  abandonedCount: 2,
  ...overrides,
});

const FIGURES = {
  queueId: 'sales',
  queueName: 'Sales',
  startMs: NINE_MS,
  offered: 12,
  abandoned: 2,
  handleTimeMs: 1_830_500,
};

function read(answer: unknown, window = ONE, advanced: object = {}) {
  const ncc = fakeNcc();
  ncc.answers(PATH, answer);
  return ncc.open(nccSettings({ advanced })).readQueueIntervals(window);
}

describe('the figures of a window', () => {
  it('are asked for in Unix seconds, at the path and with the names of the settings', async () => {
    const ncc = fakeNcc();
    ncc.answers(PATH, []);
    ncc.answers('/wfm/v2/calls', []);
    await ncc.open().readQueueIntervals(ONE);
    const advanced = { historicalPath: '/v2/calls', startParameter: 'from', endParameter: 'to' };
    await ncc.open(nccSettings({ advanced })).readQueueIntervals(ONE);
    const urls = ncc.network.seen.map(({ url }) => url.pathname + url.search).filter((url) => url.startsWith('/wfm'));
    expect(urls).toEqual([
      `/wfm/historical?start=${NINE_MS / 1_000}&end=${NINE_MS / 1_000 + 900}`,
      `/wfm/v2/calls?from=${NINE_MS / 1_000}&to=${NINE_MS / 1_000 + 900}`,
    ]);
  });

  it.each(['queue-id', 'queueId', '_id'])('name their queue in %s', async (field) => {
    const { 'queue-id': queueId, ...rest } = row();
    expect(await read([{ ...rest, [field]: queueId }])).toMatchObject({ intervals: [FIGURES], refused: [] });
  });

  it.each([
    ['GET', {}, ''],
    ['POST', { historicalMethod: 'POST' }, `{"start":${NINE_MS / 1_000},"end":${NINE_MS / 1_000 + 900}}`],
  ])('are asked for with %s', async (method, advanced, body) => {
    const ncc = fakeNcc();
    ncc.answers(PATH, [row()]);
    expect(await ncc.open(nccSettings({ advanced })).readQueueIntervals(ONE)).toMatchObject({ intervals: [FIGURES] });
    const seen = ncc.network.seen.at(-1);
    expect([seen?.method, seen?.body, seen?.url.searchParams.get('start')]).toEqual([
      method,
      body,
      `${NINE_MS / 1_000}`,
    ]);
  });

  it('name their queue in the fields of the settings, else in the usual ones', async () => {
    const { 'queue-id': _id, 'queue-name': _name, ...rest } = row();
    const advanced = { queueIdField: 'skill', queueNameField: 'skillName' };
    const rows = [
      { ...rest, skill: 'sales', skillName: 'Sales', 'queue-id': 'not this' },
      row({ 'queue-id': 'b', skill: null }),
      { ...rest, queueId: 'c' },
    ];
    expect(await read(rows, ONE, advanced)).toMatchObject({
      intervals: [FIGURES, { queueId: 'b', queueName: 'Sales' }, { queueId: 'c', queueName: '' }],
      refused: [],
    });
  });

  it.each(['objects', 'data', 'rows'])('come in %s, too', async (envelope) => {
    expect(await read({ [envelope]: [row()] })).toMatchObject({ intervals: [FIGURES] });
  });

  it('have handle times in the unit of the setting', async () => {
    const { intervals } = await read([row({ sumHandleTime: 1_830_500.4 })], ONE, { handleTimeUnit: 'milliseconds' });
    expect(intervals).toEqual([FIGURES]);
  });

  it.each<[number | null | undefined, string]>([
    [NINE_MS / 1_000, 'seconds'],
    [NINE_MS, 'milliseconds'],
    [undefined, 'nothing'],
    [null, 'null'],
  ])('start at %s: %s', async (startTime) => {
    expect(await read([row({ startTime })])).toMatchObject({ intervals: [FIGURES], refused: [] });
  });

  it('of several intervals are told apart by their start', async () => {
    const starts = [0, 1, 3].map((index) => NINE_MS + index * QUARTER_MS);
    const { intervals } = await read(
      starts.map((startTime) => row({ startTime })),
      FOUR,
    );
    expect(intervals.map(({ startMs }) => startMs)).toEqual(starts);
  });

  it('of several intervals without a start say so, so that they can be asked for one by one', async () => {
    expect(await rejection(read([row()], FOUR))).toMatchObject({
      failure: { kind: 'shape', reason: 'no start time', issues: expect.stringContaining('windows per request') },
    });
  });

  it('of several intervals of which one row lacks a start say so, too: it may belong to any of them', async () => {
    const rows = [row({ startTime: NINE_MS }), row({ startTime: NINE_MS + QUARTER_MS }), row({ 'queue-id': 'care' })];
    expect(await rejection(read(rows, FOUR))).toMatchObject({ failure: { kind: 'shape', reason: 'no start time' } });
  });

  it('of several intervals that all start with the first may be one sum, and are not read', async () => {
    const rows = [row({ startTime: NINE_MS }), row({ 'queue-id': 'care', startTime: NINE_MS })];
    expect(await rejection(read(rows, FOUR))).toMatchObject({
      failure: { kind: 'shape', reason: 'one start time', issues: expect.stringContaining('one sum') },
    });
  });

  it('may abandon more than entered, have no name, and have an id of digits', async () => {
    const odd = row({ 'queue-id': 8057, 'queue-name': undefined, abandonedCount: 13 });
    expect(await read([odd])).toMatchObject({ intervals: [{ queueId: '8057', queueName: '', abandoned: 13 }] });
  });

  it('may be written as text of digits', async () => {
    const texts = {
      startTime: String(NINE_MS / 1_000),
      sumHandleTime: '1830.5',
      enteredCount: '12',
      abandonedCount: '2',
    };
    expect(await read([row(texts)], ONE)).toMatchObject({ intervals: [FIGURES], refused: [] });
  });

  it.each([
    [0, 0],
    [0, 1],
    [3, 3],
  ])(
    'of %i contacts of which %i were abandoned may have null for the sum: nobody was handled',
    async (entered, abandoned) => {
      const quiet = row({ sumHandleTime: null, enteredCount: entered, abandonedCount: abandoned });
      expect(await read([quiet])).toMatchObject({ intervals: [{ offered: entered, abandoned, handleTimeMs: 0 }] });
    },
  );

  it('may be none', async () => {
    expect(await read([])).toMatchObject({ intervals: [], refused: [] });
  });

  it.each<[object, string]>([
    [{ 'queue-id': '' }, 'no queue'],
    [{ 'queue-id': undefined }, 'no queue at all'],
    [{ enteredCount: 10_000_001 }, 'more than any queue has in a quarter of an hour'],
    [{ sumHandleTime: 1_000_000_001 }, 'longer than anybody has worked'],
    [{ enteredCount: -1 }, 'fewer than none'],
    [{ enteredCount: 1.5 }, 'half a contact'],
    [{ enteredCount: 'twelve' }, 'text'],
    [{ enteredCount: '12.5' }, 'half a contact as text'],
    [{ enteredCount: '-1' }, 'fewer than none as text'],
    [{ enteredCount: '0x10' }, 'digits that are not decimal'],
    [{ enteredCount: '' }, 'empty text'],
    [{ sumHandleTime: null }, 'null although contacts were handled'],
    [{ enteredCount: null }, 'null'],
    [{ enteredCount: 2 ** 53 }, 'not exact'],
    [{ abandonedCount: undefined }, 'nothing'],
    [{ abandonedCount: -2 }, 'fewer than none'],
    [{ sumHandleTime: -0.1 }, 'less than no time'],
    [{ sumHandleTime: 1e300 }, 'for ever'],
    [{ sumHandleTime: 'NaN' }, 'text'],
    [{ sumHandleTime: undefined }, 'nothing'],
    [{ startTime: NINE_MS + 60_000 }, 'off the grid'],
    [{ startTime: NINE_MS - QUARTER_MS }, 'before the window'],
    [{ startTime: NINE_MS + QUARTER_MS }, 'after the window'],
    [{ startTime: 'noon' }, 'no time'],
    [{ startTime: -1 }, 'before all time'],
  ])('with %o are refused alone: %s', async (overrides) => {
    const { intervals, refused } = await read([row(overrides), row({ 'queue-id': 'other' })]);
    expect(intervals).toMatchObject([{ queueId: 'other' }]);
    expect(refused).toEqual([
      { index: 0, reason: expect.stringMatching(/\w/), sample: expect.stringContaining('Sales') },
    ]);
  });

  it('with 1e400 are refused', async () => {
    const text = JSON.stringify([row({ sumHandleTime: 0.5 }), row({ 'queue-id': 'other' })]).replace('0.5', '1e400');
    expect(await read(text)).toMatchObject({ intervals: [{ queueId: 'other' }], refused: [{ index: 0 }] });
  });

  it('given twice count once when they agree, and not at all when they do not', async () => {
    const twice = [row(), row(), row({ 'queue-id': 'b' }), row({ 'queue-id': 'b', enteredCount: 13 })];
    expect(await read(twice)).toMatchObject({ intervals: [FIGURES], refused: [{ index: 2 }, { index: 3 }] });
  });

  it.each(['null', '{}', '{"code":500,"message":"oops"}', '<html></html>', '[null]', '[[]]', '""'])(
    'are not read from %s',
    async (body) => {
      expect(await rejection(read(body))).toMatchObject({ failure: { kind: 'shape' } });
    },
  );

  it('are whole, exact and inside the window, whatever the answer', async () => {
    const wild = fc.record(
      {
        'queue-id': fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.constant(null)),
        startTime: fc.oneof(
          fc.double(),
          fc.integer({ min: -2, max: 6 }).map((i) => NINE_MS + i * QUARTER_MS),
        ),
        sumHandleTime: fc.oneof(fc.double(), fc.nat()),
        enteredCount: fc.oneof(fc.double(), fc.nat(), fc.jsonValue()),
        abandonedCount: fc.oneof(fc.integer(), fc.string()),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(wild, { maxLength: 8 }), async (rows) => {
        const answer = await read(rows, FOUR).catch((error: unknown) => error);
        if (answer instanceof Error) {
          expect(answer).toBeInstanceOf(UpstreamError);
          return;
        }
        const { intervals, refused } = answer as Awaited<ReturnType<typeof read>>;
        expect(intervals.length + refused.length).toBeLessThanOrEqual(rows.length);
        for (const { startMs, offered, abandoned, handleTimeMs, queueId } of intervals) {
          expect(startMs % QUARTER_MS).toBe(0);
          expect(startMs >= FOUR.startMs && startMs < FOUR.endMs).toBe(true);
          for (const figure of [offered, abandoned, handleTimeMs]) {
            expect(Number.isSafeInteger(figure) && figure >= 0).toBe(true);
          }
          expect(queueId.isWellFormed() && queueId !== '' && !queueId.includes('\0')).toBe(true);
        }
      }),
      { numRuns: 100 },
    );
  });
});
