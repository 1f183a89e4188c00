/**
 * Reads CSV as RFC 4180 has it: quoted cells with commas, quotes and line ends in them, CR LF or LF, a byte order mark,
 * and a semicolon or tab as the separator where the head uses it, as spreadsheets of many countries write. Pure.
 */

/** One row with the line that it begins on; the first line is 1. */
export interface CsvRow {
  readonly line: number;
  readonly cells: readonly string[];
}

export interface CsvTable {
  /** The head's cells, trimmed. */
  readonly head: readonly string[];
  /** Rows without empty lines. */
  readonly rows: readonly CsvRow[];
  /** Where the text cannot be read on, and why; what is before it was read. */
  readonly fault: { readonly line: number; readonly message: string } | null;
}

const SEPARATORS = [',', ';', '\t'] as const;

/** Reads a whole text. `given`: its separator, one character, where the head need not be asked. */
export function readCsv(text: string, given?: string): CsvTable {
  const plain = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const separator = given ?? separatorOf(plain);
  const rows: CsvRow[] = [];
  let at = 0;
  let line = 1;
  while (at < plain.length) {
    const row = readRow(plain, at, separator);
    if (row === null) {
      return { ...headed(rows), fault: { line, message: 'A quoted cell that begins here is never closed.' } };
    }
    if (row.cells.some((cell) => cell.trim() !== '')) rows.push({ line, cells: row.cells });
    line += row.lines;
    at = row.next;
  }
  return { ...headed(rows), fault: null };
}

function headed([head, ...rows]: readonly CsvRow[]): { head: string[]; rows: CsvRow[] } {
  return { head: (head?.cells ?? []).map((cell) => cell.trim()), rows };
}

/** The separator that the first line uses most outside of quotes. */
function separatorOf(text: string): string {
  const end = text.search(/[\r\n]/);
  const first = (end < 0 ? text : text.slice(0, end)).replaceAll(/"[^"]*"/g, '');
  const counts = SEPARATORS.map((separator) => first.split(separator).length);
  return SEPARATORS[counts.indexOf(Math.max(...counts))] ?? ',';
}

/** The row that begins at `from`; null when a quote in it is not closed. `lines`: how many line ends it takes. */
function readRow(
  text: string,
  from: number,
  separator: string,
): { cells: string[]; next: number; lines: number } | null {
  const cells: string[] = [];
  let at = from;
  let lines = 0;
  for (;;) {
    let cell = '';
    if (text[at] === '"') {
      at += 1;
      for (;;) {
        const quote = text.indexOf('"', at);
        if (quote < 0) return null;
        cell += text.slice(at, quote);
        at = quote + 1;
        if (text[at] !== '"') break;
        cell += '"';
        at += 1;
      }
      lines += cell.split('\n').length - 1;
    }
    // What follows a closing quote up to the separator belongs to the cell, as most readers have it.
    const start = at;
    while (at < text.length && text[at] !== separator && text[at] !== '\n' && text[at] !== '\r') at += 1;
    cells.push(cell + text.slice(start, at));
    if (text[at] === separator) {
      at += 1;
      continue;
    }
    if (text[at] === '\r' && text[at + 1] === '\n') at += 1;
    return { cells, next: Math.min(at + 1, text.length), lines: lines + 1 };
  }
}
