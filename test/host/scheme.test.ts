// How the browser sees the site is told to the Worker by the front: by its own TLS, or by a proxy that is named, and by nobody else.
import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createCallers } from '../../appliance/callers.ts';
import { Stage } from './support/stage.ts';
import { writeTinyWorker } from './support/tiny-worker.ts';

const fixture = (name: string) => path.join(import.meta.dirname, 'fixtures', name);
const ca = readFileSync(fixture('authority.pem'));
const TLS = { TLS_CERT_FILE: fixture('server-one.pem'), TLS_KEY_FILE: fixture('server-one.key.pem') };
const ADMIN_PASSWORD = 'correct horse battery staple';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.close());

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One request over http or https, with any headers. */
function ask(url: string, headers: Record<string, string> = {}, form?: Record<string, string>): Promise<Got> {
  const options = { headers, agent: false, method: form === undefined ? 'GET' : 'POST' } as const;
  return new Promise((resolve, reject) => {
    const onResponse = async (response: IncomingMessage) => {
      const body = Buffer.concat(await response.toArray()).toString('utf8');
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
    };
    const request = url.startsWith('https')
      ? https.request(url, { ...options, ca }, onResponse)
      : http.request(url, options, onResponse);
    request.once('error', reject);
    request.end(form && new URLSearchParams(form).toString());
  });
}

it('pages over own TLS ask for https from then on, and take the cookie that is bound to it alone', async () => {
  const host = await stage.startHost({ environment: { ...TLS, ADMIN_PASSWORD } });
  const page = await ask(`${host.url}/sign-in`);
  expect(page.status).toBe(200);
  expect(page.headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains');
  const form = { 'content-type': 'application/x-www-form-urlencoded', origin: host.url };
  const signedIn = await ask(`${host.url}/sign-in`, form, { password: ADMIN_PASSWORD });
  const [cookie = ''] = signedIn.headers['set-cookie']?.[0]?.split(';') ?? [];
  expect(cookie).toMatch(/^__Host-session=v1/);
  expect((await ask(host.url, { cookie })).status).toBe(200);
  expect((await ask(host.url, { cookie: cookie.replace('__Host-session', 'session') })).status).toBe(401);
});

it('the Worker hears of https from TLS and from a named proxy, whatever the caller writes himself', async () => {
  const distDirectory = writeTinyWorker(stage.directory());
  const schemeAt = async (environment: Record<string, string>, headers: Record<string, string>) => {
    const { url } = await stage.startHost({ distDirectory, environment });
    return JSON.parse((await ask(url, headers)).body).headers['bridge-scheme'];
  };
  expect(await schemeAt({}, { 'bridge-scheme': 'https', 'x-forwarded-proto': 'https' })).toBeUndefined();
  expect(await schemeAt({ TRUSTED_PROXIES: '127.0.0.0/8' }, { 'x-forwarded-proto': 'https' })).toBe('https');
  expect(await schemeAt(TLS, { 'bridge-scheme': 'http', 'x-forwarded-proto': 'http' })).toBe('https');
});

it.each<[string, string, string | undefined, boolean, string]>([
  ['10.0.0.1', '10.0.0.1', 'https', true, 'the proxy ends TLS'],
  ['10.0.0.1', '10.0.0.1', 'HTTPS, http', true, 'the first of two proxies does'],
  ['10.0.0.1', '10.0.0.1', 'http', false, 'the caller came over http'],
  ['10.0.0.1', '10.0.0.1', undefined, false, 'the proxy does not say'],
  ['10.0.0.1', '203.0.113.9', 'https', false, 'nobody is believed but the proxy'],
  ['', '203.0.113.9', 'https', false, 'nobody is trusted by default'],
])('trusting "%s", from %s saying %s, came over https: %s (%s)', (trusted, remoteAddress, scheme, expected) => {
  const asked = { socket: { remoteAddress }, headers: { 'x-forwarded-proto': scheme } };
  expect(createCallers(trusted).isHttpsAtProxy(asked as unknown as IncomingMessage)).toBe(expected);
});

it('answers of the front itself carry the headers that keep a browser from taking them for something else', async () => {
  const distDirectory = writeTinyWorker(stage.directory());
  const { url } = await stage.startHost({ distDirectory, environment: TLS });
  const refused = await ask(`${url}/cdn-cgi/anything`);
  expect(refused.status).toBe(404);
  expect(refused.headers).toMatchObject({
    'content-type': 'text/plain; charset=utf-8',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    'referrer-policy': 'same-origin',
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
  });
});
