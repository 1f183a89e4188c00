// The built Worker in the embedded engine (Miniflare on workerd) with its database, namespace and objects on disk.
// Everything listens on 127.0.0.1 only, on ports the system chooses; the outside reaches it through front.ts.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { MiniflareOptions } from 'miniflare';
import { Log as EngineLog, LogLevel, Miniflare } from 'miniflare';
import type { Log } from './log.ts';
import { logWorkerLine } from './log.ts';
import type { Database } from './migrations.ts';
import type { OutboundHandler } from './outbound.ts';
import { messageOf } from './start-refused.ts';
import type { WorkerConfig } from './worker-config.ts';

const LOOPBACK = '127.0.0.1';
/** Where the engine's own port, which the front never leads to, takes crons. */
const SCHEDULED_PATH = '/cdn-cgi/local/scheduled';
const CRON_LIMIT_MS = 280_000;

export interface EngineOptions {
  readonly config: WorkerConfig;
  /** Absolute path of the built Worker. */
  readonly distDirectory: string;
  readonly dataDirectory: string;
  /** Variables and secrets as the Worker sees them. */
  readonly variables: Readonly<Record<string, string>>;
  /** Takes over what the Worker fetches; undefined: workerd asks the destinations itself, wherever they are. */
  readonly outbound?: OutboundHandler | undefined;
  /** Called with the new address after the engine crashed and was started again. */
  readonly onRestart: (address: URL) => void;
  readonly log: Log;
}

export interface Engine {
  /** Where the Worker answers; for front.ts alone, because it trusts what it is told about the caller. */
  readonly address: URL;
  /** Runs the Worker's `scheduled` handler once; resolves to its outcome. */
  fireCron(expression: string, scheduledTime: Date): Promise<string>;
  /** Ends the engine at once: what is committed stays, what is under way is cut off. */
  close(): Promise<void>;
}

/** Starts the Worker. Objects with an alarm due begin to work at once, so the schema must be there before. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { config, distDirectory } = options;
  const objects = config.durableObjects.map((object) => object.className);
  const miniflare = createMiniflare(options, {
    config: {
      name: config.name,
      compatibilityDate: config.compatibilityDate,
      compatibilityFlags: config.compatibilityFlags,
      manifest: manifest(
        distDirectory,
        config.mainModule,
        readFileSync(path.join(distDirectory, config.mainModule), 'utf8'),
      ),
      env: {
        ...Object.fromEntries(Object.entries(options.variables).map(([key, value]) => [key, { type: 'text', value }])),
        ...databaseBinding(config),
        ...Object.fromEntries(config.keyValueStores.map(({ binding, id }) => [binding, { type: 'kv', id }])),
        ...Object.fromEntries(
          config.durableObjects.map(({ binding, className }) => [
            binding,
            { type: 'durable-object', worker: config.name, exportName: className },
          ]),
        ),
        [config.assets.binding]: { type: 'assets' },
      },
      exports: Object.fromEntries(objects.map((name) => [name, { type: 'durable-object', storage: 'sqlite' }])),
      assets: {
        directory: path.resolve(distDirectory, config.assets.directory),
        hasUserWorker: true,
        runWorkerFirst: config.assets.runWorkerFirst,
      },
    },
    dev: {
      unsafeDirectSockets: [{ host: LOOPBACK, port: 0 }],
      ...(options.outbound === undefined
        ? {}
        : { outboundService: { type: 'node-handler' as const, handler: options.outbound } }),
    },
  });
  try {
    await miniflare.ready;
    return {
      address: await miniflare.unsafeGetDirectURL(),
      async fireCron(cron, scheduledTime) {
        // By HTTP, not by Miniflare's own `getWorker`: that one blocks this whole process while the engine hangs.
        const url = new URL(SCHEDULED_PATH, await miniflare.ready);
        url.search = new URLSearchParams({ cron, time: String(scheduledTime.getTime()) }).toString();
        const response = await fetch(url, { signal: AbortSignal.timeout(CRON_LIMIT_MS) });
        return response.text();
      },
      close: () => miniflare.dispose(),
    };
  } catch (thrown) {
    await miniflare.dispose();
    throw thrown;
  }
}

export type DatabaseOptions = Pick<EngineOptions, 'config' | 'distDirectory' | 'dataDirectory' | 'log'>;

/** Opens the database alone, with no code of the Worker running, and closes it after `work`. Makes it if there is none. */
export async function withDatabase<T>(options: DatabaseOptions, work: (database: Database) => Promise<T>): Promise<T> {
  const { config, distDirectory } = options;
  const miniflare = createMiniflare(options, {
    config: {
      name: config.name,
      compatibilityDate: config.compatibilityDate,
      manifest: manifest(
        distDirectory,
        'idle.js',
        'export default { fetch: () => new Response(null, { status: 503 }) };',
      ),
      env: databaseBinding(config),
    },
  });
  try {
    await miniflare.ready;
    return await work(await miniflare.getD1Database(config.database.binding));
  } finally {
    await miniflare.dispose();
  }
}

