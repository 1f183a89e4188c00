/** Where alerts go, what gives cause for them, and when nobody is to be woken. */
import type { AlertKind } from '../domain/alert.ts';
import type { ChannelKind } from '../domain/alert-message.ts';
import { type AuditEntry, recordAudit, recordAuditIfChanged } from './audit.ts';

export interface ChannelRow {
  readonly id: number;
  readonly name: string;
  readonly kind: ChannelKind;
  /** Host of the address; the rest of it is never shown. */
  readonly host: string;
  readonly enabled: boolean;
  readonly sentAtMs: number | null;
  readonly failures: number;
  readonly error: string;
  readonly createdBy: string;
  readonly createdAtMs: number;
}

export interface RuleRow {
  readonly id: number;
  /** Null: every connection. */
  readonly connectionId: number | null;
  readonly kind: AlertKind;
  readonly threshold: number;
  readonly enabled: boolean;
}

export interface MaintenanceRow {
  readonly id: number;
  readonly connectionId: number | null;
  readonly fromMs: number;
  readonly toMs: number;
  readonly note: string;
  readonly createdBy: string;
}

/** Who changes something, and when. */
export interface Change {
  readonly by: string;
  readonly nowMs: number;
}

const audit = (
  { by, nowMs }: Change,
  action: string,
  detail: string,
  connectionId: number | null = null,
): AuditEntry => ({
  by,
  atMs: nowMs,
  action,
  connectionId,
  detail,
});

export async function listChannels(db: D1Database): Promise<ChannelRow[]> {
  const { results } = await db
    .prepare(
      `SELECT id, name, kind, host, enabled, sent_at_ms AS sentAtMs, failures, error, created_by AS createdBy,
              created_at_ms AS createdAtMs FROM alert_channel ORDER BY id`,
    )
    .all<Omit<ChannelRow, 'enabled'> & { enabled: number }>();
  return results.map((row) => ({ ...row, enabled: row.enabled === 1 }));
}

/** An id for a new channel: its secrets are sealed for it before the row exists. */
export async function nextChannelId(db: D1Database): Promise<number> {
  const row = await db.prepare('SELECT coalesce(max(id), 0) + 1 AS id FROM alert_channel').first<{ id: number }>();
  return row?.id ?? 1;
}

/** Stores a channel. False: there is one of that name. */
export async function addChannel(
  db: D1Database,
  channel: {
    id: number;
    name: string;
    kind: ChannelKind;
    addressSealed: string;
    host: string;
    secretSealed: string | null;
  },
  change: Change,
): Promise<boolean> {
  const [added] = await db.batch([
    db
      .prepare(
        `INSERT INTO alert_channel (id, name, kind, address_sealed, host, secret_sealed, created_by, created_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING`,
      )
      .bind(
        channel.id,
        channel.name,
        channel.kind,
        channel.addressSealed,
        channel.host,
        channel.secretSealed,
        change.by,
        change.nowMs,
      ),
    recordAuditIfChanged(
      db,
      audit(change, 'alert channel added', `"${channel.name}", ${channel.kind} at ${channel.host}.`),
    ),
  ]);
  return (added?.meta.changes ?? 0) > 0;
}

/** A channel's sealed address and secret, to send a test. */
export async function readSealedChannel(
  db: D1Database,
  id: number,
): Promise<{ kind: ChannelKind; name: string; addressSealed: string; secretSealed: string | null } | null> {
  return db
    .prepare(
      'SELECT kind, name, address_sealed AS addressSealed, secret_sealed AS secretSealed FROM alert_channel WHERE id = ?1',
    )
    .bind(id)
    .first();
}

/** Notes how a test went: error '' when it was taken. */
export async function noteTest(db: D1Database, id: number, error: string, nowMs: number): Promise<void> {
  await db
    .prepare(
      `UPDATE alert_channel SET error = ?2, failures = CASE WHEN ?2 = '' THEN 0 ELSE failures + 1 END,
              sent_at_ms = CASE WHEN ?2 = '' THEN ?3 ELSE sent_at_ms END WHERE id = ?1`,
    )
    .bind(id, error.slice(0, 500), nowMs)
    .run();
}

