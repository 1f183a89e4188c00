/**
 * Connections and their sealed secrets. A change is one transaction: settings, secrets, version and diary together, and
 * only when nobody else changed the connection in the meantime. Settings go in and out as JSON text: their shape is
 * src/connection.ts, which the store does not know.
 */

import { recordAudit, recordAuditIfChanged } from './audit.ts';

/** A connection as stored. `settings` is JSON text without secrets. */
export interface ConnectionRow {
  readonly id: number;
  readonly name: string;
  readonly settings: string;
  readonly paused: boolean;
  readonly configVersion: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** Which secrets are stored, by name, with when they were set. */
  readonly secrets: readonly { readonly name: string; readonly updatedAtMs: number }[];
}

/** A sealed secret to store. */
export interface SealedSecret {
  readonly name: string;
  readonly sealed: string;
}

interface RawConnection {
  id: number;
  name: string;
  settings: string;
  paused: number;
  config_version: number;
  created_at_ms: number;
  updated_at_ms: number;
  secrets: string;
}

const SELECT = `
  SELECT c.*, (SELECT json_group_array(json_object('name', k.name, 'updatedAtMs', k.updated_at_ms))
               FROM credential k WHERE k.connection_id = c.id) AS secrets
  FROM connection c`;

/** How a connection's stored secret is bound to its place: the additional data of its seal. */
export function credentialContext(connectionId: number, name: string): string {
  return `credential:${connectionId}:${name}`;
}

/** All connections, oldest first. */
export async function listConnections(db: D1Database): Promise<ConnectionRow[]> {
  const { results } = await db.prepare(`${SELECT} ORDER BY c.id`).all<RawConnection>();
  return results.map(toConnection);
}

/** One connection, or null. */
export async function readConnection(db: D1Database, id: number): Promise<ConnectionRow | null> {
  const row = await db.prepare(`${SELECT} WHERE c.id = ?1`).bind(id).first<RawConnection>();
  return row === null ? null : toConnection(row);
}

/** An id for a new connection: secrets are sealed for it before the row exists. */
export async function nextConnectionId(db: D1Database): Promise<number> {
  // The diary keeps the ids of deleted connections: never use one again, old events would then speak of a new one.
  const row = await db
    .prepare(
      `SELECT 1 + max(coalesce((SELECT max(id) FROM connection), 0),
                      coalesce((SELECT max(connection_id) FROM event), 0)) AS id`,
    )
    .first<{ id: number }>();
  return row?.id ?? 1;
}

/** Another connection has the name, or was created at the same moment. `field`: what to change, null to try again. */
export class ConnectionTakenError extends Error {
  override readonly name = 'ConnectionTakenError';
  readonly field: 'name' | null;
  constructor(field: 'name' | null, message: string, options?: ErrorOptions) {
    super(message, options);
    this.field = field;
  }
}

/** Stores a new connection with its secrets and a diary entry. Throws `ConnectionTakenError`. */
export async function createConnection(
  db: D1Database,
  connection: {
    id: number;
    name: string;
    settings: string;
    secrets: readonly SealedSecret[];
    nowMs: number;
    by: string;
  },
): Promise<void> {
  const { id, name, settings, secrets, nowMs, by } = connection;
  const statements = [
    db
      .prepare('INSERT INTO connection (id, name, settings, created_at_ms, updated_at_ms) VALUES (?1, ?2, ?3, ?4, ?4)')
      .bind(id, name, settings, nowMs),
    ...secrets.map((secret) => upsertSecret(db, id, secret, nowMs)),
    insertEvent(db, id, nowMs, 'created', `The connection was created by ${by}.`),
    recordAudit(db, { by, atMs: nowMs, action: 'connection created', connectionId: id, detail: `Named "${name}".` }),
  ];
  await withNameCheck(name, db.batch(statements));
}

/**
 * Stores changed settings and the given secrets; secrets not given stay. Resolves to false, with nothing changed, when
 * the stored version is not `expectedVersion` any more. Throws `ConnectionTakenError`.
 */
