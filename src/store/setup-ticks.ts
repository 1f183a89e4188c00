/** Steps of the set-up that a person has ticked. */
import type { Tick } from '../domain/setup.ts';
import { recordAuditIfChanged } from './audit.ts';

export async function readTicks(db: D1Database): Promise<Tick[]> {
  const { results } = await db.prepare('SELECT step, at_ms AS atMs, by FROM setup_tick').all<Tick>();
  return results;
}

/** Ticks a step, or takes the tick back. The same again changes nothing. */
export async function setTick(
  db: D1Database,
  { step, isDone, nowMs, by }: { step: string; isDone: boolean; nowMs: number; by: string },
): Promise<void> {
  const action = isDone ? 'set-up step ticked' : 'set-up step opened';
  await db.batch([
    isDone
      ? db
          .prepare('INSERT INTO setup_tick (step, at_ms, by) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING')
          .bind(step, nowMs, by)
      : db.prepare('DELETE FROM setup_tick WHERE step = ?1').bind(step),
    recordAuditIfChanged(db, { by, atMs: nowMs, action, connectionId: null, detail: `Step ${step}.` }),
  ]);
}
