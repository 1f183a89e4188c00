// From the appliance to a D1 and back, with the tools that an operator uses for it: nothing is lost, nothing sent twice.
import { execFile } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { splitStatements } from '../../appliance/move/sql-text.ts';
import type { StandIns } from './support/seeded.ts';
import {
  acceptedCount,
  acceptedStates,
  deliversMoreThan,
  digestsOf,
  runBridge,
  runNode,
  seedDataDirectory,
  startBridge,
  startStandIns,
  withDatabase,
} from './support/seeded.ts';
import { Stage } from './support/stage.ts';

const root = path.resolve(import.meta.dirname, '../..');
/** D1's limit for one statement (https://developers.cloudflare.com/d1/platform/limits/). */
const STATEMENT_BYTES_MAX = 100_000;

let stage: Stage;
let standIns: StandIns;
/** Where the appliance ran. */
let home: string;
let exported: string;
/** The D1 that wrangler keeps. */
let elsewhere: string;
let key: string;

beforeAll(async () => {
  stage = new Stage();
  standIns = await startStandIns(stage);
  home = await seedDataDirectory(stage, standIns);
  key = JSON.parse(readFileSync(path.join(home, 'secrets.json'), 'utf8')).ENCRYPTION_KEY;
  addAwkwardRows();
  exported = path.join(stage.directory(), 'export');
  elsewhere = stage.directory();
});
afterAll(() => stage.close());

/** Values larger than a statement, and texts that tools take for commands. */
function addAwkwardRows(): void {
  const messages = [
    'x'.repeat(99_000) + "'quoted' ;\n-- not a comment\n".repeat(9_000),
    "BEGIN TRANSACTION; it's said; COMMIT;",
    'a\0b /* ü 漢 🙂 */ "',
  ];
  withDatabase(home, (database) => {
    const insert = database.prepare(
      "INSERT INTO event (connection_id, at_ms, kind, severity, message) VALUES (1, 0, 'test', 'info', ?)",
    );
    for (const message of messages) insert.run(message);
    database
      .prepare("INSERT INTO report_body VALUES (1, 'historical', 0, 1, 0, 0, 'ok', 'none', ?)")
      .run(Buffer.from(Array.from({ length: 300_000 }, (_, at) => at % 256)));
  });
}

function wrangler(...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [path.join(root, 'node_modules/wrangler/bin/wrangler.js'), 'd1', ...args, '--local'],
      { cwd: root, env: { ...process.env, CI: 'true', WRANGLER_SEND_METRICS: 'false' }, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => (error ? reject(new Error(`${stdout}${stderr}`, { cause: error })) : resolve(stdout)),
    );
  });
}

const execute = (file: string) => wrangler('execute', 'DB', '--persist-to', elsewhere, '--yes', '--file', file);

async function expectAllDeliveredOnce(): Promise<void> {
  const states = await acceptedStates(standIns.mpower);
  expect(states.length - new Set(states).size).toBe(0);
  const { ncc, mpower } = standIns;
  const args = ['compare', '--ncc', ncc.url, '--mpower', mpower.url, '--in-flight-s', '10', '--settle-s', '3600'];
  const { code, output } = await runNode(['simulators/cli.ts', ...args]);
  expect([code, output]).toEqual([0, expect.stringContaining('Agent states')]);
}

