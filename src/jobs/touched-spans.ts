/** Which closed intervals a change of a time line touches: what was said of them is worked out anew. */
import { floorToGrid, INTERVAL_MS } from '../domain/interval.ts';
import { readFirstLookMs } from '../store/state-log.ts';
import { type BridgeDeps, feedOf, type Session } from './session.ts';

/** Part of a time line that is not what it was; `toMs` null: to its end. */
export interface TouchedSpan {
  readonly fromMs: number;
  readonly toMs: number | null;
}

/** Starts of the closed intervals in which the spans begin, last or end. */
export async function closedStartsOf(
  deps: BridgeDeps,
  session: Session,
  spans: Iterable<TouchedSpan>,
): Promise<number[]> {
  const firstLookMs = await readFirstLookMs(deps.db, session.connectionId);
  const closedThroughMs = feedOf(session, 'agent-states').throughMs ?? floorToGrid(firstLookMs ?? deps.clock.nowMs());
  const starts = new Set<number>();
  for (const { fromMs, toMs } of spans) {
    const endMs = Math.min(toMs ?? closedThroughMs, closedThroughMs);
    for (let start = floorToGrid(fromMs); start <= endMs && start < closedThroughMs; start += INTERVAL_MS) {
      starts.add(start);
    }
  }
  return [...starts];
}
