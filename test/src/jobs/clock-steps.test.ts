import { beforeEach, describe, expect, it } from 'vitest';
import { type Bridge, openBridge, settings } from '../../support/bridge.ts';

const NINE_MS = Date.parse('2026-03-02T09:00:00Z');
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

describe('after a clock that was an hour ahead was set right', () => {
  let bridge: Bridge;
  const figures = (offered: number) => [
    { 'queue-id': 'q', enteredCount: offered, abandonedCount: 0, sumHandleTime: 60 * offered },
  ];
  /** What the WFM was last told of the queue in the interval that begins so many minutes after nine; null: nothing. */
  const toldOf = (minutes: number) => {
    const startDate = new Date(NINE_MS + minutes * MINUTE_MS).toISOString().slice(0, 19);
    const report = bridge.mpower.historical.findLast((one) => one.startDate.startsWith(startDate));
    return report?.reportData.queueReport[0]?.contactsReceived ?? null;
  };
  /** Runs as at `at` minutes after nine to `to`, with a clock that is wrong by `offMs`. */
  const runTo = async (to: number, offMs = 0) => {
    const endMs = NINE_MS + to * MINUTE_MS + offMs;
    await bridge.run(endMs - bridge.clock.nowMs);
  };
  const step = (byMs: number) => {
    bridge.clock.nowMs += byMs;
  };

  beforeEach(async () => {
    bridge = await openBridge(NINE_MS, settings({ intervalS: 30 }));
    bridge.ncc.users.set('a1', { username: 'a1@x.test' });
    bridge.ncc.queues.add('q');
    bridge.ncc.agents.set('a1', { status: 'Available' });
    await runTo(20);
  });

  it.each([
    { how: 'a running bridge', crash: false },
    { how: 'a bridge that was started again', crash: true },
  ])('figures come as soon as their intervals have ended and settled, from $how', async ({ crash }) => {
    step(HOUR_MS);
    await runTo(24, HOUR_MS);
    step(-HOUR_MS);
    if (crash) bridge.crash();
    // For the clock that was ahead the interval of 9:15 had long ended: what it read then was the beginning of it.
    bridge.ncc.figures.set(NINE_MS + 15 * MINUTE_MS, figures(7));
    await runTo(31);
    bridge.ncc.figures.set(NINE_MS + 30 * MINUTE_MS, figures(8));
    await runTo(36);
    expect(toldOf(15)).toBe(7);
    await runTo(50);
    expect(toldOf(30)).toBe(8);
    expect(bridge.logged).toEqual([]);
  });

  it.each([
    { how: 'a running bridge', crash: false },
    { how: 'a bridge that was started again', crash: true },
  ])(
    'what failed while it was ahead is tried no later than if the clock had been right, by $how',
    async ({ crash }) => {
      step(HOUR_MS);
      // Both are failures that somebody has to mend: they are tried again every 5 minutes.
      bridge.mpower.misbehave = ({ path }) =>
        path.endsWith('agent-states') ? new Response(null, { status: 403 }) : null;
      bridge.ncc.agents.set('a1', { status: 'Busy' });
      await runTo(21, HOUR_MS);
      bridge.ncc.misbehave = ({ path }) => (path === '/realTime' ? new Response(null, { status: 404 }) : null);
      await runTo(22, HOUR_MS);
      bridge.ncc.agents.set('a1', { status: 'Available' });
      bridge.ncc.misbehave = () => null;
      bridge.mpower.misbehave = () => null;
      step(-HOUR_MS);
      if (crash) bridge.crash();
      await runTo(28);
      expect(bridge.mpower.events.map(({ eventCode }) => eventCode)).toEqual(['Available', 'Busy', 'Available']);
    },
  );
});
