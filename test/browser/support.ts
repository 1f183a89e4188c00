// A real Chromium from npm, and pages that report what a user would not see: script errors, requests to anywhere else.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

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
