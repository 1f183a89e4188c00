import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS } from '../../../src/domain/interval.ts';
import { confirmAsQuiet, readAgain } from '../../../src/jobs/coverage-orders.ts';
import { daysToProve, proveSums } from '../../../src/jobs/prove-sums.ts';
import { runMinute } from '../../../src/jobs/run-minute.ts';
import { readCells, readContacts } from '../../../src/store/coverage-days.ts';
import { enterImportedIntervals } from '../../../src/store/import-facts.ts';
import { type Bridge, figuresRow, openBridge, settings } from '../../support/bridge.ts';
import { setIncluded } from '../../support/mapping.ts';

const NINE_MS = Date.parse('2026-03-02T09:00:00Z');
const QUARTER_MS = 900_000;
const MINUTE_MS = 60_000;
const WINDOW = { startMs: NINE_MS, endMs: NINE_MS + QUARTER_MS };

let bridge: Bridge;
/** What the ledger keeps of nine o'clock; null where it does not hold. */
const kept = async () => (await readCells(env.DB, 1, WINDOW))[0]?.sums;
const balance = async (anew: boolean) =>
  (await readContacts(env.DB, 1, await readCells(env.DB, 1, WINDOW), { anew }))[0]?.balance;
const prove = () => proveSums(bridge.deps, 1, Number.POSITIVE_INFINITY);
const remarks = async () =>
  (await env.DB.prepare(`SELECT message FROM event WHERE kind = 'sums set right'`).all<{ message: string }>()).results;
const falsify = (offered: number) =>
  env.DB.prepare(
    `UPDATE queue_interval SET offered = ?1
     WHERE start_ms = ${NINE_MS} AND queue_id = (SELECT id FROM queue WHERE source_id = 'sales')`,
  )
    .bind(offered)
    .run();

beforeEach(async () => {
  bridge = await openBridge(NINE_MS, settings({ intervalS: 15 }));
  bridge.ncc.queues = new Set(['sales', 'care']);
  bridge.ncc.users.set('a1', { username: 'ann@x.test' });
  bridge.ncc.agents.set('a1', { status: 'Available' });
});

describe('the sums of an interval', () => {
  it('are those of its stored figures, by every way in which figures come', async () => {
    bridge.ncc.figures.set(NINE_MS, [figuresRow('sales', 12), figuresRow('care', 5)]);
    await bridge.run(QUARTER_MS + 4 * MINUTE_MS);
    expect(await kept()).toEqual({ stored: 17, leftOut: 0 });
    bridge.ncc.figures.set(NINE_MS, [figuresRow('sales', 15), figuresRow('care', 5)]);
    await readAgain(env.DB, { connectionId: 1, window: WINDOW, nowMs: bridge.clock.nowMs, by: 'the test' });
    await bridge.run(MINUTE_MS);
    expect(await kept()).toEqual({ stored: 20, leftOut: 0 });
  });

  it('keep what a later answer says nothing of: the source then told less than is stored', async () => {
    bridge.ncc.figures.set(NINE_MS, [figuresRow('sales', 12), figuresRow('visitors', 5)]);
    await bridge.run(QUARTER_MS + 4 * MINUTE_MS);
    bridge.ncc.figures.set(NINE_MS, [figuresRow('sales', 12)]);
    await readAgain(env.DB, { connectionId: 1, window: WINDOW, nowMs: bridge.clock.nowMs, by: 'the test' });
    await bridge.run(MINUTE_MS);
    expect(await balance(false)).toMatchObject({ source: 12, stored: 17 });
    expect(await balance(false)).toEqual(await balance(true));
  });

  it('are zero for an interval that a person confirmed as quiet', async () => {
    await bridge.run(QUARTER_MS + 4 * MINUTE_MS);
    await confirmAsQuiet(env.DB, { connectionId: 1, window: WINDOW, nowMs: bridge.clock.nowMs, by: 'the test' }, 15);
    await bridge.run(MINUTE_MS);
    expect(await kept()).toEqual({ stored: 0, leftOut: 0 });
  });

  it('are zero, as what the source told is, where all figures were taken back', async () => {
    bridge.ncc.figures.set(NINE_MS, [figuresRow('sales', 12)]);
    await bridge.run(QUARTER_MS + 4 * MINUTE_MS);
    const interval = { startMs: NINE_MS, nextReadAtMs: null, isIncomplete: false };
    await env.DB.batch([
      env.DB.prepare('DELETE FROM queue_interval'),
      ...enterImportedIntervals(env.DB, 1, [interval], bridge.clock.nowMs),
    ]);
    expect(await balance(false)).toMatchObject({ source: 0, stored: 0 });
  });

  it('hold no longer once a queue is left out, and are added up when they are asked for, until they are proved', async () => {
    bridge.ncc.figures.set(NINE_MS, [figuresRow('sales', 12), figuresRow('care', 5)]);
    await bridge.run(QUARTER_MS + 4 * MINUTE_MS);
    await prove();
    await setIncluded('sales', true);
    expect(await kept()).toEqual({ stored: 17, leftOut: 0 });
    await setIncluded('care', false);
    expect(await kept()).toBeNull();
    const before = await balance(false);
    await prove();
    expect(await kept()).toEqual({ stored: 17, leftOut: 5 });
    expect(await balance(false)).toEqual(before);
    expect(await remarks()).toEqual([]);
  });
});

