/** Who may write for a connection. A new owner raises the epoch; batches that carry an older one change nothing. */

/** SQL that is true while the batch's owner still holds the lease. Parameters: connection id, epoch. */
export const HOLDS_LEASE = (connectionId: string, epoch: string) =>
  `(SELECT epoch FROM lease WHERE connection_id = ${connectionId}) = ${epoch}`;

/** The lease was taken over by another loop: whoever gets this stops and changes nothing more. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
  constructor(connectionId: number) {
    super(`Another loop has taken over connection ${connectionId}.`);
  }
}

/** Takes the lease and returns its new epoch. Null when the connection does not exist. */
export async function claimLease(db: D1Database, connectionId: number, nowMs: number): Promise<number | null> {
  const row = await db
    .prepare(
      `INSERT INTO lease (connection_id, epoch, claimed_at_ms) SELECT id, 1, ?2 FROM connection WHERE id = ?1
       ON CONFLICT (connection_id) DO UPDATE SET epoch = epoch + 1, claimed_at_ms = excluded.claimed_at_ms
       RETURNING epoch`,
    )
    .bind(connectionId, nowMs)
    .first<{ epoch: number }>();
  return row?.epoch ?? null;
}

/**
 * Statement that makes its whole batch fail when the lease is lost: first in every batch that has no condition of its
 * own. It writes nothing while the lease is held.
 */
export function guardLease(db: D1Database, owner: { connectionId: number; epoch: number }): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO lease (connection_id, epoch, claimed_at_ms) SELECT ?1, NULL, 0 WHERE NOT (${HOLDS_LEASE('?1', '?2')})`,
    )
    .bind(owner.connectionId, owner.epoch);
}

/** Whether the lease still has this epoch. */
export async function holdsLease(db: D1Database, owner: { connectionId: number; epoch: number }): Promise<boolean> {
  const row = await db
    .prepare('SELECT epoch FROM lease WHERE connection_id = ?1')
    .bind(owner.connectionId)
    .first<{ epoch: number }>();
  return row?.epoch === owner.epoch;
}
