import { env } from 'cloudflare:workers';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import worker from '../../worker/index.ts';
import { API_TOKEN, api, ask, createConnection, freshSite, ORIGIN, PASSWORD, post, signIn } from './site.ts';

beforeEach(freshSite);
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('without sign-in', () => {
  it('no address of the API answers with anything but 401, and none changes anything', async () => {
    const document = await ask('/api/openapi.json', { headers: { authorization: `Bearer ${API_TOKEN}` } });
    const { paths } = await document.json<{ paths: Record<string, Record<string, unknown>> }>();
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => ({ path, method })),
    );
    expect(routes.length).toBeGreaterThan(25);
    const id = await createConnection();
    for (const { path, method } of routes) {
      const response = await ask(path.replace('{connectionId}', String(id)).replace('{id}', '1'), {
        method: method.toUpperCase(),
        headers: { origin: ORIGIN },
      });
      expect([method, path, response.status]).toEqual([method, path, 401]);
      expect(response.headers.get('content-type')).toContain('application/problem+json');
    }
    expect((await api('GET', `/connections/${id}`)).status).toBe(200);
  });

  it.each(['/', '/fragments/x', '/connections/new', '/connections/1', '/set-aside', '/api/docs', '/nowhere'])(
    'the page %s is the sign-in page',
    async (path) => {
      const response = await ask(path);
      expect(response.status).toBe(401);
      expect(await response.text()).toContain('name="password"');
    },
  );

  it('a part that refreshes itself takes the browser to the sign-in', async () => {
    const response = await ask('/fragments/overview', { headers: { 'hx-request': 'true' } });
    expect(response.headers.get('hx-redirect')).toBe('/sign-in');
  });
});

describe('the administrator password', () => {
  it('opens the site and leads to the page that was asked for', async () => {
    const response = await post('/sign-in', { password: PASSWORD, next: '/set-aside?connection=1' });
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe('/set-aside?connection=1');
    const cookie = response.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^session=v1\./);
    expect(cookie).toContain('HttpOnly; SameSite=Strict');
    const overview = await ask('/', { headers: { cookie: cookie.split(';')[0] ?? '' } });
    expect(overview.status).toBe(200);
  });

  it('makes a Secure cookie bound to the host over https, and where the browser says https behind a proxy', async () => {
    const direct = await post('/sign-in', { password: PASSWORD }, { origin: 'https://bridge.example' });
    expect(direct.headers.get('set-cookie')).toMatch(/^__Host-session=.*; Path=\/; .*; Secure$/);
    expect(direct.headers.get('strict-transport-security')).toBe('max-age=31536000; includeSubDomains');
    const proxied = await post('/sign-in', { password: PASSWORD }, { headers: { origin: 'https://bridge.example' } });
    expect(proxied.headers.get('set-cookie')).toMatch(/^__Host-session=/);
  });

  it('takes no cookie but the bound one, and no plain origin, where the front says that the browser sees https', async () => {
    const seen = { 'bridge-scheme': 'https' };
    const cookie = (await signIn({ headers: { ...seen, origin: 'https://bridge.example' } })).replace('__Host-', '');
    expect((await ask('/', { headers: { cookie } })).status).toBe(200);
    const overTls = await ask('/', { headers: { ...seen, cookie } });
    expect(overTls.status).toBe(401);
    expect(overTls.headers.get('strict-transport-security')).toContain('max-age=');
    expect((await post('/sign-in', { password: PASSWORD }, { headers: seen })).status).toBe(403);
  });

  it.each(['//evil.example/', 'https://evil.example/', '/\\evil.example', 'javascript:alert(1)'])(
    'never leads away from the site: %s',
    async (next) => {
      const response = await post('/sign-in', { password: PASSWORD, next });
      expect(response.headers.get('location')).toMatch(/^\/(?![/\\])/);
    },
  );

  it('that is wrong opens nothing', async () => {
    const response = await post('/sign-in', { password: `${PASSWORD} ` });
    expect(response.status).toBe(403);
    expect(response.headers.get('set-cookie')).toBeNull();
    expect(await response.text()).toContain('This is not the administrator password.');
  });

  it('is tried in vain after five failures, for a while that grows, and only from that address', async () => {
    const start = Date.UTC(2026, 0, 5, 12);
    vi.useFakeTimers({ toFake: ['Date'], now: start });
    const statuses = await Promise.all(
      Array.from({ length: 12 }, () => post('/sign-in', { password: 'guess' }).then(({ status }) => status)),
    );
    expect(statuses.toSorted()).toEqual([403, 403, 403, 403, 403, ...Array.from({ length: 7 }, () => 429)]);
    const held = await post('/sign-in', { password: PASSWORD });
    expect(held.status).toBe(429);
    expect(held.headers.get('retry-after')).toBe('5');
    expect((await post('/sign-in', { password: PASSWORD }, { from: '198.51.100.7' })).status).toBe(303);
    vi.setSystemTime(start + 5_000);
    expect((await post('/sign-in', { password: 'guess' })).status).toBe(403);
    expect((await post('/sign-in', { password: 'guess' })).headers.get('retry-after')).toBe('10');
    vi.setSystemTime(start + 15_000);
    expect((await post('/sign-in', { password: PASSWORD })).status).toBe(303);
    expect((await post('/sign-in', { password: 'guess' })).status).toBe(403);
  });

  it('counts a whole IPv6 network as one address', async () => {
    for (let i = 1; i <= 5; i += 1) await post('/sign-in', { password: 'guess' }, { from: `2001:db8:1:2::${i}` });
    expect((await post('/sign-in', { password: PASSWORD }, { from: '2001:db8:1:2:ffff::1' })).status).toBe(429);
    expect((await post('/sign-in', { password: PASSWORD }, { from: '2001:db8:1:3::1' })).status).toBe(303);
  });
});

