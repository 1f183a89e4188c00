/**
 * Takes changed settings and mapping into a running session. What the session alone knows of how its feeds and streams
 * stand is kept; only what somebody may have saved the connection for is tried at once.
 */
import { readConfigVersion } from '../store/config-version.ts';
import { readFeeds } from '../store/feeds.ts';
import { ALL_HELD_REPORTS, type BridgeDeps, loadConfig, replaceConfig, type Session } from './session.ts';
import { flushProgress } from './stream-progress.ts';

/** Reloads if anything changed. False when the connection is gone or paused. Throws `ConnectionUnusableError`. */
export async function takeOverChanges(deps: BridgeDeps, session: Session): Promise<boolean> {
  const version = await readConfigVersion(deps.db, session.connectionId);
  return version === session.config.version || (await reload(deps, session));
}

/** Takes over changed settings and mapping. False when the connection is gone or paused. Throws `ConnectionUnusableError`. */
export async function reload(deps: BridgeDeps, session: Session): Promise<boolean> {
  const before = session.config;
  const config = await loadConfig(deps, session.connectionId, before);
  if (!config) {
    // Paused or gone: nothing more is read or sent.
    await flushProgress(deps, session);
    return false;
  }
  const feeds = await readFeeds(deps.db, session.connectionId);
  replaceConfig(session, config);
  const clientsChanged = config.acd !== before.acd;
  if (clientsChanged) {
    // Another source object has no last answer to compare with, and what failed may go well with the new settings.
    session.lastAgents = null;
    session.unsettled = true;
    session.readsIntervalsOneByOne = false;
    session.oneByOneWithin = null;
    session.unusableAnswers.clear();
  }
  // How feeds and streams stand is this session's to say; only the roster can be asked for from outside.
  const isRosterAsked = clientsChanged || feeds.get('roster')?.successAtMs === null;
  for (const [name, feed] of session.feeds) {
    const isAsked = name === 'roster' && isRosterAsked;
    // Somebody may have saved the connection to have it tried; whether it may be is for the keeper of its token to say.
    const isUnanswered = feed.errorKind === 'unanswered sign-in';
    const again = clientsChanged || isAsked || isUnanswered ? { retryAtMs: 0 } : {};
    session.feeds.set(name, { ...feed, ...again, ...(isAsked ? { successAtMs: null } : {}) });
  }
  if (clientsChanged) {
    for (const [name, stream] of session.streams) session.streams.set(name, { ...stream, retryAtMs: 0 });
  }
  session.heldReportsBeforeMs = ALL_HELD_REPORTS;
  return true;
}
