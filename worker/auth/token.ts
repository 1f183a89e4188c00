/**
 * API tokens and signing secrets of webhooks, each made of 256 random bits: a plain digest of a token is enough to know it
 * again and no more.
 */
import { toBase64, toBase64Url, toHex, utf8 } from '../../src/crypto/bytes.ts';

/** Tells people and scanners of source code what they are looking at. */
const PREFIX = 'awb_';
const HINT_CHARS = PREFIX.length + 4;

/** A new token with what is stored of it. */
export async function newToken(): Promise<{ token: string; sha256: string; hint: string }> {
  const token = `${PREFIX}${toBase64Url(crypto.getRandomValues(new Uint8Array(32)))}`;
  return { token, sha256: await tokenDigest(token), hint: token.slice(0, HINT_CHARS) };
}

/** SHA-256 of a token, hexadecimal. */
export async function tokenDigest(token: string): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(token))));
}

/** A new signing secret of a webhook, in the form of the Standard Webhooks specification: "whsec_" and the key in base64. */
export function newWebhookSecret(): string {
  return `whsec_${toBase64(crypto.getRandomValues(new Uint8Array(32)))}`;
}
