import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { type Bridge, openBridge, settings } from '../../support/bridge.ts';
import { statesAccount } from '../../support/stored.ts';

const NINE_MS = Date.parse('2026-03-02T09:00:00Z');
const BODY_BYTES_MAX = 10_000;
/** 60 UTF-16 units, 180 bytes of UTF-8. */
const STATUS = '休憩中'.repeat(20);

const sizesOf = (bridge: Bridge) =>
  bridge.mpower.calls
    .filter(({ path }) => path.includes('agent-states'))
    .map(({ body }) => new TextEncoder().encode(JSON.stringify(body)).length);

it('sends no body of agent states over the largest that the settings allow, in bytes: new, caught up or held', async () => {
  const chosen = settings({
    collection: { catchUpBodiesPerMinute: 600 },
    wfmAdvanced: { eventsPerBodyMax: 100, bodyBytesMax: BODY_BYTES_MAX },
  });
  const bridge = await openBridge(NINE_MS, chosen);
  const setAll = (status: string) => {
    for (let i = 0; i < 60; i++) {
      bridge.ncc.agents.set(`a${i}`, { status });
      bridge.ncc.users.set(`a${i}`, { username: `a${i}@x.test` });
    }
  };
  setAll(STATUS);
  bridge.ncc.agents.set('nobody', { status: STATUS });
  await bridge.run(10_000);
  expect(bridge.mpower.events).toHaveLength(60);
  bridge.mpower.misbehave = ({ path }) => (path.includes('agent-states') ? new Response(null, { status: 503 }) : null);
  for (let round = 0; round < 16; round++) {
    setAll(round % 2 === 0 ? `${STATUS}1` : STATUS);
    bridge.ncc.agents.set('nobody', { status: `${STATUS}${round}` });
    await bridge.run(5_000);
  }
  bridge.mpower.misbehave = () => null;
  await bridge.run(120_000);
  for (let round = 0; round < 40; round++) {
    bridge.ncc.agents.set('nobody', { status: `${STATUS}${round}` });
    await bridge.run(5_000);
  }
  await env.DB.prepare(`UPDATE agent SET login_id = 'n@x.test' WHERE source_id = 'nobody'`).run();
  await env.DB.prepare('UPDATE connection SET config_version = config_version + 1').run();
  await bridge.run(20_000);
  expect(await statesAccount()).toMatchObject({ read: 60 * 17 + 57, delivered: 60 * 17 + 57, held: 0, waiting: 0 });
  expect(Math.max(...sizesOf(bridge))).toBeLessThanOrEqual(BODY_BYTES_MAX);
  expect(Math.max(...sizesOf(bridge))).toBeGreaterThan(BODY_BYTES_MAX / 3);
});
