/**
 * The log of the agent-states stream: what each look brought, in order, with the stream's cursor in its newest row. One
 * look is one batch, so what is stored is either all of it or nothing; an unchanged look writes exactly one row.
 */
import { HOLDS_LEASE, LeaseLostError } from './lease.ts';
import { WAITING_WORK, type WaitingWork } from './waiting-work.ts';

/** D1 allows 2 MB a value; a change takes at most about 50 bytes. */
const CHANGES_PER_STATEMENT_MAX = 20_000;
/** Extending a row rewrites it: a row with more changes than this is left alone and a fresh one opened. */
const CHANGES_IN_EXTENDED_ROW_MAX = 100;

/** The source's own time where it is the instant of the change, as nearly always: stored once, not twice. */
const SAME_INSTANT = 0;

/** How far the WFM has accepted: `offset` changes of row `logId`, and everything in the rows before. */
export interface StatesProgress {
  readonly logId: number;
  readonly offset: number;
  readonly deliveredCount: number;
  readonly setAsideCount: number;
  readonly acceptedAtMs: number | null;
}

/** The newest row of the log. */
export interface LogHead {
  readonly logId: number;
  readonly untilMs: number;
  readonly readCount: number;
  readonly changeCount: number;
  /** Where the source's event feed goes on; null: it has none, or was never read. */
  readonly sourceCursor: string | null;
}

/** A state change ready to be stored. `logged` is false for agents that the user has left out. */
export interface StoredChange {
  readonly agentKey: number;
  readonly atMs: number;
  readonly stateId: number;
  readonly sinceMs: number | null;
  readonly unobservedFromMs: number | null;
  readonly logged: boolean;
}

export interface LookCommit {
  readonly connectionId: number;
  readonly epoch: number;
  readonly head: LogHead | null;
  readonly progress: StatesProgress;
  readonly arrivedAtMs: number;
  readonly gapBeforeMs: number;
  readonly changes: readonly StoredChange[];
  /** Where the source's event feed goes on after this; left out by sources without one. */
  readonly sourceCursor?: string;
  /** A change of the same agent and instant is replaced: for sources that tell changes, not for looks. */
  readonly replaces?: boolean;
  /** What else belongs to the same commit. */
  readonly also?: readonly D1PreparedStatement[];
}

/** Head and progress of a log, nulls before the first look. */
export async function readLogHead(
  db: D1Database,
  connectionId: number,
): Promise<{ head: LogHead | null; progress: StatesProgress }> {
  const row = await db
    .prepare(
      `SELECT log_id AS logId, until_ms AS untilMs, read_count AS readCount, change_count AS changeCount,
              source_cursor AS sourceCursor, cursor_log_id AS cursorLogId, cursor_offset AS cursorOffset, delivered_count AS deliveredCount,
              set_aside_count AS setAsideCount, accepted_at_ms AS acceptedAtMs
       FROM state_log WHERE connection_id = ?1 ORDER BY log_id DESC LIMIT 1`,
    )
    .bind(connectionId)
    .first<LogHead & Omit<StatesProgress, 'logId' | 'offset'> & { cursorLogId: number; cursorOffset: number }>();
  if (!row) {
    return { head: null, progress: { logId: 1, offset: 0, deliveredCount: 0, setAsideCount: 0, acceptedAtMs: null } };
  }
  const { logId, untilMs, readCount, changeCount, sourceCursor, cursorLogId, cursorOffset, ...counts } = row;
  return {
    head: { logId, untilMs, readCount, changeCount, sourceCursor },
    progress: { logId: cursorLogId, offset: cursorOffset, ...counts },
  };
}

/**
 * Commits one look: the changes, the log, the heartbeat and the stream's progress so far. Returns the new head and what
 * the connection's loop has to look after. Throws `LeaseLostError` when another loop owns the connection by now.
 */
export async function commitLook(
  db: D1Database,
  look: LookCommit,
): Promise<{ head: LogHead; work: WaitingWork; rowsWritten: number }> {
  const { head } = look;
  const extendable = head !== null && head.changeCount <= CHANGES_IN_EXTENDED_ROW_MAX && look.gapBeforeMs === 0;
  if (look.changes.length === 0 && extendable && !look.also?.length) return extendHead(db, look, head);
  return openRows(db, look);
}

