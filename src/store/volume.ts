/** Figures for the report of volume and handle time: as many rows read as it shows, whatever the size of the centre. */
import { INTERVAL_MS, type Window } from '../domain/interval.ts';
import type { VolumeFacts } from '../domain/volume.ts';

/** Sums over some queues of each interval of the windows that has figures of one of them. */
export async function readQueueVolume(
  db: D1Database,
  connectionId: number,
  queueIds: readonly number[],
  windows: readonly Window[],
): Promise<VolumeFacts[]> {
  const rows = await Promise.all(
    windows.map(async ({ startMs, endMs }) => {
      const { results } = await db
        .prepare(
          `${KEYS}
           SELECT i.start_ms AS startMs, sum(i.offered) AS offered, sum(i.abandoned) AS abandoned,
                  sum(i.handle_time_ms) AS handleTimeMs
           ${EACH_KEY} GROUP BY i.start_ms ORDER BY i.start_ms`,
        )
        .bind(connectionId, JSON.stringify(queueIds), startMs, endMs)
        .all<VolumeFacts>();
      return results;
    }),
  );
  return rows.flat();
}

export interface QueueVolume extends Omit<VolumeFacts, 'startMs'> {
  readonly queueId: number;
}

/** Sums of each of some queues over a window; queues without figures are left out. */
export async function readVolumeByQueue(
  db: D1Database,
  connectionId: number,
  queueIds: readonly number[],
  { startMs, endMs }: Window,
): Promise<QueueVolume[]> {
  const { results } = await db
    .prepare(
      `${KEYS}
       SELECT i.queue_id AS queueId, sum(i.offered) AS offered, sum(i.abandoned) AS abandoned,
              sum(i.handle_time_ms) AS handleTimeMs
       ${EACH_KEY} GROUP BY i.queue_id`,
    )
    .bind(connectionId, JSON.stringify(queueIds), startMs, endMs)
    .all<QueueVolume>();
  return results;
}

/** Each interval from ?3 to ?4. */
const KEYS = `WITH RECURSIVE starts (start_ms) AS (
  SELECT CAST(?3 AS INTEGER) WHERE ?3 < ?4 UNION ALL SELECT start_ms + ${INTERVAL_MS} FROM starts WHERE start_ms + ${INTERVAL_MS} < ?4)`;

/** Each row by its whole key: queues that are not asked for are not read. */
const EACH_KEY = `FROM starts CROSS JOIN json_each(?2) q
  CROSS JOIN queue_interval i ON i.connection_id = ?1 AND i.start_ms = starts.start_ms AND i.queue_id = q.value`;

/** A queue as a choice. */
export interface QueueName {
  readonly id: number;
  readonly name: string;
  readonly sourceId: string;
}

/** Queues by name. */
export async function listQueueNames(
  db: D1Database,
  connectionId: number,
  { offset, limit }: { offset: number; limit: number },
): Promise<QueueName[]> {
  const { results } = await db
    .prepare(
      `SELECT id, name, source_id AS sourceId FROM queue WHERE connection_id = ?1
       ORDER BY lower(name), id LIMIT ?2 OFFSET ?3`,
    )
    .bind(connectionId, limit, offset)
    .all<QueueName>();
  return results;
}
