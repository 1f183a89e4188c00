/** LiveVox's events through the whole bridge to CXone: nothing lost, nothing twice, whatever happens between. */
import { describe, expect, it } from 'vitest';
import { plainText } from '../../../../src/domain/health.ts';
import { readHealth } from '../../../../worker/health-view.ts';
import { type Bridge, type Call, openBridge, settings } from '../../../support/bridge.ts';
import { AGENTS, event, FEED, SERVICES, SIGN_IN } from './fake-livevox.ts';

const START_MS = Date.parse('2026-03-02T09:00:00.000Z');
const MINUTE_MS = 60_000;

/** A LiveVox behind the bridge's fetch. `events` are given out in the order in which they stand there, from the cursor on. */
async function openWithLiveVox() {
  const acd = { kind: 'livevox', baseUrl: 'https://ncc.example', clientName: 'ACME', username: 'wfm' };
  const bridge = await openBridge(START_MS, settings({ acd }));
  const liveVox = { events: [] as object[], age: 1, sessions: 0, dead: false, failWith: null as number | null };
  const signIn: { daysUntilPasswordExpires?: number } = {};
  const session = () => `session-${liveVox.sessions}`;
  bridge.ncc.misbehave = ({ path, body, url }: Call) => {
    if (path === SIGN_IN) {
      liveVox.sessions += 1;
      liveVox.dead = false;
      return Response.json({ sessionId: session(), clientId: 1, userId: 2, ...signIn });
    }
    if (liveVox.dead) return new Response(null, { status: 401 });
    if (path === AGENTS || path === SERVICES) {
      const isFirst = url.searchParams.get('offset') === '0';
      const rows = path === AGENTS ? [{ id: 71, loginId: 'ANN' }] : [{ id: 9001, name: 'Sales' }];
      return Response.json({ [path === AGENTS ? 'agent' : 'service']: isFirst ? rows : [] });
    }
    if (path !== FEED) return null;
    if (liveVox.failWith !== null) return new Response(null, { status: liveVox.failWith });
    const { token } = body as { token?: string };
    const [age, from] = (token ?? `${liveVox.age} 0`).split(' ').map(Number);
    if (age !== liveVox.age) return new Response(null, { status: 410 });
    const next = `${liveVox.age} ${liveVox.events.length}`;
    return Response.json({ token: next, agentEvent: liveVox.events.slice(from) });
  };
  return { bridge, liveVox, signIn };
}

const sent = (bridge: Bridge) =>
  bridge.mpower.events.map(({ loginId, eventCode, reasonCode, eventUtcTime }) => [
    loginId,
    eventCode,
    reasonCode,
    (Date.parse(eventUtcTime) - START_MS) / 1_000,
  ]);

describe('from LiveVox to CXone', () => {
  it('goes each state of an agent of the roster, once, in order, under the login id', async () => {
    const { bridge, liveVox } = await openWithLiveVox();
    await bridge.run(MINUTE_MS);
    const ready = event(bridge.clock.nowMs - 3_000);
    liveVox.events.push(
      event(bridge.clock.nowMs - 1_000, { eventType: 'IN_CALL' }),
      event(bridge.clock.nowMs - 500, { eventType: 'IN_CALL', lineNumber: 'DIRECT' }),
      ready,
      ready,
    );
    await bridge.run(MINUTE_MS);
    liveVox.events.push(event(bridge.clock.nowMs - 2_000, { eventType: 'NOT_READY', reasonCode: 'Lunch' }), ready);
    await bridge.run(MINUTE_MS);
    expect(sent(bridge)).toEqual([
      ['ANN', 'READY', '', 57],
      ['ANN', 'IN_CALL', '', 59],
      ['ANN', 'NOT_READY', 'Lunch', 118],
    ]);
    expect(bridge.logged).toEqual([]);
  });

  it('goes on after a crash where the feed was, also when the session died and LiveVox was away', async () => {
    const { bridge, liveVox } = await openWithLiveVox();
    await bridge.run(MINUTE_MS);
    liveVox.events.push(event(bridge.clock.nowMs - 1_000));
    await bridge.run(MINUTE_MS / 2);
    bridge.crash();
    liveVox.dead = true;
    liveVox.failWith = 503;
    liveVox.events.push(event(bridge.clock.nowMs, { eventType: 'IN_CALL' }));
    await bridge.run(MINUTE_MS);
    liveVox.failWith = null;
    await bridge.run(2 * MINUTE_MS);
    expect(sent(bridge)).toEqual([
      ['ANN', 'READY', '', 59],
      ['ANN', 'IN_CALL', '', 90],
    ]);
    const tokens = bridge.ncc.calls.filter(({ path }) => path === FEED).map(({ body }) => JSON.stringify(body));
    expect(tokens.filter((body) => body === '{}')).toHaveLength(1);
    expect(liveVox.sessions).toBe(2);
  });

  it('says that there is a gap when LiveVox has forgotten the place in its feed, and goes on', async () => {
    const { bridge, liveVox } = await openWithLiveVox();
    liveVox.events.push(event(START_MS - 1_000));
    await bridge.run(MINUTE_MS);
    liveVox.age = 2;
    liveVox.events = [event(START_MS + 70_000, { eventType: 'IN_CALL' })];
    await bridge.run(MINUTE_MS);
    expect(sent(bridge).at(-1)).toEqual(['ANN', 'IN_CALL', '', 70]);
    const { results } = await bridge.deps.db
      .prepare("SELECT message FROM event WHERE kind = 'events missing'")
      .all<{ message: string }>();
    expect(results).toMatchObject([{ message: expect.stringMatching(/no longer knew what happened since/) }]);
  });

  it('shows on the Overview that the password is about to expire, with one line in the diary, until it is changed', async () => {
    const { bridge, liveVox, signIn } = await openWithLiveVox();
    const warnings = async () =>
      (await readHealth(bridge.deps.db, bridge.clock.nowMs)).flatMap(({ health }) =>
        health.findings.map(({ what }) => plainText(what)).filter((text) => text.includes('password')),
      );
    const diary = () =>
      bridge.deps.db
        .prepare("SELECT count(*) AS lines FROM event WHERE kind = 'source warning'")
        .first<number>('lines');
    signIn.daysUntilPasswordExpires = 7;
    await bridge.run(MINUTE_MS);
    expect(await warnings()).toEqual([
      'The password of the LiveVox user wfm expires on 2026-03-09. Change it in LiveVox and enter the new one on the connection page.',
    ]);
    bridge.crash();
    await bridge.run(MINUTE_MS);
    expect(await warnings()).toHaveLength(1);
    expect(await diary()).toBe(1);
    signIn.daysUntilPasswordExpires = 90;
    liveVox.dead = true;
    await bridge.run(MINUTE_MS);
    expect(await warnings()).toEqual([]);
    expect(await diary()).toBe(1);
  });
});
