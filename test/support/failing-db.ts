/** A real D1 of which a test lets single batches fail, before they are committed or after. */

/** What becomes of a batch; called with its SQL and with what runs it. Left alone, it is run. */
export type BatchFate = <T>(sql: string, run: () => Promise<T>) => Promise<T>;

/** `db`, whose batches go through `fate.batch`. */
export function failingDb(db: D1Database, fate: { batch: BatchFate }): D1Database {
  const sqlOf = new WeakMap<D1PreparedStatement, string>();
  const prepare = (sql: string): D1PreparedStatement => {
    const statement = db.prepare(sql);
    const bind = statement.bind.bind(statement);
    statement.bind = (...values) => {
      const bound = bind(...values);
      sqlOf.set(bound, sql);
      return bound;
    };
    sqlOf.set(statement, sql);
    return statement;
  };
  return {
    prepare,
    batch: <T>(statements: D1PreparedStatement[]) =>
      fate.batch(statements.map((one) => sqlOf.get(one) ?? '').join('\n'), () => db.batch<T>(statements)),
    exec: (query) => db.exec(query),
    withSession: (bookmark) => db.withSession(bookmark),
    dump: () => db.dump(),
  };
}
