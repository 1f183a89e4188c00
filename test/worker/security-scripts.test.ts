// Faults B3 and C6: names that carry script, markup or formulas, in every column that anybody can fill, on every page
// and in every export. Pages are found by the router's table and by following every link, so that new ones are covered.
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readCsv } from '../../src/domain/csv.ts';
import { API_ROUTES } from '../../worker/api/routes.ts';
import { router } from '../../worker/router.ts';
import {
  emptyTables,
  fillEveryTable,
  HOSTILE_NAMES,
  injectionsIn,
  linksIn,
  poisonDatabase,
  script,
  visitor,
} from './security-support.ts';
import { createConnection, freshSite, NEW_CONNECTION } from './site.ts';

/** Of pages that differ in their dates and numbers only, so many are looked at. */
const PAGES_ALIKE_MAX = 2;
/** Far more than there are; a page that makes up ever new links must not run for ever. */
const PAGES_MAX = 400;
const AT = Date.UTC(2026, 0, 5, 12);
const RANGE = `from=${new Date(AT - 86_400_000).toISOString()}&to=${new Date(AT + 86_400_000).toISOString()}`;
const DAYS = 'from=2026-01-05&to=2026-01-05';
/** Rows that sign-ins, collectors and tests of their own make; no name of anybody's is in them. */
const FILLED_ELSEWHERE = [
  ...['session', 'login_attempt', 'lease', 'heartbeat'],
  ...['imported_state_change', 'imported_state_interval', 'import_part'],
];

