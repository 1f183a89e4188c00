import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { openWithSmallBodies } from '../../support/bridge.ts';
import { statesAccount } from '../../support/stored.ts';

const NINE_MS = Date.parse('2026-03-02T09:00:00Z');

async function nameNobody(): Promise<void> {
  await env.DB.prepare(`UPDATE agent SET login_id = 'bob@x.test' WHERE source_id = 'nobody'`).run();
  await env.DB.prepare('UPDATE connection SET config_version = config_version + 1').run();
}

describe('what waits for a login id', () => {
  it('is sent whole and in order, also when live changes were held before older ones of a backlog', async () => {
    const bridge = await openWithSmallBodies(NINE_MS);
    for (const id of ['a1', 'a2']) {
      bridge.ncc.users.set(id, { username: `${id}@x.test` });
      bridge.ncc.agents.set(id, { status: 'Available' });
    }
    await bridge.run(20_000);
    bridge.mpower.misbehave = ({ path }) =>
      path.includes('agent-states') ? new Response(null, { status: 503 }) : null;
    const toggle = async (times: number) => {
      for (let i = 0; i < times; i++) {
        const status = i % 2 === 0 ? 'Busy' : 'Available';
        for (const id of ['a1', 'a2']) bridge.ncc.agents.set(id, { status });
        await bridge.run(5_000);
      }
    };
    await toggle(40);
    bridge.ncc.agents.set('nobody', { status: 'Available' });
    await toggle(2);
    bridge.ncc.agents.set('nobody', { status: 'Busy' });
    await toggle(2);
    bridge.mpower.misbehave = () => null;
    // The backlog takes more than half a minute; this one is live meanwhile.
    await toggle(3);
    bridge.ncc.agents.set('nobody', { status: 'Wrapup' });
    await toggle(30);
    await bridge.run(120_000);
    await nameNobody();
    await bridge.run(30_000);
    const told = bridge.mpower.events.filter(({ loginId }) => loginId === 'bob@x.test');
    expect(told.map(({ eventCode }) => eventCode)).toEqual(['Available', 'Busy', 'Wrapup']);
  });

  it('leaves the first turn to everybody else, and follows whole and in order', async () => {
    const bridge = await openWithSmallBodies(NINE_MS);
    bridge.ncc.users.set('a1', { username: 'a1@x.test' });
    bridge.ncc.agents.set('a1', { status: 'Available' });
    await bridge.run(10_000);
    const states = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? 'Available' : 'Busy'));
    for (const status of states) {
      bridge.ncc.agents.set('nobody', { status });
      await bridge.run(5_000);
    }
    bridge.mpower.misbehave = ({ path }) =>
      path.includes('agent-states') ? new Response(null, { status: 503 }) : null;
    await nameNobody();
    bridge.ncc.agents.set('a1', { status: 'Busy' });
    await bridge.run(10_000);
    const before = bridge.mpower.events.length;
    bridge.mpower.misbehave = () => null;
    await bridge.run(60_000);
    const told = bridge.mpower.events.slice(before);
    expect(told[0]).toMatchObject({ loginId: 'a1@x.test', eventCode: 'Busy' });
    expect(told.slice(1).map(({ loginId, eventCode }) => [loginId, eventCode])).toEqual(
      states.map((status) => ['bob@x.test', status]),
    );
  });

  it('goes on under a login id that is corrected while it is under way', async () => {
    const bridge = await openWithSmallBodies(NINE_MS);
    bridge.ncc.agents.set('nobody', { status: 'Available' });
    await bridge.run(10_000);
    bridge.ncc.agents.set('nobody', { status: 'Busy' });
    await bridge.run(10_000);
    bridge.mpower.misbehave = async ({ path }) => {
      if (!path.includes('agent-states')) return null;
      bridge.mpower.misbehave = () => null;
      await env.DB.prepare(`UPDATE agent SET login_id = 'robert@x.test' WHERE source_id = 'nobody'`).run();
      await env.DB.prepare('UPDATE connection SET config_version = config_version + 1').run();
      // Whatever is given makes the loop take over what has changed; that this source takes no records is no matter.
      await bridge.push('state-changes', []).catch(() => undefined);
      return null;
    };
    await nameNobody();
    await bridge.run(10_000);
    bridge.ncc.agents.set('nobody', { status: 'Wrapup' });
    await bridge.run(20_000);
    expect(bridge.mpower.events.map(({ loginId, eventCode }) => [loginId, eventCode])).toEqual([
      ['bob@x.test', 'Available'],
      ['bob@x.test', 'Busy'],
      ['robert@x.test', 'Wrapup'],
    ]);
  });

  it('is what was held, and nothing of the time in which the agent was left out', async () => {
    const bridge = await openWithSmallBodies(NINE_MS);
    const show = async (...states: string[]) => {
      for (const status of states) {
        bridge.ncc.agents.set('nobody', { status });
        await bridge.run(10_000);
      }
    };
    const include = (included: 0 | 1) =>
      env.DB.batch([
        env.DB.prepare(`UPDATE agent SET included = ?1 WHERE source_id = 'nobody'`).bind(included),
        env.DB.prepare('UPDATE connection SET config_version = config_version + 1'),
      ]);
    await show('Available');
    await include(0);
    await bridge.run(10_000);
    await show('Busy', 'Wrapup');
    await include(1);
    await bridge.run(10_000);
    await show('Break', 'Lunch');
    await nameNobody();
    await bridge.run(30_000);
    expect(bridge.mpower.events.map(({ eventCode }) => eventCode)).toEqual(['Available', 'Break', 'Lunch']);
    expect(await statesAccount()).toEqual({ read: 3, delivered: 3, setAside: 0, held: 0, waiting: 0 });
  });

  it('follows whole and in order when the login id comes while a backlog is caught up', async () => {
    const bridge = await openWithSmallBodies(NINE_MS, { catchUpBodiesPerMinute: 6 });
    bridge.ncc.users.set('a1', { username: 'a1@x.test' });
    for (const id of ['a1', 'nobody']) bridge.ncc.agents.set(id, { status: 'Available' });
    await bridge.run(20_000);
    bridge.mpower.misbehave = ({ path }) =>
      path.includes('agent-states') ? new Response(null, { status: 503 }) : null;
    const states = ['Busy', 'Wrapup', 'Break', 'Lunch', 'Coaching', 'Meeting', 'Email', 'Chat'];
    for (const [i, status] of states.entries()) {
      bridge.ncc.agents.set('nobody', { status });
      for (let poll = 0; poll < 3; poll++) {
        bridge.ncc.agents.set('a1', { status: (i + poll) % 2 === 0 ? 'Busy' : 'Available' });
        await bridge.run(5_000);
      }
    }
    bridge.mpower.misbehave = () => null;
    await bridge.run(20_000);
    for (const status of ['Live 1', 'Live 2']) {
      bridge.ncc.agents.set('nobody', { status });
      await bridge.run(10_000);
    }
    await nameNobody();
    await bridge.run(300_000);
    const told = bridge.mpower.events.filter(({ loginId }) => loginId === 'bob@x.test');
    expect(told.map(({ eventCode }) => eventCode)).toEqual(['Available', ...states, 'Live 1', 'Live 2']);
    const account = await statesAccount();
    expect(account).toEqual({ read: account.read, delivered: account.read, setAside: 0, held: 0, waiting: 0 });
  });

  it('ends with the present state, also when the WFM had heard that before the login id was taken away', async () => {
    const bridge = await openWithSmallBodies(NINE_MS, { catchUpBodiesPerMinute: 6 });
    bridge.ncc.agents.set('nobody', { status: 'Available' });
    await bridge.run(10_000);
    await nameNobody();
    await bridge.run(20_000);
    bridge.mpower.misbehave = ({ path }) =>
      path.includes('agent-states') ? new Response(null, { status: 503 }) : null;
    for (let i = 0; i < 24; i++) {
      bridge.ncc.agents.set('nobody', { status: i % 2 === 0 ? 'Busy' : 'Available' });
      await bridge.run(5_000);
    }
    bridge.mpower.misbehave = () => null;
    await bridge.run(20_000);
    bridge.ncc.agents.set('nobody', { status: 'Break' });
    await bridge.run(10_000);
    await env.DB.batch([
      env.DB.prepare(`UPDATE agent SET login_id = NULL, username = '' WHERE source_id = 'nobody'`),
      env.DB.prepare('UPDATE connection SET config_version = config_version + 1'),
    ]);
    await bridge.run(300_000);
    await nameNobody();
    await bridge.run(60_000);
    expect(bridge.mpower.events.at(-1)).toMatchObject({ loginId: 'bob@x.test', eventCode: 'Break' });
    const account = await statesAccount();
    expect(account).toEqual({ read: account.read, delivered: account.read, setAside: 0, held: 0, waiting: 0 });
  });
});
