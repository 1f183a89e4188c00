/**
 * Removes what is past its retention. What is not delivered yet, an agent's present state, and the first and newest row of
 * a log (since when, and until when, the bridge looked) are never removed. Each statement removes a bounded number of rows,
 * so that purging never holds anything up: whoever purges comes again while there is more.
 */
import { DAY_MS } from '../domain/interval.ts';
import { forgetOldUploads } from './schedules.ts';

/** Rows removed by one statement at most. */
const ROWS_MAX = 20_000;
/** Rows that hold whole bodies: so many are quickly removed, too. */
const BODIES_MAX = 2_000;

export interface RetentionDays {
  readonly stateChanges: number;
  readonly stateLog: number;
  readonly queueIntervals: number;
  readonly reportBodies: number;
  readonly events: number;
}

interface Removal {
  /** Parameters: connection id, instant before which rows are past their retention, rows at most. */
  readonly sql: string;
  readonly days: (days: RetentionDays) => number;
  readonly rowsMax: number;
}

const removal = (days: Removal['days'], sql: string, rowsMax = ROWS_MAX): Removal => ({ days, sql, rowsMax });

/** Rows of a table whose key begins with connection and instant. `key`: the columns that tell its rows apart. */
const removalBefore = (days: Removal['days'], table: string, key: string, atMs = 'start_ms', rowsMax = ROWS_MAX) =>
  removal(
    days,
    `DELETE FROM ${table} WHERE connection_id = ?1 AND (${key}) IN (
       SELECT ${key} FROM ${table} WHERE connection_id = ?1 AND ${atMs} < ?2 LIMIT ?3)`,
    rowsMax,
  );

const ofStates = (days: RetentionDays) => days.stateChanges;
const ofFigures = (days: RetentionDays) => days.queueIntervals;
const ofEvents = (days: RetentionDays) => days.events;

const STATES: readonly Removal[] = [
  removal(
    ofStates,
    `DELETE FROM state_change WHERE (agent_id, at_ms) IN (
       SELECT c.agent_id, c.at_ms FROM agent a JOIN state_change c ON c.agent_id = a.id
         AND c.at_ms < min(?2, coalesce(a.held_from_ms, ?2),
                           coalesce((SELECT max(at_ms) FROM state_change WHERE agent_id = a.id AND at_ms < ?2), ?2))
       WHERE a.connection_id = ?1 AND NOT EXISTS (
         SELECT 1 FROM report r WHERE r.connection_id = ?1 AND r.start_ms < ?2 AND r.delivered_revision < r.revision)
       LIMIT ?3)`,
  ),
  removal(
    ofStates,
    `DELETE FROM schedule_activity WHERE (connection_id, agent_id, start_ms) IN (
       SELECT s.connection_id, s.agent_id, s.start_ms FROM agent a
       CROSS JOIN schedule_activity s ON s.connection_id = ?1 AND s.agent_id = a.id AND s.start_ms < ?2 AND s.end_ms <= ?2
       WHERE a.connection_id = ?1 LIMIT ?3)`,
  ),
  removal(
    ({ stateLog }) => stateLog,
    `DELETE FROM state_log WHERE connection_id = ?1 AND log_id IN (
       SELECT log_id FROM state_log WHERE connection_id = ?1 AND until_ms < ?2 AND log_id > 1
         AND log_id < (SELECT min(cursor_log_id, log_id) FROM state_log WHERE connection_id = ?1 ORDER BY log_id DESC LIMIT 1)
       ORDER BY log_id LIMIT ?3)`,
  ),
  // By member, so that each time line is looked into from its beginning and no further than it is old.
  removal(
    ofStates,
    `DELETE FROM member_state_change WHERE (agent_id, member_id, at_ms) IN (
       SELECT c.agent_id, c.member_id, c.at_ms FROM member m CROSS JOIN agent a ON a.connection_id = ?1
         CROSS JOIN member_state_change c ON c.agent_id = a.id AND c.member_id = m.member_id
           AND c.at_ms < coalesce((SELECT max(at_ms) FROM member_state_change
                                   WHERE agent_id = a.id AND member_id = m.member_id AND at_ms < ?2), ?2)
       WHERE m.connection_id = ?1 LIMIT ?3)`,
  ),
  removal(
    ofStates,
    `DELETE FROM imported_state_change WHERE (agent_id, at_ms) IN (
       SELECT i.agent_id, i.at_ms FROM agent a CROSS JOIN imported_state_change i ON i.agent_id = a.id AND i.at_ms < ?2
       WHERE a.connection_id = ?1 LIMIT ?3)`,
  ),
  removalBefore(ofStates, 'imported_state_interval', 'start_ms'),
];

