/** Takes what a member hands over to a merged connection: its agents' states, and the corrections of a window. */
import { NOT_OBSERVED } from '../domain/activity.ts';
import type { HandedOver, HandedState, HandedStates, HandedWindow } from '../domain/handed-over.ts';
import { type MemberEdit, readMemberWindow } from '../store/member-states.ts';
import { noteMember, readMembers, readStatesToAdmit } from '../store/members.ts';
import { storeMemberEdits } from './merge-member-states.ts';
import { type ClassedState, fillEmployeeIds, noteAgents, noteClassedStates } from './note-seen.ts';
import { feedSucceeded } from './report-standing.ts';
import type { BridgeDeps, Session } from './session.ts';
import { takeInterval } from './take-over-interval.ts';

/**
 * Stores a body of `memberId`. When it resolves everything is stored; whatever D1 throws means that nobody knows: it is
 * handed over again, and changes nothing the second time.
 */
export async function takeHandedOver(
  deps: BridgeDeps,
  session: Session,
  memberId: number,
  handed: HandedOver,
): Promise<void> {
  if (handed.kind === 'interval') return takeInterval(deps, session, memberId, handed);
  const members = await readMembers(deps.db, session.connectionId);
  if (!members.some((member) => member.memberId === memberId)) await admitMember(deps, session, memberId);
  if (handed.kind === 'window') await takeWindow(deps, session, memberId, handed);
  else await takeStates(deps, session, memberId, handed);
  await feedSucceeded(deps, session, 'agent-states', { always: true });
}

/**
 * Takes over what a member's agents do now. A member hands over what changes: what was so before it became one, or while its
 * states went elsewhere, is known from the store.
 */
export async function admitMember(deps: BridgeDeps, session: Session, memberId: number): Promise<void> {
  const changes = await readStatesToAdmit(deps.db, memberId);
  await takeStates(deps, session, memberId, { kind: 'agent-states', changes });
}

async function takeStates(
  deps: BridgeDeps,
  session: Session,
  memberId: number,
  { changes }: HandedStates,
): Promise<void> {
  const keys = await keysOf(deps, session, changes);
  const edits = new Map<string, MemberEdit>();
  // Of two changes of one person and instant the later one counts.
  for (const change of changes) edits.set(`${change.atMs} ${change.loginId}`, keys(change));
  await storeMemberEdits(deps, session, memberId, [...edits.values()], alsoOf(deps, session, memberId));
}

async function takeWindow(deps: BridgeDeps, session: Session, memberId: number, window: HandedWindow): Promise<void> {
  const told = window.people.flatMap(({ loginId, changes }) => changes.map((change) => ({ ...change, loginId })));
  const keys = await keysOf(deps, session, told);
  await noteAgents(
    deps,
    session,
    window.people.map(({ loginId }) => loginId),
  );
  await fillEmployeeIds(deps, session, window.people);
  const wanted = told.map(keys);
  const agentKeys = window.people.flatMap(({ loginId }) => session.config.agentsByName.get(loginId)?.key ?? []);
  const stored = await readMemberWindow(deps.db, memberId, agentKeys, window);
  const isThere = new Set(wanted.map(({ agentKey, atMs }) => `${agentKey} ${atMs}`));
  const gone = stored.filter(({ agentKey, atMs }) => !isThere.has(`${agentKey} ${atMs}`));
  const edits = [...wanted, ...gone.map(({ agentKey, atMs }) => ({ agentKey, atMs, stateId: null }))];
  await storeMemberEdits(deps, session, memberId, edits, alsoOf(deps, session, memberId));
}

const alsoOf = (deps: BridgeDeps, session: Session, memberId: number) => [
  noteMember(deps.db, session.connectionId, memberId, deps.clock.nowMs()),
];

type Told = HandedState & { readonly loginId: string };

/** Notes people and states that are new, and says how a change is stored. */
async function keysOf(
  deps: BridgeDeps,
  session: Session,
  told: readonly Told[],
): Promise<(change: Told) => MemberEdit> {
  await noteAgents(
    deps,
    session,
    told.map(({ loginId }) => loginId),
  );
  const states = told.flatMap((change) => classedState(change) ?? []);
  const stateIdOf = await noteClassedStates(deps, session, states);
  return (change) => {
    const agent = session.config.agentsByName.get(change.loginId);
    if (!agent) throw new Error('An agent of a member was not stored.');
    const state = classedState(change);
    return { agentKey: agent.key, atMs: change.atMs, stateId: state ? stateIdOf(state) : NOT_OBSERVED };
  };
}

const classedState = ({ state: name, reason, stateClass }: HandedState): ClassedState | null =>
  stateClass === null ? null : { name, reason, stateClass };
