/**
 * What the Overview draws: figures of a day, how long deliveries took, what agents are doing. Each is a bounded number of
 * rows, whatever the size of the centre's history.
 */
import type { StateClass } from '../domain/agent-state.ts';
import type { Window } from '../domain/interval.ts';

export interface IntervalSum {
  readonly startMs: number;
  readonly offered: number;
  readonly abandoned: number;
  readonly handleTimeMs: number;
}

/** Sums over all queues of the intervals of a window that were collected, from the ledger: one row an interval. */
export async function readIntervalSums(db: D1Database, connectionId: number, window: Window): Promise<IntervalSum[]> {
  const { results } = await db
    .prepare(
      `SELECT start_ms AS startMs, offered, abandoned, handle_time_ms AS handleTimeMs FROM interval_ledger
       WHERE connection_id = ?1 AND start_ms >= ?2 AND start_ms < ?3 AND revision > 0 ORDER BY start_ms`,
    )
    .bind(connectionId, window.startMs, window.endMs)
    .all<IntervalSum>();
  return results;
}

/** How long something took to be accepted, and when it came about. */
export interface Delay {
  readonly atMs: number;
  readonly delayMs: number;
}

/**
 * For each window since `fromMs`: from its end until its historical report was first accepted. Windows from before the
 * connection was made are left out: they came by a backfill or a file.
 */
export async function readReportDelays(db: D1Database, connectionId: number, fromMs: number): Promise<Delay[]> {
  const { results } = await db
    .prepare(
      `SELECT r.end_ms AS atMs,
              coalesce((SELECT min(b.sent_at_ms) FROM report_body b WHERE b.connection_id = r.connection_id
                          AND b.stream = r.stream AND b.start_ms = r.start_ms), r.accepted_at_ms) - r.end_ms AS delayMs
       FROM connection c JOIN report r ON r.connection_id = c.id AND r.stream = 'historical' AND r.start_ms >= ?2
        AND r.end_ms > c.created_at_ms AND r.accepted_at_ms IS NOT NULL
       WHERE c.id = ?1
       ORDER BY r.start_ms`,
    )
    .bind(connectionId, fromMs)
    .all<Delay>();
  return results.filter(({ delayMs }) => delayMs >= 0);
}

/**
 * For a sample of the looks since `fromMs` that brought changes: from the answer's arrival until the WFM had accepted all
 * of them. A row of the log knows of an acceptance by the time of the next look: looks whose changes waited longer take
 * the acceptance of the first sampled row that knows better, so that a stall shows.
 */
export async function readStateDelays(
  db: D1Database,
  connectionId: number,
  fromMs: number,
  samplesMax: number,
): Promise<Delay[]> {
  const { results } = await db
    .prepare(
      `WITH RECURSIVE
         ends AS (SELECT min(log_id) AS low, max(log_id) AS high FROM state_log WHERE connection_id = ?1),
         -- Halves the log until the first row since ?2 is found: rows are not found by time otherwise.
         search (low, high) AS (
           SELECT low, high FROM ends WHERE low IS NOT NULL
           UNION ALL
           SELECT CASE WHEN m.from_ms < ?2 THEN m.log_id + 1 ELSE s.low END, CASE WHEN m.from_ms < ?2 THEN s.high ELSE m.log_id END
           FROM search s JOIN state_log m ON m.connection_id = ?1 AND m.log_id = (s.low + s.high) / 2
           WHERE s.low < s.high),
         span AS (SELECT max(low) AS low, (SELECT high FROM ends) AS high FROM search),
         places (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM places WHERE n + 1 < ?3),
         -- A bound number may be a real one, which would not find whole ids.
         chosen AS (SELECT DISTINCT low + (high - low) * n / max(1, CAST(?3 AS INTEGER) - 1) AS log_id FROM span, places WHERE low <= high)
       SELECT l.log_id AS logId, l.from_ms AS atMs, l.change_count AS changeCount, l.cursor_log_id AS cursorLogId,
              l.accepted_at_ms AS acceptedAtMs, n.cursor_log_id AS nextCursorLogId, n.accepted_at_ms AS nextAcceptedAtMs
       FROM chosen JOIN state_log l ON l.connection_id = ?1 AND l.log_id = chosen.log_id
       LEFT JOIN state_log n ON n.connection_id = ?1 AND n.log_id = l.log_id + 1
       WHERE l.from_ms >= ?2 ORDER BY l.log_id`,
    )
    .bind(connectionId, fromMs, samplesMax)
    .all<{
      logId: number;
      atMs: number;
      changeCount: number;
      cursorLogId: number;
      acceptedAtMs: number | null;
      nextCursorLogId: number | null;
      nextAcceptedAtMs: number | null;
    }>();
  const known = results.flatMap((row) => [
    { cursor: row.cursorLogId, acceptedAtMs: row.acceptedAtMs },
    ...(row.nextCursorLogId === null ? [] : [{ cursor: row.nextCursorLogId, acceptedAtMs: row.nextAcceptedAtMs }]),
  ]);
  return results.flatMap(({ logId, atMs, changeCount }) => {
    if (changeCount === 0) return [];
    const accepted = known.find(
      ({ cursor, acceptedAtMs }) => cursor > logId && acceptedAtMs !== null && acceptedAtMs >= atMs,
    );
    return accepted?.acceptedAtMs == null ? [] : [{ atMs, delayMs: accepted.acceptedAtMs - atMs }];
  });
}

