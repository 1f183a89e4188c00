import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { type Bridge, figuresRow, openBridge, settings } from '../../support/bridge.ts';
import { ledgerRows, reportsAccount } from '../../support/stored.ts';

const NINE_MS = Date.parse('2026-03-02T09:00:00Z');
const QUARTER_MS = 900_000;
const MINUTE_MS = 60_000;

describe('an interval for which the ACD gives no figures although somebody is signed in', () => {
  let bridge: Bridge;
  async function open(collection: object = {}) {
    bridge = await openBridge(NINE_MS, settings({ intervalS: 15, collection }));
    bridge.ncc.queues = new Set(['sales', 'care']);
    bridge.ncc.users.set('a1', { username: 'ann@x.test' });
    bridge.ncc.agents.set('a1', { status: 'Available' });
  }

  it('sends the times of agents alone once the last planned reading was empty, and figures that come later', async () => {
    await open({ reReadAfterMinutes: [15] });
    const nine = () => bridge.mpower.historical.filter(({ startDate }) => startDate.includes('T09:00'));
    await bridge.run(QUARTER_MS + 10 * MINUTE_MS);
    expect(nine()).toEqual([]);
    await bridge.run(10 * MINUTE_MS);
    expect(nine()).toMatchObject([
      { reportData: { queueReport: [], agentSystemPerformanceReport: [{ agentValue: 'a1', loginTime: 900 }] } },
    ]);
    expect((await ledgerRows())[0]).toMatchObject({ status: 'collected', revision: 0, unconfirmed: 1 });
    expect(await reportsAccount('historical')).toEqual({ read: 0, delivered: 0, setAside: 0, waiting: 0 });
    const readAgain = () =>
      env.DB.prepare('UPDATE interval_ledger SET next_read_at_ms = 1 WHERE start_ms = ?1').bind(NINE_MS).run();
    await readAgain();
    await bridge.run(2 * MINUTE_MS);
    expect(nine()).toHaveLength(1);
    bridge.ncc.figures.set(NINE_MS, [figuresRow('sales', 12)]);
    await readAgain();
    await bridge.run(2 * MINUTE_MS);
    expect(nine()).toHaveLength(2);
    expect(nine()[1]?.reportData).toMatchObject({
      queueReport: [{ queueValue: 'sales', contactsReceived: 12 }, { queueValue: 'care' }],
      agentSystemPerformanceReport: [{ loginTime: 900 }],
    });
    expect(await reportsAccount('historical')).toEqual({ read: 2, delivered: 2, setAside: 0, waiting: 0 });
    expect((await ledgerRows())[0]).toMatchObject({ revision: 1, unconfirmed: 0 });
    expect(bridge.logged).toEqual([]);
  });

  it.each([
    ['first', NINE_MS],
    ['second', NINE_MS + QUARTER_MS],
  ])(
    'sends the half of a half-hour report that has figures, the %s, once the other stays empty',
    async (_, withFigures) => {
      const collection = { reportMinutes: 30, reReadAfterMinutes: [15] };
      bridge = await openBridge(NINE_MS, settings({ intervalS: 15, collection }));
      bridge.ncc.queues = new Set(['sales', 'care']);
      bridge.ncc.users.set('a1', { username: 'ann@x.test' });
      bridge.ncc.agents.set('a1', { status: 'Available' });
      bridge.ncc.figures.set(withFigures, [figuresRow('sales', 12)]);
      await bridge.run(30 * MINUTE_MS);
      expect(bridge.mpower.historical).toEqual([]);
      await bridge.run(25 * MINUTE_MS);
      const nine = bridge.mpower.historical.filter(({ startDate }) => startDate.includes('T09:00'));
      expect(nine).toMatchObject([
        {
          reportData: {
            queueReport: [{ contactsReceived: 12 }, {}],
            agentSystemPerformanceReport: [{ loginTime: 1_800 }],
          },
        },
      ]);
      expect(await reportsAccount('historical')).toEqual({ read: 2, delivered: 2, setAside: 0, waiting: 0 });
    },
  );

  it('sends figures that somebody gives of one half of a half-hour report of which the ACD gave none', async () => {
    await open({ reportMinutes: 30, reReadAfterMinutes: [15] });
    bridge.ncc.queues = new Set(['sales']);
    await bridge.run(55 * MINUTE_MS);
    const nine = () => bridge.mpower.historical.filter(({ startDate }) => startDate.includes('T09:00'));
    expect(nine()).toMatchObject([{ reportData: { queueReport: [] } }]);
    const start = new Date(NINE_MS).toISOString();
    await bridge.push('queue-intervals', [{ queueId: 'sales', start, offered: 7, abandoned: 1, handleTimeMs: 6_000 }]);
    await bridge.run(2 * MINUTE_MS);
    expect(nine()[1]).toMatchObject({ reportData: { queueReport: [{ contactsReceived: 7 }] } });
    expect(await reportsAccount('historical')).toEqual({ read: 1, delivered: 1, setAside: 0, waiting: 0 });
  });

  it('has nothing to send of time in which it did not look, and the ACD had no figures', async () => {
    await open();
    bridge.ncc.agents.clear();
    await bridge.run(5 * MINUTE_MS);
    await env.DB.prepare(
      `INSERT INTO interval_ledger (connection_id, start_ms, status, next_read_at_ms) VALUES (1, ?1, 'waiting', 1)`,
    )
      .bind(NINE_MS - 96 * 2 * QUARTER_MS)
      .run();
    await bridge.run(5 * MINUTE_MS);
    expect((await ledgerRows())[0]).toMatchObject({ status: 'collected', unconfirmed: 1 });
    expect((await env.DB.prepare('SELECT * FROM report').all()).results).toEqual([]);
  });
});
