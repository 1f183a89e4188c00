// A day without Mpower: what waits is written as the bridge stores it, then it starts with a Mpower that answers. How
// soon everybody's present state is there, how soon everything is, and what the live changes suffer meanwhile.
import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { Stage } from '../../test/host/support/stage.ts';
import { Bridge } from '../support/bridge.ts';
import { INTERVAL_MS, withStoredFacts } from '../support/history.ts';
import { figure, quantile } from '../support/numbers.ts';
import type { Row } from '../support/row.ts';
import { readLines, type StandIns, startStandIns } from '../support/stand-ins.ts';

const PERIOD_S = 3;
const OUTAGE_MS = 86_400_000;
/** Each agent changes once a minute for a shift of eight hours: spread over the day, every three minutes. */
const CHANGES_PER_AGENT = 480;
/** Over a hundred polls: one that was slow by chance is not the 99th of a hundred. */
const BEFORE_MS = 330_000;
/**
 * As long once everything is delivered: the same host and database, and nothing to catch up with. Before the outage the
 * database is minutes old: a poll writes fewer pages of it, and SQLite has fewer to move from its log into the file.
 */
const AFTERWARDS_MS = 330_000;
const PRESENT_LIMIT_S = 30;
const ALL_LIMIT_S = 600;
const GIVE_UP_S = 1_200;
/** Every question costs the engine some milliseconds, which nobody asks before or afterwards: seldom until it is nearly over. */
const ASK_SELDOM_MS = 31_000;
const ASK_OFTEN_MS = 2_900;
const NEARLY_OVER_CHANGES = 40_000;
/** Often enough that the stand-in has not forgotten anything; a look keeps it from answering for a moment. */
const LOOK_EVERY_MS = 60_000;
/** Live changes may take so much longer than with nothing to catch up with. */
const UNHARMED = 2;
/** The first polls after a start are the opening of the session. */
const OPENING_MS = 15_000;

interface Backlog {
  readonly changes: number;
  /** Of agents that have a login id. */
  readonly sendable: number;
  /** Login id → instant of the last change stored. */
  readonly latest: ReadonlyMap<string, number>;
}

export async function catchUpRows(stage: Stage, agents: number, dist: string | undefined): Promise<Row[]> {
  const dataDirectory = stage.directory();
  const standIns = await startStandIns(stage, { agents, changeShare: 0.05, queues: 50 });
  const first = await Bridge.start(stage, { distDirectory: dist, dataDirectory });
  await first.connect(standIns, PERIOD_S);
  const live = new LiveChanges(standIns);
  const before = await live.during(() => sleep(BEFORE_MS));
  await first.end();
  const backlog = addBacklog(dataDirectory);
  const distinctBefore = await distinctStates(standIns);
  const bridge = await Bridge.start(stage, { distDirectory: dist, dataDirectory });
  const meanwhile = await live.during(() => watch(bridge, backlog, live));
  const arrived = (await distinctStates(standIns)) - distinctBefore;
  const afterwards = await live.during(() => sleep(AFTERWARDS_MS));
  await bridge.end();
  await standIns.end();
  const { presentS, allS } = meanwhile.result;
  const ratio = quantile(meanwhile.delaysMs, 0.99) / quantile(afterwards.delaysMs, 0.99);
  const label = `after 24 h without Mpower, ${agents.toLocaleString('en')} agents, ${backlog.changes.toLocaleString('en')} state changes and a day's reports waiting`;
  const halfAndMost = ({ delaysMs }: { delaysMs: readonly number[] }) =>
    `${figure(quantile(delaysMs, 0.5))} and ${figure(quantile(delaysMs, 0.99))} ms`;
  return [
    {
      name: `present states of all agents, ${label}`,
      bridge: `${figure(presentS)} s`,
      bound: `≤ ${PRESENT_LIMIT_S} s`,
      isReached: presentS <= PRESENT_LIMIT_S,
    },
    {
      name: 'everything delivered, the same',
      bridge: `${figure(allS)} s (${arrived.toLocaleString('en')} distinct changes arrived, at least ${backlog.sendable.toLocaleString('en')} had to)`,
      bound: `≤ ${ALL_LIMIT_S} s, none missing`,
      isReached: allS <= ALL_LIMIT_S && arrived >= backlog.sendable,
    },
    {
      name: "delay from NCC's answer to Mpower's acceptance of live changes, p50 and p99: meanwhile; once everything is delivered; before the outage",
      bridge: `${halfAndMost(meanwhile)} (${meanwhile.delaysMs.length.toLocaleString('en')} changes); ${halfAndMost(afterwards)}; ${halfAndMost(before)}`,
      ratio,
      bound: `p99 ≤ ${UNHARMED} × once everything is delivered`,
      isReached: ratio <= UNHARMED,
    },
  ];
}

