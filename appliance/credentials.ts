// The sealed secrets inside a database file: do they open with the key at hand, and sealing them anew with another.
import type { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { createSealer } from '../src/crypto/seal.ts';
import { tableNames } from './database-file.ts';

/** Where the Worker keeps sealed texts, and how it binds each to its place (src/store/connections.ts, src/jobs/send-alerts.ts). */
interface Place {
  readonly table: string;
  readonly column: string;
  /** The columns that name the row. */
  readonly keys: readonly string[];
  contextOf(keys: readonly Key[]): string;
  describe(keys: readonly Key[]): string;
}
type Key = string | number;

export const SEALED_PLACES: readonly Place[] = [
  {
    table: 'credential',
    column: 'sealed',
    keys: ['connection_id', 'name'],
    contextOf: ([connectionId, name]) => `credential:${connectionId}:${name}`,
    describe: ([connectionId, name]) => `${name} of connection ${connectionId}`,
  },
  {
    table: 'alert_channel',
    column: 'address_sealed',
    keys: ['id'],
    contextOf: ([id]) => `alert-channel:${id}:address`,
    describe: ([id]) => `the address of alert channel ${id}`,
  },
  {
    table: 'alert_channel',
    column: 'secret_sealed',
    keys: ['id'],
    contextOf: ([id]) => `alert-channel:${id}:secret`,
    describe: ([id]) => `the signing secret of alert channel ${id}`,
  },
];

interface Row {
  readonly place: Place;
  readonly keys: readonly Key[];
  readonly sealed: string;
}
const rowSchema = z.record(z.string(), z.union([z.string(), z.number()]));

/** One sentence for each sealed secret that does not open with `encryptionKeys`; never its content. */
export async function findUnopenable(database: DatabaseSync, encryptionKeys: string): Promise<string[]> {
  const sealer = createSealer(encryptionKeys);
  const findings: string[] = [];
  for (const row of readRows(database)) {
    await sealer.open(row.sealed, row.place.contextOf(row.keys)).catch((cause: unknown) => {
      findings.push(`${row.place.describe(row.keys)}: ${cause instanceof Error ? cause.message : 'it does not open'}`);
    });
  }
  return findings;
}

/**
 * Seals every secret anew with the first of `encryptionKeys`, in one transaction. `onRow`: called after each row that has
 * been written in it.
 * @returns how many there are
 * @throws SealError when one does not open; nothing is changed then
 */
export async function sealAnew(
  database: DatabaseSync,
  encryptionKeys: string,
  onRow: () => void = () => undefined,
): Promise<number> {
  const sealer = createSealer(encryptionKeys);
  const resealed: { readonly row: Row; readonly sealed: string }[] = [];
  for (const row of readRows(database)) {
    const context = row.place.contextOf(row.keys);
    resealed.push({ row, sealed: await sealer.seal(await sealer.open(row.sealed, context), context) });
  }
  database.exec('BEGIN IMMEDIATE');
  try {
    for (const { row, sealed } of resealed) {
      const { table, column, keys } = row.place;
      const where = keys.map((key) => `${key} = ?`).join(' AND ');
      database.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${where}`).run(sealed, ...row.keys);
      onRow();
    }
    database.exec('COMMIT');
  } catch (thrown) {
    database.exec('ROLLBACK');
    throw thrown;
  }
  return resealed.length;
}

/** Every secret in clear: to search for what must not leave the machine, and for nothing else. */
export async function openAll(database: DatabaseSync, encryptionKeys: string): Promise<string[]> {
  const sealer = createSealer(encryptionKeys);
  return Promise.all(readRows(database).map((row) => sealer.open(row.sealed, row.place.contextOf(row.keys))));
}

function readRows(database: DatabaseSync): Row[] {
  // A database of an earlier time lacks tables, and then has nothing in them that could fail to open.
  const tables = tableNames(database);
  return SEALED_PLACES.filter(({ table }) => tables.includes(table)).flatMap((place) => {
    const { table, column, keys } = place;
    const rows = database.prepare(
      `SELECT ${keys.join(', ')}, ${column} AS sealed FROM ${table} WHERE ${column} IS NOT NULL`,
    );
    return z
      .array(rowSchema)
      .parse(rows.all())
      .map((row) => ({ place, keys: keys.map((key) => row[key] ?? ''), sealed: String(row.sealed) }));
  });
}
