import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { confirmAsQuiet, OrderRefused, readAgain, sendAgain } from '../../../src/jobs/coverage-orders.ts';
import { readCells, readContacts } from '../../../src/store/coverage-days.ts';
import { type Bridge, figuresRow, openBridge, settings } from '../../support/bridge.ts';
import { setIncluded } from '../../support/mapping.ts';

const NINE_MS = Date.parse('2026-03-02T09:00:00Z');
const QUARTER_MS = 900_000;
const MINUTE_MS = 60_000;
const KEPT = { stateChanges: 400, queueIntervals: 1_100 };

let bridge: Bridge;
const order = (startMs: number, endMs: number) => ({
  connectionId: bridge.connectionId,
  window: { startMs, endMs },
  nowMs: bridge.clock.nowMs,
  by: 'the test',
});
const nine = () => bridge.mpower.historical.filter(({ startDate }) => startDate.includes('T09:00'));
const audited = async () =>
  (
    await env.DB.prepare(`SELECT action, detail FROM audit WHERE action <> 'connection created' ORDER BY id`).all<{
      action: string;
      detail: string;
    }>()
  ).results;

beforeEach(async () => {
  bridge = await openBridge(NINE_MS, settings({ intervalS: 15 }));
  bridge.ncc.queues = new Set(['sales', 'care']);
  bridge.ncc.users.set('a1', { username: 'ann@x.test' });
  bridge.ncc.agents.set('a1', { status: 'Available' });
});

describe('reading again', () => {
  it('asks for the intervals at once; what differs is stored as a revision and sent', async () => {
    bridge.ncc.figures.set(NINE_MS, [figuresRow('sales', 12)]);
    await bridge.run(QUARTER_MS + 4 * MINUTE_MS);
    bridge.ncc.figures.set(NINE_MS, [figuresRow('sales', 15)]);
    expect(await readAgain(env.DB, order(NINE_MS, NINE_MS + QUARTER_MS))).toBe(1);
    await bridge.run(MINUTE_MS);
    expect(nine().map(({ reportData }) => reportData.queueReport[0]?.contactsReceived)).toEqual([12, 15]);
    expect(await audited()).toEqual([
      {
        action: 'read again',
        detail: '1 interval to be read again: 2026-03-02T09:00:00.000Z to 2026-03-02T09:15:00.000Z.',
      },
    ]);
  });

  it('changes nothing where nothing was ever asked for, and refuses more than a month', async () => {
    await bridge.run(MINUTE_MS);
    expect(await readAgain(env.DB, order(NINE_MS - QUARTER_MS, NINE_MS))).toBe(0);
    await expect(readAgain(env.DB, order(NINE_MS - 40 * 96 * QUARTER_MS, NINE_MS))).rejects.toThrow(OrderRefused);
    expect(await audited()).toEqual([]);
  });
});

describe('sending again', () => {
  it('sends accepted reports once more, as they are stored, and the account still adds up', async () => {
    bridge.ncc.figures.set(NINE_MS, [figuresRow('sales', 12)]);
    await bridge.run(QUARTER_MS + 4 * MINUTE_MS);
    expect(nine()).toHaveLength(1);
    expect(await sendAgain(env.DB, order(NINE_MS, NINE_MS + QUARTER_MS), KEPT)).toBe(1);
    expect(await sendAgain(env.DB, order(NINE_MS, NINE_MS + QUARTER_MS), KEPT)).toBe(0);
    await bridge.run(MINUTE_MS);
    expect(nine()).toHaveLength(2);
    expect(nine()[1]).toEqual(nine()[0]);
    const stream = await env.DB.prepare(
      `SELECT read_count AS read, delivered_count AS delivered FROM stream WHERE name = 'historical'`,
    ).first();
    expect(stream).toEqual({ read: 2, delivered: 2 });
  });

  it('closes what had been set aside out of it; refused once more, it is set aside once more', async () => {
    bridge.ncc.figures.set(NINE_MS, [figuresRow('sales', 12)]);
    let isRefusing = true;
    bridge.mpower.misbehave = ({ path, body }) =>
      isRefusing && path === '/wfm/acd/v1/historical' && JSON.stringify(body).includes('"sales"')
        ? new Response('no such queue', { status: 400 })
        : null;
    await bridge.run(QUARTER_MS + 4 * MINUTE_MS);
    const open = async () =>
      (await env.DB.prepare(`SELECT count(*) AS n FROM set_aside WHERE status = 'set aside'`).first<{ n: number }>())
        ?.n;
    expect(await open()).toBe(1);
    await sendAgain(env.DB, order(NINE_MS, NINE_MS + QUARTER_MS), KEPT);
    await bridge.run(MINUTE_MS);
    expect(await open()).toBe(1);
    isRefusing = false;
    await sendAgain(env.DB, order(NINE_MS, NINE_MS + QUARTER_MS), KEPT);
    await bridge.run(MINUTE_MS);
    expect(await open()).toBe(0);
  });

  it('leaves alone what could only be sent empty, because its facts are past their retention', async () => {
    bridge.ncc.figures.set(NINE_MS, [figuresRow('sales', 12)]);
    await bridge.run(QUARTER_MS + 4 * MINUTE_MS);
    bridge.clock.nowMs += 500 * 96 * QUARTER_MS;
    expect(await sendAgain(env.DB, order(NINE_MS, NINE_MS + QUARTER_MS), KEPT)).toBe(0);
  });
});

