/** What adherence is judged by: who is scheduled, what they were, which classes adhere to which activity, and the grace. */
import type { StateEntry } from '../domain/activity.ts';
import { ACTIVITY_MAX_MS, activityKey, DEFAULT_GRACE_MS } from '../domain/adherence.ts';
import { STATE_CLASSES, type StateClass } from '../domain/agent-state.ts';
import type { Window } from '../domain/interval.ts';

export interface ScheduledAgent {
  readonly id: number;
  readonly sourceId: string;
  readonly name: string;
  readonly loginId: string;
  readonly employeeId: string;
}

/** Where a page of agents begins: after this one, in the order of names. */
export interface ScheduledAgentCursor {
  readonly name: string;
  readonly id: number;
}

/** Agents with an activity that overlaps the window, by name. `text`: part of a name or id; '' for all. */
export async function listScheduledAgents(
  db: D1Database,
  page: {
    connectionId: number;
    window: Window;
    text: string;
    agentId: number | null;
    after: ScheduledAgentCursor | null;
    limit: number;
  },
): Promise<ScheduledAgent[]> {
  const { results } = await db
    .prepare(
      `SELECT a.id, a.source_id AS sourceId, a.name, coalesce(a.login_id, a.username) AS loginId,
              a.employee_id AS employeeId
       FROM agent a
       WHERE a.connection_id = ?1 AND (?4 IS NULL OR a.id = ?4)
         AND (?5 = '' OR instr(lower(a.name || char(10) || a.username || char(10) || coalesce(a.login_id, '') || char(10)
              || a.source_id || char(10) || a.employee_id), ?5) > 0)
         AND (?6 IS NULL OR (lower(a.name), a.id) > (?6, ?7))
         AND EXISTS (SELECT 1 FROM schedule_activity s WHERE s.connection_id = ?1 AND s.agent_id = a.id
                       AND s.start_ms > ?2 - ${ACTIVITY_MAX_MS} AND s.start_ms < ?3 AND s.end_ms > ?2)
       ORDER BY lower(a.name), a.id LIMIT ?8`,
    )
    .bind(
      page.connectionId,
      page.window.startMs,
      page.window.endMs,
      page.agentId,
      page.text.toLowerCase(),
      page.after?.name ?? null,
      page.after?.id ?? 0,
      page.limit,
    )
    .all<ScheduledAgent>();
  return results;
}

/** The key of an agent in that order. */
export function scheduledAgentKey({ name, id }: ScheduledAgent): ScheduledAgentCursor {
  return { name: lowerAscii(name), id };
}

/** As SQLite's lower() has it: A to Z only. */
function lowerAscii(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Entries of some agents from the last one before the window to the first one after it, oldest first, by agent. */
export async function readEntriesOf(
  db: D1Database,
  agentIds: readonly number[],
  window: Window,
): Promise<Map<number, StateEntry[]>> {
  const { results } = await db
    .prepare(
      `SELECT c.agent_id AS agentId, c.at_ms AS atMs, c.state_id AS stateId FROM json_each(?1) a
       CROSS JOIN state_change c ON c.agent_id = a.value
         AND c.at_ms >= coalesce((SELECT max(at_ms) FROM state_change WHERE agent_id = a.value AND at_ms < ?2), ?2)
         AND c.at_ms <= coalesce((SELECT min(at_ms) FROM state_change WHERE agent_id = a.value AND at_ms >= ?3), ?3)
       ORDER BY c.agent_id, c.at_ms`,
    )
    .bind(JSON.stringify(agentIds), window.startMs, window.endMs)
    .all<StateEntry & { agentId: number }>();
  const entries = new Map<number, StateEntry[]>();
  for (const { agentId, atMs, stateId } of results) {
    const own = entries.get(agentId);
    if (own) own.push({ atMs, stateId });
    else entries.set(agentId, [{ atMs, stateId }]);
  }
  return entries;
}

/** The classes that a person chose for an activity. */
export interface AdherenceRule {
  readonly name: string;
  readonly classes: readonly StateClass[];
}

export interface AdherenceRules {
  readonly graceMs: number;
  /** By `activityKey`. */
  readonly chosen: ReadonlyMap<string, AdherenceRule>;
}

export async function readAdherenceRules(db: D1Database, connectionId: number): Promise<AdherenceRules> {
  const [rules, setting] = await db.batch<Record<string, unknown>>([
    db.prepare('SELECT activity, name, classes FROM adherence_rule WHERE connection_id = ?1').bind(connectionId),
    db.prepare('SELECT grace_ms AS graceMs FROM adherence_setting WHERE connection_id = ?1').bind(connectionId),
  ]);
  const rows = (rules?.results ?? []) as { activity: string; name: string; classes: string }[];
  const [own] = (setting?.results ?? []) as { graceMs: number }[];
  return {
    graceMs: own?.graceMs ?? DEFAULT_GRACE_MS,
    chosen: new Map(rows.map(({ activity, name, classes }) => [activity, { name, classes: classesIn(classes) }])),
  };
}

/** The classes of a stored list; a class that there is no more is none. */
function classesIn(text: string): StateClass[] {
  const stored: unknown = JSON.parse(text);
  return STATE_CLASSES.filter((one) => Array.isArray(stored) && stored.includes(one));
}

/** Statements that set the grace period and the classes of activities; null: as the activity's name suggests. */
export function saveAdherenceRules(
  db: D1Database,
  connectionId: number,
  change: { graceMs: number | null; rules: readonly { name: string; classes: readonly StateClass[] | null }[] },
): D1PreparedStatement[] {
  const { graceMs, rules } = change;
  const chosen = rules.filter(({ classes }) => classes !== null);
  const dropped = rules.filter(({ classes }) => classes === null);
  return [
    ...(graceMs === null
      ? []
      : [
          db
            .prepare(
              `INSERT INTO adherence_setting (connection_id, grace_ms) VALUES (?1, ?2)
               ON CONFLICT (connection_id) DO UPDATE SET grace_ms = excluded.grace_ms`,
            )
            .bind(connectionId, graceMs),
        ]),
    db
      .prepare('DELETE FROM adherence_rule WHERE connection_id = ?1 AND activity IN (SELECT value FROM json_each(?2))')
      .bind(connectionId, JSON.stringify(dropped.map(({ name }) => activityKey(name)))),
    db
      .prepare(
        `INSERT INTO adherence_rule (connection_id, activity, name, classes)
         SELECT ?1, value ->> 0, value ->> 1, value ->> 2 FROM json_each(?2) WHERE true
         ON CONFLICT (connection_id, activity) DO UPDATE SET name = excluded.name, classes = excluded.classes`,
      )
      .bind(
        connectionId,
        JSON.stringify(chosen.map(({ name, classes }) => [activityKey(name), name.trim(), JSON.stringify(classes)])),
      ),
  ];
}

/** Names of activities that begin in a window, the most frequent first. */
export async function listActivityNames(
  db: D1Database,
  connectionId: number,
  window: Window,
  limit: number,
): Promise<string[]> {
  const { results } = await db
    .prepare(
      `SELECT s.activity FROM agent a
       CROSS JOIN schedule_activity s ON s.connection_id = ?1 AND s.agent_id = a.id AND s.start_ms >= ?2 AND s.start_ms < ?3
       WHERE a.connection_id = ?1 GROUP BY s.activity ORDER BY count(*) DESC, s.activity LIMIT ?4`,
    )
    .bind(connectionId, window.startMs, window.endMs, limit)
    .all<{ activity: string }>();
  return results.map(({ activity }) => activity);
}
