/**
 * Stores state changes that a source tells one by one, in any order and possibly more than once: an event feed, a push.
 * What is newer than everything known of an agent goes to the WFM's real-time stream; what is older finds its place, and
 * the closed intervals that it touches are noted in the same batch, so that their reports follow.
 */
import { NOT_OBSERVED } from '../domain/activity.ts';
import { DAY_MS, MINUTE_MS } from '../domain/interval.ts';
import type { RefusedRecord } from '../domain/record.ts';
import type { Outcome } from '../store/import-facts.ts';
import { guardLease } from '../store/lease.ts';
import { readPresentStates } from '../store/state-changes.ts';
import type { StoredChange } from '../store/state-log.ts';
import { readSurroundings, type Surroundings } from '../store/told-changes.ts';
import { noteTouched } from '../store/touched-intervals.ts';
import type { WaitingWork } from '../store/waiting-work.ts';
import { noteAgents, noteStates } from './note-seen.ts';
import { type BridgeDeps, type Session, stateKey } from './session.ts';
import { commitToLog } from './stream-progress.ts';
import { closedStartsOf, type TouchedSpan } from './touched-spans.ts';

/** Clocks differ: a change so far ahead of the bridge's clock is taken, one beyond is a mistake. */
export const AHEAD_MAX_MS = 5 * MINUTE_MS;

/** A change as told. `index`: its place in what was given. */
export interface ToldEvent {
  readonly index: number;
  readonly agentId: string;
  readonly name: string;
  readonly reason: string;
  readonly atMs: number;
}

/** What came with the changes. */
export interface Telling {
  readonly arrivedAtMs: number;
  /** Where the source's feed goes on; a commit is then made even when nothing changed. */
  readonly sourceCursor?: string;
  /** From when on nobody knows what agents did until their next change; left out when nothing is missing. */
  readonly unknownFromMs?: number;
}

export interface StoredTelling {
  readonly counts: Outcome;
  readonly refused: readonly RefusedRecord[];
  /** Null when nothing had to be committed. */
  readonly work: WaitingWork | null;
}

/** A told change with the keys of its agent and state, and what is stored around it. */
interface Keyed {
  readonly agentKey: number;
  readonly atMs: number;
  readonly stateId: number;
  readonly included: boolean;
  readonly around: Surroundings;
}

/** Stores what was told as one batch. Throws `LeaseLostError` and what D1 throws: then nobody knows what was committed. */
export async function storeToldChanges(
  deps: BridgeDeps,
  session: Session,
  events: readonly ToldEvent[],
  telling: Telling,
): Promise<StoredTelling> {
  const { good, refused, same: repeated } = sift(session, events, deps.clock.nowMs());
  await noteAgents(
    deps,
    session,
    good.map(({ agentId }) => agentId),
  );
  await noteStates(deps, session, good);
  const keyed = await withSurroundings(deps, session, good);
  const storing = keyed
    .filter(({ stateId, around }) => around.hereStateId !== stateId)
    .sort((a, b) => a.atMs - b.atMs || a.agentKey - b.agentKey);
  const changed = storing.filter(({ around }) => around.hereStateId !== null).length;
  const counts = {
    added: storing.length - changed,
    changed,
    same: keyed.length - storing.length + repeated,
  };
  const changes = [...(await unknownFrom(deps, session, telling.unknownFromMs)), ...storable(storing)];
  if (changes.length === 0 && telling.sourceCursor === undefined) return { counts, refused, work: null };
  const work = await commitChanges(
    deps,
    session,
    telling,
    changes,
    await closedStartsOf(deps, session, spansOf(storing)),
  );
  return { counts, refused, work };
}

