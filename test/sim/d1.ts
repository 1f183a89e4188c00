/**
 * D1 over SQLite in memory: the part of D1's interface that src/store uses, with D1's limits and its faults. A batch is
 * one transaction. Every call takes virtual time, so that other work comes in between.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { BridgeProcess } from './process.ts';

const PARAMETERS_MAX = 100;
const VALUE_BYTES_MAX = 2_000_000;
const SQL_BYTES_MAX = 100_000;

/** What befalls one call. `fails`: before it is done, after it is committed, or writes only as on a full disk. */
export interface D1Weather {
  readonly latencyMs: number;
  readonly fails: 'before' | 'after' | 'disk full' | null;
}

/** Told what a committed transaction brought; nothing of one that was rolled back. */
export type OnCommit = (changes: readonly Committed[]) => void;

export type Committed =
  | {
      readonly kind: 'look';
      readonly logId: number;
      readonly untilMs: number;
      readonly gapBeforeMs: number;
      readonly logged: string | null;
    }
  | { readonly kind: 'change'; readonly agentId: number; readonly atMs: number; readonly stateId: number }
  | { readonly kind: 'lease'; readonly epoch: number }
  | {
      readonly kind: 'set aside';
      readonly stream: string;
      readonly key: string;
      readonly atMs: number;
      readonly status: string;
    };

const WATCHES = `
  CREATE TEMP TRIGGER sim_look_extended AFTER UPDATE OF until_ms ON main.state_log
    BEGIN SELECT sim_commit('look', NEW.log_id, NEW.until_ms, NEW.gap_before_ms, NULL); END;
  CREATE TEMP TRIGGER sim_look_opened AFTER INSERT ON main.state_log
    BEGIN SELECT sim_commit('look', NEW.log_id, NEW.until_ms, NEW.gap_before_ms, NEW.changes); END;
  CREATE TEMP TRIGGER sim_change AFTER INSERT ON main.state_change
    BEGIN SELECT sim_commit('change', NEW.agent_id, NEW.at_ms, NEW.state_id, NULL); END;
  CREATE TEMP TRIGGER sim_lease_taken AFTER UPDATE OF epoch ON main.lease
    BEGIN SELECT sim_commit('lease', NEW.epoch, NULL, NULL, NULL); END;
  CREATE TEMP TRIGGER sim_lease_first AFTER INSERT ON main.lease
    BEGIN SELECT sim_commit('lease', NEW.epoch, NULL, NULL, NULL); END;
  CREATE TEMP TRIGGER sim_set_aside AFTER INSERT ON main.set_aside
    BEGIN SELECT sim_commit('set aside', NEW.stream, NEW.record_key, NEW.at_ms, NEW.status); END;
  CREATE TEMP TRIGGER sim_set_aside_again AFTER UPDATE ON main.set_aside
    BEGIN SELECT sim_commit('set aside', NEW.stream, NEW.record_key, NEW.at_ms, NEW.status); END;`;

interface Prepared {
  readonly statement: StatementSync;
  readonly hasRows: boolean;
  readonly writes: boolean;
}

/** The database file: it outlives processes, and can be copied and put back. */
export class SimDatabase {
  #db: DatabaseSync;
  #prepared = new Map<string, Prepared>();
  #pending: Committed[] = [];
  readonly #onCommit: OnCommit;

  constructor(schema: readonly string[], onCommit: OnCommit) {
    this.#onCommit = onCommit;
    this.#db = new DatabaseSync(':memory:');
    for (const sql of schema) this.#db.exec(sql);
    this.#watch();
  }

  #watch(): void {
    this.#db.exec('PRAGMA foreign_keys = ON');
    this.#db.function('sim_commit', { varargs: true }, (...args) => {
      this.#pending.push(committedOf(args));
      return null;
    });
    this.#db.exec(WATCHES);
  }

  backup(): Uint8Array {
    return this.#db.serialize();
  }

  restore(backup: Uint8Array): void {
    this.#db.close();
    this.#db = new DatabaseSync(':memory:');
    this.#db.deserialize(backup);
    this.#prepared = new Map();
    this.#watch();
  }

  close(): void {
    this.#db.close();
  }

  /** Runs statements as one transaction. Throws, with nothing changed, what the first failing one throws. */
  transact(statements: readonly BoundStatement[]): D1Result<unknown>[] {
    const [first] = statements;
    if (statements.length === 1 && first) return this.#committing(() => [this.#run(first)], false);
    return this.#committing(() => statements.map((statement) => this.#run(statement)), true);
  }

  /** True when a statement changes something. */
  writes(statements: readonly BoundStatement[]): boolean {
    return statements.some(({ sql }) => this.#prepare(sql).writes);
  }

  #committing(work: () => D1Result<unknown>[], explicit: boolean): D1Result<unknown>[] {
    this.#pending = [];
    if (explicit) this.#db.exec('BEGIN');
    let results: D1Result<unknown>[];
    try {
      results = work();
      if (explicit) this.#db.exec('COMMIT');
    } catch (error) {
      if (explicit && this.#db.isTransaction) this.#db.exec('ROLLBACK');
      this.#pending = [];
      throw new Error(`D1_ERROR: ${error instanceof Error ? error.message : String(error)}: SQLITE_ERROR`);
    }
    const pending = this.#pending;
    this.#pending = [];
    if (pending.length > 0) this.#onCommit(pending);
    return results;
  }

  #prepare(sql: string): Prepared {
    const known = this.#prepared.get(sql);
    if (known) return known;
    if (sql.length > SQL_BYTES_MAX) throw new Error('D1_ERROR: the statement is too long: SQLITE_TOOBIG');
    const statement = this.#db.prepare(sql);
    const prepared = {
      statement,
      hasRows: statement.columns().length > 0,
      writes: !/^\s*(SELECT|WITH RECURSIVE\b(?![\s\S]*\bINSERT\b))/i.test(sql),
    };
    this.#prepared.set(sql, prepared);
    return prepared;
  }

  #run({ sql, parameters }: BoundStatement): D1Result<unknown> {
    const { statement, hasRows, writes } = this.#prepare(sql);
    let results: unknown[] = [];
    let changes = 0;
    if (hasRows) {
      results = statement.all(...parameters);
      changes = writes ? results.length : 0;
    } else changes = Number(statement.run(...parameters).changes);
    const meta = {
      changes,
      rows_written: changes,
      rows_read: results.length,
      duration: 0,
      last_row_id: 0,
      changed_db: changes > 0,
      size_after: 0,
    };
    return { success: true, results, meta };
  }

  /** For the judge: no fault, no virtual time. */
  query<T>(sql: string, ...parameters: SQLInputValue[]): T[] {
    return this.#prepare(sql).statement.all(...parameters) as T[];
  }

  /** For the judge and for administrators whose way in is not tested here. */
  execute(sql: string, ...parameters: SQLInputValue[]): void {
    this.transact([new BoundStatement(sql, parameters)]);
  }
}

