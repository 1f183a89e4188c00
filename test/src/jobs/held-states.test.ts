import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { connectionSettingsSchema } from '../../../src/connection.ts';
import { openBridge, settings } from '../../support/bridge.ts';

const NINE_MS = Date.parse('2026-03-02T09:00:00Z');

/** A bridge whose bodies have two changes at most. */
function openWithSmallBodies() {
  const usual = settings({ intervalS: 5 });
  return openBridge(
    NINE_MS,
    connectionSettingsSchema.parse({ ...usual, wfm: { ...usual.wfm, advanced: { eventsPerBodyMax: 2 } } }),
  );
}

async function nameNobody(): Promise<void> {
  await env.DB.prepare(`UPDATE agent SET login_id = 'bob@x.test' WHERE source_id = 'nobody'`).run();
  await env.DB.prepare('UPDATE connection SET config_version = config_version + 1').run();
}

describe('what waits for a login id', () => {
  it('is sent whole and in order, also when live changes were held before older ones of a backlog', async () => {
    const bridge = await openWithSmallBodies();
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
    const bridge = await openWithSmallBodies();
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
    const bridge = await openWithSmallBodies();
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
});
