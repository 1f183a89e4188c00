// Reads files of records: CSV with the records' fields as its head, JSON (a list, or {"records": […]}), or a JSON object a
// line; and exports of Avaya CMS. Tells each record with its line, and the lines that are none.

import { readCmsExport } from '../../src/acd/avaya-cms/exports.ts';
import type { AvayaCmsSettings } from '../../src/acd/avaya-cms/settings.ts';
import type { LineNote } from '../../src/acd/export.ts';
import { EXPORT_KINDS } from '../../src/acd/export.ts';
import { readCsv } from '../../src/domain/csv.ts';
import { RECORD_KINDS, RECORD_SCHEMAS, type RecordKind } from '../../src/domain/record.ts';

/** auto: an export of CMS, of whichever table. */
export const FILE_KINDS = ['auto', ...RECORD_KINDS] as const;
export type FileKind = (typeof FILE_KINDS)[number];

export interface FileRecords {
  readonly parts: readonly {
    readonly kind: RecordKind;
    readonly records: readonly { readonly line: number; readonly record: unknown }[];
  }[];
  readonly refused: readonly LineNote[];
  /** What else is to be known, as sentences. */
  readonly notes: readonly string[];
}

/** Reads a file's content whole. `nowMs`: the present. */
export function readRecordFile(text: string, kind: FileKind, settings: AvayaCmsSettings, nowMs: number): FileRecords {
  if (kind === 'auto') return readExport(text, settings, nowMs);
  const { records, refused } = readRecords(text, kind);
  return { parts: [{ kind, records }], refused, notes: [] };
}

function readExport(text: string, settings: AvayaCmsSettings, nowMs: number): FileRecords {
  const read = readCmsExport(text, settings, nowMs);
  const notes: string[] = [];
  if (read.incompleteCount > 0) {
    notes.push(`CMS calls ${read.incompleteCount} rows incomplete: export their intervals again later.`);
  }
  if (read.otherAcdCount > 0) notes.push(`${read.otherAcdCount} rows are of other ACDs and were left out.`);
  if (read.sameCount > 0) notes.push(`${read.sameCount} rows are there twice and were taken once.`);
  notes.push(...read.adjusted.slice(0, 100).map(({ line, reason }) => `Line ${line}: ${reason}`));
  const parts = EXPORT_KINDS.map((part) => ({ kind: part, records: read.records[part] }));
  return { parts: parts.filter(({ records }) => records.length > 0), refused: read.refused, notes };
}

interface Lines {
  readonly records: { readonly line: number; readonly record: unknown }[];
  readonly refused: LineNote[];
}

function readRecords(text: string, kind: RecordKind): Lines {
  const first = text.replace(/^\uFEFF/, '').trimStart();
  if (first.startsWith('[')) return readJson(first);
  if (!first.startsWith('{')) return readCsvRecords(text, kind);
  const whole = parsed(first);
  if (isEnvelope(whole)) return readJson(first);
  return whole === undefined ? readJsonLines(text) : { records: [{ line: 1, record: whole }], refused: [] };
}

const isEnvelope = (value: unknown): boolean => typeof value === 'object' && value !== null && 'records' in value;

function readJson(text: string): Lines {
  const value = parsed(text);
  const list = isEnvelope(value) ? (value as { records: unknown }).records : value;
  if (!Array.isArray(list)) {
    const reason = 'This is no list of records and no {"records": […]}, or the JSON is cut off.';
    return { records: [], refused: [{ line: 1, reason }] };
  }
  return { records: list.map((record: unknown, place) => ({ line: place + 1, record })), refused: [] };
}

function readJsonLines(text: string): Lines {
  const records: Lines['records'] = [];
  const refused: LineNote[] = [];
  for (const [place, line] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    if (line.trim() === '') continue;
    const record = parsed(line);
    if (record === undefined) refused.push({ line: place + 1, reason: 'The line is not JSON.' });
    else records.push({ line: place + 1, record });
  }
  return { records, refused };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the caller says what is wrong
  }
}

/** Cells become what their fields take: an empty one is a field left out. What fits nothing stays text, to be refused. */
function readCsvRecords(text: string, kind: RecordKind): Lines {
  const { head, rows, fault } = readCsv(text);
  const shape = RECORD_SCHEMAS[kind].shape;
  const fields = new Map(Object.entries(shape));
  const unknown = head.filter((name) => !fields.has(name));
  if (unknown.length > 0) {
    const reason = `There is no field ${unknown.map((name) => `"${name.slice(0, 40)}"`).join(', ')} in ${kind}; the fields are ${[...fields.keys()].join(', ')}.`;
    return { records: [], refused: [{ line: 1, reason }] };
  }
  const records = rows.map(({ line, cells }) => {
    const entries = head.flatMap((name, place) => {
      const cell = cells[place]?.trim() ?? '';
      if (cell === '') return [];
      const fits = (value: unknown) => fields.get(name)?.safeParse(value).success ?? false;
      const values = [cell, Number(cell), cell === 'true' ? true : cell === 'false' ? false : undefined];
      return [[name, values.find((value) => value !== undefined && fits(value)) ?? cell] as const];
    });
    return { line, record: Object.fromEntries(entries) };
  });
  return { records, refused: fault ? [{ line: fault.line, reason: fault.message }] : [] };
}
