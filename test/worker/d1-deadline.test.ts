import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it } from 'vitest';
import { D1TimeoutError, isDatabaseAway, withDeadline } from '../../worker/d1-deadline.ts';

/** A deadline that passes when it is told to. */
function heldClock() {
  const controllers: AbortController[] = [];
  return {
    pass() {
      for (const controller of controllers) controller.abort();
    },
    deadline() {
      const controller = new AbortController();
      controllers.push(controller);
      return controller.signal;
    },
  };
}

const never = () => new Promise<never>(() => undefined);

describe('a database with a deadline', () => {
  afterEach(() => env.DB.prepare('DROP TABLE IF EXISTS guarded').run());

  it('answers what the real one answers, alone and in a batch', async () => {
    const db = withDeadline(env.DB, heldClock());
    await db.prepare('CREATE TABLE guarded (id INTEGER PRIMARY KEY, name TEXT)').run();
    const insert = db.prepare('INSERT INTO guarded (name) VALUES (?1)');
    const results = await db.batch([
      insert.bind('one'),
      insert.bind('two'),
      db.prepare('SELECT count(*) AS n FROM guarded'),
    ]);
    expect(results[2]?.results).toEqual([{ n: 2 }]);
    expect(await db.prepare('SELECT name FROM guarded WHERE id = ?1').bind(2).first<{ name: string }>()).toEqual({
      name: 'two',
    });
    expect(await db.prepare('SELECT name FROM guarded').raw()).toEqual([['one'], ['two']]);
    expect((await db.prepare('SELECT name FROM guarded').all()).results).toHaveLength(2);
  });

  it('fails with what the real one fails with', async () => {
    const db = withDeadline(env.DB, heldClock());
    await expect(db.prepare('SELECT * FROM nowhere').all()).rejects.toThrow(/no such table: nowhere/);
  });

  it.each([
    ['a statement', (db: D1Database) => db.prepare('SELECT 1').all()],
    ['a bound statement', (db: D1Database) => db.prepare('SELECT ?1').bind(1).first()],
    ['a batch', (db: D1Database) => db.batch([db.prepare('SELECT 1')])],
  ])('fails when %s is left hanging', async (_what, ask) => {
    const statement = { bind: () => statement, all: never, first: never };
    const hanging = { prepare: () => statement, batch: never } as unknown as D1Database;
    const clock = heldClock();
    const asked = ask(withDeadline(hanging, clock, 45_000));
    clock.pass();
    await expect(asked).rejects.toThrow(new D1TimeoutError(45_000));
  });
});

describe('an error of the database', () => {
  const reset = Object.assign(new Error('internal error; reference = abc'), { remote: true, durableObjectReset: true });
  it.each([
    ['the disk is full', new Error('D1_ERROR: database or disk is full: SQLITE_FULL'), true],
    ['the file is locked', new Error('D1_ERROR: database is locked: SQLITE_BUSY'), true],
    ['the engine has reset the object behind it', reset, true],
    ['it has not answered in time', new D1TimeoutError(45_000), true],
    ['the statement is wrong', new Error('D1_ERROR: no such table: nowhere: SQLITE_ERROR'), false],
    ['a rule of the schema is broken', new Error('D1_ERROR: CHECK constraint failed: SQLITE_CONSTRAINT'), false],
    ['it is none', new TypeError('x is not a function'), false],
  ])('is told apart when %s', (_what, error, expected) => {
    expect(isDatabaseAway(error)).toBe(expected);
  });
});