describe('confirming as quiet', () => {
  it('stores zeros for each listed queue and sends them; a later empty answer takes nothing back', async () => {
    await bridge.run(QUARTER_MS + 4 * MINUTE_MS);
    const window = { startMs: NINE_MS, endMs: NINE_MS + QUARTER_MS };
    expect(await readCells(env.DB, 1, window)).toMatchObject([{ unconfirmed: true, report: null }]);
    expect(await confirmAsQuiet(env.DB, order(NINE_MS, NINE_MS + QUARTER_MS), 15)).toBe(1);
    expect(await confirmAsQuiet(env.DB, order(NINE_MS, NINE_MS + QUARTER_MS), 15)).toBe(0);
    await bridge.run(20 * MINUTE_MS);
    expect(nine()[0]?.reportData.queueReport).toMatchObject([{ contactsReceived: 0 }, { contactsReceived: 0 }]);
    const [cell] = await readCells(env.DB, 1, window);
    expect(cell).toMatchObject({ status: 'collected', unconfirmed: false, revision: 1 });
    expect(cell?.report?.deliveredRevision).toBeGreaterThan(0);
  });

  it('leaves intervals alone that have figures', async () => {
    bridge.ncc.figures.set(NINE_MS, [figuresRow('sales', 12)]);
    await bridge.run(QUARTER_MS + 4 * MINUTE_MS);
    expect(await confirmAsQuiet(env.DB, order(NINE_MS, NINE_MS + QUARTER_MS), 15)).toBe(0);
    expect((await readCells(env.DB, 1, { startMs: NINE_MS, endMs: NINE_MS + QUARTER_MS }))[0]?.offered).toBe(12);
  });

  it('waits with a half-hour report for its other interval', async () => {
    bridge = await openBridge(NINE_MS, settings({ intervalS: 15, collection: { reportMinutes: 30 } }));
    bridge.ncc.queues = new Set(['sales']);
    bridge.ncc.users.set('a1', { username: 'ann@x.test' });
    bridge.ncc.agents.set('a1', { status: 'Available' });
    await bridge.run(2 * QUARTER_MS + 4 * MINUTE_MS);
    const reports = async () =>
      (await env.DB.prepare(`SELECT start_ms FROM report WHERE stream = 'historical'`).all()).results;
    await confirmAsQuiet(env.DB, order(NINE_MS, NINE_MS + QUARTER_MS), 30);
    expect(await reports()).toEqual([]);
    await confirmAsQuiet(env.DB, order(NINE_MS + QUARTER_MS, NINE_MS + 2 * QUARTER_MS), 30);
    expect(await reports()).toEqual([{ start_ms: NINE_MS }]);
  });
});

it('the balance of a day counts what the WFM accepted, not what should have gone there', async () => {
  bridge.ncc.figures.set(NINE_MS, [figuresRow('sales', 12), figuresRow('care', 5)]);
  await bridge.run(QUARTER_MS + 4 * MINUTE_MS);
  const window = { startMs: NINE_MS, endMs: NINE_MS + QUARTER_MS };
  const balance = async () =>
    (await readContacts(env.DB, 1, await readCells(env.DB, 1, window), { anew: false }))[0]?.balance;
  expect(await balance()).toMatchObject({ source: 17, stored: 17, delivered: 17, missing: 0 });
  await setIncluded('care', false);
  await sendAgain(env.DB, order(NINE_MS, NINE_MS + QUARTER_MS), KEPT);
  expect(await balance()).toMatchObject({ delivered: 17 });
  await bridge.run(MINUTE_MS);
  expect(await balance()).toMatchObject({ source: 17, delivered: 12, leftOut: 5, missing: 0 });
  await setIncluded('care', true);
  expect(await balance()).toMatchObject({ delivered: 12, leftOut: 0, missing: 5 });
});
