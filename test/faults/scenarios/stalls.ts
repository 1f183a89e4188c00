// Stalls, each on /healthz and the Overview within a minute of its beginning and mended within two, where that can be:
// the loop's alarm lost, the loop hanging, cron silent, delivery hanging, the engine hanging, a database that takes no writes.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../host/support/stage.ts';
import type { Scenario } from '../scenario.ts';
import { databaseFiles } from '../support/files.ts';
import { type Rig, withRig } from '../support/rig.ts';
import { shownAfterMs } from './source.ts';

const SHOWN_WITHIN_MS = 60_000;
const MENDED_WITHIN_MS = 120_000;
const LOGIN_IDS = /wait(?:s)? for an ACD Login ID/;

/**
 * An alarm that comes and sets no next one, in a process that lives: just after the minute job, which alone can mend it and
 * has to wait for its next minute.
 */
async function alarmLost(): Promise<string> {
  let told = '';
  const gate = await startGate();
  try {
    await withRig({ changeBuild: (dist) => withGate(dist, gate.url) }, async (rig) => {
      const lastMs = ranAtMs(rig);
      await eventually('the minute job has run', async () => ranAtMs(rig) > lastMs, MENDED_WITHIN_MS);
      await gate.loseNext();
      const lostMs = Date.now();
      const shownMs = await shownAfterMs(rig, /the loop does not run/, lostMs);
      await rig.nextPoll(lostMs + shownMs, lostMs + MENDED_WITHIN_MS - Date.now());
      const mendedMs = Date.now() - lostMs;
      await rig.healthy(60_000, LOGIN_IDS);
      await rig.judge({ between: [{ fromMs: lostMs - 4_000, toMs: lostMs + mendedMs }] });
      told = `shown after ${Math.round(shownMs / 1_000)} s, polled again ${Math.round(mendedMs / 1_000)} s after it was lost`;
    });
  } finally {
    gate.close();
  }
  return told;
}

/** When the minute job ran last, as Unix ms; 0: never. */
function ranAtMs(rig: Rig): number {
  const row = rig.readDatabase((database) =>
    database.prepare("SELECT at_ms AS atMs FROM heartbeat WHERE name = 'cron'").get(),
  );
  return Number(row?.atMs ?? 0);
}

function withoutCrons(distDirectory: string): void {
  const file = path.join(distDirectory, 'worker-config.json');
  const config = JSON.parse(readFileSync(file, 'utf8')) as { crons: string[] };
  writeFileSync(file, JSON.stringify({ ...config, crons: [] }));
}

/** A minute job that ran and then does not any more: the stall begins with the first minute that it misses. */
async function cronSilent(): Promise<string> {
  let told = '';
  await withRig({}, async (rig) => {
    let lastMs = 0;
    await eventually(
      'the minute job has run',
      async () => {
        lastMs = ranAtMs(rig);
        return lastMs > 0;
      },
      MENDED_WITHIN_MS,
    );
    await rig.host.end();
    withoutCrons(rig.distDirectory);
    await rig.startHost();
    const missedMs = lastMs + 60_000;
    let findings = '';
    await eventually(
      'the silence of cron is said',
      async () => {
        findings = await rig.findings();
        return findings.includes('The minute job has not run');
      },
      missedMs + SHOWN_WITHIN_MS - Date.now(),
    );
    const shownMs = Date.now() - missedMs;
    assert.match((await rig.healthz()).text, /"degraded":1/);
    assert.match(await rig.overview(), /The minute job has not run/);
    await eventually(
      'it stands in the diary',
      async () => (await rig.diary()).some(({ kind }) => kind === 'minute job silent'),
      MENDED_WITHIN_MS,
    );
    await rig.nextPoll(Date.now());
    await rig.judge();
    told = `shown ${Math.round(shownMs / 1_000)} s after the first minute that it missed, the polls went on`;
  });
  return told;
}

type NextTick = 'hangs' | 'is lost';

interface Gate {
  readonly url: string;
  /** Resolves when a tick hangs, as it will for ever. */
  holdNext(): Promise<void>;
  /** Resolves when a tick is told to end at once, without planning another. */
  loseNext(): Promise<void>;
  close(): void;
}

