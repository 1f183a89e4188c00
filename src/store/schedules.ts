/** Schedules: held for a preview, stored whole or not at all, listed, and deleted. */

import { ACTIVITY_MAX_MS, type ScheduledActivity } from '../domain/adherence.ts';
import type { RefusedLine } from '../domain/import-file.ts';
import { DAY_MS, HOUR_MS, type Window } from '../domain/interval.ts';
import type { AgentActivity, PlacedSchedule } from '../domain/schedule-file.ts';

/** Rows of one part of an upload: at up to 500 bytes a row below the 2 MB that D1 takes as one value. */
const ROWS_PER_PART = 2_500;
/** Rows that one answer of the database should have at most, and activities that a day of an agent may well have. */
const ROWS_PER_QUESTION = 10_000;
const ACTIVITIES_A_DAY = 10;
/** How long an upload waits to be confirmed. */
const UPLOAD_LIFE_MS = HOUR_MS;
/** Refused lines that are kept of an upload. */
const REFUSED_KEPT_MAX = 500;

type ActivityRow = readonly [agentId: number, startMs: number, endMs: number, activity: string];
type DayRow = readonly [agentId: number, startMs: number, endMs: number];

/** Activities of some agents that overlap a window, by agent and start. */
export async function readActivitiesOf(
  db: D1Database,
  connectionId: number,
  agentIds: readonly number[],
  window: Window,
): Promise<AgentActivity[]> {
  const days = Math.ceil((window.endMs - window.startMs) / DAY_MS) + 1;
  const agentsAtOnce = Math.max(1, Math.floor(ROWS_PER_QUESTION / (days * ACTIVITIES_A_DAY)));
  const sorted = agentIds.toSorted((a, b) => a - b);
  const rows: AgentActivity[] = [];
  for (let from = 0; from < sorted.length; from += agentsAtOnce) {
    const { results } = await db
      .prepare(
        `SELECT s.agent_id AS agentId, s.start_ms AS startMs, s.end_ms AS endMs, s.activity FROM json_each(?2) a
         CROSS JOIN schedule_activity s ON s.connection_id = ?1 AND s.agent_id = a.value
           AND s.start_ms > ?3 - ${ACTIVITY_MAX_MS} AND s.start_ms < ?4 AND s.end_ms > ?3
         ORDER BY s.agent_id, s.start_ms`,
      )
      .bind(connectionId, JSON.stringify(sorted.slice(from, from + agentsAtOnce)), window.startMs, window.endMs)
      .all<AgentActivity>();
    for (const row of results) rows.push(row);
  }
  return rows;
}

function partsOf({
  activities,
  days,
}: Pick<PlacedSchedule, 'activities' | 'days'>): { kind: string; part: number; rows: string }[] {
  const rows: ActivityRow[] = activities.map((one) => [one.agentId, one.startMs, one.endMs, one.activity]);
  const dayRows: DayRow[] = days.map((one) => [one.agentId, one.startMs, one.endMs]);
  const cut = (kind: string, all: readonly unknown[]) =>
    Array.from({ length: Math.ceil(all.length / ROWS_PER_PART) }, (_, part) => ({
      kind,
      part,
      rows: JSON.stringify(all.slice(part * ROWS_PER_PART, (part + 1) * ROWS_PER_PART)),
    }));
  // The activities last: an upload whose activities are all there is there whole.
  return [...cut('days', dayRows), ...cut('activities', rows)];
}

export interface ScheduleUpload {
  readonly id: number;
  readonly fileName: string;
  readonly rowCount: number;
  readonly refusedCount: number;
  /** The first ones. */
  readonly refused: readonly RefusedLine[];
  readonly createdBy: string;
}

/** Holds an upload; forgets those that nobody confirmed. Returns its id. */
export async function holdSchedule(
  db: D1Database,
  upload: { connectionId: number; fileName: string; placed: PlacedSchedule; nowMs: number; by: string },
): Promise<number> {
  const { connectionId, fileName, placed, nowMs, by } = upload;
  const { activities, refused } = placed;
  const lines = JSON.stringify(refused.slice(0, REFUSED_KEPT_MAX).map(({ line, reason }) => [line, reason]));
  const [, held] = await db.batch<{ id: number }>([
    forgetOldUploads(db, nowMs),
    db
      .prepare(
        `INSERT INTO schedule_upload (connection_id, file_name, row_count, refused_count, refused, created_at_ms, created_by)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING id`,
      )
      .bind(connectionId, fileName.slice(0, 200), activities.length, refused.length, lines, nowMs, by),
  ]);
  const id = held?.results[0]?.id;
  if (id === undefined) throw new Error('The database stored a schedule and returned no id.');
  for (const { kind, part, rows } of partsOf(placed)) {
    await db.prepare('INSERT INTO schedule_upload_part VALUES (?1, ?2, ?3, ?4)').bind(id, kind, part, rows).run();
  }
  return id;
}

/** Statement that forgets uploads which nobody confirmed within an hour. */
export function forgetOldUploads(db: D1Database, nowMs: number): D1PreparedStatement {
  return db.prepare('DELETE FROM schedule_upload WHERE created_at_ms < ?1').bind(nowMs - UPLOAD_LIFE_MS);
}

/** An upload that waits; null when it was confirmed, has expired or is another connection's. */
export async function readScheduleUpload(
  db: D1Database,
  connectionId: number,
  id: number,
  nowMs: number,
): Promise<ScheduleUpload | null> {
  const row = await db
    .prepare(
      `SELECT id, file_name AS fileName, row_count AS rowCount, refused_count AS refusedCount, refused, created_by AS createdBy
       FROM schedule_upload WHERE connection_id = ?1 AND id = ?2 AND created_at_ms >= ?3
         -- One that broke off while it was being held never was.
         AND row_count = (SELECT coalesce(sum(json_array_length(rows)), 0) FROM schedule_upload_part
                          WHERE upload_id = ?2 AND kind = 'activities')`,
    )
    .bind(connectionId, id, nowMs - UPLOAD_LIFE_MS)
    .first<Omit<ScheduleUpload, 'refused'> & { refused: string }>();
  if (!row) return null;
  const lines = JSON.parse(row.refused) as [number, string][];
  return { ...row, refused: lines.map(([line, reason]) => ({ line, reason })) };
}

