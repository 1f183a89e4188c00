/** An export of the ACD's own tables, uploaded: mapped to records, and given to the connection's collector like a push. */
import { EXPORT_KINDS, type ExportKind, type SourceExport } from '../src/acd/export.ts';
import { checkRecords, RECORDS_MAX } from '../src/domain/record.ts';
import { recordAudit } from '../src/store/audit.ts';
import type { App } from './app.ts';
import { ProblemError } from './respond.ts';

/** What became of an export. Lines are those of the file; the head is line 1. */
export interface StoredExport {
  readonly fileName: string;
  readonly read: SourceExport;
  readonly stored: readonly {
    readonly kind: ExportKind;
    readonly added: number;
    readonly changed: number;
    readonly same: number;
  }[];
  /** Lines that were not taken, by the mapping or when they were stored. */
  readonly refused: readonly { readonly line: number; readonly reason: string }[];
}

/**
 * Stores an export that was mapped. The same export twice changes nothing. Throws `ProblemError` 409 when the connection does not
 * take it, and 503 when nobody knows how much of it was stored: upload it again.
 */
export async function storeExport(
  app: App,
  connectionId: number,
  file: { readonly name: string; readonly read: SourceExport },
  who: { readonly nowMs: number; readonly by: string },
): Promise<StoredExport> {
  const { read } = file;
  const refused = [...read.refused];
  const stored: StoredExport['stored'][number][] = [];
  for (const kind of EXPORT_KINDS) {
    const lines = read.records[kind];
    const counts = { kind, added: 0, changed: 0, same: 0 };
    for (let from = 0; from < lines.length; from += RECORDS_MAX) {
      const part = lines.slice(from, from + RECORDS_MAX);
      const lineOf = ({ index, reason }: { index: number; reason: string }) => ({
        line: part[index]?.line ?? 0,
        reason,
      });
      const checked = checkRecords(
        kind,
        part.map(({ record }) => record),
      );
      const applied = await give(app, connectionId, kind, checked.good);
      counts.added += applied.counts.added;
      counts.changed += applied.counts.changed;
      counts.same += applied.counts.same;
      refused.push(...[...checked.refused, ...applied.refused].map(lineOf));
    }
    if (lines.length > 0) stored.push(counts);
  }
  if (stored.length > 0) {
    const changes = stored.map(({ kind, added, changed }) => `${kind}: ${added} new, ${changed} changed`).join('; ');
    const detail = `${read.table} from "${file.name}". ${changes}.`;
    await app.db.batch([
      recordAudit(app.db, { atMs: who.nowMs, by: who.by, action: 'export uploaded', connectionId, detail }),
    ]);
  }
  return { fileName: file.name, read, stored, refused: refused.sort((a, b) => a.line - b.line) };
}

async function give(
  app: App,
  connectionId: number,
  kind: ExportKind,
  good: Parameters<ReturnType<App['collector']>['push']>[0]['good'],
) {
  let result: Awaited<ReturnType<ReturnType<App['collector']>['push']>>;
  try {
    result = await app.collector(connectionId).push({ kind, good });
  } catch (cause) {
    const detail = 'Nobody knows how much of the export was stored. Upload it again: nothing is doubled.';
    throw new ProblemError(503, 'Not stored', detail, { cause });
  }
  if (!result.ok) throw new ProblemError(409, 'Not taken', result.message);
  return result.applied;
}
