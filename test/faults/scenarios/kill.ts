// kill -9 of the host and of its engine at any moment under load: no process is left behind, nothing that was committed is
// lost, at most one body of a stream is sent again, and the polls go on within seconds.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, survivors } from '../../host/support/stage.ts';
import { quantile, type RunSettings, randomFrom, type Scenario } from '../scenario.ts';
import { type AcceptedBody, keptDistanceMs, type Rig, withRig } from '../support/rig.ts';

const FIRST_POLL_LIMIT_MS = 5_000;
/** Polls of one round last at most so long from the question to the commit. */
const UNCOMMITTED_MS = 4_000;

interface Kill {
  readonly victim: 'host' | 'engine';
  readonly atMs: number;
  /** From the kill until it answers again, and from then to the first poll. */
  readonly restartMs: number;
  firstPollMs: number;
  firstPollAtMs: number;
}

/** What has been accepted so far, to tell what is sent again. */
class Repeats {
  readonly #events = new Set<string>();
  readonly #bodies = new Set<string>();
  #lastNumber = 0;

  /** How many of the new bodies say something again, by stream. */
  take(bodies: readonly AcceptedBody[]): Map<string, number> {
    const again = new Map<string, number>();
    for (const { number, kind, body } of bodies) {
      if (number <= this.#lastNumber) continue;
      this.#lastNumber = number;
      if (kind === 'agent-states' ? this.#repeatsEvents(body) : this.#repeatsBody(body)) {
        again.set(kind, (again.get(kind) ?? 0) + 1);
      }
    }
    return again;
  }

  #repeatsEvents(body: string): boolean {
    const { agentStateList } = JSON.parse(body) as { agentStateList: { loginId: string; eventUtcTime: string }[] };
    const keys = agentStateList.map(({ loginId, eventUtcTime }) => `${loginId}\n${eventUtcTime}`);
    const repeats = keys.some((key) => this.#events.has(key));
    for (const key of keys) this.#events.add(key);
    return repeats;
  }

  #repeatsBody(body: string): boolean {
    const repeats = this.#bodies.has(body);
    this.#bodies.add(body);
    return repeats;
  }
}

/** The newest rows of the log, as committed at the moment of a kill. */
function committedRows(rig: Rig): { logId: number; changes: string }[] {
  return rig.readDatabase((database) =>
    database
      .prepare('SELECT log_id AS logId, changes FROM state_log ORDER BY log_id DESC LIMIT 5')
      .all()
      .map((row) => ({ logId: Number(row.logId), changes: String(row.changes) })),
  );
}

async function killHost(rig: Rig): Promise<number> {
  const tree = rig.host.tree();
  await rig.host.end('SIGKILL');
  const left = await survivors(tree);
  assert.deepEqual(left, [], 'No process outlives the host.');
  await rig.startHost();
  return Date.now();
}

async function killEngine(rig: Rig): Promise<number> {
  const restarts = () =>
    rig.host.lines.filter((line) => line.includes('The engine crashed and was started again')).length;
  const before = restarts();
  process.kill(rig.engine().pid, 'SIGKILL');
  await eventually('the engine is started again', async () => restarts() > before);
  return Date.now();
}

async function killRound(rig: Rig, victim: Kill['victim']): Promise<Kill> {
  const atMs = Date.now();
  const readyMs = await (victim === 'host' ? killHost(rig) : killEngine(rig));
  const firstPollAtMs = await rig.nextPoll(atMs + 1);
  return { victim, atMs, restartMs: readyMs - atMs, firstPollMs: Math.max(0, firstPollAtMs - readyMs), firstPollAtMs };
}

/** Every change of an agent with a login id that is in the log has been accepted, and nothing else has. */
async function agreeOnEvents(rig: Rig): Promise<number> {
  const stored = rig.readDatabase((database) =>
    database
      .prepare(
        `SELECT DISTINCT trim(coalesce(a.login_id, a.username)) AS loginId, c.value ->> 1 AS atMs
         FROM state_log l, json_each(l.changes) c JOIN agent a ON a.id = c.value ->> 0 WHERE loginId <> ''`,
      )
      .all()
      .map((row) => `${String(row.loginId)} ${new Date(Number(row.atMs)).toISOString()}`),
  );
  const response = await fetch(`${rig.standIns.mpower.url}/_truth/agent-states`);
  const accepted = (await response.text())
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { loginId: string; eventUtcTime: string })
    .map(({ loginId, eventUtcTime }) => `${loginId} ${new Date(Date.parse(eventUtcTime)).toISOString()}`);
  const storedSet = new Set(stored);
  const acceptedSet = new Set(accepted);
  assert.deepEqual(stored.filter((event) => !acceptedSet.has(event)).slice(0, 5), [], 'What is stored is accepted.');
  assert.deepEqual(accepted.filter((event) => !storedSet.has(event)).slice(0, 5), [], 'What is accepted is stored.');
  return stored.length;
}

