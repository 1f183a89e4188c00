// The site in a real browser, on the built Worker in the embedded host, with both stand-ins as processes: an administrator
// signs in, makes a connection by the form, and watches the Overview until figures and states have arrived.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Stage, type StartedProcess } from '../host/support/stage.ts';
import { accessibilityFaults, ENVIRONMENT, screenshot, signedInVisitor, startBrowser } from './support.ts';

const NCC_PASSWORD = 'demo-password';
const ARRIVAL_LIMIT_MS = 40_000;

const stage = new Stage();
let browser: Browser;
let bridge: StartedProcess;
let ncc: StartedProcess;
let mpower: StartedProcess;

beforeAll(async () => {
  [ncc, mpower, browser] = await Promise.all([
    stage.startStandIn('ncc', ['--agents', '12', '--queues', '3', '--day-shape', 'flat']),
    stage.startStandIn('mpower'),
    startBrowser(),
  ]);
  bridge = await stage.startHost({ environment: ENVIRONMENT });
});
afterAll(async () => {
  await browser?.close();
  await stage.close();
});

const signedIn = (options: Parameters<typeof signedInVisitor>[2] = {}) => signedInVisitor(browser, bridge.url, options);

async function fillIn(page: Page, name: string, nccPassword: string): Promise<void> {
  const realTime = page.getByRole('group', { name: 'Real-time adherence integration' });
  const historical = page.getByRole('group', { name: 'Historical contact volume data collection' });
  const wfm = page.getByRole('group', { name: 'CXone Mpower WFM' }).first();
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('Time zone').fill('Asia/Kathmandu');
  await realTime.getByLabel('Base URL').fill(ncc.url);
  await realTime.getByLabel('Username').fill('wfm@demo.example');
  await realTime.getByLabel('Password').fill(nccPassword);
  await realTime.getByLabel('Transaction Collection Interval (seconds)').fill('3');
  await historical.getByLabel('Base URL').fill(ncc.url);
  await historical.getByLabel('UserName').fill('wfm@demo.example');
  await historical.getByLabel('Password').fill(nccPassword);
  await wfm.getByLabel('Base URL').fill(mpower.url);
  await wfm.getByLabel('Access key id').fill('DEMO-ACCESS-KEY-ID');
  await wfm.getByLabel('Access key secret').fill('demo-access-key-secret');
}

it('takes an administrator from the sign-in to a healthy connection that delivers', async () => {
  const { page, complaints, close } = await signedIn();
  await page.getByRole('link', { name: 'Create a connection' }).click();
  await fillIn(page, 'Kathmandu', NCC_PASSWORD);
  await page.getByLabel('Transaction Collection Interval (seconds)').fill('2');
  await page.getByRole('button', { name: 'Save' }).click();
  const interval = page.getByLabel('Transaction Collection Interval (seconds)');
  await expect.poll(() => interval.getAttribute('aria-invalid')).toBe('true');
  expect(await page.getByText('The shortest interval is 3 seconds.').count()).toBe(2);
  expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('Kathmandu');
  await screenshot(page, 'form-refused');

  // What was typed is kept, but no secret ever comes back.
  expect(await page.getByLabel('Access key secret').inputValue()).toBe('');
  await fillIn(page, 'Kathmandu', NCC_PASSWORD);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.waitForURL(`${bridge.url}/?notice=saved`);

  // The page refreshes itself: nobody loads it again.
  let loads = 0;
  page.on('load', () => {
    loads += 1;
  });
  const card = page.getByRole('region', { name: 'Kathmandu' });
  const delivered = card
    .getByRole('row', { name: /^Agent states/ })
    .getByRole('cell')
    .nth(2);
  await expect.poll(() => delivered.textContent(), { timeout: ARRIVAL_LIMIT_MS }).toMatch(/^[1-9]/);
  await expect.poll(() => card.getByText('Healthy').count(), { timeout: ARRIVAL_LIMIT_MS }).toBe(1);
  expect(await card.getByText('Does not add up').count()).toBe(0);
  expect(await page.getByText('times in Asia/Kathmandu').count()).toBe(1);
  expect(await page.locator('time').first().getAttribute('title')).toMatch(/UTC$/);
  expect(loads).toBe(0);
  await screenshot(page, 'overview');
  expect(complaints).toEqual([]);
  await close();
});

it('does the same without script, and says in words what NCC refused', async () => {
  const { page, close } = await signedIn({ javaScriptEnabled: false });
  await page.getByRole('link', { name: 'New connection' }).click();
  await fillIn(page, 'Locked out', 'a wrong password');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.waitForURL(`${bridge.url}/?notice=saved`);
  const refusal = page.getByText('Nextiva NCC refused the user name or password of the real-time group');
  await expect
    .poll(() => page.goto('/').then(() => refusal.count()), { timeout: ARRIVAL_LIMIT_MS, interval: 1_000 })
    .toBe(1);
  await page.getByRole('link', { name: 'Open the connection' }).first().click();
  expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Locked out');
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Resume' }).waitFor();
  await close();
});

it.each([
  ['light', 1_600],
  ['dark', 360],
] as const)('is accessible and keeps to its width: %s, %i px', async (colorScheme, width) => {
  const { page, close } = await signedIn({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
  for (const address of ['/', '/connections/new', '/connections/1', '/set-aside', '/api/docs']) {
    await page.goto(address);
    await page.locator('details').evaluateAll((all) => {
      for (const details of all) details.setAttribute('open', '');
    });
    expect([address, await accessibilityFaults(page)]).toEqual([address, []]);
    const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
    expect([address, overflow]).toEqual([address, 0]);
    await screenshot(page, `${colorScheme}-${width}${address.replaceAll('/', '-')}`);
  }
  await close();
});
