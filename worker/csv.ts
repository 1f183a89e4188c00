/** CSV as RFC 4180 has it, harmless to spreadsheets: a cell that would be taken for a formula starts with an apostrophe. */

export type Cell = string | number | boolean | null;

/** Rows read at a time for a download. */
export const CSV_CHUNK_ROWS = 5_000;

/** One line of CSV, with its line end. */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

function csvCell(cell: Cell): string {
  if (cell === null) return '';
  // A number is no text of somebody else's: -5 stays a number.
  if (typeof cell !== 'string') return String(cell);
  const harmless = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/**
 * CSV of all pages of a listing as a stream: a page is read when the reader has taken the one before. A page that fails
 * breaks the download off, so that a part is never taken for the whole.
 */
export function csvStream(
  header: readonly string[],
  pages: AsyncIterator<readonly (readonly Cell[])[]>,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let isFirst = true;
  return new ReadableStream({
    async pull(controller) {
      if (isFirst) {
        isFirst = false;
        controller.enqueue(encoder.encode(csvLine(header)));
        return;
      }
      const page = await pages.next();
      if (page.done) controller.close();
      else controller.enqueue(encoder.encode(page.value.map(csvLine).join('')));
    },
  });
}

/** Rows that are all at hand, as a file to download. */
export function csvFile(fileName: string, header: readonly string[], rows: readonly (readonly Cell[])[]): Response {
  return new Response([header, ...rows].map(csvLine).join(''), { headers: csvHeaders(fileName) });
}

function csvHeaders(fileName: string): Record<string, string> {
  return {
    'content-type': 'text/csv; charset=utf-8',
    'content-disposition': `attachment; filename="${fileName}.csv"`,
  };
}

/** The columns of a row's schema are the columns of its CSV. */
export function csvAnswer<T>(
  fileName: string,
  columns: readonly string[],
  read: (after: T | null) => Promise<readonly T[]>,
  convert: (row: T) => Record<string, Cell>,
): Response {
  async function* pages(): AsyncGenerator<Cell[][]> {
    let after: T | null = null;
    for (;;) {
      const rows: readonly T[] = await read(after);
      if (rows.length > 0) yield rows.map(convert).map((row) => columns.map((column) => row[column] ?? null));
      after = rows.at(-1) ?? null;
      if (rows.length < CSV_CHUNK_ROWS) return;
    }
  }
  return csvPages(fileName, columns, pages());
}

/** A file to download, made of pages as they come. */
export function csvPages(
  fileName: string,
  columns: readonly string[],
  pages: AsyncIterator<readonly (readonly Cell[])[]>,
): Response {
  return new Response(csvStream(columns, pages), { headers: csvHeaders(fileName) });
}
