/** Every ACD state ever seen, with what it counts as and what the WFM is told. */
import type { StateClass } from '../domain/agent-state.ts';
import type { IdPage } from './roster-read.ts';

export interface StateRow {
  readonly id: number;
  readonly name: string;
  readonly reason: string;
  readonly class: StateClass;
  readonly eventCode: string | null;
  readonly reasonCode: string | null;
  readonly reviewed: boolean;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly seenCount: number;
}

interface RawState {
  id: number;
  name: string;
  reason: string;
  class: StateClass;
  event_code: string | null;
  reason_code: string | null;
  reviewed: number;
  first_seen_ms: number;
  last_seen_ms: number;
  seen_count: number;
}

export async function listStates(db: D1Database, { connectionId, afterId, limit }: IdPage): Promise<StateRow[]> {
  const { results } = await db
    .prepare('SELECT * FROM acd_state WHERE connection_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3')
    .bind(connectionId, afterId, limit)
    .all<RawState>();
  return results.map(toState);
}

export async function readState(db: D1Database, connectionId: number, id: number): Promise<StateRow | null> {
  const row = await db
    .prepare('SELECT * FROM acd_state WHERE connection_id = ?1 AND id = ?2')
    .bind(connectionId, id)
    .first<RawState>();
  return row === null ? null : toState(row);
}

function toState(row: RawState): StateRow {
  return {
    id: row.id,
    name: row.name,
    reason: row.reason,
    class: row.class,
    eventCode: row.event_code,
    reasonCode: row.reason_code,
    reviewed: row.reviewed === 1,
    firstSeenMs: row.first_seen_ms,
    lastSeenMs: row.last_seen_ms,
    seenCount: row.seen_count,
  };
}
