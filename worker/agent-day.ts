/** An agent's day: spans in one state, and for each that ended what the WFM was told of it. */
import { NOT_OBSERVED } from '../src/domain/activity.ts';
import type { StateClass } from '../src/domain/agent-state.ts';
import { floorToGrid, HOUR_MS, MINUTE_MS, type Window } from '../src/domain/interval.ts';
import {
  type ActivityReport,
  readActivityReports,
  readAgentEntries,
  readNextEntryMs,
} from '../src/store/agents-now.ts';
import { readStates } from '../src/store/mapping.ts';

/** What became of an activity. */
export type Delivery =
  /** Signed out, or not observed: no activity. */
  | { readonly kind: 'none' }
  /** It has not ended. */
  | { readonly kind: 'open' }
  /** It ended in a window whose report is not built yet. */
  | { readonly kind: 'not yet' }
  | { readonly kind: 'waiting'; readonly windowMs: number }
  | { readonly kind: 'sent'; readonly windowMs: number; readonly acceptedAtMs: number | null };

export interface DaySpan {
  readonly startMs: number;
  /** Null: it lasts still. */
  readonly endMs: number | null;
  /** Null: the bridge did not look. */
  readonly state: string | null;
  readonly reason: string;
  readonly stateClass: StateClass | null;
  readonly eventCode: string;
  readonly reasonCode: string;
  readonly delivery: Delivery;
}

/** Spans that overlap the window, oldest first; they may begin before it and end after it. */
export async function readAgentDay(
  db: D1Database,
  agent: { connectionId: number; agentId: number },
  window: Window,
  settings: { reportMinutes: number; nowMs: number },
): Promise<DaySpan[]> {
  const { connectionId, agentId } = agent;
  const entries = await readAgentEntries(db, agentId, window);
  const last = entries.at(-1);
  const afterMs = last ? await readNextEntryMs(db, agentId, last.atMs) : null;
  const lengthMs = settings.reportMinutes * MINUTE_MS;
  const [states, reports] = await Promise.all([
    readStates(db, connectionId),
    readActivityReports(db, connectionId, {
      startMs: window.startMs - HOUR_MS,
      endMs: Math.max(window.endMs, afterMs ?? 0) + HOUR_MS,
    }),
  ]);
  const stateOf = new Map(states.map((state) => [state.id, state]));
  const reportAt = new Map(reports.map((report) => [report.startMs, report]));
  return entries.map(({ atMs, stateId }, i): DaySpan => {
    const endMs = entries[i + 1]?.atMs ?? afterMs;
    const state = stateId === NOT_OBSERVED ? undefined : stateOf.get(stateId);
    const counts = state !== undefined && state.stateClass !== 'signed out';
    return {
      startMs: atMs,
      endMs,
      state: state?.name ?? null,
      reason: state?.reason ?? '',
      stateClass: state?.stateClass ?? null,
      eventCode: state?.eventCode ?? '',
      reasonCode: state?.reasonCode ?? '',
      delivery: counts ? deliveryOf(endMs, lengthMs, reportAt) : { kind: 'none' },
    };
  });
}

/** An activity is told once, whole, in the report of the window in which it ended. */
function deliveryOf(endMs: number | null, lengthMs: number, reports: ReadonlyMap<number, ActivityReport>): Delivery {
  if (endMs === null) return { kind: 'open' };
  const windowMs = floorToGrid(endMs, lengthMs);
  const report = reports.get(windowMs);
  if (!report) return { kind: 'not yet' };
  return report.deliveredRevision < report.revision
    ? { kind: 'waiting', windowMs }
    : { kind: 'sent', windowMs, acceptedAtMs: report.acceptedAtMs };
}
