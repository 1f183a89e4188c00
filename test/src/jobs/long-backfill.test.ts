import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type Bridge, figuresRow, openBridge, settings } from '../../support/bridge.ts';

const NINE_MS = Date.parse('2026-03-02T09:00:00Z');
const QUARTER_MS = 900_000;
const WINDOWS_PER_REQUEST = 24;
const STEPS_PER_TURN = 50;
/** More than one turn of the lane that sends: fifty rounds of twenty. */
const REPORTS = 44 * WINDOWS_PER_REQUEST;
/** More than one turn of the lane that reads. */
const REQUESTS = STEPS_PER_TURN + 10;
const POLL_MS = 15_000;
/** Nothing comes any more when nothing has come for so long. */
const QUIET_MS = 300;

const isHistorical = ({ path }: { path: string }) => path.endsWith('/historical');
const refuse = (call: { path: string }) => (isHistorical(call) ? new Response(null, { status: 503 }) : null);

describe('a backfill of more than one turn', () => {
  let bridge: Bridge;
  beforeEach(async () => {
    bridge = await openBridge(NINE_MS, settings({ intervalS: POLL_MS / 1_000 }));
    bridge.ncc.queues = new Set(['sales']);
    for (let back = 1; back <= REQUESTS * WINDOWS_PER_REQUEST; back++) {
      bridge.ncc.figures.set(NINE_MS - back * QUARTER_MS, [figuresRow('sales', back)]);
    }
    await bridge.run(POLL_MS);
  });

  const backfill = (windows: number) => bridge.backfill(NINE_MS - windows * QUARTER_MS, NINE_MS);

  const requestCount = () => bridge.ncc.calls.filter(isHistorical).length;
  const startsSent = () => bridge.mpower.historical.map(({ startDate }) => Date.parse(startDate));

  /** A WFM that has refused a report for want of a moment to take it. */
  async function withWfmDown(): Promise<void> {
    bridge.mpower.misbehave = refuse;
    await backfill(1);
    await bridge.run(POLL_MS);
  }

  it('goes on without a wait for the next poll, newest first, each report once', async () => {
    await backfill(REPORTS);
    await bridge.run(POLL_MS);
    const starts = startsSent();
    expect(starts).toHaveLength(REPORTS);
    expect(starts).toEqual([...starts].sort((a, b) => b - a));
    expect(new Set(starts).size).toBe(REPORTS);
    expect(requestCount()).toBe(REPORTS / WINDOWS_PER_REQUEST);
  });

  it('reads on while fewer than a hundred reports wait, and further as they are accepted', async () => {
    let whileHeld = 0;
    bridge.mpower.misbehave = async (call) => {
      if (!isHistorical(call) || whileHeld > 0) return null;
      for (let seen = -1; seen !== requestCount(); ) {
        seen = requestCount();
        await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
      }
      whileHeld = requestCount();
      return null;
    };
    await backfill(REPORTS);
    await bridge.run(4 * POLL_MS);
    await vi.waitFor(() => expect(startsSent()).toHaveLength(REPORTS), 20_000);
    expect(whileHeld).toBe(Math.ceil(100 / WINDOWS_PER_REQUEST));
  });

  it('reads on while the WFM takes nothing: what the ACD has is not kept waiting', async () => {
    await withWfmDown();
    const before = requestCount();
    await backfill(REPORTS);
    await bridge.run(POLL_MS);
    expect(requestCount() - before).toBe(REPORTS / WINDOWS_PER_REQUEST);
    expect(startsSent()).toEqual([]);
  });

  it('lets whoever gives records take the place of its reading after one turn, and goes on with the next poll', async () => {
    await withWfmDown();
    const before = requestCount();
    await backfill(REQUESTS * WINDOWS_PER_REQUEST);
    let pushed: Promise<number> | null = null;
    bridge.ncc.misbehave = (call) => {
      // That NCC takes no records is no matter: it is said in the lane's place.
      if (isHistorical(call)) pushed ??= bridge.push('queue-intervals', []).then(requestCount, requestCount);
      return null;
    };
    await bridge.run(POLL_MS);
    expect(((await pushed) ?? 0) - before).toBe(STEPS_PER_TURN);
    await bridge.run(POLL_MS);
    expect(requestCount() - before).toBe(REQUESTS);
  });
});
