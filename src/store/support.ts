/** What somebody who helps has to see: bounded excerpts, without secrets and without figures of people. */

export interface SupportFacts {
  /** Migrations that the database has, in their order. */
  readonly migrations: readonly string[];
  readonly tables: readonly { readonly name: string; readonly rows: number }[];
  /** Trouble of late, newest first. */
  readonly trouble: readonly Record<string, unknown>[];
  readonly ledger: readonly Record<string, unknown>[];
  readonly reports: readonly Record<string, unknown>[];
  readonly setAside: readonly Record<string, unknown>[];
  readonly feeds: readonly Record<string, unknown>[];
  readonly streams: readonly Record<string, unknown>[];
  readonly log: readonly Record<string, unknown>[];
}

const COUNTED = ['connection', 'queue', 'agent', 'acd_state', 'backfill', 'import', 'set_aside', 'alert'] as const;

/** Excerpts as of `nowMs`: the ledger of the last two days, the last trouble, what was set aside and why. */
export async function readSupportFacts(db: D1Database, nowMs: number): Promise<SupportFacts> {
  const sinceMs = nowMs - 2 * 86_400_000;
  const rows = (result: D1Result<unknown> | undefined) => (result?.results ?? []) as Record<string, unknown>[];
  const results = await db.batch([
    db.prepare(`SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'd1_migrations'`),
    ...COUNTED.map((table) => db.prepare(`SELECT '${table}' AS name, count(*) AS rows FROM ${table}`)),
    db.prepare(`SELECT * FROM event WHERE severity <> 'info' ORDER BY id DESC LIMIT 500`),
    db.prepare('SELECT * FROM interval_ledger WHERE start_ms >= ?1 ORDER BY connection_id, start_ms').bind(sinceMs),
    db.prepare('SELECT * FROM report WHERE start_ms >= ?1 ORDER BY connection_id, stream, start_ms').bind(sinceMs),
    // Not the record itself: it may name people.
    db.prepare(
      `SELECT id, connection_id, stream, at_ms, window_start_ms, http_status, reason, status FROM set_aside
       ORDER BY id DESC LIMIT 200`,
    ),
    db.prepare('SELECT * FROM feed ORDER BY connection_id, name'),
    db.prepare('SELECT * FROM stream ORDER BY connection_id, name'),
    db.prepare(
      `SELECT connection_id, log_id, from_ms, until_ms, gap_before_ms, polls, read_count, change_count, cursor_log_id,
              cursor_offset, delivered_count, set_aside_count, accepted_at_ms
       FROM state_log l WHERE log_id > (SELECT max(log_id) - 50 FROM state_log WHERE connection_id = l.connection_id)
       ORDER BY connection_id, log_id`,
    ),
  ]);
  const [hasMigrations, ...rest] = results;
  const counts = rest.slice(0, COUNTED.length).flatMap((result) => rows(result)) as { name: string; rows: number }[];
  const [trouble, ledger, reports, setAside, feeds, streams, log] = rest.slice(COUNTED.length).map(rows);
  const migrations =
    rows(hasMigrations).length === 0
      ? []
      : (await db.prepare('SELECT name FROM d1_migrations ORDER BY id').all<{ name: string }>()).results;
  return {
    migrations: migrations.map(({ name }) => name),
    tables: counts,
    trouble: trouble ?? [],
    ledger: ledger ?? [],
    reports: reports ?? [],
    setAside: setAside ?? [],
    feeds: feeds ?? [],
    streams: streams ?? [],
    log: log ?? [],
  };
}
