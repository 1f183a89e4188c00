import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { activitiesEndedIn, NOT_OBSERVED, type StateEntry } from '../../../src/domain/activity.ts';
import type { StateClass } from '../../../src/domain/agent-state.ts';
import {
  DEFAULT_CLASS_ORDER,
  joinRanges,
  type MemberChange,
  type MergeRules,
  mergeStates,
  patchOf,
  readClassOrder,
  silenced,
} from '../../../src/domain/merge-states.ts';

const DAY: { fromMs: number; toMs: null } = { fromMs: 0, toMs: null };
const CLASSES: readonly StateClass[] = ['contact', 'wrap-up', 'ready', 'not ready', 'signed out'];
/** States 1 to 10: two of each class. */
const classOf = (stateId: number): StateClass => CLASSES[(stateId - 1) % 5] ?? 'not ready';
const SIGNED_OUT = 5;

const rulesArbitrary: fc.Arbitrary<MergeRules> = fc
  .record({
    classOrder: fc.shuffledSubarray([...DEFAULT_CLASS_ORDER], { minLength: 4 }),
    memberOrder: fc.shuffledSubarray([1, 2, 3]),
  })
  .map((precedence) => ({ ...precedence, classOf }));

const changesArbitrary: fc.Arbitrary<MemberChange[]> = fc.uniqueArray(
  fc.record({ memberId: fc.integer({ min: 1, max: 3 }), atMs: fc.nat(40), stateId: fc.nat(10) }),
  { selector: ({ memberId, atMs }) => `${memberId} ${atMs}`, maxLength: 25 },
);

const stateAt = (rows: readonly StateEntry[], atMs: number) =>
  rows.findLast((row) => row.atMs <= atMs)?.stateId ?? null;
const saidAt = (changes: readonly MemberChange[], memberId: number, atMs: number) =>
  changes
    .filter((change) => change.memberId === memberId && change.atMs <= atMs)
    .sort((a, b) => a.atMs - b.atMs)
    .at(-1);

/** The rule as it is written down, by hand: the strongest class, then the strongest member. */
function plainWinner(changes: readonly MemberChange[], atMs: number, { classOrder, memberOrder }: MergeRules) {
  const present = [1, 2, 3].flatMap((memberId) => saidAt(changes, memberId, atMs) ?? []);
  const members = [...memberOrder, ...[1, 2, 3].filter((id) => !memberOrder.includes(id))];
  for (const stateClass of classOrder) {
    for (const memberId of members) {
      const own = present.find((state) => state.memberId === memberId);
      if (own && own.stateId !== NOT_OBSERVED && classOf(own.stateId) === stateClass) return own.stateId;
    }
  }
  if (present.some(({ stateId }) => stateId === NOT_OBSERVED)) return NOT_OBSERVED;
  return members.flatMap((id) => present.find(({ memberId }) => memberId === id) ?? [])[0]?.stateId ?? null;
}

