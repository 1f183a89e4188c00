/**
 * Sessions as a signed cookie: nothing can be forged without ENCRYPTION_KEY, and a changed ADMIN_PASSWORD ends them all.
 * The cookie holds when the session began, when it was last used, and its id, under which it can be ended from afar
 * (src/store/sessions.ts).
 */
import { fromBase64, toBase64Url, utf8 } from '../../src/crypto/bytes.ts';
import { parseEncryptionKeys } from '../../src/crypto/seal.ts';
import type { Settings } from '../settings.ts';
import { isSeenOverHttps } from './scheme.ts';

const IDLE_MS = 12 * 3_600_000;
const ABSOLUTE_MS = 7 * 24 * 3_600_000;
/** A session in use gets a fresh cookie when the present one is older than this. */
const RENEW_AFTER_MS = 5 * 60_000;

/** Browsers take the `__Host-` prefix over https only; plain http is for loopback. */
const SECURE_COOKIE = '__Host-session';
const PLAIN_COOKIE = 'session';

export interface Session {
  readonly id: string;
  readonly beganMs: number;
  readonly seenMs: number;
}

/** A new session's id: 128 random bits. */
export function newSessionId(): string {
  return toBase64Url(crypto.getRandomValues(new Uint8Array(16)));
}

/** The cookie that begins or goes on with a session, as a `set-cookie` value. */
export async function sessionCookie(settings: Settings, session: Session, isHttps: boolean): Promise<string> {
  const payload = `v1.${session.beganMs}.${session.seenMs}.${session.id}`;
  const [key] = await signingKeys(settings);
  if (!key) throw new Error('There is no encryption key.');
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8(payload)));
  return cookie(isHttps, `${payload}.${toBase64Url(mac)}`, Math.floor(ABSOLUTE_MS / 1000));
}

/** The `set-cookie` values that end a session, whichever cookie carried it. */
function endedSessionCookies(isHttps: boolean): string[] {
  return isHttps ? [cookie(true, '', 0), cookie(false, '', 0)] : [cookie(false, '', 0)];
}

/**
 * What an answer carries that ends this browser's own session: its cookies go, and with them what the browser has kept of the
 * pages.
 */
export function endOfSessionHeaders(isHttps: boolean): Headers {
  const headers = new Headers({ 'clear-site-data': '"cache", "storage"' });
  for (const cookie of endedSessionCookies(isHttps)) headers.append('set-cookie', cookie);
  return headers;
}

/** The session that a request carries, or null: none, forged, or over by its times. Whether it was ended the store knows. */
export async function readSession(settings: Settings, request: Request, nowMs: number): Promise<Session | null> {
  const cookies = parseCookies(request.headers.get('cookie') ?? '');
  // A cookie without the prefix can be set by a neighbouring host; over https nothing else than the prefixed one counts.
  const isHttps = isSeenOverHttps(request, new URL(request.url));
  for (const name of isHttps ? [SECURE_COOKIE] : [SECURE_COOKIE, PLAIN_COOKIE]) {
    const value = cookies.get(name);
    const session = value === undefined ? null : await openSession(settings, value);
    if (session && isAlive(session, nowMs)) return session;
  }
  return null;
}

/** True when the session is in use and its cookie should be written anew. */
export function needsRenewal(session: Session, nowMs: number): boolean {
  return nowMs - session.seenMs > RENEW_AFTER_MS;
}

/** Sessions that began and were used after these instants can still be alive. */
export function sessionsSince(nowMs: number): { beganMs: number; seenMs: number } {
  // When a session was last used is stored up to one renewal late.
  return { beganMs: nowMs - ABSOLUTE_MS, seenMs: nowMs - IDLE_MS - RENEW_AFTER_MS };
}

function isAlive({ beganMs, seenMs }: Session, nowMs: number): boolean {
  return nowMs - seenMs < IDLE_MS && nowMs - beganMs < ABSOLUTE_MS;
}

async function openSession(settings: Settings, value: string): Promise<Session | null> {
  const [, payload, began, seen, id, mac] =
    /^(v1\.(\d{1,16})\.(\d{1,16})\.([\w-]{1,40}))\.([\w-]{1,100})$/.exec(value) ?? [];
  const bytes = mac === undefined ? undefined : fromBase64(mac);
  if (payload === undefined || id === undefined || !bytes) return null;
  // An old key still opens sessions while the encryption key is being rotated.
  for (const key of await signingKeys(settings)) {
    const isGenuine = await crypto.subtle.verify('HMAC', key, bytes, utf8(payload));
    if (isGenuine) return { id, beganMs: Number(began), seenMs: Number(seen) };
  }
  return null;
}

const keysBySettings = new WeakMap<Settings, Promise<CryptoKey[]>>();

function signingKeys(settings: Settings): Promise<CryptoKey[]> {
  const known = keysBySettings.get(settings);
  if (known) return known;
  const parsed = parseEncryptionKeys(settings.encryptionKey);
  const keys = Promise.all((parsed.ok ? parsed.keys : []).map((key) => deriveKey(key, settings.adminPassword ?? '')));
  keysBySettings.set(settings, keys);
  return keys;
}

/** RFC 5869: a key for sessions alone, from the encryption key, with the password as salt. */
async function deriveKey(bytes: Uint8Array<ArrayBuffer>, password: string): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey('raw', bytes, 'HKDF', false, ['deriveKey']);
  return crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: utf8(password), info: utf8('acd-wfm-bridge session v1') },
    base,
    { name: 'HMAC', hash: 'SHA-256', length: 256 },
    false,
    ['sign', 'verify'],
  );
}

function cookie(isHttps: boolean, value: string, maxAgeS: number): string {
  const name = isHttps ? SECURE_COOKIE : PLAIN_COOKIE;
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeS}${isHttps ? '; Secure' : ''}`;
}

function parseCookies(header: string): Map<string, string> {
  const pairs = header.split(';').map((pair) => {
    const at = pair.indexOf('=');
    return [pair.slice(0, Math.max(at, 0)).trim(), pair.slice(at + 1).trim()] as const;
  });
  return new Map(pairs);
}