/** Leaves out what cannot be: instants in the future, or past what is kept. Of two for one instant the later one counts. */
function sift(session: Session, events: readonly ToldEvent[], nowMs: number) {
  const days = session.config.settings.collection.retentionDays.stateChanges;
  const refused: RefusedRecord[] = [];
  const byKey = new Map<string, ToldEvent>();
  let same = 0;
  for (const event of events) {
    const { index, agentId, atMs } = event;
    if (atMs > nowMs + AHEAD_MAX_MS) {
      refused.push({
        index,
        reason: 'at: this instant lies in the future. Check the clock of the machine that sends.',
      });
      continue;
    }
    if (atMs < nowMs - days * DAY_MS) {
      refused.push({ index, reason: `at: state changes are kept for ${days} days, and this one is older.` });
      continue;
    }
    const key = `${atMs} ${agentId}`;
    const before = byKey.get(key);
    if (before && stateKey(before) === stateKey(event)) same += 1;
    else if (before) {
      refused.push({ index: before.index, reason: 'Another record of the same agent and instant follows it.' });
    }
    byKey.set(key, event);
  }
  return { good: [...byKey.values()], refused, same };
}

async function withSurroundings(deps: BridgeDeps, session: Session, events: readonly ToldEvent[]): Promise<Keyed[]> {
  const { config } = session;
  const keys = events.map((event) => {
    const agent = config.agentsByName.get(event.agentId);
    const state = config.statesByName.get(stateKey(event));
    if (!agent || !state) throw new Error(`Agent or state of a change was not stored: ${event.name}`);
    return { agentKey: agent.key, atMs: event.atMs, stateId: state.id, included: agent.included };
  });
  const around = await readSurroundings(
    deps.db,
    keys.map(({ agentKey, atMs, stateId }) => [agentKey, atMs, stateId] as const),
  );
  return keys.map((key, i) => ({ ...key, around: around[i] ?? { hereStateId: null, nextMs: null, latestMs: null } }));
}

/** Rows for the log's batch, in order. What is older than an agent's latest change is no news for the real-time stream. */
function storable(storing: readonly Keyed[]): StoredChange[] {
  const latestMs = new Map<number, number>();
  return storing.map(({ agentKey, atMs, stateId, included, around }) => {
    const latest = latestMs.get(agentKey) ?? around.latestMs ?? Number.NEGATIVE_INFINITY;
    const isNews = atMs >= latest;
    if (isNews) latestMs.set(agentKey, atMs);
    return { agentKey, atMs, stateId, sinceMs: null, unobservedFromMs: null, logged: included && isNews };
  });
}

/** For everybody who was signed in then: from here on nobody knows. */
async function unknownFrom(deps: BridgeDeps, session: Session, fromMs: number | undefined): Promise<StoredChange[]> {
  if (fromMs === undefined) return [];
  const present = await readPresentStates(deps.db, session.connectionId);
  return [...present].flatMap(([agentKey, state]): StoredChange[] => {
    const known = session.config.statesByName.get(stateKey(state));
    if (known?.stateClass === 'signed out' || state.atMs >= fromMs) return [];
    return [{ agentKey, atMs: fromMs, stateId: NOT_OBSERVED, sinceMs: null, unobservedFromMs: null, logged: false }];
  });
}

/** The parts of the agents' time lines that the changes rewrite. */
function spansOf(storing: readonly Keyed[]): TouchedSpan[] {
  const byAgent = new Map<number, Keyed[]>();
  for (const change of storing) byAgent.set(change.agentKey, [...(byAgent.get(change.agentKey) ?? []), change]);
  return [...byAgent.values()].flatMap((changes) =>
    changes.map(({ atMs, around }, i) => {
      const ends = [around.nextMs, changes[i + 1]?.atMs ?? null].filter((end) => end !== null);
      return { fromMs: atMs, toMs: ends.length === 0 ? null : Math.min(...ends) };
    }),
  );
}

/** Commits changes of time lines that are told, with the intervals that they touch and whatever else belongs to them. */
export async function commitChanges(
  deps: BridgeDeps,
  session: Session,
  telling: Telling,
  changes: readonly StoredChange[],
  touched: readonly number[],
  also: readonly D1PreparedStatement[] = [],
): Promise<WaitingWork> {
  const noted = touched.length > 0 ? [noteTouched(deps.db, session.connectionId, touched)] : [];
  const more = [...also, ...noted];
  const { work } = await commitToLog(deps, session, {
    arrivedAtMs: telling.arrivedAtMs,
    gapBeforeMs: 0,
    changes,
    replaces: true,
    ...(telling.sourceCursor === undefined ? {} : { sourceCursor: telling.sourceCursor }),
    also: more.length > 0 ? [guardLease(deps.db, session), ...more] : [],
  });
  return work;
}
