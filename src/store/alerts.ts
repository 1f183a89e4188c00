/** Alerts: what was found and when it was solved, and the messages on their way. Each occasion is told a channel once. */
import type { AlertKind, AlertRule } from '../domain/alert.ts';
import type { ChannelKind } from '../domain/alert-message.ts';

export interface OpenAlert {
  readonly id: number;
  readonly ruleId: number;
  readonly connectionId: number;
}

/** A connection that was resumed so recently had no chance to be anything but stale. */
const RESUMED_RECENTLY_MS = 120_000;

/**
 * Rules that are in force, open alerts, and the connections that are muted at `nowMs` (null among them: all are): for
 * maintenance, or because they were resumed a moment ago.
 */
export async function readAlertState(
  db: D1Database,
  nowMs: number,
): Promise<{ rules: AlertRule[]; open: OpenAlert[]; muted: ReadonlySet<number | null> }> {
  const [rules, open, muted] = await db.batch([
    db.prepare(
      'SELECT id, connection_id AS connectionId, kind, threshold FROM alert_rule WHERE enabled = 1 ORDER BY id',
    ),
    db.prepare(
      `SELECT id, rule_id AS ruleId, connection_id AS connectionId FROM alert INDEXED BY alert_open WHERE solved_at_ms IS NULL`,
    ),
    db
      .prepare(
        `SELECT connection_id AS connectionId FROM maintenance WHERE from_ms <= ?1 AND to_ms > ?1
         UNION SELECT connection_id FROM event
         WHERE id > (SELECT max(id) FROM event) - 500 AND kind = 'resumed' AND at_ms > ?2`,
      )
      .bind(nowMs, nowMs - RESUMED_RECENTLY_MS),
  ]);
  return {
    rules: (rules?.results ?? []) as AlertRule[],
    open: (open?.results ?? []) as OpenAlert[],
    muted: new Set(
      ((muted?.results ?? []) as { connectionId: number | null }[]).map(({ connectionId }) => connectionId),
    ),
  };
}

const QUEUE_MESSAGES = `INSERT INTO alert_message (alert_id, occasion, channel_id)
  SELECT a.id, ?1, c.id FROM alert a CROSS JOIN alert_channel c`;

/** Statements that open an alert and queue its messages, unless it is open already. */
export function openAlert(
  db: D1Database,
  alert: { ruleId: number; connectionId: number; kind: AlertKind; message: string; nowMs: number },
): D1PreparedStatement[] {
  const { ruleId, connectionId, kind, message, nowMs } = alert;
  return [
    db
      .prepare(
        `INSERT INTO alert (rule_id, connection_id, kind, message, opened_at_ms) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO NOTHING`,
      )
      .bind(ruleId, connectionId, kind, message.slice(0, 1_000), nowMs),
    db
      .prepare(
        `${QUEUE_MESSAGES} WHERE a.rule_id = ?2 AND a.connection_id = ?3 AND a.solved_at_ms IS NULL AND c.enabled = 1
         ON CONFLICT DO NOTHING`,
      )
      .bind('opened', ruleId, connectionId),
  ];
}

/** Statements that close an alert and queue the good news for the channels that were told of it. */
export function solveAlert(db: D1Database, id: number, nowMs: number): D1PreparedStatement[] {
  return [
    db.prepare('UPDATE alert SET solved_at_ms = ?2 WHERE id = ?1 AND solved_at_ms IS NULL').bind(id, nowMs),
    db
      .prepare(
        `${QUEUE_MESSAGES} WHERE a.id = ?2 AND c.enabled = 1
           AND EXISTS (SELECT 1 FROM alert_message m WHERE m.alert_id = a.id AND m.occasion = 'opened' AND m.channel_id = c.id)
         ON CONFLICT DO NOTHING`,
      )
      .bind('solved', id),
  ];
}

/** A message that is due, with everything that sending it needs. */
export interface DueMessage {
  readonly alertId: number;
  readonly occasion: 'opened' | 'solved';
  readonly channelId: number;
  readonly attempts: number;
  readonly channelKind: ChannelKind;
  readonly addressSealed: string;
  readonly secretSealed: string | null;
  readonly kind: AlertKind;
  readonly message: string;
  readonly openedAtMs: number;
  readonly solvedAtMs: number | null;
  readonly connectionId: number;
  readonly connectionName: string;
}

