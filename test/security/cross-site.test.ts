// Fault B2 in a real browser: an administrator who is signed in visits a page of somebody else. Once it is another site,
// once a neighbour on the same host, to whom a browser sends SameSite cookies: there the check of Origin stands alone.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startBrowser } from '../browser/support.ts';
import { Stage, type StartedProcess } from '../host/support/stage.ts';
import { api, connection, createConnection, SECRETS, startBridge } from './support/bridge.ts';

const stage = new Stage();
let browser: Browser;
let bridge: StartedProcess;
let evil: http.Server;
let id: number;

beforeAll(async () => {
  [browser, bridge] = await Promise.all([startBrowser(), startBridge(stage, { ALLOW_PRIVATE_NETWORK: 'true' })]);
  evil = http.createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>Elsewhere</title><body>');
  });
  await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
  // Nobody listens there: what is of interest is whether it is paused or gone.
  id = await createConnection(bridge.url, connection('Victim', 'http://127.0.0.1:9', 'http://127.0.0.1:9'));
});
afterAll(async () => {
  await browser?.close();
  evil?.closeAllConnections();
  evil?.close();
  await stage.close();
});

interface Facts {
  readonly paused: boolean;
  readonly version: number;
  readonly name: string;
}

async function facts(): Promise<Facts> {
  const { paused, version, name } = JSON.parse((await api(bridge.url, 'GET', `/connections/${id}`)).text);
  return { paused, version, name };
}

