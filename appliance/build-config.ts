// Writes dist/worker-config.json from wrangler.toml and migrations/. Refuses settings that the host does not carry over,
// so that the appliance never runs the Worker with less than Cloudflare would give it.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { unstable_readConfig, unstable_splitSqlQuery } from 'wrangler';
import * as z from 'zod';
import { parseCron } from './cron.ts';
import type { WorkerConfig } from './worker-config.ts';
import { WORKER_CONFIG_FILE, workerConfigSchema } from './worker-config.ts';

const root = path.resolve(import.meta.dirname, '..');
const dist = path.join(root, 'dist');

/** Settings of wrangler.toml that the host carries over or that mean nothing outside Cloudflare. */
const KNOWN_KEYS = new Set([
  ...['name', 'main', 'compatibility_date', 'compatibility_flags', 'tsconfig', 'alias', 'rules', 'define', 'minify'],
  ...['assets', 'd1_databases', 'kv_namespaces', 'durable_objects', 'migrations', 'triggers', 'vars', 'secrets'],
  ...['workers_dev', 'preview_urls', 'keep_vars', 'upload_source_maps', 'observability', 'limits', 'placement'],
  ...['env', 'routes', 'route', '$schema', 'dev', 'build'],
]);

function readMigrations(directory: string): WorkerConfig['migrations'] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => ({
      name: file,
      statements: unstable_splitSqlQuery(readFileSync(path.join(directory, file), 'utf8')),
    }));
}

/** The part of wrangler.toml that the host carries over, in the form that the appliance needs it to have. */
const wranglerSchema = z.object({
  name: z.string(),
  compatibility_date: z.string(),
  compatibility_flags: z.array(z.string()),
  vars: z.record(z.string(), z.string()),
  d1_databases: z.tuple(
    [z.object({ binding: z.string(), database_id: z.string().optional(), migrations_dir: z.string().optional() })],
    'expected exactly one database',
  ),
  kv_namespaces: z.array(z.object({ binding: z.string(), id: z.string().optional() })),
  durable_objects: z.object({ bindings: z.array(z.object({ name: z.string(), class_name: z.string() })) }),
  assets: z.object({ directory: z.string(), binding: z.string(), run_worker_first: z.array(z.string()) }),
  triggers: z.object({ crons: z.array(z.string()) }),
});

function buildConfig(): WorkerConfig {
  const raw: unknown = unstable_readConfig({ config: path.join(root, 'wrangler.toml') }, { hideWarnings: true });
  const unknown = Object.entries(z.record(z.string(), z.unknown()).parse(raw))
    .filter(([key, value]) => isSet(value) && !KNOWN_KEYS.has(key) && !READER_KEYS.has(key))
    .map(([key]) => key);
  if (unknown.length > 0) {
    throw new Error(
      `wrangler.toml sets ${unknown.join(', ')}, which the appliance does not carry over. Extend appliance/engine.ts.`,
    );
  }
  const config = wranglerSchema.parse(raw);
  const [database] = config.d1_databases;
  config.triggers.crons.forEach(parseCron);
  return workerConfigSchema.parse({
    name: config.name,
    compatibilityDate: config.compatibility_date,
    compatibilityFlags: config.compatibility_flags,
    mainModule: 'index.js',
    database: { binding: database.binding, id: database.database_id ?? database.binding },
    keyValueStores: config.kv_namespaces.map(({ binding, id }) => ({ binding, id: id ?? binding })),
    durableObjects: config.durable_objects.bindings.map((object) => ({
      binding: object.name,
      className: object.class_name,
    })),
    variables: config.vars,
    assets: {
      binding: config.assets.binding,
      directory: path.relative(dist, path.resolve(root, config.assets.directory)),
      runWorkerFirst: config.assets.run_worker_first,
    },
    crons: config.triggers.crons,
    migrations: readMigrations(path.resolve(root, database.migrations_dir ?? 'migrations')),
  });
}

/** What the reader adds by itself: where the file lies, and defaults of what the file leaves out. */
const READER_KEYS = new Set([
  ...['configPath', 'userConfigPath', 'topLevelName', 'definedEnvironments'],
  ...['jsx_factory', 'jsx_fragment', 'python_modules'],
]);

/** Does this part of wrangler's answer hold anything? Its defaults are empty lists and objects, some nested. */
function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false) return false;
  return typeof value === 'object' ? Object.values(value).some(isSet) : true;
}

const config = buildConfig();
if (!existsSync(path.join(dist, config.mainModule))) {
  throw new Error(`dist/${config.mainModule} is missing: bundle the Worker first (npm run build does both).`);
}
writeFileSync(path.join(dist, WORKER_CONFIG_FILE), `${JSON.stringify(config, null, 2)}\n`);
