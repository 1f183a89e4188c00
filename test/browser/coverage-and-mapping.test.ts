// Coverage, Roster, States and Code book in a real browser, against the built Worker and both stand-ins: an administrator
// finds a gap and mends it by hand, looks at what was sent, maps queues and agents in place and by a table.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Stage, type StartedProcess } from '../host/support/stage.ts';
import {
  API_TOKEN,
  accessibilityFaults,
  callApi,
  demoConnection,
  ENVIRONMENT,
  screenshot,
  signedInVisitor,
  startBrowser,
} from './support.ts';

const ARRIVAL_LIMIT_MS = 60_000;
const INTERVAL_MS = 900_000;
const PAGE_BYTES_MAX = 150_000;

const COVERAGE = '/connections/1/coverage';
const stage = new Stage();
let browser: Browser;
let bridge: StartedProcess;
let ncc: StartedProcess;
let mpower: StartedProcess;
/** The last interval that had ended when the test began. */
let lastMs: number;

const iso = (atMs: number) => new Date(atMs).toISOString();
const nameOf = (startMs: number) => `${iso(startMs).slice(0, 16)}Z`;

const api = (method: string, route: string, body?: object) => callApi<unknown>(bridge.url, method, route, body);

const backfill = (fromMs: number, toMs: number) =>
  api('POST', '/connections/1/backfills', { from: iso(fromMs), to: iso(toMs) });

async function control(url: string, method: string, body: object): Promise<void> {
  const response = await fetch(`${url}/_control/faults`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(method === 'POST' && { body: JSON.stringify(body) }),
  });
  expect(response.ok).toBe(true);
}

beforeAll(async () => {
  [ncc, mpower, browser] = await Promise.all([
    stage.startStandIn('ncc', ['--agents', '20', '--queues', '5', '--without-username', '2', '--day-shape', 'flat']),
    stage.startStandIn('mpower'),
    startBrowser(),
  ]);
  const environment = { ...ENVIRONMENT, API_TOKEN };
  bridge = await stage.startHost({ environment });
  lastMs = Math.floor(Date.now() / INTERVAL_MS) * INTERVAL_MS - INTERVAL_MS;
  await api('POST', '/connections', demoConnection({ ncc: ncc.url, mpower: mpower.url }, 'Kathmandu'));
  await backfill(lastMs - 20 * INTERVAL_MS, lastMs + INTERVAL_MS);
});
afterAll(async () => {
  await browser?.close();
  await stage.close();
});

const signedIn = (options: Parameters<typeof signedInVisitor>[2] = {}) => signedInVisitor(browser, bridge.url, options);

/** Loads a page until it shows what is waited for. */
async function until(page: Page, address: string, shown: () => Promise<boolean>): Promise<void> {
  const load = () => page.goto(address).then(shown);
  await expect.poll(load, { timeout: ARRIVAL_LIMIT_MS, interval: 1_000 }).toBe(true);
}

const cellOf = (page: Page, startMs: number) => page.locator(`table.grid a[href$="${nameOf(startMs)}"]`);
const isDelivered = (page: Page, startMs: number) => async () =>
  /delivered/.test((await cellOf(page, startMs).getAttribute('title')) ?? '');

it('leads by keyboard from the heat map to the exact body that was sent', async () => {
  const { page, complaints, close } = await signedIn();
  await until(page, COVERAGE, isDelivered(page, lastMs - INTERVAL_MS));
  await page.locator('table.grid td > a[tabindex="0"]').focus();
  const first = await page.evaluate('document.activeElement.href');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowLeft');
  const second = await page.evaluate('document.activeElement.href');
  expect(second).not.toBe(first);
  await page.keyboard.press('Enter');
  await page.waitForURL(String(second));

  await page.goto(`${COVERAGE}/${nameOf(lastMs - INTERVAL_MS)}`);
  expect(await page.locator('time').first().getAttribute('title')).toMatch(/UTC$/);
  await page.locator('details.sent summary').first().click();
  const shown = (await page.locator('details.sent pre').first().textContent()) ?? '';
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download' }).first().click();
  const exact = readFileSync(await (await download).path(), 'utf8');
  expect(JSON.parse(shown)).toEqual(JSON.parse(exact));
  expect(exact).toContain('"queueReport":[{');
  await screenshot(page, 'interval');
  expect(complaints).toEqual([]);
  await close();
});

it('shows a gap with its reason, and a button mends it', async () => {
  const { page, complaints, close } = await signedIn();
  const startMs = lastMs - 96 * INTERVAL_MS;
  await control(ncc.url, 'POST', { fault: 'html', path: 'historical' });
  await backfill(startMs, startMs + 2 * INTERVAL_MS);
  const gap = page.getByRole('row', { name: /^Gap/ });
  await until(page, COVERAGE, async () => (await gap.count()) > 0);
  await screenshot(page, 'gap');
  await control(ncc.url, 'DELETE', {});
  await gap
    .first()
    .getByRole('button', { name: /Read again/ })
    .click();
  await expect.poll(() => page.getByText('read again, newest first').count()).toBe(1);
  await until(page, COVERAGE, isDelivered(page, startMs));
  await until(page, COVERAGE, async () => (await gap.count()) === 0);
  expect(complaints).toEqual([]);
  await close();
});

it('sends an interval again without script', async () => {
  const { page, close } = await signedIn({ javaScriptEnabled: false });
  const startMs = lastMs - 5 * INTERVAL_MS;
  const address = `${COVERAGE}/${nameOf(startMs)}`;
  await page.goto(address);
  await page.getByRole('button', { name: /Send again/ }).click();
  expect(await page.getByText('1 report is sent again').count()).toBe(1);
  await until(page, address, async () => (await page.locator('details.sent').count()) === 2);
  expect(await page.locator('details.sent summary').first().textContent()).toMatch(/revision 2.*answered 200/);
  await close();
});

