/** What is stored around state changes that a source tells one by one: whether they are new, and what they end. */

/** A change as told: [agent key, instant, state id]. */
export type ToldChange = readonly [agentKey: number, atMs: number, stateId: number];

/** What is stored around a told change; null where there is nothing. */
export interface Surroundings {
  /** State at the very instant. */
  readonly hereStateId: number | null;
  /** The agent's next change after it. */
  readonly nextMs: number | null;
  /** The agent's latest change of all. */
  readonly latestMs: number | null;
}

const ROWS_PER_QUESTION_MAX = 5_000;

/** One answer per change, in their order. Each costs three looks into the key, however long the history. */
export async function readSurroundings(db: D1Database, changes: readonly ToldChange[]): Promise<Surroundings[]> {
  const all: Surroundings[] = [];
  for (let from = 0; from < changes.length; from += ROWS_PER_QUESTION_MAX) {
    const part = changes.slice(from, from + ROWS_PER_QUESTION_MAX).map(([agentKey, atMs]) => [agentKey, atMs]);
    const { results } = await db
      .prepare(
        `SELECT (SELECT state_id FROM state_change WHERE agent_id = n.value ->> 0 AND at_ms = n.value ->> 1) AS hereStateId,
                (SELECT min(at_ms) FROM state_change WHERE agent_id = n.value ->> 0 AND at_ms > n.value ->> 1) AS nextMs,
                (SELECT max(at_ms) FROM state_change WHERE agent_id = n.value ->> 0) AS latestMs
         FROM json_each(?1) n ORDER BY n.key`,
      )
      .bind(JSON.stringify(part))
      .all<Surroundings>();
    all.push(...results);
  }
  return all;
}
