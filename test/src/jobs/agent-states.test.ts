import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { beat } from '../../../src/store/heartbeats.ts';
import { type Bridge, openBridge, settings } from '../../support/bridge.ts';
import { statesAccount } from '../../support/stored.ts';

const NINE_MS = Date.parse('2026-03-02T09:00:00Z');
const iso = (ms: number) => new Date(ms).toISOString();
const brief = (bridge: Bridge) =>
  bridge.mpower.events.map(
    ({ loginId, eventCode, eventUtcTime }) => `${loginId} ${eventCode} ${eventUtcTime.slice(11)}`,
  );

function staff(bridge: Bridge, count: number, status = 'Available') {
  for (let i = 0; i < count; i++) {
    bridge.ncc.agents.set(`a${i}`, { status });
    bridge.ncc.users.set(`a${i}`, { username: `a${i}@x.test` });
  }
}

describe('agent states', () => {
  let bridge: Bridge;
  beforeEach(async () => {
    bridge = await openBridge(NINE_MS);
  });

  it('tells the WFM each change once, with the instant it was seen, in order', async () => {
    staff(bridge, 2);
    await bridge.run(10_000);
    bridge.ncc.agents.set('a0', { status: 'Busy' });
    await bridge.run(5_000);
    bridge.ncc.agents.set('a0', { status: 'Wrapup' });
    await bridge.run(10_000);
    expect(bridge.logged).toEqual([]);
    expect(brief(bridge)).toEqual([
      'a0@x.test Available 09:00:00.000Z',
      'a1@x.test Available 09:00:00.000Z',
      'a0@x.test Busy 09:00:10.000Z',
      'a0@x.test Wrapup 09:00:15.000Z',
    ]);
    expect(await statesAccount()).toEqual({ read: 4, delivered: 4, setAside: 0, held: 0, waiting: 0 });
  });

  it('dates a change by the source where the source can be right, and by the arrival where it cannot', async () => {
    staff(bridge, 2);
    await bridge.run(10_000);
    bridge.ncc.agents.set('a0', { status: 'Busy', sinceMs: NINE_MS + 7_500 });
    bridge.ncc.agents.set('a1', { status: 'Busy', sinceMs: NINE_MS + 500_000 });
    await bridge.run(10_000);
    expect(brief(bridge).slice(2)).toEqual(['a0@x.test Busy 09:00:07.500Z', 'a1@x.test Busy 09:00:10.000Z']);
  });

  it('carries custom states in any script', async () => {
    staff(bridge, 1, '  休憩 <b>"1"</b> ');
    await bridge.run(10_000);
    expect(bridge.mpower.events[0]?.eventCode).toBe('休憩 <b>"1"</b>');
    const { results } = await env.DB.prepare('SELECT name, class, reviewed FROM acd_state').all();
    expect(results).toEqual([{ name: '休憩 <b>"1"</b>', class: 'not ready', reviewed: 0 }]);
  });

  it('signs an agent out after the second answer without it, dated by the first', async () => {
    staff(bridge, 3);
    await bridge.run(10_000);
    bridge.ncc.agents.delete('a1');
    await bridge.run(5_000);
    expect(bridge.mpower.events).toHaveLength(3);
    await bridge.run(10_000);
    expect(brief(bridge).slice(3)).toEqual(['a1@x.test Logged out 09:00:10.000Z']);
  });

  it.each([
    ['cannot be read', [{ 'agent-id': 'a2', 'agent-status': null }]],
    ['contradict each other', ['Busy', 'Available'].map((status) => ({ 'agent-id': 'a2', 'agent-status': status }))],
  ])('signs out who is missing while rows of another agent %s, and leaves that one as they were', async (_, bad) => {
    staff(bridge, 3);
    await bridge.run(10_000);
    bridge.ncc.misbehave = ({ path }) =>
      path === '/realTime' ? Response.json([{ 'agent-id': 'a0', 'agent-status': 'Available' }, ...bad]) : null;
    await bridge.run(30_000);
    expect(brief(bridge).slice(3)).toEqual(['a1@x.test Logged out 09:00:10.000Z']);
  });

  it('signs nobody out while a row names nobody', async () => {
    staff(bridge, 3);
    await bridge.run(10_000);
    const rows = [{ 'agent-id': 'a0', 'agent-status': 'Available' }, { 'agent-status': 'Busy' }];
    bridge.ncc.misbehave = ({ path }) => (path === '/realTime' ? Response.json(rows) : null);
    await bridge.run(30_000);
    expect(bridge.mpower.events).toHaveLength(3);
  });

  it('begins anew to miss an agent who was named in between, if only in a row that cannot be read', async () => {
    staff(bridge, 3);
    await bridge.run(10_000);
    const others = ['a0', 'a1'].map((id) => ({ 'agent-id': id, 'agent-status': 'Available' }));
    let asked = 0;
    bridge.ncc.misbehave = ({ path }) => {
      if (path !== '/realTime') return null;
      asked += 1;
      return Response.json(asked % 2 === 1 ? others : [...others, { 'agent-id': 'a2', 'agent-status': '' }]);
    };
    await bridge.run(40_000);
    expect(bridge.mpower.events).toHaveLength(3);
  });

  it('does not sign anybody out for one answer without them', async () => {
    staff(bridge, 3);
    await bridge.run(10_000);
    bridge.ncc.agents.delete('a1');
    await bridge.run(5_000);
    bridge.ncc.agents.set('a1', { status: 'Available' });
    await bridge.run(20_000);
    expect(bridge.mpower.events).toHaveLength(3);
  });

  it.each([
    ['an HTML page', () => new Response('<html>Sign in</html>', { headers: { 'content-type': 'text/html' } })],
    ['null', () => Response.json(null)],
    ['{}', () => Response.json({})],
    ['an error object', () => Response.json({ code: 500, message: 'x' })],
    ['half an answer', () => new Response('[{"agent-id":"a0","agent-st')],
    ['a 500', () => new Response('oops', { status: 500 })],
  ])('changes nothing on %s, and goes on afterwards', async (_name, answer) => {
    staff(bridge, 2);
    await bridge.run(10_000);
    bridge.ncc.misbehave = ({ path }) => (path === '/realTime' ? answer() : null);
    await bridge.run(30_000);
    expect(bridge.mpower.events).toHaveLength(2);
    const feed = await env.DB.prepare(`SELECT failures, error FROM feed WHERE name = 'agent-states'`).first<{
      failures: number;
      error: string;
    }>();
    expect(feed?.failures).toBeGreaterThan(0);
    expect(feed?.error).toContain('/realTime');
    bridge.ncc.misbehave = () => null;
    bridge.ncc.agents.set('a0', { status: 'Busy' });
    await bridge.run(60_000);
    expect(
      brief(bridge)
        .slice(2)
        .map((line) => line.slice(0, 14)),
    ).toEqual(['a0@x.test Busy']);
  });

  it('does not believe an empty answer while many are signed in until it came three times', async () => {
    staff(bridge, 12);
    await bridge.run(10_000);
    const agents = new Map(bridge.ncc.agents);
    bridge.ncc.agents.clear();
    await bridge.run(10_000);
    bridge.ncc.agents = new Map(agents);
    await bridge.run(10_000);
    expect(bridge.mpower.events).toHaveLength(12);
    bridge.ncc.agents.clear();
    await bridge.run(30_000);
    expect(bridge.mpower.events).toHaveLength(24);
  });

  it('sends again after a crash at most what the last poll had not noted yet, and identical', async () => {
    staff(bridge, 2);
    await bridge.run(10_000);
    bridge.ncc.agents.set('a0', { status: 'Busy' });
    await bridge.run(5_000);
    bridge.crash();
    await bridge.run(20_000);
    const busy = bridge.mpower.events.filter(({ eventCode }) => eventCode === 'Busy');
    expect(busy.length).toBeLessThanOrEqual(2);
    expect(new Set(busy.map((event) => JSON.stringify(event))).size).toBe(1);
    expect(await statesAccount()).toMatchObject({ read: 3, delivered: 3, waiting: 0 });
  });

  it('keeps what the WFM cannot take and sends it in order when it can', async () => {
    staff(bridge, 2);
    await bridge.run(10_000);
    bridge.mpower.misbehave = ({ path }) =>
      path.includes('agent-states') ? new Response('down', { status: 503 }) : null;
    for (const status of ['Busy', 'Wrapup', 'Available']) {
      bridge.ncc.agents.set('a0', { status });
      await bridge.run(10_000);
    }
    expect(await statesAccount()).toMatchObject({ read: 5, delivered: 2, waiting: 3 });
    bridge.mpower.misbehave = () => null;
    await bridge.run(90_000);
    expect(
      brief(bridge)
        .slice(2)
        .map((line) => line.split(' ')[1]),
    ).toEqual(['Busy', 'Wrapup', 'Available']);
    expect(await statesAccount()).toMatchObject({ read: 5, delivered: 5, waiting: 0 });
  });

  it('after an outage tells present states first, then history in order, and ends with the truth', async () => {
    const collection = { catchUpBodiesPerMinute: 600 };
    bridge = await openBridge(NINE_MS, settings({ collection, wfmAdvanced: { eventsPerBodyMax: 3 } }));
    staff(bridge, 2);
    await bridge.run(10_000);
    bridge.mpower.misbehave = ({ path }) =>
      path.includes('agent-states') ? new Response(null, { status: 503 }) : null;
    for (let i = 0; i < 20; i++) {
      bridge.ncc.agents.set('a0', { status: i % 2 ? 'Available' : 'Busy' });
      await bridge.run(10_000);
    }
    bridge.mpower.misbehave = () => null;
    const before = bridge.mpower.events.length;
    bridge.ncc.agents.set('a1', { status: 'Wrapup' });
    await bridge.run(180_000);
    const after = brief(bridge).slice(before);
    expect(after[0]).toBe(`a0@x.test Available ${iso(NINE_MS + 10_000 + 190_000).slice(11)}`);
    const history = after.slice(1).filter((line) => line.startsWith('a0'));
    expect(new Set(history).size).toBe(20);
    expect(await statesAccount()).toMatchObject({ read: 23, delivered: 23, waiting: 0 });
    expect(bridge.logged).toEqual([]);
  });

  it('sends what is live with its own poll while history is caught up, however slowly that goes', async () => {
    const collection = { catchUpBodiesPerMinute: 6 };
    bridge = await openBridge(NINE_MS, settings({ collection, wfmAdvanced: { eventsPerBodyMax: 1 } }));
    staff(bridge, 2);
    await bridge.run(10_000);
    bridge.mpower.misbehave = ({ path }) =>
      path.includes('agent-states') ? new Response(null, { status: 503 }) : null;
    for (let i = 0; i < 20; i++) {
      bridge.ncc.agents.set('a0', { status: i % 2 ? 'Available' : 'Busy' });
      await bridge.run(10_000);
    }
    bridge.mpower.misbehave = () => null;
    // Back-off and present states are over; history is not.
    await bridge.run(80_000);
    for (const status of ['Busy', 'Wrapup', 'Break', 'Available']) {
      bridge.ncc.agents.set('a1', { status });
      const polledAtMs = bridge.clock.nowMs;
      await bridge.run(5_000);
      const last = bridge.mpower.calls.findLast(({ body }) => JSON.stringify(body).includes('"a1@x.test"'));
      expect(JSON.stringify(last?.body)).toContain(status);
      expect(last?.atMs).toBe(polledAtMs);
    }
    expect(await statesAccount()).not.toMatchObject({ waiting: 0 });
  });

  it('sets one poison record aside with the reason and delivers all the others in the same cycle', async () => {
    bridge.mpower.misbehave = ({ path, body }) =>
      path.includes('agent-states') && JSON.stringify(body).includes('a7@x.test')
        ? new Response('{"message":"Unknown login a7"}', { status: 400 })
        : null;
    staff(bridge, 20);
    await bridge.run(5_000);
    expect(bridge.mpower.events).toHaveLength(19);
    const { results } = await env.DB.prepare('SELECT stream, record_key, http_status, reason FROM set_aside').all();
    expect(results).toMatchObject([{ stream: 'agent-states', record_key: 'a7@x.test', http_status: 400 }]);
    expect(String(results[0]?.reason)).toContain('Unknown login a7');
    await bridge.run(10_000);
    expect(await statesAccount()).toEqual({ read: 20, delivered: 19, setAside: 1, held: 0, waiting: 0 });
  });

  it('sets nothing aside when the WFM refuses everything: that is a setting, not a record', async () => {
    bridge.mpower.misbehave = ({ path }) =>
      path.includes('agent-states') ? new Response('{"message":"acdId"}', { status: 400 }) : null;
    staff(bridge, 40);
    await bridge.run(30_000);
    expect(await statesAccount()).toMatchObject({ read: 40, delivered: 0, setAside: 0, waiting: 40 });
    bridge.mpower.misbehave = () => null;
    await bridge.run(330_000);
    expect(await statesAccount()).toMatchObject({ delivered: 40, waiting: 0 });
  });

  it('holds the changes of an agent without a login id and sends them in order once it has one', async () => {
    staff(bridge, 1);
    bridge.ncc.agents.set('stranger', { status: 'Available' });
    await bridge.run(10_000);
    bridge.ncc.agents.set('stranger', { status: 'Busy' });
    await bridge.run(15_000);
    expect(await statesAccount()).toEqual({ read: 3, delivered: 1, setAside: 0, held: 2, waiting: 0 });
    await env.DB.batch([
      env.DB.prepare(`UPDATE agent SET login_id = 's@x.test' WHERE source_id = 'stranger'`),
      env.DB.prepare('UPDATE connection SET config_version = config_version + 1'),
    ]);
    bridge.ncc.agents.set('stranger', { status: 'Wrapup' });
    await bridge.run(20_000);
    expect(
      brief(bridge)
        .filter((line) => line.startsWith('s@'))
        .map((line) => line.split(' ')[1]),
    ).toEqual(['Available', 'Busy', 'Wrapup']);
    expect(await statesAccount()).toEqual({ read: 4, delivered: 4, setAside: 0, held: 0, waiting: 0 });
  });

  it('says that it did not look, instead of inventing what was between', async () => {
    staff(bridge, 1);
    await bridge.run(10_000);
    bridge.crash();
    bridge.clock.nowMs += 600_000;
    await bridge.run(10_000);
    const { results } = await env.DB.prepare('SELECT at_ms, state_id FROM state_change ORDER BY at_ms').all();
    expect(results.map(({ at_ms, state_id }) => [Number(at_ms) - NINE_MS, state_id])).toEqual([
      [0, 1],
      [5_000, 0],
      [610_000, 1],
    ]);
  });

  it('writes one row for a poll without changes and at most two per change in all', async () => {
    staff(bridge, 50);
    await bridge.run(60_000);
    bridge.ncc.agents.set('a49', { status: 'Busy' });
    await bridge.run(10_000);
    // The minute job runs, so that its silence is no line of the diary.
    await beat(env.DB, 'cron', bridge.clock.nowMs);
    const count = async (work: () => Promise<void>) => {
      const rows = countRows(bridge);
      await work();
      Object.assign(bridge.deps, { db: env.DB });
      return rows.written;
    };
    const quiet = await count(() => bridge.run(50_000));
    expect(quiet).toBeLessThanOrEqual(10);
    const busy = await count(async () => {
      for (let i = 0; i < 10; i++) {
        bridge.ncc.agents.set(`a${i}`, { status: 'Busy' });
        await bridge.run(5_000);
      }
    });
    expect(busy).toBeLessThanOrEqual(20);
  });
});

