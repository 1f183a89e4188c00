// Brings the database to this version's schema before the Worker may touch it, one transaction per file, with the
// bookkeeping that `wrangler d1 migrations` uses. Refuses a damaged database and one of a newer version; changes neither.
import type { Miniflare } from 'miniflare';
import type { Log } from './log.ts';
import { messageOf, StartRefused } from './start-refused.ts';
import type { Migration } from './worker-config.ts';

export type Database = Awaited<ReturnType<Miniflare['getD1Database']>>;

/** Larger databases are not read through at each start: it would make the start as slow as they are large. */
const QUICK_CHECK_MAX_BYTES = 256 * 1024 * 1024;

/** wrangler's own table, so that either tool continues where the other stopped. */
export const CREATE_MIGRATIONS_TABLE = `CREATE TABLE IF NOT EXISTS "d1_migrations"(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

/**
 * Applies what is missing of `migrations`, in order.
 * @returns the names of those that were applied now
 * @throws StartRefused when the database is damaged, newer than this version, or a migration fails
 */
export async function migrate(database: Database, migrations: readonly Migration[], log: Log): Promise<string[]> {
  const applied = await readApplied(database);
  refuseNewer(applied, migrations);
  await refuseDamaged(database, log);
  const missing = migrations.filter((migration) => !applied.has(migration.name));
  for (const migration of missing) await apply(database, migration);
  return missing.map((migration) => migration.name);
}

async function readApplied(database: Database): Promise<Set<string>> {
  try {
    const table = await database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'd1_migrations'").all();
    if (table.results.length === 0) return new Set();
    const { results } = await database.prepare('SELECT name FROM d1_migrations').all<{ name: string }>();
    return new Set(results.map((row) => row.name));
  } catch (cause) {
    throw damaged(messageOf(cause), cause);
  }
}

function refuseNewer(applied: ReadonlySet<string>, migrations: readonly Migration[]): void {
  const known = new Set(migrations.map((migration) => migration.name));
  const newer = [...applied].filter((name) => !known.has(name));
  if (newer.length === 0) return;
  throw new StartRefused(
    `The database was made by a newer version of the bridge: it has ${newer.join(', ')}, which this version does not ` +
      'know. Start that version or a later one, or restore a backup from before the update. Nothing was changed.',
  );
}

async function refuseDamaged(database: Database, log: Log): Promise<void> {
  let findings: string[];
  try {
    const { meta } = await database.prepare('SELECT 1').all();
    if (meta.size_after > QUICK_CHECK_MAX_BYTES) {
      log('info', 'The database was not read through for damage: it is larger than is quick.', {
        bytes: meta.size_after,
      });
      return;
    }
    const { results } = await database.prepare('PRAGMA quick_check(3)').all<{ quick_check: string }>();
    findings = results.map((row) => row.quick_check).filter((finding) => finding !== 'ok');
  } catch (cause) {
    throw damaged(messageOf(cause), cause);
  }
  if (findings.length > 0) throw damaged(findings.join('; '));
}

function damaged(reason: string, cause?: unknown): StartRefused {
  return new StartRefused(
    `The database cannot be read: ${reason}. It was left as it is. Restore the data directory from a backup; what is ` +
      'missing since then is loaded again from the ACD.',
    { cause },
  );
}

async function apply(database: Database, migration: Migration): Promise<void> {
  try {
    await database.batch([
      database.prepare(CREATE_MIGRATIONS_TABLE),
      ...migration.statements.map((statement) => database.prepare(statement)),
      database.prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(migration.name),
    ]);
  } catch (cause) {
    throw new StartRefused(
      `The migration ${migration.name} failed: ${messageOf(cause)}. Nothing of it was applied. Start the previous ` +
        'version again, or report this with the message above.',
      { cause },
    );
  }
}
