/**
 * What each lane does in one turn, in order, and so much of each that what stands beside it gets its turn, too. A turn
 * returns whether it left something to do.
 */
import { countWaiting } from '../store/reports.ts';
import type { WaitingWork } from '../store/waiting-work.ts';
import { closeNextWindow, workOffTouched } from './close-windows.ts';
import { collectIntervals, extendLedger } from './collect-intervals.ts';
import { deliverAgentStates } from './deliver-agent-states.ts';
import { deliverNextReports } from './deliver-reports.ts';
import { importRosterWhenDue } from './import-roster.ts';
import { raiseReportsOfPlacedAgents } from './raise-placed-agents.ts';
import { type BridgeDeps, type Session, streamOf } from './session.ts';
import { workOffBackfill } from './work-off-backfill.ts';
import { workOffImport } from './work-off-import.ts';

/** After so many steps of one thing the next one has its turn. */
const STEPS_PER_TURN_MAX = 50;
/**
 * A backfill reads on while fewer reports than that wait. Both work with one processor: reading far ahead would hold up
 * the sending, and then leave it nothing to do while a request is under way.
 */
const REPORTS_AHEAD_MAX = 100;

/** Sends states until nothing waits. `turnEndsMs`: the lane never sleeps beyond it. */
export async function sendStates(deps: BridgeDeps, session: Session, turnEndsMs: () => number): Promise<boolean> {
  for (let step = 0; step < STEPS_PER_TURN_MAX; step++) {
    const { more, pauseMs } = await deliverAgentStates(deps, session);
    if (!more) return false;
    if (pauseMs === undefined) continue;
    // Not asleep when the next poll brings something live: that tick begins a new turn, with the live changes.
    if (deps.clock.nowMs() + pauseMs >= turnEndsMs()) return false;
    await deps.clock.sleep(pauseMs);
  }
  return true;
}

/**
 * Reads the roster, intervals, imports and backfills. The callbacks are called as soon as there is news. `isSending`:
 * somebody sends reports at the moment, and will have the lane set going again.
 */
export async function readIntervals(
  deps: BridgeDeps,
  session: Session,
  work: Pick<WaitingWork, 'intervalsDue' | 'importOpen' | 'backfillOpen'>,
  on: {
    readonly rosterChanged: () => Promise<void>;
    readonly backfilled: () => void;
    readonly isSending: () => boolean;
  },
): Promise<boolean> {
  if (await importRosterWhenDue(deps, session)) await on.rosterChanged();
  const isExtended = await extendLedger(deps, session);
  const steps: number[] = [];
  if (isExtended || work.intervalsDue) steps.push(await inSteps(() => collectIntervals(deps, session)));
  if (work.importOpen) steps.push(await inSteps(() => workOffImport(deps, session)));
  if (work.backfillOpen) {
    const loadChunk = async () => {
      if (on.isSending() && (await isFarAhead(deps, session))) return false;
      const isMore = await workOffBackfill(deps, session);
      // What a step brought goes out while the next one is read.
      if (isMore) on.backfilled();
      return isMore;
    };
    steps.push(await inSteps(loadChunk));
  }
  return steps.includes(STEPS_PER_TURN_MAX);
}

/** What the ACD has is not kept waiting for a WFM that takes nothing. */
async function isFarAhead({ db }: BridgeDeps, session: Session): Promise<boolean> {
  if (streamOf(session, 'historical').failures > 0) return false;
  return (await countWaiting(db, session.connectionId, 'historical', REPORTS_AHEAD_MAX)) === REPORTS_AHEAD_MAX;
}

/** Closes the windows whose time has come and sends the reports that wait. `on.delivered` is called after each round. */
export async function sendReports(
  deps: BridgeDeps,
  session: Session,
  { reportsWait, intervalsTouched }: Pick<WaitingWork, 'reportsWait' | 'intervalsTouched'>,
  on: { readonly delivered: () => void },
): Promise<boolean> {
  const closedCount = await inSteps(() => closeNextWindow(deps, session));
  if (intervalsTouched) await workOffTouched(deps, session);
  const isRaised = await raiseReportsOfPlacedAgents(deps, session);
  if (!reportsWait && !intervalsTouched && closedCount === 0 && !isRaised) return false;
  const historical = await inSteps(async () => {
    const isMore = await deliverNextReports(deps, session, 'historical');
    if (isMore) on.delivered();
    return isMore;
  });
  const activity = await inSteps(() => deliverNextReports(deps, session, 'agent-activity'));
  return [closedCount, historical, activity].includes(STEPS_PER_TURN_MAX);
}

/** Repeats a step while it says that there is more, up to the end of its turn. Returns how often it said so. */
async function inSteps(run: () => Promise<boolean>): Promise<number> {
  for (let step = 0; step < STEPS_PER_TURN_MAX; step++) if (!(await run())) return step;
  return STEPS_PER_TURN_MAX;
}
