/**
 * The reports of the windowed streams (historical, agent-activity): which wait, which were accepted, and the streams'
 * account. The account is a balance in records that always adds up: read = delivered + set aside + waiting.
 */
import type { Window } from '../domain/interval.ts';
import type { Stream } from '../wfm/wfm.ts';
import { HOLDS_LEASE } from './lease.ts';

export type WindowedStream = Exclude<Stream, 'agent-states'>;

/** A report that waits to be sent. */
export interface WaitingReport extends Window {
  readonly revision: number;
  readonly deliveredRevision: number;
  readonly recordCount: number;
  /** The WFM has a body of an older revision: where nothing is left of it, it has to be told that. */
  readonly wasTold: boolean;
}

/**
 * Statements that make reports wait: new ones, or a further revision of reports that were sent before. What the WFM had
 * of the older revision goes back from delivered to waiting.
 */
export function raiseReports(
  db: D1Database,
  connectionId: number,
  stream: WindowedStream,
  reports: readonly (Window & { recordCount: number })[],
  nowMs: number,
): D1PreparedStatement[] {
  if (reports.length === 0) return [];
  const rows = JSON.stringify(reports.map(({ startMs, endMs, recordCount }) => [startMs, endMs, recordCount]));
  return [
    db
      .prepare(
        `UPDATE stream SET
           read_count = read_count + d.read_more, delivered_count = delivered_count - d.delivered_less,
           set_aside_count = set_aside_count - d.set_aside_less
         FROM (SELECT coalesce(sum(n.value ->> 2 - coalesce(r.record_count, 0)), 0) AS read_more,
                      coalesce(sum(CASE WHEN r.delivered_revision = r.revision
                                        THEN r.record_count - r.held_count - r.set_aside_count END), 0) AS delivered_less,
                      coalesce(sum(CASE WHEN r.delivered_revision = r.revision THEN r.set_aside_count END), 0) AS set_aside_less
               FROM json_each(?3) n LEFT JOIN report r
                 ON r.connection_id = ?1 AND r.stream = ?2 AND r.start_ms = n.value ->> 0) d
         WHERE connection_id = ?1 AND name = ?2`,
      )
      .bind(connectionId, stream, rows),
    db
      .prepare(
        `INSERT INTO report (connection_id, stream, start_ms, end_ms, revision, record_count, created_at_ms)
         SELECT ?1, ?2, value ->> 0, value ->> 1, 1, value ->> 2, ?4 FROM json_each(?3) WHERE true
         ON CONFLICT (connection_id, stream, start_ms) DO UPDATE SET revision = revision + 1, end_ms = excluded.end_ms,
           record_count = excluded.record_count, held_count = 0, set_aside_count = 0`,
      )
      .bind(connectionId, stream, rows, nowMs),
  ];
}

/** Reports that wait, newest first: the live one before history. */
export async function readWaiting(
  db: D1Database,
  connectionId: number,
  stream: WindowedStream,
  limit: number,
): Promise<WaitingReport[]> {
  const { results } = await db
    .prepare(
      `SELECT start_ms AS startMs, end_ms AS endMs, revision, delivered_revision AS deliveredRevision,
              record_count AS recordCount, body_sha256 <> '' AS wasTold
       FROM report INDEXED BY report_waiting
       WHERE connection_id = ?1 AND stream = ?2 AND delivered_revision < revision ORDER BY start_ms DESC LIMIT ?3`,
    )
    .bind(connectionId, stream, limit)
    .all<Omit<WaitingReport, 'wasTold'> & { wasTold: number }>();
  return results.map((row) => ({ ...row, wasTold: row.wasTold === 1 }));
}

/** How a report went. Counts are records; their sum is what the report held. */
export interface Acceptance {
  readonly report: WaitingReport;
  readonly deliveredCount: number;
  readonly heldCount: number;
  readonly setAsideCount: number;
  readonly acceptedAtMs: number;
  readonly bodySha256: string;
  /** Contacts received in what was accepted; null for streams that carry none. */
  readonly deliveredContacts: number | null;
}

/**
 * Statements that note an accepted report. They change nothing when the lease is lost or a further revision came up
 * in the meantime: that one then waits to be sent.
 */
