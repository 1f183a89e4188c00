// The appliance's figures: from cold to the first poll, memory, and how fast the disk fills.
//   npm run build && node bench/appliance.ts
//   node bench/appliance.ts --activities     (up to 20 minutes: it waits for the end of a quarter of an hour)
// Disk: the bytes that a state change, a poll and an interval leave in the database are measured at accelerated traffic
// (each poll changes a fixed share of the agents), and a day is put together from them; nothing runs for a day.
import { statfsSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { requireDatabase } from '../appliance/data-directory.ts';
import { Stage } from '../test/host/support/stage.ts';
import { Bridge } from './support/bridge.ts';
import { processMemory } from './support/process-cpu.ts';
import { readPolls, type StandIns, startStandIns } from './support/stand-ins.ts';

const MEGABYTE = 1024 * 1024;
const POLL_S = 5;
/** What a day is taken to hold: polls around the clock; an agent works eight hours and changes once a minute. */
const DAY = { polls: 86_400 / POLL_S, changesPerAgent: 8 * 60, intervals: 96 };
const SIZES = [
  { agents: 100, queues: 10 },
  { agents: 1_000, queues: 50 },
  { agents: 10_000, queues: 300 },
];

const stage = new Stage();
const print = (line: string) => process.stdout.write(`${line}\n`);

async function until(what: string, check: () => Promise<boolean>, limitMs = 120_000): Promise<void> {
  const deadlineMs = performance.now() + limitMs;
  while (!(await check())) {
    if (performance.now() > deadlineMs) throw new Error(`Not in time: ${what}`);
    await sleep(20);
  }
}

const pollCount = async ({ nccUrl }: StandIns) =>
  (await readPolls(nccUrl)).filter(({ outcome }) => outcome === 'served').length;

/** Resident memory of host and engine together, bytes. */
function resident(bridge: Bridge): number {
  const { host, engine } = bridge.pids();
  return [host, ...engine].reduce((sum, pid) => sum + (processMemory(pid)?.residentBytes ?? 0), 0);
}

async function measureStart(): Promise<void> {
  const standIns = await startStandIns(stage, { agents: 100, changeShare: 0 });
  const dataDirectory = stage.directory();
  const first = performance.now();
  const bridge = await Bridge.start(stage, { dataDirectory });
  const firstMs = performance.now() - first;
  await sleep(20_000);
  print(`memory, idle, no connection: ${(resident(bridge) / MEGABYTE).toFixed(0)} MB`);
  await bridge.connect(standIns, POLL_S);
  await until('the first poll', async () => (await pollCount(standIns)) > 0);
  await bridge.end();
  const starts: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const before = await pollCount(standIns);
    const began = performance.now();
    const again = await Bridge.start(stage, { dataDirectory });
    await until('a poll', async () => (await pollCount(standIns)) > before);
    starts.push(performance.now() - began);
    await again.end();
  }
  print(`first start ever, to answering: ${(firstMs / 1000).toFixed(1)} s`);
  print(`start to first poll, five times: ${starts.map((ms) => (ms / 1000).toFixed(1)).join(', ')} s`);
  await standIns.end();
}

interface Content {
  readonly bytes: number;
  readonly changes: number;
  readonly polls: number;
}

/** What the database holds: the bytes of its tables, changes and polls counted. */
function contentOf(dataDirectory: string, tables: readonly string[]): Content {
  const database = new DatabaseSync(requireDatabase(dataDirectory), { readOnly: true });
  try {
    const names = tables.map((name) => `'${name}'`).join(', ');
    const one = (sql: string) => Number(Object.values(database.prepare(sql).get() ?? { none: 0 })[0] ?? 0);
    return {
      bytes: one(`SELECT sum(pgsize) FROM dbstat WHERE name IN (${names})`),
      changes: one('SELECT count(*) FROM state_change'),
      polls: one('SELECT sum(polls) FROM state_log'),
    };
  } finally {
    database.close();
  }
}

const STATE_TABLES = ['state_change', 'state_log'];
const INTERVAL_TABLES = ['queue_interval', 'interval_ledger', 'report', 'report_body'];

