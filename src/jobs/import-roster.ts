/**
 * Imports queues and agents. What is equal is not written; what disappears is marked removed, never deleted, because
 * history refers to it; what the user mapped by hand stays as it is.
 */

import { DAY_MS, MINUTE_MS } from '../domain/interval.ts';
import type { Roster, RosterAgent, RosterQueue } from '../domain/roster.ts';
import { UpstreamError } from '../http/upstream-error.ts';
import { addEvent } from '../store/events.ts';
import { guardLease } from '../store/lease.ts';
import { type RosterRow, readRosterRows, saveRosterRows } from '../store/roster.ts';
import { feedFailed, feedNotStored, feedSucceeded } from './report-standing.ts';
import { type BridgeDeps, feedOf, type Session } from './session.ts';

/** A roster that lists nothing while so many were known is not believed. */
const PLAUSIBLY_EMPTY_MAX = 10;

/** An agent whom nobody can place is looked for in the roster, so long after the last import at the earliest. */
const UNPLACED_IMPORT_MS = 15 * MINUTE_MS;
/** Who turned up so shortly before an import was done may have come after its page was read. */
const IMPORT_LASTS_MS = MINUTE_MS;

/**
 * Imports the roster when it is due: once a day, after a change of settings, asked for by hand, or because an agent turned up
 * whom the last one did not list. True when it did. A roster that the database does not take fails by itself: figures and
 * states go on without it.
 */
export async function importRosterWhenDue(deps: BridgeDeps, session: Session): Promise<boolean> {
  const feed = feedOf(session, 'roster');
  const nowMs = deps.clock.nowMs();
  const { readRoster } = session.config.acd;
  if (!readRoster || nowMs < feed.retryAtMs) return false;
  if (feed.successAtMs !== null && nowMs - feed.successAtMs < pauseMs(session, feed.successAtMs)) return false;
  try {
    await storeRoster(deps, session, await readRoster());
    await feedSucceeded(deps, session, 'roster', { always: true });
    return true;
  } catch (error) {
    if (error instanceof UpstreamError) await feedFailed(deps, session, 'roster', error, MINUTE_MS);
    else await feedNotStored(deps, session, 'roster', error, MINUTE_MS);
    return false;
  }
}

/** How long the import at `importedAtMs` serves. Follows from what is stored, so that a restart asks no more often. */
function pauseMs({ config: { unplacedSinceMs } }: Session, importedAtMs: number): number {
  const isNewSince = unplacedSinceMs !== null && unplacedSinceMs > importedAtMs - IMPORT_LASTS_MS;
  return isNewSince ? UNPLACED_IMPORT_MS : DAY_MS;
}

async function storeRoster(deps: BridgeDeps, session: Session, roster: Roster): Promise<void> {
  const nowMs = deps.clock.nowMs();
  const { connectionId } = session;
  const before = await readRosterRows(deps.db, connectionId);
  const queues = compareRoster(before.queues, roster.queues.map(queueRow));
  const agents = compareRoster(before.agents, roster.agents.filter(({ enabled }) => enabled).map(agentRow));
  const changes = [
    ...queues.added,
    ...queues.changed,
    ...queues.removed,
    ...agents.added,
    ...agents.changed,
    ...agents.removed,
  ];
  if (changes.length === 0) return;
  const message =
    `The roster was imported: ${queues.added.length} queues and ${agents.added.length} agents new, ` +
    `${queues.changed.length} and ${agents.changed.length} changed, ${queues.removed.length} and ${agents.removed.length} removed.`;
  await deps.db.batch([
    guardLease(deps.db, session),
    ...saveRosterRows(deps.db, connectionId, { queues, agents }, nowMs),
    addEvent(deps.db, { connectionId, atMs: nowMs, kind: 'roster imported', severity: 'info', message }),
  ]);
}

type Listed = Omit<RosterRow, 'key' | 'inRoster'>;

const queueRow = ({ queueId, aliasId, name, serviceLevelMs }: RosterQueue): Listed => ({
  sourceId: queueId,
  aliasId,
  username: '',
  name,
  serviceLevelMs,
});

const agentRow = ({ agentId, aliasId, username, name }: RosterAgent): Listed => ({
  sourceId: agentId,
  aliasId,
  username,
  name,
  serviceLevelMs: null,
});

/** What an import changes. Rows known under any of their names are the same row and keep their id. */
function compareRoster(before: readonly RosterRow[], listed: readonly Listed[]) {
  const byName = new Map<string, RosterRow>();
  for (const row of before)
    for (const name of [row.username, row.aliasId, row.sourceId]) if (name) byName.set(name, row);
  const added = new Map<string, Listed>();
  const changed = new Map<number, RosterRow>();
  const seen = new Set<number>();
  for (const row of listed) {
    const known =
      byName.get(row.sourceId) ?? byName.get(row.aliasId) ?? (row.username ? byName.get(row.username) : undefined);
    if (!known) {
      added.set(row.sourceId, row);
      continue;
    }
    seen.add(known.key);
    // The id that real-time answers use stays; the roster's own id is then the other name.
    const aliasId = known.sourceId === row.sourceId ? row.aliasId : row.sourceId;
    const after = { ...row, key: known.key, sourceId: known.sourceId, aliasId, inRoster: true };
    if (JSON.stringify(sorted(after)) !== JSON.stringify(sorted(known))) changed.set(known.key, after);
  }
  const gone = before.filter(({ key, inRoster }) => inRoster && !seen.has(key));
  const implausible = listed.length === 0 && gone.length > PLAUSIBLY_EMPTY_MAX;
  return { added: [...added.values()], changed: [...changed.values()], removed: implausible ? [] : gone };
}

const sorted = (row: RosterRow) => [
  row.sourceId,
  row.aliasId,
  row.username,
  row.name,
  row.serviceLevelMs,
  row.inRoster,
];