export function acceptReport(
  db: D1Database,
  owner: { connectionId: number; epoch: number },
  stream: WindowedStream,
  { report, deliveredCount, heldCount, setAsideCount, acceptedAtMs, bodySha256, deliveredContacts }: Acceptance,
): D1PreparedStatement[] {
  const recordCount = deliveredCount + heldCount + setAsideCount;
  const still = `(SELECT revision FROM report WHERE connection_id = ?1 AND stream = ?2 AND start_ms = ?3) = ?4
    AND (SELECT delivered_revision FROM report WHERE connection_id = ?1 AND stream = ?2 AND start_ms = ?3) < ?4
    AND ${HOLDS_LEASE('?1', '?5')}`;
  return [
    db
      .prepare(
        `UPDATE stream SET delivered_count = delivered_count + ?6, set_aside_count = set_aside_count + ?7,
           read_count = read_count + ?8
             - (SELECT record_count FROM report WHERE connection_id = ?1 AND stream = ?2 AND start_ms = ?3)
         WHERE connection_id = ?1 AND name = ?2 AND ${still}`,
      )
      .bind(
        owner.connectionId,
        stream,
        report.startMs,
        report.revision,
        owner.epoch,
        deliveredCount,
        setAsideCount,
        recordCount,
      ),
    db
      .prepare(
        `UPDATE report SET delivered_revision = ?4, record_count = ?6, held_count = ?7, set_aside_count = ?8,
                accepted_at_ms = ?9, body_sha256 = ?10, delivered_contacts = ?11
         WHERE connection_id = ?1 AND stream = ?2 AND start_ms = ?3 AND ${still}`,
      )
      .bind(
        owner.connectionId,
        stream,
        report.startMs,
        report.revision,
        owner.epoch,
        recordCount,
        heldCount,
        setAsideCount,
        acceptedAtMs,
        bodySha256,
        deliveredContacts,
      ),
  ];
}

/** Statement that keeps a body as it was sent, with the answer. */
export function keepBody(
  db: D1Database,
  connectionId: number,
  stream: WindowedStream,
  sent: {
    startMs: number;
    revision: number;
    part: number;
    sentAtMs: number;
    answer: string;
    sha256: string;
    bodyGzip: ArrayBuffer | null;
  },
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO report_body (connection_id, stream, start_ms, revision, part, sent_at_ms, answer, sha256, body_gzip)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
       ON CONFLICT DO UPDATE SET sent_at_ms = excluded.sent_at_ms, answer = excluded.answer, sha256 = excluded.sha256,
         body_gzip = excluded.body_gzip`,
    )
    .bind(
      connectionId,
      stream,
      sent.startMs,
      sent.revision,
      sent.part,
      sent.sentAtMs,
      sent.answer,
      sent.sha256,
      sent.bodyGzip,
    );
}

/** Accepted reports that left records out for want of a login id, of windows before `beforeMs`, newest first. */
export async function readHeldReports(
  db: D1Database,
  connectionId: number,
  beforeMs: number,
  limit: number,
): Promise<(Window & { recordCount: number; heldCount: number })[]> {
  const { results } = await db
    .prepare(
      `SELECT start_ms AS startMs, end_ms AS endMs, record_count AS recordCount, held_count AS heldCount
       FROM report INDEXED BY report_held
       WHERE connection_id = ?1 AND start_ms < ?2 AND held_count > 0 ORDER BY start_ms DESC LIMIT ?3`,
    )
    .bind(connectionId, beforeMs, limit)
    .all<Window & { recordCount: number; heldCount: number }>();
  return results;
}

/** What is known of a window's report, or null when there is none. */
export async function readReport(
  db: D1Database,
  connectionId: number,
  stream: WindowedStream,
  startMs: number,
): Promise<{ endMs: number; recordCount: number; heldCount: number; deliveredRevision: number } | null> {
  return await db
    .prepare(
      `SELECT end_ms AS endMs, record_count AS recordCount, held_count AS heldCount,
              delivered_revision AS deliveredRevision FROM report
       WHERE connection_id = ?1 AND stream = ?2 AND start_ms = ?3`,
    )
    .bind(connectionId, stream, startMs)
    .first<{ endMs: number; recordCount: number; heldCount: number; deliveredRevision: number }>();
}