async function extendHead(db: D1Database, look: LookCommit, head: LogHead) {
  const { connectionId, epoch, progress, arrivedAtMs } = look;
  const result = await db
    .prepare(
      `UPDATE state_log SET until_ms = ?4, polls = polls + 1, cursor_log_id = ?5, cursor_offset = ?6,
              delivered_count = ?7, set_aside_count = ?8, accepted_at_ms = ?9,
              source_cursor = coalesce(?10, source_cursor)
       WHERE connection_id = ?1 AND log_id = ?2 AND ${HOLDS_LEASE('?1', '?3')}
       RETURNING ${WAITING_WORK('?1', '?4')}`,
    )
    .bind(connectionId, head.logId, epoch, arrivedAtMs, ...progressParameters(progress), look.sourceCursor ?? null)
    .all<WaitingWork>();
  const work = result.results[0];
  if (!work) throw new LeaseLostError(connectionId);
  return {
    head: { ...head, untilMs: arrivedAtMs, sourceCursor: look.sourceCursor ?? head.sourceCursor },
    work,
    rowsWritten: result.meta.rows_written,
  };
}

async function openRows(db: D1Database, look: LookCommit) {
  const { connectionId, epoch, progress, arrivedAtMs, changes } = look;
  const statements: D1PreparedStatement[] = [];
  let logId = look.head?.logId ?? 0;
  let readCount = look.head?.readCount ?? 0;
  let changeCount = 0;
  const sourceCursor = look.sourceCursor ?? look.head?.sourceCursor ?? null;
  const insertLog = db.prepare(
    `INSERT INTO state_log (connection_id, log_id, from_ms, until_ms, gap_before_ms, polls, read_count, change_count,
            changes, cursor_log_id, cursor_offset, delivered_count, set_aside_count, accepted_at_ms, source_cursor)
     SELECT ?1, ?2, ?4, ?4, ?10, 1, ?11, ?12, ?13, ?5, ?6, ?7, ?8, ?9, ?14 WHERE ${HOLDS_LEASE('?1', '?3')}
     RETURNING ${WAITING_WORK('?1', '?4')}`,
  );
  const insertChanges = db.prepare(
    `INSERT INTO state_change (agent_id, at_ms, state_id, since_ms)
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1)
     WHERE ${HOLDS_LEASE('?2', '?3')} ON CONFLICT (agent_id, at_ms) DO ${
       look.replaces ? 'UPDATE SET state_id = excluded.state_id, since_ms = excluded.since_ms' : 'NOTHING'
     }`,
  );
  for (let from = 0; from === 0 || from < changes.length; from += CHANGES_PER_STATEMENT_MAX) {
    const part = changes.slice(from, from + CHANGES_PER_STATEMENT_MAX);
    const logged = part.filter((change) => change.logged);
    logId += 1;
    readCount += logged.length;
    changeCount = logged.length;
    const row = JSON.stringify(logged.map((change) => [change.agentKey, change.atMs, change.stateId]));
    const gapMs = from === 0 ? look.gapBeforeMs : 0;
    statements.push(
      insertLog.bind(
        connectionId,
        logId,
        epoch,
        arrivedAtMs,
        ...progressParameters(progress),
        gapMs,
        readCount,
        changeCount,
        row,
        sourceCursor,
      ),
    );
    if (part.length > 0) {
      const rows = part.flatMap(({ agentKey, atMs, stateId, sinceMs, unobservedFromMs }) => [
        ...(unobservedFromMs === null ? [] : [[agentKey, unobservedFromMs, 0, null]]),
        [agentKey, atMs, stateId, sinceMs === atMs ? SAME_INSTANT : sinceMs],
      ]);
      statements.push(insertChanges.bind(JSON.stringify(rows), connectionId, epoch));
    }
  }
  const results = await db.batch<WaitingWork>([...statements, ...(look.also ?? [])]);
  const work = results[0]?.results[0];
  if (work === undefined) throw new LeaseLostError(connectionId);
  const rowsWritten = results.reduce((total, { meta }) => total + meta.rows_written, 0);
  return { head: { logId, untilMs: arrivedAtMs, readCount, changeCount, sourceCursor }, work, rowsWritten };
}

