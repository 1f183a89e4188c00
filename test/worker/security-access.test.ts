// Fault B7: tokens that claim to come from Cloudflare Access. Keys of our own stand in for the team's; every row says what
// is wrong with it, and no row may let anybody in.
import { env } from 'cloudflare:workers';
import { CompactSign, calculateJwkThumbprint, exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { toBase64Url, utf8 } from '../../src/crypto/bytes.ts';
import worker from '../../worker/index.ts';
import { createConnection, freshSite, ORIGIN, PASSWORD } from './site.ts';

const AUDIENCE = 'audience-tag';
const KID = 'the-team';

let keys: CryptoKeyPair;
let other: CryptoKeyPair;
let jwks: { keys: object[] };
/** Key sets are kept by team for as long as the Worker lives: each test is a team of its own. */
let team = '';
let teamCount = 0;
let asked: string[];
let said: string[];

beforeAll(async () => {
  keys = (await generateKeyPair('RS256', { extractable: true })) as CryptoKeyPair;
  other = (await generateKeyPair('RS256', { extractable: true })) as CryptoKeyPair;
  jwks = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: KID, alg: 'RS256', use: 'sig' }] };
});
beforeEach(async () => {
  await freshSite();
  teamCount += 1;
  team = `https://team-${teamCount}.cloudflareaccess.com`;
  asked = [];
  said = [];
  vi.spyOn(console, 'warn').mockImplementation((...words) => {
    said.push(words.map(String).join(' '));
  });
  answerKeys(() => Response.json(jwks));
});
afterEach(() => {
  vi.restoreAllMocks();
});

function answerKeys(answer: () => Response | Promise<Response>): void {
  vi.mocked(globalThis.fetch).mockImplementation(async (input) => {
    asked.push(input instanceof Request ? input.url : String(input));
    return answer();
  });
}

/** Asks with the token for a page, at a bridge that Access guards alone. */
async function ask(token: string, path = '/', init: RequestInit = {}, change: object = {}): Promise<Response> {
  const guarded = { ...env, ADMIN_PASSWORD: '', ACCESS_TEAM_DOMAIN: team, ACCESS_AUDIENCE: AUDIENCE, ...change };
  const headers = new Headers(init.headers);
  headers.set('cf-access-jwt-assertion', token);
  const request = new Request(`${ORIGIN}${path}`, { ...init, headers });
  return worker.fetch(request as Request<unknown, IncomingRequestCfProperties>, guarded);
}

const nowS = () => Math.floor(Date.now() / 1_000);

function claims(change: Record<string, unknown> = {}): Record<string, unknown> {
  const whole = {
    iss: team,
    aud: [AUDIENCE],
    iat: nowS() - 60,
    nbf: nowS() - 60,
    exp: nowS() + 600,
    email: 'a@example.com',
  };
  return JSON.parse(JSON.stringify({ ...whole, ...change }));
}

function signed(
  payload: Record<string, unknown>,
  header: Record<string, unknown> = {},
  key: CryptoKey | Uint8Array = keys.privateKey,
): Promise<string> {
  return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: KID, ...header }).sign(key);
}

/** As `signed`, for headers that no library would write. */
async function signedByHand(header: object, payload: object): Promise<string> {
  const text = `${part(header)}.${part(payload)}`;
  const signature = await crypto.subtle.sign('RSASSA-PKCS1-v1_5', keys.privateKey, utf8(text));
  return `${text}.${toBase64Url(new Uint8Array(signature))}`;
}

const part = (value: unknown) => toBase64Url(utf8(JSON.stringify(value)));

describe('a token of the team', () => {
  it('lets in whom it names', async () => {
    const response = await ask(await signed(claims()));
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('a@example.com');
    expect(asked).toEqual([`${team}/cdn-cgi/access/certs`]);
  });

  it('that is signed by hand is taken like any other: the forgeries below fail for what is wrong with them', async () => {
    expect((await ask(await signedByHand({ alg: 'RS256', kid: KID }, claims()))).status).toBe(200);
  });

  it('of a service, which has no e-mail address, is told by the name of the service', async () => {
    const service = { email: undefined, sub: '', common_name: 'export.access' };
    const page = await ask(await signed(claims(service)));
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('export.access');
  });

  it('changes nothing when another site has the browser send it', async () => {
    const id = await createConnection();
    const token = await signed(claims());
    for (const origin of ['https://evil.example', 'null', '']) {
      const headers = { ...(origin && { origin }), 'content-type': 'application/x-www-form-urlencoded' };
      const byForm = await ask(token, `/connections/${id}/pause`, { method: 'POST', headers });
      const byApi = await ask(token, `/api/v1/connections/${id}`, { method: 'DELETE', headers });
      expect([byForm.status, byApi.status]).toEqual([403, 403]);
    }
    const row = await env.DB.prepare('SELECT paused FROM connection WHERE id = ?1').bind(id).first();
    expect(row).toEqual({ paused: 0 });
  });
});

