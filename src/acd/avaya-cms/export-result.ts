/** What becomes of an export: its records with the lines that they come from, and what was not taken. */
import type { GivenRecord, RecordKind } from '../../domain/record.ts';

/** The kinds of records that an export holds. */
export const EXPORT_KINDS = [
  'queue-intervals',
  'agent-intervals',
  'agent-queue-intervals',
] as const satisfies RecordKind[];
export type ExportKind = (typeof EXPORT_KINDS)[number];

/** A record and the line of the export that it comes from, the first of several; the head is line 1. */
export interface FromLine<K extends RecordKind> {
  readonly line: number;
  readonly record: GivenRecord<K>;
}

/** A line of an export and what is to be said of it, as a sentence. */
export interface LineNote {
  readonly line: number;
  readonly reason: string;
}

export interface CmsExport {
  /** The table that the export is of; null when it is of neither, and then nothing was taken. */
  readonly kind: 'hsplit' | 'hagent' | null;
  /** Lines with data. */
  readonly rowCount: number;
  readonly records: { readonly [K in ExportKind]: readonly FromLine<K>[] };
  readonly refused: readonly LineNote[];
  /** Lines that were taken with a figure put right, and which. */
  readonly adjusted: readonly LineNote[];
  /** Rows that are there twice, cell by cell: taken once. */
  readonly sameCount: number;
  /** Rows of other ACDs than the connection's: left out. */
  readonly otherAcdCount: number;
  /** Rows that CMS itself calls incomplete: export them again later. */
  readonly incompleteCount: number;
}

/** The same while it is being made. */
export interface MutableExport extends CmsExport {
  readonly records: { readonly [K in ExportKind]: FromLine<K>[] };
  readonly refused: LineNote[];
  readonly adjusted: LineNote[];
  sameCount: number;
  otherAcdCount: number;
  incompleteCount: number;
}

export const emptyExport = (kind: 'hsplit' | 'hagent', rowCount: number): MutableExport => ({
  kind,
  rowCount,
  records: { 'queue-intervals': [], 'agent-intervals': [], 'agent-queue-intervals': [] },
  refused: [],
  adjusted: [],
  sameCount: 0,
  otherAcdCount: 0,
  incompleteCount: 0,
});

export const startText = (startMs: number): string => new Date(startMs).toISOString();
