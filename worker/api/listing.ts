/**
 * A listing: pages of JSON behind a cursor and, where it is told how, the whole of it as CSV. What is listed stays with
 * each endpoint: its parameters, its rows, and the numbers that tell a row's place.
 */
import * as z from 'zod';
import { type Cell, CSV_CHUNK_ROWS, csvAnswer } from '../csv.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { connectionParams, cutPage, pageOf, readCursor, requireConnection, wantsCsv } from './shapes.ts';

/** What the parameters of any listing hold: `pageParameters`, and with a CSV `formatParameter`. */
interface PageQuery {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly format?: 'json' | 'csv' | undefined;
}

/** Which rows: at most `limit`, after the one of this key; null: from the first one on. */
export interface ListingPage<K extends string> {
  readonly after: Readonly<Record<K, number>> | null;
  readonly limit: number;
}

type Reader<K extends string, Row> = (page: ListingPage<K>) => Promise<readonly Row[]>;

interface ListingSpec<Q extends z.ZodType<PageQuery>, R extends z.ZodObject, K extends string, Row> {
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly query: Q;
  readonly row: R;
  /** The fields of a stored row that tell its place in the order of the listing; the cursor is made of them. */
  readonly key: readonly K[];
  convert(row: Row): z.input<R>;
  /** The columns are those of `row`. */
  readonly csv?: { readonly name: string; toCells(row: Row): Record<string, Cell> };
}

/** A listing of one connection: 404 where there is none. `open` checks the parameters and gives what reads the pages. */
export function connectionListing<
  Q extends z.ZodType<PageQuery>,
  R extends z.ZodObject,
  K extends string,
  Row extends Readonly<Record<K, number>>,
>(
  spec: ListingSpec<Q, R, K, Row> & {
    open(db: D1Database, asked: { readonly connectionId: number; readonly query: z.output<Q> }): Reader<K, Row>;
  },
): Endpoint {
  return endpoint({
    ...described(spec),
    params: connectionParams,
    async handle({ app, params: { connectionId }, query, request }) {
      await requireConnection(app, connectionId);
      return answerListing(spec, spec.open(app.db, { connectionId, query }), query, request);
    },
  });
}

/** A listing over all connections. */
export function listing<
  Q extends z.ZodType<PageQuery>,
  R extends z.ZodObject,
  K extends string,
  Row extends Readonly<Record<K, number>>,
>(spec: ListingSpec<Q, R, K, Row> & { open(db: D1Database, query: z.output<Q>): Reader<K, Row> }): Endpoint {
  return endpoint({
    ...described(spec),
    params: z.strictObject({}),
    handle: ({ app, query, request }) => answerListing(spec, spec.open(app.db, query), query, request),
  });
}

function described<Q extends z.ZodType<PageQuery>, R extends z.ZodObject, K extends string, Row>(
  spec: ListingSpec<Q, R, K, Row>,
) {
  const { tag, summary, description = '', query, row, csv } = spec;
  return { tag, summary, description, query, answer: pageOf(row), hasCsv: csv !== undefined };
}

async function answerListing<
  Q extends z.ZodType<PageQuery>,
  R extends z.ZodObject,
  K extends string,
  Row extends Readonly<Record<K, number>>,
>(spec: ListingSpec<Q, R, K, Row>, read: Reader<K, Row>, query: PageQuery, request: Request) {
  const { row: shape, key, csv, convert } = spec;
  if (csv && wantsCsv(request, query)) {
    const readChunk = (after: Row | null) => read({ after, limit: CSV_CHUNK_ROWS });
    return csvAnswer<Row>(csv.name, Object.keys(shape.shape), readChunk, csv.toCells);
  }
  const cursor = readCursor(query.cursor, key);
  const rows = await read({ after: cursor, limit: query.limit + 1 });
  const page = cutPage(rows, query.limit, key);
  return { rows: page.rows.map((row) => convert(row)), nextCursor: page.nextCursor };
}

/** Where a listing goes on that is read newest first, by its ids. */
export function beforeId({ after, limit }: ListingPage<'id'>): { beforeId: number; limit: number } {
  return { beforeId: after?.id ?? Number.MAX_SAFE_INTEGER, limit };
}

/** Where a listing goes on that is read oldest first, by its ids. */
export function afterId({ after, limit }: ListingPage<'id'>): { afterId: number; limit: number } {
  return { afterId: after?.id ?? 0, limit };
}
