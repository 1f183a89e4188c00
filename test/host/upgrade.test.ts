// From every earlier schema to this one, with rows in it, by a start and by a restored backup: nothing is lost, and what
// comes out is what a new installation has.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeBackup } from '../../appliance/backup.ts';
import { withDatabase as withEngineDatabase } from '../../appliance/engine.ts';
import { migrate } from '../../appliance/migrations.ts';
import { readRows } from '../../appliance/move/digest.ts';
import { columnsOf, tablesInOrder } from '../../appliance/move/table-order.ts';
import { readWorkerConfig } from '../../appliance/worker-config.ts';
import { API_TOKEN, runBridge, withDatabase } from './support/seeded.ts';
import { Stage } from './support/stage.ts';

const distDirectory = path.resolve(import.meta.dirname, '../../dist');
const config = readWorkerConfig(distDirectory);
/** What the credentials in schemas/*.rows.sql are sealed with. */
const ENCRYPTION_KEY = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
const environment = { ENCRYPTION_KEY, API_TOKEN, ALLOW_PRIVATE_NETWORK: 'true' };

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.close());

/** A data directory as the version left it whose newest migration was the `count`th, rows included. */
async function directoryAt(count: number): Promise<string> {
  const dataDirectory = stage.directory();
  const log = () => undefined;
  for (let applied = 1; applied <= count; applied += 1) {
    const migrations = config.migrations.slice(0, applied);
    await withEngineDatabase({ config, distDirectory, dataDirectory, log }, (database) =>
      migrate(database, migrations, log),
    );
    const rows = rowsFile(migrations.at(-1)?.name ?? '');
    if (existsSync(rows)) withDatabase(dataDirectory, (database) => database.exec(readFileSync(rows, 'utf8')));
  }
  return dataDirectory;
}

const rowsFile = (migration: string) =>
  path.join(import.meta.dirname, 'schemas', migration.replace(/\.sql$/, '.rows.sql'));

/** The rows of what the connection has gathered, by table, cut to the columns that `columns` names. */
function rowsOf(dataDirectory: string, columns?: Record<string, string[]>) {
  return withDatabase(dataDirectory, (database) => {
    const wanted = columns ?? columnsByTable(database);
    return Object.entries(wanted).map(([table, names]) => {
      const present = columnsOf(database, table);
      const places = names.map((name) => present.indexOf(name));
      return [table, [...readRows(database, table)].map((row) => places.map((place) => row[place]))];
    });
  });
}

function columnsByTable(database: DatabaseSync): Record<string, string[]> {
  return Object.fromEntries(tablesInOrder(database).map((table) => [table, columnsOf(database, table)]));
}

function schemaOf(dataDirectory: string) {
  return withDatabase(dataDirectory, (database) =>
    database
      .prepare(
        "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE '\\_cf\\_%' ESCAPE '\\' ORDER BY type, name",
      )
      .all(),
  );
}

it('has rows to try it on', () => {
  expect(existsSync(rowsFile(config.migrations[0]?.name ?? ''))).toBe(true);
});

it.each(config.migrations.map(({ name }, index) => [name, index + 1] as const))(
  'takes a database of %s over, as it is and from a backup',
  async (_name, count) => {
    const old = await directoryAt(count);
    // The loop would go on where it was: it is put to sleep, so that what was there can be compared.
    withDatabase(old, (database) => database.exec('UPDATE connection SET paused = 1'));
    const columns = withDatabase(old, columnsByTable);
    const before = rowsOf(old);
    const directory = stage.directory();
    const { file } = await makeBackup({
      ...{ config, dataDirectory: old, environment, directory, passphrase: undefined, keepCount: undefined },
    });
    const restored = stage.directory();
    expect(await runBridge(restored, ['restore', file], environment)).toMatchObject({ code: 0 });

    for (const dataDirectory of [old, restored]) {
      const host = await stage.startHost({ dataDirectory, environment });
      const answer = await fetch(`${host.url}/api/v1/connections`, {
        headers: { authorization: `Bearer ${API_TOKEN}` },
      });
      expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('Demo contact centre')]);
      await host.end();
      expect(await runBridge(dataDirectory, ['verify'], environment)).toMatchObject({ code: 0 });
      const kept = rowsOf(dataDirectory, columns).filter(([table]) => table !== 'audit');
      expect(kept).toEqual(before.filter(([table]) => table !== 'audit'));
    }
    const fresh = stage.directory();
    await (await stage.startHost({ dataDirectory: fresh, environment })).end();
    expect(schemaOf(old)).toEqual(schemaOf(fresh));
  },
);

it('adds up the contacts of five weeks of stored figures when sums begin to be kept, and leaves older ones to be added up', async () => {
  const count = config.migrations.findIndex(({ name }) => name.startsWith('0010_'));
  expect(count).toBeGreaterThan(0);
  const dataDirectory = await directoryAt(count);
  withDatabase(dataDirectory, (database) =>
    database.exec(`UPDATE queue SET included = 0 WHERE id = 2;
      INSERT INTO interval_ledger (connection_id, start_ms, status, revision, offered)
        SELECT 1, min(start_ms) - 40 * 86400000, 'collected', 1, 9 FROM interval_ledger;
      INSERT INTO queue_interval (connection_id, start_ms, queue_id, offered, abandoned, handle_time_ms, read_at_ms)
        SELECT 1, min(start_ms), 1, 9, 0, 0, 0 FROM interval_ledger`),
  );
  const log = () => undefined;
  await withEngineDatabase({ config, distDirectory, dataDirectory, log }, (database) =>
    migrate(database, config.migrations, log),
  );
  const sums = withDatabase(dataDirectory, (database) =>
    database
      .prepare(`SELECT offered, stored_offered, left_out_offered, sums_version FROM interval_ledger ORDER BY start_ms`)
      .all()
      .map((row) => Object.values(row)),
  );
  expect(sums).toEqual([
    [9, 0, 0, null],
    [22, 22, 2, 1],
    [33, 33, 6, 1],
    [25, 25, 3, 1],
    [34, 34, 6, 1],
    [29, 29, 8, 1],
    [35, 35, expect.any(Number), 1],
    [31, 31, expect.any(Number), 1],
    [26, 26, expect.any(Number), 1],
  ]);
});