/** Bytes of one change, at traffic that leaves many of them, and of one poll that brings none. */
async function measureStates(agents: number): Promise<{ perChange: number; memoryBytes: number }> {
  const dataDirectory = stage.directory();
  const standIns = await startStandIns(stage, { agents, changeShare: 0.2 });
  const bridge = await Bridge.start(stage, { dataDirectory });
  await bridge.connect(standIns, 3);
  await until('some polls', async () => (await pollCount(standIns)) >= 4);
  await bridge.end();
  const before = contentOf(dataDirectory, STATE_TABLES);
  const again = await Bridge.start(stage, { dataDirectory });
  const target = (await pollCount(standIns)) + 20;
  await until('more polls', async () => (await pollCount(standIns)) >= target);
  const memoryBytes = resident(again);
  await again.end();
  const after = contentOf(dataDirectory, STATE_TABLES);
  await standIns.end();
  return { perChange: (after.bytes - before.bytes) / (after.changes - before.changes), memoryBytes };
}

/** Bytes of one queue's interval with its report, from loaded past intervals. */
async function measureIntervals(queues: number): Promise<number> {
  const dataDirectory = stage.directory();
  const standIns = await startStandIns(stage, { agents: 20, changeShare: 0, queues });
  const bridge = await Bridge.start(stage, { dataDirectory });
  const id = await bridge.connect(standIns, POLL_S);
  const toMs = Math.floor(Date.now() / 900_000) * 900_000;
  await bridge.call('POST', `/api/v1/connections/${id}/backfills`, {
    from: new Date(toMs - 24 * 900_000).toISOString(),
    to: new Date(toMs).toISOString(),
  });
  const count = () => {
    const database = new DatabaseSync(requireDatabase(dataDirectory), { readOnly: true });
    try {
      const row = database
        .prepare("SELECT count(*) AS n FROM report WHERE stream = 'historical' AND delivered_revision = revision")
        .get();
      return Number(row?.n ?? 0);
    } finally {
      database.close();
    }
  };
  await until('the intervals are loaded and delivered', async () => count() >= 24, 180_000);
  await bridge.end();
  const { bytes } = contentOf(dataDirectory, INTERVAL_TABLES);
  const intervals = count();
  await standIns.end();
  return bytes / (intervals * queues);
}

/** Bytes of one activity in the bodies kept as proof of delivery. Waits for the end of a quarter of an hour. */
async function measureActivities(): Promise<number> {
  const dataDirectory = stage.directory();
  const standIns = await startStandIns(stage, { agents: 1_000, changeShare: 0.05 });
  const bridge = await Bridge.start(stage, { dataDirectory });
  await bridge.connect(standIns, 3);
  const read = () => {
    const database = new DatabaseSync(requireDatabase(dataDirectory), { readOnly: true });
    try {
      return database
        .prepare(
          `SELECT sum(length(b.body_gzip)) AS bytes, (SELECT sum(record_count) FROM report WHERE stream = b.stream
           AND delivered_revision = revision) AS records FROM report_body b WHERE b.stream = 'agent-activity'`,
        )
        .get();
    } finally {
      database.close();
    }
  };
  await until('the activities are delivered', async () => Number(read()?.records ?? 0) > 0, 25 * 60_000);
  const { bytes, records } = read() ?? {};
  await bridge.end();
  await standIns.end();
  return Number(bytes) / Number(records);
}

async function main(): Promise<void> {
  if (process.argv.includes('--activities')) {
    print(`bytes per activity, compressed: ${(await measureActivities()).toFixed(1)}`);
    return;
  }
  const { bavail, bsize } = statfsSync(stage.directory());
  print(
    `free disk ${((bavail * bsize) / MEGABYTE / 1024).toFixed(0)} GB, ${path.basename(process.execPath)} ${process.version}`,
  );
  await measureStart();
  const perQueueInterval = await measureIntervals(50);
  print(`bytes per queue and interval, with its report: ${perQueueInterval.toFixed(0)}`);
  for (const { agents, queues } of SIZES) {
    const { perChange, memoryBytes } = await measureStates(agents);
    const changes = agents * DAY.changesPerAgent * perChange;
    const intervals = queues * DAY.intervals * perQueueInterval;
    print(
      `${agents} agents, ${queues} queues: ${perChange.toFixed(0)} bytes per change, ` +
        `${((changes + intervals) / MEGABYTE).toFixed(0)} MB a day, memory ${(memoryBytes / MEGABYTE).toFixed(0)} MB`,
    );
  }
}

try {
  await main();
} finally {
  await stage.close();
}
