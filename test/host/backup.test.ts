// Backup and restore as an operator does them, on the built product: what counts is the restore.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBackup } from '../../appliance/backup.ts';
import { readWorkerConfig } from '../../appliance/worker-config.ts';
import type { StandIns } from './support/seeded.ts';
import {
  acceptedCount,
  deliversMoreThan,
  digestsOf,
  runBridge,
  seedDataDirectory,
  startBridge,
  startStandIns,
  withDatabase,
} from './support/seeded.ts';
import { Stage } from './support/stage.ts';

const PASSPHRASE = 'a passphrase for tests';
const WITH_PASSPHRASE = { BACKUP_PASSPHRASE: PASSPHRASE };
const DIST = path.resolve(import.meta.dirname, '../../dist');

let stage: Stage;
let standIns: StandIns;
let seed: string;
/** Made from `seed`, encrypted and not. */
let sealedBackup: string;
let plainBackup: string;

beforeAll(async () => {
  stage = new Stage();
  standIns = await startStandIns(stage);
  seed = await seedDataDirectory(stage, standIns);
  sealedBackup = await backUp(seed, WITH_PASSPHRASE);
  plainBackup = await backUp(seed);
});
afterAll(() => stage.close());

async function backUp(dataDirectory: string, environment: Record<string, string> = {}): Promise<string> {
  const directory = stage.directory();
  const { code, output } = await runBridge(dataDirectory, ['backup', '--to', directory], environment);
  expect([code, output]).toEqual([0, expect.stringContaining('Saved ')]);
  const [name = ''] = readdirSync(directory);
  return path.join(directory, name);
}

function copyOfSeed(): string {
  const directory = stage.directory();
  cpSync(seed, directory, { recursive: true });
  return directory;
}

const secretsOf = (directory: string) => JSON.parse(readFileSync(path.join(directory, 'secrets.json'), 'utf8'));

describe('restoring', () => {
  it('brings every row and the keys back into an empty directory, and the bridge goes on delivering from there', async () => {
    const target = stage.directory();
    const { code, output } = await runBridge(target, ['restore', sealedBackup], WITH_PASSPHRASE);
    expect([code, output]).toEqual([0, expect.stringContaining('Start the bridge now.')]);
    expect(digestsOf(target)).toEqual(digestsOf(seed));
    expect(secretsOf(target).ENCRYPTION_KEY).toBe(secretsOf(seed).ENCRYPTION_KEY);
    expect(statSync(path.join(target, 'secrets.json')).mode & 0o777).toBe(0o600);

    const before = await acceptedCount(standIns);
    const bridge = await startBridge(stage, target, standIns);
    await deliversMoreThan(standIns, before);
    await bridge.end();
  });

  it('restores what was saved while the bridge was writing', async () => {
    const busy = copyOfSeed();
    const bridge = await startBridge(stage, busy, standIns);
    await deliversMoreThan(standIns, await acceptedCount(standIns));
    const file = await backUp(busy, WITH_PASSPHRASE);
    await deliversMoreThan(standIns, await acceptedCount(standIns));
    await bridge.end();
    const target = stage.directory();
    expect(await runBridge(target, ['restore', file], WITH_PASSPHRASE)).toMatchObject({ code: 0 });
    expect(await runBridge(target, ['verify'])).toMatchObject({ code: 0 });
    // Later than the seed, earlier than the end: a moment in between, whole.
    const changes = (directory: string) => digestsOf(directory).state_change?.rows ?? 0;
    expect(changes(target)).toBeGreaterThan(changes(seed));
    expect(changes(target)).toBeLessThan(changes(busy));
  });

  it('keeps what it replaces, and replaces nothing while a bridge runs there', async () => {
    const target = copyOfSeed();
    withDatabase(target, (database) => database.exec('DELETE FROM event'));
    const bridge = await startBridge(stage, target, standIns);
    const refused = await runBridge(target, ['restore', sealedBackup], WITH_PASSPHRASE);
    expect(refused).toMatchObject({ code: 1, output: expect.stringContaining('is in use by another bridge') });
    await bridge.end();
    expect(await runBridge(target, ['restore', sealedBackup], WITH_PASSPHRASE)).toMatchObject({ code: 0 });
    expect(digestsOf(target)).toEqual(digestsOf(seed));
    const aside = readdirSync(target).filter((name) => name.startsWith('replaced-'));
    expect(aside).toHaveLength(1);
    expect(digestsOf(path.join(target, aside[0] ?? '')).event?.sha256).not.toBe(digestsOf(seed).event?.sha256);
  });

  it('takes a backup without keys only where the key is, or when the credentials may be lost', async () => {
    const empty = stage.directory();
    const refused = await runBridge(empty, ['restore', plainBackup]);
    expect(refused).toMatchObject({ code: 1, output: expect.stringContaining('there is no key for them') });
    const { ENCRYPTION_KEY } = secretsOf(seed);
    expect(await runBridge(empty, ['restore', plainBackup], { ENCRYPTION_KEY })).toMatchObject({ code: 0 });

    const without = stage.directory();
    const accepted = await runBridge(without, ['restore', plainBackup, '--without-credentials']);
    expect(accepted).toMatchObject({ code: 0 });
    expect(secretsOf(without).ENCRYPTION_KEY).not.toBe(ENCRYPTION_KEY);
    await (await startBridge(stage, without, standIns)).end(); // it starts, and asks for them
  });

  it.each([
    ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length - 100)],
    [
      'changed in one bit',
      (bytes: Buffer) =>
        Buffer.from(bytes).fill(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1, (bytes.length >> 1) + 1),
    ],
    ['nothing of the kind', () => Buffer.from('not a backup at all')],
  ])('refuses a file that is %s, and leaves everything as it is', async (_how, change) => {
    for (const original of [sealedBackup, plainBackup]) {
      const target = copyOfSeed();
      const damaged = path.join(stage.directory(), path.basename(original));
      writeFileSync(damaged, change(readFileSync(original)));
      const before = digestsOf(target);
      expect(await runBridge(target, ['restore', damaged], WITH_PASSPHRASE)).toMatchObject({ code: 1 });
      expect(await runBridge(target, ['verify', damaged], WITH_PASSPHRASE)).toMatchObject({ code: 1 });
      expect(digestsOf(target)).toEqual(before);
      expect(readdirSync(target).filter((name) => /replaced|unpacked|incoming|hold/.test(name))).toEqual([]);
    }
  });

  it('refuses the wrong passphrase', async () => {
    const { code, output } = await runBridge(stage.directory(), ['restore', sealedBackup], {
      BACKUP_PASSPHRASE: 'another passphrase',
    });
    expect([code, output]).toEqual([1, expect.stringContaining('the passphrase is wrong')]);
  });

  it('refuses a backup of a newer version', async () => {
    const newer = copyOfSeed();
    withDatabase(newer, (database) => database.exec("INSERT INTO d1_migrations (name) VALUES ('9999_later.sql')"));
    const { output } = await runBridge(newer, ['backup', '--to', stage.directory()]);
    expect(output).toContain('it has 9999_later.sql, which this version does not know');
  });

  it('does not let the bridge start on data that a killed restore left half in place', async () => {
    const target = copyOfSeed();
    writeFileSync(
      path.join(target, 'hold.json'),
      JSON.stringify({ reason: 'replacing', sinceMs: 0, what: '/backups/one.tar.gz' }),
    );
    await expect(stage.startHost({ dataDirectory: target })).rejects.toThrow('was cut off before its end');
    expect(await runBridge(target, ['restore', sealedBackup], WITH_PASSPHRASE)).toMatchObject({ code: 0 });
    await (await startBridge(stage, target, standIns)).end();
  });
});

