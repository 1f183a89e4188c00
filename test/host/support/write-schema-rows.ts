// Writes test/host/schemas/NAME.sql: the rows of a bridge that has worked, as far as the schema up to the migration NAME
// knows their tables and columns. Credentials are sealed with KEY: start that bridge with it.
//   node test/host/support/write-schema-rows.ts DATA_DIRECTORY NAME
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { requireDatabase } from '../../../appliance/data-directory.ts';
import { openReadOnly, quoteName } from '../../../appliance/database-file.ts';
import { SqlWriter } from '../../../appliance/move/sql-text.ts';
import { columnsOf, keyOf, tablesInOrder } from '../../../appliance/move/table-order.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const [dataDirectory = '', name = ''] = process.argv.slice(2);

const schema = new DatabaseSync(':memory:');
schema.exec(readFileSync(path.join(root, 'migrations', name), 'utf8'));
const source = openReadOnly(requireDatabase(dataDirectory));
const writer = new SqlWriter();
let sql = '';
for (const table of tablesInOrder(schema)) {
  const columns = columnsOf(schema, table).filter((column) => columnsOf(source, table).includes(column));
  const statement = source.prepare(
    `SELECT ${columns.map(quoteName).join(', ')} FROM ${quoteName(table)} ORDER BY ${keyOf(schema, table)}`,
  );
  statement.setReadBigInts(true);
  const rows = statement.all().map((row): SQLOutputValue[] => Object.values(row));
  for (const piece of writer.insert(quoteName(table), columns.map(quoteName), rows)) sql += piece;
}
writeFileSync(path.join(root, 'test/host/schemas', name.replace(/\.sql$/, '.rows.sql')), sql);