describe('a session', () => {
  it('ends after 12 hours without use, and after 7 days in any case', async () => {
    const start = Date.UTC(2026, 0, 5, 12);
    vi.useFakeTimers({ toFake: ['Date'], now: start });
    let cookie = await signIn();
    const visit = async (atMs: number) => {
      vi.setSystemTime(atMs);
      const response = await ask('/', { headers: { cookie } });
      cookie = response.headers.get('set-cookie')?.split(';')[0] ?? cookie;
      return response.status;
    };
    const hour = 3_600_000;
    const first = cookie;
    for (let at = start + 11 * hour; at < start + 168 * hour; at += 11 * hour) expect(await visit(at)).toBe(200);
    expect(await visit(start + 168 * hour)).toBe(401);
    cookie = first;
    expect(await visit(start + 12 * hour)).toBe(401);
  });

  it('is not kept alive by a page that refreshes itself', async () => {
    const start = Date.UTC(2026, 0, 5, 12);
    vi.useFakeTimers({ toFake: ['Date'], now: start });
    const cookie = await signIn();
    vi.setSystemTime(start + 3_600_000);
    const refreshed = await ask('/fragments/overview', { headers: { cookie, 'hx-request': 'true' } });
    expect(refreshed.status).toBe(200);
    expect(refreshed.headers.get('set-cookie')).toBeNull();
  });

  it.each([
    ['another time', (cookie: string) => cookie.replace(/v1\.\d+/, 'v1.1')],
    ['another signature', (cookie: string) => `${cookie.slice(0, -4)}AAAA`],
    ['no signature', (cookie: string) => cookie.split('.').slice(0, 3).join('.')],
  ])('with %s is nobody', async (_, forge) => {
    const cookie = await signIn();
    expect((await ask('/', { headers: { cookie: forge(cookie) } })).status).toBe(401);
  });

  it('ends with sign-out', async () => {
    const cookie = await signIn();
    const response = await post('/sign-out', {}, { headers: { cookie } });
    expect(response.status).toBe(303);
    expect(response.headers.get('set-cookie')).toContain('Max-Age=0');
  });

  it.each([
    ['from another site', 'https://evil.example'],
    ['from a sandboxed frame', 'null'],
    ['without a word of where it comes from', ''],
  ])('changes nothing %s', async (_, origin) => {
    const cookie = await signIn();
    const id = await createConnection();
    const headers = { cookie, ...(origin && { origin }) };
    const byForm = await ask(`/connections/${id}/pause`, { method: 'POST', headers });
    const byApi = await ask(`/api/v1/connections/${id}`, { method: 'DELETE', headers });
    expect([byForm.status, byApi.status]).toEqual([403, 403]);
    expect((await api<{ paused: boolean }>('GET', `/connections/${id}`)).body.paused).toBe(false);
  });

  it('may use the API from a page of this site', async () => {
    const cookie = await signIn();
    const id = await createConnection();
    const response = await ask(`/api/v1/connections/${id}/pause`, {
      method: 'POST',
      headers: { cookie, origin: ORIGIN },
    });
    expect(response.status).toBe(200);
  });
});

describe('the API token', () => {
  it('that is wrong is nobody, even beside a good session', async () => {
    const cookie = await signIn();
    for (const authorization of [`Bearer ${API_TOKEN}x`, 'Bearer', `Basic ${API_TOKEN}`, API_TOKEN]) {
      const response = await ask('/api/v1/status', { headers: { authorization, cookie } });
      expect(response.status).toBe(401);
    }
  });

  it('opens no page', async () => {
    expect((await ask('/', { headers: { authorization: `Bearer ${API_TOKEN}` } })).status).toBe(401);
  });
});

