/**
 * The code book: every pair of codes ever sent as an agent state, and those that the states known so far would send. Each
 * has to be mapped to an activity in CXone by hand.
 */

export interface CodePair {
  readonly eventCode: string;
  readonly reasonCode: string;
  /** Null: never sent. */
  readonly firstSentMs: number | null;
  readonly lastSentMs: number | null;
  readonly sentCount: number;
  /** States that send the pair at present, joined by commas; '' when none does any more. */
  readonly states: string;
}

export interface CodeBookFilter {
  readonly connectionId: number;
  readonly search: string;
  readonly status: 'all' | 'sent' | 'not sent' | 'former';
  readonly limit: number;
  readonly offset: number;
}

const STATUS: Readonly<Record<CodeBookFilter['status'], string>> = {
  all: '1',
  sent: 'sentCount > 0',
  'not sent': 'sentCount = 0',
  former: `states = ''`,
};

/** Pairs, the most frequent first, with how many match. Counts are brought up to date when a window closes. */
export async function listCodeBook(
  db: D1Database,
  { connectionId, search, status, limit, offset }: CodeBookFilter,
): Promise<{ rows: CodePair[]; total: number }> {
  const { results } = await db
    .prepare(
      `WITH present AS (
         SELECT coalesce(event_code, name) AS eventCode, coalesce(reason_code, reason) AS reasonCode,
                group_concat(CASE WHEN reason = '' THEN name ELSE name || ' / ' || reason END, ', ') AS states
         FROM acd_state WHERE connection_id = ?1 GROUP BY 1, 2
       ), pairs AS (
         SELECT event_code AS eventCode, reason_code AS reasonCode, first_sent_ms AS firstSentMs,
                last_sent_ms AS lastSentMs, sent_count AS sentCount
         FROM code_book WHERE connection_id = ?1
         UNION ALL
         SELECT eventCode, reasonCode, NULL, NULL, 0 FROM present p
         WHERE NOT EXISTS (SELECT 1 FROM code_book b WHERE b.connection_id = ?1 AND b.event_code = p.eventCode
                                                       AND b.reason_code = p.reasonCode)
       ), book AS (
         SELECT pairs.*, coalesce(present.states, '') AS states FROM pairs LEFT JOIN present USING (eventCode, reasonCode)
       )
       SELECT *, count(*) OVER () AS total FROM book
       WHERE (?2 = '' OR instr(lower(eventCode), ?2) > 0 OR instr(lower(reasonCode), ?2) > 0 OR instr(lower(states), ?2) > 0)
         AND ${STATUS[status]}
       ORDER BY sentCount DESC, eventCode, reasonCode LIMIT ?3 OFFSET ?4`,
    )
    .bind(connectionId, search.toLowerCase(), limit, offset)
    .all<CodePair & { total: number }>();
  return { rows: results.map(({ total: _, ...pair }) => pair), total: results[0]?.total ?? 0 };
}