export interface StateShare {
  readonly stateId: number;
  readonly state: string;
  readonly reason: string;
  readonly stateClass: StateClass;
  readonly agents: number;
}

/** How many agents are in each state now, most first. Costs two rows read an agent: not for every few seconds. */
export async function readStateShares(db: D1Database, connectionId: number): Promise<StateShare[]> {
  const { results } = await db
    .prepare(
      `SELECT s.id AS stateId, s.name AS state, s.reason, s.class AS stateClass, count(*) AS agents
       FROM agent a
       JOIN state_change c ON c.agent_id = a.id AND c.at_ms = (SELECT max(at_ms) FROM state_change WHERE agent_id = a.id)
       JOIN acd_state s ON s.id = c.state_id
       WHERE a.connection_id = ?1 AND a.removed_at_ms IS NULL
       GROUP BY s.id ORDER BY agents DESC, s.name`,
    )
    .bind(connectionId)
    .all<StateShare>();
  return results;
}

/** How long the last accepted record of each stream took, by connection and stream; streams without one are left out. */
export async function readLastDelays(db: D1Database): Promise<Map<number, Record<string, number>>> {
  const { results } = await db
    .prepare(
      `SELECT c.id AS connectionId, 'agent-states' AS stream,
              CASE WHEN n.cursor_log_id > n.log_id AND n.change_count > 0 THEN n.accepted_at_ms - n.from_ms
                   WHEN n.cursor_log_id > p.log_id AND p.change_count > 0 THEN n.accepted_at_ms - p.from_ms END AS delayMs
       FROM connection c
       JOIN state_log n ON n.connection_id = c.id
        AND n.log_id = (SELECT max(log_id) FROM state_log WHERE connection_id = c.id)
       LEFT JOIN state_log p ON p.connection_id = c.id AND p.log_id = n.log_id - 1
       UNION ALL
       SELECT c.id, r.stream,
              coalesce((SELECT min(b.sent_at_ms) FROM report_body b WHERE b.connection_id = r.connection_id
                          AND b.stream = r.stream AND b.start_ms = r.start_ms), r.accepted_at_ms) - r.end_ms
       FROM connection c CROSS JOIN (SELECT 'historical' AS name UNION ALL SELECT 'agent-activity') s
       JOIN report r ON r.connection_id = c.id AND r.stream = s.name
        AND r.start_ms = (SELECT start_ms FROM report WHERE connection_id = c.id AND stream = s.name
                            AND end_ms > c.created_at_ms AND accepted_at_ms IS NOT NULL ORDER BY start_ms DESC LIMIT 1)`,
    )
    .all<{ connectionId: number; stream: string; delayMs: number | null }>();
  const delays = new Map<number, Record<string, number>>();
  for (const { connectionId, stream, delayMs } of results) {
    if (delayMs === null || delayMs < 0) continue;
    delays.set(connectionId, { ...delays.get(connectionId), [stream]: delayMs });
  }
  return delays;
}
