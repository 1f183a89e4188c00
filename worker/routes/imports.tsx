/** Imports and backfill: asked for, previewed, confirmed, watched, ended. */

import { acdTraits } from '../../src/acd/registry.ts';
import { IMPORT_COLUMNS, IMPORT_KINDS, type ImportKind } from '../../src/domain/import-file.ts';
import { dayOf, dayWindow, isDay, shiftDay } from '../../src/domain/local-day.ts';
import { type BackfillOrder, orderBackfill, readBackfill } from '../../src/store/backfill-requests.ts';
import { type ImportRow, readImport, readImportSample } from '../../src/store/imports.ts';
import {
  LOAD_KINDS,
  LOAD_STATUSES,
  type LoadFilter,
  type LoadRow,
  listLoads,
  listOpenLoads,
} from '../../src/store/past-loads.ts';
import { pokeCollector, type RoutedRequest, type Visit } from '../app.ts';
import { askForBackfill } from '../backfills.ts';
import { readForm, readUpload } from '../body.ts';
import { storedSettings } from '../connection-settings.ts';
import { CSV_CHUNK_ROWS, csvAnswer, csvLine } from '../csv.ts';
import { storeExport } from '../exports.ts';
import { confirmRead, endImport, IMPORT_BYTES_MAX, readForImport } from '../imports.ts';
import { noticeOf } from '../notice.ts';
import { ExportResultPage } from '../pages/export-upload.tsx';
import { ImportPreviewPage, type Sample } from '../pages/import-preview.tsx';
import { ImportsPage, LOAD_WORDS, UnderWay } from '../pages/imports.tsx';
import { type FieldError, htmlFragment, htmlPage, notFound, ProblemError, seeOther } from '../respond.ts';
import { type Place, placeOf } from './place.ts';

const PAGE_ROWS = 50;
const SAMPLE_ROWS = 10;

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

