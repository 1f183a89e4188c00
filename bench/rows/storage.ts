// What one state change and one queue interval take on disk, indexes included: many rows in the product's own schema.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gzipSync } from 'node:zlib';
import { Random } from '../../simulators/shared/random.ts';
import { figure } from '../support/numbers.ts';
import type { Row } from '../support/row.ts';

const AGENTS = 1_000;
const CHANGES = 200_000;
const CHANGES_A_POLL = 80;
const QUEUES = 200;
const DAYS = 10;
/** One a minute. */
const ACTIVITIES_PER_AGENT = 15;
const INTERVAL_MS = 900_000;
const BEGIN_MS = 1_790_000_000_000 - (1_790_000_000_000 % INTERVAL_MS);

export interface StoredBytes {
  readonly bytesPerChange: number;
  readonly bytesPerLoggedChange: number;
  readonly bytesPerQueueInterval: number;
  /** One activity in the body that is kept as proof of what was sent, compressed. */
  readonly bytesPerKeptActivity: number;
}

export function measureStorage(): StoredBytes {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'bench-storage-'));
  try {
    const database = new DatabaseSync(path.join(directory, 'storage.sqlite'));
    const migrations = path.join(import.meta.dirname, '../../migrations');
    for (const file of readdirSync(migrations).sort()) database.exec(readFileSync(path.join(migrations, file), 'utf8'));
    database.exec(
      "INSERT INTO connection (id, name, settings, created_at_ms, updated_at_ms) VALUES (1, 'c', '{}', 0, 0)",
    );
    database.exec(`INSERT INTO agent (id, connection_id, source_id, first_seen_ms)
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${AGENTS}) SELECT i, 1, 'agent-' || i, 0 FROM n`);
    const bytesPerChange = growth(database, CHANGES, () => insertChanges(database));
    const bytesPerLoggedChange = growth(database, CHANGES, () => insertLog(database));
    const intervals = DAYS * 96 * QUEUES;
    const bytesPerQueueInterval = growth(database, intervals, () => insertIntervals(database));
    database.close();
    return { bytesPerChange, bytesPerLoggedChange, bytesPerQueueInterval, bytesPerKeptActivity: measureActivity() };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A window of 15 minutes as the bridge tells it, with random instants: they are what does not compress. */
function measureActivity(): number {
  const random = new Random(1);
  const reportData = Array.from({ length: AGENTS }, (_, i) => ({
    agentValue: `agent-${i}`,
    agentId: '',
    userName: `agent-${i}@centre.example`,
    agentActivity: Array.from({ length: ACTIVITIES_PER_AGENT }, () => ({
      state: ['Available', 'On call', 'Wrap-up', 'Break'][Math.floor(random.next() * 4)] ?? '',
      startTime: new Date(BEGIN_MS + Math.floor(random.next() * 900) * 1_000).toISOString(),
      duration: Math.floor(random.next() * 120) * 1_000,
      reason: '',
    })),
  }));
  return gzipSync(JSON.stringify({ reportData })).byteLength / (AGENTS * ACTIVITIES_PER_AGENT);
}

export function storageRow({
  bytesPerChange,
  bytesPerLoggedChange,
  bytesPerQueueInterval,
  bytesPerKeptActivity,
}: StoredBytes): Row {
  return {
    name: 'bytes stored, indexes included: state change (time line for long + log and body sent for 14 days); queue interval',
    bridge: `${figure(bytesPerChange)} + ${figure(bytesPerLoggedChange)} and ${figure(bytesPerKeptActivity)}; ${figure(bytesPerQueueInterval)}`,
    bound: 'stated',
    isReached: null,
  };
}

function growth(database: DatabaseSync, rows: number, insert: () => void): number {
  const before = sizeBytes(database);
  database.exec('BEGIN');
  insert();
  database.exec('COMMIT');
  return (sizeBytes(database) - before) / rows;
}

function sizeBytes(database: DatabaseSync): number {
  const row = database
    .prepare('SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()')
    .get();
  return Number(row?.bytes);
}

/** In the order of time, as polls bring them: each agent's time line grows at its own place. */
function insertChanges(database: DatabaseSync): void {
  const statement = database.prepare(
    'INSERT INTO state_change (agent_id, at_ms, state_id, since_ms) VALUES (?, ?, ?, ?)',
  );
  for (let i = 0; i < CHANGES; i += 1) {
    const atMs = BEGIN_MS + Math.floor(i / AGENTS) * 60_000 + (i % AGENTS) * 53;
    // The source's own time is the change's instant: 0.
    statement.run((i % AGENTS) + 1, atMs, (i % 7) + 1, 0);
  }
}

function insertLog(database: DatabaseSync): void {
  const statement =
    database.prepare(`INSERT INTO state_log (connection_id, log_id, from_ms, until_ms, polls, read_count,
    change_count, changes, cursor_log_id, cursor_offset, delivered_count, set_aside_count, accepted_at_ms)
    VALUES (1, ?1, ?2, ?2, 1, ?3, ${CHANGES_A_POLL}, ?4, ?1, 0, ?3, 0, ?2)`);
  for (let log = 1; log <= CHANGES / CHANGES_A_POLL; log += 1) {
    const fromMs = BEGIN_MS + log * 5_000;
    const changes = Array.from({ length: CHANGES_A_POLL }, (_, i) => [
      ((log * 7 + i) % AGENTS) + 1,
      fromMs - i * 11,
      (i % 7) + 1,
    ]);
    statement.run(log, fromMs, log * CHANGES_A_POLL, JSON.stringify(changes));
  }
}

function insertIntervals(database: DatabaseSync): void {
  const statement = database.prepare(`INSERT INTO queue_interval
    (connection_id, start_ms, queue_id, offered, abandoned, handle_time_ms, read_at_ms) VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6)`);
  for (let interval = 0; interval < DAYS * 96; interval += 1) {
    const startMs = BEGIN_MS + interval * INTERVAL_MS;
    for (let queue = 1; queue <= QUEUES; queue += 1) {
      statement.run(startMs, queue, 20 + (queue % 40), queue % 5, 4_000_000 + queue * 977, startMs + 1_020_000);
    }
  }
}
