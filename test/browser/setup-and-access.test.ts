// Set-up, connection and access in a real browser, against the built Worker and both stand-ins: an administrator goes from
// nothing to the first delivery by the Set-up page, tries settings out, meets another administrator, and hands out tokens.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Stage, type StartedProcess } from '../host/support/stage.ts';
import { accessibilityFaults, ENVIRONMENT, screenshot, signedInVisitor, startBrowser } from './support.ts';

const ARRIVAL_LIMIT_MS = 60_000;

const stage = new Stage();
let browser: Browser;
let bridge: StartedProcess;
let ncc: StartedProcess;
let mpower: StartedProcess;

beforeAll(async () => {
  [ncc, mpower, browser] = await Promise.all([
    stage.startStandIn('ncc', ['--agents', '30', '--queues', '4', '--day-shape', 'flat']),
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

const group = (page: Page, name: string) => page.getByRole('group', { name, exact: true }).first();
const menu = (page: Page, name: string) => page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name });
const UNKNOWN_AGENT = { fault: 'poison', value: 'ana.silva@demo.example' };
const REAL_TIME = 'Real-time adherence integration';
const HISTORICAL = 'Historical contact volume data collection';
const WFM = 'CXone Mpower WFM';

async function fillIn(page: Page, name: string): Promise<void> {
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('Time zone').fill('America/Chicago');
  await group(page, REAL_TIME).getByLabel('Base URL').fill(ncc.url);
  await group(page, REAL_TIME).getByLabel('Username').fill('wfm@demo.example');
  await group(page, REAL_TIME).getByLabel('Password').fill('demo-password');
  await group(page, REAL_TIME).getByLabel('Transaction Collection Interval (seconds)').fill('3');
  await group(page, HISTORICAL).getByLabel('Base URL').fill(ncc.url);
  await group(page, HISTORICAL).getByLabel('UserName').fill('wfm@demo.example');
  await group(page, HISTORICAL).getByLabel('Password').fill('demo-password');
  await group(page, WFM).getByLabel('Base URL').fill(mpower.url);
  await group(page, WFM).getByLabel('Access key id').fill('DEMO-ACCESS-KEY-ID');
  await group(page, WFM).getByLabel('Access key secret').fill('demo-access-key-secret');
}

/** What is wrong with the page that is shown: with everything opened that can be opened. */
async function faults(page: Page): Promise<unknown[]> {
  await page.locator('details').evaluateAll((all) => {
    for (const details of all) details.setAttribute('open', '');
  });
  const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
  return [...(await accessibilityFaults(page)), ...(overflow === 0 ? [] : [`${overflow} px too wide`])];
}

it('leads from nothing to the first delivery, step by step', async () => {
  const { page, complaints, close } = await signedIn();
  await menu(page, 'Set-up').click();
  await screenshot(page, 'setup-first');
  const step = (title: string) =>
    page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: title }) });
  expect(await step('A role without permissions').getAttribute('aria-current')).toBe('step');
  await page.getByRole('button', { name: 'Mark as done: A role without permissions' }).click();
  await page.getByText('Ticked by the administrator').waitFor();
  await page.getByText('1 of 12 steps done.').waitFor();
  await page.getByRole('link', { name: 'Create a connection' }).click();

  // Each group is tried out by itself, and the form keeps what was typed.
  await fillIn(page, 'Chicago');
  await group(page, REAL_TIME).getByRole('button', { name: 'Test' }).click();
  await group(page, REAL_TIME).getByText('read the states of 30 agents').waitFor();
  expect(await group(page, REAL_TIME).getByRole('row').count()).toBe(6);
  await group(page, HISTORICAL).getByRole('button', { name: 'Test' }).click();
  await group(page, HISTORICAL).getByText('The test went well.').waitFor();
  await group(page, WFM).getByRole('button', { name: 'Test' }).click();
  await group(page, WFM).getByText('Signed in with the access key.').waitFor();
  await page.getByText('The body that would be sent').first().click();
  expect(await page.locator('pre').first().textContent()).toContain('"agentStateList"');
  expect(await group(page, REAL_TIME).getByLabel('Password').inputValue()).toBe('demo-password');
  await screenshot(page, 'connection-tested');
  const received = await (await fetch(`${mpower.url}/_truth/requests`)).text();
  expect([received.includes('/token/access-key'), received.includes('/wfm/acd/')]).toEqual([true, false]);

  // One agent is nobody that CXone knows.
  await fetch(`${mpower.url}/_control/faults`, { method: 'POST', body: JSON.stringify(UNKNOWN_AGENT) });
  await page.getByRole('button', { name: 'Save' }).click();
  await page.waitForURL(`${bridge.url}/?notice=saved`);
  await menu(page, 'Set-up').click();
  const delivered = step('CXone accepts data').getByText(/accepted|Not accepted yet/);
  await expect.poll(() => delivered.count(), { timeout: ARRIVAL_LIMIT_MS }).toBeGreaterThan(0);
  await step('An access key').getByText('CXone accepts the access key.').waitFor({ timeout: ARRIVAL_LIMIT_MS });
  await step('The roster is imported')
    .getByText(/30 agents and 4 queues/)
    .waitFor({ timeout: ARRIVAL_LIMIT_MS });
  await screenshot(page, 'setup-under-way');
  expect(complaints).toEqual([]);
  await close();
});

