import { afterEach, describe, expect, it } from 'vitest';
import type { LiveVoxOptionsInput } from '../../simulators/livevox/options.ts';
import { type RunningLiveVox, startLiveVox } from '../../simulators/livevox/start.ts';
import { control, truth } from './simulators-calls.ts';

/** A Monday morning. */
const NOW_MS = Date.UTC(2026, 2, 2, 10, 7, 30);
const HOUR_MS = 3_600_000;
const FEED = '/realtime/v6.0/agentEvent/feed';
const CREDENTIALS = { clientName: 'DEMO', userName: 'wfm', password: 'demo-password' };

let running: RunningLiveVox[] = [];
let nowMs = NOW_MS;

afterEach(async () => {
  await Promise.all(running.map((liveVox) => liveVox.close()));
  running = [];
  nowMs = NOW_MS;
});

async function start(options: LiveVoxOptionsInput = {}): Promise<RunningLiveVox> {
  const liveVox = await startLiveVox({ port: 0, longPollMs: 0, ...options }, () => nowMs);
  running.push(liveVox);
  return liveVox;
}

const JSON_TYPE = { 'content-type': 'application/json' };

function signIn(liveVox: RunningLiveVox, headers: Record<string, string>, body: object = CREDENTIALS) {
  return fetch(`${liveVox.url}/session/v5.0/login`, {
    method: 'POST',
    headers: { ...JSON_TYPE, ...headers },
    body: JSON.stringify(body),
  });
}

async function session(liveVox: RunningLiveVox): Promise<string> {
  const response = await signIn(liveVox, { 'LV-Access': 'demo-access-token' });
  return ((await response.json()) as { sessionId: string }).sessionId;
}

function feed(liveVox: RunningLiveVox, id: string, body: object): Promise<Response> {
  return fetch(`${liveVox.url}${FEED}`, {
    method: 'POST',
    headers: { ...JSON_TYPE, 'LV-Session': id },
    body: JSON.stringify(body),
  });
}

interface FeedAnswer {
  token: string;
  agentEvent: {
    agentId: number;
    eventType: string;
    lineNumber: string | null;
    timestamp: number;
    reasonCode?: string;
  }[];
}

async function read(liveVox: RunningLiveVox, id: string, token?: string): Promise<FeedAnswer> {
  const response = await feed(liveVox, id, token === undefined ? {} : { token });
  expect(response.status).toBe(200);
  return (await response.json()) as FeedAnswer;
}

describe('sign-in', () => {
  it.each([
    ['no access token', {}, CREDENTIALS, 401],
    ['a wrong access token', { 'LV-Access': 'x' }, CREDENTIALS, 401],
    ['the access token in another header', { authorization: 'Bearer demo-access-token' }, CREDENTIALS, 401],
    ['a wrong password', { 'LV-Access': 'demo-access-token' }, { ...CREDENTIALS, password: 'x' }, 401],
    ['another client', { 'LV-Access': 'demo-access-token' }, { ...CREDENTIALS, clientName: 'x' }, 401],
    ['a field too many', { 'LV-Access': 'demo-access-token' }, { ...CREDENTIALS, agent: 'true' }, 400],
    ['a field too few', { 'LV-Access': 'demo-access-token' }, { userName: 'wfm', password: 'demo-password' }, 400],
  ])('refuses %s', async (_, headers, body, status) => {
    expect((await signIn(await start(), headers as Record<string, string>, body)).status).toBe(status);
  });

  it('gives the same session for as long as it lives, and counts', async () => {
    const liveVox = await start();
    const first = await session(liveVox);
    expect(await session(liveVox)).toBe(first);
    nowMs += 2 * HOUR_MS;
    expect(await session(liveVox)).not.toBe(first);
    expect(liveVox.truth.summary()).toMatchObject({ signIns: 3, refusedSignIns: 0 });
  });

  it('takes the access token as Bearer, and tells when the password expires, when told to', async () => {
    const liveVox = await start({ accessTokenHeader: 'Authorization', passwordDays: 9 });
    const answer = await signIn(liveVox, { authorization: 'Bearer demo-access-token' });
    expect(await answer.json()).toMatchObject({ daysUntilPasswordExpires: 9 });
  });

  it('keeps a session while it is used, and ends it after two idle hours or with a new password', async () => {
    const liveVox = await start();
    const id = await session(liveVox);
    for (let hour = 0; hour < 5; hour += 1) {
      nowMs += 1.9 * HOUR_MS;
      expect((await feed(liveVox, id, {})).status).toBe(200);
    }
    nowMs += 2 * HOUR_MS;
    expect((await feed(liveVox, id, {})).status).toBe(401);
    const next = await session(liveVox);
    await control(liveVox.url, 'sessions', { password: 'changed' });
    expect((await feed(liveVox, next, {})).status).toBe(401);
    expect((await signIn(liveVox, { 'LV-Access': 'demo-access-token' })).status).toBe(401);
  });
});

