// Faults B1 and B2 (ten thousand guesses over the network: test/security/requests.test.ts): guessing, asking who is there, and sessions that somebody else has chosen, kept or tossed in.
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import worker from '../../worker/index.ts';
import { send } from './security-support.ts';
import { ask, createConnection, freshSite, ORIGIN, PASSWORD, post, signIn } from './site.ts';

beforeEach(freshSite);
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const FORM = { origin: ORIGIN, 'content-type': 'application/x-www-form-urlencoded' };

describe('guesses', () => {
  const GUESSES = 1_000;
  const ADDRESSES = 40;

  it('from many addresses at once try few passwords, and leave the owner alone', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 5, 12) });
    vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const outcomes = new Map<number, number>();
    let next = 0;
    const guess = async () => {
      while (next < GUESSES) {
        const number = next;
        next += 1;
        const from = `198.51.${number % ADDRESSES}.7`;
        const body = `password=guess-${number}`;
        const { status } = await send('/sign-in', {
          method: 'POST',
          headers: { ...FORM, 'cf-connecting-ip': from },
          body,
        });
        outcomes.set(status, (outcomes.get(status) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: 20 }, guess));
    expect(Object.fromEntries(outcomes)).toEqual({ 403: 5 * ADDRESSES, 429: GUESSES - 5 * ADDRESSES });
    expect((await post('/sign-in', { password: PASSWORD }, { from: '192.0.2.1' })).status).toBe(303);
    // Even from an address that guesses were made from, once its wait is over.
    vi.setSystemTime(Date.now() + 6_000);
    expect((await post('/sign-in', { password: PASSWORD }, { from: '198.51.3.7' })).status).toBe(303);
    const { results } = await env.DB.prepare('SELECT count(*) AS addresses FROM login_attempt').all();
    expect(results).toEqual([{ addresses: ADDRESSES - 1 }]);
  });

  it('of one address that keeps at it are some hundred a day', async () => {
    const start = Date.UTC(2026, 0, 5);
    vi.useFakeTimers({ toFake: ['Date'], now: start });
    vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    let tried = 0;
    for (let atMs = start; atMs < start + 24 * 3_600_000; ) {
      vi.setSystemTime(atMs);
      const response = await send('/sign-in', { method: 'POST', headers: FORM, body: 'password=guess' });
      if (response.status === 403) tried += 1;
      atMs += 1_000 * Number(response.headers.get('retry-after') ?? 0);
    }
    expect(tried).toBeGreaterThan(90);
    expect(tried).toBeLessThan(120);
  });
});

describe('whoever is not signed in', () => {
  it('hears the same of what is there and of what is not', async () => {
    const id = await createConnection();
    const answers = await Promise.all(
      [`/api/v1/connections/${id}`, '/api/v1/connections/999', '/api/v1/tokens', '/api/v1/nothing', '/metrics'].map(
        async (path) => {
          const response = await send(path);
          return [response.status, await response.text(), [...response.headers]];
        },
      ),
    );
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    const pages = await Promise.all(
      [`/connections/${id}`, '/connections/999', '/nothing', '/access'].map(async (path) => {
        const response = await send(path);
        // The page that was asked for comes back as a field, to go on there.
        return [response.status, (await response.text()).replaceAll(path, 'PATH')];
      }),
    );
    for (const page of pages) expect(page).toEqual(pages[0]);
  });

  it('hears nothing of the deployment: no version, no product, no trace', async () => {
    await createConnection();
    for (const path of ['/', '/sign-in', '/healthz', '/api/v1/status', '/nothing', '/api/docs', '/%ff']) {
      const response = await send(path);
      const headers = JSON.stringify([...response.headers]);
      expect(headers).not.toMatch(/server|x-powered-by|workerd|miniflare/i);
      expect(await response.text()).not.toMatch(/workerd|miniflare|\bat \w+ \(|\.tsx?:\d|SQLITE|D1_ERROR/);
    }
  });

  it('with a wrong password of any length hears the same', async () => {
    const texts = new Set<string>();
    for (const [index, password] of ['', 'a', PASSWORD.slice(0, -1), `${PASSWORD}x`, 'x'.repeat(5_000)].entries()) {
      const response = await post('/sign-in', { password }, { from: `192.0.2.${index + 10}` });
      texts.add(`${response.status} ${await response.text()}`);
    }
    expect(texts.size).toBe(1);
  });
});

describe('a session', () => {
  it('that somebody else has put into the browser before is not the one that a sign-in gives', async () => {
    const planted = await signIn();
    const own = await post('/sign-in', { password: PASSWORD }, { headers: { cookie: planted } });
    const cookie = own.headers.get('set-cookie')?.split(';')[0] ?? '';
    expect(cookie.split('.')[3]).not.toBe(planted.split('.')[3]);
    expect((await ask('/', { headers: { cookie } })).status).toBe(200);
    // Whoever planted it has lost it.
    expect((await ask('/', { headers: { cookie: planted } })).status).toBe(401);
  });

  it('cannot be begun by another site with a password of its choice', async () => {
    const headers = { ...FORM, origin: 'https://evil.example' };
    const response = await send('/sign-in', {
      method: 'POST',
      headers,
      body: `password=${encodeURIComponent(PASSWORD)}`,
    });
    expect([response.status, response.headers.get('set-cookie')]).toEqual([403, null]);
  });

  it('is over after its sign-out, for a copy of its cookie, too', async () => {
    const cookie = await signIn();
    expect((await ask('/', { headers: { cookie } })).status).toBe(200);
    await post('/sign-out', {}, { headers: { cookie } });
    expect((await ask('/', { headers: { cookie } })).status).toBe(401);
    expect((await ask('/api/v1/status', { headers: { cookie } })).status).toBe(401);
  });

  it('that nobody began here is none, although its signature is good', async () => {
    const cookie = await signIn();
    await env.DB.prepare('DELETE FROM session').run();
    expect((await ask('/', { headers: { cookie } })).status).toBe(401);
  });

  it('ends for everybody when the administrator password changes', async () => {
    const cookie = await signIn();
    const visit = async (change: object) => {
      const request = new Request(`${ORIGIN}/`, { headers: { cookie } });
      return worker.fetch(request as Request<unknown, IncomingRequestCfProperties>, { ...env, ...change });
    };
    expect((await visit({})).status).toBe(200);
    expect((await visit({ ADMIN_PASSWORD: 'another long password' })).status).toBe(401);
  });

  it('over https is taken from the cookie alone that no other host can set', async () => {
    const https = 'https://bridge.example';
    const secure = await signIn({ origin: https });
    expect(secure).toMatch(/^__Host-session=/);
    expect((await ask('/', { origin: https, headers: { cookie: secure } })).status).toBe(200);
    const tossed = secure.replace('__Host-', '');
    expect((await ask('/', { origin: https, headers: { cookie: tossed } })).status).toBe(401);
  });

  it('is not handed to a stranger by a second cookie of the same name, wherever it stands', async () => {
    const good = await signIn();
    const forged = `session=v1.1.1.x.${'A'.repeat(43)}`;
    for (const cookie of [forged, `${forged}; ${forged}`, `session=; ${forged}`, `session="; ${forged}`]) {
      expect((await ask('/', { headers: { cookie } })).status).toBe(401);
    }
    expect((await ask('/', { headers: { cookie: `${forged}; ${good}` } })).status).toBe(200);
  });
});
