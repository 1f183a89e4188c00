// The sealed secrets inside a database file: do they open with the key at hand, and sealing them anew with another.
import type { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { createSealer } from '../src/crypto/seal.ts';
import { tableNames } from './database-file.ts';

const TABLE = 'credential';
const rowSchema = z.object({ connection_id: z.number(), name: z.string(), sealed: z.string() });
type Row = z.infer<typeof rowSchema>;

/** How the Worker binds a sealed text to its place (src/store/connections.ts). */
const contextOf = ({ connection_id, name }: Row) => `credential:${connection_id}:${name}`;
const placeOf = ({ connection_id, name }: Row) => `${name} of connection ${connection_id}`;

/** One sentence for each sealed secret that does not open with `encryptionKeys`; never its content. */
export async function findUnopenable(database: DatabaseSync, encryptionKeys: string): Promise<string[]> {
  const sealer = createSealer(encryptionKeys);
  const findings: string[] = [];
  for (const row of readRows(database)) {
    await sealer.open(row.sealed, contextOf(row)).catch((cause: unknown) => {
      findings.push(`${placeOf(row)}: ${cause instanceof Error ? cause.message : 'it does not open'}`);
    });
  }
  return findings;
}

/**
 * Seals every secret anew with the first of `encryptionKeys`, in one transaction.
 * @returns how many there are
 * @throws SealError when one does not open; nothing is changed then
 */
export async function sealAnew(database: DatabaseSync, encryptionKeys: string): Promise<number> {
  const sealer = createSealer(encryptionKeys);
  const resealed: { readonly row: Row; readonly sealed: string }[] = [];
  for (const row of readRows(database)) {
    const plain = await sealer.open(row.sealed, contextOf(row));
    resealed.push({ row, sealed: await sealer.seal(plain, contextOf(row)) });
  }
  const update = database.prepare(`UPDATE ${TABLE} SET sealed = ? WHERE connection_id = ? AND name = ?`);
  database.exec('BEGIN IMMEDIATE');
  try {
    for (const { row, sealed } of resealed) update.run(sealed, row.connection_id, row.name);
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
  return Promise.all(readRows(database).map((row) => sealer.open(row.sealed, contextOf(row))));
}

function readRows(database: DatabaseSync): Row[] {
  // A database of a time before there were secrets has none that could fail to open.
  if (!tableNames(database).includes(TABLE)) return [];
  return z.array(rowSchema).parse(database.prepare(`SELECT connection_id, name, sealed FROM ${TABLE}`).all());
}