describe('a backup', () => {
  it('without a passphrase carries no key, no password and no credential', () => {
    const content = gunzipSync(readFileSync(plainBackup)).toString('latin1');
    for (const secret of [...Object.values(secretsOf(seed)).map(String), 'demo-password', 'demo-access-key-secret']) {
      expect(content).not.toContain(secret);
    }
  });

  it('is verified with its own key, or says that the key does not fit', async () => {
    const elsewhere = stage.directory();
    expect(await runBridge(elsewhere, ['verify', sealedBackup], WITH_PASSPHRASE)).toMatchObject({
      code: 0,
      output: expect.stringContaining('All credentials open with the key it carries.'),
    });
    expect(await runBridge(elsewhere, ['verify', plainBackup])).toMatchObject({ code: 1 });
    expect(await runBridge(seed, ['verify', plainBackup])).toMatchObject({ code: 0 });
  });

  it('on the schedule replaces the oldest of its kind and leaves those made by hand', async () => {
    const directory = stage.directory();
    const older = [
      'scheduled-20200101T000000Z.tar.gz',
      'scheduled-20200102T000000Z.tar.gz',
      'bridge-20200101T000000Z.tar.gz',
    ];
    for (const name of [...older, '.unfinished-20200101T000000Z.sqlite']) writeFileSync(path.join(directory, name), '');
    const { file } = await makeBackup({
      ...{ config: readWorkerConfig(DIST), dataDirectory: seed, environment: {}, directory },
      ...{ passphrase: undefined, keepCount: 2 },
    });
    expect(readdirSync(directory).sort()).toEqual([older[2], older[1], path.basename(file)]);
  });

  it('is made by the running bridge when its time has come', async () => {
    const dataDirectory = copyOfSeed();
    const directory = path.join(stage.directory(), 'made-by-the-schedule');
    mkdirSync(directory);
    const bridge = await startBridge(stage, dataDirectory, standIns, {
      ...WITH_PASSPHRASE,
      BACKUP_SCHEDULE: '* * * * *',
      BACKUP_DIR: directory,
    });
    const isDone = () => bridge.lines.some((line) => line.includes('Saved '));
    const deadlineMs = performance.now() + 75_000;
    while (!isDone() && performance.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 250));
    const [name = 'none'] = readdirSync(directory);
    expect(await runBridge(dataDirectory, ['verify', path.join(directory, name)], WITH_PASSPHRASE)).toMatchObject({
      code: 0,
    });
    await bridge.end();
    rmSync(directory, { recursive: true });
  });
});
