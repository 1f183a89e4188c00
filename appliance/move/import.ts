// Everything the bridge knows, from SQL: an export of this product, or what `wrangler d1 export` wrote. It is loaded into
// a database aside, compared or inspected there, and takes its place only when it is whole.
import { createReadStream, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { scratchDirectory } from '../data-directory.ts';
import { inspectDatabase, openReadOnly } from '../database-file.ts';
import { secretsForIncoming } from '../key-fit.ts';
import { lockDataDirectory } from '../lock.ts';
import type { Log } from '../log.ts';
import { CREATE_MIGRATIONS_TABLE } from '../migrations.ts';
import { replaceState } from '../replace-state.ts';
import type { Environment } from '../settings.ts';
import { describeIssues, messageOf, StartRefused } from '../start-refused.ts';
import type { WorkerConfig } from '../worker-config.ts';
import { digestTable } from './digest.ts';
import { EXPORT_MANIFEST, type ExportManifest, exportManifestSchema } from './manifest.ts';
import { splitStatements } from './sql-text.ts';

const EXCERPT_CHARS = 80;

export interface ImportOptions {
  readonly config: WorkerConfig;
  readonly distDirectory: string;
  readonly dataDirectory: string;
  readonly environment: Environment;
  /** The directory of an export, or the file that `wrangler d1 export` wrote. */
  readonly source: string;
  readonly withoutCredentials: boolean;
  readonly log: Log;
}

/**
 * Takes the data over into the data directory.
 * @returns where the data lies that was there before; undefined where there was none
 * @throws StartRefused when the bridge runs here, the SQL is not whole, or the key to its credentials is missing
 */
export async function importData(
  options: ImportOptions,
): Promise<{ rowCounts: Record<string, number>; aside: string | undefined }> {
  const { config, dataDirectory, source } = options;
  const unlock = lockDataDirectory(dataDirectory);
  const scratch = scratchDirectory(dataDirectory);
  try {
    mkdirSync(scratch, { recursive: true, mode: 0o700 });
    const databaseFile = path.join(scratch, 'bridge.sqlite');
    if (statSync(source).isDirectory()) {
      await loadExport({ config, source, manifest: readManifest(source), databaseFile });
    } else {
      await execute(databaseFile, [source]);
    }
    const { rowCounts } = inspectDatabase(databaseFile, config.migrations);
    const secrets = await secretsForIncoming({ ...options, databaseFile, saved: undefined });
    const aside = await replaceState({
      ...{ config, distDirectory: options.distDirectory, dataDirectory, databaseFile },
      ...{ secrets, what: source, log: options.log },
    });
    return { rowCounts, aside };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
    unlock();
  }
}

function readManifest(source: string): ExportManifest {
  const file = path.join(source, EXPORT_MANIFEST);
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new StartRefused(`${source} is not an export of the bridge: ${messageOf(cause)}.`, { cause });
  }
  const result = exportManifestSchema.safeParse(content);
  if (result.success) return result.data;
  throw new StartRefused(`${file} is not usable (${describeIssues(result.error)}).`);
}

/**
 * Builds the database of an export at `databaseFile` and compares it with what was exported.
 * @throws StartRefused when they differ or a statement fails
 */
export async function loadExport(options: {
  readonly config: WorkerConfig;
  readonly source: string;
  readonly manifest: ExportManifest;
  readonly databaseFile: string;
}): Promise<void> {
  const { config, source, manifest, databaseFile } = options;
  const schema = [CREATE_MIGRATIONS_TABLE];
  for (const name of manifest.migrations) {
    const migration = config.migrations.find((known) => known.name === name);
    if (migration === undefined) throw new StartRefused(`The export is of a newer version: it has ${name}.`);
    schema.push(...migration.statements, `INSERT INTO d1_migrations (name) VALUES ('${name}')`);
  }
  const files = manifest.files.map((name) => path.join(source, path.basename(name)));
  await execute(databaseFile, files, schema);
  const database = openReadOnly(databaseFile);
  try {
    for (const [table, expected] of Object.entries(manifest.tables)) {
      const { sha256, rows } = digestTable(database, table);
      if (sha256 === expected.sha256) continue;
      throw new StartRefused(
        `The export is not whole: its table ${table} has ${rows} rows, and they are not the ${expected.rows} exported.`,
      );
    }
  } finally {
    database.close();
  }
}

/** Runs SQL files against a new database, all or nothing. */
async function execute(databaseFile: string, files: readonly string[], before: readonly string[] = []): Promise<void> {
  rmSync(databaseFile, { force: true });
  const database = new DatabaseSync(databaseFile);
  try {
    database.exec('BEGIN; PRAGMA defer_foreign_keys = ON');
    for (const statement of before) database.exec(statement);
    for (const file of files) {
      for await (const statement of splitStatements(createReadStream(file, 'utf8'))) {
        try {
          database.exec(statement);
        } catch (cause) {
          const excerpt = statement.trim().slice(0, EXCERPT_CHARS).replaceAll(/\s+/g, ' ');
          throw new StartRefused(`${file} cannot be loaded: ${messageOf(cause)}, at: ${excerpt} …`, { cause });
        }
      }
    }
    database.exec('COMMIT');
  } catch (cause) {
    if (cause instanceof StartRefused) throw cause;
    throw new StartRefused(`The SQL cannot be loaded: ${messageOf(cause)}.`, { cause });
  } finally {
    database.close();
  }
}
