/** Where a merged connection has its people's present states from. */
import { acdTraits } from '../src/acd/registry.ts';
import type { ConnectionSettings } from '../src/connection.ts';
import { type MemberChange, type MergeRules, silenced, winnerOf } from '../src/domain/merge-states.ts';
import type { MappedState } from '../src/store/mapping.ts';
import { readMemberChanges } from '../src/store/member-states.ts';
import { readMemberConnections, readMembers } from '../src/store/members.ts';

const AFTER_ALL_MS = Number.MAX_SAFE_INTEGER;

/** The name of the member whose state counts, by agent; empty for a connection that merges none. */
export async function readWinners(
  db: D1Database,
  connectionId: number,
  settings: ConnectionSettings | null,
  states: readonly MappedState[],
  agentIds: readonly number[],
): Promise<ReadonlyMap<number, string>> {
  const merges = settings && acdTraits(settings.acd).merges;
  if (!merges) return new Map();
  const classes = new Map(states.map(({ id, stateClass }) => [id, stateClass]));
  const rules: MergeRules = { ...merges, classOf: (id) => classes.get(id) ?? 'not ready' };
  const ranges = agentIds.map((agentKey) => ({ agentKey, fromMs: AFTER_ALL_MS, toMs: null }));
  const [members, connections, said] = await Promise.all([
    readMembers(db, connectionId),
    readMemberConnections(db, connectionId),
    readMemberChanges(db, connectionId, ranges),
  ]);
  const byAgent = new Map<number, MemberChange[]>();
  for (const { agentKey, ...change } of said) byAgent.set(agentKey, [...(byAgent.get(agentKey) ?? []), change]);
  const winners = new Map<number, string>();
  for (const [agentKey, own] of byAgent) {
    const heard = members.reduce<readonly MemberChange[]>(
      (changes, { memberId, silentFromMs }) =>
        silentFromMs === null ? changes : silenced(changes, memberId, silentFromMs, rules.classOf),
      own,
    );
    const latest = new Map(heard.toSorted((a, b) => a.atMs - b.atMs).map((change) => [change.memberId, change]));
    const winner = winnerOf(latest.values(), rules);
    if (!winner) continue;
    const name = connections.find(({ memberId }) => memberId === winner.memberId)?.name;
    winners.set(agentKey, name ?? `connection ${winner.memberId}`);
  }
  return winners;
}
