// What somebody who helps from afar needs to see, in one file: versions, settings, the streams' standing, the diary and
// the log. Of roster and history only counts. Every secret that this machine knows is searched for and masked in it.
import { readdirSync, readFileSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { openAll } from './credentials.ts';
import { findDatabase, readHold } from './data-directory.ts';
import { column, countRows, openReadOnly, tableNames } from './database-file.ts';
import { readSecrets } from './secrets.ts';
import type { Environment } from './settings.ts';
import { messageOf, StartRefused } from './start-refused.ts';
import { readVersions } from './version.ts';
import type { WorkerConfig } from './worker-config.ts';

const DIARY_ROWS = 2_000;
const LOG_BYTES_MAX = 2 * 1024 * 1024;
/** Shorter texts are found by chance in anything. */
const SECRET_CHARS_MIN = 6;
const MASK = '[secret]';

/** Tables whose rows say how the bridge is doing. Everything else is told as a count only. */
const STATUS_TABLES: Readonly<Record<string, string>> = {
  connection: 'SELECT id, paused, config_version, created_at_ms, updated_at_ms FROM connection',
  lease: 'SELECT * FROM lease',
  feed: 'SELECT * FROM feed',
  stream: 'SELECT * FROM stream',
  heartbeat: 'SELECT * FROM heartbeat',
  backfill:
    'SELECT id, connection_id, from_ms, to_ms, next_end_ms, status, error FROM backfill ORDER BY id DESC LIMIT 200',
  event: `SELECT * FROM event ORDER BY id DESC LIMIT ${DIARY_ROWS}`,
};

/** Variables whose values are shown; of the others only that they are set. */
const SHOWN_VARIABLES = [
  ...[
    'HOST',
    'PORT',
    'DATA_DIR',
    'LOG_FORMAT',
    'TRUSTED_PROXIES',
    'NO_PROXY',
    'PRIVATE_HOSTS',
    'ALLOW_PRIVATE_NETWORK',
  ],
  ...['BACKUP_SCHEDULE', 'BACKUP_KEEP', 'BACKUP_DIR', 'INTAKE_FILE', 'TZ'],
];
const NAMED_VARIABLES = [
  ...['ENCRYPTION_KEY', 'ADMIN_PASSWORD', 'API_TOKEN', 'BACKUP_PASSPHRASE', 'HTTPS_PROXY', 'TLS_CERT_FILE'],
  ...['TLS_KEY_FILE', 'ACCESS_TEAM_DOMAIN', 'ACCESS_AUDIENCE', 'NODE_EXTRA_CA_CERTS'],
];

export interface BundleOptions {
  readonly config: WorkerConfig;
  readonly dataDirectory: string;
  readonly environment: Environment;
  readonly target: string;
}

/** Writes the bundle. @throws StartRefused when a secret is found in it after all: nothing is written then */
export async function writeSupportBundle(options: BundleOptions): Promise<void> {
  const { dataDirectory, environment, target } = options;
  const databaseFile = findDatabase(dataDirectory);
  const database = databaseFile === undefined ? undefined : openReadOnly(databaseFile);
  try {
    const secrets = await knownSecrets(database, dataDirectory, environment);
    const files = new Map<string, string>([
      ['machine.json', json(describeMachine(options))],
      ['data-directory.json', json(describeDirectory(dataDirectory))],
      ...logFiles(dataDirectory),
    ]);
    if (database !== undefined) files.set('database.json', json(describeDatabase(database)));
    const entries = [...files].map(([name, text]) => ({ name, text: masked(text, secrets) }));
    const leaking = entries.filter(({ text }) => secrets.some((secret) => text.includes(secret)));
    if (leaking.length > 0) {
      throw new StartRefused(
        `No bundle was written: ${leaking.map(({ name }) => name).join(', ')} would hold a secret.`,
      );
    }
    const tar = await packTar(
      entries.map(({ name, text }) => ({ header: { name, size: Buffer.byteLength(text), mode: 0o600 }, body: text })),
    );
    writeFileSync(target, gzipSync(tar), { mode: 0o600, flag: 'wx' });
  } finally {
    database?.close();
  }
}

function describeMachine({ config, environment }: BundleOptions) {
  return {
    versions: attempt(() => readVersions(config)),
    system: { release: os.release(), arch: os.arch(), cpus: os.cpus().length, memoryBytes: os.totalmem() },
    uptimeS: os.uptime(),
    loadAverage: os.loadavg(),
    now: new Date().toISOString(),
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    settings: Object.fromEntries(SHOWN_VARIABLES.map((name) => [name, environment[name]])),
    isSet: Object.fromEntries(
      NAMED_VARIABLES.map((name) => [name, Boolean(environment[name]) || Boolean(environment[`${name}_FILE`])]),
    ),
  };
}

function describeDirectory(dataDirectory: string) {
  const { bavail, bsize } = statfsSync(dataDirectory);
  const entries = readdirSync(dataDirectory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((file) => ({ file: path.relative(dataDirectory, file), stat: statSync(file, { throwIfNoEntry: false }) }));
  return {
    freeBytes: bavail * bsize,
    hold: attempt(() => readHold(dataDirectory)),
    files: entries.map(({ file, stat }) => ({ file, bytes: stat?.size, mode: stat?.mode.toString(8) })),
  };
}

function describeDatabase(database: DatabaseSync) {
  const tables = tableNames(database);
  return {
    damage: attempt(() => column(database, 'PRAGMA quick_check(5)')),
    migrations: attempt(() => database.prepare('SELECT name, applied_at FROM d1_migrations').all()),
    rowCounts: Object.fromEntries(tables.map((table) => [table, attempt(() => countRows(database, table))])),
    rows: Object.fromEntries(
      Object.entries(STATUS_TABLES)
        .filter(([table]) => tables.includes(table))
        .map(([table, sql]) => [table, attempt(() => database.prepare(sql).all())]),
    ),
  };
}

/** The newest part of each log. */
function logFiles(dataDirectory: string): [string, string][] {
  const directory = path.join(dataDirectory, 'logs');
  const names = attempt(() => readdirSync(directory));
  if (!Array.isArray(names)) return [];
  return names
    .filter((name) => /\.log(?:\.1)?$/.test(name))
    .map((name) => [
      `logs/${name}`,
      readFileSync(path.join(directory, name)).subarray(-LOG_BYTES_MAX).toString('utf8'),
    ]);
}

/** Everything secret that could be looked for: of settings, environment and database. */
async function knownSecrets(
  database: DatabaseSync | undefined,
  dataDirectory: string,
  environment: Environment,
): Promise<string[]> {
  const { stored, given } = readSecrets(dataDirectory, environment);
  const key = given.ENCRYPTION_KEY ?? stored.ENCRYPTION_KEY;
  const opened =
    database === undefined || key === undefined ? [] : await openAll(database, key).catch((): string[] => []);
  // As the address has it, and as it is sent.
  const proxyPassword = URL.parse(environment.HTTPS_PROXY ?? '')?.password ?? '';
  return [
    ...Object.values(stored),
    ...Object.values(given),
    ...(key ?? '').split(','),
    ...opened,
    environment.BACKUP_PASSPHRASE,
    proxyPassword,
    decodedPercent(proxyPassword),
  ].filter((secret): secret is string => secret !== undefined && secret.length >= SECRET_CHARS_MIN);
}

function decodedPercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a percent sign that stands for itself
  }
}

function masked(text: string, secrets: readonly string[]): string {
  const spellings = secrets.flatMap((secret) => [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
  ]);
  return spellings.reduce((result, secret) => result.replaceAll(secret, MASK), text);
}

/** A bundle is asked for when something is broken: what cannot be told is told so, and the rest goes on. */
function attempt<T>(work: () => T): T | { readonly unknown: string } {
  try {
    return work();
  } catch (thrown) {
    return { unknown: messageOf(thrown) };
  }
}

function json(value: unknown): string {
  return `${JSON.stringify(value, (_key, part) => (typeof part === 'bigint' ? Number(part) : part), 2)}\n`;
}
