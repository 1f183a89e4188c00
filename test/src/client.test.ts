/** The clients for other programs, in the engine of Workers, with the platform's clock and memory of their own. */
import { describe, expect, it } from 'vitest';
import { MpowerClient } from '../../client/cxone-mpower.ts';
import { NccClient, UpstreamError } from '../../client/nextiva-ncc.ts';
import { rejection, testNetwork, testTokenCache } from './http/support.ts';

const MPOWER = { baseUrl: 'https://na1.nice-incontact.com', accessKeyId: 'key', accessKeySecret: 'secret-canary' };
const NCC = { baseUrl: 'https://acme.thrio.io/wfm', username: 'wfm', password: 'password-canary' };
const STATE = {
  loginId: 'ann',
  acdId: 'a',
  eventCode: 'Busy',
  reasonCode: '',
  eventUtcTime: '2026-03-02T09:00:00.000Z',
};
const SIGN_IN = '/authentication/v1/token/access-key';

function fakeMpower(answer: () => Response = () => new Response(null, { status: 202 })) {
  let issued = 0;
  const network = testNetwork(({ url }) => {
    if (url.pathname !== SIGN_IN) return answer();
    issued += 1;
    return Response.json({ access_token: `token-canary-${issued}`, refresh_token: 'r', expires_in: 3_600 });
  });
  return { network, client: new MpowerClient(MPOWER, { fetch: network.fetch }) };
}

describe('MpowerClient', () => {
  it('signs in once, and sends each of the published bodies as it was given', async () => {
    const { network, client } = fakeMpower();
    const historical = {
      acdType: 'a',
      reportVersion: '0',
      startDate: '2026-03-02T09:00:00.000Z',
      endDate: '2026-03-02T09:15:00.000Z',
      status: 'SUCCESS',
      statusReason: '',
      reportData: { queueReport: [], agentQueueReport: [], agentSystemPerformanceReport: [] },
    };
    const { status, statusReason, ...activity } = { ...historical, reportData: [] };
    const outcomes = await Promise.all([
      client.sendAgentStates({ agentStateList: [STATE] }),
      client.sendHistorical(historical),
      client.sendAgentActivity(activity),
    ]);
    expect(outcomes).toEqual(Array.from({ length: 3 }, () => ({ kind: 'accepted', status: 202 })));
    expect(network.count(SIGN_IN)).toBe(1);
    const sent = new Map(network.seen.map(({ url, body }) => [url.pathname, JSON.parse(body)]));
    expect(sent.get('/wfm/acd/v1/agent-states')).toEqual({ agentStateList: [STATE] });
    expect(sent.get('/wfm/acd/v1/historical')).toEqual(historical);
    expect(sent.get('/wfm/acd/v1/agent-activity')).toEqual(activity);
  });

  it('composes the same bytes that it sends', async () => {
    const { network, client } = fakeMpower();
    const report = {
      stream: 'agent-states',
      events: [{ loginId: 'ann', eventCode: 'Busy', reasonCode: '', atMs: Date.UTC(2026, 2, 2, 9) }],
    } as const;
    await client.send(report);
    expect(network.seen.at(-1)?.body).toBe(client.compose(report));
    expect(JSON.parse(client.compose(report))).toEqual({ agentStateList: [{ ...STATE, acdId: 'Tenant_Name' }] });
  });

  it.each([
    [400, 'refused'],
    [413, 'too large'],
    [403, 'misconfigured'],
    [503, 'unavailable'],
  ])('answers %i with the outcome %s, once and without throwing', async (status, kind) => {
    const { network, client } = fakeMpower(
      () => new Response(`{"message":"secret-canary token-canary-1"}`, { status }),
    );
    const outcome = await client.sendAgentStates({ agentStateList: [STATE] });
    expect(outcome).toMatchObject({ kind, status });
    expect(JSON.stringify(outcome)).not.toContain('canary');
    expect(network.count('/wfm/acd/v1/agent-states')).toBe(1);
  });

  it('renews a token that is refused, and sends the body once more', async () => {
    let calls = 0;
    const { network, client } = fakeMpower(() => {
      calls += 1;
      return new Response(null, { status: calls === 1 ? 401 : 200 });
    });
    expect(await client.sendAgentStates({ agentStateList: [STATE] })).toEqual({ kind: 'accepted', status: 200 });
    expect(network.count(SIGN_IN)).toBe(2);
  });

  it('does not try refused credentials again', async () => {
    const network = testNetwork(() => new Response(null, { status: 401 }));
    const client = new MpowerClient(MPOWER, { fetch: network.fetch });
    for (let tries = 0; tries < 3; tries += 1) expect(await client.signIn()).toMatchObject({ kind: 'misconfigured' });
    expect(network.seen).toHaveLength(1);
  });

  it('keeps its token where it is told to, sealed, for the next object with the same key', async () => {
    const { network } = fakeMpower();
    const { cache, entries } = testTokenCache();
    const encryptionKey = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
    for (let start = 0; start < 2; start += 1) {
      await new MpowerClient(MPOWER, { fetch: network.fetch, tokens: cache, encryptionKey }).signIn();
    }
    expect(network.count(SIGN_IN)).toBe(1);
    expect(JSON.stringify([...entries])).not.toContain('canary');
  });

  it.each([
    [{ accessKeySecret: '' }, /accessKeySecret/],
    [{ accessKeyId: '' }, /accessKeyId/],
    [{ baseUrl: '' }, /baseUrl/],
    [{ advanced: { agentStatesPath: 'canary' } }, /advanced\.agentStatesPath/],
    [{ surprise: 1 }, /surprise/],
  ])('names the setting that is not right and repeats no value: %j', (wrong, expected) => {
    const make = () => new MpowerClient({ ...MPOWER, ...wrong });
    expect(make).toThrow(TypeError);
    expect(make).toThrow(expected);
    expect(make).not.toThrow(/canary/);
  });

  it('does not call an address inside unless it is told to', async () => {
    const network = testNetwork();
    const client = new MpowerClient({ ...MPOWER, baseUrl: 'https://10.0.0.1' }, { fetch: network.fetch });
    expect(await client.signIn()).toMatchObject({ kind: 'misconfigured' });
    expect(network.seen).toEqual([]);
  });
});

