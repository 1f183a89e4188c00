import { afterEach, describe, expect, it } from 'vitest';
import type { NccOptionsInput } from '../../simulators/ncc/options.ts';
import { type RunningNcc, startNcc } from '../../simulators/ncc/start.ts';
import { DayModel, type Span } from '../../simulators/ncc/states.ts';
import { basic, control, nccGet, nccToken, truth } from './simulators-calls.ts';

/** A Monday morning. */
const NOW_MS = Date.UTC(2026, 2, 2, 10, 7, 30);
const WINDOW_S = Date.UTC(2026, 2, 2, 9, 30) / 1000;

let running: RunningNcc[] = [];
let nowMs = NOW_MS;

afterEach(async () => {
  await Promise.all(running.map((ncc) => ncc.close()));
  running = [];
  nowMs = NOW_MS;
});

async function start(options: NccOptionsInput = {}): Promise<RunningNcc> {
  const ncc = await startNcc({ port: 0, ...options }, () => nowMs);
  running.push(ncc);
  return ncc;
}

async function rows(ncc: RunningNcc, path: string): Promise<Record<string, unknown>[]> {
  return (await (await nccGet(ncc, await nccToken(ncc), path)).json()) as Record<string, unknown>[];
}

describe('sign-in', () => {
  it('refuses a wrong password with a code and a message', async () => {
    const ncc = await start();
    const headers = { authorization: basic('wfm@demo.example', 'wrong') };
    const response = await fetch(`${ncc.url}/provider/token-with-authorities`, { headers });
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({ code: 401, message: expect.any(String) });
  });

  it('takes UTF-8 credentials with colons in the password', async () => {
    const ncc = await start({ username: 'søren@example.com', password: 'p:ä:🔑' });
    const headers = { authorization: basic('søren@example.com', 'p:ä:🔑') };
    expect((await fetch(`${ncc.url}/provider/token-with-authorities`, { headers })).status).toBe(200);
  });

  it('gives a token whose exp tells its end, and refuses it from then on', async () => {
    const ncc = await start({ tokenLifeS: 60 });
    const token = await nccToken(ncc);
    const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as { exp: number };
    expect(claims.exp).toBe(Math.floor(NOW_MS / 1000) + 60);
    expect((await nccGet(ncc, token, '/realTime')).status).toBe(200);
    nowMs += 60_000;
    expect((await nccGet(ncc, token, '/realTime')).status).toBe(401);
    expect((await nccGet(ncc, token, '/provider/api/token-refresh')).status).toBe(401);
  });

  it.each([
    ['raw', 200, 401],
    ['bearer', 401, 200],
    ['both', 200, 200],
  ] as const)('accepts the token %s only as configured', async (tokenScheme, raw, bearer) => {
    const ncc = await start({ tokenScheme });
    const token = await nccToken(ncc);
    expect((await nccGet(ncc, token, '/realTime')).status).toBe(raw);
    expect((await nccGet(ncc, `Bearer ${token}`, '/realTime')).status).toBe(bearer);
  });

  it('refuses every token after they have been revoked', async () => {
    const ncc = await start();
    const token = await nccToken(ncc);
    expect((await control(ncc.url, 'tokens', { revoke: true })).status).toBe(200);
    expect((await nccGet(ncc, token, '/realTime')).status).toBe(401);
  });
});

