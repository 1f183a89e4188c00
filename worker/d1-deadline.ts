/**
 * A database that always answers: a statement that D1 leaves hanging fails after a deadline, so that it holds up one try
 * and not the loop for ever. What became of it is then unknown, as after any failure of D1: the caller drops what it
 * remembers, takes the lease anew, and a late commit of the old owner changes nothing (src/store/lease.ts).
 */
import type { Clock } from '../src/runtime.ts';

/** D1 ends a query itself after 30 s: one that takes longer than this is not answered any more. */
const D1_LIMIT_MS = 45_000;

/** D1 has not answered in time; whether the statement was carried out is not known. */
export class D1TimeoutError extends Error {
  override readonly name = 'D1TimeoutError';
  constructor(limitMs: number) {
    super(`The database has not answered within ${limitMs / 1_000} s.`);
  }
}

/** What SQLite says when a statement is at fault, and not the database. */
const STATEMENT_AT_FAULT = /SQLITE_(?:ERROR|CONSTRAINT|MISMATCH|RANGE|TOOBIG|AUTH)/;

/**
 * True for an error that says that the database cannot be used now: a full disk, a lock, a restart, no answer. A statement
 * that is wrong is not one: that is a fault of the bridge.
 */
export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof D1TimeoutError) return true;
  if (!(error instanceof Error) || STATEMENT_AT_FAULT.test(error.message)) return false;
  // Set by the engine on errors of the object behind D1.
  if (Reflect.get(error, 'durableObjectReset') === true || Reflect.get(error, 'overloaded') === true) return true;
  return error.message.startsWith('D1_ERROR') || /SQLITE_\w+/.test(error.message);
}

/** `db` with a deadline over each call. */
export function withDeadline(db: D1Database, clock: Pick<Clock, 'deadline'>, limitMs = D1_LIMIT_MS): D1Database {
  const originals = new WeakMap<D1PreparedStatement, D1PreparedStatement>();
  const within = <T>(call: Promise<T>): Promise<T> => settledWithin(call, clock, limitMs);
  const guarded = (statement: D1PreparedStatement): D1PreparedStatement => {
    const proxy = new Proxy(statement, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        if (name === 'bind') return (...values: unknown[]) => guarded(target.bind(...values));
        return (...parameters: unknown[]) => within(Promise.resolve(Reflect.apply(member, target, parameters)));
      },
    });
    originals.set(proxy, statement);
    return proxy;
  };
  return new Proxy(db, {
    get(target, name) {
      if (name === 'prepare') return (sql: string) => guarded(target.prepare(sql));
      if (name === 'batch') {
        return (statements: D1PreparedStatement[]) =>
          within(target.batch(statements.map((statement) => originals.get(statement) ?? statement)));
      }
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

async function settledWithin<T>(call: Promise<T>, clock: Pick<Clock, 'deadline'>, limitMs: number): Promise<T> {
  const settled = new AbortController();
  const deadline = clock.deadline(limitMs, settled.signal);
  // Of an answer that comes later nobody hears, nor of a failure.
  call.catch(() => undefined);
  try {
    return await Promise.race([
      call,
      new Promise<never>((_resolve, reject) => {
        deadline.addEventListener('abort', () => reject(new D1TimeoutError(limitMs)), { once: true });
      }),
    ]);
  } finally {
    settled.abort();
  }
}
