/**
 * The product's Worker with a counter around what costs: what D1 says of each statement (rows read and written), writes
 * of the objects' own storage, wall time and number of their turns, heap. For measurements only: `GET /bench/usage` tells
 * what was counted, without sign-in, and `POST` sets it back to nothing.
 */
import worker, { Collector as ProductCollector } from '../../worker/index.ts';

interface StatementUsage {
  statements: number;
  rowsRead: number;
  rowsWritten: number;
  durationMs: number;
}

const usage = {
  /** Requests to D1: a batch is one. */
  d1Calls: 0,
  /** By the statement's text. */
  statements: new Map<string, StatementUsage>(),
  alarms: 0,
  /** Wall time of alarms, milliseconds. */
  alarmMs: 0,
  objectCalls: 0,
  /** Rows written in the objects' own storage: each alarm set and each value put is one. */
  objectRowsWritten: 0,
  kvReads: 0,
  kvWrites: 0,
  crons: 0,
};

function countStatement(sql: string, meta: D1Meta): void {
  const key = sql.replace(/\s+/g, ' ').trim();
  const before = usage.statements.get(key) ?? { statements: 0, rowsRead: 0, rowsWritten: 0, durationMs: 0 };
  usage.statements.set(key, {
    statements: before.statements + 1,
    rowsRead: before.rowsRead + meta.rows_read,
    rowsWritten: before.rowsWritten + meta.rows_written,
    durationMs: before.durationMs + meta.duration,
  });
}

/** What a counted statement stands for, for `batch`. */
const originals = new WeakMap<object, { statement: D1PreparedStatement; sql: string }>();

function countedStatement(statement: D1PreparedStatement, sql: string): D1PreparedStatement {
  const counted = new Proxy(statement, {
    get(target, name) {
      switch (name) {
        case 'bind':
          return (...values: unknown[]) => countedStatement(target.bind(...values), sql);
        case 'first':
          // `first` hides the meta: the same statement, asked with `all`.
          return async (column?: string) => {
            const [row] = (await counting(target.all<Record<string, unknown>>(), sql)).results;
            return column === undefined ? (row ?? null) : (row?.[column] ?? null);
          };
        case 'all':
          return () => counting(target.all(), sql);
        case 'run':
          return () => counting(target.run(), sql);
        default: {
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === 'function' ? value.bind(target) : value;
        }
      }
    },
  });
  originals.set(counted, { statement, sql });
  return counted;
}

async function counting<T>(pending: Promise<D1Result<T>>, sql: string): Promise<D1Result<T>> {
  usage.d1Calls += 1;
  const result = await pending;
  countStatement(sql, result.meta);
  return result;
}

function countedDatabase(db: D1Database): D1Database {
  return new Proxy(db, {
    get(target, name) {
      if (name === 'prepare') return (sql: string) => countedStatement(target.prepare(sql), sql);
      if (name === 'batch') {
        return async (statements: D1PreparedStatement[]) => {
          usage.d1Calls += 1;
          const known = statements.map((one) => originals.get(one) ?? { statement: one, sql: 'unknown' });
          const results = await target.batch(known.map(({ statement }) => statement));
          for (const [i, { meta }] of results.entries()) countStatement(known[i]?.sql ?? 'unknown', meta);
          return results;
        };
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function countedNamespace(kv: KVNamespace): KVNamespace {
  return new Proxy(kv, {
    get(target, name) {
      if (name === 'get') usage.kvReads += 1;
      if (name === 'put' || name === 'delete') usage.kvWrites += 1;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

const environments = new WeakMap<Env, Env>();

/** The same object for the same environment: the product keeps what belongs to one under it. */
function counted(env: Env): Env {
  const known = environments.get(env) ?? { ...env, DB: countedDatabase(env.DB), TOKENS: countedNamespace(env.TOKENS) };
  environments.set(env, known);
  return known;
}

export class Collector extends ProductCollector {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, counted(env));
    const { storage } = ctx;
    const setAlarm = storage.setAlarm.bind(storage);
    storage.setAlarm = (...args) => {
      usage.objectRowsWritten += 1;
      return setAlarm(...args);
    };
    const put = storage.kv.put.bind(storage.kv);
    storage.kv.put = (...args) => {
      usage.objectRowsWritten += 1;
      return put(...args);
    };
  }

  override async wake(connectionId?: number): Promise<void> {
    usage.objectCalls += 1;
    await super.wake(connectionId);
  }

  override async alarm(): Promise<void> {
    const startedMs = Date.now();
    usage.alarms += 1;
    try {
      await super.alarm();
    } finally {
      usage.alarmMs += Date.now() - startedMs;
    }
  }
}

function reset(): void {
  for (const name of Object.keys(usage) as (keyof typeof usage)[]) {
    if (name === 'statements') usage.statements.clear();
    else usage[name] = 0;
  }
}

export default {
  async fetch(request, env) {
    if (new URL(request.url).pathname !== '/bench/usage') return worker.fetch(request, counted(env));
    const answer = Response.json({ ...usage, statements: Object.fromEntries(usage.statements) });
    if (request.method === 'POST') reset();
    return answer;
  },
  async scheduled(controller, env) {
    usage.crons += 1;
    await worker.scheduled(controller, counted(env));
  },
} satisfies ExportedHandler<Env>;