/** Puts a D1 in front of the bridge's that adds up the rows written, as a deployment is billed for. */
function countRows(bridge: Bridge): { written: number } {
  const db = env.DB;
  const rows = { written: 0 };
  const add = (count: number) => {
    rows.written += count;
  };
  const counted = (statement: D1PreparedStatement): D1PreparedStatement =>
    new Proxy(statement, {
      get(target, property) {
        if (property === 'bind') return (...values: unknown[]) => counted(target.bind(...values));
        if (property === 'all' || property === 'run') {
          return async () => {
            const result = await target.all();
            add(result.meta.rows_written);
            return result;
          };
        }
        if (property === 'first') {
          return async () => {
            const result = await target.all();
            add(result.meta.rows_written);
            return result.results[0] ?? null;
          };
        }
        if (property === 'inner') return target;
        return Reflect.get(target, property);
      },
    });
  const wrapped = {
    prepare: (sql: string) => counted(db.prepare(sql)),
    batch: async (statements: D1PreparedStatement[]) => {
      const results = await db.batch(statements.map((s) => Reflect.get(s, 'inner') as D1PreparedStatement));
      for (const { meta } of results) add(meta.rows_written);
      return results;
    },
  };
  Object.assign(bridge.deps, { db: wrapped });
  return rows;
}
