import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Bridge, figuresRow, openBridge, settings } from '../../support/bridge.ts';
import { ledgerRows, reportsAccount } from '../../support/stored.ts';

const NINE_MS = Date.parse('2026-03-02T09:00:00Z');
const QUARTER_MS = 900_000;
const MINUTE_MS = 60_000;

const windowsOf = (reports: { startDate: string }[]) => reports.map(({ startDate }) => startDate.slice(11, 16));
describe('windowed reports', () => {
  let bridge: Bridge;
  beforeEach(async () => {
    bridge = await openBridge(NINE_MS, settings({ intervalS: 15 }));
    bridge.ncc.queues = new Set(['sales', 'care']);
    bridge.ncc.users.set('a1', { username: 'ann@x.test' });
    bridge.ncc.agents.set('a1', { status: 'Available' });
  });

  it('sends an interval once it has ended and settled, zeros for a queue that the answer leaves out', async () => {
    bridge.ncc.figures.set(NINE_MS, [figuresRow('sales', 12, 2)]);
    await bridge.run(QUARTER_MS + 110_000);
    expect(bridge.mpower.historical).toHaveLength(0);
    await bridge.run(60_000);
    expect(bridge.logged).toEqual([]);
    expect(bridge.mpower.historical).toHaveLength(1);
    const [report] = bridge.mpower.historical;
    expect(report).toMatchObject({ startDate: '2026-03-02T09:00:00.000Z', endDate: '2026-03-02T09:15:00.000Z' });
    expect(report?.reportData.queueReport).toMatchObject([
      { queueValue: 'sales', contactsReceived: 12, abandonedLong: 2, handledLong: 10, handleTime: 1_200 },
      { queueValue: 'care', contactsReceived: 0, handleTime: 0 },
    ]);
    expect(report?.reportData.agentSystemPerformanceReport).toEqual([
      { agentValue: 'a1', agentId: '', readyTime: 900, notReadyTime: 0, loginTime: 900 },
    ]);
    expect(await reportsAccount('historical')).toEqual({ read: 2, delivered: 2, setAside: 0, waiting: 0 });
  });

  it('reads late figures again, raises the revision when they differ, and sends the report once more', async () => {
    bridge.ncc.figures.set(NINE_MS, [figuresRow('sales', 12)]);
    await bridge.run(QUARTER_MS + 4 * MINUTE_MS);
    bridge.ncc.figures.set(NINE_MS, [figuresRow('sales', 13)]);
    await bridge.run(20 * MINUTE_MS);
    const nine = bridge.mpower.historical.filter(({ startDate }) => startDate.includes('T09:00'));
    expect(nine.map(({ reportData }) => reportData.queueReport[0]?.contactsReceived)).toEqual([12, 13]);
    await bridge.run(60 * MINUTE_MS);
    expect(bridge.mpower.historical.filter(({ startDate }) => startDate.includes('T09:00'))).toHaveLength(2);
    const { results } = await env.DB.prepare('SELECT revision, offered FROM queue_interval_revision').all();
    expect(results).toEqual([{ revision: 1, offered: 12 }]);
  });

  it('shows an empty answer while agents are signed in as unconfirmed and sends nothing at first', async () => {
    await bridge.run(QUARTER_MS + 4 * MINUTE_MS);
    expect(bridge.mpower.historical).toEqual([]);
    expect(await ledgerRows()).toMatchObject([{ status: 'collected', revision: 0, unconfirmed: 1 }]);
    bridge.ncc.figures.set(NINE_MS, [figuresRow('care', 3)]);
    await bridge.run(15 * MINUTE_MS);
    expect(windowsOf(bridge.mpower.historical)).toEqual(['09:00']);
    expect((await ledgerRows())[0]).toMatchObject({ revision: 1, unconfirmed: 0 });
  });

  it('stores zeros for a quiet interval in which nobody was signed in', async () => {
    bridge.ncc.agents.set('a1', { status: 'Logged out' });
    await bridge.run(QUARTER_MS + 4 * MINUTE_MS);
    expect(bridge.mpower.historical[0]?.reportData.queueReport).toMatchObject([
      { contactsReceived: 0 },
      { contactsReceived: 0 },
    ]);
  });

  it('knows what it missed while it was off and loads it without being asked, newest first', async () => {
    for (let i = 0; i < 30; i++) bridge.ncc.figures.set(NINE_MS + i * QUARTER_MS, [figuresRow('sales', i + 1)]);
    await bridge.run(QUARTER_MS + 4 * MINUTE_MS);
    bridge.crash();
    bridge.clock.nowMs = NINE_MS + 6 * 3_600_000 + 5 * MINUTE_MS;
    await bridge.run(5 * MINUTE_MS);
    expect((await ledgerRows()).map(({ status }) => status)).toEqual(Array(24).fill('collected'));
    expect(windowsOf(bridge.mpower.historical).slice(0, 4)).toEqual(['09:00', '14:45', '14:30', '14:15']);
    expect(new Set(windowsOf(bridge.mpower.historical)).size).toBe(24);
  });

  it('shows an interval that cannot be read as a gap with the reason, and mends it', async () => {
    bridge.ncc.figures.set(NINE_MS, [figuresRow('sales', 5)]);
    bridge.ncc.misbehave = ({ path }) => (path === '/historical' ? new Response(null, { status: 500 }) : null);
    await bridge.run(QUARTER_MS * 3 + MINUTE_MS);
    expect((await ledgerRows())[0]).toMatchObject({ status: 'gap' });
    expect(String((await ledgerRows())[0]?.reason)).toContain('answered 500');
    expect(bridge.mpower.events.length).toBeGreaterThan(0);
    bridge.ncc.misbehave = () => null;
    await bridge.run(3 * MINUTE_MS);
    expect((await ledgerRows())[0]).toMatchObject({ status: 'collected', reason: '' });
    const { results } = await env.DB.prepare(
      `SELECT kind FROM event WHERE kind IN ('reading failed', 'gap mended')`,
    ).all();
    expect(results.map(({ kind }) => kind)).toEqual(['reading failed', 'gap mended']);
  });

  it('asks one by one where a source gives no start times for several intervals', async () => {
    bridge.ncc.figures.set(NINE_MS, [figuresRow('sales', 1)]);
    bridge.ncc.figures.set(NINE_MS + QUARTER_MS, [figuresRow('sales', 2)]);
    bridge.ncc.misbehave = ({ path, url }) => {
      if (path !== '/historical') return null;
      const startMs = Number(url.searchParams.get('start')) * 1_000;
      return Response.json(bridge.ncc.figures.get(startMs) ?? []);
    };
    await bridge.run(15_000);
    bridge.crash();
    bridge.clock.nowMs = NINE_MS + 2 * QUARTER_MS + 3 * MINUTE_MS;
    await bridge.run(60_000);
    expect(bridge.mpower.historical.map(({ reportData }) => reportData.queueReport[0]?.contactsReceived)).toEqual([
      2, 1,
    ]);
  });

  it('never stores one sum of several intervals as the figures of the first', async () => {
    bridge.ncc.figures.set(NINE_MS, [figuresRow('sales', 1)]);
    bridge.ncc.figures.set(NINE_MS + QUARTER_MS, [figuresRow('sales', 2)]);
    bridge.ncc.misbehave = ({ path, url }) => {
      if (path !== '/historical') return null;
      const [start, end] = [Number(url.searchParams.get('start')), Number(url.searchParams.get('end'))];
      if (end - start === 900) return Response.json(bridge.ncc.figures.get(start * 1_000) ?? []);
      return Response.json([{ ...figuresRow('sales', 3), startTime: start }]);
    };
    await bridge.run(15_000);
    bridge.crash();
    bridge.clock.nowMs = NINE_MS + 2 * QUARTER_MS + 3 * MINUTE_MS;
    await bridge.run(60_000);
    expect(bridge.mpower.historical.map(({ reportData }) => reportData.queueReport[0]?.contactsReceived)).toEqual([
      2, 1,
    ]);
  });

  it('asks one by one where a source refuses to answer for several intervals', async () => {
    bridge.ncc.figures.set(NINE_MS, [figuresRow('sales', 1)]);
    bridge.ncc.figures.set(NINE_MS + QUARTER_MS, [figuresRow('sales', 2)]);
    bridge.ncc.misbehave = ({ path, url }) => {
      const [start, end] = [Number(url.searchParams.get('start')), Number(url.searchParams.get('end'))];
      return path === '/historical' && end - start > 900
        ? Response.json({ code: 400, message: 'range too wide' }, { status: 400 })
        : null;
    };
    await bridge.run(15_000);
    bridge.crash();
    bridge.clock.nowMs = NINE_MS + 2 * QUARTER_MS + 3 * MINUTE_MS;
    await bridge.run(60_000);
    expect(bridge.mpower.historical.map(({ reportData }) => reportData.queueReport[0]?.contactsReceived)).toEqual([
      2, 1,
    ]);
  });

  it.each<[string, () => Response]>([
    ['an HTML page', () => new Response('<html>One moment</html>')],
    ['null', () => new Response('null')],
    ['a refusal of the range', () => Response.json({ code: 400, message: 'no' }, { status: 400 })],
  ])('asks again within a minute where one answer for an interval was %s, and opens no gap', async (_, answer) => {
    let asked = 0;
    bridge.ncc.figures.set(NINE_MS, [figuresRow('sales', 5)]);
    bridge.ncc.misbehave = ({ path }) => (path === '/historical' && ++asked <= 2 ? answer() : null);
    await bridge.run(QUARTER_MS + 4 * MINUTE_MS);
    expect(windowsOf(bridge.mpower.historical)).toEqual(['09:00']);
    expect(await ledgerRows()).toMatchObject([{ status: 'collected', reason: '' }]);
    const { results } = await env.DB.prepare(`SELECT kind FROM event WHERE kind = 'gap opened'`).all();
    expect(results).toEqual([]);
  });

  it('postpones an interval after three useless answers in a row, after one once it was postponed, and reads the next', async () => {
    let asked = 0;
    bridge.ncc.figures.set(NINE_MS + QUARTER_MS, [figuresRow('sales', 7)]);
    bridge.ncc.misbehave = ({ path, url }) => {
      if (path !== '/historical' || Number(url.searchParams.get('start')) * 1_000 > NINE_MS) return null;
      asked += 1;
      return new Response('<html>Oops</html>');
    };
    await bridge.run(QUARTER_MS + 14 * MINUTE_MS);
    expect(asked).toBe(3);
    expect(await ledgerRows()).toMatchObject([{ status: 'gap', reason: expect.stringContaining('/historical') }]);
    await bridge.run(QUARTER_MS + 5 * MINUTE_MS);
    expect(asked).toBe(4);
    expect(windowsOf(bridge.mpower.historical)).toEqual(['09:15']);
  });

  it('goes on asking for several intervals together after one malformed answer for several', async () => {
    for (let i = 0; i < 60; i++) bridge.ncc.figures.set(NINE_MS + i * QUARTER_MS, [figuresRow('sales', i + 1)]);
    await bridge.run(15_000);
    bridge.crash();
    bridge.clock.nowMs = NINE_MS + 60 * QUARTER_MS + 3 * MINUTE_MS;
    const lengths: number[] = [];
    bridge.ncc.misbehave = ({ path, url }) => {
      if (path !== '/historical') return null;
      lengths.push((Number(url.searchParams.get('end')) - Number(url.searchParams.get('start'))) / 900);
      return lengths.length === 1 ? new Response('<html>One moment</html>') : null;
    };
    await bridge.run(3 * MINUTE_MS);
    expect(lengths).toEqual([24, ...Array(24).fill(1), 24, 12]);
    expect((await ledgerRows()).map(({ status }) => status)).toEqual(Array(60).fill('collected'));
  });

  it('refuses a row that makes no sense, keeps the others, and says which', async () => {
    bridge.ncc.figures.set(NINE_MS, [figuresRow('sales', -1), figuresRow('care', 4)]);
    await bridge.run(QUARTER_MS + 4 * MINUTE_MS);
    expect(bridge.mpower.historical[0]?.reportData.queueReport).toMatchObject([
      { queueValue: 'care', contactsReceived: 4 },
    ]);
    const { results } = await env.DB.prepare('SELECT stream, reason FROM set_aside').all();
    expect(results).toHaveLength(1);
    expect(String(results[0]?.reason)).toContain('enteredCount');
  });

  it('sums two intervals for a report of 30 minutes', async () => {
    bridge = await openBridge(NINE_MS, settings({ intervalS: 15, collection: { reportMinutes: 30 } }));
    bridge.ncc.queues = new Set(['sales']);
    bridge.ncc.figures.set(NINE_MS, [figuresRow('sales', 5)]);
    bridge.ncc.figures.set(NINE_MS + QUARTER_MS, [figuresRow('sales', 7)]);
    await bridge.run(2 * QUARTER_MS + 6 * MINUTE_MS);
    expect(bridge.mpower.historical).toMatchObject([
      {
        startDate: '2026-03-02T09:00:00.000Z',
        endDate: '2026-03-02T09:30:00.000Z',
        reportData: { queueReport: [{ contactsReceived: 12, handleTime: 1_200 }] },
      },
    ]);
  });

  it('sends an activity whole, once, in the window in which it ended', async () => {
    bridge.ncc.figures.set(NINE_MS, [figuresRow('sales', 1)]);
    await bridge.run(10 * MINUTE_MS);
    bridge.ncc.agents.set('a1', { status: 'Busy' });
    await bridge.run(10 * MINUTE_MS);
    bridge.ncc.agents.set('a1', { status: 'Logged out' });
    await bridge.run(30 * MINUTE_MS);
    expect(bridge.mpower.activity).toMatchObject([
      {
        startDate: '2026-03-02T09:00:00.000Z',
        reportData: [
          {
            agentValue: 'a1',
            userName: 'ann@x.test',
            agentActivity: [
              { state: 'Available', startTime: '2026-03-02T09:00:00.000Z', duration: 600_000, reason: '' },
            ],
          },
        ],
      },
      {
        startDate: '2026-03-02T09:15:00.000Z',
        reportData: [{ agentActivity: [{ state: 'Busy', startTime: '2026-03-02T09:10:00.000Z', duration: 600_000 }] }],
      },
    ]);
    expect(await reportsAccount('agent-activity')).toEqual({ read: 2, delivered: 2, setAside: 0, waiting: 0 });
  });

  it('sets aside a queue that the WFM refuses and sends the rest of the report whole', async () => {
    bridge.ncc.queues = new Set(['q1', 'q2', 'q3', 'q4']);
    bridge.ncc.figures.set(
      NINE_MS,
      ['q1', 'q2', 'q3', 'q4'].map((queue) => figuresRow(queue, 3)),
    );
    bridge.mpower.misbehave = ({ path, body }) =>
      path.endsWith('/historical') && JSON.stringify(body).includes('"q3"')
        ? Response.json({ message: 'mixed directions' }, { status: 422 })
        : null;
    await bridge.run(QUARTER_MS + 4 * MINUTE_MS);
    const last = bridge.mpower.historical.at(-1);
    expect(last?.reportData.queueReport.map(({ queueValue }) => queueValue)).toEqual(['q1', 'q2', 'q4']);
    expect(last?.reportData.agentSystemPerformanceReport).toHaveLength(1);
    expect(await reportsAccount('historical')).toEqual({ read: 4, delivered: 3, setAside: 1, waiting: 0 });
  });

  it('backfills a range newest first with progress, and the same again changes nothing', async () => {
    await bridge.run(15_000);
    const fromMs = NINE_MS - 8 * QUARTER_MS;
    for (let i = 0; i < 8; i++) bridge.ncc.figures.set(fromMs + i * QUARTER_MS, [figuresRow('sales', i + 1)]);
    await bridge.backfill(fromMs, NINE_MS);
    await bridge.run(60_000);
    const jobs = async () =>
      (await env.DB.prepare('SELECT status, intervals_changed AS changed FROM backfill ORDER BY id').all()).results;
    expect(await jobs()).toEqual([{ status: 'done', changed: 8 }]);
    expect(bridge.mpower.historical.map(({ reportData }) => reportData.queueReport[0]?.contactsReceived)).toEqual([
      8, 7, 6, 5, 4, 3, 2, 1,
    ]);
    await bridge.backfill(fromMs, NINE_MS);
    await bridge.run(60_000);
    expect(await jobs()).toEqual([
      { status: 'done', changed: 8 },
      { status: 'done', changed: 0 },
    ]);
    expect(bridge.mpower.historical).toHaveLength(8);
  });

  it('keeps what the WFM took when the next report fails, and sends none of it again', async () => {
    await bridge.run(15_000);
    const fromMs = NINE_MS - 6 * QUARTER_MS;
    for (let i = 0; i < 6; i++) bridge.ncc.figures.set(fromMs + i * QUARTER_MS, [figuresRow('sales', i + 1)]);
    const third = new Date(fromMs + 3 * QUARTER_MS).toISOString();
    const isThird = ({ path, body }: { path: string; body: unknown }) =>
      path.endsWith('/historical') && (body as { startDate: string }).startDate === third;
    bridge.mpower.misbehave = (call) => (isThird(call) ? new Response('', { status: 503 }) : null);
    await bridge.backfill(fromMs, NINE_MS);
    await bridge.run(10_000);
    expect(bridge.mpower.historical.map(({ startDate }) => Date.parse(startDate))).toEqual([
      NINE_MS - QUARTER_MS,
      NINE_MS - 2 * QUARTER_MS,
    ]);
    expect(await reportsAccount('historical')).toEqual({ read: 12, delivered: 4, setAside: 0, waiting: 8 });
    bridge.crash();
    bridge.mpower.misbehave = () => null;
    await bridge.run(5 * MINUTE_MS);
    expect(bridge.mpower.historical).toHaveLength(6);
    expect(await reportsAccount('historical')).toEqual({ read: 12, delivered: 12, setAside: 0, waiting: 0 });
  });

  it('keeps the body that it sent, compressed, with its hash', async () => {
    bridge.ncc.figures.set(NINE_MS, [figuresRow('sales', 12, 2)]);
    await bridge.run(QUARTER_MS + 4 * MINUTE_MS);
    const row = await env.DB.prepare(
      `SELECT body_gzip, sha256, answer FROM report_body WHERE stream = 'historical'`,
    ).first<{
      body_gzip: number[];
      sha256: string;
      answer: string;
    }>();
    const text = await new Response(
      new Response(new Uint8Array(row?.body_gzip ?? [])).body?.pipeThrough(new DecompressionStream('gzip')),
    ).text();
    expect(JSON.parse(text)).toEqual(bridge.mpower.historical[0]);
    expect(row).toMatchObject({ answer: '200' });
  });
});
