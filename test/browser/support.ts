// A real Chromium from npm, pages that report what a user would not see (script errors, requests to anywhere else), and
// what every test of the site begins with: an administrator who is signed in, a script's token, a connection of the demo.
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { DEMO_ACCOUNTS } from '../../appliance/demo.ts';

/** Makes the package unpack the libraries that a bare system lacks. Has to be set before it is loaded. */
process.env.AWS_LAMBDA_JS_RUNTIME ??= 'nodejs22.x';

export async function startBrowser(): Promise<Browser> {
  const { default: packaged } = await import('@sparticuz/chromium');
  // Not the package's own arguments: they switch the same-origin policy off.
  return chromium.launch({
    executablePath: await packaged.executablePath(),
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
}

export const PASSWORD = 'a password for the browser';
export const API_TOKEN = 'token-for-the-browser-0123456789-01234567';
/** Of a bridge whose sources and destinations are stand-ins on this machine. */
export const ENVIRONMENT = { ADMIN_PASSWORD: PASSWORD, ALLOW_PRIVATE_NETWORK: 'true' } as const;

export interface Visitor {
  readonly page: Page;
  /** Everything that went wrong unseen: script errors, blocked resources, requests to other hosts. */
  readonly complaints: string[];
  close(): Promise<void>;
}

export async function newVisitor(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visitor> {
  const context = await browser.newContext({ baseURL: url, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // The browser calls a sign-in page, or a form that was not accepted, an error, too; the page says what it is.
    const isPage = /status of 4(01|09|22)/.test(message.text());
    if (message.type() === 'error' && !isPage) complaints.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) complaints.push(`asks another host: ${request.url()}`);
  });
  return { page, complaints, close: () => context.close() };
}

/** An administrator who has just signed in. */
export async function signedInVisitor(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Visitor> {
  const visitor = await newVisitor(browser, url, options);
  await visitor.page.goto('/');
  await visitor.page.getByLabel('Administrator password').fill(PASSWORD);
  await visitor.page.getByRole('button', { name: 'Sign in' }).click();
  await visitor.page.waitForURL(`${url}/`);
  return visitor;
}

/** Asks the API of a bridge that was started with `API_TOKEN`. Throws for every answer that is no success. */
export async function callApi<T = Record<string, unknown>>(
  url: string,
  method: string,
  route: string,
  body?: unknown,
): Promise<T> {
  const response = await fetch(`${url}/api/v1${route}`, {
    method,
    headers: { authorization: `Bearer ${API_TOKEN}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${text}`);
  return (text === '' ? {} : JSON.parse(text)) as T;
}

/** A connection between the two stand-ins, as the API takes it. */
export function demoConnection(standIns: { readonly ncc: string; readonly mpower: string }, name: string) {
  const { ncc: account, mpower: key } = DEMO_ACCOUNTS;
  return {
    name,
    timeZone: 'Asia/Kathmandu',
    acd: {
      kind: 'nextiva-ncc',
      realTime: { baseUrl: standIns.ncc, username: account.username, collectionIntervalS: 3 },
      historical: { baseUrl: standIns.ncc, username: account.username },
    },
    wfm: { kind: 'cxone-mpower', baseUrl: standIns.mpower, accessKeyId: key.accessKeyId },
    secrets: {
      realTimePassword: account.password,
      historicalPassword: account.password,
      accessKeySecret: key.accessKeySecret,
    },
  };
}

/** A picture for people, where the environment names a directory. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const directory = process.env.SCREENSHOTS_DIR;
  if (!directory) return;
  mkdirSync(directory, { recursive: true });
  await page.screenshot({ path: path.join(directory, `${name}.png`), fullPage: true });
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResult {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}

/** What axe finds wrong with the page as it is shown now. The page's context must bypass the CSP. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const result = await page.evaluate<AxeResult>('axe.run(document)');
  return result.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}