export async function updateConnection(
  db: D1Database,
  change: {
    id: number;
    expectedVersion: number;
    name: string;
    settings: string;
    secrets: readonly SealedSecret[];
    nowMs: number;
    by: string;
    /** What changed, for the audit; without secrets. */
    detail: string;
  },
): Promise<boolean> {
  const { id, expectedVersion, name, settings, secrets, nowMs, by, detail } = change;
  const isCurrent = 'EXISTS (SELECT 1 FROM connection WHERE id = ?1 AND config_version = ?2)';
  // The version is raised after the others: the statements before it look at it to know whether they may run.
  const statements = [
    ...secrets.map((secret) =>
      db
        .prepare(
          `INSERT INTO credential (connection_id, name, sealed, updated_at_ms)
           SELECT ?1, ?3, ?4, ?5 WHERE ${isCurrent}
           ON CONFLICT (connection_id, name) DO UPDATE SET sealed = excluded.sealed, updated_at_ms = excluded.updated_at_ms`,
        )
        .bind(id, expectedVersion, secret.name, secret.sealed, nowMs),
    ),
    db
      .prepare(
        `INSERT INTO event (connection_id, at_ms, kind, severity, message)
         SELECT ?1, ?3, 'settings changed', 'info', ?4 WHERE ${isCurrent}`,
      )
      .bind(id, expectedVersion, nowMs, `The settings were changed by ${by}.`),
    db
      .prepare(
        `UPDATE connection SET name = ?3, settings = ?4, updated_at_ms = ?5, config_version = config_version + 1
         WHERE id = ?1 AND config_version = ?2`,
      )
      .bind(id, expectedVersion, name, settings, nowMs),
    recordAuditIfChanged(db, { by, atMs: nowMs, action: 'settings changed', connectionId: id, detail }),
  ];
  const results = await withNameCheck(name, db.batch(statements));
  return (results.at(-2)?.meta.changes ?? 0) > 0;
}

/** Pauses or resumes; says whether that changed anything. */
export async function setPaused(
  db: D1Database,
  change: { id: number; paused: boolean; nowMs: number; by: string },
): Promise<boolean> {
  const { id, paused, nowMs, by } = change;
  const flag = paused ? 1 : 0;
  const results = await db.batch([
    db
      .prepare(
        `INSERT INTO event (connection_id, at_ms, kind, severity, message)
         SELECT id, ?3, ?4, 'info', ?5 FROM connection WHERE id = ?1 AND paused <> ?2`,
      )
      .bind(
        id,
        flag,
        nowMs,
        paused ? 'paused' : 'resumed',
        `The connection was ${paused ? 'paused' : 'resumed'} by ${by}.`,
      ),
    db
      .prepare('UPDATE connection SET paused = ?2, config_version = config_version + 1 WHERE id = ?1 AND paused <> ?2')
      .bind(id, flag),
    recordAuditIfChanged(db, {
      by,
      atMs: nowMs,
      action: paused ? 'connection paused' : 'connection resumed',
      connectionId: id,
      detail: '',
    }),
  ]);
  return (results[1]?.meta.changes ?? 0) > 0;
}

/** Deletes a connection with everything that was collected for it; its diary stays. Says whether there was one. */
export async function deleteConnection(
  db: D1Database,
  change: { id: number; nowMs: number; by: string },
): Promise<boolean> {
  const { id, nowMs, by } = change;
  const name = (await readConnection(db, id))?.name ?? '';
  const results = await db.batch([
    db
      .prepare(
        `INSERT INTO event (connection_id, at_ms, kind, severity, message)
         SELECT id, ?2, 'deleted', 'info', 'The connection ' || name || ' was deleted by ' || ?3 || '.'
         FROM connection WHERE id = ?1`,
      )
      .bind(id, nowMs, by),
    db.prepare('DELETE FROM connection WHERE id = ?1').bind(id),
    recordAuditIfChanged(db, {
      by,
      atMs: nowMs,
      action: 'connection deleted',
      connectionId: id,
      detail: `Named "${name}".`,
    }),
  ]);
  return (results[0]?.meta.changes ?? 0) > 0;
}

function upsertSecret(db: D1Database, id: number, { name, sealed }: SealedSecret, nowMs: number): D1PreparedStatement {
  return db
    .prepare('INSERT INTO credential (connection_id, name, sealed, updated_at_ms) VALUES (?1, ?2, ?3, ?4)')
    .bind(id, name, sealed, nowMs);
}

function insertEvent(db: D1Database, id: number, nowMs: number, kind: string, message: string): D1PreparedStatement {
  return db
    .prepare(`INSERT INTO event (connection_id, at_ms, kind, severity, message) VALUES (?1, ?2, ?3, 'info', ?4)`)
    .bind(id, nowMs, kind, message);
}

/** D1 tells a broken UNIQUE only in words: the two that a second user can cause get an error of their own. */
async function withNameCheck<T>(name: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const words = error instanceof Error ? error.message : '';
    if (words.includes('UNIQUE constraint failed: connection.name')) {
      throw new ConnectionTakenError('name', `A connection with the name "${name}" exists already.`, { cause: error });
    }
    if (words.includes('UNIQUE constraint failed: connection.id')) {
      const message = 'Another connection was created at the same moment. Look at the list before you try again.';
      throw new ConnectionTakenError(null, message, { cause: error });
    }
    throw error;
  }
}

function toConnection(row: RawConnection): ConnectionRow {
  const secrets: { name: string; updatedAtMs: number }[] = JSON.parse(row.secrets);
  return {
    id: row.id,
    name: row.name,
    settings: row.settings,
    paused: row.paused === 1,
    configVersion: row.config_version,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
    secrets,
  };
}
