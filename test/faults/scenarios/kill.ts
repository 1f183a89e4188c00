// kill -9 of the host and of its engine at any moment under load: no process is left behind, nothing that was committed is
// lost, at most one body of a stream is sent again (the backfill here has 8 windows, and only 20 that are ready are stored
// as one batch), and the polls go on within seconds.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, survivors } from '../../host/support/stage.ts';
import { joined, type Line } from '../results.ts';
import { type Measured, quantile, type RunSettings, randomFrom, type Scenario } from '../scenario.ts';
import { type AcceptedBody, keptDistanceMs, type Rig, withRig } from '../support/rig.ts';

/** The first poll comes within this, counted from when the bridge answers again. */
const FIRST_POLL_LIMIT_MS = 5_000;
/** A bridge that does not poll within this is not up: the round ends here, and says so. */
const FIRST_POLL_GIVEN_UP_MS = 20_000;
/** Polls of one round last at most so long from the question to the commit. */
const UNCOMMITTED_MS = 4_000;

/** Kills of one bridge with its stand-ins; then others: what has to be compared grows with each. */
const KILLS_PER_BRIDGE = 100;
/** A share of the kills strikes while a poll is read, committed and sent; the others anywhere between two polls. */
const NEAR_POLL_SHARE = 0.6;
const NEAR_POLL_MS = 500;
const ANYWHERE_MS = 3_200;

interface Kill {
  readonly victim: 'host' | 'engine';
  readonly atMs: number;
  /** From the kill until it answers again, and from then to the first poll. */
  readonly restartMs: number;
  readonly firstPollMs: number;
}

/** What has been accepted so far, to tell what is sent again. */
class Repeats {
  readonly #events = new Set<string>();
  readonly #bodies = new Set<string>();
  #lastNumber = 0;

