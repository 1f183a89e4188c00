/** State changes that wait for their agent's login id, each one; the agent has their count and the first one's instant. */

/** A change that waits. */
export interface HeldChange {
  readonly agentKey: number;
  readonly atMs: number;
  /** How often the log has it: 0 where the WFM has it, and hears it once more so that it is the last it hears. */
  readonly times: number;
  /** The state entered; 0 when the change is not stored any more. */
  readonly stateId: number;
}

/** Statement that notes changes as held; one that is held already counts once more. `times`: 1, or 0 for a reminder. */
export function noteHeld(
  db: D1Database,
  changes: readonly { readonly agentKey: number; readonly atMs: number }[],
  times: 0 | 1,
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO held_change (agent_id, at_ms, times)
       SELECT value ->> 0, value ->> 1, count(*) * ?2 FROM json_each(?1) WHERE true GROUP BY 1, 2
       ON CONFLICT (agent_id, at_ms) DO UPDATE SET times = times + excluded.times`,
    )
    .bind(JSON.stringify(changes.map(({ agentKey, atMs }) => [agentKey, atMs])), times);
}

/** What is held of some agents, agent by agent, oldest first, at most `limit`. */
export async function readHeld(db: D1Database, agentKeys: readonly number[], limit: number): Promise<HeldChange[]> {
  const { results } = await db
    .prepare(
      `SELECT h.agent_id AS agentKey, h.at_ms AS atMs, h.times, coalesce(c.state_id, 0) AS stateId
       FROM held_change h LEFT JOIN state_change c ON c.agent_id = h.agent_id AND c.at_ms = h.at_ms
       WHERE h.agent_id IN (SELECT value FROM json_each(?1)) ORDER BY h.agent_id, h.at_ms LIMIT ?2`,
    )
    .bind(JSON.stringify(agentKeys), limit)
    .all<HeldChange>();
  return results;
}

/** Statements that forget held changes and leave with each agent the count that it still holds. */
export function releaseHeld(
  db: D1Database,
  changes: readonly HeldChange[],
  left: readonly { readonly agentKey: number; readonly count: number }[],
): D1PreparedStatement[] {
  return [
    db
      .prepare(
        `DELETE FROM held_change
         WHERE (agent_id, at_ms) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?1))`,
      )
      .bind(JSON.stringify(changes.map(({ agentKey, atMs }) => [agentKey, atMs]))),
    db
      .prepare(
        `UPDATE agent SET held_count = h.value ->> 1,
                held_from_ms = (SELECT min(at_ms) FROM held_change WHERE agent_id = agent.id)
         FROM json_each(?1) h WHERE agent.id = h.value ->> 0`,
      )
      .bind(JSON.stringify(left.map(({ agentKey, count }) => [agentKey, count]))),
  ];
}
