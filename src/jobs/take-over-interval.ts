/**
 * Takes the figures of one interval from a member: they take the place of all that it said of the interval before. What
 * differs raises the interval's revision, and the merged report is sent again.
 */
import type { HandedInterval } from '../domain/handed-over.ts';
import { floorToGrid, MINUTE_MS } from '../domain/interval.ts';
import { stepOfAgentQueueFigures } from '../store/agent-figures.ts';
import { compareFigures, countReportedQueues, enterImportedIntervals, readSettling } from '../store/import-facts.ts';
import { guardLease } from '../store/lease.ts';
import { type HandedQueue, type MappedQueue, readQueues, saveHandedQueues } from '../store/mapping.ts';
import { noteHandedInterval, stepOfMemberTimes } from '../store/members.ts';
import { type StoredFigures, saveFigures, stepOfGoneFigures } from '../store/queue-intervals.ts';
import { raiseReports } from '../store/reports.ts';
import { fillEmployeeIds, noteAgents } from './note-seen.ts';
import { feedSucceeded } from './report-standing.ts';
import type { BridgeDeps, Session } from './session.ts';
import { waitingReports } from './store-figures.ts';

/** How a member's queue is called here: its key there may be another queue's key at another member. */
const sourceIdOf = (memberId: number, queueValue: string) => `${memberId}:${queueValue}`;

export async function takeInterval(
  deps: BridgeDeps,
  session: Session,
  memberId: number,
  handed: HandedInterval,
): Promise<void> {
  const { db, clock } = deps;
  const { connectionId } = session;
  const { startMs } = handed;
  const nowMs = clock.nowMs();
  const people = [...handed.agentQueues, ...handed.times];
  await noteAgents(
    deps,
    session,
    people.map(({ loginId }) => loginId),
  );
  await fillEmployeeIds(deps, session, people);
  const queues = await queuesOf(deps, session, memberId, handed);
  const keyOf = keysBy(queues, memberId, session);
  const rows = handed.queues.map((queue) => figuresOf(queue, keyOf.queue(queue.queueValue), startMs));
  const agentRows = handed.agentQueues.map(
    ({ queueValue, loginId, queueName: _n, isOutbound: _o, employeeId: _e, ...figures }) => {
      return { startMs, queueKey: keyOf.queue(queueValue), agentKey: keyOf.agent(loginId), ...figures };
    },
  );
  const times = handed.times.map(({ loginId, employeeId: _e, ...figures }) => ({
    agentKey: keyOf.agent(loginId),
    ...figures,
  }));
  const { differing } = await compareFigures(db, connectionId, rows);
  const byAgent = await stepOfAgentQueueFigures(db, connectionId, agentRows, nowMs);
  const gone = await stepOfGoneFigures(
    db,
    connectionId,
    startMs,
    queues.map(({ key }) => key),
    {
      queueKeys: rows.map(({ queueKey }) => queueKey),
      agentQueues: agentRows.map(({ queueKey, agentKey }) => [queueKey, agentKey] as const),
    },
  );
  const told = await stepOfMemberTimes(db, connectionId, { startMs, memberId }, times);
  const isNew = ((await readSettling(db, connectionId, [startMs])).get(startMs)?.revision ?? 0) === 0;
  const changesFigures = isNew || differing.length > 0 || !gone.isEmpty;
  // A member that tells of queues otherwise and of none now has got no figures: silence is not zero here either.
  const isIncomplete = rows.length === 0 && queues.length > 0;
  const changesAgents = byAgent.statements.length > 0 || told.differs;
  await db.batch([
    guardLease(db, session),
    ...gone.statements,
    ...saveFigures(db, connectionId, differing, nowMs),
    ...byAgent.statements,
    ...told.statements,
    noteHandedInterval(db, connectionId, memberId, startMs, nowMs),
    ...(changesFigures
      ? [
          ...enterImportedIntervals(db, connectionId, [{ startMs, nextReadAtMs: null, isIncomplete }], nowMs),
          ...(await waitingReports(deps, session, [startMs], rows)),
        ]
      : changesAgents
        ? await reportOf(deps, session, startMs)
        : []),
  ]);
  await feedSucceeded(deps, session, 'intervals', { always: true });
}

function figuresOf(queue: HandedInterval['queues'][number], queueKey: number, startMs: number): StoredFigures {
  const { offered, abandoned, handleTimeMs, queueValue: _v, queueName: _n, isOutbound: _o, ...details } = queue;
  return { queueKey, startMs, offered, abandoned, handleTimeMs, inferred: false, details };
}

/** Statements that let the report of an interval wait whose figures of queues are what they were. */
async function reportOf({ db, clock }: BridgeDeps, session: Session, startMs: number): Promise<D1PreparedStatement[]> {
  const { connectionId, config } = session;
  const lengthMs = config.settings.collection.reportMinutes * MINUTE_MS;
  const windowMs = floorToGrid(startMs, lengthMs);
  const queues = await countReportedQueues(db, connectionId, [windowMs], lengthMs, []);
  const report = { startMs: windowMs, endMs: windowMs + lengthMs, recordCount: queues.get(windowMs) ?? 0 };
  return raiseReports(db, connectionId, 'historical', [report], clock.nowMs());
}

/**
 * The member's queues, those included that this interval is the first to name. A queue's key in the WFM is the one that the
 * member gives it, unless another queue has that key already; once it is chosen it never changes by itself.
 */
async function queuesOf(
  deps: BridgeDeps,
  session: Session,
  memberId: number,
  handed: HandedInterval,
): Promise<MappedQueue[]> {
  const told = new Map([...handed.agentQueues, ...handed.queues].map((queue) => [queue.queueValue, queue]));
  const bySource = new Map(session.config.queues.map((queue) => [queue.sourceId, queue]));
  const taken = new Set(session.config.queues.map(({ queueValue }) => queueValue));
  const changed: HandedQueue[] = [];
  for (const { queueValue, queueName: name, isOutbound } of told.values()) {
    const sourceId = sourceIdOf(memberId, queueValue);
    const known = bySource.get(sourceId);
    if (known?.name === name && known.isOutbound === isOutbound) continue;
    const free = known?.queueValue ?? freeKey(queueValue, memberId, taken);
    taken.add(free);
    changed.push({ sourceId, name, isOutbound, queueValue: free });
  }
  if (changed.length > 0) {
    const { db, clock } = deps;
    const { connectionId } = session;
    await db.batch([guardLease(db, session), saveHandedQueues(db, connectionId, changed, clock.nowMs())]);
    session.config = { ...session.config, queues: await readQueues(db, connectionId) };
  }
  const prefix = sourceIdOf(memberId, '');
  return session.config.queues.filter(({ sourceId }) => sourceId.startsWith(prefix));
}

function freeKey(queueValue: string, memberId: number, taken: ReadonlySet<string>): string {
  let key = queueValue;
  while (taken.has(key)) key = `c${memberId}-${key}`;
  return key;
}

function keysBy(queues: readonly MappedQueue[], memberId: number, session: Session) {
  const bySource = new Map(queues.map(({ sourceId, key }) => [sourceId, key]));
  return {
    queue: (queueValue: string): number => {
      const key = bySource.get(sourceIdOf(memberId, queueValue));
      if (key === undefined) throw new Error('A queue of a member was not stored.');
      return key;
    },
    agent: (loginId: string): number => {
      const agent = session.config.agentsByName.get(loginId);
      if (!agent) throw new Error('An agent of a member was not stored.');
      return agent.key;
    },
  };
}
