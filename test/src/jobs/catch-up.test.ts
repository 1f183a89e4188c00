import { describe, expect, it } from 'vitest';
import { openBridge, openWithSmallBodies, settings } from '../../support/bridge.ts';
import { statesAccount } from '../../support/stored.ts';

const NINE_MS = Date.parse('2026-03-02T09:00:00Z');

describe('after an outage of the WFM', () => {
  it('goes first what every agent does now, however many polls brought changes meanwhile', {
    timeout: 60_000,
  }, async () => {
    const bridge = await openWithSmallBodies(NINE_MS);
    for (const id of ['a1', 'a2', 'a3']) {
      bridge.ncc.users.set(id, { username: `${id}@x.test` });
      bridge.ncc.agents.set(id, { status: 'Available' });
    }
    await bridge.run(20_000);
    bridge.mpower.misbehave = ({ path }) =>
      path.includes('agent-states') ? new Response(null, { status: 503 }) : null;
    for (let poll = 0; poll < 520; poll++) {
      bridge.ncc.agents.set('a1', { status: poll % 2 === 0 ? 'Busy' : 'Available' });
      await bridge.run(5_000);
    }
    bridge.ncc.agents.set('a3', { status: 'Wrapup' });
    await bridge.run(10_000);
    const before = bridge.mpower.events.length;
    bridge.mpower.misbehave = () => null;
    await bridge.run(30_000);
    const now = bridge.mpower.events.slice(before, before + 3);
    expect(now.map(({ loginId, eventCode }) => [loginId, eventCode]).sort()).toEqual([
      ['a1@x.test', 'Available'],
      ['a2@x.test', 'Available'],
      ['a3@x.test', 'Wrapup'],
    ]);
  });

  it('goes first what every agent does now where each change came by itself', { timeout: 120_000 }, async () => {
    const bridge = await openBridge(NINE_MS, settings({ acd: { kind: 'push' } }));
    const push = (agentId: string, state: string) =>
      bridge.push('state-changes', [{ agentId, at: new Date(bridge.clock.nowMs).toISOString(), state, reason: '' }]);
    await push('ann', 'Ready');
    await push('bob', 'Ready');
    await bridge.run(15_000);
    bridge.mpower.misbehave = ({ path }) =>
      path.includes('agent-states') ? new Response(null, { status: 503 }) : null;
    for (let i = 0; i < 1_100; i++) {
      bridge.clock.nowMs += 1_000;
      await push('ann', i % 2 === 0 ? 'Contact' : 'Ready');
    }
    bridge.clock.nowMs += 1_000;
    await push('bob', 'Break');
    const before = bridge.mpower.events.length;
    bridge.mpower.misbehave = () => null;
    await bridge.run(180_000);
    const told = bridge.mpower.events.slice(before);
    expect(told.slice(0, 2).map(({ loginId, eventCode }) => [loginId, eventCode])).toEqual([
      ['ann', 'Ready'],
      ['bob', 'Break'],
    ]);
    expect(new Set(told.map(({ eventUtcTime }) => eventUtcTime)).size).toBe(1_101);
  });

  it('goes first what every agent does now, also when a further outage ends before the first is caught up', {
    timeout: 60_000,
  }, async () => {
    const bridge = await openWithSmallBodies(NINE_MS, { catchUpBodiesPerMinute: 6 });
    for (const id of ['a1', 'a2']) {
      bridge.ncc.users.set(id, { username: `${id}@x.test` });
      bridge.ncc.agents.set(id, { status: 'Available' });
    }
    await bridge.run(20_000);
    const toggle = async (times: number) => {
      for (let i = 0; i < times; i++) {
        bridge.ncc.agents.set('a1', { status: i % 2 === 0 ? 'Busy' : 'Available' });
        await bridge.run(5_000);
      }
    };
    const down = ({ path }: { path: string }) =>
      path.includes('agent-states') ? new Response(null, { status: 503 }) : null;
    bridge.mpower.misbehave = down;
    await toggle(40);
    bridge.mpower.misbehave = () => null;
    await toggle(10);
    bridge.mpower.misbehave = down;
    await toggle(40);
    bridge.ncc.agents.set('a2', { status: 'Wrapup' });
    await bridge.run(10_000);
    const before = bridge.mpower.events.length;
    bridge.mpower.misbehave = () => null;
    await bridge.run(60_000);
    const told = bridge.mpower.events.slice(before).map(({ loginId, eventCode }) => `${loginId} ${eventCode}`);
    expect(told.slice(0, 3)).toContain('a2@x.test Wrapup');
    expect(told.length).toBeLessThan(30);
    const account = await statesAccount();
    expect(account.waiting).toBeGreaterThan(30);
    expect(account.read).toBe(account.delivered + account.setAside + account.held + account.waiting);
    bridge.ncc.agents.set('a2', { status: 'Break' });
    await bridge.run(20_000);
    expect(bridge.mpower.events.slice(before).map(({ eventCode }) => eventCode)).toContain('Break');
    bridge.crash();
    await bridge.run(600_000);
    expect(await statesAccount()).toMatchObject({ read: account.read + 1, delivered: account.read + 1, waiting: 0 });
    expect(new Set(bridge.mpower.events.map((event) => `${event.loginId} ${event.eventUtcTime}`)).size).toBe(
      account.read + 1,
    );
    const lastOf = (id: string) => bridge.mpower.events.filter(({ loginId }) => loginId === id).at(-1)?.eventCode;
    expect([lastOf('a1@x.test'), lastOf('a2@x.test')]).toEqual(['Available', 'Break']);
  });
});
