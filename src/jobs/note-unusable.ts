/** Shows on the pages why a connection cannot run as it is set. */
import { addEvent } from '../store/events.ts';
import { readFeeds, saveFeed } from '../store/feeds.ts';
import type { BridgeDeps } from './session.ts';

type Deps = Pick<BridgeDeps, 'db' | 'clock'>;

/** Writes `message` into the diary and beside the feed of agent states, once. Never throws: says why it could not, or null. */
export async function noteUnusable(deps: Deps, connectionId: number, message: string): Promise<string | null> {
  try {
    await note(deps, connectionId, message);
    return null;
  } catch (error) {
    return `The diary cannot be written: ${String(error)}`;
  }
}

async function note(deps: Deps, connectionId: number, message: string): Promise<void> {
  const feeds = await readFeeds(deps.db, connectionId);
  const feed = feeds.get('agent-states');
  if (!feed || feed.error === message) return;
  const nowMs = deps.clock.nowMs();
  const standing = {
    ...feed,
    failures: feed.failures + 1,
    failingSinceMs: feed.failingSinceMs ?? nowMs,
    error: message,
    errorKind: 'unusable',
  };
  await deps.db.batch([
    saveFeed(deps.db, connectionId, 'agent-states', standing),
    addEvent(deps.db, { connectionId, atMs: nowMs, kind: 'cannot run', severity: 'error', message }),
  ]);
}
