// Keys, passwords and what leaves the machine: rotation that survives a kill, and a bundle for support without secrets.
import { cpSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  API_TOKEN,
  acceptedCount,
  deliversMoreThan,
  runBridge,
  runNode,
  type StandIns,
  seedDataDirectory,
  startBridge,
  startStandIns,
  withDatabase,
} from './support/seeded.ts';
import { Stage } from './support/stage.ts';

let stage: Stage;
let standIns: StandIns;
let seed: string;

beforeAll(async () => {
  stage = new Stage();
  standIns = await startStandIns(stage);
  seed = await seedDataDirectory(stage, standIns);
});
afterAll(() => stage.close());

function copyOfSeed(): string {
  const directory = stage.directory();
  cpSync(seed, directory, { recursive: true });
  return directory;
}

const keyOf = (directory: string): string =>
  JSON.parse(readFileSync(path.join(directory, 'secrets.json'), 'utf8')).ENCRYPTION_KEY;

describe('rotating the key', () => {
  it('seals everything with a new key, with which the bridge goes on signing in', async () => {
    const directory = copyOfSeed();
    const rotated = await runBridge(directory, ['rotate-key']);
    expect(rotated).toMatchObject({ code: 0, output: expect.stringContaining('Sealed 3 credentials') });
    expect(keyOf(directory)).not.toContain(keyOf(seed));
    expect(await runBridge(directory, ['verify'])).toMatchObject({ code: 0 });
    const before = await acceptedCount(standIns);
    const bridge = await startBridge(stage, directory, standIns);
    await deliversMoreThan(standIns, before);
    await bridge.end();
    // What was cached under the old key is not what made it work: nothing opens with that any more.
    expect(await runBridge(directory, ['verify'], { ENCRYPTION_KEY: keyOf(seed) })).toMatchObject({ code: 1 });
  });

  it.each([
    ['both keys stored', 1],
    // Within the transaction: the first of three credentials has the new key, then all have.
    ['row sealed', 1],
    ['row sealed', 3],
    ['sealed anew', 1],
    ['old key removed', 1],
  ])('killed at "%s", time %i, it leaves data that opens, and the next call finishes', async (step, time) => {
    const directory = copyOfSeed();
    const died = await runNode(['test/host/support/rotate-and-die.ts', directory, step, String(time)]);
    expect(died.code).not.toBe(0);
    if (step === 'row sealed') {
      // Nothing of the transaction is there: the old key alone still opens everything.
      expect(await runBridge(directory, ['verify'], { ENCRYPTION_KEY: keyOf(seed) })).toMatchObject({ code: 0 });
    }
    expect(await runBridge(directory, ['verify'])).toMatchObject({ code: 0 });
    const between = keyOf(directory);
    expect(between.includes(',')).toBe(step !== 'old key removed');
    expect(await runBridge(directory, ['rotate-key'])).toMatchObject({ code: 0 });
    expect(await runBridge(directory, ['verify'])).toMatchObject({ code: 0 });
    expect(keyOf(directory)).not.toContain(',');
    if (step !== 'old key removed') expect(keyOf(directory)).toBe(between.split(',')[0]);
  });

  it('leaves a key of the environment to whoever set it, and seals with the first of two', async () => {
    const directory = copyOfSeed();
    const old = keyOf(directory);
    const single = await runBridge(directory, ['rotate-key'], { ENCRYPTION_KEY: old });
    expect(single).toMatchObject({ code: 1, output: expect.stringContaining('set ENCRYPTION_KEY to "new,old" there') });
    const next = Buffer.alloc(32, 7).toString('base64');
    const both = await runBridge(directory, ['rotate-key'], { ENCRYPTION_KEY: `${next},${old}` });
    expect(both).toMatchObject({ code: 0, output: expect.stringContaining('Remove the old key') });
    expect(await runBridge(directory, ['verify'], { ENCRYPTION_KEY: next })).toMatchObject({ code: 0 });
  });

  it('changes nothing when a credential does not open, and nothing while the bridge runs', async () => {
    const directory = copyOfSeed();
    withDatabase(directory, (database) =>
      database.exec("UPDATE credential SET sealed = sealed || 'AAAA' WHERE name = 'realTimePassword'"),
    );
    const damaged = await runBridge(directory, ['rotate-key']);
    expect(damaged).toMatchObject({ code: 1, output: expect.stringContaining('The key was not changed') });
    expect(keyOf(directory)).toBe(keyOf(seed));

    const running = copyOfSeed();
    const bridge = await startBridge(stage, running, standIns);
    expect(await runBridge(running, ['rotate-key'])).toMatchObject({ code: 1 });
    await bridge.end();
    expect(keyOf(running)).toBe(keyOf(seed));
  });
});

describe('the administrator', () => {
  it('signs in with a reset password and no longer with the old one', async () => {
    const directory = copyOfSeed();
    const old = JSON.parse(readFileSync(path.join(directory, 'secrets.json'), 'utf8')).ADMIN_PASSWORD;
    const { output } = await runBridge(directory, ['reset-password']);
    const password = /password is (\S+)/.exec(output)?.[1] ?? '';
    const bridge = await startBridge(stage, directory, standIns);
    const signIn = async (given: string) => {
      const response = await fetch(`${bridge.url}/sign-in`, {
        method: 'POST',
        redirect: 'manual',
        headers: { origin: bridge.url },
        body: new URLSearchParams({ password: given }),
      });
      return response.headers.getSetCookie().length > 0;
    };
    expect(await signIn(password)).toBe(true);
    expect(await signIn(old)).toBe(false);
  });

  it('is told where to change a password that the environment sets', async () => {
    const refused = await runBridge(copyOfSeed(), ['reset-password'], { ADMIN_PASSWORD: 'of the environment' });
    expect(refused).toMatchObject({ code: 1, output: expect.stringContaining('change it there') });
  });
});

describe('the support bundle', () => {
  it('tells how the bridge is doing, and no secret, not even one that reached the log', async () => {
    const directory = copyOfSeed();
    const { ADMIN_PASSWORD, ENCRYPTION_KEY } = JSON.parse(readFileSync(path.join(directory, 'secrets.json'), 'utf8'));
    withDatabase(directory, (database) =>
      database
        .prepare("INSERT INTO event (connection_id, at_ms, kind, severity, message) VALUES (1, 0, 'x', 'info', ?)")
        .run(`somebody typed demo-access-key-secret and ${ADMIN_PASSWORD}`),
    );
    const target = path.join(stage.directory(), 'bundle.tar.gz');
    expect(await runBridge(directory, ['support-bundle', '--to', target], { API_TOKEN })).toMatchObject({ code: 0 });
    const content = gunzipSync(readFileSync(target)).toString('utf8');
    expect(content).toContain('"workerd"');
    expect(content).toContain('somebody typed [secret] and [secret]');
    expect(content).toContain('The bridge answers at');
    for (const secret of [ADMIN_PASSWORD, ENCRYPTION_KEY, API_TOKEN, 'demo-password', 'demo-access-key-secret']) {
      expect(content).not.toContain(secret);
    }
  });
});
