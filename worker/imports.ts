/** Importing a file, the same for form and API: read it for its preview, then confirm or discard it. */
import { acdTraits } from '../src/acd/registry.ts';
import { type GivenFile, type ReadImport, readImportFile } from '../src/jobs/read-import.ts';
import type { ConnectionRow } from '../src/store/connections.ts';
import { cancelImport, confirmImport, type ImportRow } from '../src/store/imports.ts';
import { type App, pokeCollector } from './app.ts';
import { storedSettings } from './connection-settings.ts';
import { ProblemError } from './respond.ts';

/** Largest file, in bytes: about 150,000 rows. */
export const IMPORT_BYTES_MAX = 12_000_000;

export interface Who {
  readonly nowMs: number;
  readonly by: string;
}

/** Reads a file and holds it. Throws `ProblemError` 409 when the connection's settings are not valid. */
export async function readForImport(
  app: App,
  connection: ConnectionRow,
  file: GivenFile,
  who: Who,
): Promise<ReadImport> {
  const settings = storedSettings(connection);
  if (!settings) {
    const detail = 'The stored settings are not valid any more. Open the connection page and save it again.';
    throw new ProblemError(409, 'Settings not valid', detail);
  }
  if (acdTraits(settings.acd).merges) {
    const detail =
      'This connection merges what its members hand over. Import the file into the member that it belongs to.';
    throw new ProblemError(409, 'Merged from members', detail);
  }
  const { retentionDays } = settings.collection;
  return readImportFile(app.db, { id: connection.id, acdKind: settings.acd.kind, retentionDays }, file, who);
}

/** What is imported, in words. */
export const IMPORT_WORDS: Readonly<Record<ImportRow['kind'], string>> = {
  intervals: 'Queue figures',
  'state-changes': 'State changes',
};

/** Lets the loop store a file that was read. False: it was discarded, or confirmed before. */
export async function confirmRead(app: App, connectionId: number, row: ImportRow, who: Who): Promise<boolean> {
  const detail = `${IMPORT_WORDS[row.kind]} from "${row.fileName}", ${row.rowCount} rows, SHA-256 ${row.sha256}.`;
  const done = await confirmImport(app.db, { connectionId, id: row.id, detail, ...who });
  if (done) await pokeCollector(app, connectionId);
  return done;
}

/** Discards a file that was read, or ends an import. False: it is over already. */
export async function endImport(app: App, connectionId: number, row: ImportRow, who: Who): Promise<boolean> {
  const detail = `${IMPORT_WORDS[row.kind]} from "${row.fileName}"; what was stored of it stays.`;
  return cancelImport(app.db, { connectionId, id: row.id, detail, ...who });
}