it('maps queues in place, with and without script', async () => {
  for (const javaScriptEnabled of [true, false]) {
    const { page, close } = await signedIn({ javaScriptEnabled });
    await page.goto('/connections/1/roster');
    const key = page.getByLabel(/^Key in the WFM of/).first();
    const label = (await key.getAttribute('aria-label')) ?? '';
    await key.fill('Schlüssel');
    await page.getByRole('button', { name: 'Save' }).click();
    await expect.poll(() => page.getByText('Nothing was saved.').count()).toBe(1);
    expect(await page.getByLabel(label, { exact: true }).getAttribute('aria-invalid')).toBe('true');
    expect(await page.getByLabel(label, { exact: true }).inputValue()).toBe('Schlüssel');
    await page.getByLabel(label, { exact: true }).fill(`key-${javaScriptEnabled}`);
    await page.getByRole('button', { name: 'Save' }).click();
    await expect.poll(() => page.getByText('1 row was changed').count()).toBe(1);
    expect(await page.getByLabel(label, { exact: true }).inputValue()).toBe(`key-${javaScriptEnabled}`);
    await close();
  }
});

it('points out a queue that mixes directions, and ticks all rows at once', async () => {
  const { page, complaints, close } = await signedIn();
  await page.goto('/connections/1/roster');
  await page
    .getByLabel(/^Direction of/)
    .first()
    .selectOption('mixed');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect.poll(() => page.getByText('NICE drops such records').count()).toBe(1);
  await page.getByTitle('Tick all rows of this page').getByRole('checkbox').check();
  await page.getByLabel('With').selectOption('inbound');
  await page.getByRole('button', { name: 'Apply' }).click();
  await expect.poll(() => page.getByText('NICE drops such records').count()).toBe(0);
  expect(complaints).toEqual([]);
  await close();
});

it('takes agents in by a table: errors by line first, then what is in order', async () => {
  const { page, complaints, close } = await signedIn();
  await page.goto('/connections/1/roster?show=agents');
  expect(await page.getByText('2 agents cannot be placed in the WFM').count()).toBe(1);
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download CSV' }).click();
  const [head = '', ...lines] = readFileSync(await (await download).path(), 'utf8')
    .trimEnd()
    .split('\r\n');
  expect(head).toBe('ACD id,User name,Name,ACD Login ID,CXone employee id,Included');
  const [one = '', two = '', ...rest] = lines;
  const filled = [one.replace(/,,,yes$/, ',new-login,E1,yes'), two.replace(/,yes$/, ',maybe'), ...rest];
  const buffer = Buffer.from([head, ...filled, 'nobody,,,,,yes'].join('\r\n'));
  await page.getByLabel(/^CSV of agents/).setInputFiles({ name: 'agents.csv', mimeType: 'text/csv', buffer });
  await page.getByRole('button', { name: 'Preview' }).click();
  await page.getByRole('heading', { name: 'Preview of the table of agents' }).waitFor();
  expect(await page.getByText('There is no agent "nobody".').count()).toBe(1);
  expect(await page.getByText('Write yes or no.').count()).toBe(1);
  await screenshot(page, 'preview');
  await page.getByRole('button', { name: 'Apply 2 changes' }).click();
  await expect.poll(() => page.getByText('1 agent cannot be placed in the WFM').count()).toBe(1);
  expect(complaints).toEqual([]);
  await close();
});

it('says what states are sent as, and lists the pairs for CXone', async () => {
  const { page, close } = await signedIn({ javaScriptEnabled: false });
  await until(page, '/connections/1/states', async () => (await page.getByLabel(/^Event code of/).count()) > 0);
  const code = page.getByLabel(/^Event code of/).first();
  await code.fill('IN_SERVICE');
  await page.getByRole('button', { name: 'Save' }).click();
  expect(await page.getByText('1 row was changed').count()).toBe(1);
  await page.goto('/connections/1/code-book');
  expect(await page.getByRole('row', { name: /^IN_SERVICE/ }).count()).toBe(1);
  await close();
});

it.each([
  ['light', 1_600],
  ['dark', 1_600],
  ['light', 360],
  ['dark', 360],
] as const)('is accessible, keeps to its width and its weight: %s, %i px', async (colorScheme, width) => {
  const { page, close } = await signedIn({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
  const day = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Kathmandu' }).format(lastMs);
  const addresses = [
    `${COVERAGE}?days=28`,
    `${COVERAGE}?state=gap`,
    `${COVERAGE}/${day}`,
    `${COVERAGE}/${nameOf(lastMs - 5 * INTERVAL_MS)}`,
    '/connections/1/roster',
    '/connections/1/roster?show=agents',
    '/connections/1/roster?q=nothing+like+it',
    '/connections/1/states',
    '/connections/1/code-book',
  ];
  for (const address of addresses) {
    const response = await page.goto(address);
    expect(gzipSync((await response?.body()) ?? '').length).toBeLessThan(PAGE_BYTES_MAX);
    await page.locator('details').evaluateAll((all) => {
      for (const details of all) details.setAttribute('open', '');
    });
    expect([address, await accessibilityFaults(page)]).toEqual([address, []]);
    const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
    expect([address, overflow]).toEqual([address, 0]);
    await screenshot(page, `${colorScheme}-${width}${address.replaceAll(/[^a-z0-9]+/gi, '-')}`);
  }
  await close();
});
