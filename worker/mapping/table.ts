/** A mapping as a table: written as CSV to be edited elsewhere, and read back row by row with an error by its line. */
import { readCsv } from '../../src/domain/csv.ts';
import type { Cell } from '../csv.ts';
import type { Wish } from './edits.ts';
import type { MappingKind } from './kinds.ts';

/** What is wrong with a table as a whole, or with one of its lines. */
export interface TableError {
  readonly line: number;
  readonly message: string;
}

export interface ReadTable<Row> {
  readonly wishes: readonly Wish<Row>[];
  readonly errors: readonly TableError[];
  /** Rows of the table, the header left out. */
  readonly rowCount: number;
}

/** Header and cells of a table with every row's mapping. */
export function tableOf<Row extends { readonly id: number }, Edit extends { readonly id: number }>(
  kind: MappingKind<Row, Edit>,
  rows: readonly Row[],
): { readonly header: readonly string[]; readonly cells: readonly (readonly Cell[])[] } {
  const { keys, facts, fields, formOf } = kind;
  return {
    header: [...keys, ...facts, ...fields].map(({ header }) => header),
    cells: rows.map((row) => {
      const form = formOf(row);
      return [...keys, ...facts].map(({ of }): Cell => of(row)).concat(fields.map(({ name }) => form[name] ?? ''));
    }),
  };
}

/** Reads a table against the stored rows. Columns may come in any order; those that are not there stay as they are. */
export function readTable<Row extends { readonly id: number }, Edit extends { readonly id: number }>(
  kind: MappingKind<Row, Edit>,
  text: string,
  stored: readonly Row[],
): ReadTable<Row> {
  const { head, rows, fault } = readCsv(text);
  const broken = (line: number, message: string) => ({ wishes: [], errors: [{ line, message }], rowCount: 0 });
  if (fault) return broken(fault.line, fault.message);
  if (head.length === 0) return broken(1, 'The table is empty.');
  const columns = head.map(headerKey);
  const columnOf = (header: string) => columns.indexOf(headerKey(header));
  const missing = kind.keys.filter(({ header }) => columnOf(header) === -1);
  if (missing.length > 0) {
    return broken(
      1,
      `The first line must name the column ${missing.map(({ header }) => `"${header}"`).join(' and ')}.`,
    );
  }
  const fields = kind.fields.filter(({ header }) => columnOf(header) !== -1);
  if (fields.length === 0) {
    return broken(1, `No column to change: give ${kind.fields.map(({ header }) => `"${header}"`).join(', ')}.`);
  }
  const byKey = new Map(stored.map((row) => [keyText(kind.keys.map(({ of }) => of(row))), row]));
  const seen = new Map<number, number>();
  const wishes: Wish<Row>[] = [];
  const errors: TableError[] = [];
  for (const { line, cells: raw } of rows) {
    const cells = raw.map(plainCell);
    const key = kind.keys.map(({ header }) => cells[columnOf(header)] ?? '');
    const row = byKey.get(keyText(key));
    const before = row && seen.get(row.id);
    if (!row) errors.push({ line, message: `There is no ${kind.one} "${key.filter(Boolean).join(' / ')}".` });
    else if (before !== undefined) errors.push({ line, message: `The same ${kind.one} is on line ${before}.` });
    else {
      seen.set(row.id, line);
      const form = Object.fromEntries(fields.map(({ name, header }) => [name, cells[columnOf(header)] ?? '']));
      wishes.push({ row, form, line });
    }
  }
  return { wishes, errors, rowCount: rows.length };
}

/** A header without case, blanks and marks: "Key in the WFM" and "key_in_the_wfm" are the same column. */
function headerKey(cell: string): string {
  return cell.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
}

/** The bridge's own tables put an apostrophe before what a spreadsheet would take for a formula: it comes off again. */
function plainCell(cell: string): string {
  const text = cell.trim();
  return /^'[=+\-@\t\r]/.test(text) ? text.slice(1) : text;
}

function keyText(key: readonly string[]): string {
  return JSON.stringify(key.map((part) => part.trim()));
}
