// History in a stopped host's database, written as the bridge would have: so that stores of a year are there in seconds.
import { DatabaseSync } from 'node:sqlite';
import { requireDatabase } from '../../appliance/data-directory.ts';

export const INTERVAL_MS = 900_000;
const DAY_MS = 86_400_000;
/** The log of the polls is kept so long by default. */
const LOG_DAYS = 14;
const LOG_PERIOD_MS = 5_000;

export interface History {
  /** State changes, shared evenly among the agents that the database knows and spread evenly over the days. */
  readonly stateChanges: number;
  readonly days: number;
  /** Whether the connection's queues have figures, ledger and reports of each interval, too. */
  readonly intervals: boolean;
}

export interface Stored {
  readonly stateChanges: number;
  readonly queueIntervals: number;
  readonly bytes: number;
}

/** Runs with the database of a stopped host, in one transaction. */
export function withStoredFacts<T>(dataDirectory: string, run: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(requireDatabase(dataDirectory));
  try {
    // What is lost when the machine fails is only a measurement's.
    database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; BEGIN');
    const result = run(database);
    database.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
    return result;
  } finally {
    database.close();
  }
}

/** Writes the history of connection 1 from before it began to look. */
export function addHistory(dataDirectory: string, history: History): Stored {
  withStoredFacts(dataDirectory, (database) => {
    const beganMs = Number(database.prepare('SELECT min(from_ms) AS ms FROM state_log').get()?.ms);
    addStateChanges(database, history, beganMs);
    addLog(database, Math.min(history.days, LOG_DAYS));
    // Windows of time in which it looked are closed, but for the present one: else it would close them now.
    database.exec(`UPDATE feed SET through_ms = ${beganMs - (beganMs % INTERVAL_MS)} WHERE name = 'agent-states'`);
    if (history.intervals) addIntervals(database, history.days, beganMs);
  });
  return readStored(dataDirectory);
}

/** Writes changes of all agents that the database knows, before an instant. */
export function addStateChanges(
  database: DatabaseSync,
  { stateChanges, days }: Pick<History, 'stateChanges' | 'days'>,
  beganMs: number,
): void {
  const agents = Number(database.prepare('SELECT count(*) AS n FROM agent').get()?.n);
  const each = Math.floor(stateChanges / agents);
  const spacingMs = Math.floor((days * DAY_MS) / each);
  database
    .prepare(
      `INSERT OR IGNORE INTO state_change (agent_id, at_ms, state_id, since_ms)
       WITH RECURSIVE turn (i) AS (SELECT ?1 UNION ALL SELECT i - 1 FROM turn WHERE i > 1)
       SELECT a.id, ?2 - turn.i * ?3 - a.id * 17 % ?3, (SELECT min(id) FROM acd_state) + turn.i % 5, NULL
       FROM agent a, turn ORDER BY a.id, turn.i DESC`,
    )
    .run(each, beganMs, spacingMs);
}

/** Rows of the log before the first one, with two changes each. They were delivered. */
function addLog(database: DatabaseSync, days: number): void {
  const rows = Math.floor((days * DAY_MS) / LOG_PERIOD_MS);
  database.exec(`UPDATE state_log SET log_id = log_id + ${rows}, cursor_log_id = cursor_log_id + ${rows};
    UPDATE stream SET catch_up_log_id = catch_up_log_id + ${rows}, live_log_id = live_log_id + ${rows}
    WHERE catch_up_log_id IS NOT NULL`);
  database
    .prepare(
      `INSERT INTO state_log (connection_id, log_id, from_ms, until_ms, polls, read_count, change_count, changes,
              cursor_log_id, cursor_offset, delivered_count, set_aside_count, accepted_at_ms)
       WITH RECURSIVE turn (i, at_ms) AS (
         SELECT 1, (SELECT min(from_ms) FROM state_log) - ?1 * ${LOG_PERIOD_MS}
         UNION ALL SELECT i + 1, at_ms + ${LOG_PERIOD_MS} FROM turn WHERE i < ?1)
       SELECT 1, i, at_ms, at_ms, 1, 0, 2, json_array(json_array(1, at_ms, 1), json_array(2, at_ms, 2)), i, 0, 0, 0, at_ms
       FROM turn`,
    )
    .run(rows);
}

/** Figures of all queues, the ledger's row and the two reports of each interval: collected, delivered, done with. */
function addIntervals(database: DatabaseSync, days: number, beganMs: number): void {
  const endMs = Math.floor(beganMs / INTERVAL_MS) * INTERVAL_MS - INTERVAL_MS;
  const starts = `WITH RECURSIVE start (ms) AS (
    SELECT ${endMs - days * DAY_MS} UNION ALL SELECT ms + ${INTERVAL_MS} FROM start WHERE ms + ${INTERVAL_MS} < ${endMs})`;
  database.exec(`INSERT OR IGNORE INTO queue_interval
      (connection_id, start_ms, queue_id, offered, abandoned, handle_time_ms, read_at_ms)
    ${starts} SELECT 1, s.ms, q.id, 20 + q.id % 40, q.id % 5, 4000000 + q.id * 977, s.ms + 1020000
    FROM start s CROSS JOIN queue q ORDER BY s.ms, q.id`);
  database.exec(`INSERT OR IGNORE INTO interval_ledger (connection_id, start_ms, status, revision, collected_at_ms,
      read_at_ms, queue_count, offered, abandoned, handle_time_ms, stored_offered, left_out_offered, sums_version)
    ${starts} SELECT 1, ms, 'collected', 1, ms + 1020000, ms + 1020000, q.n, q.offered, q.abandoned, 4000000 * q.n, q.offered, 0,
      (SELECT inclusion_version FROM connection WHERE id = 1)
    FROM start, (SELECT count(*) AS n, sum(20 + id % 40) AS offered, sum(id % 5) AS abandoned FROM queue) q`);
  // Proved, and the hourly turn is taken: what purging and proving read is not what a poll or a page reads.
  database.exec(`INSERT OR IGNORE INTO ledger_proof (connection_id, day_ms, proved_at_ms, inclusion_version, differing)
    ${starts} SELECT DISTINCT 1, ms - ms % ${DAY_MS}, ${beganMs}, (SELECT inclusion_version FROM connection WHERE id = 1), 0
    FROM start;
    INSERT INTO heartbeat (name, at_ms) VALUES ('purge', ${Date.now()}) ON CONFLICT (name) DO UPDATE SET at_ms = excluded.at_ms`);
  for (const stream of ['historical', 'agent-activity']) {
    database.exec(`INSERT OR IGNORE INTO report (connection_id, stream, start_ms, end_ms, revision, delivered_revision,
        record_count, created_at_ms, accepted_at_ms, delivered_contacts)
      ${starts} SELECT 1, '${stream}', ms, ms + ${INTERVAL_MS}, 1, 1, q.n, ms + 1020000, ms + 1021000, q.offered
      FROM start, (SELECT count(*) AS n, sum(20 + id % 40) AS offered FROM queue) q`);
  }
}

function readStored(dataDirectory: string): Stored {
  return withStoredFacts(dataDirectory, (database) => {
    const one = (sql: string) => Number(Object.values(database.prepare(sql).get() ?? {})[0] ?? 0);
    return {
      stateChanges: one('SELECT count(*) FROM state_change'),
      queueIntervals: one('SELECT count(*) FROM queue_interval'),
      bytes: one('SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()'),
    };
  });
}
