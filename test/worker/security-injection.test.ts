// Fault B4: hostile values in every parameter, field and header of every route. The routes are the router's own table and
// the API's, their parameters those of the schemas, of the forms that pages show and of the addresses that handlers
// read, so that a new route is covered by itself. Whatever comes in: a refusal or an ordinary answer, never a fault.
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { API_ROUTES } from '../../worker/api/routes.ts';
import { router } from '../../worker/router.ts';
import { fillEveryTable, HOSTILE_JSON, HOSTILE_VALUES, script, send, visitor } from './security-support.ts';
import { api, CANARIES, createConnection, freshSite, NEW_CONNECTION, ORIGIN } from './site.ts';

const sources = import.meta.glob<string>('/worker/**/*.{ts,tsx}', { query: '?raw', import: 'default', eager: true });

const named = (pattern: RegExp) => [
  ...new Set(Object.values(sources).flatMap((text) => [...text.matchAll(pattern)].map(([, name = '']) => name))),
];
/** What handlers read out of addresses, by their own words. */
const QUERY_NAMES = named(/\b(?:searchParams|query)\.(?:get|getAll|has)\('([\w.-]{1,40})'\)/g);
/** What they read out of forms, and what the forms of pages send. */
const FIELD_NAMES = [
  ...new Set([
    ...named(/\b(?:form|fields|upload)\.(?:get|getAll|has)\('([\w.-]{1,40})'\)/g),
    ...named(/\bname="([\w.-]{1,40})"/g),
  ]),
];

const PAGES = router.routes.flatMap(([method, , , path = '']) =>
  path === '*' || path.startsWith('/api/v1') ? [] : [{ method, path }],
);

/** Written as some client might: percent-encoded, and as it is where an address can hold it. */
function spellings(value: string): string[] {
  const encoded = encodeURIComponent(value.toWellFormed());
  return [...new Set([encoded, encoded.replaceAll('%2F', '/').replaceAll('%3B', ';').replaceAll('%27', "'")])];
}

/**
 * The product of routes, places and values takes a minute and a half: every place gets every `SHARES`th value, places
 * that follow one another get different ones, and each day has others, so that in `SHARES` days everything was tried.
 * INJECTION_TURN names a day's share (0 to 5) to repeat it, or "all".
 */
const SHARES = env.INJECTION_TURN === 'all' ? 1 : 6;
const FIRST_TURN = /^\d+$/.test(env.INJECTION_TURN)
  ? Number(env.INJECTION_TURN)
  : Math.floor(Date.now() / 86_400_000) % SHARES;
let turn = FIRST_TURN;
function some<T>(values: readonly T[]): T[] {
  turn += 1;
  return values.filter((_, index) => (index + turn) % SHARES === 0);
}

const RAW_PATHS = ['%', '%zz', '%FF', '%ED%A0%80', '%00', '..;', '%2e%2e', '%252e%252e%252f', '.%2e/.%2e'];

/** D1's answers are what takes the time. */
const AT_ONCE = 12;

let faults: string[];
let id: number;

beforeEach(async () => {
  await freshSite();
  faults = [];
  vi.spyOn(console, 'error').mockImplementation((...words) => {
    faults.push(words.map(String).join(' '));
  });
  turn = FIRST_TURN;
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  id = await createConnection();
  // Paused, it is healthy: a 503 of /healthz would be its own.
  await api('POST', `/connections/${id}/pause`);
  await fillEveryTable(id, 'name');
});
afterEach(() => {
  vi.restoreAllMocks();
});

interface Attempt {
  readonly what: string;
  send(): Promise<Response>;
}

