import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { historicalRowWire, plainHistoricalRow } from '../../../src/acd/nextiva-ncc/schema.ts';

const NOON_S = Date.UTC(2026, 10, 22, 12) / 1_000;

const text = fc.constantFrom<unknown>(
  'q1',
  ' q1',
  '',
  'é',
  'a\0b',
  '\ud800',
  'x'.repeat(201),
  'x'.repeat(501),
  7,
  null,
  undefined,
);
const number = fc.constantFrom<unknown>(
  0,
  -0,
  5,
  12.5,
  -1,
  10_000_001,
  2e12,
  NOON_S,
  NOON_S * 1_000,
  Number.NaN,
  '5',
  null,
  undefined,
);
const row = fc.record(
  {
    'queue-id': text,
    queueId: fc.constantFrom<unknown>(undefined, null, 'q2', 3.5),
    _id: fc.constantFrom<unknown>(undefined, null, 'q3', {}),
    'queue-name': text,
    startTime: number,
    sumHandleTime: number,
    enteredCount: number,
    abandonedCount: number,
  },
  { requiredKeys: [] },
);

test.each(['seconds', 'milliseconds'] as const)(
  'the short way of reading a row gives what the schema gives, or leaves it to the schema (%s)',
  (unit) => {
    const wire = historicalRowWire(unit);
    fc.assert(
      fc.property(row, (raw) => {
        const plain = plainHistoricalRow(raw, unit);
        if (plain !== null) expect(wire.safeParse(raw)).toEqual({ success: true, data: plain });
      }),
      { numRuns: 3_000 },
    );
  },
);

test('the short way is the way of a row as NCC writes it', () => {
  const raw = {
    'queue-id': 'q1',
    'queue-name': 'Sales',
    startTime: NOON_S,
    sumHandleTime: 900.5,
    enteredCount: 5,
    abandonedCount: 0,
  };
  expect(plainHistoricalRow(raw, 'seconds')).toEqual({
    queueId: 'q1',
    queueName: 'Sales',
    startMs: NOON_S * 1_000,
    offered: 5,
    abandoned: 0,
    handleTimeMs: 900_500,
  });
});
