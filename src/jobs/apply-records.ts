/**
 * Stores records that were given to the bridge (src/domain/record.ts): pushed, mapped from an export, or handed over by
 * another connection. Each is compared with what is stored under its natural key, so that the same record twice changes
 * nothing, and whatever it changes is sent again.
 */
import { acdTraits } from '../acd/registry.ts';
import { DAY_MS, floorToGrid, INTERVAL_MS, MINUTE_MS } from '../domain/interval.ts';
import type { QueueDetails } from '../domain/queue-interval.ts';
import type { CheckedRecord, RecordKind, RefusedRecord } from '../domain/record.ts';
import { type AgentFiguresStep, stepOfAgentFigures, stepOfAgentQueueFigures } from '../store/agent-figures.ts';
import { countReportedQueues, type Outcome } from '../store/import-facts.ts';
import { guardLease } from '../store/lease.ts';
import { addSeenQueues, type MappedQueue, readQueues } from '../store/mapping.ts';
import { raiseReports } from '../store/reports.ts';
import { type GivenRosterRow, stepOfRosterRows } from '../store/roster-given.ts';
import { noteAgents } from './note-seen.ts';
import { feedSucceeded } from './report-standing.ts';
import type { BridgeDeps, Session } from './session.ts';
import { stepOfFigures } from './store-figures.ts';
import { storeToldChanges } from './store-told-changes.ts';

/** Checked records with their places in what was given. */
export interface GivenRecords<K extends RecordKind = RecordKind> {
  readonly kind: K;
  readonly good: readonly { readonly index: number; readonly record: CheckedRecord<K> }[];
}

export interface Applied {
  readonly counts: Outcome;
  readonly refused: readonly RefusedRecord[];
}

/** These records do not belong to this connection at all; `message` says why and what to do. */
export class RecordsRefusedError extends Error {
  override readonly name = 'RecordsRefusedError';
}

const NOTHING: Outcome = { added: 0, changed: 0, same: 0 };

/** Stores records. Throws `RecordsRefusedError`; whatever D1 throws means that nobody knows what was stored: give them again. */
export async function applyRecords(deps: BridgeDeps, session: Session, given: GivenRecords): Promise<Applied> {
  const isRoster = given.kind === 'agents' || given.kind === 'queues';
  if (acdTraits(session.config.settings.acd).merges && !isRoster) {
    throw new RecordsRefusedError(
      'This connection merges what its members hand over. Send states and figures to the member that they belong to.',
    );
  }
  if (isOf(given, 'state-changes')) return applyStateChanges(deps, session, given);
  if (isOf(given, 'queue-intervals')) return applyQueueIntervals(deps, session, given);
  if (isOf(given, 'agent-intervals')) return applyAgentIntervals(deps, session, given);
  if (isOf(given, 'agent-queue-intervals')) return applyAgentQueueIntervals(deps, session, given);
  if (isOf(given, 'agents')) return applyRoster(deps, session, 'agent', given.good.map(rosterAgent));
  if (isOf(given, 'queues')) return applyRoster(deps, session, 'queue', given.good.map(rosterQueue));
  return { counts: NOTHING, refused: [] };
}

function isOf<K extends RecordKind>(given: GivenRecords, kind: K): given is GivenRecords<K> {
  return given.kind === kind;
}

async function applyStateChanges(
  deps: BridgeDeps,
  session: Session,
  { good }: GivenRecords<'state-changes'>,
): Promise<Applied> {
  if (acdTraits(session.config.settings.acd).agentStates !== 'pushed') {
    throw new RecordsRefusedError(
      "This connection reads its agents' states from the ACD itself. Send state changes to a connection whose source is " +
        'pushed, or import past ones from a file.',
    );
  }
  const events = good.map(({ index, record: { agentId, state: name, reason, at: atMs } }) => {
    return { index, agentId, name, reason, atMs };
  });
  const { counts, refused } = await storeToldChanges(deps, session, events, { arrivedAtMs: deps.clock.nowMs() });
  await feedSucceeded(deps, session, 'agent-states', { always: true });
  return { counts, refused };
}

