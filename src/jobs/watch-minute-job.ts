/**
 * The loop's part in the mutual watch: cron revives a loop that is silent, the loop says in the diary when cron is silent,
 * and leaves a heartbeat of its own where its polls are too far apart to tell that it runs.
 */

import { MINUTE_MS } from '../domain/interval.ts';
import { isMinuteJobSilent } from '../domain/silence-findings.ts';
import { addEvent } from '../store/events.ts';
import { beat, readBeat } from '../store/heartbeats.ts';
import type { BridgeDeps, Session } from './session.ts';

/** Polls further apart than this leave the loop's life open for too long. */
const POLLS_TELL_MS = 25_000;
const BEAT_EVERY_MS = 25_000;

/** What one loop remembers of its watch; begun anew after a restart, which at worst repeats a line of the diary. */
export interface Watch {
  beatAtMs: number;
  /** When the watch began: before that it knows nothing of cron. */
  readonly sinceMs: number;
  lookedAtMs: number;
  isSilent: boolean;
}

export function beginWatch(nowMs: number): Watch {
  return { beatAtMs: 0, sinceMs: nowMs, lookedAtMs: nowMs, isSilent: false };
}

/** Beats and looks when it is time. Throws what D1 throws. */
export async function keepWatch(deps: BridgeDeps, session: Session, watch: Watch, periodMs: number): Promise<void> {
  const nowMs = deps.clock.nowMs();
  if (periodMs > POLLS_TELL_MS && Math.abs(nowMs - watch.beatAtMs) >= BEAT_EVERY_MS) {
    await beat(deps.db, `loop ${session.connectionId}`, nowMs);
    watch.beatAtMs = nowMs;
  }
  if (Math.abs(nowMs - watch.lookedAtMs) < MINUTE_MS) return;
  watch.lookedAtMs = nowMs;
  const lastMs = (await readBeat(deps.db, 'cron')) ?? watch.sinceMs;
  const isSilent = isMinuteJobSilent(lastMs, nowMs);
  if (isSilent === watch.isSilent) return;
  const event = isSilent
    ? {
        kind: 'minute job silent',
        severity: 'warning' as const,
        message: 'The minute job has missed its minute.',
      }
    : { kind: 'minute job runs again', severity: 'info' as const, message: 'The minute job runs again.' };
  await deps.db.batch([addEvent(deps.db, { connectionId: session.connectionId, atMs: nowMs, ...event })]);
  watch.isSilent = isSilent;
}
