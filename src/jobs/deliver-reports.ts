/**
 * Delivers the reports that wait, newest window first: the live one before history. A report is built from stored facts
 * when it is sent, so what goes out is always the latest revision.
 */
import { acdTraits } from '../acd/registry.ts';
import { MINUTE_MS, type Window } from '../domain/interval.ts';
import { saveStream } from '../store/feeds.ts';
import { hasImportedStates } from '../store/import-facts.ts';
import { guardLease } from '../store/lease.ts';
import {
  acceptReport,
  keepBody,
  raiseReports,
  readHeldReports,
  readWaiting,
  type WaitingReport,
  type WindowedStream,
} from '../store/reports.ts';
import { type SetAsideRecord, setAside } from '../store/set-aside.ts';
import { readFirstLookMs } from '../store/state-log.ts';
import { wfmTraits } from '../wfm/registry.ts';
import type { AgentActivities, AgentPerformance, AgentQueueFigures, Outcome, QueueFigures } from '../wfm/wfm.ts';
import { activitiesOf, type BuiltReport, buildActivity, buildHistorical } from './build-reports.ts';
import { streamFailed, streamSucceeded } from './report-standing.ts';
import { type Failure, type Refusal, sendInOrder } from './send-in-order.ts';
import { ALL_HELD_REPORTS, type BridgeDeps, feedOf, type Session, streamOf } from './session.ts';
import { isWindowComplete } from './watch-members.ts';

/** A historical report waits so long after it is due for its agents' times; then it goes without, and again with them. */
const PATIENCE_MS = 3 * MINUTE_MS;
const WAITING_LOOKUP_MAX = 20;
const HELD_REPORTS_PER_TURN_MAX = 20;
/** Bodies over this size compressed are not kept: D1 takes 2 MB a value. */
const KEPT_BODY_BYTES_MAX = 1_500_000;

/** Sends the next report of a stream that is ready. Returns true when another one may be ready right away. */
export async function deliverNextReport(deps: BridgeDeps, session: Session, stream: WindowedStream): Promise<boolean> {
  const nowMs = deps.clock.nowMs();
  if (nowMs < streamOf(session, stream).retryAtMs) return false;
  const waiting = await readWaiting(deps.db, session.connectionId, stream, WAITING_LOOKUP_MAX);
  const firstLookMs = (await readFirstLookMs(deps.db, session.connectionId)) ?? Number.POSITIVE_INFINITY;
  const isKnown = (window: Window) => hasImportedStates(deps.db, session.connectionId, window);
  for (const report of waiting) {
    const readiness = readinessOf(session, stream, report, nowMs, firstLookMs);
    if (readiness === 'not yet' || !(await areMembersIn(deps, session, stream, report))) continue;
    const { config } = session;
    const built =
      stream === 'historical'
        ? await buildHistorical(deps, session, report, readiness === 'watched' || (await isKnown(report)))
        : await buildActivity(deps, session, report);
    const sent = await sendReport(deps, session, stream, report, built);
    // Built with a mapping that is not in force any more: it may have left out who can be placed by now.
    if (session.config !== config) session.heldReportsBeforeMs = ALL_HELD_REPORTS;
    return sent;
  }
  return false;
}

function readinessOf(
  session: Session,
  stream: WindowedStream,
  { startMs, endMs }: WaitingReport,
  nowMs: number,
  firstLookMs: number,
): 'watched' | 'unwatched' | 'not yet' {
  if (stream === 'agent-activity') return 'watched';
  const isTold = acdTraits(session.config.settings.acd).agentStates !== 'snapshots';
  // What a source tells is known for time before the bridge began, too.
  if (endMs <= firstLookMs) return isTold ? 'watched' : 'unwatched';
  const closedThroughMs = feedOf(session, 'agent-states').throughMs ?? 0;
  if (endMs <= closedThroughMs || startMs < closedThroughMs) return 'watched';
  const settleDelayMs = session.config.settings.collection.settleDelayS * 1_000;
  return nowMs > endMs + settleDelayMs + PATIENCE_MS ? 'unwatched' : 'not yet';
}

/** A merged report goes out when every member has handed its window over: later ones come as they come. */
async function areMembersIn(
  deps: BridgeDeps,
  session: Session,
  stream: WindowedStream,
  report: WaitingReport,
): Promise<boolean> {
  if (session.config.settings.acd.kind !== 'merged' || stream !== 'historical') return true;
  return report.deliveredRevision > 0 || isWindowComplete(deps, session, report);
}

