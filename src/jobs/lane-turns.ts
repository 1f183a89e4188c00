/** What each lane does in one turn, in order: so much of it that the others get theirs. */
import type { WaitingWork } from '../store/waiting-work.ts';
import { closeNextWindow, workOffTouched } from './close-windows.ts';
import { collectIntervals, extendLedger } from './collect-intervals.ts';
import { deliverAgentStates } from './deliver-agent-states.ts';
import { deliverNextReports } from './deliver-reports.ts';
import { importRosterWhenDue } from './import-roster.ts';
import { raiseReportsOfPlacedAgents } from './raise-placed-agents.ts';
import type { BridgeDeps, Session } from './session.ts';
import { workOffBackfill } from './work-off-backfill.ts';
import { workOffImport } from './work-off-import.ts';

/** A lane gives others a turn after so many steps. */
const STEPS_PER_TURN_MAX = 50;

/** Sends states until nothing waits. `turnEndsMs`: the lane never sleeps beyond it. */
export async function sendStates(deps: BridgeDeps, session: Session, turnEndsMs: () => number): Promise<void> {
  for (let step = 0; step < STEPS_PER_TURN_MAX; step++) {
    const { more, pauseMs } = await deliverAgentStates(deps, session);
    if (!more) return;
    if (pauseMs === undefined) continue;
    // Not asleep when the next poll brings something live: that tick begins a new turn, with the live changes.
    if (deps.clock.nowMs() + pauseMs >= turnEndsMs()) return;
    await deps.clock.sleep(pauseMs);
  }
}

/** Reads the roster, intervals, imports and backfills. The callbacks are called as soon as there is news. */
export async function readIntervals(
  deps: BridgeDeps,
  session: Session,
  work: Pick<WaitingWork, 'intervalsDue' | 'importOpen' | 'backfillOpen'>,
  on: { readonly rosterChanged: () => Promise<void>; readonly backfilled: () => void },
): Promise<void> {
  if (await importRosterWhenDue(deps, session)) await on.rosterChanged();
  const isExtended = await extendLedger(deps, session);
  if (isExtended || work.intervalsDue) await inSteps(() => collectIntervals(deps, session));
  if (work.importOpen) await inSteps(() => workOffImport(deps, session));
  if (!work.backfillOpen) return;
  await inSteps(async () => {
    const isMore = await workOffBackfill(deps, session);
    // What a step brought goes out while the next one is read.
    on.backfilled();
    return isMore;
  });
}

/** Closes the windows whose time has come and sends the reports that wait. */
export async function sendReports(
  deps: BridgeDeps,
  session: Session,
  { reportsWait, intervalsTouched }: Pick<WaitingWork, 'reportsWait' | 'intervalsTouched'>,
): Promise<void> {
  const closedCount = await inSteps(() => closeNextWindow(deps, session));
  if (intervalsTouched) await workOffTouched(deps, session);
  const isRaised = await raiseReportsOfPlacedAgents(deps, session);
  if (!reportsWait && !intervalsTouched && closedCount === 0 && !isRaised) return;
  await inSteps(() => deliverNextReports(deps, session, 'historical'));
  await inSteps(() => deliverNextReports(deps, session, 'agent-activity'));
}

/** Repeats a step while it says that there is more, so often that others get their turn. Returns how often it said so. */
async function inSteps(run: () => Promise<boolean>): Promise<number> {
  for (let step = 0; step < STEPS_PER_TURN_MAX; step++) if (!(await run())) return step;
  return STEPS_PER_TURN_MAX;
}
