// Everything the bridge knows as SQL files for a D1 elsewhere: settings, sealed credentials, roster, history, cursors.
// Before it says that it is done it has loaded them into a database of its own and compared every row.
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { requireDatabase, setHold } from '../data-directory.ts';
import { column, inspectDatabase, openReadOnly, quoteName } from '../database-file.ts';
import { syncEntry } from '../durable-file.ts';
import { lockDataDirectory } from '../lock.ts';
import { StartRefused } from '../start-refused.ts';
import { productVersion } from '../version.ts';
import type { WorkerConfig } from '../worker-config.ts';
import { digestTable, readRows } from './digest.ts';
import { loadExport } from './import.ts';
import { EXPORT_MANIFEST, type ExportManifest } from './manifest.ts';
import { PARTS_TABLE, SqlWriter } from './sql-text.ts';
import { columnsOf, tablesInOrder } from './table-order.ts';

/** A file that failed is executed again whole: small enough for that, large enough not to be many. */
const FILE_BYTES_MAX = 16 * 1024 * 1024;
/** Stands until the end: a bridge that is awake over there must not work on half of its memory. */
const CONNECTION_TABLE = 'connection';
const PAUSED_COLUMN = 'paused';
const CHECK_TABLE = '"_move_check"';

export interface ExportOptions {
  readonly config: WorkerConfig;
  readonly dataDirectory: string;
  /** Made, or empty. */
  readonly target: string;
  /** Only a copy: the bridge goes on here. */
  readonly isCopy: boolean;
}

/**
 * Writes the export and keeps the bridge from starting here again, unless it is only a copy.
 * @throws StartRefused when the bridge runs, `target` is not empty, or the database is damaged or not up to date
 */
export async function exportData(options: ExportOptions): Promise<ExportManifest> {
  const { config, dataDirectory, target } = options;
  if (existsSync(target) && readdirSync(target).length > 0) throw new StartRefused(`${target} is not empty.`);
  const unlock = lockDataDirectory(dataDirectory);
  try {
    const file = requireDatabase(dataDirectory);
    const { migrations } = inspectDatabase(file, config.migrations);
    const missing = config.migrations.filter(({ name }) => !migrations.includes(name)).map(({ name }) => name);
    if (missing.length > 0) {
      throw new StartRefused(
        `The database lacks ${missing.join(', ')}. Start this version once, stop it, and export then.`,
      );
    }
    mkdirSync(target, { recursive: true, mode: 0o700 });
    const database = openReadOnly(file);
    try {
      const tables = tablesInOrder(database);
      const digests = Object.fromEntries(tables.map((table) => [table, digestTable(database, table)]));
      const files = writeFiles(target, statements(database, tables, migrations, digests));
      const manifest: ExportManifest = {
        product: 'acd-wfm-bridge',
        version: productVersion(),
        createdAt: new Date().toISOString(),
        migrations: [...migrations],
        files,
        tables: digests,
      };
      writeFileSync(path.join(target, EXPORT_MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 });
      await proveExport(config, target, manifest);
      syncEntry(target);
      if (!options.isCopy) {
        setHold(dataDirectory, { reason: 'moved away', sinceMs: Date.now(), what: path.resolve(target) });
      }
      return manifest;
    } finally {
      database.close();
    }
  } finally {
    unlock();
  }
}

async function proveExport(config: WorkerConfig, target: string, manifest: ExportManifest): Promise<void> {
  const scratch = path.join(target, '.proof.sqlite');
  try {
    await loadExport({ config, source: target, manifest, databaseFile: scratch });
  } finally {
    rmSync(scratch, { force: true });
  }
}

/** Everything in order, `null` where a new file begins. */
function* statements(
  database: DatabaseSync,
  tables: readonly string[],
  migrations: readonly string[],
  digests: ExportManifest['tables'],
): Generator<string | null> {
  yield* beginning(tables, migrations);
  yield null;
  const writer = new SqlWriter();
  for (const table of tables) {
    const columns = columnsOf(database, table);
    const pausedAt = table === CONNECTION_TABLE ? columns.indexOf(PAUSED_COLUMN) : -1;
    const rows = pausedAt < 0 ? readRows(database, table) : allPaused(readRows(database, table), pausedAt);
    yield* writer.insert(quoteName(table), columns.map(quoteName), rows);
  }
  yield null;
  yield* ending(database, digests);
}

/** Refuses a target that is in use or of another schema, before the first row. */
function* beginning(tables: readonly string[], migrations: readonly string[]): Generator<string> {
  yield `CREATE TABLE IF NOT EXISTS ${PARTS_TABLE} (value_id INTEGER, part INTEGER, bytes BLOB, PRIMARY KEY (value_id, part)) WITHOUT ROWID;\n`;
  yield `CREATE TABLE IF NOT EXISTS ${CHECK_TABLE} (what TEXT, wanted, found, CONSTRAINT "the target database is not what the export needs" CHECK (wanted IS found));\n`;
  const applied = `(SELECT group_concat(name) FROM (SELECT name FROM d1_migrations ORDER BY id))`;
  yield `INSERT INTO ${CHECK_TABLE} VALUES ('the same migrations are applied', '${migrations.join(',')}', ${applied});\n`;
  yield `INSERT INTO ${CHECK_TABLE} VALUES ('there is no connection yet', 0, (SELECT count(*) FROM ${quoteName(CONNECTION_TABLE)}));\n`;
  for (const table of [...tables].reverse()) yield `DELETE FROM ${quoteName(table)};\n`;
}

function* allPaused<T extends readonly unknown[]>(rows: Iterable<T>, pausedAt: number): Generator<T> {
  for (const row of rows) yield row.with(pausedAt, 1n) as readonly unknown[] as T;
}

/** Counts everything, and only then lets the connections run that ran before. */
function* ending(database: DatabaseSync, digests: ExportManifest['tables']): Generator<string> {
  for (const [table, { rows }] of Object.entries(digests)) {
    yield `INSERT INTO ${CHECK_TABLE} VALUES ('all rows of ${table}', ${rows}, (SELECT count(*) FROM ${quoteName(table)}));\n`;
  }
  const running = column(database, `SELECT id FROM ${quoteName(CONNECTION_TABLE)} WHERE ${PAUSED_COLUMN} = 0`);
  if (running.length > 0) {
    yield `UPDATE ${quoteName(CONNECTION_TABLE)} SET ${PAUSED_COLUMN} = 0 WHERE id IN (${running.join(', ')});\n`;
  }
  yield `DROP TABLE ${PARTS_TABLE};\n`;
  yield `DROP TABLE ${CHECK_TABLE};\n`;
}

function writeFiles(target: string, pieces: Iterable<string | null>): string[] {
  const files: string[] = [];
  let descriptor: number | undefined;
  let bytes = 0;
  const finish = () => {
    if (descriptor !== undefined) closeSync(descriptor);
    descriptor = undefined;
    bytes = 0;
  };
  try {
    for (const piece of pieces) {
      if (piece === null || bytes > FILE_BYTES_MAX) finish();
      if (piece === null) continue;
      if (descriptor === undefined) {
        const name = `${String(files.length).padStart(4, '0')}.sql`;
        files.push(name);
        descriptor = openSync(path.join(target, name), 'wx', 0o600);
      }
      bytes += writeSync(descriptor, piece);
    }
  } finally {
    finish();
  }
  return files;
}
