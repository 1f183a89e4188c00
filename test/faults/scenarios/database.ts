// The data directory: used by two, damaged, made by a newer version, put back from a copy.
import assert from 'node:assert/strict';
import { closeSync, cpSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { runBridge } from '../../host/support/seeded.ts';
import { EndedEarly } from '../../host/support/stage.ts';
import type { Scenario } from '../scenario.ts';
import { databaseFiles } from '../support/files.ts';
import { type Rig, withRig } from '../support/rig.ts';

const LOGIN_IDS = /wait(?:s)? for an ACD Login ID/;

/** What a host says that refuses to start on the rig's data. */
async function refusal(rig: Rig): Promise<string> {
  const outcome = await rig.stage
    .startHost({ dataDirectory: rig.dataDirectory, distDirectory: rig.distDirectory, environment: {} })
    .then(
      () => 'It started.',
      (error: unknown) => error,
    );
  if (outcome instanceof EndedEarly) return outcome.message;
  throw new Error(`The host was expected to refuse the start: ${String(outcome)}`);
}

async function twoHosts(): Promise<string> {
  await withRig({}, async (rig) => {
    assert.match(await refusal(rig), /is in use by another bridge/);
    await rig.nextPoll(Date.now());
    await rig.judge();
  });
  return 'the second refused to start, the first went on';
}

/** A backup as the operator makes it while the bridge works, and puts back after more has happened. */
async function backupPutBack(): Promise<string> {
  let told = '';
  await withRig({}, async (rig) => {
    const backups = path.join(rig.stage.directory(), 'backups');
    const command = async (args: readonly string[]) => {
      const { code, output } = await runBridge(rig.dataDirectory, args);
      assert.equal(code, 0, `bridge ${args[0]}: ${output}`);
    };
    const madeMs = Date.now();
    await command(['backup', '--to', backups]);
    await sleep(25_000);
    await rig.host.end();
    const [file = ''] = readdirSync(backups);
    await command(['restore', path.join(backups, file)]);
    const before = await rig.mpower();
    await rig.startHost();
    const startedMs = Date.now();
    await rig.nextPoll(startedMs);
    const pollMs = Date.now() - startedMs;
    await rig.healthy(60_000, LOGIN_IDS);
    // What came and went since the backup only the later database knew; Mpower has had it from there.
    await rig.judge({ between: [{ fromMs: madeMs - 4_000, toMs: startedMs + pollMs }] });
    const after = await rig.mpower();
    told = `${Math.round((startedMs - madeMs) / 1_000)} s older: polling ${pollMs} ms after the start, ${after.duplicates - before.duplicates} records sent again, nothing missing, nothing out of order`;
  });
  return told;
}

async function damagedAndNewer(): Promise<string> {
  await withRig({}, async (rig) => {
    await rig.host.end();
    const { bridge } = databaseFiles(rig.dataDirectory);
    const newer = path.join(rig.stage.directory(), 'newer');
    cpSync(rig.dataDirectory, newer, { recursive: true });

    const database = new DatabaseSync(bridge);
    database.exec(
      "INSERT INTO d1_migrations (name) VALUES ('9999_from_the_future.sql'); PRAGMA wal_checkpoint(TRUNCATE)",
    );
    database.close();
    const changed = readFileSync(bridge);
    assert.match(await refusal(rig), /made by a newer version/);
    assert.ok(readFileSync(bridge).equals(changed), 'The newer database is left as it is.');

    rmSync(rig.dataDirectory, { recursive: true });
    cpSync(newer, rig.dataDirectory, { recursive: true });
    const whole = new DatabaseSync(bridge);
    whole.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    whole.close();
    // A few pages in the middle, as a failing disk would leave them.
    const descriptor = openSync(bridge, 'r+');
    writeSync(
      descriptor,
      Buffer.alloc(16_384, 'damaged '),
      0,
      16_384,
      Math.floor(statSync(bridge).size / 8_192) * 4_096,
    );
    closeSync(descriptor);
    const damaged = readFileSync(bridge);
    assert.match(await refusal(rig), /The database cannot be read/);
    assert.ok(readFileSync(bridge).equals(damaged), 'The damaged database is left as it is.');

    rmSync(rig.dataDirectory, { recursive: true });
    cpSync(newer, rig.dataDirectory, { recursive: true });
    await rig.startHost();
    await rig.nextPoll(Date.now());
    await rig.judge();
  });
  return 'both refused, neither file changed; the copy from before started and went on';
}

export const databaseScenarios: readonly Scenario[] = [
  {
    key: 'two-hosts',
    name: 'refuses a second host on the same data, and the first goes on',
    isShort: true,
    limitMs: () => 120_000,
    run: twoHosts,
  },
  {
    key: 'restore',
    name: 'goes on from a backup that is restored, and sends again without harm',
    limitMs: () => 200_000,
    run: backupPutBack,
  },
  {
    key: 'damaged-or-newer',
    name: 'refuses a damaged database and one of a newer version, and changes neither',
    limitMs: () => 200_000,
    run: damagedAndNewer,
  },
];
