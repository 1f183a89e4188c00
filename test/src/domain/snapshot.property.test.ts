import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StateChange } from '../../../src/domain/agent-state.ts';
import { compareSnapshot, type SnapshotRules, type TrackedAgent } from '../../../src/domain/snapshot.ts';

const RULES: SnapshotRules = {
  missingAnswersToSignOut: 2,
  holdBackShortStates: false,
  unobservedAfterMs: 60_000,
  isSignedOut: ({ name }) => name === 'Logged out',
};
const POLL_MS = 5_000;

/** What a poll shows: for each of four agents a state, or nothing. */
const answer = fc.array(fc.option(fc.constantFrom('Available', 'Busy', 'Wrapup', 'Logged out', 'X'), { nil: null }), {
  minLength: 4,
  maxLength: 4,
});
const answers = fc.array(answer, { minLength: 1, maxLength: 40 });

function follow(shown: readonly (readonly (string | null)[])[], rules: SnapshotRules = RULES) {
  const tracked = new Map<string, TrackedAgent>();
  const changes: StateChange[] = [];
  shown.forEach((states, i) => {
    const agents = states.flatMap((name, n) =>
      name === null ? [] : [{ agentId: `a${n}`, name, reason: '', sinceMs: null }],
    );
    const look = {
      arrivedAtMs: i * POLL_MS,
      previousMs: i === 0 ? null : (i - 1) * POLL_MS,
      agents,
      complete: true,
      unread: new Set<string>(),
      emptyBefore: 0,
    };
    const comparison = compareSnapshot(tracked, look, rules);
    changes.push(...comparison.changes);
    for (const [id, agent] of comparison.tracked) tracked.set(id, agent);
  });
  return { changes, tracked };
}

describe('comparing looks', () => {
  it("ends every agent's changes in the state that was shown last", () => {
    fc.assert(
      fc.property(answers, (shown) => {
        const { changes } = follow(shown);
        for (let n = 0; n < 4; n++) {
          const last = changes.filter(({ agentId }) => agentId === `a${n}`).at(-1);
          const states = shown.map((row) => row[n] ?? null);
          const lastShown = states.findLastIndex((state) => state !== null);
          const missing = states.length - 1 - lastShown;
          if (lastShown === -1) expect(last).toBeUndefined();
          else expect(last?.name).toBe(missing >= 2 ? 'Logged out' : states[lastShown]);
        }
      }),
    );
  });

  it("lets every agent's instants strictly rise and never repeats a state", () => {
    fc.assert(
      fc.property(answers, (shown) => {
        const { changes } = follow(shown);
        for (let n = 0; n < 4; n++) {
          const own = changes.filter(({ agentId }) => agentId === `a${n}`);
          own.forEach((change, i) => {
            const before = own[i - 1];
            if (!before) return;
            expect(change.atMs).toBeGreaterThan(before.atMs);
            expect(change.name).not.toBe(before.name);
          });
        }
      }),
    );
  });

  it('sees nothing new in an answer that came again', () => {
    fc.assert(
      fc.property(answers, answer, (shown, last) => {
        const present = last.map((state) => state ?? 'Available');
        const once = follow([...shown, present]);
        const twice = follow([...shown, present, present, present]);
        expect(twice.changes).toEqual(once.changes);
      }),
    );
  });

  it('sees a state entered anew by the time that the source gives', () => {
    const agent = (sinceMs: number) => ({ agentId: 'a', name: 'Busy', reason: '', sinceMs });
    const tracked = new Map<string, TrackedAgent>();
    const look = (arrivedAtMs: number, previousMs: number | null, sinceMs: number) => {
      const result = compareSnapshot(
        tracked,
        {
          arrivedAtMs,
          previousMs,
          agents: [agent(sinceMs)],
          complete: true,
          unread: new Set<string>(),
          emptyBefore: 0,
        },
        RULES,
      );
      for (const [id, after] of result.tracked) tracked.set(id, after);
      return result.changes.map(({ atMs }) => atMs);
    };
    expect(look(1_000_000, null, 990_000)).toEqual([1_000_000]);
    expect(look(1_005_000, 1_000_000, 990_000)).toEqual([]);
    expect(look(1_010_000, 1_005_000, 1_007_000)).toEqual([1_007_000]);
    expect(look(1_015_000, 1_010_000, 1_007_000)).toEqual([]);
  });

  it('does not call the time unknown in which the source vouches for the state', () => {
    const tracked = new Map<string, TrackedAgent>();
    const look = (arrivedAtMs: number, previousMs: number | null, sinceMs: number | null) => {
      const agents = [{ agentId: 'a', name: 'Busy', reason: '', sinceMs }];
      const result = compareSnapshot(
        tracked,
        { arrivedAtMs, previousMs, agents, complete: true, unread: new Set<string>(), emptyBefore: 0 },
        RULES,
      );
      for (const [id, after] of result.tracked) tracked.set(id, after);
      return result.changes;
    };
    look(1_000_000, null, 990_000);
    expect(look(2_000_000, 1_000_000, 990_000)).toEqual([]);
    expect(look(3_000_000, 2_000_000, null)).toMatchObject([{ atMs: 3_000_000, unobservedFromMs: 2_000_000 }]);
  });

  it('holds a state back until it has lasted 3 s when told to, and keeps the instant at which it began', () => {
    const rules = { ...RULES, holdBackShortStates: true };
    const { changes } = follow(
      [
        ['Available', null, null, null],
        ['Busy', null, null, null],
        ['Wrapup', null, null, null],
        ['Wrapup', null, null, null],
      ],
      rules,
    );
    expect(changes.map(({ name, atMs }) => [name, atMs])).toEqual([
      ['Available', 0],
      ['Wrapup', 10_000],
    ]);
  });
});
