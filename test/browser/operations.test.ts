// What somebody on call does, in a real browser on the built Worker with both stand-ins: watches a backfill to its end,
// imports a file with errors, looks at agents and charts, and hears of trouble on a webhook. With script and without.
import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEMO_ACCOUNTS } from '../../appliance/demo.ts';
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

const LIMIT_MS = 40_000;
const QUARTER_MS = 900_000;

const stage = new Stage();
let browser: Browser;
let bridge: StartedProcess;
let ncc: StartedProcess;
let webhook: {
  server: Server;
  url: string;
  /** What its channel signs with. */
  secret: string;
  received: { headers: IncomingHttpHeaders; body: string }[];
};

const api = <T = Record<string, unknown>>(method: string, route: string, body?: unknown) =>
  callApi<T>(bridge.url, method, route, body);

beforeAll(async () => {
  const [started, mpower, chromium, hook] = await Promise.all([
    stage.startStandIn('ncc', ['--agents', '20', '--queues', '3', '--day-shape', 'flat']),
    stage.startStandIn('mpower'),
    startBrowser(),
    startWebhook(),
  ]);
  ncc = started;
  browser = chromium;
  webhook = hook;
  bridge = await stage.startHost({
    environment: { ...ENVIRONMENT, API_TOKEN },
  });
  const connection = demoConnection({ ncc: ncc.url, mpower: mpower.url }, 'Care & Sales');
  await api('POST', '/connections', connection);
  const secrets = { ...connection.secrets, realTimePassword: 'a wrong password' };
  await api('POST', '/connections', { ...connection, name: 'Locked out', secrets });
  await eventually('the roster is there', async () => {
    const { rows } = await api<{ rows: unknown[] }>('GET', '/connections/1/queues');
    return rows.length === 3;
  });
});
afterAll(async () => {
  webhook?.server.close();
  await browser?.close();
  await stage.close();
});

/** A receiver of webhooks on this machine. */
async function startWebhook(): Promise<typeof webhook> {
  const received: (typeof webhook)['received'] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      received.push({ headers: request.headers, body });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The system named no port.');
  return { server, received, secret: '', url: `http://127.0.0.1:${address.port}/hook` };
}

const signedIn = (options: Parameters<typeof signedInVisitor>[2] = {}) => signedInVisitor(browser, bridge.url, options);

const quarter = (ago: number) => new Date((Math.floor(Date.now() / QUARTER_MS) - ago) * QUARTER_MS).toISOString();

async function chooseFile(page: Page, text: string): Promise<void> {
  const file = { name: 'history.csv', mimeType: 'text/csv', buffer: Buffer.from(text) };
  await page.locator('input[type=file]').setInputFiles(file);
  await page.getByRole('button', { name: 'Read the file' }).click();
}

it('adds rules and a webhook, shows its secret once and sends a test', async () => {
  const { page, complaints, close } = await signedIn();
  await page.goto('/monitor?show=settings');
  await page.getByRole('button', { name: 'Add the usual four' }).click();
  await page.waitForURL(/notice=rules/);
  const channels = page.getByRole('region', { name: 'Channels', exact: true });
  await channels.getByLabel('Name').fill('On call');
  await channels.getByLabel('Kind').selectOption('webhook');
  await channels.getByLabel('Address').fill(webhook.url);
  await page.getByRole('button', { name: 'Add the channel' }).click();
  webhook.secret = (await page.locator('.token code').textContent()) ?? '';
  await page.goto('/monitor?show=settings');
  expect(await page.getByText(webhook.secret).count()).toBe(0);
  await page.getByRole('button', { name: 'Send a test: On call' }).click();
  await page.getByText('The test message was taken.').waitFor();
  expect(JSON.parse(webhook.received[0]?.body ?? '')).toMatchObject({ type: 'test' });
  expect(complaints).toEqual([]);
  await close();
});

it('lets a backfill be started and watched to its end without loading the page again', async () => {
  const { page, complaints, close } = await signedIn();
  await page.goto('/connections/1/imports');
  await page.getByRole('button', { name: 'Start the backfill' }).click();
  await page.waitForURL(/notice=backfill/);
  let loads = 0;
  page.on('load', () => {
    loads += 1;
  });
  const underWay = page.getByRole('heading', { name: 'Under way' });
  await underWay.waitFor();
  expect(await page.getByRole('progressbar').count()).toBe(1);
  await underWay.waitFor({ state: 'detached', timeout: LIMIT_MS });
  expect(loads).toBe(0);
  await page.reload();
  const row = page.getByRole('row', { name: /Backfill from the ACD/ });
  expect(await row.textContent()).toContain('Done');
  expect(complaints).toEqual([]);
  await close();
});

