import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { answersSeen, api, ask, CANARIES, createConnection, freshSite, post, signIn } from './site.ts';

beforeEach(freshSite);
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const withToken = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

async function makeToken(scope: string, name = `a ${scope} token`): Promise<{ id: number; token: string }> {
  const { status, body } = await api<{ id: number; token: string }>('POST', '/tokens', { name, scope });
  expect(status).toBe(201);
  return body;
}

interface AuditEntry {
  readonly action: string;
  readonly by: string;
  readonly connectionId: number | null;
  readonly detail: string;
}
const audit = async (query = '') => (await api<{ rows: AuditEntry[] }>('GET', `/audit${query}`)).body.rows;

describe('an API token', () => {
  it('is shown once, on the page that answers the form, and only its digest is stored', async () => {
    const cookie = await signIn();
    const made = await post('/access/tokens', { name: 'Export', scope: 'read' }, { headers: { cookie } });
    expect(made.status).toBe(201);
    const [token = ''] = /awb_[\w-]{43}/.exec(await made.text()) ?? [];
    expect((await ask('/api/v1/status', withToken(token))).status).toBe(200);
    expect(await (await ask('/access', { headers: { cookie } })).text()).not.toContain(token);
    const { results } = await env.DB.prepare('SELECT * FROM api_token').all();
    expect(JSON.stringify(results)).not.toContain(token);
    expect(await (await ask('/access', { headers: { cookie } })).text()).toContain(token.slice(0, 8));
  });

  it.each([
    ['read', 'GET', '/status', 200],
    ['read', 'GET', '/connections/{id}', 200],
    ['read', 'POST', '/connections/{id}/pause', 403],
    ['read', 'DELETE', '/connections/{id}', 403],
    ['read', 'POST', '/tokens', 403],
    ['push', 'GET', '/status', 403],
    ['push', 'GET', '/connections/{id}', 403],
    ['push', 'POST', '/connections/{id}/pause', 403],
    ['all', 'GET', '/status', 200],
    ['all', 'POST', '/connections/{id}/pause', 200],
  ])('of scope %s that asks %s %s gets %i', async (scope, method, path, status) => {
    const connectionId = await createConnection();
    const { token } = await makeToken(scope);
    const address = `/api/v1${path.replace('{id}', String(connectionId))}`;
    const response = await ask(address, { method, ...withToken(token) });
    expect(response.status).toBe(status);
    const { body } = await api<{ paused: boolean }>('GET', `/connections/${connectionId}`);
    expect(body.paused).toBe(status === 200 && method === 'POST');
  });

  it('that is revoked is nobody, and the audit says by whom it was made, used and revoked', async () => {
    const { id, token } = await makeToken('all', 'Robot');
    const connectionId = await createConnection();
    await ask(`/api/v1/connections/${connectionId}/pause`, { method: 'POST', ...withToken(token) });
    expect((await api('DELETE', `/tokens/${id}`)).status).toBe(204);
    expect((await api('DELETE', `/tokens/${id}`)).status).toBe(404);
    expect((await ask('/api/v1/status', withToken(token))).status).toBe(401);
    const entries = await audit();
    expect(entries.map(({ action, by }) => [action, by])).toEqual([
      ['token revoked', 'the API token'],
      ['connection paused', 'the token "Robot"'],
      ['connection created', 'the API token'],
      ['token created', 'the API token'],
    ]);
  });

  it('notes its use, once an hour', async () => {
    const start = Date.UTC(2026, 0, 5, 12);
    vi.useFakeTimers({ toFake: ['Date'], now: start });
    const { token } = await makeToken('read');
    const lastUsed = async () => {
      await ask('/api/v1/status', withToken(token));
      const { body } = await api<{ rows: { lastUsedAt: string | null }[] }>('GET', '/tokens');
      return body.rows[0]?.lastUsedAt;
    };
    expect(await lastUsed()).toBe('2026-01-05T12:00:00.000Z');
    vi.setSystemTime(start + 59 * 60_000);
    expect(await lastUsed()).toBe('2026-01-05T12:00:00.000Z');
    vi.setSystemTime(start + 60 * 60_000);
    expect(await lastUsed()).toBe('2026-01-05T13:00:00.000Z');
  });

  it.each([
    ['no name', { name: '  ', scope: 'read' }, 'Enter a name.'],
    ['a scope that is none', { name: 'x', scope: 'everything' }, 'Choose what the token may do.'],
  ])('with %s is not made, and the form says why and keeps what was typed', async (_, fields, words) => {
    const cookie = await signIn();
    const response = await post('/access/tokens', fields, { headers: { cookie } });
    expect(response.status).toBe(422);
    const html = await response.text();
    expect(html).toContain(words);
    expect(html).toContain(`value="${fields.name}"`);
    expect((await api<{ rows: unknown[] }>('GET', '/tokens')).body.rows).toEqual([]);
  });
});

