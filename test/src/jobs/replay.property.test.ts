import { env } from 'cloudflare:workers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openBridge } from '../../support/bridge.ts';
import { statesAccount } from '../../support/stored.ts';

const NINE_MS = Date.parse('2026-03-02T09:00:00Z');

/** One poll: what an agent is shown to enter, and what goes wrong around it. */
const step = fc.record({
  agent: fc.integer({ min: 0, max: 2 }),
  status: fc.constantFrom('Available', 'Busy', 'Wrapup', 'Logged out', 'Pause café'),
  /** The process dies after this poll, with all that it had in memory. */
  crash: fc.boolean(),
  /** The WFM takes the body, and its answer is lost. */
  loseAnswer: fc.boolean(),
  /** The database fails while this poll is committed: before it was written, or after. */
  database: fc.constantFrom('works', 'works', 'fails before', 'fails after'),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Facts {
  stored: unknown[];
  delivered: string[];
}

/** Plays the polls and says what is stored and what the WFM knows in the end: its events, each once, in order of time. */
async function play(steps: readonly Step[], troubled: boolean): Promise<Facts> {
  const bridge = await openBridge(NINE_MS);
  for (let i = 0; i < 3; i++) {
    bridge.ncc.agents.set(`a${i}`, { status: 'Available', sinceMs: NINE_MS - 60_000 });
    bridge.ncc.users.set(`a${i}`, { username: `a${i}@x.test` });
  }
  await bridge.run(10_000);
  for (const { agent, status, crash, loseAnswer, database } of steps) {
    const shown = bridge.ncc.agents.get(`a${agent}`);
    if (shown?.status !== status) bridge.ncc.agents.set(`a${agent}`, { status, sinceMs: bridge.clock.nowMs - 1_000 });
    if (troubled && loseAnswer) {
      bridge.mpower.misbehave = ({ path, body }) => {
        if (!path.endsWith('agent-states')) return null;
        bridge.mpower.events.push(
          ...(body as { agentStateList: (typeof bridge.mpower.events)[number][] }).agentStateList,
        );
        return new Response(null, { status: 503 });
      };
    }
    if (troubled && database !== 'works') failOnce(bridge, database);
    await bridge.run(5_000);
    bridge.mpower.misbehave = () => null;
    Object.assign(bridge.deps, { db: env.DB });
    if (troubled && crash) bridge.crash();
    // What was shown for one poll only and could not be stored is not known to anybody: each is shown twice.
    await bridge.run(5_000);
  }
  await bridge.run(90_000);
  const { results } = await env.DB.prepare(
    `SELECT a.source_id, c.at_ms, s.name FROM state_change c JOIN agent a ON a.id = c.agent_id
     JOIN acd_state s ON s.id = c.state_id ORDER BY 1, 2`,
  ).all();
  const account = await statesAccount();
  expect(account.read).toBe(account.delivered);
  const events = bridge.mpower.events.map((event) => `${event.loginId} ${event.eventUtcTime} ${event.eventCode}`);
  return { stored: results, delivered: [...new Set(events)].sort() };
}

/** Lets the next batch fail, before it is written or after. */
function failOnce(bridge: Awaited<ReturnType<typeof openBridge>>, when: 'fails before' | 'fails after') {
  let failed = false;
  const failing = new Proxy(env.DB, {
    get(db, property) {
      if (property !== 'batch') return Reflect.get(db, property).bind(db);
      return async (statements: D1PreparedStatement[]) => {
        if (failed) return db.batch(statements);
        failed = true;
        if (when === 'fails after') await db.batch(statements);
        throw new Error('D1_ERROR: Network connection lost.');
      };
    },
  });
  Object.assign(bridge.deps, { db: failing });
}

describe('whatever goes wrong between the steps', () => {
  it('the same facts are stored and delivered', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        expect(await play(steps, true)).toEqual(await play(steps, false));
      }),
      { numRuns: 8 },
    );
  });
});
