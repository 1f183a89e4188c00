/**
 * What is noted of reports that the WFM accepted: their place in the account, and the bodies as they were sent. A whole
 * round at once: a statement a report costs D1 more than what it writes.
 */
import { HOLDS_LEASE } from './lease.ts';
import type { WaitingReport, WindowedStream } from './reports.ts';

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
 * Statements that note accepted reports, each at most once. They change nothing when the lease is lost, and nothing of a
 * report of which a further revision came up in the meantime: that one then waits to be sent.
 */
export function acceptReports(
  db: D1Database,
  owner: { connectionId: number; epoch: number },
  stream: WindowedStream,
  acceptances: readonly Acceptance[],
): D1PreparedStatement[] {
  if (acceptances.length === 0) return [];
  const rows = JSON.stringify(
    acceptances.map(({ report, deliveredCount, heldCount, setAsideCount, ...rest }) => {
      const recordCount = deliveredCount + heldCount + setAsideCount;
      const { acceptedAtMs, bodySha256, deliveredContacts } = rest;
      const counts = [deliveredCount, setAsideCount, recordCount, heldCount];
      return [report.startMs, report.revision, ...counts, acceptedAtMs, bodySha256, deliveredContacts];
    }),
  );
  // CROSS JOIN keeps the order: the planner would walk all reports of the stream.
  const stillWaiting = `json_each(?3) n CROSS JOIN report r
    ON r.connection_id = ?1 AND r.stream = ?2 AND r.start_ms = n.value ->> 0 AND r.revision = n.value ->> 1
    AND r.delivered_revision < r.revision AND ${HOLDS_LEASE('?1', '?4')}`;
  const bind = (sql: string) => db.prepare(sql).bind(owner.connectionId, stream, rows, owner.epoch);
  return [
    bind(
      `UPDATE stream SET delivered_count = delivered_count + d.delivered, set_aside_count = set_aside_count + d.set_aside,
              read_count = read_count + d.read_more
       FROM (SELECT coalesce(sum(n.value ->> 2), 0) AS delivered, coalesce(sum(n.value ->> 3), 0) AS set_aside,
                    coalesce(sum(n.value ->> 4 - r.record_count), 0) AS read_more FROM ${stillWaiting}) d
       WHERE connection_id = ?1 AND name = ?2`,
    ),
    bind(
      `INSERT INTO report (connection_id, stream, start_ms, end_ms, revision, created_at_ms, delivered_revision,
              set_aside_count, record_count, held_count, accepted_at_ms, body_sha256, delivered_contacts)
       SELECT r.connection_id, r.stream, r.start_ms, r.end_ms, r.revision, r.created_at_ms, r.revision,
              n.value ->> 3, n.value ->> 4, n.value ->> 5, n.value ->> 6, n.value ->> 7, n.value ->> 8
       FROM ${stillWaiting} WHERE true
       ON CONFLICT (connection_id, stream, start_ms) DO UPDATE SET delivered_revision = excluded.delivered_revision,
         set_aside_count = excluded.set_aside_count, record_count = excluded.record_count,
         held_count = excluded.held_count, accepted_at_ms = excluded.accepted_at_ms, body_sha256 = excluded.body_sha256,
         delivered_contacts = excluded.delivered_contacts`,
    ),
  ];
}

/** A body as it was sent, with the answer. */
export interface KeptBody {
  readonly startMs: number;
  readonly revision: number;
  /** From 0, where a report went in several bodies. */
  readonly part: number;
  readonly sentAtMs: number;
  readonly answer: string;
  readonly sha256: string;
  /** Null: too large to be kept. */
  readonly bodyGzip: ArrayBuffer | null;
}

/** D1 takes 2 MB a value, and a byte is two digits: larger bodies go one by one. */
const BYTES_PER_STATEMENT_MAX = 400_000;

const KEEP = `INSERT INTO report_body (connection_id, stream, start_ms, revision, part, sent_at_ms, answer, sha256, body_gzip)`;
const REPLACE = `ON CONFLICT DO UPDATE SET sent_at_ms = excluded.sent_at_ms, answer = excluded.answer,
  sha256 = excluded.sha256, body_gzip = excluded.body_gzip`;

/**
 * Statements that keep bodies. A binding of bytes travels as a list of numbers, digits as one text: they are cheaper.
 * `toHex`: two digits a byte.
 */
export function keepBodies(
  db: D1Database,
  connectionId: number,
  stream: WindowedStream,
  bodies: readonly KeptBody[],
  toHex: (bytes: Uint8Array) => string,
): D1PreparedStatement[] {
  const statements: D1PreparedStatement[] = [];
  let together: KeptBody[] = [];
  let bytes = 0;
  const flush = () => {
    if (together.length > 0) statements.push(keepTogether(db, connectionId, stream, together, toHex));
    together = [];
    bytes = 0;
  };
  for (const body of bodies) {
    const size = body.bodyGzip?.byteLength ?? 0;
    if (size > BYTES_PER_STATEMENT_MAX) {
      const { startMs, revision, part, sentAtMs, answer, sha256, bodyGzip } = body;
      const statement = db.prepare(`${KEEP} VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ${REPLACE}`);
      statements.push(
        statement.bind(connectionId, stream, startMs, revision, part, sentAtMs, answer, sha256, bodyGzip),
      );
      continue;
    }
    if (bytes + size > BYTES_PER_STATEMENT_MAX) flush();
    together.push(body);
    bytes += size;
  }
  flush();
  return statements;
}

function keepTogether(
  db: D1Database,
  connectionId: number,
  stream: WindowedStream,
  bodies: readonly KeptBody[],
  toHex: (bytes: Uint8Array) => string,
): D1PreparedStatement {
  const rows = bodies.map(({ startMs, revision, part, sentAtMs, answer, sha256, bodyGzip }) => {
    return [startMs, revision, part, sentAtMs, answer, sha256, bodyGzip && toHex(new Uint8Array(bodyGzip))];
  });
  return db
    .prepare(
      `${KEEP} SELECT ?1, ?2, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, unhex(value ->> 6)
       FROM json_each(?3) WHERE true ${REPLACE}`,
    )
    .bind(connectionId, stream, JSON.stringify(rows));
}
