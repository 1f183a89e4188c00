// What a team leader does, in a real browser on the built Worker with both stand-ins: looks at volume and handle time,
// uploads schedules, and sees who kept to them. With script and without.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually, Stage, type StartedProcess } from '../host/support/stage.ts';
import {
  API_TOKEN,
  accessibilityFaults,
  callApi,
  demoConnection,
  ENVIRONMENT,
  signedInVisitor,
  startBrowser,
} from './support.ts';

const QUARTER_MS = 900_000;
const DAY_MS = 86_400_000;
/** Kathmandu: no daylight saving. */
const OFFSET_MS = 5.75 * 3_600_000;

const stage = new Stage();
let browser: Browser;
let bridge: StartedProcess;
/** Yesterday in the connection's zone, and its midnight. */
let day: string;
let midnightMs: number;

const api = <T = Record<string, unknown>>(method: string, route: string, body?: unknown) =>
  callApi<T>(bridge.url, method, route, body);

beforeAll(async () => {
  let mpower: StartedProcess;
  let ncc: StartedProcess;
  [ncc, mpower, browser] = await Promise.all([
    stage.startStandIn('ncc', ['--agents', '5', '--queues', '3', '--day-shape', 'flat']),
    stage.startStandIn('mpower'),
    startBrowser(),
  ]);
  bridge = await stage.startHost({
    environment: { ...ENVIRONMENT, API_TOKEN },
  });
  await api('POST', '/connections', demoConnection({ ncc: ncc.url, mpower: mpower.url }, 'Care & Sales'));
  await eventually('the roster is there', async () => {
    const [queues, agents] = await Promise.all(
      ['queues', 'agents'].map((list) => api<{ rows: unknown[] }>('GET', `/connections/1/${list}`)),
    );
    return queues?.rows.length === 3 && (agents?.rows.length ?? 0) >= 5;
  });
  midnightMs = Math.floor((Date.now() + OFFSET_MS) / DAY_MS) * DAY_MS - OFFSET_MS - DAY_MS;
  day = new Date(midnightMs + OFFSET_MS).toISOString().slice(0, 10);
  await importPast();
});
afterAll(async () => {
  await browser?.close();
  await stage.close();
});

const at = (minutes: number, daysBack = 0) => new Date(midnightMs + minutes * 60_000 - daysBack * DAY_MS).toISOString();

/** Yesterday and the same day a week before, and what the first agent did yesterday: in at nine, half an hour away, out at five. */
async function importPast(): Promise<void> {
  const queues = await api<{ rows: { sourceId: string }[] }>('GET', '/connections/1/queues');
  const agents = await api<{ rows: { sourceId: string }[] }>('GET', '/connections/1/agents');
  const [agent] = agents.rows;
  const figures = [0, 7].flatMap((back) =>
    queues.rows.flatMap(({ sourceId }, i) =>
      Array.from(
        { length: 96 },
        (_, slot) => `${at((slot * QUARTER_MS) / 60_000, back)},${sourceId},${10 + i + back},${9 + i},${(9 + i) * 120}`,
      ),
    ),
  );
  const states = [
    [540, 'Available'],
    [660, 'Lunch'],
    [690, 'Available'],
    [1_020, 'Logged out'],
  ].map(([minute, state]) => `${at(Number(minute))},${agent?.sourceId},${state}`);
  for (const [kind, head, lines] of [
    ['intervals', 'interval_start_utc,queue,offered,handled,total_handle_time_s', figures],
    ['state-changes', 'at_utc,agent,state', states],
  ] as const) {
    const csv = `${head}\n${lines.join('\n')}\n`;
    const { id } = await api<{ id: number }>('POST', '/connections/1/imports', { kind, fileName: 'past.csv', csv });
    await api('POST', `/connections/1/imports/${id}/confirm`);
    await eventually(`${kind} are imported`, async () => {
      const { status } = await api<{ status: string }>('GET', `/connections/1/imports/${id}`);
      return status === 'done';
    });
  }
}

const signedIn = (options: Parameters<typeof signedInVisitor>[2] = {}) => signedInVisitor(browser, bridge.url, options);

async function chooseFile(page: Page, text: string): Promise<void> {
  const file = { name: 'week.csv', mimeType: 'text/csv', buffer: Buffer.from(text) };
  await page.locator('input[type=file]').setInputFiles(file);
  await page.getByRole('button', { name: 'Read the file' }).click();
}

it('shows volume and handle time of a day, by hour and by queue, and gives the same as a file', async () => {
  const { page, complaints, close } = await signedIn();
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Reports' }).click();
  await page.waitForURL(/\/connections\/1\/reports\/volume/);
  await page.getByLabel('Day', { exact: true }).fill(day);
  await page.getByLabel('By', { exact: true }).selectOption('hour');
  await page.getByRole('button', { name: 'Show' }).click();
  const table = page.getByRole('table', { name: 'Volume and handle time by time' });
  expect(await table.getByRole('row').count()).toBe(1 + 24 + 1);
  // Three queues, 10, 11 and 12 a quarter of an hour; a week before seven more each.
  expect(await table.getByRole('row').nth(1).getByRole('cell').first().textContent()).toBe('132');
  expect(await table.getByRole('row').nth(1).getByRole('cell').nth(1).textContent()).toBe('216');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download CSV' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe(`volume-${day}-day.csv`);
  await page.getByRole('link', { name: 'Show by queue' }).click();
  const queues = page.getByRole('table', { name: 'Volume and handle time by queue' });
  const offered = await queues.getByRole('row').nth(1).getByRole('cell').first().textContent();
  expect(['960', '1,056', '1,152']).toContain(offered);
  await queues.getByRole('link').first().click();
  await page.waitForURL(/queue=\d/);
  expect(await table.getByRole('row', { name: /^All/ }).getByRole('cell').first().textContent()).toBe(offered);
  expect(complaints).toEqual([]);
  await close();
});