describe('the feed', () => {
  it('begins a day ago, goes on from its token, and tells every event of the model at least once', async () => {
    const liveVox = await start({ eventsPerAnswer: 500 });
    const id = await session(liveVox);
    const events: FeedAnswer['agentEvent'] = [];
    let answer = await read(liveVox, id);
    while (answer.agentEvent.length > 0) {
      events.push(...answer.agentEvent);
      answer = await read(liveVox, id, answer.token);
    }
    nowMs += 600_000;
    const later = await read(liveVox, id, answer.token);
    expect(later.agentEvent.length).toBeGreaterThan(0);
    events.push(...later.agentEvent);
    const key = (row: { agentId: number; eventType: string; atMs: number }) =>
      `${row.agentId} ${row.eventType} ${row.atMs}`;
    const told = new Set(
      events.map(({ agentId, eventType, timestamp }) => key({ agentId, eventType, atMs: timestamp })),
    );
    const kept = await truth<{ agentId: number; eventType: string; atMs: number }>(liveVox.url, 'events?what=kept');
    expect(kept.length).toBeGreaterThan(1_000);
    expect(kept.every((row) => told.has(key(row)))).toBe(true);
    const served = await truth<{ times: number }>(liveVox.url, 'events');
    expect(served.reduce((sum, { times }) => sum + times, 0)).toBe(events.length);
    expect(Math.min(...events.map(({ timestamp }) => timestamp))).toBeGreaterThan(NOW_MS - 24 * HOUR_MS - 60_000);
  });

  it('is out of order, repeats itself, and has events of other lines', async () => {
    const liveVox = await start();
    const { agentEvent } = await read(liveVox, await session(liveVox));
    const times = agentEvent.map(({ timestamp }) => timestamp);
    expect(times).not.toEqual([...times].sort((a, b) => a - b));
    const texts = agentEvent.map((row) => JSON.stringify(row));
    expect(new Set(texts).size).toBeLessThan(texts.length);
    const lines = new Set(agentEvent.map(({ lineNumber }) => lineNumber));
    expect(lines).toEqual(new Set(['ACD', 'DIRECT', null]));
    const types = new Set(agentEvent.map(({ eventType }) => eventType));
    for (const type of ['LOGON', 'REGISTERING', 'READY', 'NOT_READY', 'RESERVED', 'IN_CALL', 'WRAP_UP', 'LOGOFF']) {
      expect(types).toContain(type);
    }
  });

  it('is the same for one seed, another for another', async () => {
    const [first, again, other] = await Promise.all([start({ seed: 5 }), start({ seed: 5 }), start({ seed: 6 })]);
    const all = await Promise.all(
      [first, again, other].map(async (one) => (await read(one, await session(one))).agentEvent),
    );
    const withoutSession = (rows: object[] | undefined) => rows?.map((row) => ({ ...row, sessionId: '' }));
    expect(withoutSession(all[1])).toEqual(withoutSession(all[0]));
    expect(all[2]).not.toEqual(all[0]);
  });

  it('waits for an event and tells it when it comes', async () => {
    const liveVox = await start({ agents: 3, longPollMs: 20_000 });
    const id = await session(liveVox);
    const { token } = await read(liveVox, id);
    const waiting = read(liveVox, id, token);
    const [agent] = await truth<{ agentId: number }>(liveVox.url, 'roster');
    await control(liveVox.url, 'events', { agentId: agent!.agentId, eventType: 'NOT_READY', reason: 'Lunch' });
    expect((await waiting).agentEvent).toMatchObject([
      { agentId: agent!.agentId, eventType: 'NOT_READY', reasonCode: 'Lunch', lineNumber: 'ACD', timestamp: NOW_MS },
    ]);
  });

  it('answers with nothing and a token when the wait was in vain', async () => {
    const liveVox = await start({ agents: 3, longPollMs: 60 });
    const id = await session(liveVox);
    const { token } = await read(liveVox, id);
    expect(await read(liveVox, id, token)).toEqual({ token, agentEvent: [] });
  });

  it('forgets its tokens after a day, or when told; new ones are good at once', async () => {
    const liveVox = await start({ tooOldStatus: 404 });
    const id = await session(liveVox);
    const first = await read(liveVox, id);
    await control(liveVox.url, 'cursors', { forget: true });
    expect((await feed(liveVox, id, { token: first.token })).status).toBe(404);
    const anew = await read(liveVox, id);
    expect((await feed(liveVox, id, { token: anew.token })).status).toBe(200);
    nowMs += 25 * HOUR_MS;
    expect((await feed(liveVox, await session(liveVox), { token: anew.token })).status).toBe(404);
  });

  it.each([
    ['a token of nobody', { token: 'x' }],
    ['a token that is no text', { token: 1 }],
    ['a field that nobody documented', { since: 0 }],
  ])('refuses %s', async (_, body) => {
    const liveVox = await start();
    expect((await feed(liveVox, await session(liveVox), body)).status).toBe(400);
  });

  it('refuses a call without a session, another method, another content type', async () => {
    const liveVox = await start();
    const headers = { 'LV-Session': await session(liveVox) };
    expect((await feed(liveVox, 'x', {})).status).toBe(401);
    expect((await fetch(`${liveVox.url}${FEED}`, { headers })).status).toBe(405);
    expect((await fetch(`${liveVox.url}${FEED}`, { method: 'POST', headers, body: '{}' })).status).toBe(415);
  });

  it('writes times and reasons as told', async () => {
    const liveVox = await start({ timestampForm: 'iso', reasonField: 'why' });
    const { agentEvent } = await read(liveVox, await session(liveVox));
    expect(agentEvent.every(({ timestamp }) => /^\d{4}-.*Z$/.test(String(timestamp)))).toBe(true);
    expect(agentEvent.some((row) => 'why' in row)).toBe(true);
  });
});