/** A server that the loop of a changed build asks before each tick. */
async function startGate(): Promise<Gate> {
  let next: { readonly what: NextTick; readonly onDone: () => void } | undefined;
  const server = createServer((_request, response) => {
    const { what, onDone } = next ?? {};
    next = undefined;
    if (what !== 'hangs') response.end(what === 'is lost' ? 'lost' : '');
    onDone?.();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The system named no port.');
  const ask = (what: NextTick) =>
    new Promise<void>((onDone) => {
      next = { what, onDone };
    });
  return {
    url: `http://127.0.0.1:${address.port}/`,
    holdNext: () => ask('hangs'),
    loseNext: () => ask('is lost'),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function withGate(distDirectory: string, url: string): void {
  const file = path.join(distDirectory, 'index.js');
  const built = readFileSync(file, 'utf8');
  const [before, after, ...others] = built.split('async alarm(){');
  assert.ok(after !== undefined && others.length === 0, 'The build has one alarm handler.');
  const gate = `if(await(await fetch(${JSON.stringify(url)})).text()==="lost")return;`;
  writeFileSync(file, `${before}async alarm(){${gate}${after}`);
}

async function loopHangs(): Promise<string> {
  let told = '';
  const gate = await startGate();
  try {
    await withRig({ changeBuild: (dist) => withGate(dist, gate.url) }, async (rig) => {
      await gate.holdNext();
      const hungMs = Date.now();
      const shownMs = await shownAfterMs(rig, /the loop does not run/, hungMs);
      await rig.nextPoll(hungMs + 1_000, hungMs + MENDED_WITHIN_MS - Date.now());
      const mendedMs = Date.now() - hungMs;
      await rig.healthy(60_000, LOGIN_IDS);
      await rig.judge({ between: [{ fromMs: hungMs - 4_000, toMs: hungMs + mendedMs }] });
      told = `shown after ${Math.round(shownMs / 1_000)} s, engine replaced and polling after ${Math.round(mendedMs / 1_000)} s`;
    });
  } finally {
    gate.close();
  }
  return told;
}

async function deliveryHangs(): Promise<string> {
  let told = '';
  await withRig({ ncc: ['--agents', '300', '--change-share', '0.05'] }, async (rig) => {
    const beganMs = Date.now();
    await rig.proxies.mpower.set({ kind: 'hang' });
    const shownMs = await shownAfterMs(rig, /has not taken agent states/, beganMs);
    await rig.proxies.mpower.set({ kind: 'pass' });
    const endedMs = Date.now();
    await eventually(
      'something is accepted again',
      async () => (await rig.bodies(endedMs)).length > 0,
      MENDED_WITHIN_MS,
    );
    told = `shown after ${Math.round(shownMs / 1_000)} s, accepted again ${Math.round((Date.now() - endedMs) / 1_000)} s after its end`;
    await rig.judge({ limitMs: 120_000 });
  });
  return told;
}

async function engineHangs(): Promise<string> {
  let told = '';
  await withRig({}, async (rig) => {
    const hungMs = Date.now();
    const engine = rig.engine();
    process.kill(engine.pid, 'SIGSTOP');
    await eventually('/healthz says so', async () => (await rig.healthz(5_000)).status >= 500, SHOWN_WITHIN_MS);
    const shownMs = Date.now() - hungMs;
    const page = await fetch(rig.host.url, { signal: AbortSignal.timeout(15_000) });
    assert.ok(page.status >= 500, 'Where the Overview is, it is said, too.');
    assert.match(await page.text(), /engine of the bridge does not answer/);
    await rig.nextPoll(hungMs + 15_000, MENDED_WITHIN_MS);
    const mendedMs = Date.now() - hungMs;
    await rig.healthy(60_000, /./);
    await rig.judge({ between: [{ fromMs: hungMs - 4_000, toMs: hungMs + mendedMs }] });
    told = `/healthz says so after ${Math.round(shownMs / 1_000)} s, replaced and polling after ${Math.round(mendedMs / 1_000)} s`;
  });
  return told;
}

async function databaseLocked(): Promise<string> {
  let told = '';
  await withRig({}, async (rig) => {
    const cookie = await rig.signIn();
    const lockedMs = Date.now();
    const database = new DatabaseSync(databaseFiles(rig.dataDirectory).bridge);
    database.exec('PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE');
    let shownMs: number;
    try {
      await eventually(
        'it is said that nothing is stored',
        async () => {
          const { status, text } = await rig.healthz(5_000);
          return status >= 500 || text.includes('stalled');
        },
        SHOWN_WITHIN_MS,
      );
      const page = await rig.overviewAs(cookie);
      assert.match(page, /stalled|cannot use its database|could not store/i, 'The Overview says it, too.');
      shownMs = Date.now() - lockedMs;
    } finally {
      database.exec('ROLLBACK');
      database.close();
    }
    const freeMs = Date.now();
    await eventually(
      'states are stored again',
      async () => Date.parse((await rig.status().catch(() => undefined))?.lastPollAt ?? '') > freeMs,
      MENDED_WITHIN_MS,
    );
    const mendedMs = Date.now() - freeMs;
    await rig.healthy(60_000, LOGIN_IDS);
    await sleep(3_000);
    await rig.judge({ between: [{ fromMs: lockedMs - 4_000, toMs: freeMs + mendedMs + 1_000 }] });
    told = `/healthz says so after ${Math.round(shownMs / 1_000)} s, stored again ${Math.round(mendedMs / 1_000)} s after its end`;
  });
  return told;
}

export const stallScenarios: readonly Scenario[] = [
  {
    key: 'alarm-lost',
    name: 'shows within a minute that no alarm comes any more in a process that lives, and revives the loop',
    limitMs: () => 400_000,
    run: alarmLost,
  },
  {
    key: 'loop-hangs',
    name: 'shows within a minute that the loop hangs though the engine answers, and replaces the engine',
    limitMs: () => 400_000,
    run: loopHangs,
  },
  {
    key: 'cron-silent',
    name: 'says that cron is silent, and goes on without it',
    limitMs: () => 450_000,
    run: cronSilent,
  },
  {
    key: 'delivery-hangs',
    name: 'shows within a minute that delivery hangs, and delivers by itself when it can',
    limitMs: () => 400_000,
    run: deliveryHangs,
  },
  {
    key: 'engine-hangs',
    name: 'shows within a minute that the engine hangs, and replaces it',
    limitMs: () => 400_000,
    run: engineHangs,
  },
  {
    key: 'database-locked',
    name: 'shows that the database takes no writes, and stores by itself when it does',
    limitMs: () => 400_000,
    run: databaseLocked,
  },
];