it.each([true, false])(
  'takes schedules with a preview and shows who kept to them, with script: %s',
  async (javaScriptEnabled) => {
    const { page, complaints, close } = await signedIn({ javaScriptEnabled });
    const agents = await api<{ rows: { sourceId: string; name: string }[] }>('GET', '/connections/1/agents');
    const [agent] = agents.rows;
    await page.goto('/connections/1/reports/adherence');
    await page.getByRole('navigation', { name: 'Reports' }).getByRole('link', { name: 'Schedules' }).click();
    await chooseFile(page, 'agent,start\nx,1\n');
    await expect.poll(() => page.getByText('The first line does not name the columns').count()).toBe(2);
    // The second run gives the same day to the same agent, with another activity in the morning.
    const morning = javaScriptEnabled ? 'Calls' : 'Chats';
    const lines = [
      `${agent?.sourceId},${morning},${day} 09:00,${day} 12:00`,
      `${agent?.sourceId},Lunch,${day} 12:00,${day} 13:00`,
      `${agent?.sourceId},Calls,${day} 13:00,${day} 17:00`,
      `nobody,Calls,${day} 13:00,${day} 17:00`,
    ];
    await chooseFile(page, `agent,activity,start,end\n${lines.join('\n')}\n`);
    await page.getByRole('heading', { name: 'Nothing is stored yet' }).waitFor();
    expect(
      await page
        .getByRole('row', { name: /There is no agent "nobody"/ })
        .getByRole('rowheader')
        .textContent(),
    ).toBe('5');
    await page.getByRole('button', { name: 'Store 3 activities, leave out 1' }).click();
    await page.getByText('The schedules are stored.').waitFor();
    await page.goto(`/connections/1/reports/adherence?day=${day}`);
    // Available through the lunch of an hour, away for half an hour of the morning: out an hour and a half of eight hours.
    const name = agent?.name || String(agent?.sourceId);
    const row = page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) });
    expect(await row.getByRole('cell').first().textContent()).toBe('81.2 %');
    await row.getByRole('link').click();
    expect(await page.getByRole('img', { name: `Adherence on ${day}` }).count()).toBe(1);
    expect(await page.getByRole('row', { name: /Lunch.*out of adherence/ }).count()).toBeGreaterThan(0);
    expect(complaints).toEqual([]);
    await close();
  },
);

it('follows what a person ticks for an activity', async () => {
  const { page, close } = await signedIn({ javaScriptEnabled: false });
  await page.goto('/connections/1/reports/schedules');
  await page.getByRole('group', { name: 'Classes that adhere to Lunch' }).getByLabel('ready', { exact: true }).check();
  await page.getByLabel('Grace period (minutes)').fill('0');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('The report is judged by it from now on').waitFor();
  await page.goto(`/connections/1/reports/adherence?day=${day}`);
  expect(await page.getByRole('cell', { name: '93.7 %', exact: true }).count()).toBe(1);
  await close();
});

it.each([
  ['light', 1_600],
  ['dark', 360],
] as const)('is accessible and keeps to its width: %s, %i px', async (colorScheme, width) => {
  const { page, close } = await signedIn({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
  const reports = '/connections/1/reports';
  await page.goto(`${reports}/schedules`);
  await chooseFile(page, `agent,activity,start,end\nx,y,1,2\n`);
  await page.getByRole('heading', { name: 'Lines left out' }).waitFor();
  const preview = new URL(page.url()).pathname;
  const addresses = [
    `${reports}/volume?day=${day}`,
    `${reports}/volume?day=${day}&span=week&by=day`,
    `${reports}/volume?day=${day}&show=queues`,
    `${reports}/volume?day=2020-01-01`,
    `${reports}/adherence?day=${day}`,
    `${reports}/adherence?day=2020-01-01`,
    `${reports}/adherence/agents/1?day=${day}`,
    `${reports}/schedules?day=${day}`,
    preview,
  ];
  for (const address of addresses) {
    const answer = await page.goto(address);
    expect([address, answer?.status()]).toEqual([address, 200]);
    await page.locator('details').evaluateAll((all) => {
      for (const details of all) details.setAttribute('open', '');
    });
    expect([address, await accessibilityFaults(page)]).toEqual([address, []]);
    const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
    expect([address, overflow]).toEqual([address, 0]);
    if (process.env.SCREENSHOTS_DIR) {
      const name = `${colorScheme}-${addresses.indexOf(address)}`;
      await page.screenshot({ path: `${process.env.SCREENSHOTS_DIR}/${name}.png`, fullPage: true });
    }
  }
  await close();
});