describe('moving to D1', () => {
  it('writes SQL that D1 takes, and does not let the bridge start here again until the move is given up', async () => {
    const { code, output } = await runBridge(home, ['export', exported]);
    expect([code, output]).toEqual([0, expect.stringContaining('and compared each row')]);
    for (const name of readdirSync(exported).filter((file) => file.endsWith('.sql'))) {
      const whole = (async function* () {
        yield readFileSync(path.join(exported, name), 'utf8');
      })();
      for await (const statement of splitStatements(whole)) {
        expect(Buffer.byteLength(statement)).toBeLessThan(STATEMENT_BYTES_MAX);
      }
    }
    const content = readFileSync(path.join(exported, '0001.sql'), 'utf8');
    expect(content).not.toContain('demo-access-key-secret');
    expect(content).not.toContain(key);
    await expect(stage.startHost({ dataDirectory: home })).rejects.toThrow('Two bridges would both deliver');
  });

  it('refuses a database that lacks a migration, and one that is in use', async () => {
    await expect(execute(path.join(exported, '0000.sql'))).rejects.toThrow();
    await wrangler('migrations', 'apply', 'DB', '--persist-to', elsewhere);
    await wrangler(
      ...['execute', 'DB', '--persist-to', elsewhere, '--yes', '--command'],
      "INSERT INTO connection (id, name, settings, paused, config_version, created_at_ms, updated_at_ms) VALUES (9, 'other', '{}', 1, 1, 0, 0)",
    );
    await expect(execute(path.join(exported, '0000.sql'))).rejects.toThrow(
      'the target database is not what the export',
    );
    await wrangler('execute', 'DB', '--persist-to', elsewhere, '--yes', '--command', 'DELETE FROM connection');
  });

  it('brings every row over, and keeps the connections asleep until the last file has counted them', async () => {
    const files = readdirSync(exported).filter((file) => file.endsWith('.sql'));
    for (const name of files.slice(0, -1)) await execute(path.join(exported, name));
    const running = () =>
      withDatabase(elsewhere, (database) =>
        database.prepare('SELECT count(*) AS n FROM connection WHERE paused = 0').get(),
      );
    expect(running()).toEqual({ n: 0 });
    await execute(path.join(exported, files[1] ?? '')); // again: changes nothing
    await execute(path.join(exported, files.at(-1) ?? ''));
    expect(running()).toEqual({ n: 1 });
    expect(digestsOf(elsewhere)).toEqual(digestsOf(home));
  });

  it('goes on over there from the same cursors', async () => {
    const before = await acceptedCount(standIns);
    const bridge = await startBridge(stage, elsewhere, standIns, { ENCRYPTION_KEY: key });
    await deliversMoreThan(standIns, before);
    await bridge.end();
    await expectAllDeliveredOnce();
  });
});

describe('moving back', () => {
  it('takes over what `wrangler d1 export` writes, and goes on from there', async () => {
    const dump = path.join(stage.directory(), 'dump.sql');
    await wranglerExport(dump);
    const back = stage.directory();
    const refused = await runBridge(back, ['import', dump]);
    expect(refused).toMatchObject({ code: 1, output: expect.stringContaining('there is no key for them') });
    expect(await runBridge(back, ['import', dump], { ENCRYPTION_KEY: key })).toMatchObject({ code: 0 });
    expect(digestsOf(back)).toEqual(digestsOf(elsewhere));

    const before = await acceptedCount(standIns);
    const bridge = await startBridge(stage, back, standIns, { ENCRYPTION_KEY: key });
    await deliversMoreThan(standIns, before);
    await bridge.end();
    await expectAllDeliveredOnce();
  });

  it('takes an export over, gives a move up, and refuses an export that lacks a row', async () => {
    const back = stage.directory();
    expect(await runBridge(back, ['import', exported], { ENCRYPTION_KEY: key })).toMatchObject({ code: 0 });
    expect(digestsOf(back)).toEqual(digestsOf(home));
    expect(await runBridge(home, ['stay'])).toMatchObject({ code: 0 });
    expect(await runBridge(home, ['export', path.join(stage.directory(), 'copy'), '--copy'])).toMatchObject({
      code: 0,
    });
    expect(await runBridge(home, ['verify'])).toMatchObject({ code: 0 });

    const data = path.join(exported, '0001.sql');
    writeFileSync(data, readFileSync(data, 'utf8').replace(/INSERT INTO "event"[^;]*;/, ''));
    const before = digestsOf(back);
    const refused = await runBridge(back, ['import', exported], { ENCRYPTION_KEY: key });
    expect(refused).toMatchObject({ code: 1 });
    expect(digestsOf(back)).toEqual(before);
  });
});

/** `wrangler d1 export` knows no place but its own: the database is copied there for it. */
async function wranglerExport(target: string): Promise<void> {
  const place = stage.directory();
  cpSync(elsewhere, path.join(place, '.wrangler/state'), { recursive: true });
  const config = path.join(place, 'wrangler.toml');
  writeFileSync(config, 'name = "export"\n[[d1_databases]]\nbinding = "DB"\ndatabase_name = "export"\n');
  await wrangler('export', 'DB', '--output', target, '--config', config);
}