describe('a forged token', () => {
  const forgeries: readonly (readonly [what: string, forge: () => Promise<string>])[] = [
    ['is not signed (alg none)', async () => `${part({ alg: 'none', typ: 'JWT' })}.${part(claims())}.`],
    ['is not signed (alg NoNe, with the kid)', async () => `${part({ alg: 'NoNe', kid: KID })}.${part(claims())}.`],
    ['lost its signature', async () => (await signed(claims())).replace(/[^.]*$/, '')],
    [
      'has another signature of the team',
      async () =>
        `${(await signed(claims({ email: 'x@y' }))).replace(/[^.]*$/, '')}${(await signed(claims())).split('.')[2]}`,
    ],
    [
      'is signed with the public key as a shared secret (HS256, PEM)',
      async () => signed(claims(), { alg: 'HS256' }, utf8(await exportSPKI(keys.publicKey))),
    ],
    [
      'is signed with the public key as a shared secret (HS256, modulus)',
      async () => signed(claims(), { alg: 'HS256' }, utf8(String((await exportJWK(keys.publicKey)).n))),
    ],
    ['is signed by a stranger under the kid of the team', () => signed(claims(), {}, other.privateKey)],
    [
      'brings its own key along (jwk)',
      async () => signed(claims(), { jwk: await exportJWK(other.publicKey) }, other.privateKey),
    ],
    [
      'names where its key is (jku)',
      async () => signed(claims(), { jku: 'https://evil.example/jwks', kid: 'evil' }, other.privateKey),
    ],
    [
      'names where its certificate is (x5u)',
      async () => signed(claims(), { x5u: 'https://evil.example/x' }, other.privateKey),
    ],
    [
      'names its key by its thumbprint',
      async () =>
        signed(claims(), { kid: await calculateJwkThumbprint(await exportJWK(other.publicKey)) }, other.privateKey),
    ],
    [
      'asks for what nobody knows (crit)',
      () => signedByHand({ alg: 'RS256', kid: KID, crit: ['own'], own: 1 }, claims()),
    ],
    ['is for another application', () => signed(claims({ aud: ['other'] }))],
    ['is for nobody', () => signed(claims({ aud: undefined }))],
    ['is of another team', () => signed(claims({ iss: 'https://evil.cloudflareaccess.com' }))],
    ['is of a team whose name begins the same', () => signed(claims({ iss: `${team}.evil.example` }))],
    ['is of nobody', () => signed(claims({ iss: undefined }))],
    ['has expired', () => signed(claims({ exp: nowS() - 1 }))],
    ['never expires', () => signed(claims({ exp: undefined }))],
    ['has an end that is no time', () => signed(claims({ exp: 'tomorrow' }))],
    ['does not hold yet', () => signed(claims({ nbf: nowS() + 600 }))],
    ['does not say when it was made', () => signed(claims({ iat: undefined }))],
    [
      'is no object',
      () => new CompactSign(utf8('"text"')).setProtectedHeader({ alg: 'RS256', kid: KID }).sign(keys.privateKey),
    ],
    ['is of five parts', async () => `${await signed(claims())}.x.y`],
    ['is text', async () => 'nonsense'],
    ['is far too long', async () => `${await signed(claims())}${'x'.repeat(20_000)}`],
    ['is two tokens', async () => `${await signed(claims({ exp: 1 }))}, ${await signed(claims({ aud: ['other'] }))}`],
  ];

  it.each(forgeries)('that %s is nobody', async (_, forge) => {
    const token = await forge();
    const page = await ask(token);
    expect(page.status).toBe(403);
    expect(await page.text()).not.toContain('a@example.com');
    expect((await ask(token, '/api/v1/status')).status).toBe(401);
    expect(asked.every((url) => url === `${team}/cdn-cgi/access/certs`)).toBe(true);
  });

  it('signed with the right key by another algorithm is nobody', async () => {
    const { privateKey, publicKey } = await generateKeyPair('PS256', { extractable: true });
    answerKeys(async () => Response.json({ keys: [{ ...(await exportJWK(publicKey)), kid: KID }] }));
    expect((await ask(await signed(claims(), { alg: 'PS256' }, privateKey))).status).toBe(403);
  });

  it('with a key id that nobody knows fetches the keys once, however many come', async () => {
    expect((await ask(await signed(claims()))).status).toBe(200);
    for (let i = 0; i < 500; i += 1) {
      const token = await signed(claims(), { kid: `unknown-${i}` }, other.privateKey);
      expect((await ask(token)).status).toBe(403);
    }
    expect(asked).toHaveLength(1);
    expect((await ask(await signed(claims()))).status).toBe(200);
  });

  it('is refused in words that hold neither the token nor its claims', async () => {
    const token = await signed(claims({ aud: ['other'], email: 'secret@example.com' }));
    await ask(token);
    expect(said.join('\n')).toContain('A Cloudflare Access token was refused');
    expect(said.join('\n')).not.toContain(token.slice(0, 40));
    expect(said.join('\n')).not.toContain('secret@example.com');
  });
});

describe('while the keys of the team cannot be read', () => {
  it.each<[string, () => Response | Promise<Response>]>([
    ['are an HTML page', () => new Response('<html>', { headers: { 'content-type': 'text/html' } })],
    ['fail', () => new Response('{}', { status: 500 })],
    ['lead elsewhere', () => new Response(null, { status: 302, headers: { location: 'https://evil.example/jwks' } })],
    ['are none', () => Response.json({ keys: [] })],
    ['are of another shape', () => Response.json({ keys: 'all' })],
    ['do not come', () => Promise.reject(new TypeError('Network connection lost.'))],
  ])('nobody is let in by it and nothing is followed: they %s', async (_, answer) => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    answerKeys(answer);
    expect((await ask(await signed(claims()))).status).toBe(403);
    expect(new Set(asked)).toEqual(new Set([`${team}/cdn-cgi/access/certs`]));
  });

  it('the administrator still gets in by the password, where there is one', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    answerKeys(() => new Response('{}', { status: 500 }));
    const headers = { origin: ORIGIN, 'content-type': 'application/x-www-form-urlencoded' };
    const body = new URLSearchParams({ password: PASSWORD }).toString();
    const response = await ask('nonsense', '/sign-in', { method: 'POST', headers, body }, { ADMIN_PASSWORD: PASSWORD });
    expect(response.status).toBe(303);
  });
});
