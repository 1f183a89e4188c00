/** Works off backfills: past intervals in chunks, newest first, between everything that is live. */
import { INTERVAL_MS, type Window } from '../domain/interval.ts';
import { UpstreamError } from '../http/upstream-error.ts';
import { advanceBackfill, type Backfill, noteBackfillError, readOpenBackfill } from '../store/backfills.ts';
import { addEvent } from '../store/events.ts';
import { guardLease } from '../store/lease.ts';
import { askOneByOne, isUnusableAnswer, postpone, windowsPerRequest } from './collect-intervals.ts';
import { feedFailed, feedSucceeded } from './report-standing.ts';
import { type BridgeDeps, feedOf, type Session } from './session.ts';
import { storeIntervals } from './store-intervals.ts';

/** Loads one chunk of the oldest open backfill. Returns true when there is more to load right away. */
export async function workOffBackfill(deps: BridgeDeps, session: Session): Promise<boolean> {
  if (deps.clock.nowMs() < feedOf(session, 'intervals').retryAtMs) return false;
  const { readQueueIntervals } = session.config.acd;
  if (!readQueueIntervals) return false;
  const backfill = await readOpenBackfill(deps.db, session.connectionId);
  if (!backfill) return false;
  const windows = windowsPerRequest(session, backfill.nextEndMs - INTERVAL_MS);
  const startMs = Math.max(backfill.fromMs, backfill.nextEndMs - windows * INTERVAL_MS);
  const chunk = { startMs, endMs: backfill.nextEndMs };
  try {
    const answer = await readQueueIntervals(chunk);
    const { changed } = await storeIntervals(deps, session, chunk, answer);
    await advance(deps, session, backfill, chunk, { changed, failed: 0, error: '' });
    // Chunks follow each other within a second: that all is well is written after the last, or when it had not been.
    await feedSucceeded(deps, session, 'intervals', { always: chunk.startMs <= backfill.fromMs });
    return true;
  } catch (error) {
    if (!isUnusableAnswer(error)) {
      if (error instanceof UpstreamError) {
        const note = noteBackfillError(deps.db, backfill.id, error.message, deps.clock.nowMs());
        await deps.db.batch([note]);
      }
      await feedFailed(deps, session, 'intervals', error, 1_000);
      return false;
    }
    if (chunk.endMs - chunk.startMs > INTERVAL_MS) {
      askOneByOne(session, chunk, error);
      return true;
    }
    // One interval that cannot be had must not stop the rest: it is a gap with its reason, asked for again later.
    await postpone(deps, session, chunk, error.message);
    await advance(deps, session, backfill, chunk, { changed: 0, failed: 1, error: error.message });
    return true;
  }
}

async function advance(
  deps: BridgeDeps,
  session: Session,
  backfill: Backfill,
  chunk: Window,
  result: { changed: number; failed: number; error: string },
): Promise<void> {
  const nowMs = deps.clock.nowMs();
  const statements = [guardLease(deps.db, session), advanceBackfill(deps.db, backfill.id, chunk, result, nowMs)];
  if (chunk.startMs <= backfill.fromMs) {
    const failed = backfill.intervalsFailed + result.failed;
    statements.push(
      addEvent(deps.db, {
        connectionId: session.connectionId,
        atMs: nowMs,
        kind: 'backfill done',
        severity: failed > 0 ? 'warning' : 'info',
        message:
          `The backfill of ${new Date(backfill.fromMs).toISOString()} to ${new Date(backfill.toMs).toISOString()} is done: ` +
          `${backfill.intervalsChanged + result.changed} intervals new or changed, ${failed} could not be read.`,
      }),
    );
  }
  await deps.db.batch(statements);
}