/** Everything so far becomes a day older, and a day of changes follows it that nobody has sent. */
function addBacklog(dataDirectory: string): Backlog {
  return withStoredFacts(dataDirectory, (database) => {
    database.exec(`UPDATE state_log SET from_ms = from_ms - ${OUTAGE_MS}, until_ms = until_ms - ${OUTAGE_MS},
        accepted_at_ms = accepted_at_ms - ${OUTAGE_MS};
      UPDATE state_change SET at_ms = at_ms - ${OUTAGE_MS}, since_ms = since_ms - ${OUTAGE_MS} WHERE since_ms > 1000000000000;
      UPDATE state_change SET at_ms = at_ms - ${OUTAGE_MS} WHERE at_ms > (SELECT max(until_ms) FROM state_log);
      UPDATE connection SET created_at_ms = created_at_ms - ${OUTAGE_MS};
      UPDATE feed SET through_ms = through_ms - through_ms % ${INTERVAL_MS} - ${OUTAGE_MS} WHERE through_ms IS NOT NULL`);
    return insertBacklog(database);
  });
}

function insertBacklog(database: DatabaseSync): Backlog {
  const head = z
    .object({ log_id: z.number(), until_ms: z.number(), read_count: z.number() })
    .parse(database.prepare('SELECT log_id, until_ms, read_count FROM state_log ORDER BY log_id DESC LIMIT 1').get());
  const agents = z
    .array(z.object({ id: z.number(), login: z.string() }))
    .parse(database.prepare('SELECT id, coalesce(login_id, username) AS login FROM agent ORDER BY id').all());
  const states = database
    .prepare('SELECT id FROM acd_state ORDER BY id')
    .all()
    .map(({ id }) => Number(id));
  const addChange = database.prepare(
    'INSERT INTO state_change (agent_id, at_ms, state_id, since_ms) VALUES (?, ?, ?, NULL)',
  );
  const addLog = database.prepare(`INSERT INTO state_log (connection_id, log_id, from_ms, until_ms, polls, read_count,
      change_count, changes, cursor_log_id, cursor_offset, delivered_count, set_aside_count, accepted_at_ms)
    SELECT 1, ?1, ?2, ?2, 1, ?3, ?4, ?5, cursor_log_id, cursor_offset, delivered_count, set_aside_count, accepted_at_ms
    FROM state_log WHERE connection_id = 1 AND log_id = ?6`);
  const periodMs = PERIOD_S * 1_000;
  const pollsPerChange = OUTAGE_MS / periodMs / CHANGES_PER_AGENT;
  const latest = new Map<string, number>();
  const polls = Math.floor((Date.now() - head.until_ms) / periodMs) - 1;
  let [changes, sendable] = [0, 0];
  for (let poll = 1; poll <= polls; poll += 1) {
    const arrivedMs = head.until_ms + poll * periodMs;
    const row: [number, number, number][] = [];
    for (const [i, { id, login }] of agents.entries()) {
      if ((poll + i) % pollsPerChange !== 0) continue;
      const atMs = arrivedMs - 1 - (i % 4_000);
      const stateId = states[(i + Math.floor(poll / pollsPerChange)) % states.length] ?? 1;
      row.push([id, atMs, stateId]);
      addChange.run(id, atMs, stateId);
      if (login !== '') {
        latest.set(login, atMs);
        sendable += 1;
      }
    }
    if (row.length === 0) continue;
    row.sort((a, b) => a[1] - b[1]);
    changes += row.length;
    addLog.run(head.log_id + poll, arrivedMs, head.read_count + changes, row.length, JSON.stringify(row), head.log_id);
  }
  return { changes, sendable, latest };
}

async function distinctStates({ mpowerUrl }: StandIns): Promise<number> {
  const summary = z.looseObject({ distinctStates: z.number() });
  return summary.parse(await (await fetch(`${mpowerUrl}/_truth/summary`)).json()).distinctStates;
}

