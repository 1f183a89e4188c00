/**
 * Delivers state changes in the order of the log, a backlog by catching up; and between what is new, body by body, what was
 * held. The cursor moves when the WFM has said yes or a record is set aside.
 */
import { readLog } from '../store/state-log.ts';
import { wfmTraits } from '../wfm/registry.ts';
import { beginCatchUp, catchUp, isHistory } from './catch-up.ts';
import { deliverHeldStates } from './deliver-held-states.ts';
import { type DeliveryResult, IDLE, mayGoOn, moveCursor, sendChanges } from './send-changes.ts';
import { type BridgeDeps, feedOf, type Session, streamOf } from './session.ts';
import { flushProgress } from './stream-progress.ts';

/** Tries of the first roster that state changes wait for. */
const ROSTER_TRIES = 3;

/** Sends what waits, one round: at most a few bodies. Returns whether to come again at once. */
export async function deliverAgentStates(deps: BridgeDeps, session: Session): Promise<DeliveryResult> {
  const stream = streamOf(session, 'agent-states');
  if (deps.clock.nowMs() < stream.retryAtMs || session.head === null) return IDLE;
  if (awaitsRoster(session)) return IDLE;
  const fresh = stream.catchUp ? await catchUp(deps, session) : await deliverNew(deps, session, session.head);
  const isUp = deps.clock.nowMs() >= streamOf(session, 'agent-states').retryAtMs;
  if (!isUp || (fresh.more && fresh.pauseMs === undefined)) return fresh;
  // What history still holds back of them comes before what was held of live ones.
  if (streamOf(session, 'agent-states').catchUp) return fresh;
  // Days of what was held would keep everybody else's changes waiting: they have the first turn between any two bodies.
  const held = await deliverHeldStates(deps, session);
  if (held.failed || held.delivered === 0) return held.failed ? IDLE : fresh;
  return { ...fresh, delivered: fresh.delivered + held.delivered, more: true };
}

async function deliverNew(
  deps: BridgeDeps,
  session: Session,
  { readCount }: NonNullable<Session['head']>,
): Promise<DeliveryResult> {
  if (session.sentReadCount === readCount) return IDLE;
  const { logId, offset } = session.progress;
  const { eventsPerBodyMax } = wfmTraits(session.config.settings.wfm);
  const changes = await readLog(deps.db, session.connectionId, { logId, offset }, eventsPerBodyMax);
  if (changes.length === 0) {
    session.sentReadCount = readCount;
    return IDLE;
  }
  if (isHistory(changes, eventsPerBodyMax, deps.clock.nowMs())) return beginCatchUp(deps, session);
  // What was accepted before is stored by now, unless it went out since the last poll: so a crash sends one body again at most.
  await flushProgress(deps, session);
  const sent = await sendChanges(deps, session, changes);
  await moveCursor(deps, session, changes, sent);
  const isMore = changes.length >= eventsPerBodyMax || sent.done < changes.length;
  return { delivered: sent.result.accepted.size, more: isMore && mayGoOn(sent.result) };
}

/** True until the first roster tells who is who: sent before that, every agent would have to be held. */
function awaitsRoster(session: Session): boolean {
  const roster = feedOf(session, 'roster');
  return roster.successAtMs === null && roster.failures < ROSTER_TRIES && session.config.agents.size > 0
    ? ![...session.config.agents.values()].some(({ loginId }) => loginId !== '')
    : false;
}
