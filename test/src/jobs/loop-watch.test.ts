import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { nextOnGridMs } from '../../../src/jobs/poll-grid.ts';
import { beat, readBeat } from '../../../src/store/heartbeats.ts';
import { type Bridge, openBridge, settings } from '../../support/bridge.ts';

const NINE_MS = Date.parse('2026-03-02T09:00:00Z');
const MINUTE_MS = 60_000;

const pollsAtMs = (bridge: Bridge) =>
  bridge.ncc.calls.filter(({ path }) => path === '/realTime').map(({ atMs }) => atMs - NINE_MS);

describe('the distance between two polls', () => {
  it('is kept by a loop that was killed and has forgotten its last poll', async () => {
    const bridge = await openBridge(NINE_MS + 4_000);
    bridge.ncc.agents.set('a', { status: 'Available' });
    await bridge.run(1_000);
    bridge.crash();
    // A new point of the grid, one second after the last poll.
    expect(bridge.clock.nowMs).toBe(NINE_MS + 5_000);
    await bridge.run(1_000);
    expect(pollsAtMs(bridge)).toEqual([4_000, 7_000]);
  });

  it.each([
    [0, 3_005, 'on time: the next point of the grid'],
    [3, 3_005, 'late by a breath: the same'],
    [700, 3_700, 'late: 3 s on, not 2.3 s'],
    [2_900, 6_010, 'early by a breath: not twice for one point'],
  ])('is kept by the tick after one that came %i ms after its point: at %i ms (%s)', (lateMs, expectedMs) => {
    const pointMs = 3_005 * 600_000;
    expect(nextOnGridMs(pointMs + lateMs, 3_005) - pointMs).toBe(expectedMs);
  });
});

describe('the mutual watch of loop and minute job', () => {
  let bridge: Bridge;
  const diary = async () =>
    (await env.DB.prepare("SELECT kind FROM event WHERE kind LIKE 'minute job%' ORDER BY id").all()).results.map(
      ({ kind }) => kind,
    );
  beforeEach(async () => {
    bridge = await openBridge(NINE_MS, settings({ intervalS: 60 }));
    bridge.ncc.agents.set('a', { status: 'Available' });
  });

  it('says once in the diary that the minute job is silent, and once that it runs again', async () => {
    await bridge.run(6 * MINUTE_MS);
    expect(await diary()).toEqual(['minute job silent']);
    await beat(env.DB, 'cron', bridge.clock.nowMs);
    await bridge.run(2 * MINUTE_MS);
    expect(await diary()).toEqual(['minute job silent', 'minute job runs again']);
  });

  it('leaves a heartbeat of the loop where polls are far apart', async () => {
    await bridge.run(3 * MINUTE_MS);
    expect(await readBeat(env.DB, 'loop 1')).toBeGreaterThanOrEqual(bridge.clock.nowMs - MINUTE_MS);
  });
});