describe('NccClient', () => {
  const answers = new Map<string, unknown>([
    ['/provider/token-with-authorities', { token: 'token-canary', location: 'https://c1.thrio.io' }],
    ['/wfm/realTime', [{ 'agent-id': 5, 'agent-status': 'Busy' }]],
    ['/wfm/historical', [{ 'queue-id': 'q', sumHandleTime: 9, enteredCount: 3, abandonedCount: 1 }]],
    ['/data/api/types/queue', { total: '1', objects: [{ queueId: 'q', name: 'Sales', voiceSLA: 20 }] }],
    ['/data/api/types/user', { total: '1', objects: [{ userId: 5, username: 'ann' }] }],
  ]);
  const network = () =>
    testNetwork(({ url }) => {
      const answer = answers.get(url.pathname);
      return answer === undefined ? new Response(null, { status: 404 }) : Response.json(answer);
    });

  it('reads states, figures, queues and users with one sign-in', async () => {
    const ncc = network();
    const client = new NccClient(NCC, { fetch: ncc.fetch });
    await client.signIn();
    const window = { startMs: Date.UTC(2026, 2, 2, 9), endMs: Date.UTC(2026, 2, 2, 9, 15) };
    for (let call = 0; call < 2; call += 1) {
      expect((await client.realTime()).agents).toEqual([{ agentId: '5', name: 'Busy', reason: '', sinceMs: null }]);
    }
    expect((await client.historical(window)).intervals).toMatchObject([
      { queueId: 'q', startMs: window.startMs, offered: 3, abandoned: 1, handleTimeMs: 9_000 },
    ]);
    expect(await client.queues()).toMatchObject([{ queueId: 'q', name: 'Sales', serviceLevelMs: 20_000 }]);
    expect(await client.users()).toMatchObject([{ agentId: '5', username: 'ann' }]);
    expect(ncc.count('/provider/token-with-authorities')).toBe(1);
  });

  it('throws an UpstreamError with the failure as data', async () => {
    const client = new NccClient({ ...NCC, advanced: { realTimePath: '/gone' } }, { fetch: network().fetch });
    const error = await rejection(client.realTime());
    expect(error).toBeInstanceOf(UpstreamError);
    expect(error).toMatchObject({ failure: { kind: 'status', status: 404 }, endpoint: 'GET /wfm/gone' });
  });

  it('takes windows on the grid alone', async () => {
    const ncc = network();
    const client = new NccClient(NCC, { fetch: ncc.fetch });
    for (const [startMs, endMs] of [
      [0, 0],
      [900_000, 0],
      [1, 900_001],
    ] as const) {
      expect(await rejection(client.historical({ startMs, endMs }))).toBeInstanceOf(RangeError);
    }
    expect(ncc.seen).toEqual([]);
  });

  it.each([
    [{ password: '' }, /password/],
    [{ username: '' }, /username/],
    [{ baseUrl: 'canary' }, /base URL/],
    [{ advanced: { windowsPerRequest: 0 } }, /windowsPerRequest/],
  ])('names the setting that is not right and repeats no value: %j', (wrong, expected) => {
    const make = () => new NccClient({ ...NCC, ...wrong });
    expect(make).toThrow(TypeError);
    expect(make).toThrow(expected);
    expect(make).not.toThrow(/canary/);
  });
});