describe('the lists', () => {
  async function get(liveVox: RunningLiveVox, path: string) {
    const headers = { 'LV-Session': await session(liveVox) };
    return fetch(`${liveVox.url}/configuration/v6.0/${path}`, { headers });
  }

  it('come in pages of a bounded size', async () => {
    const liveVox = await start({ agents: 25, rowsPerPageMax: 10 });
    const body = (await (await get(liveVox, 'agents?count=10&offset=20')).json()) as { agent: object[] };
    expect(body.agent).toHaveLength(5);
    expect(body.agent[0]).toEqual({
      id: expect.any(Number),
      loginId: expect.any(String),
      firstName: expect.any(String),
      lastName: expect.any(String),
      active: true,
    });
    for (const query of ['', '?count=11&offset=0', '?count=0&offset=0', '?count=5', '?count=5&offset=-1']) {
      expect((await get(liveVox, `agents${query}`)).status).toBe(400);
    }
  });

  it('leave login ids to the single agent, and services to the call centre, when told to', async () => {
    const liveVox = await start({ loginIdsInList: false, servicesByCallCenter: true });
    const { agent } = (await (await get(liveVox, 'agents?count=5&offset=0')).json()) as { agent: { id: number }[] };
    expect(agent[0]).not.toHaveProperty('loginId');
    expect(await (await get(liveVox, `agents/${agent[0]!.id}`)).json()).toHaveProperty('loginId');
    expect((await get(liveVox, 'agents/1')).status).toBe(404);
    expect((await get(liveVox, 'services?count=5&offset=0')).status).toBe(400);
    const centers = (await (await get(liveVox, 'callCenters?count=5&offset=0')).json()) as {
      callCenter: { callCenterId: number }[];
    };
    const path = `services?count=100&offset=0&callCenter=${centers.callCenter[0]!.callCenterId}`;
    expect(((await (await get(liveVox, path)).json()) as { service: object[] }).service).toHaveLength(5);
  });

  it('have unique ids and login ids, whatever the size', async () => {
    const liveVox = await start({ agents: 500, services: 100 });
    const all = await truth<{ kind: string; agentId?: number; loginId?: string; id?: number }>(liveVox.url, 'roster');
    const agents = all.filter(({ kind }) => kind === 'agent');
    expect(new Set(agents.map(({ agentId }) => agentId)).size).toBe(500);
    expect(new Set(agents.map(({ loginId }) => loginId)).size).toBe(500);
    expect(new Set(all.filter(({ kind }) => kind === 'service').map(({ id }) => id)).size).toBe(100);
  });
});

describe('misbehaviour', () => {
  it('bends the feed as any stand-in: a lost answer is no answer that was served', async () => {
    const liveVox = await start();
    const id = await session(liveVox);
    await control(liveVox.url, 'faults', { fault: 'lose-answer', path: 'feed', count: 1 });
    await expect(feed(liveVox, id, {})).rejects.toThrow();
    expect(liveVox.truth.summary().eventsServed).toBe(0);
    await read(liveVox, id);
    expect(liveVox.truth.summary().eventsServed).toBeGreaterThan(0);
  });

  it('has a clock that can be put wrong', async () => {
    const liveVox = await start();
    await control(liveVox.url, 'clock', { offsetMs: -300_000 });
    const response = await feed(liveVox, await session(liveVox), {});
    expect(response.headers.get('date')).toBe(new Date(NOW_MS - 300_000).toUTCString());
  });
});