type WorkerOptions = MiniflareOptions['workers'][number];

function manifest(modulesRoot: string, mainModule: string, contents: string) {
  return { mainModule, modulesRoot, modules: { [mainModule]: { type: 'esm' as const, contents } } };
}

function databaseBinding(config: WorkerConfig) {
  return { [config.database.binding]: { type: 'd1' as const, id: config.database.id } };
}

function createMiniflare(
  options: DatabaseOptions & Partial<Pick<EngineOptions, 'onRestart'>>,
  worker: WorkerOptions,
): Miniflare {
  const { dataDirectory, log } = options;
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
  const before = new Map(signals.map((signal) => [signal, new Set(process.listeners(signal))]));
  const miniflare: Miniflare = new Miniflare({
    host: LOOPBACK,
    port: 0,
    log: new EngineLogAdapter(log),
    handleStructuredLogs: ({ level, message }) => logWorkerLine(log, level, message),
    unsafeTriggerHandlers: true,
    logRequests: false,
    cf: false,
    enableDevRegistry: false,
    telemetry: { enabled: false },
    // The layout of `wrangler --persist-to <data directory>`: wrangler can look into a stopped host's database.
    resourcePersistencePath: path.join(dataDirectory, 'v3'),
    unsafeHandleRuntimeRestart: async () => {
      log('error', 'The engine crashed and was started again.');
      options.onRestart?.(await miniflare.unsafeGetDirectURL());
    },
    workers: [worker],
  });
  // Its own handlers would end the process at once on a signal; the host drains first. (Its `exit` handler stays.)
  for (const signal of signals) {
    for (const listener of process.listeners(signal)) {
      if (before.get(signal)?.has(listener) !== true) process.removeListener(signal, listener);
    }
  }
  return miniflare;
}

/** Brings the engine's own messages into the host's log. */
class EngineLogAdapter extends EngineLog {
  readonly #log: Log;

  constructor(log: Log) {
    super(LogLevel.WARN);
    this.#log = log;
  }

  override logWithLevel(level: LogLevel, message: string): void {
    if (level === LogLevel.ERROR || level === LogLevel.WARN) {
      this.#log(level === LogLevel.ERROR ? 'error' : 'warn', message, { source: 'engine' });
    }
  }

  override error(message: Error): void {
    this.#log('error', messageOf(message), { source: 'engine' });
  }
}

/**
 * Prepares the process for engines: scratch files go into the data directory (and those of a killed run away), and the
 * engine's process is tied to this one, so that it cannot outlive it. Call once, holding the lock of the directory.
 */
export function prepareEngineProcess(dataDirectory: string, log: Log): void {
  const scratch = path.join(dataDirectory, 'tmp');
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  process.env.TMPDIR = scratch;

  if (process.env.MINIFLARE_WORKERD_PATH !== undefined) return;
  const requireBesideMiniflare = createRequire(createRequire(import.meta.url).resolve('miniflare'));
  const { default: binary }: { default: string } = requireBesideMiniflare('workerd');
  if (spawnSync('setpriv', ['--pdeathsig', 'KILL', '--', binary, '--version']).status !== 0) {
    log(
      'warn',
      'setpriv (of util-linux) is missing: if this process is killed with -9, the engine (workerd) stays behind and must be ended by hand.',
    );
    return;
  }
  process.env.APPLIANCE_WORKERD = binary;
  process.env.MINIFLARE_WORKERD_PATH = path.join(import.meta.dirname, 'workerd-with-parent.sh');
}