/** Messages that are due, in the order of their alerts; "opened" before "solved". */
export async function readDueMessages(db: D1Database, nowMs: number, limit: number): Promise<DueMessage[]> {
  const { results } = await db
    .prepare(
      `SELECT m.alert_id AS alertId, m.occasion, m.channel_id AS channelId, m.attempts, c.kind AS channelKind,
              c.address_sealed AS addressSealed, c.secret_sealed AS secretSealed, a.kind, a.message,
              a.opened_at_ms AS openedAtMs, a.solved_at_ms AS solvedAtMs, a.connection_id AS connectionId,
              n.name AS connectionName
       FROM alert_message m INDEXED BY alert_message_due
       JOIN alert_channel c ON c.id = m.channel_id AND c.enabled = 1
       JOIN alert a ON a.id = m.alert_id
       JOIN connection n ON n.id = a.connection_id
       WHERE m.sent_at_ms IS NULL AND m.retry_at_ms <= ?1
       ORDER BY m.alert_id, m.occasion LIMIT ?2`,
    )
    .bind(nowMs, limit)
    .all<DueMessage>();
  return results;
}

type MessageKey = Pick<DueMessage, 'alertId' | 'occasion' | 'channelId'>;

/** Statements that note a message as taken. */
export function messageSent(db: D1Database, key: MessageKey, nowMs: number): D1PreparedStatement[] {
  return [
    db
      .prepare(
        `UPDATE alert_message SET sent_at_ms = ?4, attempts = attempts + 1
         WHERE alert_id = ?1 AND occasion = ?2 AND channel_id = ?3`,
      )
      .bind(key.alertId, key.occasion, key.channelId, nowMs),
    db
      .prepare(`UPDATE alert_channel SET sent_at_ms = ?2, failures = 0, error = '' WHERE id = ?1`)
      .bind(key.channelId, nowMs),
  ];
}

/** Statements that note why a message was not taken. `retryAtMs` null: it is given up. */
export function messageFailed(
  db: D1Database,
  key: MessageKey,
  failure: { error: string; retryAtMs: number | null; nowMs: number },
): D1PreparedStatement[] {
  return [
    failure.retryAtMs === null
      ? db
          .prepare('DELETE FROM alert_message WHERE alert_id = ?1 AND occasion = ?2 AND channel_id = ?3')
          .bind(key.alertId, key.occasion, key.channelId)
      : db
          .prepare(
            `UPDATE alert_message SET retry_at_ms = ?4, attempts = attempts + 1
             WHERE alert_id = ?1 AND occasion = ?2 AND channel_id = ?3`,
          )
          .bind(key.alertId, key.occasion, key.channelId, failure.retryAtMs),
    db
      .prepare('UPDATE alert_channel SET failures = failures + 1, error = ?2 WHERE id = ?1')
      .bind(key.channelId, failure.error.slice(0, 500)),
  ];
}

/** An alert as pages and API show it. */
export interface AlertRow {
  readonly id: number;
  readonly ruleId: number;
  readonly kind: AlertKind;
  readonly connectionId: number;
  readonly connectionName: string;
  readonly message: string;
  readonly openedAtMs: number;
  readonly solvedAtMs: number | null;
  /** Channels that were told, and that still are to be. */
  readonly toldCount: number;
  readonly untoldCount: number;
}

/** Alerts, newest first, before `beforeId`; of one connection, or of all. */
export async function listAlerts(
  db: D1Database,
  page: { connectionId: number | null; isOpen: boolean | null; beforeId: number; limit: number },
): Promise<AlertRow[]> {
  const { results } = await db
    .prepare(
      `SELECT a.id, a.rule_id AS ruleId, a.kind, a.connection_id AS connectionId, n.name AS connectionName, a.message,
              a.opened_at_ms AS openedAtMs, a.solved_at_ms AS solvedAtMs,
              (SELECT count(*) FROM alert_message m WHERE m.alert_id = a.id AND m.occasion = 'opened'
                 AND m.sent_at_ms IS NOT NULL) AS toldCount,
              (SELECT count(*) FROM alert_message m WHERE m.alert_id = a.id AND m.sent_at_ms IS NULL) AS untoldCount
       FROM alert a JOIN connection n ON n.id = a.connection_id
       WHERE a.id < ?1 AND (?2 IS NULL OR a.connection_id = ?2) AND (?3 IS NULL OR (a.solved_at_ms IS NULL) = ?3)
       ORDER BY a.id DESC LIMIT ?4`,
    )
    .bind(page.beforeId, page.connectionId, page.isOpen === null ? null : Number(page.isOpen), page.limit)
    .all<AlertRow>();
  return results;
}

/** Removes alerts that were solved, and maintenance that was over, before `beforeMs`. */
export async function purgeAlerts(db: D1Database, beforeMs: number): Promise<void> {
  await db.batch([
    db
      .prepare('DELETE FROM alert WHERE id IN (SELECT id FROM alert WHERE solved_at_ms < ?1 LIMIT 10000)')
      .bind(beforeMs),
    db
      .prepare('DELETE FROM maintenance WHERE id IN (SELECT id FROM maintenance WHERE to_ms < ?1 LIMIT 10000)')
      .bind(beforeMs),
  ]);
}
