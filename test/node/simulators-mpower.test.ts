import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningMpower, startMpower } from '../../simulators/mpower/start.ts';
import { ACCESS_KEY, control, historicalBody, mpowerTokens, post, queueRow, truth } from './simulators-calls.ts';

const START_MS = Date.UTC(2026, 2, 2, 9, 30);
const START = new Date(START_MS).toISOString();

let mpower: RunningMpower;
let token: string;
let nowMs = START_MS;

beforeAll(async () => {
  mpower = await startMpower({ port: 0, maxBodyBytes: 100_000, maxRecords: 50 }, () => nowMs);
  token = (await mpowerTokens(mpower)).access_token;
});

afterAll(() => mpower.close());

function send(path: string, body: unknown): Promise<Response> {
  return post(`${mpower.url}/wfm/acd/v1/${path}`, body, token);
}

function event(overrides: Record<string, unknown> = {}) {
  return { loginId: 'a@b.c', acdId: 'Tenant', eventCode: 'Busy', reasonCode: '', eventUtcTime: START, ...overrides };
}

function activityBody(activity: Record<string, unknown> = {}, overrides: Record<string, unknown> = {}) {
  const agentActivity = [{ state: 'Busy', startTime: START, duration: 900_000, reason: '', ...activity }];
  const reportData = [{ agentValue: 'a1', agentId: '', userName: 'a@b.c', agentActivity }];
  const { status, statusReason, ...window } = historicalBody(START_MS, []);
  return { ...window, reportData, ...overrides };
}

function without(value: Record<string, unknown>, field: string) {
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== field));
}

describe('sign-in', () => {
  it.each([
    ['a wrong secret', { accessKeyTokenRequest: { ...ACCESS_KEY.accessKeyTokenRequest, accessKeySecret: 'x' } }, 401],
    ['the flat form', ACCESS_KEY.accessKeyTokenRequest, 400],
    ['an unknown field', { ...ACCESS_KEY, scope: 'all' }, 400],
    ['no JSON', '{', 400],
  ])('refuses %s', async (_, body, status) => {
    expect((await post(`${mpower.url}/authentication/v1/token/access-key`, body)).status).toBe(status);
  });

  it('takes the flat form alone when set so', async () => {
    const flat = await startMpower({ port: 0, flatBody: true });
    const url = `${flat.url}/authentication/v1/token/access-key`;
    expect((await post(url, ACCESS_KEY.accessKeyTokenRequest)).status).toBe(200);
    expect((await post(url, ACCESS_KEY)).status).toBe(400);
    await flat.close();
  });

  it('takes each refresh token once and answers under other names', async () => {
    const { refresh_token } = await mpowerTokens(mpower);
    const url = `${mpower.url}/public/authentication/v1/refresh`;
    const body = { token: refresh_token, updateCookie: true, toggleEnabled: false };
    const answer = await (await post(url, body)).json();
    expect(answer).toEqual({
      token: expect.any(String),
      tokenExpirationTimeSec: 3600,
      refreshToken: expect.any(String),
      refreshTokenExpirationTimeSec: 7200,
      sessionId: null,
    });
    expect((await post(url, body)).status).toBe(401);
    expect((await post(url, { token: refresh_token })).status).toBe(400);
  });

  it('refuses reports with no, an unknown or an expired token', async () => {
    const url = `${mpower.url}/wfm/acd/v1/agent-states`;
    const body = { agentStateList: [event()] };
    expect((await post(url, body)).status).toBe(401);
    expect((await post(url, body, 'unknown')).status).toBe(401);
    const { access_token } = await mpowerTokens(mpower);
    nowMs += 3_600_000;
    expect((await post(url, body, access_token)).status).toBe(401);
    nowMs -= 3_600_000;
    expect((await post(url, body, access_token)).status).toBe(200);
  });
});

