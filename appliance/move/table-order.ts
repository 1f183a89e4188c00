// Which tables move, and in which order: a row comes after those that it refers to.
import type { DatabaseSync } from 'node:sqlite';
import { column, quoteName, tableNames } from '../database-file.ts';

/** About the deployment that runs, not about what it knows: each writes its own. */
const NOT_MOVED: ReadonlySet<string> = new Set(['heartbeat', 'login_attempt', 'ledger_proof']);

/** The tables to move, referred-to ones first. @throws Error when tables refer to each other in a circle */
export function tablesInOrder(database: DatabaseSync): string[] {
  const waiting = new Map(
    tableNames(database)
      .filter((table) => !NOT_MOVED.has(table))
      .map((table) => [table, parentsOf(database, table)] as const),
  );
  const ordered: string[] = [];
  while (waiting.size > 0) {
    const ready = [...waiting].filter(([, parents]) => parents.every((parent) => !waiting.has(parent)));
    if (ready.length === 0) throw new Error(`The tables ${[...waiting.keys()].join(', ')} refer to each other.`);
    for (const [table] of ready) {
      waiting.delete(table);
      ordered.push(table);
    }
  }
  return ordered;
}

function parentsOf(database: DatabaseSync, table: string): string[] {
  const parents = column(database, `SELECT "table" FROM pragma_foreign_key_list('${table.replaceAll("'", "''")}')`);
  return parents.filter((parent) => parent !== table);
}

/** A table's columns, in order. */
export function columnsOf(database: DatabaseSync, table: string): string[] {
  return column(database, `SELECT name FROM pragma_table_info('${table.replaceAll("'", "''")}') ORDER BY cid`);
}

/** The columns that tell rows apart, as an ORDER BY list. */
export function keyOf(database: DatabaseSync, table: string): string {
  const key = column(
    database,
    `SELECT name FROM pragma_table_info('${table.replaceAll("'", "''")}') WHERE pk > 0 ORDER BY pk`,
  );
  return (key.length > 0 ? key : columnsOf(database, table)).map(quoteName).join(', ');
}
