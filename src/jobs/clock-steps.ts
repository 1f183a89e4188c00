/**
 * Follows a clock that was set back. What was planned by the clock that was ahead lies too far in the future: it is planned
 * anew, so that nothing waits until the clock has caught up.
 */
import { acdTraits } from '../acd/registry.ts';
import { DAY_MS, HOUR_MS } from '../domain/interval.ts';
import type { Standing } from '../store/feeds.ts';
import { guardLease } from '../store/lease.ts';
import { planReadings, readPlannedAhead } from '../store/ledger.ts';
import type { BridgeDeps, Session } from './session.ts';
import { nextReadAtMs } from './store-intervals.ts';

/** Smaller steps delay nothing that matters. */
const STEP_MIN_MS = 10_000;
/** No pause between two tries is longer: the longest that a `Retry-After` is believed. */
const PAUSE_MAX_MS = HOUR_MS;
/** No reading is planned longer after its interval: the longest that the settings take, and a day. */
const PLANNED_AFTER_MAX_MS = 8 * DAY_MS;

/** When each session last looked at the clock. */
const seenAtMs = new WeakMap<Session, number>();

/** Looks at the clock, and plans anew when it was set back since the last look. Throws what D1 throws. */
export async function followClock(deps: BridgeDeps, session: Session): Promise<void> {
  const nowMs = deps.clock.nowMs();
  const lastMs = seenAtMs.get(session);
  seenAtMs.set(session, nowMs);
  // What a session finds stored tells that there was a step, but not how far it went: then everything is tried at once.
  const stepMs = lastMs === undefined ? (isFromAhead(session, nowMs) ? Number.POSITIVE_INFINITY : 0) : lastMs - nowMs;
  if (stepMs < STEP_MIN_MS) return;
  for (const [name, feed] of session.feeds) session.feeds.set(name, setBack(feed, stepMs, nowMs));
  for (const [name, stream] of session.streams) session.streams.set(name, setBack(stream, stepMs, nowMs));
  await planAnew(deps, session, nowMs);
}

/** True when something is stored that a clock like the present one cannot have made. */
function isFromAhead({ head, feeds, streams }: Session, nowMs: number): boolean {
  const standings: Standing[] = [...feeds.values(), ...streams.values()];
  const instants = [
    head?.untilMs ?? 0,
    ...standings.flatMap(({ successAtMs, failingSinceMs, retryAtMs }) => [
      successAtMs ?? 0,
      failingSinceMs ?? 0,
      retryAtMs - PAUSE_MAX_MS,
    ]),
  ];
  return instants.some((atMs) => atMs - nowMs >= STEP_MIN_MS);
}

function setBack<S extends Standing>(standing: S, stepMs: number, nowMs: number): S {
  const past = (atMs: number | null) => (atMs === null ? null : Math.min(atMs, nowMs));
  return {
    ...standing,
    retryAtMs: Math.max(0, standing.retryAtMs - stepMs),
    successAtMs: past(standing.successAtMs),
    failingSinceMs: past(standing.failingSinceMs),
  };
}

/**
 * Intervals are read again when the present clock says so: those that the clock that was ahead took for ended as soon as they
 * have, and none later than its settings ask for.
 */
async function planAnew(deps: BridgeDeps, session: Session, nowMs: number): Promise<void> {
  if (acdTraits(session.config.settings.acd).queueIntervals !== 'asked') return;
  const ahead = await readPlannedAhead(deps.db, session.connectionId, nowMs, nowMs - PLANNED_AFTER_MAX_MS);
  const anew = ahead.flatMap((planned) => {
    const atMs = nextReadAtMs(session, planned.startMs, nowMs);
    if (planned.nextReadAtMs === null) return atMs === null ? [] : [{ startMs: planned.startMs, nextReadAtMs: atMs }];
    // One that no rule plans any more was asked for, or put off: that was by the other clock.
    const sooner = Math.min(planned.nextReadAtMs, atMs ?? nowMs);
    return sooner === planned.nextReadAtMs ? [] : [{ startMs: planned.startMs, nextReadAtMs: sooner }];
  });
  if (anew.length === 0) return;
  await deps.db.batch([guardLease(deps.db, session), planReadings(deps.db, session.connectionId, anew)]);
}