describe('historical', () => {
  it.each([
    ['no start', `end=${WINDOW_S}`],
    ['no end', `start=${WINDOW_S}`],
    ['ms instead of seconds', `start=${WINDOW_S * 1000}&end=${(WINDOW_S + 900) * 1000}`],
    ['off the grid', `start=${WINDOW_S + 1}&end=${WINDOW_S + 901}`],
    ['an empty window', `start=${WINDOW_S}&end=${WINDOW_S}`],
    ['a window that has not ended', `start=${WINDOW_S + 1800}&end=${WINDOW_S + 2700}`],
    ['over 7 days', `start=${WINDOW_S - 604_800}&end=${WINDOW_S + 900}`],
  ])('refuses %s', async (_, query) => {
    const ncc = await start();
    const response = await nccGet(ncc, await nccToken(ncc), `/historical?${query}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ code: 400, message: expect.any(String) });
  });

  it('leaves startTime out for one window and names it for several', async () => {
    const ncc = await start();
    const one = await rows(ncc, `/historical?start=${WINDOW_S}&end=${WINDOW_S + 900}`);
    const two = await rows(ncc, `/historical?start=${WINDOW_S - 900}&end=${WINDOW_S + 900}`);
    expect(one.length).toBeGreaterThan(0);
    expect(one.some((row) => 'startTime' in row)).toBe(false);
    expect(new Set(two.map((row) => row.startTime))).toEqual(new Set([WINDOW_S - 900, WINDOW_S]));
    expect(two.filter((row) => row.startTime === WINDOW_S).map(({ startTime, ...row }) => row)).toEqual(one);
  });

  it('gives the same figures for one seed, other figures for another', async () => {
    const path = `/historical?start=${WINDOW_S - 86_400 * 35}&end=${WINDOW_S - 86_400 * 34}`;
    const [first, again, other] = await Promise.all([start({ seed: 5 }), start({ seed: 5 }), start({ seed: 6 })]);
    const figures = await rows(first, path);
    expect(figures.length).toBeGreaterThan(300);
    expect(await rows(again, path)).toEqual(figures);
    expect(await rows(other, path)).not.toEqual(figures);
  });

  it('serves some windows too low at first and corrects them 20 to 70 minutes after their end', async () => {
    const ncc = await start({ queues: 50 });
    const path = `/historical?start=${WINDOW_S}&end=${WINDOW_S + 900}`;
    nowMs = (WINDOW_S + 900) * 1000;
    const early = await rows(ncc, path);
    nowMs += 70 * 60_000;
    const late = await rows(ncc, path);
    expect(late).not.toEqual(early);
    const total = (all: Record<string, unknown>[]) => all.reduce((sum, row) => sum + Number(row.enteredCount), 0);
    expect(total(late)).toBeGreaterThan(total(early));
    nowMs += 86_400_000;
    expect(await rows(ncc, path)).toEqual(late);
  });

  it('serves a correction made by hand and keeps it in the truth', async () => {
    const ncc = await start();
    const figures = { entered: 99, abandoned: 9, handleTimeS: 12_345 };
    const body = { queueId: 'q-sales', start: new Date(WINDOW_S * 1000).toISOString(), ...figures };
    expect((await control(ncc.url, 'figures', body)).status).toBe(200);
    const served = await rows(ncc, `/historical?start=${WINDOW_S}&end=${WINDOW_S + 900}`);
    expect(served).toContainEqual({
      'queue-id': 'q-sales',
      'queue-name': 'Sales',
      sumHandleTime: 12_345,
      enteredCount: 99,
      abandonedCount: 9,
    });
    const kept = await truth<{ queueId: string; served: object }>(ncc.url, 'intervals?what=served');
    expect(kept.find((row) => row.queueId === 'q-sales')?.served).toEqual({ ...figures, leftOut: false });
  });

  it.each([
    [{ envelope: 'rows', idField: 'queueId' }, 'rows', 'queueId'],
    [{ envelope: 'data', idField: '_id' }, 'data', '_id'],
  ] as const)('wraps the rows as told by %o', async (options, envelope, idField) => {
    const ncc = await start({ ...options, basePath: '/api/wfm' });
    const path = `/api/wfm/historical?start=${WINDOW_S}&end=${WINDOW_S + 900}`;
    const body = (await (await nccGet(ncc, await nccToken(ncc), path)).json()) as Record<string, unknown[]>;
    expect(body[envelope]?.[0]).toHaveProperty(idField);
    expect((await nccGet(ncc, await nccToken(ncc), '/historical')).status).toBe(404);
  });
});

describe('realTime', () => {
  it('shows every agent with a state and the time of its last change in seconds', async () => {
    const ncc = await start({ agents: 200 });
    const agents = await rows(ncc, '/realTime');
    expect(agents).toHaveLength(200);
    for (const row of agents) {
      expect(row).toEqual({
        'agent-id': expect.any(String),
        'agent-status': expect.any(String),
        'agent-status-time': expect.any(Number),
      });
      expect(row['agent-status-time']).toBeLessThanOrEqual(NOW_MS / 1000);
    }
    const signedIn = agents.filter((row) => row['agent-status'] !== 'Logged out');
    expect(signedIn.length).toBeGreaterThan(60);
  });

  it('keeps a tenth or more of the centre signed in at every hour of the week', async () => {
    const ncc = await start({ agents: 100, loggedOut: 'absent', timeZone: 'Asia/Kathmandu' });
    for (let hour = 0; hour < 168; hour += 1) {
      nowMs = NOW_MS + hour * 3_600_000;
      expect((await rows(ncc, '/realTime')).length).toBeGreaterThanOrEqual(10);
    }
  });

  it('shows a forced state as of now and leaves an agent out of the next answers', async () => {
    const ncc = await start({ agents: 5 });
    const [agent] = await truth<{ agentId: string }>(ncc.url, 'roster');
    await control(ncc.url, 'agents', { agentId: agent!.agentId, state: 'تدريب' });
    expect((await rows(ncc, '/realTime'))[0]).toEqual({
      'agent-id': agent!.agentId,
      'agent-status': 'تدريب',
      'agent-status-time': Math.floor(NOW_MS / 1000),
    });
    await control(ncc.url, 'agents', { agentId: agent!.agentId, leaveOutAnswers: 2 });
    expect([await rows(ncc, '/realTime'), await rows(ncc, '/realTime')].map((all) => all.length)).toEqual([4, 4]);
    expect(await rows(ncc, '/realTime')).toHaveLength(5);
  });

  it('moves the set share of agents at each poll, and none when frozen', async () => {
    const changed = async (ncc: RunningNcc) => {
      const before = await rows(ncc, '/realTime');
      nowMs += 3000;
      const after = await rows(ncc, '/realTime');
      return after.filter((row, i) => row['agent-status'] !== before[i]?.['agent-status']).length;
    };
    expect(await changed(await start({ agents: 400, changeShare: 0.05 }))).toBe(20);
    expect(await changed(await start({ agents: 400, frozen: true }))).toBe(0);
  });

  it('puts the clock wrong when told: the Date header and the source times move', async () => {
    const ncc = await start();
    await control(ncc.url, 'clock', { offsetMs: -300_000 });
    const response = await nccGet(ncc, await nccToken(ncc), '/realTime');
    expect(response.headers.get('date')).toBe(new Date(NOW_MS - 300_000).toUTCString());
  });
});

describe('roster', () => {
  it('pages through users, with a total that is a string, and refuses pages over 1,000 rows', async () => {
    const ncc = await start({ agents: 250 });
    const token = await nccToken(ncc);
    const page = await (await nccGet(ncc, token, '/data/api/types/user?start=200&rows=100')).json();
    expect(page).toMatchObject({ count: 50, total: '250' });
    expect((await nccGet(ncc, token, '/data/api/types/queue?start=0&rows=1001')).status).toBe(400);
    expect((await nccGet(ncc, token, '/data/api/types/queue?start=-1&rows=10')).status).toBe(400);
  });

  it('has unique ids and sign-in names, whatever the size', async () => {
    const ncc = await start({ agents: 3000, queues: 1000 });
    const all = await truth<Record<string, string>>(ncc.url, 'roster');
    const agents = all.filter((row) => row.kind === 'agent');
    const queues = all.filter((row) => row.kind === 'queue');
    expect(new Set(agents.map((row) => row.agentId)).size).toBe(3000);
    expect(new Set(agents.map((row) => row.username)).size).toBe(3000);
    expect(new Set(queues.map((row) => row.queueId)).size).toBe(1000);
    expect(queues.every((row) => /^[\x20-\x7e]{1,100}$/.test(row.queueId!))).toBe(true);
  });
});

describe('the modelled day', () => {
  const model = new DayModel({ seed: 3, timeZone: 'Europe/Paris', dayShape: 'two-humps' });
  /** The night in which Paris loses an hour lies inside. */
  const FROM_MS = Date.UTC(2026, 2, 26);
  const TO_MS = Date.UTC(2026, 3, 1);

  it('tiles the time of every agent without hole, overlap or a state that follows itself', () => {
    for (let agent = 0; agent < 60; agent += 1) {
      let last: Span | undefined;
      for (const span of model.spans(agent, FROM_MS, TO_MS)) {
        expect(span.endMs).toBeGreaterThan(span.startMs);
        if (last === undefined) expect(span.startMs).toBeLessThanOrEqual(FROM_MS);
        else expect([span.startMs, span.state === last.state]).toEqual([last.endMs, false]);
        last = span;
      }
      expect(last?.endMs).toBeGreaterThanOrEqual(TO_MS);
    }
  });

  it('gives the same span whatever the way to it', () => {
    const walker = model.at(7, FROM_MS);
    for (let atMs = FROM_MS; atMs < FROM_MS + 86_400_000; atMs += 137_000) {
      walker.advance(atMs);
      const fresh = model.at(7, atMs);
      expect([walker.state, walker.startMs, walker.endMs]).toEqual([fresh.state, fresh.startMs, fresh.endMs]);
    }
  });

  it('knows custom states in several scripts', () => {
    const seen = new Set<string>();
    for (let agent = 0; agent < 40; agent += 1)
      for (const { state } of model.spans(agent, FROM_MS, TO_MS)) seen.add(state);
    const expected = ['Available', 'Busy', 'Wrapup', 'Working', 'No Answer', 'Logged in', 'Logged out'];
    expect([...seen]).toEqual(
      expect.arrayContaining([...expected, 'Pause café', '休憩', 'اجتماع', 'Coaching <1:1> & "QA"']),
    );
  });
});
