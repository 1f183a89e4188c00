import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Spool } from '../../appliance/intake/spool.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'spool-test-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const segments = () => readdirSync(directory).filter((name) => name.endsWith('.spool'));

it('gives entries back in their order, and names the same ones the same after a restart', () => {
  const spool = new Spool(directory);
  spool.append(['one', 'two']);
  spool.append(['three']);
  const before = spool.next(2);
  spool.close();
  const again = new Spool(directory);
  expect(again.next(2)).toEqual(before);
  expect(before?.entries).toEqual(['one', 'two']);
  again.finish(before!, 1);
  expect(again.next(10)).toMatchObject({ entries: ['three'], firstNumber: 3 });
  again.close();
});

it('forgets an entry whose end the disk never got, and goes on after the one before', () => {
  const spool = new Spool(directory);
  spool.append(['one', 'two']);
  spool.close();
  appendFileSync(path.join(directory, segments()[0]!), '{"cut of');
  const again = new Spool(directory);
  again.append(['three']);
  expect(again.next(10)?.entries).toEqual(['one', 'two', 'three']);
  expect(again.appendedCount).toBe(3);
  again.close();
});

it('removes what is done with, and is no larger than what waits and one segment', () => {
  const spool = new Spool(directory, 100);
  for (let n = 0; n < 50; n += 1) spool.append([`entry ${n} with some length`]);
  expect(segments().length).toBeGreaterThan(5);
  for (let batch = spool.next(7); batch; batch = spool.next(7)) spool.finish(batch, 0);
  expect(segments()).toHaveLength(1);
  expect(spool.bytes).toBe(statSync(path.join(directory, segments()[0]!)).size);
  expect(spool).toMatchObject({ appendedCount: 50, takenCount: 50, waitingCount: 0 });
  spool.close();
});

it('says what to do when its position is damaged, and pushes all again without it', () => {
  const spool = new Spool(directory);
  spool.append(['one', 'two']);
  spool.finish(spool.next(1)!, 0);
  spool.close();
  const file = path.join(directory, 'position.json');
  writeFileSync(file, '{"id":');
  expect(() => new Spool(directory)).toThrow('is damaged. Remove it');
  rmSync(file);
  const again = new Spool(directory);
  expect(again.next(10)?.entries).toEqual(['one', 'two']);
  again.close();
});

it('keeps its balance through any course of appending, finishing, cuts and restarts', () => {
  const step = fc.oneof(
    fc.record({ append: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ finish: fc.integer({ min: 1, max: 9 }) }),
    fc.constant('restart' as const),
    fc.constant('cut' as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 10, max: 300 }), (steps, segmentBytes) => {
      const own = mkdtempSync(path.join(directory, 'run-'));
      let spool = new Spool(own, segmentBytes);
      const waiting: string[] = [];
      let count = 0;
      let refused = 0;
      for (const one of steps) {
        if (one === 'restart' || one === 'cut') {
          spool.close();
          const last = readdirSync(own)
            .filter((name) => name.endsWith('.spool'))
            .sort()
            .at(-1);
          if (one === 'cut' && last !== undefined) {
            const file = path.join(own, last);
            const { size } = statSync(file);
            appendFileSync(file, 'an entry that never');
            truncateSync(file, size + 5);
          }
          spool = new Spool(own, segmentBytes);
        } else if ('append' in one) {
          const entries = Array.from({ length: one.append }, (_, place) => `entry ${count + place}`);
          count += entries.length;
          spool.append(entries);
          waiting.push(...entries);
        } else {
          const batch = spool.next(one.finish);
          if (!batch) expect(waiting).toEqual([]);
          else {
            expect(batch.entries).toEqual(waiting.splice(0, batch.entries.length));
            expect(batch.firstNumber).toBe(count - waiting.length - batch.entries.length + 1);
            refused += 1;
            spool.finish(batch, 1);
          }
        }
        expect(spool.appendedCount).toBe(count);
        expect(spool.waitingCount).toBe(waiting.length);
        expect(spool.refusedCount).toBe(refused);
        expect(spool.takenCount + spool.refusedCount + spool.waitingCount).toBe(count);
      }
      spool.close();
    }),
    { numRuns: 60 },
  );
});
