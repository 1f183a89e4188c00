/**
 * How every connection is doing, as facts for src/domain/health.ts. Read by each open Overview every few seconds: all
 * statements go in one batch, use the tables' keys and partial indexes, and none walks agents, figures or state changes.
 */
import {
  type Account,
  type ConnectionFacts,
  type FeedFacts,
  SET_ASIDE_COUNTED_MAX,
  type StreamFacts,
} from '../domain/health-facts.ts';

const DAY_MS = 86_400_000;

interface RawFacts {
  id: number;
  name: string;
  paused: number;
  created_at_ms: number;
  updated_at_ms: number;
  until_ms: number | null;
  read_count: number | null;
  delivered_count: number | null;
  set_aside_count: number | null;
  accepted_at_ms: number | null;
  done_count: number | null;
  oldest_unsent_ms: number | null;
  loop_at_ms: number | null;
  newest_start_ms: number | null;
  gap_count: number | null;
  oldest_gap_ms: number | null;
  waiting_count: number | null;
  oldest_waiting_ms: number | null;
  unconfirmed_count: number;
  set_aside_open: number;
  queue_count: number;
  agent_count: number;
  held_agents: number;
  held_count: number;
  unreviewed_states: number;
  backfills_open: number;
  last_trouble_ms: number | null;
}

interface RawTry {
  connection_id: number;
  name: string;
  failures: number;
  failing_since_ms: number | null;
  retry_at_ms: number;
  success_at_ms: number | null;
  error: string;
  error_kind: string;
}

interface RawFeed extends RawTry {
  warning: string;
}

interface RawStream extends RawTry {
  read_count: number;
  delivered_count: number;
  set_aside_count: number;
  catch_up_log_id: number | null;
  live_delivered: number;
}

interface RawReports {
  connection_id: number;
  stream: string;
  waiting: number;
  held: number;
}

// The row under the cursor says how many changes are done: those before the row, and `cursor_offset` of its own. A
// cursor past the newest row means that all are.
const FACTS = `
  SELECT c.id, c.name, c.paused, c.created_at_ms, c.updated_at_ms,
    n.until_ms, n.read_count, n.delivered_count, n.set_aside_count, n.accepted_at_ms,
    CASE WHEN k.log_id IS NOT NULL THEN k.read_count - k.change_count + n.cursor_offset
         WHEN n.cursor_log_id > n.log_id THEN n.read_count END AS done_count,
    (SELECT w.from_ms FROM state_log w
     WHERE w.connection_id = c.id AND w.log_id >= n.cursor_log_id
       AND w.change_count > CASE WHEN w.log_id = n.cursor_log_id THEN n.cursor_offset ELSE 0 END
     ORDER BY w.log_id LIMIT 1) AS oldest_unsent_ms,
    (SELECT b.at_ms FROM heartbeat b WHERE b.name = 'loop ' || c.id) AS loop_at_ms,
    (SELECT start_ms FROM interval_ledger l WHERE l.connection_id = c.id AND l.status = 'collected'
     ORDER BY start_ms DESC LIMIT 1) AS newest_start_ms,
    o.gap_count, o.oldest_gap_ms, o.waiting_count, o.oldest_waiting_ms,
    (SELECT count(*) FROM interval_ledger l WHERE l.connection_id = c.id AND l.start_ms >= ?1 AND l.unconfirmed = 1)
      AS unconfirmed_count,
    (SELECT count(*) FROM (SELECT 1 FROM set_aside s INDEXED BY set_aside_open
       WHERE s.connection_id = c.id AND s.status = 'set aside' LIMIT ${SET_ASIDE_COUNTED_MAX})) AS set_aside_open,
    (SELECT count(*) FROM queue q WHERE q.connection_id = c.id AND q.removed_at_ms IS NULL) AS queue_count,
    c.agent_count, coalesce(a.held_agents, 0) AS held_agents, coalesce(a.held_count, 0) AS held_count,
    (SELECT count(*) FROM acd_state t WHERE t.connection_id = c.id AND t.reviewed = 0) AS unreviewed_states,
    (SELECT count(*) FROM backfill b WHERE b.connection_id = c.id AND b.status IN ('waiting', 'running'))
      AS backfills_open,
    (SELECT max(e.at_ms) FROM (SELECT at_ms, kind, severity FROM event WHERE connection_id = c.id
                               ORDER BY id DESC LIMIT 200) e
     WHERE e.severity <> 'info' OR e.kind IN ('reading recovered', 'sending recovered', 'paused', 'resumed')) AS last_trouble_ms
  FROM connection c
  LEFT JOIN state_log n ON n.connection_id = c.id
    AND n.log_id = (SELECT max(m.log_id) FROM state_log m WHERE m.connection_id = c.id)
  LEFT JOIN state_log k ON k.connection_id = c.id AND k.log_id = n.cursor_log_id
  LEFT JOIN (SELECT connection_id, sum(status = 'gap') AS gap_count,
               min(CASE WHEN status = 'gap' THEN start_ms END) AS oldest_gap_ms,
               sum(status = 'waiting') AS waiting_count,
               min(CASE WHEN status = 'waiting' THEN start_ms END) AS oldest_waiting_ms
             FROM interval_ledger WHERE status <> 'collected' GROUP BY connection_id) o ON o.connection_id = c.id
  LEFT JOIN (SELECT connection_id, count(*) AS held_agents, sum(held_count) AS held_count
             FROM agent INDEXED BY agent_held WHERE held_count > 0 GROUP BY connection_id) a ON a.connection_id = c.id
  ORDER BY c.id`;

