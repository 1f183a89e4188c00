/** Raises the reports that left out agents who have a login id by now, as far back as their states are kept. */
import { DAY_MS, type Window } from '../domain/interval.ts';
import { guardLease } from '../store/lease.ts';
import { giveUpHeld, raiseReports, readHeldReports } from '../store/reports.ts';
import { activitiesOf } from './build-reports.ts';
import { ALL_HELD_REPORTS, type BridgeDeps, type Session } from './session.ts';

const HELD_REPORTS_PER_TURN_MAX = 20;

/**
 * Agents that got a login id: the windows that left them out wait to be sent again, with them. Looks through the held
 * windows newest first, a few a turn, whenever agents may have got one: after a start, after a reload, and when a report
 * was built before a reload and accepted after it. Returns true when some were raised.
 */
export async function raiseReportsOfPlacedAgents(deps: BridgeDeps, session: Session): Promise<boolean> {
  const beforeMs = session.heldReportsBeforeMs;
  if (beforeMs === null) return false;
  session.heldReportsBeforeMs = null;
  const { db, clock } = deps;
  const { connectionId } = session;
  // Built anew without its states, a report would be empty, and what the WFM has of it gone.
  const keptFromMs = clock.nowMs() - session.config.settings.collection.retentionDays.stateChanges * DAY_MS;
  if (beforeMs === ALL_HELD_REPORTS) {
    await db.batch([guardLease(db, session), ...giveUpHeld(db, connectionId, keptFromMs)]);
  }
  const span = { startMs: keptFromMs, endMs: beforeMs };
  const windows = await readHeldReports(db, connectionId, span, HELD_REPORTS_PER_TURN_MAX);
  const reports: (Window & { recordCount: number })[] = [];
  for (const window of windows) {
    const { held } = await activitiesOf(deps, session, window);
    if (held < window.heldCount) reports.push(window);
  }
  const statements = raiseReports(db, connectionId, 'agent-activity', reports, clock.nowMs());
  if (statements.length > 0) await db.batch([guardLease(db, session), ...statements]);
  // A reload that came in between begins anew, from the newest.
  const oldest = windows.length === HELD_REPORTS_PER_TURN_MAX ? windows.at(-1) : undefined;
  session.heldReportsBeforeMs ??= oldest?.startMs ?? null;
  return reports.length > 0;
}
