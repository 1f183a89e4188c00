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
  const [enabled, disabled] = partition(roster.agents);
  const agents = compareRoster(before.agents, enabled, disabled);
  const changes = [
    ...queues.added,
    ...queues.changed,
    ...queues.removed,
    ...agents.added,
    ...agents.changed,
    ...agents.removed,
    ...agents.unlistedAdded,
    ...agents.unlistedChanged,
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

/** Rows of the enabled agents, and of the disabled ones that a user name can be told of. */
function partition(agents: readonly RosterAgent[]): [enabled: Listed[], disabled: Listed[]] {
  const isOfUse = ({ enabled, username }: RosterAgent) => !enabled && username !== '';
  return [agents.filter(({ enabled }) => enabled).map(agentRow), agents.filter(isOfUse).map(agentRow)];
}

/**
 * What an import changes. Rows known under any of their names are the same row and keep their id. `unlisted`: who is not in the
 * roster any more, but whose names the ACD still tells; whoever of them signs in all the same has a login id.
 */
function compareRoster(before: readonly RosterRow[], listed: readonly Listed[], unlisted: readonly Listed[] = []) {
  const byName = new Map<string, RosterRow>();
  for (const row of before)
    for (const name of [row.username, row.aliasId, row.sourceId]) if (name) byName.set(name, row);
  const find = (row: Listed) =>
    byName.get(row.sourceId) ?? byName.get(row.aliasId) ?? (row.username ? byName.get(row.username) : undefined);
  const added = new Map<string, Listed>();
  const changed = new Map<number, RosterRow>();
  const seen = new Set<number>();
  for (const row of listed) {
    const known = find(row);
    if (!known) {
      added.set(row.sourceId, row);
      continue;
    }
    seen.add(known.key);
    const after = renamed(known, row, true);
    if (JSON.stringify(sorted(after)) !== JSON.stringify(sorted(known))) changed.set(known.key, after);
  }
  const gone = before.filter(({ key, inRoster }) => inRoster && !seen.has(key));
  const { unlistedAdded, unlistedChanged } = compareUnlisted(unlisted, find, { added, seen });
  const implausible = listed.length === 0 && gone.length > PLAUSIBLY_EMPTY_MAX;
  return {
    added: [...added.values()],
    changed: [...changed.values()],
    removed: implausible ? [] : gone,
    unlistedAdded,
    unlistedChanged,
  };
}

/** The known row with what the roster says of it now. The id that real-time answers use stays; the roster's own id is then the other name. */
function renamed(known: RosterRow, row: Listed, inRoster: boolean): RosterRow {
  const aliasId = known.sourceId === row.sourceId ? row.aliasId : row.sourceId;
  return { ...row, key: known.key, sourceId: known.sourceId, aliasId, inRoster };
}

/** What is new of those that are not listed. A name that somebody who is listed has is theirs: people are made anew. */
function compareUnlisted(
  unlisted: readonly Listed[],
  find: (row: Listed) => RosterRow | undefined,
  listed: { readonly added: ReadonlyMap<string, Listed>; readonly seen: ReadonlySet<number> },
) {
  const taken = new Set([...listed.added.values()].map(({ username }) => username));
  const done = new Set(listed.seen);
  const unlistedAdded: Listed[] = [];
  const unlistedChanged: RosterRow[] = [];
  for (const row of unlisted) {
    const known = find(row);
    if (known ? done.has(known.key) : taken.has(row.username)) continue;
    taken.add(row.username);
    if (!known) unlistedAdded.push(row);
    else {
      done.add(known.key);
      const after = renamed(known, row, known.inRoster);
      if (JSON.stringify(sorted(after)) !== JSON.stringify(sorted(known))) unlistedChanged.push(after);
    }
  }
  return { unlistedAdded, unlistedChanged };
}

const sorted = (row: RosterRow) => [
  row.sourceId,
  row.aliasId,
  row.username,
  row.name,
  row.serviceLevelMs,
  row.inRoster,
];