async function importsAnswer(
  visit: Visit,
  place: Place,
  form: { errors: readonly FieldError[]; backfill?: { from: string; to: string } },
): Promise<Response> {
  const { app, identity, url } = visit;
  const { connection, moment, frame } = place;
  const settings = storedSettings(connection);
  const filter = filterOf(url);
  const before = Number(url.searchParams.get('before') ?? Number.NaN);
  const beforeMs = Number.isSafeInteger(before) ? before : Number.MAX_SAFE_INTEGER;
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
      takesExports={settings?.acd.kind === 'avaya-cms'}
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

export async function startBackfill(request: RoutedRequest, visit: Visit): Promise<Response> {
  const place = await placeOf(request, visit, 'imports');
  const form = await readForm(request);
  const backfill = { from: form.get('from') ?? '', to: form.get('to') ?? '' };
  const errors = (['from', 'to'] as const).flatMap((path) =>
    isDay(backfill[path]) ? [] : [{ path, message: 'Enter a day, such as 2026-01-31.' }],
  );
  if (errors.length > 0) return importsAnswer(visit, place, { errors, backfill });
  const { timeZone } = place.moment;
  const range = { fromMs: dayWindow(backfill.from, timeZone).startMs, toMs: dayWindow(backfill.to, timeZone).endMs };
  const asked = await askForBackfill(visit.app, place.connection, range, whoOf(visit));
  if (!asked.ok) return importsAnswer(visit, place, { errors: [asked.error], backfill });
  return seeOther(`/connections/${place.connection.id}/imports?notice=backfill`);
}

/** A map, not an object: an address can name what every object has. */
const ORDERS: ReadonlyMap<string, BackfillOrder> = new Map([
  ['pause', 'pause'],
  ['resume', 'resume'],
  ['cancel', 'cancel'],
]);

export async function orderOneBackfill(request: RoutedRequest, visit: Visit): Promise<Response> {
  const { connection } = await placeOf(request, visit, 'imports');
  const order = ORDERS.get(request.params.order ?? '');
  const id = numberOf(request.params.backfill);
  const row = order && id !== null ? await readBackfill(visit.app.db, connection.id, id) : null;
  if (!order || !row) throw notFound('There is no such backfill.');
  await orderBackfill(visit.app.db, { connectionId: connection.id, id: row.id, order, ...whoOf(visit) });
  await pokeCollector(visit.app, connection.id);
  return seeOther(`/connections/${connection.id}/imports?notice=${order}`);
}

export async function uploadImport(request: RoutedRequest, visit: Visit): Promise<Response> {
  const place = await placeOf(request, visit, 'imports');
  const form = await readUpload(request, IMPORT_BYTES_MAX);
  const kind = IMPORT_KINDS.find((one) => one === form.get('kind'));
  const text = form.get('file') ?? '';
  const fileName = form.get('file.name') ?? '';
  if (!kind) throw new ProblemError(400, 'Not a form', 'The form does not say what the file holds.');
  const refuse = (message: string) => importsAnswer(visit, place, { errors: [{ path: 'file', message }] });
  if (fileName === '') return refuse('Choose a file.');
  const read = await readForImport(visit.app, place.connection, { kind, fileName, text }, whoOf(visit));
  if (!read.ok) return refuse(read.message);
  return seeOther(`/connections/${place.connection.id}/imports/${read.row.id}`);
}

/** An export of the ACD's own tables: stored at once, because the same one twice changes nothing. */
export async function uploadExport(request: RoutedRequest, visit: Visit): Promise<Response> {
  const place = await placeOf(request, visit, 'imports');
  const form = await readUpload(request, IMPORT_BYTES_MAX);
  const text = form.get('export') ?? '';
  const name = form.get('export.name') ?? '';
  const settings = storedSettings(place.connection);
  if (settings?.acd.kind !== 'avaya-cms') throw notFound('This connection takes no exports.');
  if (name === '') return importsAnswer(visit, place, { errors: [{ path: 'export', message: 'Choose a file.' }] });
  const result = await storeExport(
    visit.app,
    place.connection.id,
    { name, text, settings: settings.acd },
    whoOf(visit),
  );
  return htmlPage(<ExportResultPage identity={visit.identity} frame={place.frame} result={result} />);
}

export async function showImport(request: RoutedRequest, visit: Visit): Promise<Response> {
  const place = await placeOf(request, visit, 'imports');
  const row = await requireImport(request, visit, place);
  const sample = row.status === 'read' ? await sampleOf(visit, row) : null;
  const { identity } = visit;
  const { frame, moment } = place;
  return htmlPage(<ImportPreviewPage identity={identity} frame={frame} moment={moment} row={row} sample={sample} />);
}

export async function confirmOneImport(request: RoutedRequest, visit: Visit): Promise<Response> {
  const place = await placeOf(request, visit, 'imports');
  const row = await requireImport(request, visit, place);
  await confirmRead(visit.app, place.connection.id, row, whoOf(visit));
  return seeOther(`/connections/${place.connection.id}/imports/${row.id}`);
}

export async function cancelOneImport(request: RoutedRequest, visit: Visit): Promise<Response> {
  const place = await placeOf(request, visit, 'imports');
  const row = await requireImport(request, visit, place);
  await endImport(visit.app, place.connection.id, row, whoOf(visit));
  const notice = row.status === 'read' ? 'discarded' : 'cancel';
  return seeOther(`/connections/${place.connection.id}/imports?notice=${notice}`);
}

export async function refusedCsv(request: RoutedRequest, visit: Visit): Promise<Response> {
  const place = await placeOf(request, visit, 'imports');
  const row = await requireImport(request, visit, place);
  const lines = row.refused.map(({ line, reason }) => csvLine([line, reason]));
  return csvFile(`left-out-${row.id}`, csvLine(['line', 'reason']) + lines.join(''));
}

export async function importTemplate(request: RoutedRequest, visit: Visit): Promise<Response> {
  await placeOf(request, visit, 'imports');
  const kind: ImportKind = visit.url.searchParams.get('kind') === 'state-changes' ? 'state-changes' : 'intervals';
  return csvFile(
    kind === 'intervals' ? 'queue-figures' : 'state-changes',
    csvLine(IMPORT_COLUMNS[kind].map(({ name }) => name)),
  );
}

function csvFile(name: string, text: string): Response {
  const headers = {
    'content-type': 'text/csv; charset=utf-8',
    'content-disposition': `attachment; filename="${name}.csv"`,
  };
  return new Response(text, { headers });
}

async function sampleOf(visit: Visit, row: ImportRow): Promise<Sample> {
  const { names, part } = await readImportSample(visit.app.db, row, SAMPLE_ROWS);
  const name = (key: number) => names.get(key) ?? String(key);
  if (part?.kind === 'figures') {
    return {
      head: ['Interval', 'Queue', 'Offered', 'Handled', 'Abandoned', 'Handle time, s'],
      rows: part.rows.map(([queueKey, startMs, offered, abandoned, handleTimeMs]) => [
        { atMs: startMs },
        name(queueKey),
        offered,
        offered - abandoned,
        abandoned,
        handleTimeMs / 1_000,
      ]),
    };
  }
  if (part?.kind !== 'changes') return { head: [], rows: [] };
  return {
    head: ['Time', 'Agent', 'State', 'Reason'],
    rows: part.rows.map(([agentKey, atMs, state, reason]) => [
      { atMs },
      name(agentKey),
      state === '' ? 'not known from here on' : state,
      reason,
    ]),
  };
}

async function requireImport(request: RoutedRequest, visit: Visit, place: Place): Promise<ImportRow> {
  const id = numberOf(request.params.import);
  const row = id === null ? null : await readImport(visit.app.db, place.connection.id, id);
  if (!row) throw notFound('There is no such import. A file that nobody confirms is dropped after a day.');
  return row;
}

function numberOf(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function whoOf({ nowMs, identity }: Visit): { nowMs: number; by: string } {
  return { nowMs, by: identity?.by ?? 'nobody' };
}
