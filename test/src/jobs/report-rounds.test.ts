import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { toHex } from '../../../src/crypto/bytes.ts';
import { keepBodies } from '../../../src/store/accepted-reports.ts';
import { type Bridge, openBridge, settings } from '../../support/bridge.ts';

const NINE_MS = Date.parse('2026-03-02T09:00:00Z');
const QUARTER_MS = 900_000;
const COUNT = 6;
const FROM_MS = NINE_MS - COUNT * QUARTER_MS;

const isHistorical = ({ path }: { path: string }) => path.endsWith('/historical');
const startOf = (i: number) => FROM_MS + i * QUARTER_MS;

describe('a round of reports', () => {
  let bridge: Bridge;
  beforeEach(async () => {
    bridge = await openBridge(NINE_MS, settings({ intervalS: 15 }));
    bridge.ncc.queues = new Set(['sales', 'care']);
    for (let i = 0; i < COUNT; i++) {
      const row = { 'queue-id': 'sales', enteredCount: i + 1, abandonedCount: 0, sumHandleTime: 60 };
      bridge.ncc.figures.set(startOf(i), [row]);
    }
    await bridge.run(15_000);
    await bridge.backfill(FROM_MS, NINE_MS);
  });

  /** Runs something while the WFM holds the report of a call, counted from 0. */
  function whileUnderWay(index: number, run: () => Promise<unknown>): void {
    let calls = 0;
    bridge.mpower.misbehave = async (call) => {
      if (!isHistorical(call)) return null;
      calls += 1;
      if (calls === index + 1) await run();
      return null;
    };
  }

  const contacts = () => bridge.mpower.historical.map(({ reportData }) => reportData.queueReport[0]?.contactsReceived);

  it('goes to the WFM one request at a time, each with the figures of its own interval', async () => {
    let underWay = 0;
    let most = 0;
    bridge.mpower.misbehave = async (call) => {
      if (!isHistorical(call)) return null;
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise((resolve) => setTimeout(resolve, 5));
      underWay -= 1;
      return null;
    };
    await bridge.run(60_000);
    expect(contacts()).toEqual([6, 5, 4, 3, 2, 1]);
    expect(most).toBe(1);
  });

  const acceptedCount = () =>
    env.DB.prepare(
      `SELECT count(*) AS n FROM report WHERE stream = 'historical' AND delivered_revision > 0`,
    ).first<number>('n');

  it('stores each acceptance before the next report leaves, so that a kill sends one again', async () => {
    const stored: (number | null)[] = [];
    bridge.mpower.misbehave = async (call) => {
      if (isHistorical(call)) stored.push(await acceptedCount());
      return null;
    };
    await bridge.run(60_000);
    expect(stored).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('is stored as one where twenty wait', async () => {
    await bridge.backfill(NINE_MS - 24 * QUARTER_MS, NINE_MS);
    bridge.mpower.misbehave = (call) => (isHistorical(call) ? new Response(null, { status: 503 }) : null);
    await bridge.run(60_000);
    const stored: (number | null)[] = [];
    bridge.mpower.misbehave = async (call) => {
      if (isHistorical(call)) stored.push(await acceptedCount());
      return null;
    };
    await bridge.run(120_000);
    expect(stored).toEqual([...Array.from({ length: 20 }, () => 0), 20, 21, 22, 23]);
  });

  it('uses a mapping that changes while a report is under way from the next report on', async () => {
    whileUnderWay(1, async () => {
      await env.DB.batch([
        env.DB.prepare("UPDATE queue SET queue_value = 'renamed' WHERE source_id = 'sales'"),
        env.DB.prepare('UPDATE connection SET config_version = config_version + 1'),
      ]);
      // Whatever is given makes the loop take over what has changed; that this source takes no records is no matter.
      await bridge.push('state-changes', []).catch(() => undefined);
    });
    await bridge.run(60_000);
    const names = bridge.mpower.historical.map(({ reportData }) =>
      reportData.queueReport.some(({ queueValue }) => queueValue === 'renamed'),
    );
    expect(names).toEqual([false, false, true, true, true, true]);
  });

  it('leaves a report waiting of which a further revision came up while it was sent, and notes the others', async () => {
    whileUnderWay(0, () =>
      env.DB.prepare('UPDATE report SET revision = revision + 1 WHERE start_ms = ?1')
        .bind(startOf(COUNT - 1))
        .run(),
    );
    await bridge.run(60_000);
    expect(contacts()).toEqual([6, 5, 4, 3, 2, 1, 6]);
    const account = await env.DB.prepare(
      `SELECT read_count AS read, delivered_count AS delivered,
              (SELECT count(*) FROM report WHERE delivered_revision < revision) AS waiting FROM stream WHERE name = 'historical'`,
    ).first();
    expect(account).toEqual({ read: 12, delivered: 12, waiting: 0 });
  });

  it('keeps bodies byte for byte, few or many bytes, and the fact that one was too large', async () => {
    const bytesOf = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 167 + length) % 256);
    const sizes = [0, 1, 256, 250_000, 250_000, 450_000, 3];
    const bodies = sizes.map((size, part) => {
      const common = { startMs: NINE_MS, revision: 9, part, sentAtMs: 5, answer: '200', sha256: `${part}` };
      return { ...common, bodyGzip: bytesOf(size).buffer };
    });
    const tooLarge = { startMs: NINE_MS, revision: 9, part: sizes.length, sentAtMs: 5, answer: '200', sha256: 'x' };
    const all = [...bodies, { ...tooLarge, bodyGzip: null }];
    await env.DB.batch(keepBodies(env.DB, 1, 'historical', all, toHex));
    const { results } = await env.DB.prepare(
      'SELECT body_gzip AS body FROM report_body WHERE revision = 9 ORDER BY part',
    ).all<{ body: number[] | null }>();
    expect(results.map(({ body }) => body?.length ?? null)).toEqual([...sizes, null]);
    for (const [i, { body }] of results.entries()) {
      const size = sizes[i];
      const isSame = body === null || bytesOf(size ?? 0).every((byte, at) => byte === body[at]);
      expect(isSame).toBe(true);
    }
  });
});
