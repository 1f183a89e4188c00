// Measures what one unit of work costs in D1 and in objects, and writes bench/units.json for `npm run cost`. It runs
// four small centres side by side over the end of an interval, so that a poll, a change, a queue's figures and an agent's
// window can be told apart: up to 20 minutes.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Stage } from '../test/host/support/stage.ts';
import type { Units } from './cost-model.ts';
import { measureStorage } from './rows/storage.ts';
import { Bridge } from './support/bridge.ts';
import { buildCountedWorker } from './support/builds.ts';
import { processCpuMs } from './support/process-cpu.ts';
import { readPolls, startStandIns } from './support/stand-ins.ts';
import { takeUsage, totals, type Usage } from './support/usage.ts';

const INTERVAL_MS = 900_000;
const PERIOD_S = 5;
/** Before the interval's end: everything is imported and the polls are ordinary ones. */
const LEAD_MS = 75_000;
/** After it: figures read, windows closed, reports sent. */
const TRAIL_MS = 60_000;

interface Centre {
  readonly agents: number;
  readonly queues: number;
  readonly changeShare: number;
}

/** What a centre used over the interval's end, parted by what it was for. */
interface Parts {
  readonly polls: number;
  /** Polls from the connection's beginning, or the interval's, to the interval's end. */
  readonly windowPolls: number;
  readonly changes: number;
  readonly cronMinutes: number;
  readonly poll: Counts;
  /** Of `poll`, the statement that stores the changes. */
  readonly change: Counts;
  readonly cron: Counts;
  readonly window: Counts;
  readonly alarms: number;
  readonly alarmMs: number;
  readonly objectRowsWritten: number;
  readonly requestCpuMs: number;
}

interface Counts {
  readonly calls: number;
  readonly read: number;
  readonly written: number;
}

