import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { type Bridge, type Call, openBridge, settings } from '../../support/bridge.ts';
import { statesAccount } from '../../support/stored.ts';

const NINE_MS = Date.parse('2026-03-02T09:00:00Z');
const QUARTER_MS = 900_000;

function staff(bridge: Bridge, count: number) {
  for (let i = 0; i < count; i++) {
    bridge.ncc.agents.set(`a${i}`, { status: 'Available' });
    bridge.ncc.users.set(`a${i}`, { username: `a${i}@x.test` });
  }
}

const isOfStates = ({ path }: Call) => path.includes('agent-states');
const refuseAll = (call: Call) => (isOfStates(call) ? new Response('{"message":"acdId"}', { status: 400 }) : null);
const away = (call: Call) => (isOfStates(call) ? new Response(null, { status: 503 }) : null);
const refuse =
  (...names: string[]) =>
  (call: Call) =>
    isOfStates(call) && names.some((name) => JSON.stringify(call.body).includes(`"${name}@x.test"`))
      ? new Response('{"message":"Unknown login"}', { status: 400 })
      : null;

async function toggle(bridge: Bridge, id: string, times: number) {
  for (let i = 0; i < times; i++) {
    bridge.ncc.agents.set(id, { status: i % 2 === 0 ? 'Busy' : 'Available' });
    await bridge.run(5_000);
  }
}

const told = (bridge: Bridge, id: string) =>
  bridge.mpower.events.filter(({ loginId }) => loginId === `${id}@x.test`).map(({ eventCode }) => eventCode);
const standing = async () =>
  await env.DB.prepare(
    `SELECT failures, error, refused_in_a_row AS refusedInARow FROM stream WHERE name = 'agent-states'`,
  ).first();
const sentSince = (bridge: Bridge, count: number) => bridge.mpower.calls.slice(count).filter(isOfStates).length;