const FIGURES: readonly Removal[] = [
  // Before the figures: an interval that is half removed must not be there to have its sums proved.
  removal(
    ofFigures,
    `DELETE FROM interval_ledger WHERE connection_id = ?1 AND start_ms IN (
       SELECT start_ms FROM interval_ledger WHERE connection_id = ?1 AND start_ms < ?2 AND status = 'collected' LIMIT ?3)`,
  ),
  removalBefore((days) => days.queueIntervals + 1, 'ledger_proof', 'day_ms', 'day_ms'),
  removal(
    ofFigures,
    `DELETE FROM queue_interval WHERE connection_id = ?1 AND (start_ms, queue_id) IN (
       SELECT start_ms, queue_id FROM queue_interval WHERE connection_id = ?1
         AND start_ms < min(?2, coalesce((SELECT min(start_ms) FROM report INDEXED BY report_waiting WHERE connection_id = ?1
           AND stream = 'historical' AND delivered_revision < revision), ?2))
       LIMIT ?3)`,
  ),
  removalBefore(ofFigures, 'queue_interval_revision', 'start_ms, queue_id, revision'),
  removalBefore(ofFigures, 'agent_interval', 'start_ms, agent_id'),
  removalBefore(ofFigures, 'agent_queue_interval', 'start_ms, queue_id, agent_id'),
  removalBefore(ofFigures, 'member_interval', 'start_ms, member_id'),
  removalBefore(ofFigures, 'member_agent_interval', 'start_ms, agent_id, member_id'),
];

const DELIVERIES: readonly Removal[] = [
  removal(
    ofFigures,
    `DELETE FROM report WHERE connection_id = ?1 AND (stream, start_ms) IN (
       SELECT stream, start_ms FROM report
       WHERE connection_id = ?1 AND start_ms < ?2 AND delivered_revision = revision AND held_count = 0 LIMIT ?3)`,
  ),
  removalBefore(
    ({ reportBodies }) => reportBodies,
    'report_body',
    'stream, start_ms, revision, part',
    'sent_at_ms',
    BODIES_MAX,
  ),
  // What nobody has looked after yet stays, however old.
  removal(
    ofEvents,
    `DELETE FROM set_aside WHERE id IN (
       SELECT id FROM set_aside WHERE connection_id = ?1 AND status = 'sent again' AND resolved_at_ms < ?2 LIMIT ?3)`,
  ),
  removalBefore(() => 1, 'push_receipt', 'key_sha256', 'created_at_ms'),
  removal(
    ofEvents,
    'DELETE FROM event WHERE id IN (SELECT id FROM event WHERE connection_id = ?1 AND at_ms < ?2 LIMIT ?3)',
  ),
  removal(
    ofEvents,
    `DELETE FROM backfill WHERE id IN (
       SELECT id FROM backfill WHERE connection_id = ?1 AND finished_at_ms < ?2 AND status IN ('done', 'cancelled') LIMIT ?3)`,
  ),
];

/** What is removed in one go: one transaction. */
export type PurgeStep = readonly Removal[];

/** The steps of one connection. None needs another one done first. */
export const PURGE_STEPS: readonly PurgeStep[] = [STATES, FIGURES, DELIVERIES];

/** Removes one connection's old rows as far as a step goes. `rest`: what has more to remove; null when nothing has. */
export async function purgeStep(
  db: D1Database,
  connectionId: number,
  step: PurgeStep,
  retention: RetentionDays,
  nowMs: number,
): Promise<{ rows: number; rest: PurgeStep | null }> {
  const results = await db.batch(
    step.map(({ sql, days, rowsMax }) => db.prepare(sql).bind(connectionId, nowMs - days(retention) * DAY_MS, rowsMax)),
  );
  const rows = results.reduce((total, { meta }) => total + meta.changes, 0);
  const rest = step.filter(({ rowsMax }, i) => (results[i]?.meta.changes ?? 0) >= rowsMax);
  return { rows, rest: rest.length > 0 ? rest : null };
}

/** How long the audit is kept, and sessions after their beginning. Days. */
const AUDIT_DAYS = 1_100;
const SESSION_DAYS = 30;

/** Removes what belongs to no connection: uploads that nobody confirmed, failed sign-ins of yesterday, sessions long over, the audit of years ago. */
export async function purgeShared(db: D1Database, nowMs: number): Promise<void> {
  const remove = (table: string, key: string, atMs: string, days: number) =>
    db
      .prepare(
        `DELETE FROM ${table} WHERE ${key} IN (SELECT ${key} FROM ${table} WHERE ${atMs} < ?1 LIMIT ${ROWS_MAX})`,
      )
      .bind(nowMs - days * DAY_MS);
  await db.batch([
    forgetOldUploads(db, nowMs),
    remove('login_attempt', 'address', 'last_failed_ms', 1),
    remove('session', 'id', 'began_at_ms', SESSION_DAYS),
    remove('audit', 'id', 'at_ms', AUDIT_DAYS),
  ]);
}
