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
  spans: readonly TouchedSpan[],
): Promise<number[]> {
  // Most polls of events bring nothing: they cost no question.
  if (spans.length === 0) return [];
  const closedThroughMs = feedOf(session, 'agent-states').throughMs ?? (await beginOf(deps, session));
  const starts = new Set<number>();
  for (const { fromMs, toMs } of spans) {
    const endMs = Math.min(toMs ?? closedThroughMs, closedThroughMs);
    for (let start = floorToGrid(fromMs); start <= endMs && start < closedThroughMs; start += INTERVAL_MS) {
      starts.add(start);
    }
  }
  return [...starts];
}

/** Nothing is closed before the interval of the first look. */
async function beginOf(deps: BridgeDeps, session: Session): Promise<number> {
  return floorToGrid((await readFirstLookMs(deps.db, session.connectionId)) ?? deps.clock.nowMs());
}