/** One record of a windowed report: what can be refused by itself. */
type ReportRecord =
  | { readonly kind: 'queue'; readonly queue: QueueFigures }
  | { readonly kind: 'agent queue'; readonly agentQueue: AgentQueueFigures }
  | { readonly kind: 'performance'; readonly agent: AgentPerformance }
  | { readonly kind: 'activities'; readonly agent: AgentActivities };

function recordsOf({ report }: BuiltReport): ReportRecord[] {
  if (report.stream === 'agent-activity') return report.agents.map((agent) => ({ kind: 'activities', agent }));
  return [
    ...report.queues.map((queue) => ({ kind: 'queue' as const, queue })),
    ...report.agentQueues.map((agentQueue) => ({ kind: 'agent queue' as const, agentQueue })),
    ...report.performance.map((agent) => ({ kind: 'performance' as const, agent })),
  ];
}

function withRecords({ report }: BuiltReport, records: readonly ReportRecord[]): BuiltReport['report'] {
  const { window } = report;
  if (report.stream === 'agent-activity') {
    return {
      stream: 'agent-activity',
      window,
      agents: records.flatMap((r) => (r.kind === 'activities' ? [r.agent] : [])),
    };
  }
  return {
    stream: 'historical',
    window,
    queues: records.flatMap((r) => (r.kind === 'queue' ? [r.queue] : [])),
    agentQueues: records.flatMap((r) => (r.kind === 'agent queue' ? [r.agentQueue] : [])),
    performance: records.flatMap((r) => (r.kind === 'performance' ? [r.agent] : [])),
  };
}

interface SentBody {
  readonly body: string;
  readonly sentAtMs: number;
  readonly status: number;
}

/** Sends one report whole, or in parts where it is too large, without the records that the WFM refuses for good. */
async function sendReport(
  deps: BridgeDeps,
  session: Session,
  stream: WindowedStream,
  waiting: WaitingReport,
  built: BuiltReport,
): Promise<boolean> {
  const { wfm, settings } = session.config;
  const { bodyBytesMax, takesChanges } = wfmTraits(settings.wfm);
  let bodies: SentBody[] = [];
  const send = async (records: readonly ReportRecord[]): Promise<Outcome> => {
    const body = wfm.compose(withRecords(built, records));
    if (records.length > 1 && body.length > bodyBytesMax) {
      return { kind: 'too large', status: 413, reason: 'over the largest body that the settings allow' };
    }
    const sentAtMs = deps.clock.nowMs();
    const outcome = await wfm.send(stream, body);
    if (outcome.kind === 'accepted') bodies.push({ body, sentAtMs, status: outcome.status });
    return outcome;
  };
  const records = recordsOf(built);
  const { refusedInARow } = streamOf(session, stream);
  const result = await sendInOrder(records, { send, refusedInARow });
  let failure: Failure | null = result.failure;
  if ((takesChanges || waiting.wasTold) && records.length === 0) {
    const empty = await send([]);
    // A WFM that takes no empty report keeps what it has: there is no record to set aside, and nothing to wait for.
    failure = empty.kind === 'accepted' || empty.kind === 'refused' || empty.kind === 'too large' ? null : empty;
  }
  if (!failure && result.refused.length > 0 && !result.split && result.accepted > 0) {
    // The search for the refused records sent parts, and a later part replaces an earlier one: send the rest whole.
    const refused = new Set(result.refused.map(({ record }) => record));
    bodies = [];
    const whole = await send(records.filter((record) => !refused.has(record)));
    failure = whole.kind === 'accepted' ? null : whole;
  }
  if (failure) {
    await streamFailed(deps, session, stream, failure);
    return false;
  }
  await noteAccepted(deps, session, stream, waiting, built, bodies, result.refused);
  await noteStanding(deps, session, stream, result.accepted, result.refusedInARow);
  return true;
}

async function noteAccepted(
  deps: BridgeDeps,
  session: Session,
  stream: WindowedStream,
  waiting: WaitingReport,
  built: BuiltReport,
  bodies: readonly SentBody[],
  refused: readonly Refusal<ReportRecord>[],
): Promise<void> {
  const setAsideCount = refused.reduce((total, { record }) => total + weight(record), 0);
  const kept = await Promise.all(bodies.map(({ body }) => keepable(body)));
  const acceptance = {
    report: waiting,
    deliveredCount: built.recordCount - setAsideCount,
    heldCount: built.heldCount,
    setAsideCount,
    acceptedAtMs: deps.clock.nowMs(),
    bodySha256: kept[0]?.sha256 ?? '',
    deliveredContacts: contactsOf(built, refused),
  };
  const rows = refused.map((refusal) => setAsideOf(refusal, stream, waiting));
  await deps.db.batch([
    guardLease(deps.db, session),
    ...acceptReport(deps.db, session, stream, acceptance),
    ...bodies.map(({ sentAtMs, status }, part) =>
      keepBody(deps.db, session.connectionId, stream, {
        startMs: waiting.startMs,
        revision: waiting.revision,
        part,
        sentAtMs,
        answer: `${status}`,
        sha256: kept[part]?.sha256 ?? '',
        bodyGzip: kept[part]?.bodyGzip ?? null,
      }),
    ),
    ...(rows.length > 0 ? [setAside(deps.db, session.connectionId, rows)] : []),
  ]);
}

