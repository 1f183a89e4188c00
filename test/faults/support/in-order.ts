// A judge for times that nobody can compare: what NCC served and what Mpower accepted, agent by agent in order, whatever the
// clock said; and queue figures, which carry the interval's own time.
import assert from 'node:assert/strict';
import { compare } from '../../../simulators/compare/compare.ts';
import { fetchTruth, type Truth } from '../../../simulators/compare/truth.ts';
import { eventually } from '../../host/support/stage.ts';
import type { Rig, Span } from './rig.ts';

const IN_FLIGHT_MS = 8_000;
const LIMIT_MS = 60_000;

interface Told {
  readonly state: string;
  /** Only what NCC served: it may be missing because its answer was under way, or lost by a step of the clock. */
  readonly isExcused: boolean;
}

/**
 * Waits until every state that NCC served is among those that Mpower accepted of its agent, in that order, and says how many
 * there were. `between`: spans, as Unix ms, in which an answer may have been lost. What Mpower has besides fails it at once.
 */
export async function judgeInOrder(rig: Rig, between: readonly Span[]): Promise<number> {
  let missing: string[] = [];
  let count = 0;
  await eventually(
    'every state that NCC served is accepted in its order',
    async () => {
      const truth = await fetchTruth(rig.standIns.ncc.url, rig.standIns.mpower.url);
      ({ missing, count } = lookInOrder(truth, between, Date.now() - IN_FLIGHT_MS));
      return missing.length === 0;
    },
    LIMIT_MS,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${missing.length} agents\n${missing.slice(0, 8).join('\n')}`);
  });
  return count;
}

type Seen = Pick<Truth['states'][number], 'username' | 'state' | 'answeredMs' | 'initial'>;
type Heard = Pick<Truth['events'][number], 'loginId' | 'eventCode' | 'order'>;

/**
 * The agents of whom Mpower lacks something that NCC served until `lastMs`, told one by one, and how many changes were looked at.
 * @throws AssertionError when Mpower has something that was not served, or not in that order
 */
export function lookInOrder(
  { states, events }: { readonly states: readonly Seen[]; readonly events: readonly Heard[] },
  between: readonly Span[],
  lastMs: number,
): { missing: string[]; count: number } {
  const served = new Map<string, Told[]>();
  for (const { username, state, answeredMs, initial } of states) {
    const lost = between.some(({ fromMs, toMs }) => answeredMs >= fromMs && answeredMs <= toMs);
    // Of somebody who was out from the start there is nothing to say.
    const isExcused = lost || answeredMs > lastMs || (initial && state === 'Logged out');
    served.set(username.trim(), [...(served.get(username.trim()) ?? []), { state: state.trim(), isExcused }]);
  }
  const accepted = new Map<string, string[]>();
  for (const { loginId, eventCode } of [...events].sort((a, b) => a.order - b.order)) {
    accepted.set(loginId, [...(accepted.get(loginId) ?? []), eventCode.trim()]);
  }
  const missing: string[] = [];
  let count = 0;
  for (const [agent, told] of served) {
    if (agent === '') continue;
    const got = withoutRepeats(accepted.get(agent) ?? []);
    const wanted = withoutRepeats(told.filter(({ isExcused }) => !isExcused).map(({ state }) => state));
    count += wanted.length;
    const story = `${agent}: NCC served ${told.map(({ state }) => state).join(', ')}; Mpower accepted ${got.join(', ')}`;
    if (!isWithin(wanted, got)) missing.push(story);
    assert.ok(isWithin(got, withoutRepeats(told.map(({ state }) => state))), `Nothing is invented. ${story}`);
  }
  for (const agent of accepted.keys()) assert.ok(served.has(agent), `Mpower knows ${agent}, whom NCC does not have.`);
  return { missing, count };
}

/** Entering a state again is one change or two, by how far the times that go with it can be believed. */
const withoutRepeats = (states: readonly string[]) => states.filter((state, i) => state !== states[i - 1]);

/** True when `part` can be had from `whole` by leaving some out. */
function isWithin(part: readonly string[], whole: readonly string[]): boolean {
  let place = 0;
  for (const state of whole) if (state === part[place]) place += 1;
  return place === part.length;
}

/** Every figure that Mpower has of an interval is what NCC served of it; one that is not there yet is not judged. */
export async function judgeFigures(rig: Rig): Promise<void> {
  const { sections } = await compare({ ncc: rig.standIns.ncc.url, mpower: rig.standIns.mpower.url, inFlightS: 8 });
  const intervals = sections.find(({ name }) => /interval/i.test(name));
  assert.ok(intervals, 'The comparison has a section for intervals.');
  assert.deepEqual(
    [...intervals.different, ...intervals.extra].slice(0, 8),
    [],
    'Queue figures are those that were served.',
  );
}
