/**
 * Keeps the merged time lines of a connection whose members say what their agents do. What a member says is stored as it was
 * said; the rows that follow from it are worked out anew where they can have changed, in the same batch. What is news goes to
 * the WFM's real-time stream; what is older changes the reports of the intervals that it touches.
 */
import { acdTraits } from '../acd/registry.ts';
import { NOT_OBSERVED, type StateEntry } from '../domain/activity.ts';
import {
  joinRanges,
  type MemberChange,
  type MergePatch,
  type MergeRange,
  type MergeRules,
  mergeStates,
  patchOf,
  silenced,
} from '../domain/merge-states.ts';
import {
  type AgentRange,
  type MemberEdit,
  type MergedRow,
  readAroundEdits,
  readMemberChanges,
  readMergedRows,
  removeMergedRows,
  saveMemberEdits,
} from '../store/member-states.ts';
import { type Member, readMembers } from '../store/members.ts';
import type { StoredChange } from '../store/state-log.ts';
import type { BridgeDeps, Config, Session } from './session.ts';
import { commitChanges } from './store-told-changes.ts';
import { closedStartsOf, type TouchedSpan } from './touched-spans.ts';

/** The rules that a connection's settings and states make. Throws an `Error` for one that merges nothing. */
export function mergeRulesOf({ settings, states }: Config): MergeRules {
  const { merges } = acdTraits(settings.acd);
  if (!merges) throw new Error('This connection merges no others.');
  return { ...merges, classOf: (stateId) => states.get(stateId)?.stateClass ?? 'not ready' };
}

/** Stores what a member says, or takes back, of agents' states. The same once more changes nothing. */
export async function storeMemberEdits(
  deps: BridgeDeps,
  session: Session,
  memberId: number,
  edits: readonly MemberEdit[],
  also: readonly D1PreparedStatement[],
): Promise<void> {
  const around = await readAroundEdits(deps.db, memberId, edits);
  const differing = edits.flatMap((edit, i) => {
    const { hereStateId = null, nextMs = null } = around[i] ?? {};
    return hereStateId === edit.stateId ? [] : [{ edit, nextMs }];
  });
  const rangesOf = new Map<number, MergeRange[]>();
  for (const { edit, nextMs } of differing) {
    const ranges = rangesOf.get(edit.agentKey) ?? [];
    ranges.push({ fromMs: edit.atMs, toMs: nextMs });
    rangesOf.set(edit.agentKey, ranges);
  }
  const ranges = [...rangesOf].map(([agentKey, own]) => ({ agentKey, ...joinRanges(own) }));
  const stored = differing.map(({ edit }) => edit);
  const members = await readMembers(deps.db, session.connectionId);
  const isKnown = members.some((member) => member.memberId === memberId);
  if (ranges.length === 0 && isKnown) return;
  await remerge(deps, session, {
    ranges,
    members: isKnown ? members : [...members, { memberId, silentFromMs: null }],
    edits: { memberId, edits: stored },
    also: [...saveMemberEdits(deps.db, memberId, stored), ...also],
  });
}

export interface Remerging {
  readonly ranges: readonly AgentRange[];
  /** The members as they are to be from here on. */
  readonly members: readonly Member[];
  /** What is about to be stored of a member. */
  readonly edits?: { readonly memberId: number; readonly edits: readonly MemberEdit[] };
  /** What else belongs to the same commit. */
  readonly also: readonly D1PreparedStatement[];
}

