/** The site as a browser or a script meets it: requests through the Worker's own door, on real D1 and Durable Objects. */
import { applyD1Migrations, reset } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { vi } from 'vitest';

export const ORIGIN = 'http://bridge.example';
export const PASSWORD = 'correct horse battery staple';
export const API_TOKEN = 'test-api-token-0123456789-0123456789';

/** Secrets that are sent in; a test that finds one of them in any answer has found a leak. */
export const CANARIES = {
  realTimePassword: 'canary-real-time',
  historicalPassword: 'canary-historical',
  accessKeySecret: 'canary-access-key',
};

/** An empty, migrated bridge whose collectors reach nobody. */
export async function freshSite(): Promise<void> {
  await reset();
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
  vi.spyOn(globalThis, 'fetch').mockRejectedValue(new TypeError('There is no network in this test.'));
}

/** Every answer's text, for the search for secrets. */
export const answersSeen: string[] = [];

export interface Asked extends RequestInit {
  /** The address that the request comes from. */
  readonly from?: string;
  readonly origin?: string;
}

/** A request without any sign-in. */
export async function ask(
  path: string,
  { from = '192.0.2.1', origin = ORIGIN, ...init }: Asked = {},
): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set('cf-connecting-ip', from);
  const response = await exports.default.fetch(`${origin}${path}`, { redirect: 'manual', ...init, headers });
  answersSeen.push(await response.clone().text(), JSON.stringify([...response.headers]));
  return response;
}

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** A request with the API token; its JSON answer. The test says which shape it expects. */
export async function api<T = Record<string, unknown>>(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer<T>> {
  const response = await ask(`/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${API_TOKEN}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: (text === '' ? null : JSON.parse(text)) as T };
}

/** Sends a form as a browser does. */
export async function post(path: string, fields: Record<string, string>, options: Asked = {}): Promise<Response> {
  return ask(path, {
    ...options,
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      origin: options.origin ?? ORIGIN,
      ...Object.fromEntries(new Headers(options.headers)),
    },
    body: new URLSearchParams(fields).toString(),
  });
}

/** Signs the administrator in; the cookie to send. */
export async function signIn(options: Asked = {}): Promise<string> {
  const response = await post('/sign-in', { password: PASSWORD }, options);
  return response.headers.get('set-cookie')?.split(';')[0] ?? '';
}

export const NEW_CONNECTION = {
  name: 'Acme',
  timeZone: 'America/Chicago',
  acd: {
    kind: 'nextiva-ncc',
    realTime: { baseUrl: 'https://ncc.example.com/wfm', username: 'rt@example.com', collectionIntervalS: 5 },
    historical: { baseUrl: 'https://ncc.example.com/wfm', username: 'hist@example.com' },
  },
  wfm: { kind: 'cxone-mpower', baseUrl: 'https://na1.nice-incontact.com', accessKeyId: 'KEY-ID' },
  secrets: CANARIES,
};

/** A connection by the API; its id. */
export async function createConnection(change: Record<string, unknown> = {}): Promise<number> {
  const { body } = await api<{ id: number }>('POST', '/connections', { ...NEW_CONNECTION, ...change });
  return body.id;
}
