import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RunningMpower, startMpower } from '../../simulators/mpower/start.ts';
import { type RunningNcc, startNcc } from '../../simulators/ncc/start.ts';
import { control, mpowerTokens, nccGet, nccToken, post, truth } from './simulators-calls.ts';

let ncc: RunningNcc;
let mpower: RunningMpower;
let token: string;

beforeAll(async () => {
  ncc = await startNcc({ port: 0, agents: 20 });
  mpower = await startMpower({ port: 0 });
  token = await nccToken(ncc);
});

afterEach(() => {
  ncc.faults.clear();
  mpower.faults.clear();
});

afterAll(() => Promise.all([ncc.close(), mpower.close()]));

const poll = () => nccGet(ncc, token, '/realTime');
const lastRequest = async () =>
  (await truth<{ outcome: string; fault: string; status: number }>(ncc.url, 'requests')).at(-1);
const changesServed = async () => (await truth(ncc.url, 'states?what=served')).length;

describe('rules', () => {
  it('refuses a rule that it does not understand, and says why', async () => {
    const response = await control(ncc.url, 'faults', { fault: 'explode' });
    expect([response.status, await response.json()]).toEqual([400, { message: expect.stringContaining('fault') }]);
    expect((await control(ncc.url, 'faults', { fault: 'delay' })).status).toBe(400);
  });

  it('strikes after those skipped, as often as told, on the path named, and then never again', async () => {
    await control(ncc.url, 'faults', { fault: 'status', status: 429, path: 'realTime', skip: 1, count: 2 });
    const statuses: number[] = [];
    for (let i = 0; i < 4; i += 1) statuses.push((await poll()).status);
    expect(statuses).toEqual([200, 429, 429, 200]);
    expect((await (await fetch(`${ncc.url}/_control/faults`)).json()) as object).toEqual({ faults: [] });
  });

  it('leaves truth and control calls alone', async () => {
    await control(ncc.url, 'faults', { fault: 'refuse' });
    await expect(poll()).rejects.toThrow();
    expect((await fetch(`${ncc.url}/_truth/summary`)).status).toBe(200);
  });
});

describe('faults', () => {
  it('sends Retry-After in both forms', async () => {
    await control(ncc.url, 'faults', { fault: 'status', status: 503, retryAfterS: 7, count: 1 });
    await control(ncc.url, 'faults', {
      fault: 'status',
      status: 429,
      retryAfterS: 7,
      retryAfterForm: 'date',
      count: 1,
    });
    expect((await poll()).headers.get('retry-after')).toBe('7');
    const response = await poll();
    const waitMs = Date.parse(response.headers.get('retry-after')!) - Date.parse(response.headers.get('date')!);
    expect(waitMs).toBe(7000);
  });

  it('cuts in mid-body, and the truth has nothing of that answer', async () => {
    ncc.faults.add({ fault: 'cut', count: 1 });
    const before = await changesServed();
    await expect(poll().then((response) => response.text())).rejects.toThrow();
    expect(await changesServed()).toBe(before);
    expect(await lastRequest()).toMatchObject({ outcome: 'cut', status: 200 });
    await (await poll()).text();
    expect(await changesServed()).toBeGreaterThanOrEqual(20);
  });

  it('never answers while it hangs, and closes all the same', async () => {
    const own = await startNcc({ port: 0 });
    own.faults.add({ fault: 'hang' });
    const call = fetch(`${own.url}/realTime`).then(
      () => 'answered',
      () => 'closed',
    );
    await expect.poll(() => own.requests.size).toBe(1);
    await own.close();
    expect(await call).toBe('closed');
  });

  it('dribbles: the head comes at once, the body does not', async () => {
    ncc.faults.add({ fault: 'dribble', count: 1 });
    const abort = new AbortController();
    const response = await fetch(`${ncc.url}/realTime`, { headers: { authorization: token }, signal: abort.signal });
    const { value } = await response.body!.getReader().read();
    expect([response.status, value?.length]).toEqual([200, 1]);
    abort.abort();
  });

  it.each([
    ['html', '<!doctype html>'],
    ['truncated', '[{"agent-id":"a"'],
    ['null', 'null'],
    ['object', '{}'],
    ['empty', ''],
    ['error', '{"code":500'],
    ['deep', '[[[[['],
    ['huge', '[{"agent-id":"filler"'],
  ] as const)('garbles with 200: %s', async (garble, beginning) => {
    ncc.faults.add({ fault: 'garble', garble, count: 1, sizeMb: 2, depth: 1000 });
    const before = await changesServed();
    const response = await poll();
    const text = await response.text();
    expect([response.status, text.slice(0, beginning.length)]).toEqual([200, beginning]);
    if (garble === 'huge') expect(text.length).toBeGreaterThan(2 * 1024 * 1024);
    expect(await changesServed()).toBe(before);
  });

  it('puts hostile rows beside good ones, in JSON that still parses', async () => {
    ncc.faults.add({ fault: 'garble', garble: 'hostile-rows', count: 1 });
    const all = (await (await poll()).json()) as unknown[];
    expect(all.length).toBeGreaterThan(20 + 10);
    expect(all[0]).toBeNull();
  });

  it('loses the answer after the work is done: Mpower has accepted and counted it', async () => {
    const { access_token } = await mpowerTokens(mpower);
    const event = {
      loginId: 'a',
      acdId: 'T',
      eventCode: 'Busy',
      reasonCode: '',
      eventUtcTime: '2026-03-02T09:30:00.000Z',
    };
    const send = () => post(`${mpower.url}/wfm/acd/v1/agent-states`, { agentStateList: [event] }, access_token);
    mpower.faults.add({ fault: 'lose-answer', count: 1 });
    await expect(send()).rejects.toThrow();
    expect(mpower.truth.summary()).toMatchObject({ distinctStates: 1, duplicates: 0 });
    expect((await send()).status).toBe(200);
    expect(mpower.truth.summary()).toMatchObject({ distinctStates: 1, duplicates: 1 });
  });

  it('loses an answer of NCC without counting it as served', async () => {
    const own = await startNcc({ port: 0, agents: 5 });
    const ownToken = await nccToken(own);
    own.faults.add({ fault: 'lose-answer', count: 1 });
    await expect(nccGet(own, ownToken, '/realTime')).rejects.toThrow();
    expect(await truth(own.url, 'states?what=served')).toEqual([]);
    expect((await truth<{ outcome: string }>(own.url, 'requests')).at(-1)?.outcome).toBe('lost');
    await own.close();
  });
});

describe('the record of requests', () => {
  it('names path, query, status and a rising arrival, and no secret', async () => {
    await poll();
    await nccGet(ncc, token, '/historical?start=900&end=1800');
    const text = await (await fetch(`${ncc.url}/_truth/requests`)).text();
    expect(text).not.toContain(token);
    const requests = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { path: string; arrivalMs: number });
    expect(requests.at(-1)).toMatchObject({ path: '/historical', query: { start: '900', end: '1800' }, status: 200 });
    const arrivals = requests.map((request) => request.arrivalMs);
    expect(arrivals).toEqual([...arrivals].sort((a, b) => a - b));
  });
});