const STORES_CHANGES = /^INSERT INTO state_change/;
/** A poll's statements by how they begin: they look into the other parts' tables, too. */
const POLL = [
  /^(?:INSERT INTO|UPDATE) state_log/,
  STORES_CHANGES,
  /^WITH RECURSIVE walk/,
  /^SELECT from_ms/,
  /^UPDATE agent SET held_count/,
  /^SELECT \(SELECT config_version/,
];
/** The minute's job, and what the host asks to see that the Worker lives. */
const CRON = [
  /^DELETE/,
  /^SELECT c\./,
  /^SELECT \* FROM/,
  /^SELECT connection_id, stream, sum/,
  /heartbeat|alert|maintenance|session|audit/,
];
/** Requests that the processor time of one is taken from. */
const REQUESTS = 200;

async function measureCentre(stage: Stage, counted: string, centre: Centre, endMs: number): Promise<Parts> {
  const standIns = await startStandIns(stage, centre);
  const bridge = await Bridge.start(stage, { distDirectory: counted });
  await bridge.connect(standIns, PERIOD_S, 'Units', { settleDelayS: 0 });
  await sleep(Math.max(30_000, endMs - LEAD_MS - Date.now()));
  await takeUsage(bridge);
  const fromMs = Date.now();
  await sleep(endMs + TRAIL_MS - fromMs);
  const usage = await takeUsage(bridge);
  const allPolls = await readPolls(standIns.nccUrl);
  // Counted where the rows are: a poll at the edge of the time is in both or in neither.
  const polls = countsOf(usage, (sql) => STORES_CHANGES.test(sql)).calls;
  const inWindow = ({ arrivalMs }: { arrivalMs: number }) => arrivalMs >= endMs - INTERVAL_MS && arrivalMs < endMs;
  const windowPolls = allPolls.filter(inWindow).length;
  const requestCpuMs = await measureRequestCpu(bridge);
  await bridge.end();
  await standIns.end();
  const changes = polls * Math.floor(centre.agents * centre.changeShare);
  for (const [sql, one] of Object.entries(usage.statements)) {
    console.error(partOf(sql).padEnd(6), `${centre.agents}×${centre.queues}`, JSON.stringify(one), sql.slice(0, 140));
  }
  return {
    polls,
    windowPolls,
    changes,
    cronMinutes: usage.crons,
    poll: countsOf(usage, (sql) => partOf(sql) === 'poll'),
    change: countsOf(usage, (sql) => STORES_CHANGES.test(sql)),
    cron: countsOf(usage, (sql) => partOf(sql) === 'cron'),
    window: countsOf(usage, (sql) => partOf(sql) === 'window'),
    alarms: usage.alarms,
    alarmMs: usage.alarmMs,
    objectRowsWritten: usage.objectRowsWritten,
    requestCpuMs,
  };
}

function partOf(sql: string): 'poll' | 'cron' | 'window' {
  if (POLL.some((pattern) => pattern.test(sql))) return 'poll';
  return CRON.some((pattern) => pattern.test(sql)) ? 'cron' : 'window';
}

/** Processor time of the engine for one look at the bridge's status, milliseconds. */
async function measureRequestCpu(bridge: Bridge): Promise<number> {
  const engine = bridge.pids().engine[0] ?? 0;
  const look = () => bridge.call('GET', '/api/v1/status');
  for (let i = 0; i < REQUESTS; i += 1) await look();
  const before = processCpuMs(engine) ?? 0;
  for (let i = 0; i < REQUESTS; i += 1) await look();
  return ((processCpuMs(engine) ?? 0) - before) / REQUESTS;
}

function countsOf(usage: Usage, isMeant: (sql: string) => boolean): Counts {
  const statements = Object.fromEntries(Object.entries(usage.statements).filter(([sql]) => isMeant(sql)));
  const sum = totals({ ...usage, statements });
  return { calls: sum.statements, read: sum.rowsRead, written: sum.rowsWritten };
}

/**
 * Parts the centres' usage by what it grows with. Agents of the third centre bring three times the changes, so a
 * window's cost of an agent is what its changes do not explain.
 */
function unitsOf(base: Parts, moreQueues: Parts, moreAgents: Parts, moreChanges: Parts): Units {
  const all = [base, moreQueues, moreAgents, moreChanges];
  const sum = (value: (parts: Parts) => number) => all.reduce((total, parts) => total + value(parts), 0);
  const polls = sum((parts) => parts.polls);
  // A change is what its own statement costs, and not a difference of centres: how many agents wait for a login id is chance.
  const change = (name: 'read' | 'written') => sum((parts) => parts.change[name]) / sum((parts) => parts.changes);
  const perPoll = (name: 'read' | 'written') => sum((parts) => parts.poll[name] - parts.change[name]) / polls;
  const changesPerPoll = (parts: Parts) => parts.changes / parts.polls;
  const moreChangesPerPoll = changesPerPoll(moreChanges) - changesPerPoll(base);
  const more = (parts: Parts, name: 'read' | 'written') => Math.max(0, parts.window[name] - base.window[name]);
  const queue = { read: more(moreQueues, 'read') / 100, written: more(moreQueues, 'written') / 100 };
  // Changes a window: those of the 15 minutes, or since the centre began.
  const windowPolls = base.windowPolls;
  const windowChange = (name: 'read' | 'written') => more(moreChanges, name) / (moreChangesPerPoll * windowPolls);
  const windowAgent = (name: 'read' | 'written') =>
    Math.max(0, more(moreAgents, name) / 400 - windowChange(name) * 0.02 * windowPolls);
  const fixed = (name: 'read' | 'written') =>
    Math.max(
      0,
      base.window[name] -
        queue[name] * 50 -
        windowAgent(name) * 200 -
        windowChange(name) * changesPerPoll(base) * windowPolls,
    );
  const minutes = Math.max(1, base.cronMinutes);
  return {
    measuredAt: new Date().toISOString().slice(0, 10),
    change: { read: change('read'), written: change('written') },
    poll: {
      statements: sum((parts) => parts.poll.calls) / polls,
      read: perPoll('read'),
      written: perPoll('written'),
    },
    window: { read: fixed('read'), written: fixed('written') },
    windowQueue: queue,
    windowAgent: { read: windowAgent('read'), written: windowAgent('written') },
    windowChange: { read: windowChange('read'), written: windowChange('written') },
    cronMinute: {
      read: base.cron.read / minutes,
      written: base.cron.written / minutes,
    },
    object: {
      alarmsPerPoll: base.alarms / base.polls,
      rowsWrittenPerAlarm: base.objectRowsWritten / base.alarms,
      ownMsPerAlarm: base.alarmMs / base.alarms,
    },
    stored: measureStorage(),
    requestCpuMs: base.requestCpuMs,
  };
}

async function main(): Promise<void> {
  const counted = buildCountedWorker();
  const stage = new Stage();
  try {
    let endMs = Math.ceil(Date.now() / INTERVAL_MS) * INTERVAL_MS;
    if (endMs - Date.now() < LEAD_MS + 60_000) endMs += INTERVAL_MS;
    console.log(`The interval ends at ${new Date(endMs).toISOString()}; the figures come a minute later.`);
    const [base, moreQueues, moreAgents, moreChanges] = await Promise.all([
      measureCentre(stage, counted, { agents: 200, queues: 50, changeShare: 0.02 }, endMs),
      measureCentre(stage, counted, { agents: 200, queues: 150, changeShare: 0.02 }, endMs),
      measureCentre(stage, counted, { agents: 600, queues: 50, changeShare: 0.02 }, endMs),
      measureCentre(stage, counted, { agents: 200, queues: 50, changeShare: 0.06 }, endMs),
    ]);
    const units = unitsOf(base, moreQueues, moreAgents, moreChanges);
    writeFileSync(path.join(import.meta.dirname, 'units.json'), `${JSON.stringify(units, null, 2)}\n`);
    console.log(JSON.stringify({ units, base, moreQueues, moreAgents, moreChanges }, null, 2));
  } finally {
    await stage.close();
  }
}

await main();
