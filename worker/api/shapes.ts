/** Pieces that several endpoints share: ids, instants, ranges, pages and cursors. */
import * as z from 'zod';
import { fromBase64, toBase64Url, utf8 } from '../../src/crypto/bytes.ts';
import { type ConnectionRow, readConnection } from '../../src/store/connections.ts';
import type { App } from '../app.ts';
import { notFound, ProblemError } from '../respond.ts';

export const id = z.coerce.number<string>().int().min(1).max(Number.MAX_SAFE_INTEGER);

export const connectionParams = z.strictObject({ connectionId: id });
export const itemParams = z.strictObject({ connectionId: id, id });

/** An instant in ISO 8601 with its offset, as UTC epoch milliseconds inside. */
export const instant = z.iso
  .datetime({ offset: true, error: 'Give an instant in ISO 8601 with its offset, such as 2026-01-31T13:15:00Z.' })
  .transform((text) => Date.parse(text));

/** An instant in an answer: UTC epoch milliseconds inside, ISO 8601 outside. */
export function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}
export function isoOrNull(atMs: number | null): string | null {
  return atMs === null ? null : iso(atMs);
}
export const isoText = z.iso.datetime();

export const PAGE_ROWS_MAX = 1_000;

/** Parameters of a page. `cursor` is opaque: take it from the page before. */
export const pageParameters = {
  limit: z.coerce.number<string>().int().min(1).max(PAGE_ROWS_MAX).default(100).describe('Rows a page, at most 1,000.'),
  cursor: z.string().max(200).optional().describe('`nextCursor` of the page before.'),
};

export const rangeParameters = {
  from: instant.describe('Start of the range, inclusive.'),
  to: instant.describe('End of the range, exclusive.'),
};

export const formatParameter = {
  format: z.enum(['json', 'csv']).optional().describe('csv: the whole range, without pages.'),
};

/** The answer of a listing. `nextCursor` is null on the last page. */
export function pageOf<T extends z.ZodType>(row: T) {
  return z.strictObject({ rows: z.array(row), nextCursor: z.string().nullable() });
}

/** The range of a request; throws where it is empty. */
export function rangeOf(query: { from: number; to: number }): { startMs: number; endMs: number } {
  if (query.from < query.to) return { startMs: query.from, endMs: query.to };
  const errors = [{ path: 'to', message: 'The end must lie after the start.' }];
  throw new ProblemError(400, 'Invalid request', 'The end of the range must lie after its start.', { errors });
}

export function wantsCsv(request: Request, query: { format?: 'json' | 'csv' | undefined }): boolean {
  if (query.format) return query.format === 'csv';
  return (request.headers.get('accept') ?? '').split(',').some((type) => type.trim().split(';')[0] === 'text/csv');
}

/** A page's rows and cursor from one row more than asked for. `key`: the fields that tell a row's place. */
export function cutPage<K extends string, T extends Readonly<Record<K, number>>>(
  rows: readonly T[],
  limit: number,
  key: readonly K[],
): { rows: readonly T[]; nextCursor: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { rows: page, nextCursor: rows.length > limit && last ? writeCursor(key.map((name) => last[name])) : null };
}

function writeCursor(key: readonly number[]): string {
  return toBase64Url(utf8(JSON.stringify(key)));
}

/** The key inside a cursor, or null without one. Throws for one that this API did not make. */
export function readCursor<K extends string>(
  cursor: string | undefined,
  key: readonly K[],
): Readonly<Record<K, number>> | null {
  if (cursor === undefined) return null;
  const bytes = fromBase64(cursor);
  const numbers = z
    .array(z.int())
    .length(key.length)
    .safeParse(bytes ? parseJson(new TextDecoder().decode(bytes)) : null);
  // The cast says what the length has just guaranteed: a number for each name.
  if (numbers.success) {
    return Object.fromEntries(key.map((name, i) => [name, numbers.data[i]])) as Readonly<Record<K, number>>;
  }
  const message = 'This cursor is not one that this listing gave. Begin without a cursor.';
  throw new ProblemError(400, 'Invalid request', message, { errors: [{ path: 'cursor', message }] });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** The connection of the address, or 404. */
export async function requireConnection(app: App, connectionId: number): Promise<ConnectionRow> {
  const connection = await readConnection(app.db, connectionId);
  if (!connection) throw notFound(`There is no connection ${connectionId}.`);
  return connection;
}
