/** The connection monitor's diary. */

export type Severity = 'info' | 'warning' | 'error';

/** Statement that writes one line of the diary. Messages are whole sentences without secrets. */
export function addEvent(
  db: D1Database,
  event: { connectionId: number | null; atMs: number; kind: string; severity: Severity; message: string },
): D1PreparedStatement {
  return db
    .prepare('INSERT INTO event (connection_id, at_ms, kind, severity, message) VALUES (?1, ?2, ?3, ?4, ?5)')
    .bind(event.connectionId, event.atMs, event.kind, event.severity, event.message.slice(0, 2_000));
}
