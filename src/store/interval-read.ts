/** Everything about one interval: figures per queue with every revision, its reports, and the bodies as they were sent. */
import { INTERVAL_MS } from '../domain/interval.ts';
import type { WindowedStream } from './reports.ts';

/** Figures of a queue as one reading left them. */
export interface FigureRevision {
  readonly revision: number;
  readonly offered: number;
  readonly abandoned: number;
  readonly handleTimeMs: number;
  readonly inferred: boolean;
  readonly readAtMs: number;
}

export interface QueueFigureHistory {
  readonly queueId: number;
  readonly sourceId: string;
  readonly name: string;
  readonly queueValue: string;
  readonly isOutbound: boolean;
  readonly mixed: boolean;
  readonly included: boolean;
  /** The queue's own share answered within the service level; null: the connection's. */
  readonly shortPct: number | null;
  /** Newest first; never empty. */
  readonly revisions: readonly FigureRevision[];
}

interface RawFigure {
  queueId: number;
  sourceId: string;
  name: string;
  queueValue: string;
  isOutbound: number;
  mixed: number;
  included: number;
  shortPct: number | null;
  revision: number;
  offered: number;
  abandoned: number;
  handleTimeMs: number;
  inferred: number;
  readAtMs: number;
}

/** Figures of an interval by queue, busiest first, with all their revisions; at most `limit` queues. */
export async function readFigureHistories(
  db: D1Database,
  connectionId: number,
  startMs: number,
  limit: number,
): Promise<QueueFigureHistory[]> {
  const { results } = await db
    .prepare(
      `WITH busiest AS (
         SELECT queue_id, offered FROM queue_interval WHERE connection_id = ?1 AND start_ms = ?2
         ORDER BY offered DESC, queue_id LIMIT ?3
       ), figures AS (
         SELECT queue_id, revision, offered, abandoned, handle_time_ms, inferred, read_at_ms FROM queue_interval
         WHERE connection_id = ?1 AND start_ms = ?2
         UNION ALL
         SELECT queue_id, revision, offered, abandoned, handle_time_ms, inferred, read_at_ms FROM queue_interval_revision
         WHERE connection_id = ?1 AND start_ms = ?2
       )
       SELECT f.queue_id AS queueId, coalesce(q.source_id, '') AS sourceId, coalesce(q.name, '') AS name,
              coalesce(q.queue_value, q.source_id, '') AS queueValue, coalesce(q.is_outbound, 0) AS isOutbound,
              coalesce(q.mixed, 0) AS mixed, coalesce(q.included, 0) AS included, q.short_pct AS shortPct,
              f.revision, f.offered, f.abandoned, f.handle_time_ms AS handleTimeMs, f.inferred, f.read_at_ms AS readAtMs
       FROM busiest b JOIN figures f ON f.queue_id = b.queue_id LEFT JOIN queue q ON q.id = b.queue_id
       ORDER BY b.offered DESC, b.queue_id, f.revision DESC`,
    )
    .bind(connectionId, startMs, limit)
    .all<RawFigure>();
  const histories = new Map<number, QueueFigureHistory & { revisions: FigureRevision[] }>();
  for (const row of results) {
    const { queueId, sourceId, name, queueValue, shortPct, revision, offered, abandoned, handleTimeMs, readAtMs } = row;
    const figure = { revision, offered, abandoned, handleTimeMs, inferred: row.inferred === 1, readAtMs };
    const known = histories.get(queueId);
    if (known) known.revisions.push(figure);
    else {
      const flags = { isOutbound: row.isOutbound === 1, mixed: row.mixed === 1, included: row.included === 1 };
      histories.set(queueId, { queueId, sourceId, name, queueValue, ...flags, shortPct, revisions: [figure] });
    }
  }
  return [...histories.values()];
}

/** One report that carries an interval. */
export interface IntervalReport {
  readonly stream: WindowedStream;
  readonly startMs: number;
  readonly endMs: number;
  readonly revision: number;
  readonly deliveredRevision: number;
  readonly recordCount: number;
  readonly heldCount: number;
  readonly setAsideCount: number;
  readonly createdAtMs: number;
  readonly acceptedAtMs: number | null;
}

/** One body as it was sent, without its text. */
export interface SentBodyRow {
  readonly stream: WindowedStream;
  readonly startMs: number;
  readonly revision: number;
  readonly part: number;
  readonly sentAtMs: number;
  readonly answer: string;
  readonly sha256: string;
  /** Bytes as kept (compressed); null: too large to be kept. */
  readonly keptBytes: number | null;
}

/** The reports that carry an interval and the bodies that were sent for them, newest first. */
export async function readIntervalReports(
  db: D1Database,
  connectionId: number,
  startMs: number,
): Promise<{ reports: IntervalReport[]; bodies: SentBodyRow[] }> {
  const carries = `connection_id = ?1 AND start_ms > ?2 - ${2 * INTERVAL_MS} AND start_ms <= ?2`;
  const [reports, bodies] = await db.batch<IntervalReport | SentBodyRow>([
    db
      .prepare(
        `SELECT stream, start_ms AS startMs, end_ms AS endMs, revision, delivered_revision AS deliveredRevision,
                record_count AS recordCount, held_count AS heldCount, set_aside_count AS setAsideCount,
                created_at_ms AS createdAtMs, accepted_at_ms AS acceptedAtMs
         FROM report WHERE stream IN ('historical', 'agent-activity') AND ${carries} AND end_ms > ?2 ORDER BY stream DESC`,
      )
      .bind(connectionId, startMs),
    db
      .prepare(
        `SELECT stream, start_ms AS startMs, revision, part, sent_at_ms AS sentAtMs, answer, sha256,
                length(body_gzip) AS keptBytes
         FROM report_body WHERE stream IN ('historical', 'agent-activity') AND ${carries}
         ORDER BY stream DESC, start_ms DESC, revision DESC, part`,
      )
      .bind(connectionId, startMs),
  ]);
  const carrying = (reports?.results ?? []) as IntervalReport[];
  const isCarried = (body: SentBodyRow) =>
    carrying.some(({ stream, startMs: from }) => stream === body.stream && from === body.startMs);
  return { reports: carrying, bodies: ((bodies?.results ?? []) as SentBodyRow[]).filter(isCarried) };
}

/** Names one body that was sent. */
export interface BodyKey {
  readonly stream: WindowedStream;
  readonly startMs: number;
  readonly revision: number;
  readonly part: number;
}

/** A body's bytes, gzip-compressed as they are kept; null when there is none. */
export async function readBody(
  db: D1Database,
  connectionId: number,
  key: BodyKey,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const row = await db
    .prepare(
      `SELECT body_gzip AS body FROM report_body
       WHERE connection_id = ?1 AND stream = ?2 AND start_ms = ?3 AND revision = ?4 AND part = ?5`,
    )
    .bind(connectionId, key.stream, key.startMs, key.revision, key.part)
    .first<{ body: ArrayBuffer | number[] | null }>();
  return row?.body ? new Uint8Array(row.body) : null;
}