function progressParameters(progress: StatesProgress) {
  return [
    progress.logId,
    progress.offset,
    progress.deliveredCount,
    progress.setAsideCount,
    progress.acceptedAtMs,
  ] as const;
}

/** Statement that writes the stream's progress into the newest row at once, for when no look is about to. */
export function saveProgress(
  db: D1Database,
  owner: { connectionId: number; epoch: number },
  progress: StatesProgress,
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE state_log SET cursor_log_id = ?3, cursor_offset = ?4, delivered_count = ?5, set_aside_count = ?6,
              accepted_at_ms = ?7
       WHERE connection_id = ?1 AND log_id = (SELECT max(log_id) FROM state_log WHERE connection_id = ?1)
         AND ${HOLDS_LEASE('?1', '?2')}`,
    )
    .bind(owner.connectionId, owner.epoch, ...progressParameters(progress));
}

/** One change of the log with its place in it. */
export interface LoggedChange {
  readonly logId: number;
  readonly offset: number;
  /** The last change of its row: the cursor then moves on to the next row. */
  readonly endsRow: boolean;
  readonly agentKey: number;
  readonly atMs: number;
  readonly stateId: number;
}

/**
 * The next changes to send, in order: at least one row's, at most about `changesMax`, from row `logId` on, leaving out
 * that row's first `offset`; none beyond row `untilLogId` when given.
 */
export async function readLog(
  db: D1Database,
  connectionId: number,
  from: { logId: number; offset: number },
  changesMax: number,
  untilLogId: number = Number.MAX_SAFE_INTEGER,
): Promise<LoggedChange[]> {
  // Row by row until there are enough changes: rows of one change each fill a body as well as one row of thousands.
  const { results } = await db
    .prepare(
      `WITH RECURSIVE walk (log_id, running) AS (
         SELECT * FROM (SELECT log_id, change_count FROM state_log
           WHERE connection_id = ?1 AND log_id >= ?2 AND log_id <= ?4 AND change_count > 0 ORDER BY log_id LIMIT 1)
         UNION ALL
         SELECT l.log_id, w.running + l.change_count FROM walk w CROSS JOIN state_log l ON l.connection_id = ?1
           AND l.log_id = (SELECT log_id FROM state_log WHERE connection_id = ?1 AND log_id > w.log_id
                           AND log_id <= ?4 AND change_count > 0 ORDER BY log_id LIMIT 1)
         WHERE w.running < ?3)
       SELECT l.log_id AS logId, l.changes FROM walk w CROSS JOIN state_log l ON l.connection_id = ?1 AND l.log_id = w.log_id
       ORDER BY l.log_id`,
    )
    .bind(connectionId, from.logId, changesMax + from.offset, untilLogId)
    .all<{ logId: number; changes: string }>();
  const changes: LoggedChange[] = [];
  for (const row of results) {
    const entries = JSON.parse(row.changes) as [number, number, number][];
    entries.forEach(([agentKey, atMs, stateId], offset) => {
      if (row.logId === from.logId && offset < from.offset) return;
      if (changes.length >= changesMax) return;
      const endsRow = offset === entries.length - 1;
      changes.push({ logId: row.logId, offset, endsRow, agentKey, atMs, stateId });
    });
  }
  return changes;
}

/** When the bridge first looked at the agents of a connection, as far as the log reaches back; null before that. */
export async function readFirstLookMs(db: D1Database, connectionId: number): Promise<number | null> {
  const row = await db
    .prepare('SELECT from_ms AS fromMs FROM state_log WHERE connection_id = ?1 ORDER BY log_id LIMIT 1')
    .bind(connectionId)
    .first<{ fromMs: number }>();
  return row?.fromMs ?? null;
}
