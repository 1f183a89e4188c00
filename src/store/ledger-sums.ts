/**
 * Sums of an interval's stored figures, kept in its ledger row: written by the batch that stores the figures, from the
 * table and not from what was meant to be stored, and proved against each figure a day at a time.
 */
import { DAY_MS, type Window } from '../domain/interval.ts';

/** SQL, with the connection as ?1: contacts of all stored figures of the interval that begins at `startMs`. */
const STORED = (startMs: string) =>
  `(SELECT coalesce(sum(offered), 0) FROM queue_interval WHERE connection_id = ?1 AND start_ms = ${startMs})`;

/** The same of queues that are left out at present. Reads no figure of any other queue. */
const LEFT_OUT = (startMs: string) =>
  `(SELECT coalesce(sum(offered), 0) FROM queue_interval WHERE connection_id = ?1 AND start_ms = ${startMs}
      AND queue_id IN (SELECT id FROM queue WHERE connection_id = ?1 AND included = 0))`;

const VERSION = '(SELECT inclusion_version FROM connection WHERE id = ?1)';

/** The columns of the ledger that hold sums, and SQL for what belongs into them. */
export const SUM_COLUMNS = 'stored_offered, left_out_offered, sums_version';
export const SUMS = (startMs: string) => `${STORED(startMs)}, ${LEFT_OUT(startMs)}, ${VERSION}`;

/** SQL that tells whether a row's sums hold: what was never collected has no figures, whoever left out what. */
export const SUMS_HOLD = `(revision = 0 OR sums_version IS ${VERSION})`;

/** Contacts of one interval's stored figures. */
export interface StoredSums {
  readonly stored: number;
  /** Of these, of queues that are left out at present. */
  readonly leftOut: number;
}

/** Adds up the stored figures of some intervals, each figure read anew. */
export async function addUpFigures(
  db: D1Database,
  connectionId: number,
  starts: readonly number[],
): Promise<Map<number, StoredSums>> {
  if (starts.length === 0) return new Map();
  const { results } = await db
    .prepare(
      `SELECT value AS startMs, ${STORED('value')} AS stored, ${LEFT_OUT('value')} AS leftOut FROM json_each(?2)`,
    )
    .bind(connectionId, JSON.stringify(starts))
    .all<StoredSums & { startMs: number }>();
  return new Map(results.map(({ startMs, stored, leftOut }) => [startMs, { stored, leftOut }]));
}

/** What is known of the proofs of a connection. */
export interface ProofState {
  /** Of the ledger; null while it is empty. */
  readonly span: Window | null;
  readonly inclusionVersion: number;
  readonly proofs: ReadonlyMap<number, Proof>;
}

export interface Proof {
  readonly provedAtMs: number;
  readonly inclusionVersion: number;
}

export async function readProofState(db: D1Database, connectionId: number): Promise<ProofState> {
  const [facts, proofs] = await db.batch([
    db
      .prepare(
        `SELECT ${VERSION} AS version, (SELECT min(start_ms) FROM interval_ledger WHERE connection_id = ?1) AS firstMs,
                (SELECT max(start_ms) FROM interval_ledger WHERE connection_id = ?1) AS lastMs`,
      )
      .bind(connectionId),
    db
      .prepare(
        `SELECT day_ms AS dayMs, proved_at_ms AS provedAtMs, inclusion_version AS inclusionVersion FROM ledger_proof
         WHERE connection_id = ?1`,
      )
      .bind(connectionId),
  ]);
  const fact = facts?.results[0] as
    | { version: number | null; firstMs: number | null; lastMs: number | null }
    | undefined;
  const rows = (proofs?.results ?? []) as (Proof & { dayMs: number })[];
  const { firstMs = null, lastMs = null } = fact ?? {};
  return {
    span: firstMs === null || lastMs === null ? null : { startMs: firstMs, endMs: lastMs + 1 },
    inclusionVersion: fact?.version ?? 0,
    proofs: new Map(rows.map(({ dayMs, ...proof }) => [dayMs, proof])),
  };
}

/** When each day (UTC) of a span was last proved. */
export async function readProofs(db: D1Database, connectionId: number, window: Window): Promise<Map<number, number>> {
  const { results } = await db
    .prepare(
      `SELECT day_ms AS dayMs, proved_at_ms AS provedAtMs FROM ledger_proof
       WHERE connection_id = ?1 AND day_ms > ?2 AND day_ms < ?3`,
    )
    .bind(connectionId, window.startMs - DAY_MS, window.endMs)
    .all<{ dayMs: number; provedAtMs: number }>();
  return new Map(results.map(({ dayMs, provedAtMs }) => [dayMs, provedAtMs]));
}

/**
 * Compares the sums of a day (UTC) with each stored figure, sets right what differs and notes that it was done. Resolves
 * to how many intervals had sums that were wrong; sums never made, or of queues left out since, are none of them.
 */
export async function proveDay(
  db: D1Database,
  connectionId: number,
  { dayMs, inclusionVersion, nowMs }: { dayMs: number; inclusionVersion: number; nowMs: number },
): Promise<number> {
  const { results } = await db
    .prepare(
      // MATERIALIZED: else each mention of a sum would add it up once more.
      `WITH compared AS MATERIALIZED (
         SELECT start_ms AS startMs, sums_version IS NOT NULL OR revision = 0 AS wasMade, ${SUMS_HOLD} AS holds,
                stored_offered <> ${STORED('l.start_ms')} AS isStoredWrong,
                left_out_offered <> ${LEFT_OUT('l.start_ms')} AS isLeftOutWrong
         FROM interval_ledger l WHERE connection_id = ?1 AND start_ms >= ?2 AND start_ms < ?2 + ${DAY_MS})
       SELECT startMs, wasMade AND isStoredWrong OR holds AND isLeftOutWrong AS isWrong FROM compared
       WHERE isStoredWrong OR isLeftOutWrong OR NOT holds`,
    )
    .bind(connectionId, dayMs)
    .all<{ startMs: number; isWrong: number }>();
  const differing = results.filter(({ isWrong }) => isWrong === 1).length;
  const statements = [
    db
      .prepare(
        `INSERT INTO ledger_proof (connection_id, day_ms, proved_at_ms, inclusion_version, differing)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET proved_at_ms = excluded.proved_at_ms, inclusion_version = excluded.inclusion_version,
           differing = excluded.differing`,
      )
      .bind(connectionId, dayMs, nowMs, inclusionVersion, differing),
  ];
  // Added up anew, because an interval may have been stored since it was compared.
  if (results.length > 0) {
    statements.push(
      db
        .prepare(
          `UPDATE interval_ledger SET (${SUM_COLUMNS}) = (SELECT ${SUMS('interval_ledger.start_ms')})
           WHERE connection_id = ?1 AND start_ms IN (SELECT value FROM json_each(?2))`,
        )
        .bind(connectionId, JSON.stringify(results.map(({ startMs }) => startMs))),
    );
  }
  await db.batch(statements);
  return differing;
}
