// Whether two databases hold the same rows, value for value and type for type.
import { createHash } from 'node:crypto';
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { quoteName } from '../database-file.ts';
import { columnsOf, keyOf } from './table-order.ts';

/** A table's rows in the order of their key, as arrays; whole numbers as bigint. */
export function* readRows(database: DatabaseSync, table: string): Generator<readonly SQLOutputValue[]> {
  const columns = columnsOf(database, table).map(quoteName).join(', ');
  const statement = database.prepare(`SELECT ${columns} FROM ${quoteName(table)} ORDER BY ${keyOf(database, table)}`);
  statement.setReadBigInts(true);
  for (const row of statement.iterate()) yield Object.values(row);
}

/** The SHA-256 of all rows of a table, and how many there are. */
export function digestTable(database: DatabaseSync, table: string): { readonly sha256: string; readonly rows: number } {
  const hash = createHash('sha256');
  let rows = 0;
  for (const row of readRows(database, table)) {
    rows += 1;
    hash.update(JSON.stringify(row.map(tagged)));
  }
  return { sha256: hash.digest('hex'), rows };
}

function tagged(value: SQLOutputValue): unknown {
  if (typeof value === 'bigint') return ['i', String(value)];
  if (value instanceof Uint8Array) return ['b', Buffer.from(value).toString('base64')];
  return value;
}