describe('state changes that the WFM refuses', () => {
  it('of one agent, however many in a row, hold up nobody: the next change of another goes out with its poll', async () => {
    const bridge = await openBridge(NINE_MS);
    staff(bridge, 3);
    await bridge.run(10_000);
    bridge.mpower.misbehave = refuse('a0');
    await toggle(bridge, 'a0', 12);
    expect(await statesAccount()).toMatchObject({ read: 15, delivered: 3, setAside: 12, waiting: 0 });
    expect(await standing()).toMatchObject({ failures: 0, refusedInARow: 1 });
    bridge.ncc.agents.set('a0', { status: 'Break' });
    bridge.ncc.agents.set('a1', { status: 'Busy' });
    await bridge.run(5_000);
    expect(told(bridge, 'a1')).toEqual(['Available', 'Busy']);
    expect(await standing()).toMatchObject({ failures: 0, refusedInARow: 0 });
  });

  it('of one agent hold up nobody after restarts either', async () => {
    const bridge = await openBridge(NINE_MS);
    staff(bridge, 3);
    await bridge.run(10_000);
    bridge.mpower.misbehave = refuse('a0');
    for (let i = 0; i < 6; i++) {
      await toggle(bridge, 'a0', 3);
      bridge.crash();
    }
    bridge.ncc.agents.set('a1', { status: 'Busy' });
    await bridge.run(10_000);
    expect(told(bridge, 'a1')).toEqual(['Available', 'Busy']);
    expect(await standing()).toMatchObject({ failures: 0, refusedInARow: 0 });
  });

  it('of a dozen agents at the front are set aside, and everybody else is told in the same cycle', async () => {
    const bridge = await openBridge(NINE_MS);
    const bad = Array.from({ length: 12 }, (_, i) => `a${i}`);
    bridge.mpower.misbehave = refuse(...bad);
    staff(bridge, 40);
    await bridge.run(5_000);
    expect(bridge.mpower.events).toHaveLength(28);
    await bridge.run(10_000);
    expect(await statesAccount()).toEqual({ read: 40, delivered: 28, setAside: 12, held: 0, waiting: 0 });
    expect(await standing()).toMatchObject({ failures: 0 });
  });

  it('of one agent who has most of a backlog go after everybody else, and nothing is sent twice', async () => {
    const bridge = await openBridge(NINE_MS);
    staff(bridge, 3);
    await bridge.run(10_000);
    bridge.mpower.misbehave = away;
    await toggle(bridge, 'a0', 40);
    await toggle(bridge, 'a1', 3);
    bridge.mpower.misbehave = refuse('a0');
    await bridge.run(20_000);
    expect(told(bridge, 'a1')).toEqual(['Available', 'Busy', 'Available', 'Busy']);
    await bridge.run(60_000);
    expect(told(bridge, 'a1')).toHaveLength(4);
    expect(await statesAccount()).toEqual({ read: 46, delivered: 6, setAside: 40, held: 0, waiting: 0 });
  });

  it('of an agent who got a wrong login id hold up nobody, and are set aside one by one', async () => {
    const bridge = await openBridge(NINE_MS);
    staff(bridge, 2);
    await bridge.run(10_000);
    bridge.ncc.agents.set('nobody', { status: 'Available' });
    await bridge.run(5_000);
    await toggle(bridge, 'nobody', 14);
    bridge.mpower.misbehave = refuse('wrong');
    await env.DB.prepare(`UPDATE agent SET login_id = 'wrong@x.test' WHERE source_id = 'nobody'`).run();
    await env.DB.prepare('UPDATE connection SET config_version = config_version + 1').run();
    await bridge.run(10_000);
    bridge.ncc.agents.set('a1', { status: 'Busy' });
    await bridge.run(10_000);
    expect(told(bridge, 'a1')).toEqual(['Available', 'Busy']);
    expect(await statesAccount()).toEqual({ read: 18, delivered: 3, setAside: 15, held: 0, waiting: 0 });
    expect(await standing()).toMatchObject({ failures: 0 });
  });

  it('are nobody’s fault while everybody’s are, also where one agent’s fill the first bodies', async () => {
    const bridge = await openBridge(NINE_MS, settings({ wfmAdvanced: { eventsPerBodyMax: 4 } }));
    staff(bridge, 20);
    await bridge.run(10_000);
    bridge.mpower.misbehave = away;
    await toggle(bridge, 'a0', 6);
    for (let i = 1; i < 20; i++) bridge.ncc.agents.set(`a${i}`, { status: 'Break' });
    await bridge.run(5_000);
    bridge.mpower.misbehave = refuseAll;
    const before = bridge.mpower.calls.length;
    await bridge.run(60_000);
    expect(await statesAccount()).toMatchObject({ setAside: 0, waiting: 25 });
    expect((await standing())?.error).toContain('Check the WFM settings');
    expect(sentSince(bridge, before)).toBeLessThan(60);
    bridge.mpower.misbehave = () => null;
    await bridge.run(400_000);
    expect(await statesAccount()).toMatchObject({ read: 45, delivered: 45, setAside: 0, waiting: 0 });
  });

  it('cost a bounded number of requests where everything is refused', async () => {
    const bridge = await openBridge(NINE_MS);
    bridge.mpower.misbehave = refuseAll;
    staff(bridge, 600);
    await bridge.run(5_000);
    expect(sentSince(bridge, 0)).toBeLessThan(80);
    expect(await statesAccount()).toMatchObject({ setAside: 0, waiting: 600 });
  });
});

it('sets a dozen queues aside that the WFM refuses, and sends the others', async () => {
  const bridge = await openBridge(NINE_MS, settings({ intervalS: 15 }));
  const queues = Array.from({ length: 20 }, (_, i) => `q${String(i).padStart(2, '0')}`);
  bridge.ncc.queues = new Set(queues);
  bridge.ncc.figures.set(
    NINE_MS,
    queues.map((queue) => ({ 'queue-id': queue, enteredCount: 1, abandonedCount: 0, sumHandleTime: 60 })),
  );
  bridge.mpower.misbehave = ({ path, body }) =>
    path.endsWith('/historical') && /"q0\d"|"q1[01]"/.test(JSON.stringify(body))
      ? Response.json({ message: 'mixed directions' }, { status: 422 })
      : null;
  await bridge.run(QUARTER_MS + 240_000);
  const last = bridge.mpower.historical.at(-1)?.reportData.queueReport;
  expect(last?.map(({ queueValue }) => queueValue)).toEqual(queues.slice(12));
  const { results } = await env.DB.prepare('SELECT record_key FROM set_aside').all();
  expect(results).toHaveLength(12);
});