describe('a merged time line', () => {
  it('shows the strongest state at every instant', () => {
    fc.assert(
      fc.property(changesArbitrary, rulesArbitrary, (changes, rules) => {
        const rows = mergeStates(changes, DAY, null, rules);
        for (let atMs = 0; atMs <= 41; atMs++) expect(stateAt(rows, atMs)).toBe(plainWinner(changes, atMs, rules));
      }),
    );
  });

  it('is the same whatever the order in which changes arrive, worked out anew only where they can matter', () => {
    fc.assert(
      fc.property(
        changesArbitrary.chain((changes) =>
          fc.tuple(fc.constant(changes), fc.shuffledSubarray(changes, { minLength: changes.length })),
        ),
        rulesArbitrary,
        fc.integer({ min: 1, max: 4 }),
        ([changes, order], rules, size) => {
          let known: MemberChange[] = [];
          let stored: StateEntry[] = [];
          for (let from = 0; from < order.length; from += size) {
            const batch = order.slice(from, from + size);
            const ranges = batch.map(({ memberId, atMs }) => {
              const next = known.filter((other) => other.memberId === memberId && other.atMs > atMs);
              return { fromMs: atMs, toMs: next.length === 0 ? null : Math.min(...next.map((other) => other.atMs)) };
            });
            known = [...known, ...batch];
            const range = joinRanges(ranges);
            const isIn = ({ atMs }: StateEntry) => atMs >= range.fromMs && (range.toMs === null || atMs <= range.toMs);
            const inForce = stored.findLast(({ atMs }) => atMs < range.fromMs)?.stateId ?? null;
            const patch = patchOf(stored.filter(isIn), mergeStates(known, range, inForce, rules));
            const removed = new Set([...patch.removedMs, ...patch.put.map(({ atMs }) => atMs)]);
            stored = [...stored.filter(({ atMs }) => !removed.has(atMs)), ...patch.put].sort((a, b) => a.atMs - b.atMs);
          }
          expect(stored).toEqual(mergeStates(changes, DAY, null, rules));
        },
      ),
    );
  });

  it('is changed by nothing that a member says who is signed out all day', () => {
    fc.assert(
      fc.property(changesArbitrary, rulesArbitrary, (changes, rules) => {
        const without = changes.filter(({ memberId }) => memberId !== 3);
        const rows = mergeStates(without, DAY, null, rules);
        const also = mergeStates([...without, { memberId: 3, atMs: 0, stateId: SIGNED_OUT }], DAY, null, rules);
        const window = { startMs: 0, endMs: 1_000 };
        expect(activitiesEndedIn(also, window, classOf)).toEqual(activitiesEndedIn(rows, window, classOf));
      }),
    );
  });

  it('leaves to the others what a silent member said, and what it said before counts until then', () => {
    fc.assert(
      fc.property(changesArbitrary, rulesArbitrary, fc.nat(40), (changes, rules, fromMs) => {
        const heard = silenced(changes, 2, fromMs, classOf);
        const rows = mergeStates(heard, DAY, null, rules);
        const others = changes.filter(({ memberId }) => memberId !== 2);
        for (let atMs = 0; atMs <= 41; atMs++) {
          if (atMs < fromMs) expect(stateAt(rows, atMs)).toBe(plainWinner(changes, atMs, rules));
          else {
            const state = stateAt(rows, atMs);
            const alone = plainWinner(others, atMs, rules);
            const isNobodyElse = alone === null || alone === NOT_OBSERVED || classOf(alone) === 'signed out';
            if (!isNobodyElse) expect(state).toBe(alone);
            else expect(state === null || state === NOT_OBSERVED || classOf(state) === 'signed out').toBe(true);
          }
        }
      }),
    );
  });

  it('has a row for each contact of the one who wins, one after the other', () => {
    const changes = [
      { memberId: 1, atMs: 10, stateId: 1 },
      { memberId: 2, atMs: 15, stateId: 3 },
      { memberId: 1, atMs: 20, stateId: 1 },
    ];
    const rules = { classOrder: DEFAULT_CLASS_ORDER, memberOrder: [], classOf };
    expect(mergeStates(changes, DAY, null, rules)).toEqual([
      { atMs: 10, stateId: 1 },
      { atMs: 20, stateId: 1 },
    ]);
  });
});

describe('an order as a person writes it', () => {
  it.each([
    ['contact, wrap-up, ready, not ready', DEFAULT_CLASS_ORDER],
    [' Ready,Contact ,not ready,WRAP-UP', ['ready', 'contact', 'not ready', 'wrap-up']],
    ['contact, ready', null],
    ['contact, contact, ready, not ready, wrap-up', null],
    ['contact, wrap-up, ready, not ready, signed out', null],
    ['', null],
  ])('%j is %j', (text, classes) => {
    expect(readClassOrder(text)).toEqual(classes);
  });
});
