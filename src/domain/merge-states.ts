/**
 * One time line for a person whom several connections know. At any instant the person is in the state of the member that
 * wins: by the state's class, then by the order of the members. Pure, and the same whatever the order of arrival.
 */
import { NOT_OBSERVED, type StateEntry } from './activity.ts';
import type { StateClass } from './agent-state.ts';

/** Who is talking to a customer anywhere is not ready elsewhere. Signed out is no class that wins: it is what is left. */
export const DEFAULT_CLASS_ORDER = [
  'contact',
  'wrap-up',
  'ready',
  'not ready',
] as const satisfies readonly StateClass[];

/** An order as a person writes it, such as "contact, ready, wrap-up, not ready"; null unless each is named once. */
export function readClassOrder(text: string): readonly StateClass[] | null {
  const words = text.split(',').map((word) => word.trim().toLowerCase());
  const classes = words.flatMap((word) => DEFAULT_CLASS_ORDER.filter((one) => one === word));
  const isEachOnce = words.length === classes.length && new Set(classes).size === DEFAULT_CLASS_ORDER.length;
  return isEachOnce && classes.length === DEFAULT_CLASS_ORDER.length ? classes : null;
}

export interface Precedence {
  /** The strongest first. Not observed and signed out follow, in this order. */
  readonly classOrder: readonly StateClass[];
  /** The strongest first; members that are not named follow by their ids. */
  readonly memberOrder: readonly number[];
}

/** A person entering a state, as one member says. */
export interface MemberChange extends StateEntry {
  readonly memberId: number;
}

/** What the words mean: the class of a state, and who goes before whom. */
export interface MergeRules extends Precedence {
  readonly classOf: (stateId: number) => StateClass;
}

/** Instants whose merged rows have to be worked out anew, both ends included; null: to the end of time. */
export interface MergeRange {
  readonly fromMs: number;
  readonly toMs: number | null;
}

/** Of the members' present states, the one that counts; null for none. */
export function winnerOf(states: Iterable<MemberChange>, rules: MergeRules): MemberChange | null {
  let best: MemberChange | null = null;
  for (const state of states) if (best === null || goesBefore(state, best, rules)) best = state;
  return best;
}

function goesBefore(a: MemberChange, b: MemberChange, rules: MergeRules): boolean {
  const byClass = classRank(a.stateId, rules) - classRank(b.stateId, rules);
  if (byClass !== 0) return byClass < 0;
  const byOrder = memberRank(a.memberId, rules) - memberRank(b.memberId, rules);
  return byOrder === 0 ? a.memberId < b.memberId : byOrder < 0;
}

function classRank(stateId: number, { classOrder, classOf }: MergeRules): number {
  if (stateId === NOT_OBSERVED) return classOrder.length;
  const stateClass = classOf(stateId);
  const rank = classOrder.indexOf(stateClass);
  return stateClass === 'signed out' || rank < 0 ? classOrder.length + 1 : rank;
}

function memberRank(memberId: number, { memberOrder }: Precedence): number {
  const rank = memberOrder.indexOf(memberId);
  return rank < 0 ? memberOrder.length : rank;
}

/**
 * The merged rows of a range. `changes`: of each member, its last change before the range and those in it, in any order.
 * `beforeStateId`: the merged state in force when the range begins; null: none. A member entering the state that wins makes a
 * row even where it is the state before: a second call is a second call.
 */
export function mergeStates(
  changes: readonly MemberChange[],
  { fromMs, toMs }: MergeRange,
  beforeStateId: number | null,
  rules: MergeRules,
): StateEntry[] {
  const present = new Map<number, MemberChange>();
  const sorted = changes.filter(({ atMs }) => toMs === null || atMs <= toMs).sort((a, b) => a.atMs - b.atMs);
  const inRange = sorted.filter(({ atMs }) => atMs >= fromMs);
  for (const change of sorted) if (change.atMs < fromMs) present.set(change.memberId, change);
  const rows: StateEntry[] = [];
  let stateId = beforeStateId;
  for (const atMs of new Set([fromMs, ...inRange.map((change) => change.atMs)])) {
    for (const change of inRange) if (change.atMs === atMs) present.set(change.memberId, change);
    const winner = winnerOf(present.values(), rules);
    if (!winner) continue;
    const entersAnew = winner.atMs === atMs && classRank(winner.stateId, rules) < rules.classOrder.length;
    if (winner.stateId === stateId && !entersAnew) continue;
    rows.push({ atMs, stateId: winner.stateId });
    stateId = winner.stateId;
  }
  return rows;
}

/** A member of which nobody knows what its agents do from an instant on: who was signed in is not observed from there. */
export function silenced(
  changes: readonly MemberChange[],
  memberId: number,
  fromMs: number,
  classOf: (stateId: number) => StateClass,
): MemberChange[] {
  const kept = changes.filter((change) => change.memberId !== memberId || change.atMs < fromMs);
  const last = kept
    .filter((change) => change.memberId === memberId)
    .reduce<MemberChange | null>((latest, change) => (latest && latest.atMs > change.atMs ? latest : change), null);
  const isKnown = last !== null && last.stateId !== NOT_OBSERVED && classOf(last.stateId) !== 'signed out';
  return isKnown ? [...kept, { memberId, atMs: fromMs, stateId: NOT_OBSERVED }] : kept;
}

/** What turns the stored rows of a range into the ones that should be there. */
export interface MergePatch {
  readonly put: readonly StateEntry[];
  readonly removedMs: readonly number[];
}

export function patchOf(stored: readonly StateEntry[], wanted: readonly StateEntry[]): MergePatch {
  const before = new Map(stored.map(({ atMs, stateId }) => [atMs, stateId]));
  const after = new Set(wanted.map(({ atMs }) => atMs));
  return {
    put: wanted.filter(({ atMs, stateId }) => before.get(atMs) !== stateId),
    removedMs: stored.filter(({ atMs }) => !after.has(atMs)).map(({ atMs }) => atMs),
  };
}

/** One range that covers some; a later one that begins inside or after is covered, too. */
export function joinRanges(ranges: readonly MergeRange[]): MergeRange {
  const fromMs = Math.min(...ranges.map((range) => range.fromMs));
  const ends = ranges.map(({ toMs }) => toMs);
  return { fromMs, toMs: ends.some((end) => end === null) ? null : Math.max(...ends.map((end) => end ?? 0)) };
}
