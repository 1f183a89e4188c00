/**
 * How far the agent-states stream has come, and who may write it. Polls write it along with what they saw, deliveries with
 * what they held or set aside; they take turns, because a progress that is stored without what belongs to it forgets that
 * for ever when the process dies.
 */
import { guardLease } from '../store/lease.ts';
import { commitLook, type LookCommit, type StatesProgress, saveProgress } from '../store/state-log.ts';
import type { WaitingWork } from '../store/waiting-work.ts';
import type { BridgeDeps, Session } from './session.ts';

/**
 * Runs what writes the log or its progress, one after the other. Once one has failed, nobody knows what is committed, and
 * whatever comes after it fails alike until the session is opened anew: written with what memory knew, it could take back what
 * was stored. Never call it from within itself.
 */
function inTurn<T>(session: Session, run: () => Promise<T>): Promise<T> {
  const turn = session.logTurn.then(run);
  session.logTurn = turn.then(() => undefined);
  // Whoever waits for the turn hears of its failure; the chain itself is nobody's.
  session.logTurn.catch(() => undefined);
  return turn;
}

/** Commits a look, or what was told, with the progress as it is then. Throws `LeaseLostError`. */
export function commitToLog(
  deps: BridgeDeps,
  session: Session,
  look: Omit<LookCommit, 'connectionId' | 'epoch' | 'head' | 'progress'>,
): Promise<{ readonly work: WaitingWork; readonly rowsWritten: number }> {
  return inTurn(session, async () => {
    const { connectionId, epoch, head, progress } = session;
    // A clock that was set back must not make the log run backwards.
    const arrivedAtMs = Math.max(look.arrivedAtMs, head?.untilMs ?? 0);
    const committed = await commitLook(deps.db, { ...look, connectionId, epoch, head, progress, arrivedAtMs });
    session.head = committed.head;
    if (session.progress === progress) session.progressUnsaved = false;
    return { work: committed.work, rowsWritten: committed.rowsWritten };
  });
}

/** Stores progress together with what belongs to it. Memory follows the commit. */
export function commitProgress(
  deps: BridgeDeps,
  session: Session,
  progress: StatesProgress,
  statements: readonly D1PreparedStatement[],
): Promise<void> {
  return inTurn(session, async () => {
    await deps.db.batch([guardLease(deps.db, session), saveProgress(deps.db, session, progress), ...statements]);
    session.progress = progress;
    session.progressUnsaved = false;
    session.hasStoredProgress = true;
  });
}

/** Writes progress that no poll has taken along. */
export async function flushProgress(deps: BridgeDeps, session: Session): Promise<void> {
  if (!session.progressUnsaved) return;
  await inTurn(session, async () => {
    const { progress } = session;
    if (!session.progressUnsaved) return;
    await deps.db.batch([saveProgress(deps.db, session, progress)]);
    session.hasStoredProgress = true;
    if (session.progress === progress) session.progressUnsaved = false;
  });
}
