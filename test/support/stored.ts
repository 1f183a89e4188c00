/** What the bridge has stored, as tests look at it. */
import { env } from 'cloudflare:workers';

/** The account of the agent-states stream as stored: read = delivered + set aside + held + waiting in the log. */
export async function statesAccount(): Promise<{
  read: number;
  delivered: number;
  setAside: number;
  held: number;
  waiting: number;
}> {
  const row = await env.DB.prepare(
    `SELECT l.read_count AS read, l.delivered_count AS delivered, l.set_aside_count AS setAside,
            (SELECT sum(held_count) FROM agent) AS held,
            l.read_count - coalesce((SELECT read_count - change_count FROM state_log WHERE log_id >= l.cursor_log_id
              ORDER BY log_id LIMIT 1) + l.cursor_offset, l.read_count)
              - (SELECT live_delivered FROM stream WHERE name = 'agent-states') AS waiting
     FROM state_log l ORDER BY log_id DESC LIMIT 1`,
  ).first<{ read: number; delivered: number; setAside: number; held: number; waiting: number }>();
  if (!row) throw new Error('There is no log.');
  return row;
}

/** The account of a windowed stream as stored: read = delivered + set aside + waiting. */
export async function reportsAccount(stream: 'historical' | 'agent-activity') {
  return env.DB.prepare(
    `SELECT read_count AS read, delivered_count AS delivered, set_aside_count AS setAside,
            (SELECT coalesce(sum(record_count), 0) FROM report WHERE stream = ?1 AND delivered_revision < revision)
              + (SELECT coalesce(sum(held_count), 0) FROM report WHERE stream = ?1 AND delivered_revision = revision) AS waiting
     FROM stream WHERE name = ?1`,
  )
    .bind(stream)
    .first();
}

/** The ledger's intervals, oldest first. */
export async function ledgerRows() {
  const sql = 'SELECT start_ms, status, revision, unconfirmed, reason FROM interval_ledger ORDER BY start_ms';
  return (await env.DB.prepare(sql).all()).results;
}
