/**
 * Closes windows of agent activity: once a window has ended, settled, and the bridge has looked at the agents after its
 * end, everything that ended in it is known. A closed window's report waits to be sent.
 */
import { acdTraits } from '../acd/registry.ts';
import { activitiesEndedIn, NOT_OBSERVED } from '../domain/activity.ts';
import { floorToGrid, MINUTE_MS, type Window } from '../domain/interval.ts';
import { saveFeed } from '../store/feeds.ts';
import { guardLease } from '../store/lease.ts';
import { countStateUse } from '../store/mapping.ts';
import { raiseReports, readReport } from '../store/reports.ts';
import { readFirstLookMs } from '../store/state-log.ts';
import { forgetTouched, readTouched } from '../store/touched-intervals.ts';
import { wfmTraits } from '../wfm/registry.ts';
import { entriesOf, pagesOfEntries } from './build-reports.ts';
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
  return closeWindow(deps, session, window, feed.throughMs);
}

/** Closes a window, unless a look has reopened earlier ones meanwhile: then those come first. Another one may be due. */
async function closeWindow(
  deps: BridgeDeps,
  session: Session,
  window: Window,
  throughMs: number | null,
): Promise<boolean> {
  const derived = await deriveWindow(deps, session, window);
  // As it stands now: polls go on while a window is derived.
  const feed = feedOf(session, 'agent-states');
  if (feed.throughMs !== throughMs) return true;
  const closed = { ...feed, throughMs: window.endMs };
  session.feeds.set('agent-states', closed);
  const statement = saveFeed(deps.db, session.connectionId, 'agent-states', closed);
  await deps.db.batch([guardLease(deps.db, session), statement, ...derived]);
  return true;
}

/** Works out what follows from the states of a closed window: statements that make its reports wait. */
async function deriveWindow(deps: BridgeDeps, session: Session, window: Window): Promise<D1PreparedStatement[]> {
  const { connectionId, config } = session;
  const classOf = (stateId: number) => config.states.get(stateId)?.stateClass ?? 'not ready';
  const use = new Map<number, { stateId: number; count: number; lastMs: number }>();
  let activityCount = 0;
  const { takesChanges } = wfmTraits(config.settings.wfm);
  let present = false;
  let changed = false;
  for await (const { agentKey, entries } of entriesOf(deps, connectionId, window)) {
    if (!config.agents.get(agentKey)?.included) continue;
    activityCount += activitiesEndedIn(entries, window, classOf).length;
    for (const { stateId, atMs } of entries) {
      changed ||= atMs >= window.startMs;
      if (stateId === NOT_OBSERVED) continue;
      present ||= classOf(stateId) !== 'signed out';
      if (atMs < window.startMs) continue;
      const seen = use.get(stateId) ?? { stateId, count: 0, lastMs: atMs };
      use.set(stateId, { stateId, count: seen.count + 1, lastMs: Math.max(seen.lastMs, atMs) });
    }
  }
  const nowMs = deps.clock.nowMs();
  const statements: D1PreparedStatement[] = [];
  const activityReport = await readReport(deps.db, connectionId, 'agent-activity', window.startMs);
  if (activityCount > 0 || activityReport || (takesChanges && changed)) {
    const report = { ...window, recordCount: activityCount };
    statements.push(...raiseReports(deps.db, connectionId, 'agent-activity', [report], nowMs));
  }
  // Counted once: a window that is closed again after a late change has been counted.
  if (!activityReport) statements.push(...countStateUse(deps.db, connectionId, [...use.values()]));
  const historical = await readReport(deps.db, connectionId, 'historical', window.startMs);
  // Sent before the times were known, or with times that a late change took back, even from everybody.
  const isSentWithOtherTimes = historical !== null && historical.deliveredRevision > 0;
  // Where nobody sends figures of queues, the report is about agents' times alone.
  const isOfTimesAlone = !historical && present && acdTraits(config.settings.acd).queueIntervals === 'none';
  if (isSentWithOtherTimes || isOfTimesAlone) {
    const report = { ...window, recordCount: historical?.recordCount ?? 0 };
    statements.push(...raiseReports(deps.db, connectionId, 'historical', [report], nowMs));
  }
  return statements;
}

const TOUCHED_PER_STEP_MAX = 20;
/** Questions to the database that one turn costs at most, about: D1 answers 1,000 a run, and other lanes ask, too. */
const QUESTIONS_PER_TURN_MAX = 200;
/** What a window costs beside the pages of its agents' states: its two reports. */
const QUESTIONS_PER_WINDOW = 2;

/**
 * Works off intervals in which a state change turned up late: what follows from closed ones waits to be sent again. One that
 * is not closed yet needs nothing: it will be. Goes so far as one turn may; the next one goes on.
 */
export async function workOffTouched(deps: BridgeDeps, session: Session): Promise<void> {
  const questions = QUESTIONS_PER_WINDOW + pagesOfEntries(session.config.agents.size);
  let left = Math.max(1, Math.floor(QUESTIONS_PER_TURN_MAX / questions));
  while (left > 0) {
    const limit = Math.min(left, TOUCHED_PER_STEP_MAX);
    if ((await workOffNewest(deps, session, limit)) < limit) return;
    left -= limit;
  }
}

/** Works off the newest touched intervals; returns how many. */
async function workOffNewest(deps: BridgeDeps, session: Session, limit: number): Promise<number> {
  const { connectionId, config } = session;
  const touched = await readTouched(deps.db, connectionId, limit);
  if (touched.length === 0) return 0;
  const lengthMs = config.settings.collection.reportMinutes * MINUTE_MS;
  const closedThroughMs = feedOf(session, 'agent-states').throughMs ?? Number.POSITIVE_INFINITY;
  const statements: D1PreparedStatement[] = [];
  for (const startMs of new Set(touched.map((interval) => floorToGrid(interval.startMs, lengthMs)))) {
    const window = { startMs, endMs: startMs + lengthMs };
    if (window.endMs <= closedThroughMs) statements.push(...(await deriveWindow(deps, session, window)));
  }
  await deps.db.batch([guardLease(deps.db, session), ...statements, forgetTouched(deps.db, connectionId, touched)]);
  return touched.length;
}
