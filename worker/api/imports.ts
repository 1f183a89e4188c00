/** Files of past facts: read for a preview, confirmed, watched, ended. */
import * as z from 'zod';
import { IMPORT_KINDS } from '../../src/domain/import-file.ts';
import { IMPORT_STATUSES, type ImportRow, listImports, readImport } from '../../src/store/imports.ts';
import { confirmRead, endImport, IMPORT_BYTES_MAX, readForImport } from '../imports.ts';
import { notFound, ProblemError } from '../respond.ts';
import { answer, endpoint } from './endpoint.ts';
import { beforeId, connectionListing } from './listing.ts';
import { connectionParams, iso, isoOrNull, isoText, itemParams, pageParameters, requireConnection } from './shapes.ts';

const TAG = 'Imports';

const importShape = z
  .strictObject({
    id: z.int(),
    kind: z.enum(IMPORT_KINDS),
    fileName: z.string(),
    sha256: z.string(),
    status: z.enum(IMPORT_STATUSES).describe('read: waits to be confirmed; dropped after a day.'),
    from: isoText.nullable(),
    to: isoText.nullable(),
    rows: z.int(),
    new: z.int().describe('Before it is confirmed: what storing it would do. Afterwards: what it did.'),
    changed: z.int(),
    same: z.int(),
    refused: z.int(),
    refusedLines: z.array(z.strictObject({ line: z.int(), reason: z.string() })).describe('The first 500.'),
    remarks: z.array(z.string()),
    partsTotal: z.int(),
    partsDone: z.int(),
    createdBy: z.string(),
    createdAt: isoText,
    finishedAt: isoText.nullable(),
  })
  .meta({ id: 'Import' });

function toImport(row: ImportRow): z.input<typeof importShape> {
  return {
    id: row.id,
    kind: row.kind,
    fileName: row.fileName,
    sha256: row.sha256,
    status: row.status,
    from: isoOrNull(row.fromMs),
    to: isoOrNull(row.toMs),
    rows: row.rowCount,
    new: row.newCount,
    changed: row.changedCount,
    same: row.sameCount,
    refused: row.refusedCount,
    refusedLines: [...row.refused],
    remarks: [...row.remarks],
    partsTotal: row.partCount,
    partsDone: row.nextPart,
    createdBy: row.createdBy,
    createdAt: iso(row.createdAtMs),
    finishedAt: isoOrNull(row.finishedAtMs),
  };
}

export const createImportEndpoint = endpoint({
  tag: TAG,
  summary: 'Read a CSV file of past facts',
  description:
    'Queue figures: columns interval_start_utc, queue, offered, handled, total_handle_time_s and, if wanted, abandoned. State changes: at_utc, agent, state and, if wanted, reason. The file is checked and compared with what is stored; nothing of it is stored before it is confirmed.',
  scope: 'push',
  params: connectionParams,
  bodyBytesMax: IMPORT_BYTES_MAX,
  body: z
    .strictObject({
      kind: z.enum(IMPORT_KINDS),
      fileName: z.string().trim().min(1).max(200),
      csv: z.string().min(1).max(IMPORT_BYTES_MAX).describe('The whole file, its first line naming the columns.'),
    })
    .meta({ id: 'NewImport' }),
  status: 201,
  answer: importShape,
  async handle({ app, params: { connectionId }, body: { kind, fileName, csv }, nowMs, identity }) {
    const connection = await requireConnection(app, connectionId);
    const read = await readForImport(app, connection, { kind, fileName, text: csv }, { nowMs, by: identity.by });
    if (!read.ok) {
      throw new ProblemError(400, 'Invalid file', read.message, { errors: [{ path: 'csv', message: read.message }] });
    }
    const location = `/api/v1/connections/${connectionId}/imports/${read.row.id}`;
    return answer(importShape, toImport(read.row), { status: 201, headers: { location } });
  },
});

export const listImportsEndpoint = connectionListing({
  tag: TAG,
  summary: 'Imports that were confirmed, newest first',
  query: z.strictObject(pageParameters),
  row: importShape,
  key: ['id'],
  open:
    (db, { connectionId }) =>
    (page) =>
      listImports(db, { connectionId, ...beforeId(page) }),
  convert: toImport,
});

export const readImportEndpoint = endpoint({
  tag: TAG,
  summary: 'One import with its progress',
  params: itemParams,
  answer: importShape,
  async handle({ app, params }) {
    return toImport(await requireImport(app.db, params));
  },
});

export const confirmImportEndpoint = endpoint({
  tag: TAG,
  summary: 'Store a file that was read',
  scope: 'push',
  params: itemParams,
  status: 202,
  answer: importShape,
  problems: { 409: 'It was confirmed before.' },
  async handle({ app, params, nowMs, identity }) {
    const row = await requireImport(app.db, params);
    if (!(await confirmRead(app, params.connectionId, row, { nowMs, by: identity.by }))) {
      throw new ProblemError(409, 'Not possible now', `The import is ${row.status}; it was confirmed before.`);
    }
    return toImport(await requireImport(app.db, params));
  },
});

export const cancelImportEndpoint = endpoint({
  tag: TAG,
  summary: 'Discard a file that was read, or end an import; what was stored stays',
  scope: 'push',
  params: itemParams,
  status: 204,
  answer: z.undefined(),
  problems: { 409: 'It is over already.' },
  async handle({ app, params, nowMs, identity }) {
    const row = await requireImport(app.db, params);
    if (!(await endImport(app, params.connectionId, row, { nowMs, by: identity.by }))) {
      throw new ProblemError(409, 'Not possible now', `The import is ${row.status} already.`);
    }
    return undefined;
  },
});

async function requireImport(
  db: D1Database,
  { connectionId, id }: { connectionId: number; id: number },
): Promise<ImportRow> {
  const row = await readImport(db, connectionId, id);
  if (!row) throw notFound(`There is no import ${id} of connection ${connectionId}.`);
  return row;
}
