/** The code book as page and as CSV. */
import { type CodeBookFilter, listCodeBook } from '../../src/store/code-book.ts';
import type { RoutedRequest, Visit } from '../app.ts';
import { csvFile } from '../csv.ts';
import { CodeBookPage } from '../pages/code-book.tsx';
import { htmlPage } from '../respond.ts';
import { placeOf } from './place.ts';

const PAGE_ROWS = 200;
const ALL_ROWS = 20_000;
const STATUSES: readonly CodeBookFilter['status'][] = ['all', 'sent', 'not sent', 'former'];

export async function showCodeBook(request: RoutedRequest, visit: Visit): Promise<Response> {
  const { app, url, identity } = visit;
  const { connection, moment, frame } = await placeOf(request, visit, 'code-book');
  const filter = filterOf(url);
  const asked = Number(url.searchParams.get('page'));
  const page = Number.isSafeInteger(asked) && asked > 0 ? asked : 1;
  const range = { limit: PAGE_ROWS, offset: (page - 1) * PAGE_ROWS };
  const { rows, total } = await listCodeBook(app.db, { connectionId: connection.id, ...filter, ...range });
  const base = `/connections/${connection.id}/code-book`;
  const query = {
    ...(filter.search && { q: filter.search }),
    ...(filter.status !== 'all' && { status: filter.status }),
  };
  const href = (number: number) => `${base}?${new URLSearchParams({ ...query, page: String(number) })}`;
  return htmlPage(
    <CodeBookPage
      {...{ identity, frame, moment, pairs: rows, total, filter }}
      csvHref={`${base}.csv?${new URLSearchParams(query)}`}
      before={page > 1 ? href(page - 1) : null}
      after={page * PAGE_ROWS < total ? href(page + 1) : null}
    />,
  );
}

const CSV_COLUMNS = ['Event code', 'Reason code', 'States', 'First sent (UTC)', 'Last sent (UTC)', 'Times sent'];

export async function exportCodeBook(request: RoutedRequest, visit: Visit): Promise<Response> {
  const { connection } = await placeOf(request, visit, 'code-book');
  const range = { connectionId: connection.id, limit: ALL_ROWS, offset: 0 };
  const { rows } = await listCodeBook(visit.app.db, { ...range, ...filterOf(visit.url) });
  const iso = (atMs: number | null) => (atMs === null ? null : new Date(atMs).toISOString());
  const cells = rows.map((pair) => [
    pair.eventCode,
    pair.reasonCode,
    pair.states,
    iso(pair.firstSentMs),
    iso(pair.lastSentMs),
    pair.sentCount,
  ]);
  return csvFile('code-book', CSV_COLUMNS, cells);
}

function filterOf(url: URL): Pick<CodeBookFilter, 'search' | 'status'> {
  const status = STATUSES.find((one) => one === url.searchParams.get('status')) ?? 'all';
  return { search: (url.searchParams.get('q') ?? '').trim().slice(0, 200), status };
}