/** Switches a channel or a rule on or off. False: there is none, or it was so already. */
export async function setEnabled(
  db: D1Database,
  kind: 'channel' | 'rule',
  id: number,
  enabled: boolean,
  change: Change,
): Promise<boolean> {
  const table = kind === 'channel' ? 'alert_channel' : 'alert_rule';
  const [changed] = await db.batch([
    db.prepare(`UPDATE ${table} SET enabled = ?2 WHERE id = ?1 AND enabled <> ?2`).bind(id, Number(enabled)),
    recordAuditIfChanged(
      db,
      audit(change, `alert ${kind} ${enabled ? 'switched on' : 'switched off'}`, `Number ${id}.`),
    ),
  ]);
  return (changed?.meta.changes ?? 0) > 0;
}

/** Removes a channel, a rule with its open alerts, or a maintenance window. False: there is none. */
export async function remove(
  db: D1Database,
  kind: 'channel' | 'rule' | 'maintenance',
  id: number,
  change: Change,
): Promise<boolean> {
  const table = { channel: 'alert_channel', rule: 'alert_rule', maintenance: 'maintenance' }[kind];
  const what = kind === 'maintenance' ? 'maintenance' : `alert ${kind}`;
  const results = await db.batch([
    ...(kind === 'rule'
      ? [
          db
            .prepare('UPDATE alert SET solved_at_ms = ?2 WHERE rule_id = ?1 AND solved_at_ms IS NULL')
            .bind(id, change.nowMs),
        ]
      : []),
    db.prepare(`DELETE FROM ${table} WHERE id = ?1`).bind(id),
    recordAuditIfChanged(db, audit(change, `${what} removed`, `Number ${id}.`)),
  ]);
  return (results.at(-2)?.meta.changes ?? 0) > 0;
}

export async function listRules(db: D1Database): Promise<RuleRow[]> {
  const { results } = await db
    .prepare('SELECT id, connection_id AS connectionId, kind, threshold, enabled FROM alert_rule ORDER BY id')
    .all<Omit<RuleRow, 'enabled'> & { enabled: number }>();
  return results.map((row) => ({ ...row, enabled: row.enabled === 1 }));
}

/** Stores a rule; its id. */
export async function addRule(
  db: D1Database,
  rule: Pick<RuleRow, 'connectionId' | 'kind' | 'threshold'> & { text: string },
  change: Change,
): Promise<number> {
  const [added] = await db.batch<{ id: number }>([
    db
      .prepare(
        `INSERT INTO alert_rule (connection_id, kind, threshold, created_by, created_at_ms) VALUES (?1, ?2, ?3, ?4, ?5)
         RETURNING id`,
      )
      .bind(rule.connectionId, rule.kind, rule.threshold, change.by, change.nowMs),
    recordAudit(db, audit(change, 'alert rule added', `${rule.text}.`, rule.connectionId)),
  ]);
  return added?.results[0]?.id ?? 0;
}

/** Maintenance windows that are not over by `nowMs`, the next one first. */
export async function listMaintenance(db: D1Database, nowMs: number): Promise<MaintenanceRow[]> {
  const { results } = await db
    .prepare(
      `SELECT id, connection_id AS connectionId, from_ms AS fromMs, to_ms AS toMs, note, created_by AS createdBy
       FROM maintenance WHERE to_ms > ?1 ORDER BY from_ms, id`,
    )
    .bind(nowMs)
    .all<MaintenanceRow>();
  return results;
}

/** Stores a maintenance window; its id. */
export async function addMaintenance(
  db: D1Database,
  window: Pick<MaintenanceRow, 'connectionId' | 'fromMs' | 'toMs' | 'note'>,
  change: Change,
): Promise<number> {
  const { connectionId, fromMs, toMs, note } = window;
  const span = `${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()}`;
  const [added] = await db.batch<{ id: number }>([
    db
      .prepare(
        `INSERT INTO maintenance (connection_id, from_ms, to_ms, note, created_by, created_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING id`,
      )
      .bind(connectionId, fromMs, toMs, note, change.by, change.nowMs),
    recordAudit(db, audit(change, 'maintenance planned', `${span}. ${note}`, connectionId)),
  ]);
  return added?.results[0]?.id ?? 0;
}
