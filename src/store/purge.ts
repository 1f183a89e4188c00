/**
 * Removes what is past its retention. What is not delivered yet, an agent's present state, and the first and newest row of
 * a log (since when, and until when, the bridge looked) are never removed. Each call removes a bounded number of rows, so that purging never holds anything up.
 */
import { DAY_MS } from '../domain/interval.ts';
import { forgetOldUploads } from './schedules.ts';

/** Rows removed by one statement at most. */
const ROWS_MAX = 20_000;

export interface RetentionDays {
  readonly stateChanges: number;
  readonly stateLog: number;
  readonly queueIntervals: number;
  readonly reportBodies: number;
  readonly events: number;
}

/** Removes one connection's old rows. Returns how many. */
export async function purgeConnection(
  db: D1Database,
  connectionId: number,
  days: RetentionDays,
  nowMs: number,
): Promise<number> {
  const before = (dayCount: number) => nowMs - dayCount * DAY_MS;
  const remove = (sql: string, cutoffMs: number) => db.prepare(sql).bind(connectionId, cutoffMs);
  const results = await db.batch([
    remove(
      `DELETE FROM state_change WHERE (agent_id, at_ms) IN (
         SELECT c.agent_id, c.at_ms FROM agent a JOIN state_change c ON c.agent_id = a.id
           AND c.at_ms < min(?2, coalesce(a.held_from_ms, ?2),
                             coalesce((SELECT max(at_ms) FROM state_change WHERE agent_id = a.id AND at_ms < ?2), ?2))
         WHERE a.connection_id = ?1 AND NOT EXISTS (
           SELECT 1 FROM report r WHERE r.connection_id = ?1 AND r.start_ms < ?2 AND r.delivered_revision < r.revision)
         LIMIT ${ROWS_MAX})`,
      before(days.stateChanges),
    ),
    remove(
      `DELETE FROM schedule_activity WHERE (connection_id, agent_id, start_ms) IN (
         SELECT s.connection_id, s.agent_id, s.start_ms FROM agent a
         CROSS JOIN schedule_activity s ON s.connection_id = ?1 AND s.agent_id = a.id AND s.start_ms < ?2 AND s.end_ms <= ?2
         WHERE a.connection_id = ?1 LIMIT ${ROWS_MAX})`,
      before(days.stateChanges),
    ),
    remove(
      `DELETE FROM state_log WHERE connection_id = ?1 AND log_id IN (
         SELECT log_id FROM state_log WHERE connection_id = ?1 AND until_ms < ?2 AND log_id > 1
           AND log_id < (SELECT min(cursor_log_id, log_id) FROM state_log WHERE connection_id = ?1 ORDER BY log_id DESC LIMIT 1)
         ORDER BY log_id LIMIT ${ROWS_MAX})`,
      before(days.stateLog),
    ),
    remove(
      `DELETE FROM queue_interval WHERE connection_id = ?1 AND start_ms < ?2
         AND start_ms < coalesce((SELECT min(start_ms) FROM report INDEXED BY report_waiting WHERE connection_id = ?1
           AND stream = 'historical' AND delivered_revision < revision), ?2)`,
      before(days.queueIntervals),
    ),
    remove(
      'DELETE FROM queue_interval_revision WHERE connection_id = ?1 AND start_ms < ?2',
      before(days.queueIntervals),
    ),
    remove(`DELETE FROM agent_interval WHERE connection_id = ?1 AND start_ms < ?2`, before(days.queueIntervals)),
    remove(`DELETE FROM agent_queue_interval WHERE connection_id = ?1 AND start_ms < ?2`, before(days.queueIntervals)),
    remove(
      `DELETE FROM member_state_change WHERE (agent_id, member_id, at_ms) IN (
         SELECT c.agent_id, c.member_id, c.at_ms FROM agent a JOIN member_state_change c ON c.agent_id = a.id
           AND c.at_ms < coalesce((SELECT max(at_ms) FROM member_state_change
                                   WHERE agent_id = a.id AND member_id = c.member_id AND at_ms < ?2), ?2)
         WHERE a.connection_id = ?1 LIMIT ${ROWS_MAX})`,
      before(days.stateChanges),
    ),
    remove(`DELETE FROM member_interval WHERE connection_id = ?1 AND start_ms < ?2`, before(days.queueIntervals)),
    remove(`DELETE FROM member_agent_interval WHERE connection_id = ?1 AND start_ms < ?2`, before(days.queueIntervals)),
    remove(`DELETE FROM push_receipt WHERE connection_id = ?1 AND created_at_ms < ?2`, before(1)),
    remove(
      `DELETE FROM interval_ledger WHERE connection_id = ?1 AND start_ms < ?2 AND status = 'collected'`,
      before(days.queueIntervals),
    ),
    remove('DELETE FROM ledger_proof WHERE connection_id = ?1 AND day_ms < ?2', before(days.queueIntervals + 1)),
    remove(
      'DELETE FROM report WHERE connection_id = ?1 AND start_ms < ?2 AND delivered_revision = revision AND held_count = 0',
      before(days.queueIntervals),
    ),
    remove('DELETE FROM report_body WHERE connection_id = ?1 AND sent_at_ms < ?2', before(days.reportBodies)),
    remove('DELETE FROM event WHERE connection_id = ?1 AND at_ms < ?2', before(days.events)),
    remove(
      `DELETE FROM backfill WHERE connection_id = ?1 AND finished_at_ms < ?2 AND status IN ('done', 'cancelled')`,
      before(days.events),
    ),
  ]);
  return results.reduce((total, { meta }) => total + meta.changes, 0);
}

/** How long the audit is kept, and sessions after their beginning. Days. */
const AUDIT_DAYS = 1_100;
const SESSION_DAYS = 30;

/** Removes what belongs to no connection: uploads that nobody confirmed, failed sign-ins of yesterday, sessions long over, the audit of years ago. */
export async function purgeShared(db: D1Database, nowMs: number): Promise<void> {
  const remove = (sql: string, days: number) => db.prepare(sql).bind(nowMs - days * DAY_MS);
  await db.batch([
    forgetOldUploads(db, nowMs),
    remove('DELETE FROM login_attempt WHERE last_failed_ms < ?1', 1),
    remove('DELETE FROM session WHERE began_at_ms < ?1', SESSION_DAYS),
    remove(`DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at_ms < ?1 LIMIT ${ROWS_MAX})`, AUDIT_DAYS),
  ]);
}
