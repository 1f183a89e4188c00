/** How each feed (read from the ACD) and each stream (sent to the WFM) is doing: failing since when, why, next try. */
import type { Stream } from '../wfm/wfm.ts';

export type Feed = 'agent-states' | 'intervals' | 'roster';

export interface Standing {
  /** Failures in a row; 0 when the last try was good. */
  readonly failures: number;
  readonly failingSinceMs: number | null;
  readonly retryAtMs: number;
  readonly successAtMs: number | null;
  readonly error: string;
  /** The kind of `UpstreamFailure` or `Outcome`, for deciding without reading words. */
  readonly errorKind: string;
}

export interface FeedStanding extends Standing {
  /** agent-states: windows up to here are closed. intervals: the ledger reaches to here. */
  readonly throughMs: number | null;
}

/** A part of the log that waited when a further outage ended: history that follows the one before. */
export interface FurtherHistory {
  readonly logId: number;
  readonly offset: number;
  readonly untilLogId: number;
  /** Live changes that were done between the end of the history before and the beginning of this. */
  readonly doneBefore: number;
}

/** History up to row `untilLogId` is sent beside what is live; `liveDelivered`: changes done beyond that row. */
export interface CatchUp {
  readonly untilLogId: number;
  readonly liveLogId: number;
  readonly liveOffset: number;
  readonly liveDelivered: number;
  readonly further: readonly FurtherHistory[];
}

export interface StreamStanding extends Standing {
  readonly refusedInARow: number;
  readonly readCount: number;
  readonly deliveredCount: number;
  readonly setAsideCount: number;
  /** agent-states while history is being caught up; null otherwise. */
  readonly catchUp: CatchUp | null;
}

const STANDING = `failures, failing_since_ms AS failingSinceMs, retry_at_ms AS retryAtMs, success_at_ms AS successAtMs,
  error, error_kind AS errorKind`;

/** Makes sure that a connection has its feed and stream rows. */
export function addStandings(db: D1Database, connectionId: number): D1PreparedStatement[] {
  return [
    db
      .prepare(
        `INSERT INTO feed (connection_id, name) SELECT ?1, value FROM json_each('["agent-states","intervals","roster"]')
         WHERE true ON CONFLICT DO NOTHING`,
      )
      .bind(connectionId),
    db
      .prepare(
        `INSERT INTO stream (connection_id, name)
         SELECT ?1, value FROM json_each('["agent-states","historical","agent-activity"]') WHERE true ON CONFLICT DO NOTHING`,
      )
      .bind(connectionId),
  ];
}

export async function readFeeds(db: D1Database, connectionId: number): Promise<Map<Feed, FeedStanding>> {
  const { results } = await db
    .prepare(`SELECT name, through_ms AS throughMs, ${STANDING} FROM feed WHERE connection_id = ?1`)
    .bind(connectionId)
    .all<FeedStanding & { name: Feed }>();
  return new Map(results.map(({ name, ...feed }) => [name, feed]));
}

type StreamRow = Standing & {
  name: Stream;
  refusedInARow: number;
  readCount: number;
  deliveredCount: number;
  setAsideCount: number;
  untilLogId: number | null;
  liveLogId: number | null;
  liveOffset: number | null;
  liveDelivered: number;
  further: string;
};

export async function readStreams(db: D1Database, connectionId: number): Promise<Map<Stream, StreamStanding>> {
  const { results } = await db
    .prepare(
      `SELECT name, ${STANDING}, refused_in_a_row AS refusedInARow, read_count AS readCount,
              delivered_count AS deliveredCount, set_aside_count AS setAsideCount, catch_up_log_id AS untilLogId,
              live_log_id AS liveLogId, live_offset AS liveOffset, live_delivered AS liveDelivered,
              catch_up_further AS further
       FROM stream WHERE connection_id = ?1`,
    )
    .bind(connectionId)
    .all<StreamRow>();
  return new Map(
    results.map(({ name, untilLogId, liveLogId, liveOffset, liveDelivered, further, ...standing }) => {
      const catchUp =
        untilLogId === null || liveLogId === null || liveOffset === null
          ? null
          : { untilLogId, liveLogId, liveOffset, liveDelivered, further: JSON.parse(further) as FurtherHistory[] };
      return [name, { ...standing, catchUp }];
    }),
  );
}

/** Statement that writes how a feed is doing. */
export function saveFeed(db: D1Database, connectionId: number, name: Feed, feed: FeedStanding): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE feed SET failures = ?3, failing_since_ms = ?4, retry_at_ms = ?5, success_at_ms = ?6, error = ?7,
              error_kind = ?8, through_ms = ?9 WHERE connection_id = ?1 AND name = ?2`,
    )
    .bind(connectionId, name, ...standingParameters(feed), feed.throughMs);
}

/** What the source warned of last; '' for nothing. */
export async function readWarning(db: D1Database, connectionId: number): Promise<string> {
  const warning = await db
    .prepare(`SELECT warning FROM feed WHERE connection_id = ?1 AND name = 'agent-states'`)
    .bind(connectionId)
    .first<string>('warning');
  return warning ?? '';
}

/** Statement that writes what the source warns of, '' for nothing; it is no part of how a feed stands. */
export function saveWarning(db: D1Database, connectionId: number, warning: string): D1PreparedStatement {
  return db
    .prepare(`UPDATE feed SET warning = ?2 WHERE connection_id = ?1 AND name = 'agent-states'`)
    .bind(connectionId, warning);
}

/** Statement that writes how a stream is doing; its account is moved by the statements of reports.ts alone. */
export function saveStream(
  db: D1Database,
  connectionId: number,
  name: Stream,
  stream: StreamStanding,
): D1PreparedStatement {
  const { catchUp } = stream;
  return db
    .prepare(
      `UPDATE stream SET failures = ?3, failing_since_ms = ?4, retry_at_ms = ?5, success_at_ms = ?6, error = ?7,
              error_kind = ?8, refused_in_a_row = ?9, catch_up_log_id = ?10, live_log_id = ?11, live_offset = ?12,
              live_delivered = ?13, catch_up_further = ?14
       WHERE connection_id = ?1 AND name = ?2`,
    )
    .bind(
      connectionId,
      name,
      ...standingParameters(stream),
      stream.refusedInARow,
      catchUp?.untilLogId ?? null,
      catchUp?.liveLogId ?? null,
      catchUp?.liveOffset ?? null,
      catchUp?.liveDelivered ?? 0,
      JSON.stringify(catchUp?.further ?? []),
    );
}

function standingParameters(s: Standing) {
  return [s.failures, s.failingSinceMs, s.retryAtMs, s.successAtMs, s.error.slice(0, 1_000), s.errorKind] as const;
}
