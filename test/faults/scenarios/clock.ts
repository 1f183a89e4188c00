// The machine's clock set forward and back, and the machine paused: the polls go on without a burst, and nothing is lost.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scenario } from '../scenario.ts';
import { buildClockShim } from '../support/clock-shim.ts';
import { judgeFigures, judgeInOrder } from '../support/in-order.ts';
import { keptDistanceMs, type Span, withRig } from '../support/rig.ts';

const HOUR_MS = 3_600_000;
/** Cron looks each minute and revives a loop whose alarm lies in another time. */
const REVIVED_WITHIN_MS = 90_000;
const LOGIN_IDS = /wait(?:s)? for an ACD Login ID/;
/** Intervals that had ended for the clock that was ahead can be read when they have ended: within the hour. */
const AFTER_STEPS = /wait(?:s)? for an ACD Login ID|No queue figures could be read|intervals? (?:is|are) missing/;

async function clockSteps(): Promise<string> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'bridge-clock-'));
  const measured: string[] = [];
  try {
    const clock = buildClockShim(directory);
    const ncc = ['--agents', '300', '--change-share', '0.02'];
    await withRig({ environment: clock.environment, ncc }, async (rig) => {
      const startedMs = Date.now();
      const steps: Span[] = [];
      for (const [name, offsetMs] of [
        ['an hour ahead', HOUR_MS],
        ['right again', 0],
        ['an hour behind', -HOUR_MS],
        ['right at last', 0],
      ] as const) {
        const steppedMs = Date.now();
        clock.set(offsetMs);
        // The alarm that was set by the old clock may come once more.
        await rig.nextPoll(steppedMs, REVIVED_WITHIN_MS);
        const second = await rig.nextPoll(Date.now(), REVIVED_WITHIN_MS);
        // An answer that was on its way when the clock was set may be taken for one that came too late.
        steps.push({ fromMs: steppedMs - 4_000, toMs: steppedMs + 1_000 });
        measured.push(`${name}: polled on after ${Math.round((second - steppedMs) / 1_000)} s`);
        await sleep(8_000);
      }
      await keptDistanceMs(rig, startedMs);
      await rig.healthy(90_000, AFTER_STEPS);
      const { streams } = await rig.status();
      for (const { name, account } of streams) {
        assert.equal(
          account.read,
          account.delivered + account.setAside + account.waiting,
          `The account of ${name} adds up.`,
        );
      }
      assert.equal((await rig.mpower()).outOfOrder, 0, 'No event is older than what its agent had reached.');
      // The clock that stepped has dated what it saw: order and figures can be judged, times cannot.
      const changes = await judgeInOrder(rig, steps);
      await judgeFigures(rig);
      measured.push(`${changes} changes served and accepted in order`);
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return measured.join('; ');
}

async function paused(): Promise<string> {
  let told = '';
  await withRig({}, async (rig) => {
    const startedMs = Date.now();
    const tree = rig.host.tree();
    for (const { pid } of tree) process.kill(pid, 'SIGSTOP');
    await sleep(30_000);
    for (const { pid } of tree) process.kill(pid, 'SIGCONT');
    const resumedMs = Date.now();
    const poll = await rig.nextPoll(resumedMs);
    await sleep(8_000);
    const distanceMs = await keptDistanceMs(rig, startedMs);
    await rig.healthy(60_000, LOGIN_IDS);
    await rig.judge();
    told = `paused for 30 s: polled ${Math.round(poll - resumedMs)} ms after it, polls at least ${distanceMs} ms apart`;
  });
  return told;
}

export const clockScenarios: readonly Scenario[] = [
  {
    key: 'clock-steps',
    name: 'polls on when the clock is set by an hour, ahead or back, without a burst',
    limitMs: () => 600_000,
    run: clockSteps,
  },
  {
    key: 'pause',
    name: 'polls on after the machine was paused, without a burst, and loses nothing',
    limitMs: () => 200_000,
    run: paused,
  },
];
