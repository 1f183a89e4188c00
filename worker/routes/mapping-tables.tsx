/** A mapping as a table: out as CSV, in with a preview, and applied once it is confirmed. */
import { forgetUpload, keepUpload, readUpload as readKept } from '../../src/store/mapping-edits.ts';
import type { RoutedRequest, Visit } from '../app.ts';
import { readUpload } from '../body.ts';
import { csvFile } from '../csv.ts';
import { judge, saveChanges } from '../mapping/edits.ts';
import { AGENTS, type MappingKind, QUEUES, STATES } from '../mapping/kinds.ts';
import { readTable, tableOf } from '../mapping/table.ts';
import { MappingPreviewPage } from '../pages/mapping-preview.tsx';
import { htmlPage, notFound, seeOther } from '../respond.ts';
import {
  ALL,
  type AnyEdit,
  allRows,
  baseOf,
  filterOf,
  type Identified,
  pageOf,
  shownBy,
  withNotice,
} from './mapping-address.ts';
import { type Place, placeOf } from './place.ts';

/** The list with its filter as CSV. */
export async function exportMapping(request: RoutedRequest, visit: Visit): Promise<Response> {
  const shown = shownBy(visit.url);
  const { connection } = await placeOf(request, visit, shown === 'states' ? 'states' : 'roster');
  const file = async <Row extends Identified, Edit extends Identified>(kind: MappingKind<Row, Edit>) => {
    const { header, cells } = tableOf(kind, await allRows(visit.app.db, connection.id, kind, filterOf(visit.url)));
    return csvFile(kind.table, header, cells);
  };
  if (shown === 'states') return file(STATES);
  return shown === 'agents' ? file(AGENTS) : file(QUEUES);
}

/** Takes a table in, to be looked at first. */
export async function uploadMapping(request: RoutedRequest, visit: Visit): Promise<Response> {
  const kind = shownBy(visit.url);
  const { connection } = await placeOf(request, visit, kind === 'states' ? 'states' : 'roster');
  const content = (await readUpload(request)).get('file') ?? '';
  if (content.trim() === '') return seeOther(withNotice(visit.url, kind, 'no-file', 0));
  const { app, nowMs, identity } = visit;
  const by = identity?.by ?? 'nobody';
  const id = await keepUpload(app.db, { connectionId: connection.id, kind, content, nowMs, by });
  return seeOther(`${baseOf(connection.id, kind)}/upload/${id}`);
}

export async function previewMapping(request: RoutedRequest, visit: Visit): Promise<Response> {
  return uploaded(request, visit, false);
}

/** Applies a table that was previewed: what is in order changes, the rest stays. */
export async function confirmMapping(request: RoutedRequest, visit: Visit): Promise<Response> {
  return uploaded(request, visit, true);
}

async function uploaded(request: RoutedRequest, visit: Visit, isConfirmed: boolean): Promise<Response> {
  const shown = shownBy(visit.url);
  const place = await placeOf(request, visit, shown === 'states' ? 'states' : 'roster');
  const id = Number(request.params.upload ?? Number.NaN);
  const kept = Number.isSafeInteger(id) ? await readKept(visit.app.db, place.connection.id, id, visit.nowMs) : null;
  if (kept?.kind !== shown)
    throw notFound('This table was applied already, or waited for over an hour. Upload it again.');
  const next = { content: kept.content, id, isConfirmed };
  if (shown === 'states') return applyTable(visit, place, STATES, next);
  return shown === 'agents' ? applyTable(visit, place, AGENTS, next) : applyTable(visit, place, QUEUES, next);
}

async function applyTable<Row extends Identified, Edit extends AnyEdit>(
  visit: Visit,
  { connection, frame }: Place,
  kind: MappingKind<Row, Edit>,
  upload: { readonly content: string; readonly id: number; readonly isConfirmed: boolean },
): Promise<Response> {
  const { app, identity, url } = visit;
  const table = readTable(kind, upload.content, await allRows(app.db, connection.id, kind, ALL));
  const judged = judge(kind, table.wishes);
  if (upload.isConfirmed) {
    await saveChanges(visit, connection.id, kind, judged.changes, [forgetUpload(app.db, connection.id, upload.id)]);
    return seeOther(withNotice(url, kind.table, 'saved', judged.changes.length));
  }
  const errors = [
    ...table.errors,
    ...judged.errors.map(({ line, label, header, message }) => ({
      line: line ?? 0,
      message: `${label}, ${header}: ${message}`,
    })),
  ].toSorted((a, b) => a.line - b.line);
  const page = (
    <MappingPreviewPage
      {...{ identity, frame, errors, one: kind.one, many: kind.many, rowCount: table.rowCount }}
      changes={judged.changes.map(({ row, changes }) => ({ label: kind.label(row), changes }))}
      action={`${baseOf(connection.id, kind.table)}/upload/${upload.id}`}
      back={pageOf(connection.id, kind.table)}
    />
  );
  return htmlPage(page, { status: errors.length > 0 ? 422 : 200 });
}
