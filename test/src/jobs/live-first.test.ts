import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type Bridge, openBridge, settings } from '../../support/bridge.ts';

const NINE_MS = Date.parse('2026-03-02T09:00:00Z');
const POLL_MS = 5_000;
const TO_LAST_POLL_MS = 15 * 60_000 - POLL_MS;
/** Time enough for a lane that has been set going to do its work. */
const LANE_MS = 60;

const isOfStates = ({ path }: { path: string }) => path.endsWith('/agent-states');
const closedWindows = () =>
  env.DB.prepare("SELECT count(*) AS n FROM report WHERE stream = 'agent-activity'").first<number>('n');

describe('a poll that brings a change when a window is to be closed', () => {
  let bridge: Bridge;
  beforeEach(async () => {
    const collection = { settleDelayS: 0, reportMinutes: 15 };
    bridge = await openBridge(NINE_MS, settings({ intervalS: POLL_MS / 1_000, collection }));
    bridge.ncc.users.set('a1', { username: 'a1@x.test' });
    bridge.ncc.agents.set('a1', { status: 'Available' });
    await bridge.run(POLL_MS);
    bridge.ncc.agents.set('a1', { status: 'Break' });
    await bridge.run(TO_LAST_POLL_MS);
    bridge.ncc.agents.set('a1', { status: 'Available' });
  });

  it('has the change sent before the window is closed', async () => {
    let closedWhenSent: number | null = null;
    bridge.mpower.misbehave = async (call) => {
      if (!isOfStates(call)) return null;
      await new Promise((resolve) => setTimeout(resolve, LANE_MS));
      closedWhenSent ??= await closedWindows();
      return null;
    };
    await bridge.run(POLL_MS);
    expect(closedWhenSent).toBe(0);
    expect(await closedWindows()).toBe(1);
  });

  it('has the window closed and told all the same while the WFM does not answer to the change', async () => {
    let toldMeanwhile: string[] = [];
    bridge.mpower.misbehave = async (call) => {
      if (!isOfStates(call)) return null;
      await vi.waitUntil(() => bridge.mpower.activity.length > 0, { timeout: 10_000 }).catch(() => undefined);
      toldMeanwhile = bridge.mpower.activity.map(({ startDate }) => startDate);
      return null;
    };
    await bridge.run(POLL_MS);
    expect(toldMeanwhile).toEqual(['2026-03-02T09:00:00.000Z']);
  });
});

it('polls on the grid while a lane is busy for long and NCC is slow to answer', async () => {
  const bridge = await openBridge(NINE_MS, settings({ intervalS: POLL_MS / 1_000 }));
  bridge.ncc.agents.set('a1', { status: 'Available' });
  bridge.ncc.users.set('a1', { username: 'a1@x.test' });
  bridge.mpower.misbehave = (call) => (isOfStates(call) ? new Promise<Response>(() => undefined) : null);
  bridge.ncc.misbehave = ({ path }) => {
    if (path.endsWith('/realTime')) bridge.clock.nowMs += 1_000;
    return null;
  };
  await bridge.run(4 * POLL_MS);
  const polledMs = bridge.ncc.calls.filter(({ path }) => path.endsWith('/realTime')).map(({ atMs }) => atMs - NINE_MS);
  expect(polledMs).toEqual([0, POLL_MS, 2 * POLL_MS, 3 * POLL_MS]);
});