/** Works the merged rows of some ranges out anew and commits what differs. */
export async function remerge(deps: BridgeDeps, session: Session, remerging: Remerging): Promise<void> {
  const { ranges, edits } = remerging;
  const rules = mergeRulesOf(session.config);
  const said = byAgent(await readMemberChanges(deps.db, session.connectionId, ranges));
  const stored = byAgent(await readMergedRows(deps.db, ranges));
  const edited = byAgent(edits?.edits ?? []);
  const changes: StoredChange[] = [];
  const removed: { agentKey: number; atMs: number }[] = [];
  const spans: TouchedSpan[] = [];
  for (const range of ranges) {
    const { agentKey } = range;
    const own = withEdits(said.get(agentKey) ?? [], edits?.memberId ?? 0, edited.get(agentKey) ?? []);
    const before = stored.get(agentKey) ?? [];
    const heard = withoutSilent(own, remerging.members, rules);
    const inForce = before.findLast(({ atMs }) => atMs < range.fromMs)?.stateId ?? null;
    const wanted = mergeStates(heard, range, inForce, rules);
    const inRange = before.filter(({ atMs }) => atMs >= range.fromMs);
    const patch = patchOf(inRange, wanted);
    spans.push(...spansOf(patch, inRange, wanted, before[0]?.nextMs ?? null));
    removed.push(...patch.removedMs.map((atMs) => ({ agentKey, atMs })));
    const isIncluded = session.config.agents.get(agentKey)?.included ?? false;
    changes.push(...storable(agentKey, range, before, wanted, patch, isIncluded));
  }
  changes.sort((a, b) => a.atMs - b.atMs || a.agentKey - b.agentKey);
  const also = [...(removed.length > 0 ? [removeMergedRows(deps.db, removed)] : []), ...remerging.also];
  if (changes.length === 0 && also.length === 0) return;
  const touched = await closedStartsOf(deps, session, spans);
  await commitChanges(deps, session, { arrivedAtMs: deps.clock.nowMs() }, changes, touched, also);
}

function byAgent<R extends { readonly agentKey: number }>(rows: readonly R[]): Map<number, R[]> {
  const groups = new Map<number, R[]>();
  for (const row of rows) {
    const group = groups.get(row.agentKey);
    if (group) group.push(row);
    else groups.set(row.agentKey, [row]);
  }
  return groups;
}

function withEdits(
  said: readonly MemberChange[],
  memberId: number,
  edits: readonly Omit<MemberEdit, 'agentKey'>[],
): MemberChange[] {
  const instants = new Set(edits.map(({ atMs }) => atMs));
  const kept = said.filter((change) => change.memberId !== memberId || !instants.has(change.atMs));
  return [...kept, ...edits.flatMap(({ atMs, stateId }) => (stateId === null ? [] : [{ memberId, atMs, stateId }]))];
}

function withoutSilent(changes: readonly MemberChange[], members: readonly Member[], rules: MergeRules) {
  return members.reduce<readonly MemberChange[]>(
    (heard, { memberId, silentFromMs }) =>
      silentFromMs === null ? heard : silenced(heard, memberId, silentFromMs, rules.classOf),
    changes,
  );
}

/** From each row that changes to the next one, old or new: beyond the range where it is the last one of it. */
function spansOf(
  { put, removedMs }: MergePatch,
  before: readonly StateEntry[],
  wanted: readonly StateEntry[],
  nextMs: number | null,
): TouchedSpan[] {
  const instants = [...new Set([...before, ...wanted].map(({ atMs }) => atMs))].sort((a, b) => a - b);
  return [...put.map(({ atMs }) => atMs), ...removedMs].map((fromMs) => ({
    fromMs,
    toMs: instants.find((atMs) => atMs > fromMs) ?? nextMs,
  }));
}

/** Rows for the log's batch. News is what is newer than the agent's latest row, and what is the latest now. */
function storable(
  agentKey: number,
  range: MergeRange,
  before: readonly MergedRow[],
  wanted: readonly StateEntry[],
  { put }: MergePatch,
  isIncluded: boolean,
): StoredChange[] {
  const latestMs = before[0]?.latestMs ?? Number.NEGATIVE_INFINITY;
  const row = ({ atMs, stateId }: StateEntry, isNews: boolean): StoredChange => {
    const logged = isIncluded && isNews && stateId !== NOT_OBSERVED;
    return { agentKey, atMs, stateId, sinceMs: null, unobservedFromMs: null, logged };
  };
  const isOpen = range.toMs === null || latestMs <= range.toMs;
  const rows = put.map((entry) => row(entry, isOpen && entry.atMs >= latestMs));
  const last = wanted.at(-1) ?? before.findLast(({ atMs }) => atMs < range.fromMs);
  // The rows after it were taken out: what went before them is the present state again.
  if (!isOpen || !last || last.atMs >= latestMs || latestMs === Number.NEGATIVE_INFINITY) return rows;
  return [...rows.filter(({ atMs }) => atMs !== last.atMs), row(last, true)];
}