/** The facts of all connections at `nowMs`, oldest connection first. */
export async function readOverview(db: D1Database, nowMs: number): Promise<ConnectionFacts[]> {
  const [facts, feeds, streams, reports, heartbeats] = await db.batch([
    db.prepare(FACTS).bind(nowMs - DAY_MS),
    db.prepare(`SELECT * FROM feed ORDER BY instr('agent-states intervals roster', name)`),
    db.prepare(`SELECT * FROM stream ORDER BY instr('agent-states historical agent-activity', name)`),
    db.prepare(
      `SELECT connection_id, stream, sum(record_count) AS waiting, 0 AS held FROM report
       WHERE delivered_revision < revision GROUP BY connection_id, stream
       UNION ALL
       SELECT connection_id, stream, sum(held_count), sum(held_count) FROM report
       WHERE held_count > 0 AND delivered_revision >= revision GROUP BY connection_id, stream`,
    ),
    db.prepare("SELECT max(at_ms) AS at_ms FROM heartbeat WHERE name = 'cron'"),
  ]);
  const cronAtMs = rows<{ at_ms: number | null }>(heartbeats)[0]?.at_ms ?? null;
  return rows<RawFacts>(facts).map((row) =>
    toFacts(row, {
      feeds: rows<RawFeed>(feeds).filter((feed) => feed.connection_id === row.id),
      streams: rows<RawStream>(streams).filter((stream) => stream.connection_id === row.id),
      reports: rows<RawReports>(reports).filter((report) => report.connection_id === row.id),
      cronAtMs,
    }),
  );
}

function rows<T>(result: D1Result<unknown> | undefined): readonly T[] {
  return (result?.results ?? []) as T[];
}

function toFacts(
  row: RawFacts,
  parts: {
    feeds: readonly RawFeed[];
    streams: readonly RawStream[];
    reports: readonly RawReports[];
    cronAtMs: number | null;
  },
): ConnectionFacts {
  return {
    connectionId: row.id,
    name: row.name,
    paused: row.paused === 1,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
    lastPollMs: row.until_ms,
    loopAtMs: row.loop_at_ms,
    oldestUnsentMs: row.oldest_unsent_ms,
    feeds: parts.feeds.map((feed) => ({ name: feed.name as FeedFacts['name'], ...toTry(feed) })),
    warning: parts.feeds.find(({ name }) => name === 'agent-states')?.warning ?? '',
    streams: parts.streams.map((stream) => ({
      name: stream.name as StreamFacts['name'],
      ...toTry(stream),
      ...(stream.name === 'agent-states'
        ? { account: stateAccount(row, stream), successAtMs: row.accepted_at_ms ?? stream.success_at_ms }
        : { account: windowedAccount(stream, parts.reports) }),
    })),
    newestFigureMs: row.newest_start_ms === null ? null : row.newest_start_ms + 15 * 60_000,
    gapCount: row.gap_count ?? 0,
    oldestGapMs: row.oldest_gap_ms,
    waitingIntervals: row.waiting_count ?? 0,
    oldestWaitingMs: row.oldest_waiting_ms,
    unconfirmedCount: row.unconfirmed_count,
    setAsideOpen: row.set_aside_open,
    heldAgents: row.held_agents,
    agentCount: row.agent_count,
    queueCount: row.queue_count,
    unreviewedStates: row.unreviewed_states,
    backfillsOpen: row.backfills_open,
    lastTroubleMs: row.last_trouble_ms,
    cronAtMs: parts.cronAtMs,
  };
}

function toTry(row: RawTry): Omit<FeedFacts, 'name'> {
  return {
    failures: row.failures,
    failingSinceMs: row.failing_since_ms,
    retryAtMs: row.retry_at_ms,
    successAtMs: row.success_at_ms,
    error: row.error,
    errorKind: row.error_kind,
  };
}

/** Waiting: behind the cursor, less what went ahead of it while history is caught up, and what lacks a login id. */
function stateAccount(row: RawFacts, stream: RawStream): Account {
  const read = row.read_count ?? 0;
  const ahead = stream.catch_up_log_id === null ? 0 : stream.live_delivered;
  return {
    read,
    delivered: row.delivered_count ?? 0,
    setAside: row.set_aside_count ?? 0,
    waiting: read - (row.done_count ?? 0) - ahead + row.held_count,
    held: row.held_count,
  };
}

function windowedAccount(stream: RawStream, reports: readonly RawReports[]): Account {
  const own = reports.filter((report) => report.stream === stream.name);
  return {
    read: stream.read_count,
    delivered: stream.delivered_count,
    setAside: stream.set_aside_count,
    waiting: own.reduce((sum, { waiting }) => sum + waiting, 0),
    held: own.reduce((sum, { held }) => sum + held, 0),
  };
}