it('lists a record that CXone refused with its reason, and sends it again when the cause is mended', async () => {
  const { page, complaints, close } = await signedIn();
  await page.goto('/connections/1/set-aside');
  await page
    .getByRole('row', { name: /ana\.silva@demo\.example/ })
    .first()
    .waitFor();
  expect(await page.getByText('cannot be processed').count()).toBeGreaterThan(0);
  expect(await page.getByRole('link', { name: 'Download CSV' }).getAttribute('href')).toContain('format=csv');
  await screenshot(page, 'set-aside');
  await fetch(`${mpower.url}/_control/faults`, { method: 'DELETE' });
  await page.getByRole('button', { name: 'Send all again' }).click();
  await page.getByText(/sent again\./).waitFor();
  await page.getByText('Nothing is set aside.').waitFor();
  await page.getByLabel('Status').selectOption('All');
  await page.getByRole('button', { name: 'Show' }).click();
  await page.getByText('Sent again', { exact: true }).last().waitFor();
  expect(complaints).toEqual([]);
  await close();
});

it('saves on Enter in a field, and tries every group out after a save', async () => {
  const { page, complaints, close } = await signedIn();
  await page.goto('/connections/1');
  await group(page, WFM).getByLabel('ACD id').fill('Tenant_7');
  await group(page, WFM).getByLabel('ACD id').press('Enter');
  await page.waitForURL(`${bridge.url}/connections/1?notice=saved`);
  await page.getByText('The test went well.').nth(2).waitFor();
  expect(await page.getByText('The test went well.').count()).toBe(3);
  await screenshot(page, 'connection-saved');
  expect(complaints).toEqual([]);
  await close();
});

it('tries a group out without script, and says what is wrong with it in words', async () => {
  const { page, close } = await signedIn({ javaScriptEnabled: false });
  await page.goto('/connections/1');
  await group(page, HISTORICAL).getByLabel('UserName').fill('somebody else');
  await group(page, HISTORICAL).getByRole('button', { name: 'Test' }).click();
  await page.getByText('The test failed.').waitFor();
  expect(await page.getByText('refused the credentials').count()).toBe(1);
  expect(await group(page, HISTORICAL).getByLabel('UserName').inputValue()).toBe('somebody else');
  await screenshot(page, 'connection-refused');
  await page.goto('/connections/new');
  await group(page, WFM).getByRole('button', { name: 'Test' }).click();
  await page.getByText('Not tested.').waitFor();
  expect(await page.getByText('Enter the access key id.').count()).toBe(1);
  await close();
});

