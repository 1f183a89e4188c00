/** What becomes of an export of an ACD's tables: its records with the lines that they come from, and what was not taken. */
import type { GivenRecord, RecordKind } from '../domain/record.ts';

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

export interface SourceExport {
  /** The table that the export is of; null when it is of none that is known, and then nothing was taken. */
  readonly table: string | null;
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
  /** Rows that the ACD itself calls incomplete: export them again later. */
  readonly incompleteCount: number;
}
