/**
 * Holds what the merged connection stored and sent against a plain reference: what its members stored themselves, merged by
 * the rule as it is written down, all at once.
 */
import { INTERVAL_MS, MINUTE_MS } from '../../src/domain/interval.ts';
import { wrongSums } from './judge-sums.ts';
import { CONNECTIONS, MERGED, type MergedWorld, NCC, PUSHED } from './merged-world.ts';

const CLASS_ORDER = ['contact', 'wrap-up', 'ready', 'not ready', 'not observed', 'signed out'];

interface Entry {
  readonly loginId: string;
  readonly atMs: number;
  readonly code: string;
  readonly stateClass: string;
}

function entriesOf(world: MergedWorld, connectionId: number): Entry[] {
  return world.database.query<Entry>(
    `SELECT coalesce(a.login_id, a.username) AS loginId, c.at_ms AS atMs, coalesce(s.event_code, s.name, '') AS code,
            coalesce(s.class, 'not observed') AS stateClass
     FROM agent a JOIN state_change c ON c.agent_id = a.id LEFT JOIN acd_state s ON s.id = c.state_id
     WHERE a.connection_id = ?1 AND coalesce(a.login_id, a.username) <> '' ORDER BY c.at_ms`,
    connectionId,
  );
}

const at = (entries: readonly Entry[], atMs: number) => entries.findLast((entry) => entry.atMs <= atMs);

function byPerson(entries: readonly Entry[]): Map<string, Entry[]> {
  const people = new Map<string, Entry[]>();
  for (const entry of entries) people.set(entry.loginId, [...(people.get(entry.loginId) ?? []), entry]);
  return people;
}

/** Sentences about what is not as it should be; empty: everything is. */
export function judge(world: MergedWorld, throughMs: number): string[] {
  return [
    ...world.malformed,
    ...judgePushes(world),
    ...judgeTimeLines(world, throughMs),
    ...judgeLastStates(world),
    ...judgeFigures(world),
    ...wrongSums(world.database),
    ...judgeActivities(world),
    ...judgeWaiting(world),
  ].slice(0, 20);
}

function judgePushes(world: MergedWorld): string[] {
  if (!world.pusher.isDone) return ['The pushes were not all taken.'];
  const stored = new Map(entriesOf(world, PUSHED).map(({ loginId, atMs, code }) => [`${loginId} ${atMs}`, code]));
  return [...world.pusher.given].flatMap(([key, state]) =>
    stored.get(key) === state ? [] : [`The pushed change ${key} ${state} is stored as ${stored.get(key)}.`],
  );
}

function judgeTimeLines(world: MergedWorld, throughMs: number): string[] {
  const [north, south, both] = [NCC, PUSHED, MERGED].map((id) => byPerson(entriesOf(world, id)));
  if (!north || !south || !both) return [];
  const wrong: string[] = [];
  for (const loginId of new Set([...north.keys(), ...south.keys(), ...both.keys()])) {
    const said = [north.get(loginId) ?? [], south.get(loginId) ?? []];
    const merged = both.get(loginId) ?? [];
    const instants = new Set([...said.flat(), ...merged].map(({ atMs }) => atMs));
    for (const atMs of [...instants].sort((a, b) => a - b)) {
      if (atMs >= throughMs) break;
      const present = said.flatMap((own) => at(own, atMs) ?? []);
      const rank = ({ stateClass }: Entry) => CLASS_ORDER.indexOf(stateClass);
      const winner = present.reduce<Entry | null>((best, own) => (best && rank(best) <= rank(own) ? best : own), null);
      const stored = at(merged, atMs);
      if (winner?.code === stored?.code && winner?.stateClass === stored?.stateClass) continue;
      const words = (entry: Entry | null | undefined) => (entry ? `${entry.code} (${entry.stateClass})` : 'nothing');
      wrong.push(`${loginId} at ${new Date(atMs).toISOString()} is ${words(stored)} and should be ${words(winner)}.`);
      break;
    }
  }
  return both.size < 4 ? [...wrong, 'Too few people were merged.'] : wrong;
}

/** What Mpower heard last of a person is what the merged time line ends with. */
function judgeLastStates(world: MergedWorld): string[] {
  return [...byPerson(entriesOf(world, MERGED))].flatMap(([loginId, entries]) => {
    const last = entries.at(-1);
    if (!last || last.stateClass === 'not observed') return [];
    const heard = world.lastState.get(loginId);
    if (heard?.eventCode === last.code && Date.parse(heard.eventUtcTime) === last.atMs) return [];
    return [
      `Mpower heard last of ${loginId}: ${heard?.eventCode} ${heard?.eventUtcTime}, not ${last.code} ${new Date(last.atMs).toISOString()}.`,
    ];
  });
}