it('tells the second of two administrators what differs and who saved it', async () => {
  const [first, second] = await Promise.all([signedIn(), signedIn({ javaScriptEnabled: false })]);
  await first.page.goto('/connections/1');
  await second.page.goto('/connections/1');
  await first.page.getByText('Advanced', { exact: true }).click();
  await first.page.getByLabel('Settle delay (seconds)').fill('180');
  await first.page.getByRole('button', { name: 'Save' }).click();
  await first.page.waitForURL(/notice=saved/);
  await group(second.page, WFM).getByLabel('ACD id').fill('Tenant_8');
  await second.page.getByRole('button', { name: 'Save' }).click();
  const told = second.page.getByRole('alert');
  await told.getByText('Nothing was saved').waitFor();
  expect(await told.getByText('It was the administrator').count()).toBe(1);
  expect(await told.getByRole('row', { name: /^Settle delay \(seconds\) 180 120$/ }).count()).toBe(1);
  expect(await told.getByRole('row', { name: /^ACD id Tenant_7 Tenant_8$/ }).count()).toBe(1);
  await screenshot(second.page, 'connection-conflict');
  await told.getByRole('link', { name: 'load what is stored now' }).click();
  expect(await group(second.page, WFM).getByLabel('ACD id').inputValue()).toBe('Tenant_7');
  await Promise.all([first.close(), second.close()]);
});

it('hands out a token once, lists who is signed in, and signs everybody out', async () => {
  const { page, complaints, close } = await signedIn();
  await menu(page, 'Access').click();
  await page.getByLabel('Name').fill('Metrics');
  await page.getByRole('button', { name: 'Make a token' }).click();
  const token = (await page.locator('pre.token').textContent())?.trim() ?? '';
  expect(token).toMatch(/^awb_[\w-]{43}$/);
  await screenshot(page, 'access-made');
  const metrics = await fetch(`${bridge.url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  expect(await metrics.text()).toContain('bridge_connection_info{connection="1",name="Chicago"} 1');
  await page.goto('/access');
  expect(await page.getByText(token).count()).toBe(0);
  await page.getByRole('button', { name: 'Revoke the token Metrics' }).click();
  await page.getByText('The token is revoked.').waitFor();
  const refused = await fetch(`${bridge.url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  expect(refused.status).toBe(401);

  await page.getByRole('link', { name: 'Audit' }).click();
  await page.getByLabel('Change', { exact: true }).selectOption('token revoked');
  await page.getByRole('button', { name: 'Show' }).click();
  expect(await page.getByRole('row').count()).toBe(2);
  await page.getByRole('link', { name: 'Sign-in and sessions' }).click();
  await page.getByText('This session').waitFor();
  await screenshot(page, 'access-sessions');
  await page.getByRole('button', { name: 'Sign out everywhere' }).click();
  await page.getByLabel('Administrator password').waitFor();
  await page.goto('/');
  expect(await page.getByLabel('Administrator password').count()).toBe(1);
  expect(complaints).toEqual([]);
  await close();
});

it.each([
  ['light', 1_600],
  ['dark', 1_600],
  ['light', 360],
  ['dark', 360],
] as const)('is accessible and keeps to its width: %s, %i px', async (colorScheme, width) => {
  const { page, close } = await signedIn({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
  const addresses = ['/setup', '/connections/new', '/connections/1', '/access', '/access?show=sessions'];
  for (const address of [...addresses, '/access?show=audit', '/connections/1/set-aside?status=all']) {
    await page.goto(address);
    expect([address, await faults(page)]).toEqual([address, []]);
    await screenshot(page, `${colorScheme}-${width}${address.replaceAll(/[/?=]/g, '-')}`);
  }
  await close();
});

it('deletes a connection when its name is typed, and only then', async () => {
  const { page, close } = await signedIn({ javaScriptEnabled: false });
  await page.goto('/connections/1');
  await page.getByText('Delete this connection').click();
  await page.getByLabel("Type the connection's name").fill('chicago');
  await page.getByRole('button', { name: 'Delete for good' }).click();
  await page.getByText('Nothing was deleted.').waitFor();
  await page.getByLabel("Type the connection's name").fill('Chicago');
  await page.getByRole('button', { name: 'Delete for good' }).click();
  await page.waitForURL(`${bridge.url}/?notice=deleted`);
  expect(await page.getByRole('link', { name: 'Chicago' }).count()).toBe(0);
  await close();
});