it.each([true, false])('imports a file with errors in it, with script: %s', async (javaScriptEnabled) => {
  const { page, close } = await signedIn({ javaScriptEnabled });
  const { rows } = await api<{ rows: { sourceId: string }[] }>('GET', '/connections/1/queues');
  // A year back, where NCC was not asked; another quarter of an hour for each run.
  const start = quarter(36_000 + (javaScriptEnabled ? 0 : 1));
  const head = 'interval_start_utc,queue,offered,handled,total_handle_time_s';
  await page.goto('/connections/1/imports');
  await chooseFile(page, 'queue,offered\nx,1\n');
  await expect.poll(() => page.getByText('The first line does not name the columns').count()).toBe(2);
  await chooseFile(page, `${head}\n${start},${rows[0]?.sourceId},9,8,960\n${start},nowhere,1,1,60\n`);
  await page.getByRole('heading', { name: 'Nothing is stored yet' }).waitFor();
  expect(
    await page
      .getByRole('row', { name: /There is no queue "nowhere"/ })
      .getByRole('rowheader')
      .textContent(),
  ).toBe('3');
  await page.getByRole('button', { name: 'Import 1 row, leave out 1' }).click();
  const stored = page.getByRole('heading', { name: 'Stored' });
  if (javaScriptEnabled) await stored.waitFor({ timeout: LIMIT_MS });
  else await expect.poll(() => page.reload().then(() => stored.count()), { timeout: LIMIT_MS, interval: 500 }).toBe(1);
  const { rows: figures } = await api<{ rows: { offered: number; handleTimeMs: number }[] }>(
    'GET',
    `/connections/1/intervals?from=${start}&to=${new Date(Date.parse(start) + QUARTER_MS).toISOString()}`,
  );
  expect(figures).toMatchObject([{ offered: 9, handleTimeMs: 960_000 }]);
  await close();
});

it('shows who is in what state, an agent’s day, and the day’s charts', async () => {
  const { page, complaints, close } = await signedIn();
  await page.goto('/connections/1/agents?show=all');
  const agent = page.getByRole('rowheader').getByRole('link').first();
  const name = await agent.textContent();
  await agent.click();
  expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(name);
  expect(await page.getByRole('img', { name: /^States on/ }).count()).toBe(1);
  await page.getByRole('link', { name: 'Day before' }).click();
  await page.getByText('Nothing is known of this day').waitFor();
  await page.goto('/');
  expect(await page.getByRole('img', { name: 'Contacts offered' }).count()).toBe(1);
  await page.getByRole('figure', { name: 'Contacts offered' }).getByText('As a table').click();
  expect(await page.getByRole('table', { name: 'Contacts offered' }).getByRole('row').count()).toBeGreaterThan(2);
  expect(complaints).toEqual([]);
  await close();
});

it('tells the webhook once of a refused sign-in, signed, and once more when it is solved', async () => {
  const about = (type: string) =>
    webhook.received.filter(({ body }) => {
      const { type: own, data } = JSON.parse(body) as { type: string; data: { kind: string } };
      return own === type && data.kind === 'sign-in';
    });
  await eventually('the alert arrives', async () => about('alert.opened').length > 0, 90_000);
  const [{ headers, body }] = about('alert.opened') as [(typeof webhook)['received'][number]];
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  const key = Buffer.from(webhook.secret.replace('whsec_', ''), 'base64');
  expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
  expect(JSON.parse(body)).toMatchObject({ data: { kind: 'sign-in', connection: { id: 2, name: 'Locked out' } } });

  const { page, close } = await signedIn({ javaScriptEnabled: false });
  await page.goto('/connections/2/monitor');
  expect(await page.getByRole('region', { name: /alerts? (is|are) open/ }).textContent()).toContain(
    '1 channel was told',
  );
  await page.goto('/connections/2');
  const realTime = page.getByRole('group', { name: 'Real-time adherence integration' });
  await realTime.getByLabel('Password').fill(DEMO_ACCOUNTS.ncc.password);
  await page.getByRole('button', { name: 'Save' }).click();
  await eventually('the good news arrive', async () => about('alert.solved').length > 0, 90_000);
  expect([about('alert.opened').length, about('alert.solved').length]).toEqual([1, 1]);
  await page.goto('/monitor?show=alerts');
  expect(
    await page
      .getByRole('row', { name: /Locked out/ })
      .first()
      .textContent(),
  ).toContain('Solved');
  await close();
}, 240_000);

it('tells on a phone what happened without anything to scroll sideways for', async () => {
  const { page, close } = await signedIn({ viewport: { width: 360, height: 900 } });
  for (const address of ['/monitor', '/connections/1/monitor', '/monitor?show=alerts']) {
    await page.goto(address);
    const rightEdges = await page
      .getByRole('row')
      .locator('.words')
      .evaluateAll((told) => told.map((words) => words.getBoundingClientRect().right));
    expect([address, rightEdges.length]).not.toEqual([address, 0]);
    expect([address, Math.max(...rightEdges) <= 360]).toEqual([address, true]);
  }
  await close();
});

it.each([
  ['light', 1_600],
  ['dark', 360],
] as const)('is accessible and keeps to its width: %s, %i px', async (colorScheme, width) => {
  const { page, close } = await signedIn({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
  const { rows } = await api<{ rows: { sourceId: string }[] }>('GET', '/connections/1/queues');
  const csv = `interval_start_utc,queue,offered,handled,total_handle_time_s\n${quarter(50_000)},${rows[0]?.sourceId},2,2,60\nx,y,z,1,1\n`;
  const { id } = await api<{ id: number }>('POST', '/connections/1/imports', {
    kind: 'intervals',
    fileName: 'a.csv',
    csv,
  });
  const addresses = [
    '/',
    '/monitor',
    '/monitor?show=alerts',
    '/monitor?show=settings',
    '/connections/1/monitor',
    '/connections/1/agents',
    '/connections/1/agents?show=all&order=longest',
    '/connections/1/agents/1',
    '/connections/1/imports',
    `/connections/1/imports/${id}`,
    '/connections/2/agents',
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
  }
  await close();
});