/** Tries all, some at a time, and fails with what went wrong, not only the first. */
async function expectNoFault(attempts: Iterable<Attempt>): Promise<void> {
  const wrong: string[] = [];
  const iterator = attempts[Symbol.iterator]();
  let count = 0;
  const work = async () => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) {
      count += 1;
      const response = await next.value.send();
      if (response.status >= 500) wrong.push(`${response.status} ${next.value.what.slice(0, 300)}`);
      await response.body?.cancel();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const repeat = `To try the same values again, set INJECTION_TURN=${SHARES === 1 ? 'all' : FIRST_TURN}.`;
  expect(wrong.slice(0, 20), repeat).toEqual([]);
  expect(
    faults.filter((line) => line.startsWith('Fault')),
    repeat,
  ).toEqual([]);
  for (const secret of Object.values(CANARIES)) expect(faults.join()).not.toContain(secret);
  expect(count).toBeGreaterThan(100);
  // Nothing that was tried has reached the database as a statement.
  expect((await script(`/api/v1/connections/${id}`)).status).toBe(200);
}

const filled = (path: string) => path.replace(/:connection\w*/, String(id)).replaceAll(/:\w+/g, '1');

describe('hostile values', { timeout: 300_000 }, () => {
  it('in the path of any route are refused', async () => {
    const visit = visitor();
    await expectNoFault(
      (function* () {
        for (const { method, path } of [...PAGES, ...API_ROUTES]) {
          const isApi = path.startsWith('/api/v1');
          for (const [parameter = ''] of path.matchAll(/:\w+/g)) {
            for (const value of some([...HOSTILE_VALUES.flatMap(spellings), ...RAW_PATHS])) {
              const target = filled(path.replace(parameter, value.replaceAll('$', '$$$$')));
              // Dots that the address itself resolves lead to another route, and mean what that one means.
              if (new URL(target, ORIGIN).pathname.split('/').length < target.split('/').length) continue;
              const init = { method, headers: { origin: ORIGIN, 'content-type': 'application/x-www-form-urlencoded' } };
              const send = () => (isApi ? script(target, { method }) : visit(target, init));
              yield { what: `${method} ${target}`, send };
            }
          }
        }
      })(),
    );
  });

  it('in any query parameter of the API are refused', async () => {
    await expectNoFault(
      (function* () {
        for (const { method, path, endpoint } of API_ROUTES.filter((route) => route.method === 'GET')) {
          const names = endpoint.query instanceof z.ZodObject ? Object.keys(endpoint.query.shape) : [];
          const good = { from: '2026-01-05T00:00:00Z', to: '2026-01-06T00:00:00Z' };
          const base = Object.entries(good).filter(([name]) => names.includes(name));
          for (const name of [...names, '__proto__', 'unknown']) {
            for (const value of some(HOSTILE_VALUES)) {
              const query = new URLSearchParams(base);
              query.set(name, value);
              const target = `${filled(path)}?${query}`;
              yield { what: `${method} ${target}`, send: () => script(target) };
              yield { what: `${method} ${target} twice`, send: () => script(`${target}&${name}=1`) };
            }
          }
        }
      })(),
    );
  });

  it('in any query parameter of a page change nothing about it, or are refused', async () => {
    const visit = visitor();
    expect(QUERY_NAMES.length).toBeGreaterThan(5);
    await expectNoFault(
      (function* () {
        for (const { path } of PAGES.filter(({ method }) => method === 'GET')) {
          // All at once with each value, then each name for itself with those that break most often.
          for (const value of some(HOSTILE_VALUES.filter(({ length }) => length < 100))) {
            const all = new URLSearchParams(QUERY_NAMES.map((name) => [name, value]));
            yield { what: `GET ${path} all ${JSON.stringify(value)}`, send: () => visit(`${filled(path)}?${all}`) };
          }
          for (const name of QUERY_NAMES) {
            for (const value of some(["1'", '9007199254740993', 'constructor', '-1', '\u0000', '9999-12-31'])) {
              const target = `${filled(path)}?connection=${id}&${new URLSearchParams([[name, value]])}`;
              yield { what: `GET ${target}`, send: () => visit(target) };
            }
          }
        }
      })(),
    );
  });

  it('in any field of any form are refused, or stored as the text that they are', async () => {
    const visit = visitor();
    await expectNoFault(
      (function* () {
        for (const { path } of PAGES.filter(({ method, path }) => method === 'POST' && path !== '/sign-in')) {
          for (const value of some(HOSTILE_VALUES)) {
            const fields = new URLSearchParams(FIELD_NAMES.map((name) => [name, value]));
            for (const [type, body] of [
              ['application/x-www-form-urlencoded', fields.toString()],
              ['multipart/form-data; boundary=x', multipart(fields)],
            ] as const) {
              const headers = { origin: ORIGIN, 'content-type': type };
              const send = () => visit(filled(path), { method: 'POST', headers, body });
              yield { what: `POST ${path} ${type} ${JSON.stringify(value)}`, send };
            }
          }
        }
      })(),
    );
  });

  it('in any place of a JSON body are refused, or stored as the text that they are', async () => {
    await expectNoFault(
      (function* () {
        for (const { method, path, endpoint } of API_ROUTES) {
          if (endpoint.body === null) continue;
          const base = sampleOf(endpoint.body, path);
          for (const place of placesOf(base)) {
            for (const value of some(HOSTILE_JSON)) {
              const body = JSON.stringify(replaced(base, place, value));
              const headers = { 'content-type': 'application/json' };
              yield {
                what: `${method} ${path} ${place.join('.')}: ${JSON.stringify(value)}`,
                send: () => script(filled(path), { method, body, headers }),
              };
            }
          }
        }
      })(),
    );
  });

  it('as a whole body are refused', async () => {
    const visit = visitor();
    const bodies: readonly (BodyInit | null)[] = [
      null,
      '',
      'null',
      '[]',
      '"text"',
      '{"a":'.repeat(20_000),
      '['.repeat(50_000),
      '{"__proto__":{"a":1},"constructor":{"prototype":{"a":1}}}',
      new Uint8Array([0xff, 0xfe, 0x00]),
      '--x\r\ncontent-disposition: form-data; name="a"; filename="../../etc/passwd"\r\n\r\n\0\r\n--x--',
      '--x\r\n\r\n--x',
      'a=%zz&b=%00&c=%ff&d=%ud800',
      '&='.repeat(20_000),
    ];
    const types = [
      'application/json',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'text/csv',
      '',
    ];
    await expectNoFault(
      (function* () {
        for (const { method, path } of [...PAGES, ...API_ROUTES]) {
          if (method === 'GET' || path === '/sign-in' || path.endsWith('/end-all')) continue;
          const isApi = path.startsWith('/api/v1');
          if (isApi && method === 'DELETE') continue;
          for (const body of some(bodies)) {
            for (const type of types) {
              const init = { method, body, headers: { origin: ORIGIN, ...(type && { 'content-type': type }) } };
              const send = () => (isApi ? script(filled(path), init) : visit(filled(path), init));
              yield { what: `${method} ${path} ${type} ${String(body).slice(0, 40)}`, send };
            }
          }
        }
      })(),
    );
  });

  it('in headers are refused or left out of account', async () => {
    const names = [
      'if-match',
      'accept',
      'cookie',
      'authorization',
      'content-type',
      'user-agent',
      'hx-request',
      'origin',
    ];
    names.push('cf-access-jwt-assertion', 'cf-connecting-ip', 'range', 'if-none-match', 'referer', 'accept-language');
    const values = HOSTILE_VALUES.filter((value) => /^[\x20-\x7e]+$/.test(value));
    values.push(
      'Bearer',
      'Bearer  ',
      `Bearer ${'x'.repeat(600)}`,
      'session=v1.1.1.x.y; session=; =;;',
      '__Host-session=v1.',
    );
    await expectNoFault(
      (function* () {
        for (const name of names) {
          for (const value of values) {
            for (const path of [
              '/',
              '/sign-in',
              '/api/v1/status',
              `/api/v1/connections/${id}`,
              '/nowhere',
              '/healthz',
            ]) {
              yield { what: `GET ${path} ${name}: ${value}`, send: () => send(path, { headers: { [name]: value } }) };
            }
            const body = new URLSearchParams({ password: value, next: value }).toString();
            const headers = { origin: ORIGIN, 'content-type': 'application/x-www-form-urlencoded', [name]: value };
            yield {
              what: `POST /sign-in ${name}: ${value}`,
              send: () => send('/sign-in', { method: 'POST', headers, body }),
            };
          }
        }
      })(),
    );
  });
});

