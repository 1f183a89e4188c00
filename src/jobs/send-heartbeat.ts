/**
 * Tells the WFM each minute that the source answers, where the settings ask for it (contracts/cxone-mpower.md, "ACD
 * details and heartbeat"). Nothing depends on it: a heartbeat that fails is a line in the diary and no more.
 */
import { MINUTE_MS } from '../domain/interval.ts';
import { addEvent } from '../store/events.ts';
import { type BridgeDeps, feedOf, type Session, unobservedAfterMs } from './session.ts';

/** A place that does not take heartbeats is tried again after so long. */
const RETRY_MS = 5 * MINUTE_MS;

interface Beat {
  readonly nextMs: number;
  readonly isFailing: boolean;
}

/** Of memory only: one heartbeat more after a restart does no harm. */
const beats = new WeakMap<Session, Beat>();

/** Sends a heartbeat when a minute has passed and agent states were read lately. Throws what D1 throws. */
export async function sendHeartbeatWhenDue(deps: BridgeDeps, session: Session): Promise<void> {
  const nowMs = deps.clock.nowMs();
  const beat = beats.get(session) ?? { nextMs: 0, isFailing: false };
  const waitMs = beat.nextMs - nowMs;
  // One further away was planned before the clock was set back.
  const isWaiting = waitMs > 0 && waitMs <= pauseMs(beat.isFailing);
  if (isWaiting || !answersNow(session, nowMs)) return;
  const outcome = await session.config.wfm.sendHeartbeat(nowMs);
  if (outcome === null) return;
  const isFailing = outcome.kind !== 'accepted';
  beats.set(session, { nextMs: nowMs + pauseMs(isFailing), isFailing });
  if (isFailing === beat.isFailing) return;
  const { connectionId } = session;
  const event = isFailing
    ? { kind: 'heartbeat failed', message: `The WFM did not take the heartbeat: ${outcome.reason}.` }
    : { kind: 'heartbeat recovered', message: 'The WFM takes the heartbeat again.' };
  const severity = isFailing ? 'warning' : 'info';
  await deps.db.batch([addEvent(deps.db, { ...event, connectionId, atMs: nowMs, severity })]);
}

const pauseMs = (isFailing: boolean) => (isFailing ? RETRY_MS : MINUTE_MS);

function answersNow(session: Session, nowMs: number): boolean {
  if (session.head === null || feedOf(session, 'agent-states').failures > 0) return false;
  return nowMs - session.head.untilMs < unobservedAfterMs(session.config.settings);
}
