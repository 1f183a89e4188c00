/** Imports and backfill as a page: what is under way, what was loaded before, and forms that were not accepted. */
import { acdTitle, acdTraits, exportTables } from '../../../src/acd/registry.ts';
import { dayOf, shiftDay } from '../../../src/domain/local-day.ts';
import {
  LOAD_KINDS,
  LOAD_STATUSES,
  type LoadFilter,
  type LoadRow,
  listLoads,
  listOpenLoads,
} from '../../../src/store/past-loads.ts';
import type { RoutedRequest, Visit } from '../../app.ts';
import { storedSettings } from '../../connection-settings.ts';
import { CSV_CHUNK_ROWS, csvAnswer } from '../../csv.ts';
import { noticeOf } from '../../notice.ts';
import { LOAD_WORDS } from '../../pages/imports/load.tsx';
import { ImportsPage } from '../../pages/imports/page.tsx';
import { UnderWay } from '../../pages/imports/under-way.tsx';
import { type FieldError, htmlFragment, htmlPage } from '../../respond.ts';
import { beforeOf } from '../asked.ts';
import { type Place, placeOf } from '../place.ts';

const PAGE_ROWS = 50;

const NOTICES: Readonly<Record<string, string>> = {
  backfill: 'The backfill is under way.',
  pause: 'The backfill is paused.',
  resume: 'The backfill goes on.',
  cancel: 'It is cancelled. What was loaded stays.',
  discarded: 'The file was discarded. Nothing of it was stored.',
};

export async function showImports(request: RoutedRequest, visit: Visit): Promise<Response> {
  return importsAnswer(visit, await placeOf(request, visit, 'imports'), { errors: [] });
}

export async function importsAnswer(
  visit: Visit,
  place: Place,
  form: { errors: readonly FieldError[]; backfill?: { from: string; to: string } },
): Promise<Response> {
  const { app, identity, url } = visit;
  const { connection, moment, frame } = place;
  const settings = storedSettings(connection);
  const filter = filterOf(url);
  const beforeMs = beforeOf(url);
  const [open, rows] = await Promise.all([
    listOpenLoads(app.db, connection.id),
    listLoads(app.db, connection.id, filter, { beforeMs, limit: PAGE_ROWS + 1 }),
  ]);
  const history = rows.slice(0, PAGE_ROWS);
  const last = history.at(-1);
  const query = new URLSearchParams({ kind: filter.kind ?? '', status: filter.status ?? '' });
  const older =
    rows.length > PAGE_ROWS && last
      ? `/connections/${connection.id}/imports?${query}&before=${last.createdAtMs}`
      : null;
  const today = dayOf(moment.nowMs, moment.timeZone);
  const page = (
    <ImportsPage
      identity={identity}
      frame={frame}
      moment={moment}
      open={open}
      history={history}
      filter={filter}
      older={older}
      isFirst={beforeMs === Number.MAX_SAFE_INTEGER}
      notice={noticeOf(NOTICES, url)}
      backfill={form.backfill ?? { from: shiftDay(today, -7), to: today }}
      errors={form.errors}
      isAsked={!settings || acdTraits(settings.acd).queueIntervals === 'asked'}
      acdName={settings ? acdTitle(settings.acd.kind) : 'the ACD'}
      tables={settings ? exportTables(settings.acd) : []}
    />
  );
  return htmlPage(page, { status: form.errors.length > 0 ? 422 : 200 });
}

function filterOf(url: URL): LoadFilter {
  const kind = url.searchParams.get('kind');
  const status = url.searchParams.get('status');
  return {
    kind: LOAD_KINDS.find((one) => one === kind) ?? null,
    status: LOAD_STATUSES.find((one) => one === status) ?? null,
  };
}

/** The part of the page that refreshes itself. */
export async function underWay(request: RoutedRequest, visit: Visit): Promise<Response> {
  const { connection, moment } = await placeOf(request, visit, 'imports');
  const open = await listOpenLoads(visit.app.db, connection.id);
  return htmlFragment(<UnderWay connectionId={connection.id} open={open} moment={moment} />);
}

export async function historyCsv(request: RoutedRequest, visit: Visit): Promise<Response> {
  const { connection } = await placeOf(request, visit, 'imports');
  const filter = filterOf(visit.url);
  const iso = (atMs: number | null) => (atMs === null ? null : new Date(atMs).toISOString());
  return csvAnswer<LoadRow>(
    `imports-${connection.id}`,
    [
      'what',
      'file',
      'from_utc',
      'to_utc',
      'status',
      'new_or_changed',
      'same',
      'left_out',
      'asked_by',
      'asked_utc',
      'finished_utc',
      'error',
    ],
    (after) =>
      listLoads(visit.app.db, connection.id, filter, {
        beforeMs: after?.createdAtMs ?? Number.MAX_SAFE_INTEGER,
        limit: CSV_CHUNK_ROWS,
      }),
    (row) => ({
      what: LOAD_WORDS[row.kind],
      file: row.fileName,
      from_utc: iso(row.fromMs),
      to_utc: iso(row.toMs),
      status: row.status,
      new_or_changed: row.changedCount,
      same: row.sameCount,
      left_out: row.failedCount,
      asked_by: row.createdBy,
      asked_utc: iso(row.createdAtMs),
      finished_utc: iso(row.finishedAtMs),
      error: row.error,
    }),
  );
}
