/** What becomes of an export of CMS, while it is being made. */
import type { ExportKind, FromLine, LineNote, SourceExport } from '../export.ts';

/** The tables of CMS whose exports are read. */
export const CMS_TABLES = ['hsplit', 'hagent'] as const;
export type CmsTable = (typeof CMS_TABLES)[number];

export interface MutableExport extends SourceExport {
  readonly records: { readonly [K in ExportKind]: FromLine<K>[] };
  readonly refused: LineNote[];
  readonly adjusted: LineNote[];
  sameCount: number;
  otherAcdCount: number;
  incompleteCount: number;
}

export const emptyExport = (table: CmsTable, rowCount: number): MutableExport => ({
  table,
  rowCount,
  records: { 'queue-intervals': [], 'agent-intervals': [], 'agent-queue-intervals': [] },
  refused: [],
  adjusted: [],
  sameCount: 0,
  otherAcdCount: 0,
  incompleteCount: 0,
});

export const startText = (startMs: number): string => new Date(startMs).toISOString();