interface InInterval {
  readonly start: number;
}

/**
 * Leaves out intervals that have not ended, and those past what is kept; of two records with one key the later one counts,
 * the one before it is refused. `keyOf`: the rest of the natural key.
 */
function siftIntervals<R extends InInterval>(
  session: Session,
  good: readonly { readonly index: number; readonly record: R }[],
  nowMs: number,
  keyOf: (record: R) => string,
): { records: R[]; refused: RefusedRecord[] } {
  const days = session.config.settings.collection.retentionDays.queueIntervals;
  const refused: RefusedRecord[] = [];
  const byKey = new Map<string, { index: number; record: R }>();
  for (const item of good) {
    const { index, record } = item;
    if (record.start + INTERVAL_MS > nowMs + MINUTE_MS) {
      refused.push({ index, reason: 'start: this interval has not ended yet.' });
    } else if (record.start < nowMs - days * DAY_MS) {
      refused.push({ index, reason: `start: figures are kept for ${days} days, and this interval is older.` });
    } else {
      const key = `${record.start} ${keyOf(record)}`;
      const before = byKey.get(key);
      if (before) refused.push({ index: before.index, reason: 'Another record with the same key follows it.' });
      byKey.set(key, item);
    }
  }
  return { records: [...byKey.values()].map(({ record }) => record), refused };
}

async function applyQueueIntervals(
  deps: BridgeDeps,
  session: Session,
  { good }: GivenRecords<'queue-intervals'>,
): Promise<Applied> {
  const { records, refused } = siftIntervals(session, good, deps.clock.nowMs(), ({ queueId }) => queueId);
  const queues = await keysOfQueues(deps, session, records);
  const rows = records.map((record) => ({
    queueKey: queues(record.queueId),
    startMs: record.start,
    offered: record.offered,
    abandoned: record.abandoned,
    handleTimeMs: record.handleTimeMs,
    inferred: false,
    details: detailsOf(record),
  }));
  const incomplete = new Set(records.filter(({ isIncomplete }) => isIncomplete).map(({ start }) => start));
  const { statements, counts } = await stepOfFigures(deps, session, rows, incomplete);
  if (statements.length > 0) await deps.db.batch([guardLease(deps.db, session), ...statements]);
  await feedSucceeded(deps, session, 'intervals', { always: true });
  return { counts, refused };
}

function detailsOf(record: CheckedRecord<'queue-intervals'>): QueueDetails {
  return {
    handledShort: record.handledShort ?? null,
    handledLong: record.handledLong ?? null,
    abandonedShort: record.abandonedShort ?? null,
    workTimeMs: record.workTimeMs ?? null,
    queueDelayTimeMs: record.queueDelayTimeMs ?? null,
    holdTimeMs: record.holdTimeMs ?? null,
  };
}

async function applyAgentIntervals(
  deps: BridgeDeps,
  session: Session,
  { good }: GivenRecords<'agent-intervals'>,
): Promise<Applied> {
  const nowMs = deps.clock.nowMs();
  const { records, refused } = siftIntervals(session, good, nowMs, ({ agentId }) => agentId);
  const agents = await keysOfAgents(deps, session, records);
  const rows = records.map(({ agentId, start: startMs, loginTimeMs, readyTimeMs, notReadyTimeMs }) => {
    return { agentKey: agents(agentId), startMs, loginTimeMs, readyTimeMs, notReadyTimeMs };
  });
  const step = await stepOfAgentFigures(deps.db, session.connectionId, rows, nowMs);
  await storeAgentFigures(deps, session, step);
  return { counts: step.counts, refused };
}