describe('the proof', () => {
  beforeEach(async () => {
    bridge.ncc.figures.set(NINE_MS, [figuresRow('sales', 12), figuresRow('care', 5)]);
    await bridge.run(QUARTER_MS + 4 * MINUTE_MS);
  });

  it('finds a figure that is not what was added up, sets the sum right and says so', async () => {
    await falsify(11);
    expect(await balance(false)).toMatchObject({ source: 17, stored: 17 });
    expect(await balance(true)).toMatchObject({ source: 17, stored: 16 });
    await prove();
    expect(await balance(false)).toMatchObject({ source: 17, stored: 16 });
    expect(await remarks()).toMatchObject([{ message: expect.stringContaining('1 interval of 2026-03-02') }]);
    await prove();
    expect(await remarks()).toHaveLength(1);
  });

  it('writes nothing into the ledger where all is as it should be', async () => {
    await env.DB.exec(
      `CREATE TRIGGER no_ledger BEFORE UPDATE ON interval_ledger BEGIN SELECT raise(ABORT, 'written'); END`,
    );
    await prove();
    expect(await remarks()).toEqual([]);
    expect(await env.DB.prepare('SELECT differing FROM ledger_proof').all()).toMatchObject({
      results: [{ differing: 0 }],
    });
  });

  it('adds up what was stored before sums were kept, without calling that a difference', async () => {
    await env.DB.prepare(
      'UPDATE interval_ledger SET stored_offered = 0, left_out_offered = 0, sums_version = NULL',
    ).run();
    expect(await kept()).toBeNull();
    expect(await balance(false)).toMatchObject({ source: 17, stored: 17 });
    await prove();
    expect(await kept()).toEqual({ stored: 17, leftOut: 0 });
    expect(await remarks()).toEqual([]);
  });

  it('is made once an hour', async () => {
    const proofs = () => env.DB.prepare('SELECT count(*) AS n FROM ledger_proof').first('n');
    expect(await proofs()).toBe(0);
    await runMinute(bridge.deps, async () => undefined);
    expect(await proofs()).toBe(1);
  });

  it('stops when its time is over', async () => {
    await proveSums(bridge.deps, 1, bridge.clock.nowMs);
    expect(await env.DB.prepare('SELECT count(*) AS n FROM ledger_proof').first('n')).toBe(0);
  });
});

describe('the days to prove', () => {
  const day = (index: number) => index * DAY_MS;
  const span = { startMs: day(1) + 900_000, endMs: day(5) + 900_000 };
  const state = (proofs: readonly (readonly [number, number, number?])[]) => ({
    span,
    inclusionVersion: 2,
    proofs: new Map(
      proofs.map(([index, provedAtMs, inclusionVersion = 2]) => [day(index), { provedAtMs, inclusionVersion }]),
    ),
  });
  const rested = (index: number) => day(index + 2) + 2 * HOUR_MS;
  const nowMs = day(5) + HOUR_MS;

  it('are all that were never proved, newest first', () => {
    expect(daysToProve(state([]), nowMs)).toEqual([5, 4, 3, 2, 1].map(day));
    expect(daysToProve({ ...state([]), span: null }, nowMs)).toEqual([]);
  });

  it('are those of which queues were taken in or left out since', () => {
    const proofs = [1, 2, 3, 4, 5].map((index) => [index, nowMs, index === 3 ? 1 : 2] as const);
    expect(daysToProve(state(proofs), nowMs)).toEqual([day(3)]);
  });

  it('are those that were proved before their figures came to rest, once they have', () => {
    const proofs = [1, 2, 3, 4, 5].map((index) => [index, day(index) + HOUR_MS] as const);
    expect(daysToProve(state(proofs), rested(2))).toEqual([day(2), day(1)]);
  });

  it('are else the one that was proved longest ago', () => {
    const late = rested(9);
    const proofs = [1, 2, 3, 4, 5].map((index) => [index, late - ((index * 2) % 5) * HOUR_MS] as const);
    expect(daysToProve(state(proofs), late)).toEqual([day(2)]);
  });

  it('are a month at most', () => {
    expect(daysToProve({ ...state([]), span: { startMs: 0, endMs: day(100) } }, day(100))).toHaveLength(31);
  });
});