const statusSchema = z.looseObject({
  rows: z.array(
    z.looseObject({
      streams: z.array(z.looseObject({ account: z.looseObject({ waiting: z.number(), held: z.number() }) })),
    }),
  ),
});

async function waitingOf(bridge: Bridge): Promise<number> {
  const { rows } = statusSchema.parse(await bridge.call('GET', '/api/v1/status'));
  const accounts = rows.flatMap(({ streams }) => streams.map(({ account }) => account));
  return accounts.reduce((sum, { waiting, held }) => sum + waiting - held, 0);
}

async function watch(
  bridge: Bridge,
  { latest }: Backlog,
  live: LiveChanges,
): Promise<{ presentS: number; allS: number }> {
  const beganMs = Date.now();
  const fromMs = Math.min(...latest.values());
  let quietAnswers = 0;
  let lookedMs = 0;
  for (;;) {
    const waiting = await waitingOf(bridge);
    // A change or two of the poll under way wait at any moment.
    quietAnswers = waiting <= 100 && Date.now() - beganMs > OPENING_MS * 2 ? quietAnswers + 1 : 0;
    const tookS = (Date.now() - beganMs) / 1_000;
    const isOver = quietAnswers === 3 || tookS > GIVE_UP_S;
    if (isOver || Date.now() - lookedMs > LOOK_EVERY_MS) {
      await live.look(fromMs);
      lookedMs = Date.now();
    }
    if (isOver) {
      return {
        presentS: presentSinceS(beganMs, latest, live),
        allS: quietAnswers === 3 ? tookS : Number.POSITIVE_INFINITY,
      };
    }
    await sleep(waiting > NEARLY_OVER_CHANGES ? ASK_SELDOM_MS : ASK_OFTEN_MS);
  }
}

/** When the last agent's state was there that was at least as new as the last one stored. */
function presentSinceS(beganMs: number, latest: Backlog['latest'], live: LiveChanges): number {
  const lacking = new Map(latest);
  let presentMs = 0;
  for (const { loginId, atMs, arrivedMs } of live.accepted()) {
    const wantedMs = lacking.get(loginId);
    if (wantedMs === undefined || atMs < wantedMs) continue;
    lacking.delete(loginId);
    presentMs = Math.max(presentMs, arrivedMs);
  }
  return lacking.size === 0 ? (presentMs - beganMs) / 1_000 : Number.POSITIVE_INFINITY;
}

const servedSchema = z.object({ username: z.string(), sinceMs: z.number().nullable(), answeredMs: z.number() });
const acceptedSchema = z.object({ loginId: z.string(), eventUtcTime: z.string(), arrivedMs: z.number() });

/** What Mpower accepted of late, gathered look by look: the stand-in forgets what is long ago. */
class LiveChanges {
  readonly #standIns: StandIns;
  readonly #accepted = new Map<string, { loginId: string; atMs: number; arrivedMs: number }>();

  constructor(standIns: StandIns) {
    this.#standIns = standIns;
  }

  async look(sinceMs: number): Promise<void> {
    const { mpowerUrl } = this.#standIns;
    const from = encodeURIComponent(new Date(sinceMs).toISOString());
    for (const one of await readLines(`${mpowerUrl}/_truth/agent-states?from=${from}`, acceptedSchema)) {
      const { loginId, eventUtcTime, arrivedMs } = one;
      const atMs = Date.parse(eventUtcTime);
      const key = `${loginId} ${atMs}`;
      if (!this.#accepted.has(key)) this.#accepted.set(key, { loginId, atMs, arrivedMs });
    }
  }

  accepted() {
    return this.#accepted.values();
  }

  /** Runs something. Delays are of changes that NCC served and dated itself meanwhile: from its answer to Mpower's acceptance. */
  async during<T>(run: () => Promise<T>): Promise<{ result: T; delaysMs: number[] }> {
    const fromMs = Date.now() + OPENING_MS;
    const result = await run();
    const untilMs = Date.now();
    await this.look(fromMs);
    const served = await readLines(`${this.#standIns.nccUrl}/_truth/states?from=${fromMs}`, servedSchema);
    const delaysMs = served.flatMap(({ username, sinceMs, answeredMs }) => {
      const arrival = this.#accepted.get(`${username} ${sinceMs}`);
      if (arrival === undefined || answeredMs >= untilMs) return [];
      return [Math.max(0, arrival.arrivedMs - answeredMs)];
    });
    return { result, delaysMs };
  }
}