async function applyAgentQueueIntervals(
  deps: BridgeDeps,
  session: Session,
  { good }: GivenRecords<'agent-queue-intervals'>,
): Promise<Applied> {
  const nowMs = deps.clock.nowMs();
  const key = (record: CheckedRecord<'agent-queue-intervals'>) => JSON.stringify([record.queueId, record.agentId]);
  const { records, refused } = siftIntervals(session, good, nowMs, key);
  const agents = await keysOfAgents(deps, session, records);
  const queues = await keysOfQueues(deps, session, records);
  const rows = records.map(({ agentId, queueId, start: startMs, ...figures }) => {
    return { agentKey: agents(agentId), queueKey: queues(queueId), startMs, ...figures };
  });
  const step = await stepOfAgentQueueFigures(deps.db, session.connectionId, rows, nowMs);
  await storeAgentFigures(deps, session, step);
  return { counts: step.counts, refused };
}

/** Stores agents' figures and lets the historical reports of their windows wait: they carry them. */
async function storeAgentFigures(deps: BridgeDeps, session: Session, step: AgentFiguresStep): Promise<void> {
  if (step.starts.length === 0) return;
  const { db } = deps;
  const { connectionId, config } = session;
  const lengthMs = config.settings.collection.reportMinutes * MINUTE_MS;
  const windows = [...new Set(step.starts.map((startMs) => floorToGrid(startMs, lengthMs)))];
  const queues = await countReportedQueues(db, connectionId, windows, lengthMs, []);
  const reports = windows.map((startMs) => {
    return { startMs, endMs: startMs + lengthMs, recordCount: queues.get(startMs) ?? 0 };
  });
  await db.batch([
    guardLease(db, session),
    ...step.statements,
    ...raiseReports(db, connectionId, 'historical', reports, deps.clock.nowMs()),
  ]);
}

/** Looks agents up by any name that the roster has for them; unknown ones are noted first. */
async function keysOfAgents(deps: BridgeDeps, session: Session, records: readonly { agentId: string }[]) {
  await noteAgents(
    deps,
    session,
    records.map(({ agentId }) => agentId),
  );
  return (agentId: string): number => {
    const agent = session.config.agentsByName.get(agentId);
    if (!agent) throw new Error('An agent of a record was not stored.');
    return agent.key;
  };
}

async function keysOfQueues(deps: BridgeDeps, session: Session, records: readonly { queueId: string }[]) {
  const byId = (queues: readonly MappedQueue[]) => new Map(queues.map((queue) => [queue.sourceId, queue.key]));
  let keys = byId(session.config.queues);
  const unknown = new Set(records.map(({ queueId }) => queueId).filter((queueId) => !keys.has(queueId)));
  if (unknown.size > 0) {
    const seen = [...unknown].map((sourceId) => ({ sourceId, name: '' }));
    await addSeenQueues(deps.db, session.connectionId, seen, deps.clock.nowMs());
    const queues = await readQueues(deps.db, session.connectionId);
    session.config = { ...session.config, queues };
    keys = byId(queues);
  }
  return (queueId: string): number => {
    const key = keys.get(queueId);
    if (key === undefined) throw new Error('A queue of a record was not stored.');
    return key;
  };
}

const rosterAgent = ({ record }: { record: CheckedRecord<'agents'> }): GivenRosterRow => ({
  sourceId: record.agentId,
  name: record.name ?? null,
  username: record.username ?? null,
  isOutbound: null,
});

const rosterQueue = ({ record }: { record: CheckedRecord<'queues'> }): GivenRosterRow => ({
  sourceId: record.queueId,
  name: record.name ?? null,
  username: null,
  isOutbound: record.isOutbound ?? null,
});

/** Adds and renames; nobody is removed because somebody did not mention them. */
async function applyRoster(
  deps: BridgeDeps,
  session: Session,
  table: 'agent' | 'queue',
  given: readonly GivenRosterRow[],
): Promise<Applied> {
  const rows = [...new Map(given.map((row) => [row.sourceId, row])).values()];
  const repeated = given.length - rows.length;
  const { statements, counts } = await stepOfRosterRows(deps.db, session.connectionId, table, rows, deps.clock.nowMs());
  if (statements.length > 0) await deps.db.batch([guardLease(deps.db, session), ...statements]);
  await feedSucceeded(deps, session, 'roster', { always: true });
  return { counts: { ...counts, same: counts.same + repeated }, refused: [] };
}