it('names of notices that are properties of every object show no notice', async () => {
  const visit = visitor();
  let shown = 0;
  for (const path of [
    '/',
    '/access',
    '/access?show=sessions',
    `/connections/${id}`,
    '/monitor',
    `/connections/${id}/imports`,
  ]) {
    const page = async (notice: string) => {
      const text = await (await visit(`${path}${path.includes('?') ? '&' : '?'}notice=${notice}`)).text();
      return (text.match(/<(\w+) class="notice[^>]*>[\s\S]*?<\/\1>/g) ?? []).join('');
    };
    const none = await page('zz-unknown');
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      expect([path, name, (await page(name)) === none]).toEqual([path, name, true]);
    }
    shown += (await page('saved')) === none ? 0 : 1;
  }
  expect(shown).toBeGreaterThan(0);
});

function multipart(fields: URLSearchParams): string {
  const parts = [...fields].map(([name, value], index) => {
    const file = index % 2 === 0 ? `; filename="${name}"` : '';
    return `--x\r\ncontent-disposition: form-data; name="${name}"${file}\r\n\r\n${value}\r\n`;
  });
  return `${parts.join('')}--x--\r\n`;
}

type Json = { readonly [key: string]: unknown };

/** A body that a route takes, so that what is changed in it is what is refused. */
function sampleOf(schema: z.ZodType, path: string): unknown {
  if (path === '/api/v1/connections') return { ...NEW_CONNECTION, name: 'Another' };
  if (path === '/api/v1/connections/:connectionId') return { ...NEW_CONNECTION, version: 1 };
  return sample(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Json);
}

function sample(schema: Json): unknown {
  const options = (schema.anyOf ?? schema.oneOf) as readonly Json[] | undefined;
  if (options?.[0]) return sample(options[0]);
  if (Array.isArray(schema.enum)) return schema.enum[0];
  if ('const' in schema) return schema.const;
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries((schema.properties ?? {}) as Record<string, Json>).map(([name, part]) => [name, sample(part)]),
      );
    case 'array':
      return [sample((schema.items ?? {}) as Json)];
    case 'string':
      return schema.format === 'date-time' ? '2026-01-05T12:00:00Z' : 'a';
    case 'number':
    case 'integer':
      return Math.max(1, Number(schema.minimum ?? 1));
    case 'boolean':
      return true;
    default:
      return null;
  }
}

/** Every place in a value, itself and unknown fields included. */
function placesOf(value: unknown, at: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [
    at,
    ...Object.entries(value).flatMap(([key, item]) => placesOf(item, [...at, key])),
    ...(Array.isArray(value)
      ? []
      : [
          [...at, '__proto__'],
          [...at, 'unknown'],
        ]),
  ];
}

function replaced(value: unknown, [first, ...rest]: readonly string[], by: unknown): unknown {
  if (first === undefined) return by;
  const copy: Record<string, unknown> = { ...(value as Record<string, unknown>) };
  // Not by assignment: a field of this name has to be in the body.
  Object.defineProperty(copy, first, {
    value: replaced(copy[first], rest, by),
    enumerable: true,
    configurable: true,
    writable: true,
  });
  return Array.isArray(value) ? Object.values(copy) : copy;
}
