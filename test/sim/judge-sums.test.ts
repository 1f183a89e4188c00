import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { SimDatabase } from './d1.ts';
import { wrongSums } from './judge-sums.ts';

const migrations = path.join(import.meta.dirname, '../../migrations');
let db: SimDatabase;

beforeEach(() => {
  const names = readdirSync(migrations).filter((name) => name.endsWith('.sql'));
  const schema = names.sort().map((name) => readFileSync(path.join(migrations, name), 'utf8'));
  db = new SimDatabase(schema, () => undefined);
  db.execute(`INSERT INTO connection (id, name, settings, created_at_ms, updated_at_ms) VALUES (1, 'A', '{}', 0, 0)`);
  db.execute(
    `INSERT INTO queue (id, connection_id, source_id, included, first_seen_ms) VALUES (1, 1, 'q1', 1, 0), (2, 1, 'q2', 0, 0)`,
  );
  db.execute(`INSERT INTO queue_interval (connection_id, start_ms, queue_id, offered, abandoned, handle_time_ms, read_at_ms)
    VALUES (1, 900000, 1, 7, 0, 0, 0), (1, 900000, 2, 5, 0, 0, 0)`);
  db.execute(`INSERT INTO interval_ledger (connection_id, start_ms, status, revision, offered, stored_offered, left_out_offered,
    sums_version) VALUES (1, 0, 'gap', 0, 0, 0, 0, NULL), (1, 900000, 'collected', 1, 12, 12, 5, 1)`);
});

it('has nothing to say of sums that are what the figures add up to', () => {
  expect(wrongSums(db)).toEqual([]);
});

it.each([
  ['a figure that the sums do not have', `UPDATE queue_interval SET offered = 8 WHERE queue_id = 1`],
  ['a figure that is gone', `DELETE FROM queue_interval WHERE queue_id = 2`],
  ['contacts left out that are not', `UPDATE queue SET included = 1`],
  ['figures of an interval that is a gap', `UPDATE queue_interval SET start_ms = 0`],
  ['a proof that found a difference', `INSERT INTO ledger_proof VALUES (1, 0, 0, 1, 1)`],
])('notices %s', (_, sql) => {
  db.execute(sql);
  expect(wrongSums(db)).not.toEqual([]);
});
