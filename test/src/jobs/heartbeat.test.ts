import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { connectionSettingsSchema } from '../../../src/connection.ts';
import { type Bridge, openBridge, settings } from '../../support/bridge.ts';

const NINE_MS = Date.parse('2026-03-02T09:00:00Z');
const MINUTE_MS = 60_000;

/** A bridge with one agent, whose heartbeats go to /beat. */
async function beating(): Promise<Bridge> {
  const plain = settings({ intervalS: 15 });
  const chosen = connectionSettingsSchema.parse({
    ...plain,
    wfm: { ...plain.wfm, advanced: { heartbeatPath: '/beat' } },
  });
  const bridge = await openBridge(NINE_MS, chosen);
  bridge.ncc.users.set('a1', { username: 'ann@x.test' });
  bridge.ncc.agents.set('a1', { status: 'Available' });
  bridge.mpower.misbehave = ({ path }) => (path === '/beat' ? new Response(null, { status: 200 }) : null);
  return bridge;
}

const beats = (bridge: Bridge) => bridge.mpower.calls.filter(({ path }) => path === '/beat');
const diary = async () =>
  (await env.DB.prepare(`SELECT kind FROM event WHERE kind LIKE 'heartbeat%' ORDER BY id`).all<{ kind: string }>())
    .results;

describe('a heartbeat', () => {
  it('goes out each minute while the source answers', async () => {
    const bridge = await beating();
    await bridge.run(5 * MINUTE_MS);
    expect(beats(bridge).length).toBeGreaterThanOrEqual(4);
    expect(beats(bridge).length).toBeLessThanOrEqual(5);
    expect(beats(bridge)[0]?.body).toMatchObject({ acdType: 'Generic_Nextiva', acdId: 'Tenant_Name' });
    expect(await diary()).toEqual([]);
  });

  it('stops while the source does not answer, and goes on with it', async () => {
    const bridge = await beating();
    await bridge.run(2 * MINUTE_MS);
    bridge.ncc.misbehave = ({ path }) => (path === '/realTime' ? new Response(null, { status: 503 }) : null);
    await bridge.run(MINUTE_MS);
    const before = beats(bridge).length;
    await bridge.run(5 * MINUTE_MS);
    expect(beats(bridge)).toHaveLength(before);
    bridge.ncc.misbehave = () => null;
    await bridge.run(5 * MINUTE_MS);
    expect(beats(bridge).length).toBeGreaterThan(before);
  });

  it('that is refused is one line in the diary, is tried again after 5 minutes, and holds nothing else up', async () => {
    const bridge = await beating();
    bridge.mpower.misbehave = ({ path }) => (path === '/beat' ? new Response(null, { status: 404 }) : null);
    await bridge.run(9 * MINUTE_MS);
    expect(beats(bridge)).toHaveLength(2);
    expect(await diary()).toEqual([{ kind: 'heartbeat failed' }]);
    expect(bridge.mpower.events).toHaveLength(1);
    bridge.mpower.misbehave = ({ path }) => (path === '/beat' ? new Response(null, { status: 200 }) : null);
    await bridge.run(5 * MINUTE_MS);
    expect(await diary()).toEqual([{ kind: 'heartbeat failed' }, { kind: 'heartbeat recovered' }]);
  });

  it('is not sent where no path is named', async () => {
    const bridge = await openBridge(NINE_MS, settings({ intervalS: 15 }));
    bridge.ncc.agents.set('a1', { status: 'Available' });
    await bridge.run(2 * MINUTE_MS);
    expect(beats(bridge)).toEqual([]);
  });
});