beforeEach(async () => {
  await freshSite();
  // A slow minute later the pages would tell other ages: the clock of the data.
  vi.useFakeTimers({ toFake: ['Date'], now: AT + 3_600_000 });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A connection whose every name, in settings and in all that was collected, is `name`. */
async function hostileBridge(name: string): Promise<number> {
  const short = name
    .replaceAll(/[\r\n]/g, ' ')
    .slice(0, 100)
    .trim();
  const { acd, wfm } = NEW_CONNECTION;
  const id = await createConnection({
    name: short,
    acd: { ...acd, realTime: { ...acd.realTime, username: short }, historical: { ...acd.historical, username: short } },
    wfm: { ...wfm, acdId: short, accessKeyId: short },
  });
  expect(id).toEqual(expect.any(Number));
  await script(`/api/v1/connections/${id}/pause`, { method: 'POST' });
  await fillEveryTable(id, name);
  const places = await poisonDatabase(name);
  expect(places.length).toBeGreaterThan(30);
  return id;
}

/** Addresses of the router's GET pages with their parameters filled in, and everything that they lead to. */
async function everyPage(id: number): Promise<{ path: string; response: Response }[]> {
  const visit = visitor();
  const waiting = router.routes.flatMap(([method, , , path = '']) => {
    if (method !== 'GET' || path.startsWith('/api/v1')) return [];
    const filled = path.replace(/:(?:connection\w*|id)\b/, String(id)).replaceAll(/:\w+/g, '1');
    return [filled, `${filled}?connection=${id}`];
  });
  const seen = new Map<string, Response>();
  const alike = new Map<string, number>();
  for (const path of waiting) {
    if (seen.has(path) || seen.size >= PAGES_MAX || path.startsWith('/static/')) continue;
    const kind = path.replaceAll(/\d[\d:.TZ-]*/g, '0');
    const count = (alike.get(kind) ?? 0) + 1;
    alike.set(kind, count);
    if (count > PAGES_ALIKE_MAX) continue;
    const response = await visit(path);
    seen.set(path, response.clone());
    if (response.headers.get('content-type')?.startsWith('text/html')) waiting.push(...(await linksIn(response)));
  }
  return [...seen].map(([path, response]) => ({ path, response }));
}

describe('with a hostile name wherever a name can be', { timeout: 300_000 }, () => {
  it('every table has a row, so that nothing stays unseen', async () => {
    const id = await createConnection();
    await fillEveryTable(id, 'name');
    expect((await emptyTables()).filter((table) => !FILLED_ELSEWHERE.includes(table))).toEqual([]);
  });

  it('the search for injections finds what it looks for', async () => {
    const markup = HOSTILE_NAMES.filter(
      (name) => name.includes('<') && !name.startsWith('&') && !name.startsWith('<!--'),
    );
    for (const name of markup) expect(await injectionsIn(new Response(`<p>${name}</p>`))).not.toEqual([]);
    for (const name of HOSTILE_NAMES.filter((name) => name.includes('javascript:') || name.startsWith(`'`))) {
      expect(await injectionsIn(new Response(`<a href='${name}'>x</a>`))).not.toEqual([]);
    }
  });

  it.each(HOSTILE_NAMES)('no page runs or leads to any of it: %s', async (name) => {
    const id = await hostileBridge(name);
    const pages = await everyPage(id);
    const html = pages.filter(({ response }) => response.headers.get('content-type')?.startsWith('text/html'));
    expect(html.length).toBeGreaterThan(10);
    expect(pages.length).toBeLessThan(PAGES_MAX);
    for (const { path, response } of pages) {
      expect([path, response.status < 500]).toEqual([path, true]);
      expect([path, response.headers.get('content-security-policy')]).toEqual([
        path,
        expect.stringContaining("script-src 'self'"),
      ]);
    }
    for (const { path, response } of html) expect([path, await injectionsIn(response)]).toEqual([path, []]);
  });

  it.each(HOSTILE_NAMES)('every answer of the API is JSON that no browser takes for a page: %s', async (name) => {
    const id = await hostileBridge(name);
    for (const { method, path } of API_ROUTES.filter((route) => route.method === 'GET')) {
      const filled = path.replace(':connectionId', String(id)).replaceAll(/:\w+/g, '1');
      const response = await script(`${filled}?${RANGE}`).then((first) =>
        first.status === 400 ? script(filled) : first,
      );
      expect([method, path, response.status < 500]).toEqual([method, path, true]);
      expect(response.headers.get('content-type')).toMatch(/^application\/(?:problem\+)?json|^text\/csv/);
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    }
  });

  it.each(HOSTILE_NAMES)('no cell of an export is one that a spreadsheet would run: %s', async (name) => {
    const id = await hostileBridge(name);
    const exports = new Set<string>();
    for (const { path, response } of await everyPage(id)) {
      if (response.headers.get('content-type')?.startsWith('text/csv')) exports.add(path);
    }
    for (const { path, endpoint } of API_ROUTES) {
      if (!endpoint.hasCsv) continue;
      const filled = path.replace(':connectionId', String(id)).replaceAll(/:\w+/g, '1');
      exports.add(`${filled}?format=csv&${RANGE}`);
    }
    expect(exports.size).toBeGreaterThan(3);
    const read: string[] = [];
    const visit = visitor();
    for (const path of exports) {
      const ranged = path.startsWith('/api/') ? await script(path) : await visit(path);
      // Not every listing takes a range, and reports take days.
      const without = ranged.status === 400 ? await script(path.replace(RANGE, DAYS)) : ranged;
      const response = without.status === 400 ? await script(path.replace(`&${RANGE}`, '')) : without;
      const disposition = response.headers.get('content-disposition') ?? '';
      expect([path, response.status, disposition]).toEqual([
        path,
        200,
        expect.stringMatching(/^attachment; filename="[\w.-]+"$/),
      ]);
      const { head, rows, fault } = readCsv(await response.text());
      expect([path, fault]).toEqual([path, null]);
      for (const { cells } of rows) {
        expect(cells).toHaveLength(head.length);
        for (const cell of cells) {
          const isRun = /^[=+\-@\t\r\n]/.test(cell) && !/^-?\d+(?:\.\d+)?$/.test(cell);
          expect([path, isRun ? cell : 'harmless']).toEqual([path, 'harmless']);
        }
      }
      if (rows.some(({ cells }) => cells.some((cell) => cell.includes(name.trim().slice(1, 12))))) read.push(path);
    }
    // The name itself is in it, or the test has shown nothing.
    expect(read.length).toBeGreaterThan(0);
  });
});

it.each(HOSTILE_NAMES)('the metrics stay one metric a line: %s', async (name) => {
  await hostileBridge(name);
  const lines = (await (await script('/metrics')).text()).trimEnd().split('\n');
  expect(lines.length).toBeGreaterThan(5);
  for (const line of lines) {
    expect(line).toMatch(
      /^# (?:EOF|(?:TYPE|HELP|UNIT) [a-z_]+.*)$|^[a-z_]+(?:\{[a-z_]+="(?:[^"\\]|\\[\\"n])*"(?:,[a-z_]+="(?:[^"\\]|\\[\\"n])*")*\})? -?[\d.e+]+$/,
    );
  }
});

it('no page and no listing changes anything by being looked at', async () => {
  const id = await hostileBridge('name');
  const visit = visitor();
  await visit('/');
  const before = await everythingStored();
  const pages = await everyPage(id);
  for (const { path } of API_ROUTES.filter(({ method }) => method === 'GET')) {
    await script(`${path.replace(':connectionId', String(id)).replaceAll(/:\w+/g, '1')}?${RANGE}`);
  }
  expect(pages.length).toBeGreaterThan(10);
  expect(await everythingStored()).toEqual(before);
});

/** Every row of every table but those that only count visits. */
async function everythingStored(): Promise<Record<string, unknown[]>> {
  const { results } = await env.DB.prepare(
    `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_%' ESCAPE '\\'
       AND name NOT IN ('session', 'heartbeat', 'lease')`,
  ).all<{ name: string }>();
  const rows: Record<string, unknown[]> = {};
  for (const { name } of results) rows[name] = (await env.DB.prepare(`SELECT * FROM ${name}`).all()).results;
  // Each sign-in of the visitor is an entry.
  rows.audit = (rows.audit ?? []).filter((row) => JSON.stringify(row).includes('signed in') === false);
  return rows;
}

it('a browser that calls itself hostile is shown to the administrator as text', async () => {
  await createConnection();
  await env.DB.prepare(
    `INSERT INTO session (id, began_at_ms, seen_at_ms, address, browser) VALUES ('x', ?1, ?1, ?2, ?2)`,
  )
    .bind(AT, HOSTILE_NAMES[0] ?? '')
    .run();
  const response = await visitor()('/access?show=sessions');
  expect(await response.clone().text()).toContain('&lt;xss-canary');
  expect(await injectionsIn(response)).toEqual([]);
});