it.each(['/', '/healthz', '/sign-in', '/api/v1/status', '/nowhere'])(
  '%s carries the security headers',
  async (path) => {
    const { headers } = await ask(path);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('referrer-policy')).toBe('same-origin');
  },
);

describe('a deployment that is not complete', () => {
  const KEY = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
  it.each([
    ['no key', { ENCRYPTION_KEY: '' }, 'ENCRYPTION_KEY', 'npx wrangler secret put ENCRYPTION_KEY'],
    ['a short key', { ENCRYPTION_KEY: 'AAEC' }, 'ENCRYPTION_KEY', 'must hold 32'],
    ['no password', { ADMIN_PASSWORD: '' }, 'ADMIN_PASSWORD', 'npx wrangler secret put ADMIN_PASSWORD'],
    ['a short password', { ADMIN_PASSWORD: 'short-one' }, 'ADMIN_PASSWORD', '12 or more'],
    ['a short API token', { API_TOKEN: 'abc' }, 'API_TOKEN', '32 or more'],
    ['half of Access', { ACCESS_AUDIENCE: 'tag' }, 'ACCESS_TEAM_DOMAIN', 'both or neither'],
    [
      'a network word that is none',
      { ALLOW_PRIVATE_NETWORK: 'maybe' },
      'ALLOW_PRIVATE_NETWORK',
      'neither true nor false',
    ],
  ])('with %s answers everything with what is missing', async (_, change, name, words) => {
    const incomplete = { ...env, ENCRYPTION_KEY: KEY, ADMIN_PASSWORD: PASSWORD, ...change };
    for (const path of ['/', '/sign-in', '/healthz', '/api/v1/status', '/api/openapi.json']) {
      const request = new Request(`${ORIGIN}${path}`, { headers: { authorization: `Bearer ${API_TOKEN}` } });
      const response = await worker.fetch(request as Request<unknown, IncomingRequestCfProperties>, incomplete);
      const text = await response.text();
      expect(response.status).toBe(503);
      expect(text).toContain(name);
      expect(text).toContain(words);
      expect(text).not.toContain(PASSWORD);
      expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    }
  });
});

describe('Cloudflare Access', () => {
  const TEAM = 'https://team.cloudflareaccess.com';
  const AUDIENCE = 'audience-tag';

  it('lets its own valid tokens in and no others', async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
    const stranger = await generateKeyPair('RS256');
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }] };
    vi.mocked(globalThis.fetch).mockImplementation(async () => Response.json(jwks));
    const guarded = { ...env, ADMIN_PASSWORD: '', ACCESS_TEAM_DOMAIN: TEAM, ACCESS_AUDIENCE: AUDIENCE };
    const visit = async (token: string) => {
      const request = new Request(`${ORIGIN}/`, { headers: { 'cf-access-jwt-assertion': token } });
      return (await worker.fetch(request as Request<unknown, IncomingRequestCfProperties>, guarded)).status;
    };
    const claims = (change: { iss?: string; aud?: string; exp?: string } = {}) =>
      new SignJWT({ email: 'admin@example.com' })
        .setProtectedHeader({ alg: 'RS256', kid: 'one' })
        .setIssuer(change.iss ?? TEAM)
        .setAudience(change.aud ?? AUDIENCE)
        .setIssuedAt('-2 h')
        .setExpirationTime(change.exp ?? '1 h');
    const unsigned = new UnsecuredJWT({ email: 'x' })
      .setIssuer(TEAM)
      .setAudience(AUDIENCE)
      .setIssuedAt()
      .setExpirationTime('1 h');
    const shared = new SignJWT({ email: 'x' })
      .setProtectedHeader({ alg: 'HS256', kid: 'one' })
      .setIssuer(TEAM)
      .setAudience(AUDIENCE);
    expect(await visit(await claims().sign(privateKey))).toBe(200);
    expect(await visit(await claims({ aud: 'other' }).sign(privateKey))).toBe(403);
    expect(await visit(await claims({ iss: 'https://other.cloudflareaccess.com' }).sign(privateKey))).toBe(403);
    expect(await visit(await claims({ exp: '-1 h' }).sign(privateKey))).toBe(403);
    expect(await visit(await claims().sign(stranger.privateKey))).toBe(403);
    expect(await visit(unsigned.encode())).toBe(403);
    expect(await visit(await shared.setIssuedAt().setExpirationTime('1 h').sign(new Uint8Array(32)))).toBe(403);
    expect(await visit('nonsense')).toBe(403);
  });
});
