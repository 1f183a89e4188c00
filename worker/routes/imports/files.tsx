/** Files: read, previewed, confirmed or discarded, and exports of an ACD, stored at once. */
import { readExport } from '../../../src/acd/registry.ts';
import { IMPORT_COLUMNS, IMPORT_KINDS, type ImportKind } from '../../../src/domain/import-file.ts';
import { type ImportRow, readImport, readImportSample } from '../../../src/store/imports.ts';
import type { RoutedRequest, Visit } from '../../app.ts';
import { readUpload } from '../../body.ts';
import { storedSettings } from '../../connection-settings.ts';
import { csvLine } from '../../csv.ts';
import { storeExport } from '../../exports.ts';
import { confirmRead, endImport, IMPORT_BYTES_MAX, readForImport } from '../../imports.ts';
import { ExportResultPage } from '../../pages/imports/export.tsx';
import { ImportPreviewPage, type Sample } from '../../pages/imports/preview.tsx';
import { htmlPage, notFound, ProblemError, seeOther } from '../../respond.ts';
import { numberOf, whoOf } from '../asked.ts';
import { type Place, placeOf } from '../place.ts';
import { importsAnswer } from './page.tsx';

const SAMPLE_ROWS = 10;

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
  const read = settings && readExport(settings.acd, text, visit.nowMs);
  if (!read) throw notFound('This connection takes no exports.');
  if (name === '') return importsAnswer(visit, place, { errors: [{ path: 'export', message: 'Choose a file.' }] });
  const result = await storeExport(visit.app, place.connection.id, { name, read }, whoOf(visit));
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
