import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { connectionSettingsSchema } from '../../../src/connection.ts';
import { openBridge, settings } from '../../support/bridge.ts';

const NINE_MS = Date.parse('2026-03-02T09:00:00Z');

describe('what waits for a login id', () => {
  it('is sent whole and in order, also when live changes were held before older ones of a backlog', async () => {
    const usual = settings({ intervalS: 5 });
    const smallBodies = connectionSettingsSchema.parse({
      ...usual,
      wfm: { ...usual.wfm, advanced: { eventsPerBodyMax: 2 } },
    });
    const bridge = await openBridge(NINE_MS, smallBodies);
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
    await env.DB.prepare(`UPDATE agent SET login_id = 'bob@x.test' WHERE source_id = 'nobody'`).run();
    await env.DB.prepare('UPDATE connection SET config_version = config_version + 1').run();
    await bridge.run(30_000);
    const told = bridge.mpower.events.filter(({ loginId }) => loginId === 'bob@x.test');
    expect(told.map(({ eventCode }) => eventCode)).toEqual(['Available', 'Busy', 'Wrapup']);
  });
});