async function signIn(page: Page): Promise<void> {
  await page.goto(`${bridge.url}/sign-in`);
  await page.getByLabel('Administrator password').fill(SECRETS.ADMIN_PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${bridge.url}/`);
}

async function isSignedIn(context: BrowserContext): Promise<boolean> {
  const page = await context.newPage();
  const response = await page.goto(`${bridge.url}/`);
  await page.close();
  return response?.status() === 200;
}

/** Runs a script of the page. Its source is text: these tests know no DOM of their own. */
function run<T>(page: Page, source: string, ...given: readonly unknown[]): Promise<T> {
  return page.evaluate<T>(`(${source})(${given.map((value) => JSON.stringify(value)).join(', ')})`);
}

/** Sends a form as a whole page, as a script of the page does; the answer's status. */
async function submitForm(
  page: Page,
  action: string,
  fields: Record<string, string>,
  enctype: string,
): Promise<number> {
  const answered = page.waitForResponse((response) => response.url() === action);
  const source = `(action, enctype, fields) => {
    const form = Object.assign(document.createElement('form'), { method: 'post', action, enctype });
    for (const [name, value] of fields) form.append(Object.assign(document.createElement('input'), { name, value }));
    document.body.append(form);
    form.submit();
  }`;
  await run(page, source, action, enctype, Object.entries(fields));
  const response = await answered;
  await page.waitForLoadState();
  return response.status();
}

/** What a script of the page sees of an answer. */
function fetchFrom(page: Page, url: string, init: object): Promise<string> {
  const source = `async (url, init) => {
    try {
      const response = await fetch(url, init);
      return response.type + ' ' + response.status + ' ' + (await response.text()).slice(0, 200);
    } catch (error) {
      return 'refused: ' + error.name;
    }
  }`;
  return run(page, source, url, init);
}

/** Adds an element to the page and waits for it; what became of it. */
function addElement(page: Page, tag: 'script' | 'iframe', url: string): Promise<string> {
  const source = `(tag, src) => new Promise((resolve) => {
    const element = document.createElement(tag);
    element.onload = () => resolve('loaded');
    element.onerror = () => resolve('refused');
    element.src = src;
    document.body.append(element);
  })`;
  return run(page, source, tag, url);
}

describe.each([
  ['another site', 'localhost'],
  ['a neighbour on the same host', '127.0.0.1'],
])('a page of %s', (_what, host) => {
  let context: BrowserContext;
  let page: Page;
  let before: Facts;

  beforeAll(async () => {
    context = await browser.newContext();
    await signIn(await context.newPage());
  });
  afterAll(async () => {
    await context.close();
  });
  beforeEach(async () => {
    page = await context.newPage();
    await page.goto(`http://${host}:${(evil.address() as AddressInfo).port}/`);
    before = await facts();
    return async () => {
      await page.close();
      expect(await facts()).toEqual(before);
      expect(await isSignedIn(context)).toBe(true);
    };
  });

  it.each(['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'])(
    'cannot have a form carried out: %s',
    async (enctype) => {
      for (const path of [
        `/connections/${id}/pause`,
        `/connections/${id}`,
        '/connections/new',
        '/sign-out',
        '/access/sessions/end-all',
        '/access/tokens',
      ]) {
        const fields = { name: 'Taken over', scope: 'all', mark: '' };
        const own = await context.newPage();
        await own.goto(`http://${host}:${(evil.address() as AddressInfo).port}/`);
        const status = await submitForm(own, `${bridge.url}${path}`, fields, enctype);
        await own.close();
        // To another site's page the cookie does not even go along.
        expect([path, [401, 403].includes(status)]).toEqual([path, true]);
      }
    },
  );

  it('cannot sign the browser in as somebody else', async () => {
    const fields = { password: SECRETS.ADMIN_PASSWORD };
    expect(await submitForm(page, `${bridge.url}/sign-in`, fields, 'application/x-www-form-urlencoded')).toBe(403);
  });

  it('cannot change anything by script, with preflight or without', async () => {
    const target = `${bridge.url}/api/v1/connections/${id}`;
    const credentials = 'include';
    for (const [url, init] of [
      [`${target}/pause`, { method: 'POST', mode: 'no-cors', credentials }],
      [
        `${target}/pause`,
        { method: 'POST', mode: 'no-cors', credentials, headers: { 'content-type': 'text/plain' }, body: '{}' },
      ],
      [`${target}/pause`, { method: 'POST', credentials }],
      [target, { method: 'DELETE', credentials }],
      [target, { method: 'PUT', credentials, headers: { 'content-type': 'application/json' }, body: '{}' }],
    ] as const) {
      expect(await fetchFrom(page, url, init)).toMatch(/^refused|^opaque 0 $/);
    }
    await run(page, `(url) => navigator.sendBeacon(url, '{}')`, `${target}/pause`);
    await fetchFrom(page, `${target}/pause`, { method: 'POST', mode: 'no-cors', keepalive: true });
  });

  it('cannot read anything', async () => {
    for (const path of ['/', '/api/v1/status', '/api/openapi.json', '/metrics', '/healthz', '/static/app.js']) {
      for (const mode of ['cors', 'no-cors'] as const) {
        const seen = await fetchFrom(page, `${bridge.url}${path}`, { credentials: 'include', mode });
        expect([path, mode, seen]).toEqual([path, mode, expect.stringMatching(/^refused/)]);
      }
      const asScript = await addElement(page, 'script', `${bridge.url}${path}`);
      expect([path, asScript]).toEqual([path, 'refused']);
    }
  });

  it('cannot show the site in a frame', async () => {
    for (const path of ['/', '/sign-in', `/connections/${id}`, '/api/docs', '/static/icon.svg']) {
      await addElement(page, 'iframe', `${bridge.url}${path}`);
    }
    const frames = page.frames().slice(1);
    expect(frames).toHaveLength(5);
    for (const frame of frames) expect(frame.url()).not.toContain(bridge.url);
  });

  it('keeps no hold of a window that it has opened', async () => {
    const [popup] = await Promise.all([
      page.waitForEvent('popup'),
      run(page, '(url) => { window.opened = window.open(url); }', `${bridge.url}/`),
    ]);
    await popup.waitForLoadState();
    expect(await run(popup, '() => window.opener === null')).toBe(true);
    expect(await run(page, '() => window.opened.closed')).toBe(true);
    await popup.close();
  });

  it('changes nothing by leading the browser to an address', async () => {
    for (const path of [
      `/connections/${id}/pause`,
      '/sign-out',
      `/api/v1/connections/${id}/pause`,
      '/access/sessions/end-all',
    ]) {
      const response = await page.goto(`${bridge.url}${path}`);
      expect([path, (response?.status() ?? 0) >= 400]).toEqual([path, true]);
    }
  });
});

it('the same from a page of the site itself is carried out: the refusals above are about where it came from', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await signIn(page);
  const target = `${bridge.url}/api/v1/connections/${id}`;
  expect(await fetchFrom(page, `${target}/pause`, { method: 'POST' })).toMatch(/^basic 200 /);
  expect((await facts()).paused).toBe(true);
  expect(
    await submitForm(page, `${bridge.url}/connections/${id}/resume`, {}, 'application/x-www-form-urlencoded'),
  ).toBe(303);
  expect((await facts()).paused).toBe(false);
  await context.close();
});

it('the cookie is out of reach of scripts, and of no use by another name', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await signIn(page);
  expect(await run(page, '() => document.cookie')).toBe('');
  const [cookie] = await context.cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/' });
  await context.close();
});
