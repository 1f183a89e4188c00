// The database as a file, apart from the engine: a consistent copy of it while it is in use, and whether one is whole
// and of a version that this one can work with.
import { rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { syncEntry } from './durable-file.ts';
import { messageOf, StartRefused } from './start-refused.ts';
import type { Migration } from './worker-config.ts';

const BUSY_TIMEOUT_MS = 10_000;
const MAX_FINDINGS = 3;

export interface DatabaseFacts {
  /** Names of the migrations applied, in order. */
  readonly migrations: readonly string[];
  /** Rows by table, the bridge's own tables only. */
  readonly rowCounts: Readonly<Record<string, number>>;
  readonly bytes: number;
}

/**
 * Copies the database as it is at one instant; whoever writes to it meanwhile is not held up. The copy is compact and on
 * disk when this returns.
 * @throws StartRefused when the database cannot be read or the copy not written
 */
export function copyDatabase(from: string, to: string): void {
  rmSync(to, { force: true });
  const database = openReadOnly(from);
  try {
    database.prepare('VACUUM INTO ?').run(to);
    syncEntry(to);
  } catch (cause) {
    rmSync(to, { force: true });
    throw new StartRefused(`The database could not be copied: ${messageOf(cause)}.`, { cause });
  } finally {
    database.close();
  }
}

/**
 * Reads a database through: damage, broken references, its version.
 * @param known the migrations of this version, in order
 * @throws StartRefused when it is damaged, not a bridge's, or newer than this version
 */
export function inspectDatabase(file: string, known: readonly Migration[]): DatabaseFacts {
  const database = openReadOnly(file);
  try {
    const integrity = column(database, `PRAGMA integrity_check(${MAX_FINDINGS})`).filter((finding) => finding !== 'ok');
    if (integrity.length > 0) throw new StartRefused(`The database is damaged: ${integrity.join('; ')}.`);
    const broken = database.prepare('PRAGMA foreign_key_check').all().length;
    if (broken > 0) throw new StartRefused(`The database has ${broken} rows that refer to rows which are not there.`);
    const migrations = column(database, 'SELECT name FROM d1_migrations ORDER BY id');
    const knownNames = new Set(known.map(({ name }) => name));
    const newer = migrations.filter((name) => !knownNames.has(name));
    if (newer.length > 0) {
      throw new StartRefused(
        `The database is of a newer version: it has ${newer.join(', ')}, which this version does not know. ` +
          'Use that version or a later one.',
      );
    }
    const rowCounts = Object.fromEntries(
      tableNames(database).map((table) => [table, countRows(database, table)] as const),
    );
    const [pages, pageBytes] = ['page_count', 'page_size'].map((name) => Number(column(database, `PRAGMA ${name}`)[0]));
    return { migrations, rowCounts, bytes: (pages ?? 0) * (pageBytes ?? 0) };
  } catch (cause) {
    if (cause instanceof StartRefused) throw cause;
    throw new StartRefused(`This is not a database of the bridge, or it is damaged: ${messageOf(cause)}.`, { cause });
  } finally {
    database.close();
  }
}

/** The bridge's own tables; not SQLite's, the engine's (`_cf_…`) or the migrations' book-keeping. */
export function tableNames(database: DatabaseSync): string[] {
  return column(
    database,
    `SELECT name FROM sqlite_schema WHERE type = 'table'
     AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\' AND name <> 'd1_migrations'
     ORDER BY name`,
  );
}

export function openReadOnly(file: string): DatabaseSync {
  try {
    return new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  } catch (cause) {
    throw new StartRefused(`The database ${file} cannot be opened (${messageOf(cause)}).`, { cause });
  }
}

/** Opens to write. Only for whoever holds the directory's lock, or for a copy of his own. */
export function openToWrite(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
  database.exec('PRAGMA synchronous = FULL');
  return database;
}

/** The first column of a query's rows, as text. */
export function column(database: DatabaseSync, sql: string): string[] {
  return database
    .prepare(sql)
    .all()
    .map((row) => z.coerce.string().parse(Object.values(row)[0]));
}

export function countRows(database: DatabaseSync, table: string): number {
  return Number(column(database, `SELECT count(*) FROM ${quoteName(table)}`)[0]);
}

/** A table's or column's name as SQL. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