async function noteStanding(
  deps: BridgeDeps,
  session: Session,
  stream: WindowedStream,
  accepted: number,
  refusedInARow: number,
): Promise<void> {
  if (accepted > 0) return streamSucceeded(deps, session, stream, { always: true });
  if (refusedInARow === streamOf(session, stream).refusedInARow) return;
  const standing = { ...streamOf(session, stream), refusedInARow };
  session.streams.set(stream, standing);
  await deps.db.batch([guardLease(deps.db, session), saveStream(deps.db, session.connectionId, stream, standing)]);
}

/** Contacts received in an accepted report, without the queues that were refused. Null where a report has none. */
function contactsOf({ report }: BuiltReport, refused: readonly Refusal<ReportRecord>[]): number | null {
  if (report.stream !== 'historical') return null;
  const gone = new Set(refused.map(({ record }) => (record.kind === 'queue' ? record.queue : null)));
  return report.queues.reduce((sum, queue) => sum + (gone.has(queue) ? 0 : queue.contactsReceived), 0);
}

/** How many records of the account one record of the body stands for: times ride along and are derived, not read. */
function weight(record: ReportRecord): number {
  if (record.kind === 'activities') return record.agent.activities.length;
  return record.kind === 'queue' ? 1 : 0;
}

function setAsideOf(
  { record, status, reason }: Refusal<ReportRecord>,
  stream: WindowedStream,
  { startMs }: WaitingReport,
): SetAsideRecord {
  const [recordKey, facts] = keyAndFacts(record);
  return { stream, atMs: startMs, windowStartMs: startMs, recordKey, record: facts, httpStatus: status, reason };
}

function keyAndFacts(record: ReportRecord): [key: string, facts: object] {
  switch (record.kind) {
    case 'queue':
      return [`queue ${record.queue.queueValue}`, record.queue];
    case 'agent queue':
      return [`agent ${record.agentQueue.agentValue} in queue ${record.agentQueue.queueValue}`, record.agentQueue];
    case 'performance':
      return [`times of agent ${record.agent.agentValue}`, record.agent];
    case 'activities':
      return [`activities of agent ${record.agent.agentValue}`, record.agent];
  }
}

async function keepable(body: string): Promise<{ sha256: string; bodyGzip: ArrayBuffer | null }> {
  const bytes = new TextEncoder().encode(body);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const sha256 = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const compressed = new Response(bytes).body?.pipeThrough(new CompressionStream('gzip'));
  const bodyGzip = compressed ? await new Response(compressed).arrayBuffer() : null;
  return { sha256, bodyGzip: bodyGzip && bodyGzip.byteLength <= KEPT_BODY_BYTES_MAX ? bodyGzip : null };
}

/**
 * Agents that got a login id: the windows that left them out wait to be sent again, with them. Looks through the held
 * windows newest first, a few a turn, whenever agents may have got one: after a start, after a reload, and when a report
 * was built before a reload and accepted after it. Returns true when some were raised.
 */
export async function raiseReportsOfPlacedAgents(deps: BridgeDeps, session: Session): Promise<boolean> {
  const beforeMs = session.heldReportsBeforeMs;
  if (beforeMs === null) return false;
  session.heldReportsBeforeMs = null;
  const windows = await readHeldReports(deps.db, session.connectionId, beforeMs, HELD_REPORTS_PER_TURN_MAX);
  const reports: (Window & { recordCount: number })[] = [];
  for (const window of windows) {
    const { held } = await activitiesOf(deps, session, window);
    if (held < window.heldCount) reports.push(window);
  }
  const statements = raiseReports(deps.db, session.connectionId, 'agent-activity', reports, deps.clock.nowMs());
  if (statements.length > 0) await deps.db.batch([guardLease(deps.db, session), ...statements]);
  // A reload that came in between begins anew, from the newest.
  const oldest = windows.length === HELD_REPORTS_PER_TURN_MAX ? windows.at(-1) : undefined;
  session.heldReportsBeforeMs ??= oldest?.startMs ?? null;
  return reports.length > 0;
}
