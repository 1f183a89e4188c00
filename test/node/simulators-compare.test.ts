import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compare } from '../../simulators/compare/compare.ts';
import { type RunningMpower, startMpower } from '../../simulators/mpower/start.ts';
import { type RunningNcc, startNcc } from '../../simulators/ncc/start.ts';
import { historicalBody, mpowerTokens, nccGet, nccToken, post, queueRow, truth } from './simulators-calls.ts';

const WINDOW_MS = 900_000;
const START_MS = Date.UTC(2026, 2, 2, 10, 0, 30);

interface Served {
  agentId: string;
  username: string;
  state: string;
  sinceMs: number;
  answeredMs: number;
  initial: boolean;
}

interface Event {
  loginId: string;
  acdId: string;
  eventCode: string;
  reasonCode: string;
  eventUtcTime: string;
}

let nowMs: number;
let ncc: RunningNcc;
let mpower: RunningMpower;
let nccAuth: string;
let mpowerAuth: string;

beforeEach(async () => {
  nowMs = START_MS;
  ncc = await startNcc({ port: 0, agents: 30, tokenLifeS: 86_400 }, () => nowMs);
  mpower = await startMpower({ port: 0, tokenLifeS: 86_400 }, () => nowMs);
  nccAuth = await nccToken(ncc);
  mpowerAuth = (await mpowerTokens(mpower)).access_token;
});

afterEach(() => Promise.all([ncc.close(), mpower.close()]));

async function get(path: string): Promise<Record<string, unknown>[]> {
  return (await (await nccGet(ncc, nccAuth, path)).json()) as Record<string, unknown>[];
}

async function send(path: string, body: unknown): Promise<void> {
  const response = await post(`${mpower.url}/wfm/acd/v1/${path}`, body, mpowerAuth);
  expect([response.status, await response.text()]).toEqual([200, '']);
}

/** Polls for half an hour and returns the events that a bridge would send. */
async function pollStates(): Promise<Event[]> {
  for (let polls = 0; polls < 60; polls += 1) {
    await get('/realTime');
    nowMs += 30_000;
  }
  return (await truth<Served>(ncc.url, 'states?what=served')).map((served) => ({
    loginId: served.username,
    acdId: 'Tenant',
    eventCode: served.state,
    reasonCode: '',
    eventUtcTime: new Date(served.initial ? served.answeredMs : served.sinceMs).toISOString(),
  }));
}

async function sendIntervals(leaveOut?: string): Promise<void> {
  const startMs = Date.UTC(2026, 2, 2, 9, 30);
  const rows = await get(`/historical?start=${startMs / 1000}&end=${(startMs + WINDOW_MS) / 1000}`);
  const report = rows
    .filter((row) => row['queue-id'] !== leaveOut)
    .map((row) =>
      queueRow({
        queueValue: row['queue-id'],
        contactsReceived: row.enteredCount,
        handledShort: 0,
        handledLong: Number(row.enteredCount) - Number(row.abandonedCount),
        abandonedLong: row.abandonedCount,
        handleTime: row.sumHandleTime,
      }),
    );
  await send('historical', historicalBody(startMs, report));
}

/** The activities that follow from the events, each in the report of the window in which it ended. */
async function sendActivities(events: Event[]): Promise<void> {
  const agentIds = new Map((await truth<Served>(ncc.url, 'roster')).map((row) => [row.username, row.agentId]));
  const windows = new Map<number, Map<string, unknown[]>>();
  const last = new Map<string, Event>();
  for (const event of events) {
    const before = last.get(event.loginId);
    last.set(event.loginId, event);
    if (before === undefined || before.eventCode === 'Logged out') continue;
    const endMs = Date.parse(event.eventUtcTime);
    const startMs = Math.ceil(endMs / WINDOW_MS) * WINDOW_MS - WINDOW_MS;
    const agents = windows.get(startMs) ?? new Map<string, unknown[]>();
    windows.set(startMs, agents);
    const duration = endMs - Date.parse(before.eventUtcTime);
    const activity = { state: before.eventCode, startTime: before.eventUtcTime, duration, reason: '' };
    agents.set(event.loginId, [...(agents.get(event.loginId) ?? []), activity]);
  }
  for (const [startMs, agents] of windows) {
    const { status, statusReason, ...window } = historicalBody(startMs, []);
    const reportData = [...agents].map(([userName, agentActivity]) => ({
      agentValue: agentIds.get(userName),
      agentId: '',
      userName,
      agentActivity,
    }));
    await send('agent-activity', { ...window, reportData });
  }
}