/** The activities of an upload that waits. */
export async function readUploadActivities(db: D1Database, id: number): Promise<AgentActivity[]> {
  const activities: AgentActivity[] = [];
  for (let part = 0; ; part++) {
    const found = await db
      .prepare(`SELECT rows FROM schedule_upload_part WHERE upload_id = ?1 AND kind = 'activities' AND part = ?2`)
      .bind(id, part)
      .first<{ rows: string }>();
    if (!found) return activities;
    for (const [agentId, startMs, endMs, activity] of JSON.parse(found.rows) as ActivityRow[]) {
      activities.push({ agentId, startMs, endMs, activity });
    }
  }
}

/** Rows of the parts of an upload, ?2. */
const rowsOf = (kind: 'activities' | 'days') =>
  `(SELECT r.value FROM schedule_upload_part p, json_each(p.rows) r WHERE p.upload_id = ?2 AND p.kind = '${kind}')`;

/** Statements that store an upload which waits in the place of what is stored for its days, and forget it. */
export function storeHeldSchedule(db: D1Database, connectionId: number, id: number): D1PreparedStatement[] {
  return [
    // Only what is not wanted any more goes: what stays the same costs nothing.
    db
      .prepare(
        `WITH wanted AS MATERIALIZED (SELECT value ->> 0 AS agent_id, value ->> 1 AS start_ms FROM ${rowsOf('activities')})
         DELETE FROM schedule_activity WHERE (connection_id, agent_id, start_ms) IN (
           SELECT s.connection_id, s.agent_id, s.start_ms FROM ${rowsOf('days')} d
           CROSS JOIN schedule_activity s ON s.connection_id = ?1 AND s.agent_id = d.value ->> 0
             AND s.start_ms >= d.value ->> 1 AND s.start_ms < d.value ->> 2
           WHERE (s.agent_id, s.start_ms) NOT IN (SELECT agent_id, start_ms FROM wanted))`,
      )
      .bind(connectionId, id),
    db
      .prepare(
        `INSERT INTO schedule_activity (connection_id, agent_id, start_ms, end_ms, activity)
         SELECT ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM ${rowsOf('activities')} WHERE true
         ON CONFLICT (connection_id, agent_id, start_ms) DO UPDATE SET end_ms = excluded.end_ms, activity = excluded.activity
           WHERE end_ms <> excluded.end_ms OR activity <> excluded.activity`,
      )
      .bind(connectionId, id),
    forgetUpload(db, connectionId, id),
  ];
}

export function forgetUpload(db: D1Database, connectionId: number, id: number): D1PreparedStatement {
  return db.prepare('DELETE FROM schedule_upload WHERE connection_id = ?1 AND id = ?2').bind(connectionId, id);
}

/** An activity with its agent. */
export interface ScheduleRow extends ScheduledActivity {
  readonly agentId: number;
  readonly agentSourceId: string;
  readonly agentName: string;
  readonly loginId: string;
}

/** Activities that begin in a window, by agent and start. `after`: the key of the last row before. */
export async function listSchedule(
  db: D1Database,
  page: {
    connectionId: number;
    window: Window;
    agentId: number | null;
    after: { agentId: number; startMs: number } | null;
    limit: number;
  },
): Promise<ScheduleRow[]> {
  const { results } = await db
    .prepare(
      `SELECT s.agent_id AS agentId, a.source_id AS agentSourceId, a.name AS agentName,
              coalesce(a.login_id, a.username) AS loginId, s.activity, s.start_ms AS startMs, s.end_ms AS endMs
       FROM agent a
       CROSS JOIN schedule_activity s ON s.connection_id = ?1 AND s.agent_id = a.id AND s.start_ms >= ?2 AND s.start_ms < ?3
       WHERE a.connection_id = ?1 AND a.id >= ?5 AND (?4 IS NULL OR a.id = ?4) AND (s.agent_id, s.start_ms) > (?5, ?6)
       ORDER BY a.id, s.start_ms LIMIT ?7`,
    )
    .bind(
      page.connectionId,
      page.window.startMs,
      page.window.endMs,
      page.agentId,
      page.after?.agentId ?? -1,
      page.after?.startMs ?? -1,
      page.limit,
    )
    .all<ScheduleRow>();
  return results;
}

/** Rows that one statement deletes at most. */
export const DELETED_AT_ONCE_MAX = 20_000;

/** Statement that deletes activities which begin in a window, of one agent or of all: `DELETED_AT_ONCE_MAX` at most. */
export function deleteSchedule(
  db: D1Database,
  { connectionId, window, agentId }: { connectionId: number; window: Window; agentId: number | null },
): D1PreparedStatement {
  return db
    .prepare(
      `DELETE FROM schedule_activity WHERE (connection_id, agent_id, start_ms) IN (
         SELECT s.connection_id, s.agent_id, s.start_ms FROM agent a CROSS JOIN schedule_activity s ON s.connection_id = ?1
           AND s.agent_id = a.id AND s.start_ms >= ?2 AND s.start_ms < ?3
         WHERE a.connection_id = ?1 AND (?4 IS NULL OR a.id = ?4) LIMIT ${DELETED_AT_ONCE_MAX})`,
    )
    .bind(connectionId, window.startMs, window.endMs, agentId);
}