async function killRounds({ rounds, seed, killMinutes }: RunSettings): Promise<string> {
  const random = randomFrom(seed);
  const kills: Kill[] = [];
  const committed = new Map<number, string>();
  const repeats = new Repeats();
  let repeated = 0;
  let explained = 0;
  let events = 0;
  let leastDistanceMs = 0;
  const startedMs = Date.now();
  await withRig({ ncc: ['--agents', '600', '--queues', '8', '--seed', String(randomInt(1_000_000))] }, async (rig) => {
    const to = Math.floor(Date.now() / 900_000) * 900_000;
    const range = { from: new Date(to - 8 * 900_000).toISOString(), to: new Date(to).toISOString() };
    await rig.api('POST', `/connections/${rig.connectionId}/backfills`, range);
    repeats.take(await rig.bodies(0));
    for (let round = 0; round < rounds && Date.now() < startedMs + killMinutes * 60_000; round += 1) {
      // Anywhere between two polls, the moment of the poll and of the sending included.
      await sleep(random() * 3_200);
      const kill = await killRound(rig, random() < 0.5 ? 'host' : 'engine');
      kills.push(kill);
      for (const { logId, changes } of committedRows(rig)) {
        const before = committed.get(logId);
        assert.ok(
          before === undefined || before === changes,
          `Row ${logId} of the log is what it was before the kill.`,
        );
        committed.set(logId, changes);
      }
      await sleep(700);
      const again = repeats.take(await rig.bodies(kill.atMs - 10_000));
      for (const [stream, count] of again) {
        repeated += count;
        assert.ok(count <= 1, `Round ${round}, ${kill.victim}: ${count} bodies of ${stream} were sent again.`);
      }
      if ((round + 1) % 50 === 0) console.log(`${round + 1} kills, ${repeated} bodies sent again`);
    }
    const late = kills.filter(({ firstPollMs }) => firstPollMs > FIRST_POLL_LIMIT_MS);
    assert.deepEqual(late, [], `A poll comes within ${FIRST_POLL_LIMIT_MS} ms of being up again.`);
    // What only an answer showed that the bridge was killed with in its hands.
    const between = kills.map(({ atMs, restartMs }) => ({ fromMs: atMs - UNCOMMITTED_MS, toMs: atMs + restartMs }));
    explained = await rig.judge({ limitMs: 90_000, between });
    const kept = new Map(
      rig.readDatabase((database) =>
        database
          .prepare('SELECT log_id AS logId, changes FROM state_log')
          .all()
          .map((row): [number, string] => [Number(row.logId), String(row.changes)]),
      ),
    );
    for (const [logId, changes] of committed) assert.equal(kept.get(logId), changes, `Row ${logId} is still there.`);
    events = await agreeOnEvents(rig);
    leastDistanceMs = await keptDistanceMs(rig, 0);
  });
  const first = (victim: Kill['victim']) => {
    const own = kills.filter((kill) => kill.victim === victim);
    const span = (values: readonly number[]) =>
      `${Math.round(quantile(values, 0.5))} ms (median), ${Math.round(quantile(values, 1))} ms (most)`;
    const restarted = span(own.map(({ restartMs }) => restartMs));
    return `${victim} ${own.length} kills, up again after ${restarted}, first poll then after ${span(own.map(({ firstPollMs }) => firstPollMs))}`;
  };
  return [
    `${kills.length} kills in ${Math.round((Date.now() - startedMs) / 1_000)} s: ${first('host')}; ${first('engine')}`,
    `${events} state changes stored and accepted, ${repeated} bodies sent again, ${explained} changes in hand and never committed`,
    `polls at least ${leastDistanceMs} ms apart`,
  ].join('; ');
}

export const killScenarios: readonly Scenario[] = [
  {
    name: 'loses nothing committed when host or engine are killed under load, and leaves no process',
    isShort: true,
    limitMs: ({ rounds }) => 180_000 + rounds * 20_000,
    run: killRounds,
  },
];
