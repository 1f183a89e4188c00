/**
 * Closes windows of agent activity: once a window has ended, settled, and the bridge has looked at the agents after its
 * end, everything that ended in it is known. A closed window's report waits to be sent.
 */
import { activitiesEndedIn, NOT_OBSERVED } from '../domain/activity.ts';
import { floorToGrid, MINUTE_MS, type Window } from '../domain/interval.ts';
import { type FeedStanding, saveFeed } from '../store/feeds.ts';
import { guardLease } from '../store/lease.ts';
import { countStateUse } from '../store/mapping.ts';
import { raiseReports, readReport } from '../store/reports.ts';
import { readFirstLookMs } from '../store/state-log.ts';
import { entriesOf } from './build-reports.ts';
import { type BridgeDeps, feedOf, type Session } from './session.ts';

/** Closes the next window if it is time. Returns true when another one may be due right away. */
export async function closeNextWindow(deps: BridgeDeps, session: Session): Promise<boolean> {
  const { collection } = session.config.settings;
  const lengthMs = collection.reportMinutes * MINUTE_MS;
  const feed = feedOf(session, 'agent-states');
  const observedUntilMs = session.head?.untilMs;
  if (observedUntilMs === undefined) return false;
  const startMs = floorToGrid(
    feed.throughMs ?? (await readFirstLookMs(deps.db, session.connectionId)) ?? observedUntilMs,
    lengthMs,
  );
  const window = { startMs, endMs: startMs + lengthMs };
  const settledMs = window.endMs + collection.settleDelayS * 1_000;
  if (settledMs > deps.clock.nowMs() || observedUntilMs < window.endMs) return false;
  await closeWindow(deps, session, window, feed);
  return true;
}

async function closeWindow(deps: BridgeDeps, session: Session, window: Window, feed: FeedStanding): Promise<void> {
  const { connectionId, config } = session;
  const classOf = (stateId: number) => config.states.get(stateId)?.stateClass ?? 'not ready';
  const use = new Map<number, { stateId: number; count: number; lastMs: number }>();
  let activityCount = 0;
  let present = false;
  for await (const { agentKey, entries } of entriesOf(deps, connectionId, window)) {
    if (!config.agents.get(agentKey)?.included) continue;
    activityCount += activitiesEndedIn(entries, window, classOf).length;
    for (const { stateId, atMs } of entries) {
      if (stateId === NOT_OBSERVED) continue;
      present ||= classOf(stateId) !== 'signed out';
      if (atMs < window.startMs) continue;
      const seen = use.get(stateId) ?? { stateId, count: 0, lastMs: atMs };
      use.set(stateId, { stateId, count: seen.count + 1, lastMs: Math.max(seen.lastMs, atMs) });
    }
  }
  const nowMs = deps.clock.nowMs();
  const closed = { ...feed, throughMs: window.endMs };
  const statements = [guardLease(deps.db, session), saveFeed(deps.db, connectionId, 'agent-states', closed)];
  const activityReport = await readReport(deps.db, connectionId, 'agent-activity', window.startMs);
  if (activityCount > 0 || activityReport) {
    const report = { ...window, recordCount: activityCount };
    statements.push(...raiseReports(deps.db, connectionId, 'agent-activity', [report], nowMs));
  }
  // Counted once: a window that is closed again after a late change has been counted.
  if (!activityReport) statements.push(...countStateUse(deps.db, connectionId, [...use.values()]));
  const historical = await readReport(deps.db, connectionId, 'historical', window.startMs);
  if (historical && historical.deliveredRevision > 0 && present) {
    // Sent before the agents' times were known: goes out again with them.
    const report = { ...window, recordCount: historical.recordCount };
    statements.push(...raiseReports(deps.db, connectionId, 'historical', [report], nowMs));
  }
  await deps.db.batch(statements);
  session.feeds.set('agent-states', closed);
}
