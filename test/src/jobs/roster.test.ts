import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Bridge, openBridge } from '../../support/bridge.ts';
import { statesAccount } from '../../support/stored.ts';

const NINE_MS = Date.parse('2026-03-02T09:00:00Z');
const MINUTE_MS = 60_000;
const USERS = '/data/api/types/user';

const imports = ({ ncc }: Bridge) => ncc.calls.filter(({ path }) => path === USERS).map(({ atMs }) => atMs - NINE_MS);
const told = ({ mpower }: Bridge, login: string) =>
  mpower.events.filter(({ loginId }) => loginId === login).map(({ eventCode }) => eventCode);

describe('a user who is new since the last import', () => {
  let bridge: Bridge;
  beforeEach(async () => {
    bridge = await openBridge(NINE_MS);
    bridge.ncc.users.set('ann', { username: 'ann@x.test' });
    bridge.ncc.agents.set('ann', { status: 'Available' });
    await bridge.run(10 * MINUTE_MS);
  });

  it('is found by another import, 15 minutes after the last, and what was held goes out in order', async () => {
    bridge.ncc.users.set('bob', { username: 'bob@x.test' });
    bridge.ncc.agents.set('bob', { status: 'Available' });
    await bridge.run(MINUTE_MS);
    bridge.ncc.agents.set('bob', { status: 'Busy' });
    await bridge.run(MINUTE_MS);
    expect(await statesAccount()).toMatchObject({ held: 2 });
    await bridge.run(4 * MINUTE_MS);
    expect(told(bridge, 'bob@x.test')).toEqual(['Available', 'Busy']);
    expect(await statesAccount()).toMatchObject({ held: 0, waiting: 0 });
    await bridge.run(60 * MINUTE_MS);
    expect(imports(bridge)).toHaveLength(2);
  });

  it('is asked for within the minute where the last import is longer ago', async () => {
    await bridge.run(30 * MINUTE_MS);
    bridge.ncc.users.set('bob', { username: 'bob@x.test' });
    bridge.ncc.agents.set('bob', { status: 'Available' });
    await bridge.run(MINUTE_MS);
    expect(told(bridge, 'bob@x.test')).toEqual(['Available']);
  });

  it('is looked for once when the roster does not list them, however often they change', async () => {
    bridge.ncc.agents.set('stranger', { status: 'Available' });
    for (let i = 0; i < 6; i++) {
      await bridge.run(10 * MINUTE_MS);
      bridge.ncc.agents.set('stranger', { status: i % 2 === 0 ? 'Busy' : 'Available' });
    }
    expect(imports(bridge)).toHaveLength(2);
  });

  it('is looked for every 15 minutes at most, whoever turns up, also across restarts', async () => {
    for (let i = 0; i < 30; i++) {
      bridge.ncc.agents.set(`stranger ${i}`, { status: 'Available' });
      await bridge.run(2 * MINUTE_MS);
      if (i % 4 === 0) bridge.crash();
    }
    const instants = imports(bridge);
    expect(instants.length).toBeGreaterThan(3);
    instants.slice(1).forEach((atMs, i) => {
      expect(atMs - (instants[i] ?? 0)).toBeGreaterThanOrEqual(15 * MINUTE_MS);
    });
  });

  it('is looked for although the bridge was started anew after they turned up', async () => {
    bridge.ncc.agents.set('bob', { status: 'Available' });
    await bridge.run(MINUTE_MS);
    bridge.crash();
    bridge.ncc.users.set('bob', { username: 'bob@x.test' });
    await bridge.run(6 * MINUTE_MS);
    expect(told(bridge, 'bob@x.test')).toEqual(['Available']);
  });
});

describe('a user whom the ACD lists as disabled', () => {
  const agents = async () =>
    (
      await env.DB.prepare(
        'SELECT source_id AS id, username, in_roster AS listed, removed_at_ms IS NOT NULL AS gone FROM agent ORDER BY source_id',
      ).all()
    ).results;

  it('is not in the roster, and goes out under their user name while the ACD still shows them', async () => {
    const bridge = await openBridge(NINE_MS);
    bridge.ncc.users.set('ann', { username: 'ann@x.test' });
    bridge.ncc.users.set('bob', { username: 'bob@x.test', enabled: false });
    await bridge.run(MINUTE_MS);
    expect(await agents()).toEqual([
      { id: 'ann', username: 'ann@x.test', listed: 1, gone: 0 },
      { id: 'bob', username: 'bob@x.test', listed: 0, gone: 1 },
    ]);
    bridge.ncc.agents.set('bob', { status: 'Available' });
    await bridge.run(MINUTE_MS);
    expect(told(bridge, 'bob@x.test')).toEqual(['Available']);
    expect(await statesAccount()).toMatchObject({ held: 0 });
  });

  it('stays known under a name that changes, and is in the roster again when enabled', async () => {
    const bridge = await openBridge(NINE_MS);
    bridge.ncc.users.set('bob', { username: 'bob@x.test' });
    await bridge.run(MINUTE_MS);
    for (const [user, listed] of [
      [{ username: 'robert@x.test', enabled: false }, 0],
      [{ username: 'rob@x.test', enabled: false }, 0],
      [{ username: 'bob@x.test' }, 1],
    ] as const) {
      bridge.ncc.users.set('bob', user);
      bridge.clock.nowMs += 25 * 60 * MINUTE_MS;
      await bridge.run(MINUTE_MS);
      expect(await agents()).toEqual([{ id: 'bob', username: user.username, listed, gone: 1 - listed }]);
    }
  });

  it('leaves a user name to the enabled user who has it now, in this import and the next', async () => {
    const bridge = await openBridge(NINE_MS);
    bridge.ncc.users.set('old', { username: 'ann@x.test', enabled: false });
    bridge.ncc.users.set('new', { username: 'ann@x.test' });
    for (let i = 0; i < 2; i++) {
      await bridge.run(MINUTE_MS);
      expect(await agents()).toEqual([{ id: 'new', username: 'ann@x.test', listed: 1, gone: 0 }]);
      bridge.clock.nowMs += 25 * 60 * MINUTE_MS;
    }
    const { results } = await env.DB.prepare(`SELECT kind FROM event WHERE kind = 'roster imported'`).all();
    expect(results).toHaveLength(1);
  });
});
