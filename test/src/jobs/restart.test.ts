import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { Loop } from '../../../src/jobs/loop.ts';
import { type Bridge, openBridge } from '../../support/bridge.ts';

const NINE_MS = Date.parse('2026-03-02T09:00:00Z');

const spansOf = async () =>
  (await env.DB.prepare('SELECT at_ms, state_id FROM state_change ORDER BY agent_id, at_ms').all()).results.map(
    ({ at_ms, state_id }) => [Number(at_ms) - NINE_MS, Number(state_id) === 0 ? 'not observed' : 'state'],
  );

describe('after a restart', () => {
  let bridge: Bridge;
  beforeEach(async () => {
    bridge = await openBridge(NINE_MS);
  });

  it('follows an agent whom the source calls by another name although they come back long after the first answer', async () => {
    // The roster is known before anybody is signed in: the agent is stored under the roster's id.
    bridge.ncc.users.set('u1', { username: 'ann@x.test', _id: 'x1' });
    await bridge.run(15_000);
    bridge.ncc.agents.set('x1', { status: 'Available' });
    await bridge.run(10_000);
    bridge.ncc.agents.clear();
    await bridge.run(20_000);
    bridge.crash();
    await bridge.run(20_000);
    bridge.clock.nowMs += 600_000;
    bridge.ncc.agents.set('x1', { status: 'Busy' });
    await bridge.run(10_000);
    expect(bridge.logged).toEqual([]);
    const spans = await spansOf();
    // Nobody looked for ten minutes, and the state before is known: the time between is said to be unknown.
    expect(spans.map(([, kind]) => kind)).toEqual(['state', 'state', 'not observed', 'state']);
  });

  it('sends nothing again that it sent since its first poll, however often it is killed before the second', async () => {
    for (const id of ['a1', 'a2', 'a3']) bridge.ncc.users.set(id, { username: `${id}@x.test` });
    await bridge.run(15_000);
    bridge.ncc.agents.set('a1', { status: 'Available' });
    for (const status of ['Busy', 'Wrapup', 'Break', 'Busy']) {
      await bridge.run(4_000);
      bridge.crash();
      bridge.ncc.agents.set('a1', { status });
    }
    await bridge.run(20_000);
    const told = bridge.mpower.events.map(({ eventCode }) => eventCode);
    expect(told).toEqual(['Available', 'Busy', 'Wrapup', 'Break', 'Busy']);
  });

  it('sends the activities of agents who got a login id while nobody was running', async () => {
    bridge.ncc.agents.set('stranger', { status: 'Available' });
    await bridge.run(300_000);
    bridge.ncc.agents.set('stranger', { status: 'Busy' });
    await bridge.run(800_000);
    expect(bridge.mpower.activity.flatMap(({ reportData }) => reportData)).toEqual([]);
    bridge.crash();
    await env.DB.batch([
      env.DB.prepare(`UPDATE agent SET login_id = 's@x.test' WHERE source_id = 'stranger'`),
      env.DB.prepare('UPDATE connection SET config_version = config_version + 1'),
    ]);
    await bridge.run(60_000);
    const [report] = bridge.mpower.activity.slice(-1);
    expect(report?.reportData).toMatchObject([{ userName: 's@x.test', agentActivity: [{ state: 'Available' }] }]);
  });
});

describe('a record that is sent again by hand', () => {
  it('is followed by the present state, which the WFM has to show in the end', async () => {
    const bridge = await openBridge(NINE_MS);
    bridge.ncc.users.set('a1', { username: 'a1@x.test' });
    bridge.ncc.users.set('a2', { username: 'a2@x.test' });
    bridge.ncc.agents.set('a2', { status: 'Available' });
    bridge.ncc.agents.set('a1', { status: 'Available' });
    await bridge.run(10_000);
    bridge.mpower.misbehave = ({ body }) =>
      JSON.stringify(body).includes('a1@x.test') ? new Response('{"message":"no"}', { status: 400 }) : null;
    bridge.ncc.agents.set('a2', { status: 'Busy' });
    bridge.ncc.agents.set('a1', { status: 'Busy' });
    await bridge.run(10_000);
    bridge.mpower.misbehave = () => null;
    bridge.ncc.agents.set('a1', { status: 'Wrapup' });
    await bridge.run(10_000);
    const record = await env.DB.prepare('SELECT id FROM set_aside').first<{ id: number }>();
    const loop = new Loop(bridge.deps, bridge.connectionId, () => undefined);
    expect(await loop.sendAgain(record?.id ?? 0)).toMatchObject({ ok: true });
    const told = bridge.mpower.events
      .filter(({ loginId }) => loginId === 'a1@x.test')
      .map(({ eventCode }) => eventCode);
    expect(told).toEqual(['Available', 'Wrapup', 'Busy', 'Wrapup']);
  });
});