describe('sessions', () => {
  it('are listed with where they began, and end one by one or all at once', async () => {
    const [first, second] = [await signIn({ from: '192.0.2.7' }), await signIn({ from: '198.51.100.8' })];
    const page = (cookie: string) => ask('/access?show=sessions', { headers: { cookie } });
    const html = await (await page(first)).text();
    expect(html).toContain('192.0.2.7');
    expect(html).toContain('198.51.100.8');
    expect(html.match(/This session/g)).toHaveLength(1);

    const { body } = await api<{ rows: { id: string; address: string }[] }>('GET', '/sessions');
    const other = body.rows.find(({ address }) => address === '198.51.100.8')?.id ?? '';
    const ended = await post(`/access/sessions/${other}/end`, {}, { headers: { cookie: first } });
    expect(ended.headers.get('location')).toBe('/access?show=sessions&notice=ended');
    expect([(await page(first)).status, (await page(second)).status]).toEqual([200, 401]);

    const third = await signIn();
    const everywhere = await post('/access/sessions/end-all', {}, { headers: { cookie: third } });
    expect(everywhere.headers.get('location')).toBe('/sign-in');
    expect([(await page(first)).status, (await page(third)).status]).toEqual([401, 401]);
  });

  it('that end in this browser take with them what it has kept of the pages: signed out, ended, or all ended', async () => {
    for (const way of ['/sign-out', 'own', '/access/sessions/end-all']) {
      const cookie = await signIn();
      const path = way === 'own' ? `/access/sessions/${cookie.split('.')[3]}/end` : way;
      const { headers } = await post(path, {}, { headers: { cookie } });
      expect([way, headers.get('location'), headers.get('clear-site-data')]).toEqual([
        way,
        '/sign-in',
        '"cache", "storage"',
      ]);
      expect(headers.get('set-cookie')).toMatch(/session=; .*Max-Age=0/);
      expect((await ask('/', { headers: { cookie } })).status).toBe(401);
    }
  });

  it('a cookie copied before the sign-out is worth nothing after it', async () => {
    const cookie = await signIn();
    await post('/sign-out', {}, { headers: { cookie } });
    expect((await ask('/', { headers: { cookie } })).status).toBe(401);
  });

  it('the page tells how Cloudflare Access stands', async () => {
    const html = await (await ask('/access?show=sessions', { headers: { cookie: await signIn() } })).text();
    expect(html).toContain('ACCESS_TEAM_DOMAIN');
  });
});