describe('agent states', () => {
  it('accepts a good body with an empty answer', async () => {
    const response = await send('agent-states', { agentStateList: [event({ eventCode: '休憩' })] });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  it.each([
    ['an empty list', { agentStateList: [] }],
    ['an unknown field', { agentStateList: [event({ extra: 1 })] }],
    ['an unknown field beside the list', { agentStateList: [event()], source: 'x' }],
    ['an empty login id', { agentStateList: [event({ loginId: '' })] }],
    ['an event code over 256 characters', { agentStateList: [event({ eventCode: 'x'.repeat(257) })] }],
    ['a time without milliseconds', { agentStateList: [event({ eventUtcTime: '2026-03-02T09:30:00Z' })] }],
    ['a time with an offset', { agentStateList: [event({ eventUtcTime: '2026-03-02T09:30:00.000+01:00' })] }],
    ['a day that does not exist', { agentStateList: [event({ eventUtcTime: '2026-02-30T09:30:00.000Z' })] }],
    ['a number for a text', { agentStateList: [event({ reasonCode: 0 })] }],
    ...Object.keys(event()).map((field): [string, object] => [
      `no ${field}`,
      { agentStateList: [without(event(), field)] },
    ]),
  ])('refuses %s, with a reason in body and header', async (_, body) => {
    const response = await send('agent-states', body);
    expect(response.status).toBe(400);
    expect(response.headers.get('icStatusDescription')).toBeTruthy();
    expect(await response.json()).toEqual({ message: expect.any(String) });
  });

  it('refuses too many records and too large bodies with 413', async () => {
    expect((await send('agent-states', { agentStateList: Array.from({ length: 51 }, () => event()) })).status).toBe(
      413,
    );
    expect((await send('agent-states', ' '.repeat(100_001))).status).toBe(413);
  });

  it('counts what comes twice and what comes out of order', async () => {
    const own = await startMpower({ port: 0 });
    const { access_token } = await mpowerTokens(own);
    const later = event({ eventUtcTime: new Date(START_MS + 1000).toISOString() });
    const url = `${own.url}/wfm/acd/v1/agent-states`;
    await post(url, { agentStateList: [later, later] }, access_token);
    await post(url, { agentStateList: [event()] }, access_token);
    expect(own.truth.summary()).toMatchObject({ records: 3, duplicates: 1, outOfOrder: 1, distinctStates: 2 });
    expect([...own.truth.agentStates()].map(({ order, times }) => [order, times])).toEqual([
      [1, 2],
      [2, 1],
    ]);
    await own.close();
  });
});

describe('historical', () => {
  const report = (row: Record<string, unknown>) => historicalBody(START_MS, [row]);
  const performance = (row: Record<string, unknown>) => ({
    ...historicalBody(START_MS, []),
    reportData: {
      queueReport: [],
      agentQueueReport: [],
      agentSystemPerformanceReport: [
        { agentValue: 'a', agentId: '', readyTime: 0, notReadyTime: 0, loginTime: 900, ...row },
      ],
    },
  });

  it.each([
    ...Object.keys(queueRow()).map((field): [string, unknown] => [`no ${field}`, report(without(queueRow(), field))]),
    ['an unknown field', report(queueRow({ handled: 1 }))],
    ['contactsReceived that is no sum', report(queueRow({ contactsReceived: 2 }))],
    ['a negative count', report(queueRow({ handledShort: 2, handledLong: -1 }))],
    ['a broken count', report(queueRow({ backlog: 0.5 }))],
    ['an infinite time', JSON.stringify(report(queueRow({ holdTime: 77 }))).replace('77', '1e400')],
    ['a text for a number', report(queueRow({ handleTime: '276' }))],
    ['a queue key that is not ASCII', report(queueRow({ queueValue: 'é' }))],
    ['a queue key over 100 characters', report(queueRow({ queueValue: 'x'.repeat(101) }))],
    ['one queue twice', historicalBody(START_MS, [queueRow(), queueRow()])],
    ['a window off the grid', historicalBody(START_MS + 12_000, [queueRow()])],
    ['a window of 20 minutes', { ...report(queueRow()), endDate: new Date(START_MS + 1_200_000).toISOString() }],
    [
      'half an hour from a quarter',
      { ...historicalBody(START_MS - 900_000, []), endDate: new Date(START_MS + 900_000).toISOString() },
    ],
    ['another status', historicalBody(START_MS, [], { status: 'FAILED' })],
    ['a missing list', historicalBody(START_MS, [], { reportData: { queueReport: [] } })],
    ['loginTime over the window', performance({ loginTime: 901 })],
    ['a fraction of a second of an agent', performance({ readyTime: 1.5 })],
    ['ready and not ready over loginTime', performance({ readyTime: 500, notReadyTime: 500 })],
  ])('refuses %s', async (_, body) => {
    expect((await send('historical', body)).status).toBe(400);
  });

  it('keeps the latest figures of a queue and window, and counts the revision', async () => {
    expect((await send('historical', report(queueRow({ queueValue: 'q1' })))).status).toBe(200);
    expect((await send('historical', report(queueRow({ queueValue: 'q1', handleTime: 300 })))).status).toBe(200);
    const kept = [...mpower.truth.historical()].find((figures) => figures.queueValue === 'q1');
    expect(kept).toMatchObject({ times: 2, revisions: 1, startDate: START, row: { handleTime: 300 } });
  });
});

describe('agent activity', () => {
  it.each([
    ['one that ends in the window', { duration: 899_999 }, 200],
    ['one that ends with the window', { duration: 900_000 }, 400],
    ['one that began long before', { startTime: '2026-03-02T01:00:00.000Z', duration: 31_000_000 }, 200],
    ['one that ended as the window began', { duration: 0 }, 200],
    ['one that ended before the window', { startTime: '2026-03-02T08:59:59.998Z', duration: 1 }, 400],
    ['one that ends after the window', { duration: 900_001 }, 400],
    ['a broken duration', { duration: 1.5 }, 400],
    ['a negative duration', { duration: -1 }, 400],
    ['an unknown field', { end: START }, 400],
    ['an empty state', { state: '' }, 400],
  ])('judges %s', async (_, activity, status) => {
    expect((await send('agent-activity', activityBody(activity))).status).toBe(status);
  });

  it('moves an activity that ends on a boundary to the earlier window when told so', async () => {
    const later = await startMpower({ port: 0, activityBoundary: 'end' });
    const { access_token } = await mpowerTokens(later);
    const judged = async (duration: number) =>
      (await post(`${later.url}/wfm/acd/v1/agent-activity`, activityBody({ duration }), access_token)).status;
    expect([await judged(0), await judged(899_999), await judged(900_000)]).toEqual([400, 200, 200]);
    await later.close();
  });

  it('refuses an agent twice or without activities', async () => {
    const [row] = activityBody().reportData;
    expect((await send('agent-activity', activityBody({}, { reportData: [row, row] }))).status).toBe(400);
    const bare = { ...row, agentActivity: [] };
    expect((await send('agent-activity', activityBody({}, { reportData: [bare] }))).status).toBe(400);
  });
});

describe('poison', () => {
  it('refuses any body that names the value and leaves the others alone', async () => {
    await control(mpower.url, 'faults', { fault: 'poison', value: 'bad@b.c' });
    const refused = await send('agent-states', { agentStateList: [event(), event({ loginId: 'bad@b.c' })] });
    expect([refused.status, refused.headers.get('icStatusDescription')]).toEqual([
      400,
      expect.stringContaining('bad@b.c'),
    ]);
    expect((await send('agent-states', { agentStateList: [event()] })).status).toBe(200);
    await fetch(`${mpower.url}/_control/faults`, { method: 'DELETE' });
    expect((await send('agent-states', { agentStateList: [event({ loginId: 'bad@b.c' })] })).status).toBe(200);
  });
});

describe('the record', () => {
  it('keeps accepted bodies as they came', async () => {
    const text = JSON.stringify({ agentStateList: [event({ loginId: 'kept"&<é' })] }, null, 2);
    await send('agent-states', text);
    const bodies = await truth<{ kind: string; body: string }>(mpower.url, 'bodies?kind=agent-states');
    expect(bodies.at(-1)).toMatchObject({ kind: 'agent-states', body: text });
  });
});
