/**
 * From an agent's state changes to activities and times. When Contact Ended (contracts/cxone-mpower.md): an activity is
 * booked once, whole, in the window in which it ends; a window is half-open, so a change exactly on a boundary ends the
 * activity before it in the later window. Times, by contrast, are clipped to the window.
 */
import type { StateClass } from './agent-state.ts';
import { overlapMs, type Window } from './interval.ts';

/** State id of the time in which the bridge did not look. */
export const NOT_OBSERVED = 0;

/** One stored entry into a state. */
export interface StateEntry {
  readonly atMs: number;
  readonly stateId: number;
}

/** A span in one state, closed by the next entry: `[startMs, endMs)`. */
export interface Span extends Window {
  readonly stateId: number;
}

/** The spans that an agent's entries (oldest first) make; the last entry closes the one before it and opens none. */
export function closedSpans(entries: readonly StateEntry[]): Span[] {
  const spans: Span[] = [];
  for (let i = 1; i < entries.length; i++) {
    const [from, to] = [entries[i - 1], entries[i]];
    if (from && to) spans.push({ stateId: from.stateId, startMs: from.atMs, endMs: to.atMs });
  }
  return spans;
}

/**
 * Activities that ended in `[startMs, endMs)`. `entries`: the agent's entries from the last one before `startMs` to the
 * last one before `endMs`, oldest first. Time signed out or not observed is no activity.
 */
export function activitiesEndedIn(
  entries: readonly StateEntry[],
  window: Window,
  classOf: (stateId: number) => StateClass,
): Span[] {
  return closedSpans(entries).filter(
    ({ stateId, endMs }) =>
      endMs >= window.startMs && endMs < window.endMs && stateId !== NOT_OBSERVED && classOf(stateId) !== 'signed out',
  );
}

/** Time of one agent in a window, milliseconds. */
export interface SignedInTime {
  readonly loginTimeMs: number;
  readonly readyTimeMs: number;
  readonly notReadyTimeMs: number;
}

/**
 * How an agent spent a window. readyTime: ready states; notReadyTime: signed in and neither ready, nor on a contact, nor
 * in wrap-up. The state in force at the window's end lasts to it: call this for windows that have ended only.
 */
export function timeIn(
  entries: readonly StateEntry[],
  window: Window,
  classOf: (stateId: number) => StateClass,
): SignedInTime {
  let loginTimeMs = 0;
  let readyTimeMs = 0;
  let notReadyTimeMs = 0;
  entries.forEach(({ atMs, stateId }, i) => {
    if (stateId === NOT_OBSERVED) return;
    const inWindowMs = overlapMs({ startMs: atMs, endMs: entries[i + 1]?.atMs ?? window.endMs }, window);
    const stateClass = classOf(stateId);
    if (stateClass === 'signed out') return;
    loginTimeMs += inWindowMs;
    if (stateClass === 'ready') readyTimeMs += inWindowMs;
    if (stateClass === 'not ready') notReadyTimeMs += inWindowMs;
  });
  return { loginTimeMs, readyTimeMs, notReadyTimeMs };
}
