// Takes the pictures of the pages that README and manual show: `node docs/screenshots.ts [directory]`, after
// `npm run build`. Runs the built bridge beside both stand-ins, loads a week of their figures, and looks at each page.
import { mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { DEMO_ACCOUNTS } from '../appliance/demo.ts';
import { newVisitor, startBrowser } from '../test/browser/support.ts';
import { eventually, Stage } from '../test/host/support/stage.ts';

const target = path.resolve(process.argv[2] ?? path.join(import.meta.dirname, 'screenshots'));
const PASSWORD = 'a password for pictures';
const API_TOKEN = 'token-for-pictures-0123456789-0123456789';
const DAY_MS = 86_400_000;
const VIEWPORT = { width: 1_280, height: 800 };

interface Shot {
  readonly name: string;
  readonly address: string;
  /** A few in the dark, too. */
  readonly isDark?: boolean;
  /** What to do before the picture is taken. */
  prepare?(page: Page): Promise<void>;
  /** Height of the picture where the whole page is too long. */
  readonly height?: number;
}

/** Takes the alerts: what Slack would answer. */
const channel = createServer((_request, response) => response.end('ok'));
const stage = new Stage();
const browser = await startBrowser();
try {
  mkdirSync(target, { recursive: true });
  const arguments_ = ['--agents', '60', '--queues', '8', '--seed', '7'];
  const [ncc, mpower] = await Promise.all([
    stage.startStandIn('ncc', [...arguments_, '--day-shape', 'flat', '--without-username', '2']),
    stage.startStandIn('mpower'),
  ]);
  const environment = { ADMIN_PASSWORD: PASSWORD, API_TOKEN, ALLOW_PRIVATE_NETWORK: 'true' };
  const bridge = await stage.startHost({ environment });
  const call = async (method: string, route: string, body?: unknown): Promise<Record<string, unknown>> => {
    const response = await fetch(`${bridge.url}/api/v1${route}`, {
      method,
      headers: { authorization: `Bearer ${API_TOKEN}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${route} was answered with ${response.status}: ${text.slice(0, 300)}`);
    return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  };
  await setUp(call, ncc.url, mpower.url, `http://127.0.0.1:${await listen(channel)}/alerts`);

  const shots = await shotsOf(call);
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page, close } = await newVisitor(browser, bridge.url, { viewport: VIEWPORT, colorScheme });
    await page.goto('/');
    if (colorScheme === 'light') await page.screenshot({ path: path.join(target, 'sign-in.png') });
    await page.getByLabel('Administrator password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(`${bridge.url}/`);
    for (const shot of shots) {
      if (colorScheme === 'dark' && !shot.isDark) continue;
      const answer = await page.goto(shot.address);
      if (!answer?.ok()) throw new Error(`${shot.address} was answered with ${answer?.status()}.`);
      await shot.prepare?.(page);
      const file = path.join(target, `${shot.name}${colorScheme === 'dark' ? '-dark' : ''}.png`);
      const whole = await page.evaluate<number>('document.documentElement.scrollHeight');
      await page.setViewportSize({ width: VIEWPORT.width, height: Math.min(whole, shot.height ?? 1_800) });
      await page.screenshot({ path: file });
      await page.setViewportSize(VIEWPORT);
      console.log(`${shot.name} (${colorScheme})`);
    }
    await close();
  }
} finally {
  channel.close();
  await browser.close();
  await stage.close();
}

/** Opens a server on a free port of this machine; the port. */
async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The system named no port.');
  return address.port;
}

type Call = (method: string, route: string, body?: unknown) => Promise<Record<string, unknown>>;

/** A connection that has been at work for a while: a week of figures, alerts, a state that nobody reviewed. */
async function setUp(call: Call, nccUrl: string, mpowerUrl: string, channelUrl: string): Promise<void> {
  const { ncc, mpower } = DEMO_ACCOUNTS;
  await call('POST', '/connections', {
    name: 'Service centre',
    timeZone: 'Europe/Berlin',
    acd: {
      kind: 'nextiva-ncc',
      realTime: { baseUrl: nccUrl, username: ncc.username, collectionIntervalS: 3 },
      historical: { baseUrl: nccUrl, username: ncc.username },
    },
    wfm: { kind: 'cxone-mpower', baseUrl: mpowerUrl, accessKeyId: mpower.accessKeyId },
    secrets: {
      realTimePassword: ncc.password,
      historicalPassword: ncc.password,
      accessKeySecret: mpower.accessKeySecret,
    },
  });
  const toMs = Math.floor(Date.now() / 900_000) * 900_000;
  const range = { from: new Date(toMs - 8 * DAY_MS).toISOString(), to: new Date(toMs).toISOString() };
  await call('POST', '/connections/1/backfills', range);
  for (const [kind, threshold] of [
    ['stale', 10],
    ['waiting', 1_000],
    ['sign-in', 0],
    ['gap', 60],
  ]) {
    await call('POST', '/alert-rules', { connectionId: null, kind, threshold });
  }
  await call('POST', '/alert-channels', { name: 'On call', kind: 'slack', address: channelUrl });
  const night = { from: new Date(toMs + DAY_MS).toISOString(), to: new Date(toMs + DAY_MS + 7_200_000).toISOString() };
  await call('POST', '/maintenance', { connectionId: null, ...night, note: 'Telephony update' });
  await eventually(
    'the backfill is done',
    async () => (await call('GET', '/connections/1/backfills/1')).status === 'done',
    120_000,
  );
  // A few polls and reports later.
  await eventually(
    'what was loaded is delivered',
    async () => {
      const { rows } = (await call('GET', '/status')) as {
        rows: { streams: { account: { waiting: number; held: number } }[] }[];
      };
      return rows.every(({ streams }) => streams.every(({ account }) => account.waiting - account.held < 10));
    },
    240_000,
  );
}

/** A shift of one agent before the bridge looked, from a file: for the picture of a day. The agent's id. */
async function importShift(call: Call): Promise<number> {
  const { rows } = (await call('GET', '/connections/1/agents/now')) as {
    rows: { agentId: number; agentName: string; loginId: string }[];
  };
  const agent = rows.find(({ agentName }) => /^[A-Za-zÀ-ž -]+$/.test(agentName)) ?? rows[0];
  if (!agent) throw new Error('Nobody is signed in at the stand-in.');
  const states: readonly (readonly [minutes: number, state: string])[] = [
    [4, 'Available'],
    [9, 'Busy'],
    [2, 'Wrapup'],
    [6, 'Available'],
    [14, 'Busy'],
    [3, 'Wrapup'],
  ];
  const lines: string[] = [];
  const endMs = Date.now() - 20 * 60_000;
  let atMs = endMs - 6 * 3_600_000;
  for (let i = 0; atMs < endMs; i++) {
    const lunch = i === 28;
    const [minutes, state] = lunch ? [30, 'Lunch'] : (states[i % states.length] ?? [5, 'Available']);
    lines.push(`${new Date(atMs).toISOString()},${agent.loginId},${state}`);
    atMs += (minutes + (i % 3)) * 60_000;
  }
  lines.push(`${new Date(endMs).toISOString()},${agent.loginId},Logged out`);
  const csv = `at_utc,agent,state\n${lines.join('\n')}\n`;
  await uploadSchedule(call, agent.loginId, endMs);
  const file = { kind: 'state-changes', fileName: 'shift.csv', csv };
  const { id } = await call('POST', '/connections/1/imports', file);
  await call('POST', `/connections/1/imports/${String(id)}/confirm`);
  await sleep(10_000);
  return agent.agentId;
}

/** What the agent of that shift was to do: lunch a little later than it was taken. */
async function uploadSchedule(call: Call, agent: string, endMs: number): Promise<void> {
  const at = (minutes: number) => new Date(endMs - (360 - minutes) * 60_000).toISOString();
  const activities = [
    { agent, activity: 'Calls', start: at(0), end: at(210) },
    { agent, activity: 'Lunch', start: at(210), end: at(240) },
    { agent, activity: 'Calls', start: at(240), end: at(345) },
    { agent, activity: 'Training', start: at(345), end: at(360) },
  ];
  await call('POST', '/connections/1/schedules', { activities });
}

/** Long work, for the picture of its progress. */
async function startLongBackfill(call: Call): Promise<void> {
  const toMs = Math.floor(Date.now() / 900_000) * 900_000 - 8 * DAY_MS;
  const years = { from: new Date(toMs - 300 * DAY_MS).toISOString(), to: new Date(toMs).toISOString() };
  await call('POST', '/connections/1/backfills', years);
  await sleep(12_000);
}

async function shotsOf(call: Call): Promise<Shot[]> {
  const hour = new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000 - 400 * DAY_MS);
  const { rows: queues } = (await call('GET', '/connections/1/queues?limit=2')) as { rows: { sourceId: string }[] };
  const lines = queues.flatMap(({ sourceId }, i) => [
    `${hour.toISOString()},${sourceId},${30 + i},${28 + i},${6_000 + 40 * i},2`,
    `${new Date(hour.getTime() + 900_000).toISOString()},${sourceId},${24 + i},24,5200,`,
  ]);
  const csv = `interval_start_utc,queue,offered,handled,total_handle_time_s,abandoned\n${lines.join('\n')}\n2025-01-31T10:07:00Z,${queues[0]?.sourceId},1,1,60,\n${hour.toISOString()},Nowhere,3,3,180,0\n`;
  const { id } = await call('POST', '/connections/1/imports', { kind: 'intervals', fileName: 'history-2025.csv', csv });
  const agentId = await importShift(call);
  const one = '/connections/1';
  const yesterday = new Date(Date.now() - DAY_MS).toISOString().slice(0, 10);
  return [
    { name: 'overview', address: '/', isDark: true },
    { name: 'setup', address: '/setup' },
    { name: 'connection', address: one, height: 1_400 },
    { name: 'coverage', address: `${one}/coverage`, isDark: true },
    { name: 'roster-queues', address: `${one}/roster`, height: 1_200 },
    { name: 'roster-agents', address: `${one}/roster?show=agents`, height: 1_200 },
    { name: 'states', address: `${one}/states` },
    { name: 'code-book', address: `${one}/code-book` },
    { name: 'agents', address: `${one}/agents`, height: 760 },
    { name: 'volume', address: `${one}/reports/volume?by=hour&day=${yesterday}`, height: 1_300 },
    { name: 'adherence', address: `${one}/reports/adherence/agents/${agentId}`, height: 900 },
    { name: 'agent-day', address: `${one}/agents/${agentId}`, height: 1_100 },
    {
      name: 'imports',
      address: `${one}/imports`,
      async prepare(page) {
        await startLongBackfill(call);
        await page.reload();
      },
    },
    { name: 'import-preview', address: `${one}/imports/${String(id)}`, isDark: true },
    { name: 'set-aside', address: `${one}/set-aside` },
    { name: 'monitor', address: '/monitor', isDark: true, height: 1_200 },
    { name: 'alerts', address: '/monitor?show=settings' },
    { name: 'access', address: '/access' },
    { name: 'api', address: '/api/docs', height: 1_000 },
  ];
}
