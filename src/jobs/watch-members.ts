/**
 * Looks after the members of a merged connection: one that is paused, gone, or has not looked at its agents for a while must
 * not go on winning with what it said last. And a change of the precedence takes effect.
 */
import { acdTraits } from '../acd/registry.ts';
import { connectionSettingsSchema } from '../connection.ts';
import { MINUTE_MS, type Window } from '../domain/interval.ts';
import { addEvent } from '../store/events.ts';
import {
  type Member,
  type MemberConnection,
  readAgentsOfMember,
  readHandedIntervals,
  readMemberConnections,
  readMembers,
  readMergeRule,
  saveMergeRule,
  saveSilence,
} from '../store/members.ts';
import { mergeRulesOf, remerge } from './merge-member-states.ts';
import type { BridgeDeps, Session } from './session.ts';
import { admitMember } from './take-over.ts';

/** A member that has not looked at its agents for so long does not know what they do. */
const SILENT_AFTER_MS = 10 * MINUTE_MS;
/** A window waits so long after it is due for members that have not handed it over; then its report goes without them. */
const MEMBER_PATIENCE_MS = 8 * MINUTE_MS;

/** Brings the merged time lines up to date with who is there, and with the precedence that the settings ask for. */
export async function watchMembers(deps: BridgeDeps, session: Session): Promise<void> {
  await applyPrecedence(deps, session);
  const { db, clock } = deps;
  const { connectionId } = session;
  const nowMs = clock.nowMs();
  const [stored, connections] = await Promise.all([
    readMembers(db, connectionId),
    readMemberConnections(db, connectionId),
  ]);
  for (const { memberId, paused } of connections) {
    const isKnown = stored.some((member) => member.memberId === memberId);
    if (!isKnown && !paused) await admitMember(deps, session, memberId);
  }
  let members: readonly Member[] = stored;
  for (const member of stored) {
    const connection = connections.find(({ memberId }) => memberId === member.memberId);
    const silentFromMs = silentFrom(member, connection, nowMs);
    if (silentFromMs === member.silentFromMs) continue;
    const agentKeys = await readAgentsOfMember(db, connectionId, member.memberId);
    const fromMs = Math.min(silentFromMs ?? nowMs, member.silentFromMs ?? nowMs);
    const changed = { memberId: member.memberId, silentFromMs };
    members = members.map((other) => (other === member ? changed : other));
    await remerge(deps, session, {
      ranges: agentKeys.map((agentKey) => ({ agentKey, fromMs, toMs: null })),
      members,
      also: [
        saveSilence(db, connectionId, changed),
        addEvent(db, { connectionId, atMs: nowMs, ...words(member.memberId, connection, silentFromMs) }),
      ],
    });
    if (silentFromMs === null) await admitMember(deps, session, member.memberId);
  }
}

/** Since when a member is not there; null when it is. Once it is silent, it stays so from the same instant on. */
function silentFrom(member: Member, connection: MemberConnection | undefined, nowMs: number): number | null {
  const lookedUntilMs = connection?.lookedUntilMs ?? nowMs;
  const isThere = connection && !connection.paused && nowMs - lookedUntilMs < SILENT_AFTER_MS;
  return isThere ? null : (member.silentFromMs ?? Math.min(lookedUntilMs, nowMs));
}

function words(memberId: number, connection: MemberConnection | undefined, silentFromMs: number | null) {
  const who = connection ? `"${connection.name}"` : `Connection ${memberId}`;
  if (silentFromMs === null) {
    const message = `${who} says again what its agents do.`;
    return { kind: 'member back', severity: 'info' as const, message };
  }
  const since = new Date(silentFromMs).toISOString();
  const why = !connection ? 'is no member any more' : connection.paused ? 'is paused' : 'has not looked at its agents';
  const message = `${who} ${why} since ${since}: what it said of people before counts until then.`;
  return { kind: 'member silent', severity: 'warning' as const, message };
}

/** A new precedence counts from now on: who is in which state is decided anew, what was sent stays. */
async function applyPrecedence(deps: BridgeDeps, session: Session): Promise<void> {
  const { db, clock } = deps;
  const { connectionId } = session;
  const { classOrder, memberOrder } = mergeRulesOf(session.config);
  const wanted = JSON.stringify({ classOrder, memberOrder });
  const inForce = await readMergeRule(db, connectionId);
  if (inForce === wanted) return;
  const fromMs = clock.nowMs();
  const agentKeys = inForce === null ? [] : await readAgentsOfMember(db, connectionId, null);
  await remerge(deps, session, {
    ranges: agentKeys.map((agentKey) => ({ agentKey, fromMs, toMs: null })),
    members: await readMembers(db, connectionId),
    also: [saveMergeRule(db, connectionId, wanted)],
  });
}

/**
 * Whether a window's report can go: every member that is there has handed all of it over, or the time to wait is up. A
 * member whose source tells no figures is not waited for.
 */
export async function isWindowComplete(deps: BridgeDeps, session: Session, window: Window): Promise<boolean> {
  const { settleDelayS } = session.config.settings.collection;
  if (deps.clock.nowMs() > window.endMs + settleDelayS * 1_000 + MEMBER_PATIENCE_MS) return true;
  const [connections, handed] = await Promise.all([
    readMemberConnections(deps.db, session.connectionId),
    readHandedIntervals(deps.db, session.connectionId, window),
  ]);
  return connections.every((member) => (handed.get(member.memberId) ?? 0) >= intervalsOf(member, window));
}

/** How many intervals of a window a member is expected to hand over. */
function intervalsOf({ paused, settings }: MemberConnection, { startMs, endMs }: Window): number {
  const parsed = connectionSettingsSchema.safeParse(JSON.parse(settings));
  if (paused || !parsed.success) return 0;
  const { queueIntervals, shortestReportMinutes = 15 } = acdTraits(parsed.data.acd);
  return queueIntervals === 'none' ? 0 : (endMs - startMs) / (shortestReportMinutes * MINUTE_MS);
}
