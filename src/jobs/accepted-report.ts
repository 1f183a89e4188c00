/** A report that the WFM accepted: its records, and what is to be noted of each. */
import { toHex } from '../crypto/bytes.ts';
import type { Acceptance, KeptBody } from '../store/accepted-reports.ts';
import type { WaitingReport, WindowedStream } from '../store/reports.ts';
import type { SetAsideRecord } from '../store/set-aside.ts';
import type { AgentActivities, AgentPerformance, AgentQueueFigures, QueueFigures } from '../wfm/wfm.ts';
import type { BuiltReport } from './build-reports.ts';
import type { Failure, Refusal } from './send-in-order.ts';

/** Bodies over this size compressed are not kept: D1 takes 2 MB a value. */
const KEPT_BODY_BYTES_MAX = 1_500_000;

/** One record of a windowed report: what can be refused by itself. */
export type ReportRecord =
  | { readonly kind: 'queue'; readonly queue: QueueFigures }
  | { readonly kind: 'agent queue'; readonly agentQueue: AgentQueueFigures }
  | { readonly kind: 'performance'; readonly agent: AgentPerformance }
  | { readonly kind: 'activities'; readonly agent: AgentActivities };

export function recordsOf({ report }: BuiltReport): ReportRecord[] {
  if (report.stream === 'agent-activity') return report.agents.map((agent) => ({ kind: 'activities', agent }));
  return [
    ...report.queues.map((queue) => ({ kind: 'queue' as const, queue })),
    ...report.agentQueues.map((agentQueue) => ({ kind: 'agent queue' as const, agentQueue })),
    ...report.performance.map((agent) => ({ kind: 'performance' as const, agent })),
  ];
}

export function withRecords({ report }: BuiltReport, records: readonly ReportRecord[]): BuiltReport['report'] {
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

export interface SentBody {
  readonly body: string;
  readonly sentAtMs: number;
  readonly status: number;
}

/** How sending one report went. With a failure nothing of it counts: it is sent whole the next time. */
export interface SentReport {
  readonly failure: Failure | null;
  readonly bodies: readonly SentBody[];
  readonly refused: readonly Refusal<ReportRecord>[];
  /** Records accepted. */
  readonly accepted: number;
  /** Whose records were refused since something was accepted. */
  readonly refusedKeys: ReadonlySet<string>;
}

/** What is noted of an accepted report: its place in the account, the bodies as sent, what was refused. */
export interface AcceptedReport {
  readonly acceptance: Acceptance;
  readonly bodies: readonly KeptBody[];
  readonly setAside: readonly SetAsideRecord[];
}

export async function acceptedReport(
  stream: WindowedStream,
  report: WaitingReport,
  built: BuiltReport,
  { bodies, refused }: SentReport,
  acceptedAtMs: number,
): Promise<AcceptedReport> {
  const setAsideCount = refused.reduce((total, { record }) => total + weight(record), 0);
  const kept = await Promise.all(bodies.map(({ body }) => keepable(body)));
  const { startMs, revision } = report;
  return {
    acceptance: {
      report,
      deliveredCount: built.recordCount - setAsideCount,
      heldCount: built.heldCount,
      setAsideCount,
      acceptedAtMs,
      bodySha256: kept[0]?.sha256 ?? '',
      deliveredContacts: contactsOf(built, refused),
    },
    bodies: bodies.map(({ sentAtMs, status }, part) => {
      const { sha256 = '', bodyGzip = null } = kept[part] ?? {};
      return { startMs, revision, part, sentAtMs, answer: `${status}`, sha256, bodyGzip };
    }),
    setAside: refused.map((refusal) => setAsideOf(refusal, stream, report)),
  };
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

/** Whose record it is, as people read it; within one report no two have the same. */
export const keyOfRecord = (record: ReportRecord): string => keyAndFacts(record)[0];

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
  const sha256 = toHex(digest);
  const compressed = new Response(bytes).body?.pipeThrough(new CompressionStream('gzip'));
  const bodyGzip = compressed ? await new Response(compressed).arrayBuffer() : null;
  return { sha256, bodyGzip: bodyGzip && bodyGzip.byteLength <= KEPT_BODY_BYTES_MAX ? bodyGzip : null };
}