  /** Which of the new bodies say something again, by stream, in words. */
  take(bodies: readonly AcceptedBody[]): Map<string, string[]> {
    const again = new Map<string, string[]>();
    for (const { number, arrivedMs, kind, body } of bodies) {
      if (number <= this.#lastNumber) continue;
      this.#lastNumber = number;
      const repeated = kind === 'agent-states' ? this.#repeatedEvents(body) : this.#repeatsBody(body) ? 'whole' : '';
      if (repeated === '') continue;
      again.set(kind, [
        ...(again.get(kind) ?? []),
        `number ${number} at ${new Date(arrivedMs).toISOString()}: ${repeated}`,
      ]);
    }
    return again;
  }

  /** '' when nothing in it was said before. */
  #repeatedEvents(body: string): string {
    const { agentStateList } = JSON.parse(body) as { agentStateList: { loginId: string; eventUtcTime: string }[] };
    const keys = agentStateList.map(({ loginId, eventUtcTime }) => `${loginId} ${eventUtcTime}`);
    const repeated = keys.filter((key) => this.#events.has(key));
    for (const key of keys) this.#events.add(key);
    return repeated.length === 0 ? '' : `${repeated.length} of ${keys.length}, ${repeated.slice(0, 3).join(', ')}`;
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

async function killHost(rig: Rig, onDead: () => Promise<void>): Promise<number> {
  const tree = rig.host.tree();
  await rig.host.end('SIGKILL');
  await onDead();
  const left = await survivors(tree);
  assert.deepEqual(left, [], 'No process outlives the host.');
  await rig.startHost();
  return Date.now();
}

async function killEngine(rig: Rig, onDead: () => Promise<void>): Promise<number> {
  const restarts = () =>
    rig.host.lines.filter((line) => line.includes('The engine crashed and was started again')).length;
  const before = restarts();
  process.kill(rig.engine().pid, 'SIGKILL');
  await onDead();
  await eventually('the engine is started again', async () => restarts() > before);
  return Date.now();
}

/** `onDead`: called when nothing more leaves the old process, and before the new one sends. */
async function killRound(rig: Rig, victim: Kill['victim'], onDead: () => Promise<void>): Promise<Kill> {
  const atMs = Date.now();
  const readyMs = await (victim === 'host' ? killHost(rig, onDead) : killEngine(rig, onDead));
  const firstPollAtMs = await rig.nextPoll(atMs + 1, FIRST_POLL_GIVEN_UP_MS);
  return { victim, atMs, restartMs: readyMs - atMs, firstPollMs: Math.max(0, Math.round(firstPollAtMs - readyMs)) };
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

/** What the kills of one bridge showed, and what has to be held against the end. */
class Sitting {
  readonly kills: Kill[] = [];
  readonly #rig: Rig;
  readonly #committed = new Map<number, string>();
  readonly #repeats = new Repeats();
  repeated = 0;

  constructor(rig: Rig) {
    this.#rig = rig;
  }

  /** Strikes at a moment of its own choice, and waits until the bridge polls again. */
  async strike(random: () => number): Promise<void> {
    await sleep(random() < NEAR_POLL_SHARE ? random() * NEAR_POLL_MS : random() * ANYWHERE_MS);
    const kill = await killRound(this.#rig, random() < 0.5 ? 'host' : 'engine', () => this.#countRepeats());
    this.kills.push(kill);
    for (const { logId, changes } of committedRows(this.#rig)) {
      const before = this.#committed.get(logId);
      assert.ok(before === undefined || before === changes, `Row ${logId} of the log is what it was before the kill.`);
      this.#committed.set(logId, changes);
    }
  }

  /** What was accepted from one kill to the next: at most one body of a stream says something again. */
  async #countRepeats(): Promise<void> {
    const last = this.kills.at(-1);
    const again = this.#repeats.take(await this.#rig.bodies(last === undefined ? 0 : last.atMs - 10_000));
    for (const [stream, bodies] of again) {
      this.repeated += bodies.length;
      const said = `${bodies.length} bodies of ${stream} were sent again after one kill`;
      const when = last && `${last.victim} at ${new Date(last.atMs).toISOString()}`;
      assert.ok(last !== undefined && bodies.length <= 1, `${said} (${when}): ${bodies.join('; ')}.`);
    }
  }

  /** At the end: everything is there, once, and in order. Gives what only NCC knows of: answers that died with a process. */
  async judge(): Promise<number> {
    await this.#countRepeats();
    const between = this.kills.map(({ atMs, restartMs }) => ({
      fromMs: atMs - UNCOMMITTED_MS,
      toMs: atMs + restartMs,
    }));
    const explained = await this.#rig.judge({ limitMs: 90_000, between });
    const kept = new Map(
      this.#rig.readDatabase((database) =>
        database
          .prepare('SELECT log_id AS logId, changes FROM state_log')
          .all()
          .map((row): [number, string] => [Number(row.logId), String(row.changes)]),
      ),
    );
    for (const [logId, changes] of this.#committed) {
      assert.equal(kept.get(logId), changes, `Row ${logId} is still there.`);
    }
    return explained;
  }
}

async function killOneBridge(kills: number, seed: number, untilMs: number): Promise<Measured> {
  const random = randomFrom(seed);
  const startedMs = Date.now();
  let figures: Measured['figures'] = {};
  await withRig({ ncc: ['--agents', '600', '--queues', '8', '--seed', String(seed)] }, async (rig) => {
    const to = Math.floor(Date.now() / 900_000) * 900_000;
    const range = { from: new Date(to - 8 * 900_000).toISOString(), to: new Date(to).toISOString() };
    await rig.api('POST', `/connections/${rig.connectionId}/backfills`, range);
    const sitting = new Sitting(rig);
    while (sitting.kills.length < kills && Date.now() < untilMs) await sitting.strike(random);
    const explained = await sitting.judge();
    const of = (victim: Kill['victim'], pick: (kill: Kill) => number) =>
      sitting.kills.filter((kill) => kill.victim === victim).map(pick);
    figures = {
      kills: sitting.kills.length,
      seconds: Math.round((Date.now() - startedMs) / 1_000),
      hostRestartMs: of('host', ({ restartMs }) => restartMs),
      hostFirstPollMs: of('host', ({ firstPollMs }) => firstPollMs),
      engineRestartMs: of('engine', ({ restartMs }) => restartMs),
      engineFirstPollMs: of('engine', ({ firstPollMs }) => firstPollMs),
      events: await agreeOnEvents(rig),
      repeated: sitting.repeated,
      explained,
      leastPollDistanceMs: [await keptDistanceMs(rig, 0)],
    };
  });
  return { told: `seed ${seed}`, figures };
}

async function killRounds(settings: RunSettings, onPart: (part: Measured) => void): Promise<Measured> {
  const { kills, seed, killMinutes, sideBySide } = settings;
  const untilMs = Date.now() + killMinutes * 60_000;
  const each = Math.min(KILLS_PER_BRIDGE, Math.ceil(kills / sideBySide));
  const parts: Measured[] = [];
  let begun = 0;
  const work = async () => {
    while (begun < kills && Date.now() < untilMs) {
      const count = Math.min(each, kills - begun);
      const ownSeed = seed + begun;
      begun += count;
      const part = await killOneBridge(count, ownSeed, untilMs);
      parts.push(part);
      onPart(part);
    }
  };
  await Promise.all(Array.from({ length: Math.min(sideBySide, kills) }, work));
  const figures = joined(parts);
  const told = tellFigures(figures);
  assert.deepEqual(latePolls(figures), [], `Every first poll comes within ${FIRST_POLL_LIMIT_MS} ms: ${told}.`);
  return { told, figures: {} };
}

/** Kills that the file of results knows of. */
export function killsSoFar(lines: readonly Line[]): number {
  const { kills = 0 } = joined(partsOf(lines));
  return typeof kills === 'number' ? kills : 0;
}

/** All kills of the file, as one line. */
export function tellKills(lines: readonly Line[]): string {
  const parts = partsOf(lines);
  return parts.length === 0 ? 'none' : tellFigures(joined(parts));
}

const partsOf = (lines: readonly Line[]) => lines.filter(({ key, outcome }) => key === 'kill' && outcome === 'part');

type Figures = Readonly<Record<string, number | readonly number[]>>;

function listOf(figures: Figures, name: string): readonly number[] {
  const value = figures[name];
  return typeof value === 'object' ? value : [];
}

/** First polls that came later than they may, in ms, the shortest first. */
function latePolls(figures: Figures): number[] {
  return [...listOf(figures, 'hostFirstPollMs'), ...listOf(figures, 'engineFirstPollMs')]
    .filter((ms) => ms > FIRST_POLL_LIMIT_MS)
    .sort((a, b) => a - b);
}

function tellFigures(figures: Figures): string {
  const list = (name: string) => listOf(figures, name);
  const count = (name: string) => (typeof figures[name] === 'number' ? figures[name] : 0);
  const spread = (values: readonly number[]) =>
    `${[0.5, 0.9, 0.99, 1].map((share) => Math.round(quantile(values, share))).join(' / ')} ms`;
  const late = latePolls(figures);
  return [
    `${count('kills')} kills in ${count('seconds')} s of bridges`,
    `host ${list('hostRestartMs').length}, engine ${list('engineRestartMs').length}`,
    `up again (50 / 90 / 99 / 100 %): host ${spread(list('hostRestartMs'))}, engine ${spread(list('engineRestartMs'))}`,
    `first poll after that: host ${spread(list('hostFirstPollMs'))}, engine ${spread(list('engineFirstPollMs'))}`,
    `${late.length} later than ${FIRST_POLL_LIMIT_MS} ms${late.length === 0 ? '' : `: ${late.slice(0, 20).join(', ')}`}`,
    `${count('events')} state changes stored and accepted, ${count('repeated')} bodies sent again`,
    `${count('explained')} changes in hand and never committed`,
    `polls at least ${Math.min(...list('leastPollDistanceMs'))} ms apart`,
  ].join('; ');
}

export const killScenarios: readonly Scenario[] = [
  {
    key: 'kill',
    name: 'loses nothing committed when host or engine are killed under load, and leaves no process',
    isShort: true,
    limitMs: ({ kills }) => 240_000 + kills * 20_000,
    run: killRounds,
  },
];