describe('the audit', () => {
  it('names every change of a connection, what changed, and no secret', async () => {
    const id = await createConnection();
    const { body } = await api('GET', `/connections/${id}`);
    const { name, timeZone, acd, wfm, collection, version } = body;
    const settings = {
      name,
      timeZone,
      acd,
      wfm,
      collection: { ...(collection as object), settleDelayS: 300 },
      version,
    };
    const changed = { ...settings, secrets: { accessKeySecret: CANARIES.accessKeySecret } };
    expect((await api('PUT', `/connections/${id}`, changed)).status).toBe(200);
    await api('DELETE', `/connections/${id}`);
    const entries = await audit(`?connection=${id}`);
    expect(entries.map(({ action, detail }) => [action, detail])).toEqual([
      ['connection deleted', 'Named "Acme".'],
      ['connection paused', ''],
      ['settings changed', 'collection.settleDelayS: from 120 to 300; secrets.accessKeySecret: a new one.'],
      ['connection created', 'Named "Acme".'],
    ]);
    for (const canary of Object.values(CANARIES)) expect(answersSeen.join('\n')).not.toContain(canary);
  });

  it('says nothing of a change that was refused', async () => {
    const id = await createConnection();
    const before = await audit();
    await api('PUT', `/connections/${id}`, { version: 99 });
    await api('POST', `/connections/${id}/resume`);
    await api('DELETE', '/connections/77');
    expect(await audit()).toEqual(before);
  });

  it('is narrowed by connection, change, person and day, in the address, and downloads as it is narrowed', async () => {
    const id = await createConnection({ name: '=HYPERLINK("x")' });
    await createConnection({ name: 'Other' });
    const cookie = await signIn();
    const page = async (query: string) => (await ask(`/access?show=audit${query}`, { headers: { cookie } })).text();
    const all = await page('');
    expect(all).toContain('signed in');
    expect(all).toContain('Other');
    const narrowed = await page(`&connection=${id}&action=connection+created&by=API`);
    expect(narrowed).toContain('HYPERLINK(&quot;x');
    expect(narrowed).not.toContain('Named "Other"');
    expect(await page('&from=2001-01-01&to=2001-01-02')).toContain('No change fits these filters.');
    const [, href = ''] = /href="(\/api\/v1\/audit[^"]*)"/.exec(narrowed) ?? [];
    const csv = await ask(href.replaceAll('&amp;', '&'), { headers: { cookie } });
    expect(csv.headers.get('content-type')).toContain('text/csv');
    const lines = (await csv.text()).trim().split('\r\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toBe('id,at,by,action,connectionId,detail');
  });

  it('with a day that is none says so', async () => {
    const response = await ask('/access?show=audit&from=2026-02-30', { headers: { cookie: await signIn() } });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('no day of the calendar');
  });
});

describe('/metrics', () => {
  it('is closed without a token, and to one of scope push', async () => {
    expect((await ask('/metrics')).status).toBe(401);
    const { token } = await makeToken('push');
    expect((await ask('/metrics', withToken(token))).status).toBe(403);
  });

  it('is OpenMetrics: every family has its type and help, names are escaped, and the end is marked', async () => {
    const id = await createConnection({ name: 'Quote " and \\ back' });
    const { token } = await makeToken('read');
    const response = await ask('/metrics', withToken(token));
    expect(response.headers.get('content-type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    const text = await response.text();
    expect(text.endsWith('# EOF\n')).toBe(true);
    expect(text).toContain(`bridge_connection_info{connection="${id}",name="Quote \\" and \\\\ back"} 1`);
    expect(text).toContain(`bridge_health{connection="${id}",bridge_health="starting"} 1`);
    expect(text).toContain(`bridge_health{connection="${id}",bridge_health="stalled"} 0`);
    const families = new Map<string, string>();
    for (const line of text.trim().split('\n').slice(0, -1)) {
      const [, name, kind] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
      if (name && kind) families.set(name, kind);
      if (line.startsWith('#')) continue;
      const [, sample = '', value] = /^([a-z_]+)(?:\{.*\})? (-?[\d.]+)$/.exec(line) ?? [];
      const family = sample.replace(/_info$/, '');
      expect([line, families.has(family), value !== undefined]).toEqual([line, true, true]);
    }
    expect(families.size).toBeGreaterThan(12);
  });
});