interface QueueRow {
  readonly startMs: number;
  readonly memberId: number;
  readonly queueValue: string;
  readonly offered: number;
  readonly abandoned: number;
}

/** Every interval of every queue of a member is in its window's last body, once, and nothing else is. */
function judgeFigures(world: MergedWorld): string[] {
  const keys = new Map(
    world.database
      .query<{ sourceId: string; value: string }>(
        'SELECT source_id AS sourceId, coalesce(queue_value, source_id) AS value FROM queue WHERE connection_id = ?1',
        MERGED,
      )
      .map(({ sourceId, value }) => [sourceId, value]),
  );
  const rows = world.database.query<QueueRow>(
    `SELECT i.start_ms AS startMs, i.connection_id AS memberId, coalesce(q.queue_value, q.source_id) AS queueValue,
            i.offered, i.abandoned
     FROM queue_interval i JOIN queue q ON q.id = i.queue_id WHERE i.connection_id IN (?1, ?2) AND i.start_ms < ?3`,
    NCC,
    PUSHED,
    world.endMs - 2 * INTERVAL_MS,
  );
  const wrong: string[] = [];
  const expected = new Map<string, Map<string, number>>();
  for (const { startMs, memberId, queueValue, offered, abandoned } of rows) {
    const start = new Date(startMs).toISOString();
    const key = keys.get(`${memberId}:${queueValue}`) ?? `none of ${memberId}:${queueValue}`;
    const window = expected.get(start) ?? new Map<string, number>();
    expected.set(start, window.set(key, Math.max(offered, abandoned)));
  }
  for (const [start, window] of expected) {
    const sent = world.bodies.get(start)?.at(-1)?.reportData.queueReport ?? [];
    const found = sent.map(({ queueValue, contactsReceived }) => `${queueValue}=${contactsReceived}`).sort();
    const wanted = [...window].map(([key, contacts]) => `${key}=${contacts}`).sort();
    if (found.join() !== wanted.join()) wrong.push(`${start}: sent ${found.join()}, and ${wanted.join()} is stored.`);
  }
  if (!keys.has(`${PUSHED}:q-0`) || keys.size === new Set(rows.map(({ queueValue }) => queueValue)).size) {
    wrong.push('No key collided.');
  }
  if (new Set(keys.values()).size !== keys.size) wrong.push('Two queues share a key.');
  return wrong;
}

/** What was told of each window is what the merged time lines say that ended in it, whatever came late. */
function judgeActivities(world: MergedWorld): string[] {
  const expected = new Map<string, string[]>();
  for (const [loginId, entries] of byPerson(entriesOf(world, MERGED))) {
    entries.forEach(({ atMs, code, stateClass }, i) => {
      const end = entries[i + 1]?.atMs;
      if (end === undefined || end >= world.endMs || ['signed out', 'not observed'].includes(stateClass)) return;
      const start = new Date(end - (end % INTERVAL_MS)).toISOString();
      expected.set(start, [...(expected.get(start) ?? []), `${loginId} ${code} ${atMs} ${end - atMs}`]);
    });
  }
  return [...new Set([...expected.keys(), ...world.activities.keys()])].flatMap((start) => {
    if (Date.parse(start) + INTERVAL_MS > world.endMs) return [];
    const wanted = expected.get(start) ?? [];
    const told = world.activities.get(start)?.reportData ?? [];
    const found = told.flatMap(({ userName, agentActivity }) =>
      agentActivity.map(
        ({ state, startTime, duration }) => `${userName} ${state} ${Date.parse(startTime)} ${duration}`,
      ),
    );
    const missing = wanted.filter((line) => !found.includes(line));
    const beyond = found.filter((line) => !wanted.includes(line));
    if (missing.length === 0 && beyond.length === 0) return [];
    return [`${start}: activities are missing (${missing.join('; ')}) or should not be there (${beyond.join('; ')}).`];
  });
}

/** At the end nothing waits anywhere. */
function judgeWaiting(world: MergedWorld): string[] {
  return CONNECTIONS.flatMap((id) => {
    const reports = world.database.query<{ stream: string; startMs: number }>(
      `SELECT stream, start_ms AS startMs FROM report
       WHERE connection_id = ?1 AND delivered_revision < revision AND end_ms < ?2 LIMIT 3`,
      id,
      world.scheduler.nowMs - 15 * MINUTE_MS,
    );
    return reports.map(
      ({ stream, startMs }) => `Connection ${id}: ${stream} of ${new Date(startMs).toISOString()} waits.`,
    );
  });
}