function committedOf(args: readonly unknown[]): Committed {
  const [kind, a, b, c, d] = args;
  switch (kind) {
    case 'look':
      return {
        kind,
        logId: Number(a),
        untilMs: Number(b),
        gapBeforeMs: Number(c),
        logged: d === null ? null : String(d),
      };
    case 'change':
      return { kind, agentId: Number(a), atMs: Number(b), stateId: Number(c) };
    case 'lease':
      return { kind, epoch: Number(a) };
    default:
      return { kind: 'set aside', stream: String(a), key: String(b), atMs: Number(c), status: String(d) };
  }
}

class BoundStatement {
  readonly sql: string;
  readonly parameters: readonly SQLInputValue[];
  constructor(sql: string, parameters: readonly SQLInputValue[]) {
    this.sql = sql;
    this.parameters = parameters;
  }
}

function parameterOf(value: unknown): SQLInputValue {
  if (value === null || typeof value === 'number' || value instanceof Uint8Array) return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof ArrayBuffer) {
    if (value.byteLength > VALUE_BYTES_MAX) throw new Error('D1_ERROR: string or blob too big: SQLITE_TOOBIG');
    return new Uint8Array(value);
  }
  if (typeof value === 'string') {
    if (value.length > VALUE_BYTES_MAX) throw new Error('D1_ERROR: string or blob too big: SQLITE_TOOBIG');
    return value;
  }
  throw new Error(`D1_TYPE_ERROR: Type '${typeof value}' not supported for value '${String(value)}'`);
}

class Statement extends BoundStatement {
  readonly #facade: Facade;
  constructor(facade: Facade, sql: string, parameters: readonly SQLInputValue[]) {
    super(sql, parameters);
    this.#facade = facade;
  }

  bind(...values: unknown[]): Statement {
    if (values.length > PARAMETERS_MAX) throw new Error('D1_ERROR: too many SQL variables: SQLITE_ERROR');
    return new Statement(this.#facade, this.sql, values.map(parameterOf));
  }

  async first(): Promise<unknown> {
    const [result] = await this.#facade.call([this]);
    return result?.results[0] ?? null;
  }

  async all(): Promise<unknown> {
    const [result] = await this.#facade.call([this]);
    return result;
  }

  run(): Promise<unknown> {
    return this.all();
  }
}

class Facade {
  readonly #database: SimDatabase;
  readonly #process: BridgeProcess;
  readonly #weather: (writes: boolean) => D1Weather;
  constructor(database: SimDatabase, process: BridgeProcess, weather: (writes: boolean) => D1Weather) {
    this.#database = database;
    this.#process = process;
    this.#weather = weather;
  }

  prepare(sql: string): Statement {
    return new Statement(this, sql, []);
  }

  batch(statements: readonly BoundStatement[]): Promise<D1Result<unknown>[]> {
    return this.call(statements);
  }

  call(statements: readonly BoundStatement[]): Promise<D1Result<unknown>[]> {
    return new Promise((resolve, reject) => {
      const process = this.#process;
      if (!process.step()) return;
      const writes = this.#database.writes(statements);
      const { latencyMs, fails } = this.#weather(writes);
      process.after(latencyMs, () => {
        if (fails === 'before') return answer(() => reject(new Error('D1_ERROR: injected: not done')));
        if (fails === 'disk full' && writes) {
          return answer(() => reject(new Error('D1_ERROR: injected: database or disk is full: SQLITE_FULL')));
        }
        let results: D1Result<unknown>[];
        try {
          current = process;
          results = this.#database.transact(statements);
        } catch (error) {
          return answer(() => reject(error));
        } finally {
          current = null;
        }
        if (fails === 'after') return answer(() => reject(new Error('D1_ERROR: injected: answer lost')));
        answer(() => resolve(results));
      });
      // What is done is done: a process that dies here never learns of it.
      function answer(settle: () => void): void {
        if (process.step()) settle();
      }
    });
  }
}

let current: BridgeProcess | null = null;

/** The process whose statements are running: who committed what. */
export function committingProcess(): BridgeProcess | null {
  return current;
}

/** D1 as one process sees it. */
export function d1For(
  database: SimDatabase,
  process: BridgeProcess,
  weather: (writes: boolean) => D1Weather,
): D1Database {
  const facade = new Facade(database, process, weather);
  // Only what src/store uses is there; anything else fails as a missing method does.
  return facade as unknown as D1Database;
}
