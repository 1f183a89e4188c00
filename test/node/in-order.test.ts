import { expect, it } from 'vitest';
import { lookInOrder } from '../faults/support/in-order.ts';

const LAST_MS = 100_000;
const served = (...states: string[]) =>
  states.map((state, i) => ({ username: 'ann', state, answeredMs: 1_000 * (i + 1), initial: i === 0 }));
const accepted = (...states: string[]) => states.map((eventCode, order) => ({ loginId: 'ann', eventCode, order }));
const look = (states: string[], events: string[], between: { fromMs: number; toMs: number }[] = []) =>
  lookInOrder({ states: served(...states), events: accepted(...events) }, between, LAST_MS);

it('finds nothing missing where every state came in its order, a repeated one once or twice', () => {
  expect(look(['Busy', 'Ready', 'Ready', 'Busy'], ['Busy', 'Ready', 'Busy', 'Busy'])).toEqual({
    missing: [],
    count: 3,
  });
});

it('finds what is missing at the beginning, within, and at the end, unless its answer may have been lost', () => {
  for (const got of [
    ['Ready', 'Break'],
    ['Busy', 'Break'],
    ['Busy', 'Ready'],
  ]) {
    expect(look(['Busy', 'Ready', 'Break'], got).missing).toHaveLength(1);
  }
  expect(look(['Busy', 'Ready', 'Break'], ['Busy', 'Break'], [{ fromMs: 1_500, toMs: 2_500 }]).missing).toEqual([]);
});

it('does not take what came in another order, or was never served', () => {
  expect(() => look(['Busy', 'Ready', 'Break'], ['Ready', 'Busy', 'Break'])).toThrow(/Nothing is invented/);
  expect(() => look(['Busy'], ['Busy', 'Lunch'])).toThrow(/Nothing is invented/);
  expect(() => lookInOrder({ states: [], events: accepted('Busy') }, [], LAST_MS)).toThrow(/whom NCC does not have/);
});
