/** API tokens: made of 256 random bits, so that a plain digest of one is enough to know it again and no more. */
import { toBase64Url, toHex, utf8 } from '../../src/crypto/bytes.ts';

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