async function outcome(atMs = nowMs + 3_600_000) {
  const { sections, complete, clean } = await compare({ ncc: ncc.url, mpower: mpower.url }, () => atMs);
  const [states, intervals, activities] = sections;
  return { states: states!, intervals: intervals!, activities: activities!, complete, clean };
}

describe('compare', () => {
  it('finds everything alike when a bridge has carried everything', async () => {
    const events = await pollStates();
    await send('agent-states', { agentStateList: events });
    await sendIntervals();
    await sendActivities(events);
    const result = await outcome();
    expect(result).toMatchObject({ complete: true, clean: true });
    expect(result.states.accepted).toBe(result.states.served);
    expect(result.states.served).toBeGreaterThan(60);
    expect(result.intervals.accepted).toBeGreaterThan(4);
    expect(result.activities.accepted).toBeGreaterThan(30);
  });

  it('names the one queue interval that is missing', async () => {
    await sendIntervals('q-sales');
    const result = await outcome();
    expect(result.complete).toBe(false);
    expect(result.intervals.missing).toEqual([expect.stringContaining('q-sales')]);
    expect(result.states.missing).toEqual([]);
  });

  it('names figures that differ after NCC has corrected them', async () => {
    await sendIntervals();
    const start = '2026-03-02T09:30:00Z';
    ncc.truth.controlFigures({ queueId: 'q-sales', start, entered: 99, abandoned: 0, handleTimeS: 1 });
    await get(`/historical?start=${Date.parse(start) / 1000}&end=${Date.parse(start) / 1000 + 900}`);
    expect((await outcome()).intervals.different).toEqual([expect.stringContaining('received served 99')]);
    await sendIntervals();
    expect((await outcome()).complete).toBe(true);
  });

  it('names a state change that is missing, one at a wrong time and one that was not served', async () => {
    const events = await pollStates();
    const [lost, late] = events.slice(-2);
    const wrong = { ...late!, eventUtcTime: new Date(Date.parse(late!.eventUtcTime) + 1500).toISOString() };
    const invented = { ...events[0]!, eventCode: 'Invented' };
    const others = events.filter((event) => event !== lost && event !== late);
    await send('agent-states', { agentStateList: [...others, wrong, invented] });
    const { states, complete, clean } = await outcome();
    expect([complete, clean]).toEqual([false, false]);
    expect(states.missing).toEqual([expect.stringContaining(lost!.loginId)]);
    expect(states.different).toEqual([expect.stringContaining(late!.loginId)]);
    expect(states.extra).toEqual([expect.stringContaining('Invented')]);
  });

  it('counts as in flight what was served a moment ago', async () => {
    await get('/realTime');
    await get(`/historical?start=${START_MS / 1000 - 1830}&end=${START_MS / 1000 - 930}`);
    const early = await outcome(nowMs + 10_000);
    expect(early).toMatchObject({ complete: true });
    expect(early.states.inFlight).toBeGreaterThan(0);
    expect(early.intervals.inFlight).toBeGreaterThan(0);
    expect((await outcome(nowMs + 70_000)).complete).toBe(false);
  });

  it('does not ask for what happened while nobody looked', async () => {
    const events = await pollStates();
    nowMs += 1_200_000;
    await get('/realTime');
    const later = (await truth<Served>(ncc.url, 'states')).filter((served) => served.answeredMs === nowMs);
    const after = later.map(({ username, state }) => ({
      loginId: username,
      acdId: 'Tenant',
      eventCode: state,
      reasonCode: '',
      eventUtcTime: new Date(nowMs).toISOString(),
    }));
    await send('agent-states', { agentStateList: [...events, ...after] });
    await sendActivities(events);
    const { activities } = await outcome();
    expect(after.length).toBeGreaterThan(5);
    expect([activities.missing, activities.different, activities.extra]).toEqual([[], [], []]);
    expect(activities.notNeeded).toBeGreaterThan(5);
  });

  it('expects the log-out of an agent who is missing twice, not of one who is missing once', async () => {
    await get('/realTime');
    const seated = (await truth<Served>(ncc.url, 'states')).find((served) => served.state !== 'Logged out');
    const inferred = async () =>
      (await truth<{ inferred: boolean }>(ncc.url, 'states')).filter((c) => c.inferred).length;
    ncc.truth.controlAgent({ agentId: seated!.agentId, leaveOutAnswers: 1 });
    await get('/realTime');
    await get('/realTime');
    expect(await inferred()).toBe(0);
    ncc.truth.controlAgent({ agentId: seated!.agentId, leaveOutAnswers: 2 });
    await get('/realTime');
    await get('/realTime');
    expect(await inferred()).toBe(1);
  });
});
