/**
 * Seals secrets so that they go in and never come out: AES-256-GCM, with the key's id in the text and the place where
 * the text belongs as additional data, so that a sealed text moved elsewhere does not open. It never logs, and an
 * error never carries what was sealed.
 */
import type { Sealer } from '../runtime.ts';
import { fromBase64, fromBase64Url, toBase64Url, toHex, utf8 } from './bytes.ts';

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = 'v1';
const SEALED_PATTERN = /^v1\.([0-9a-f]{8})\.([A-Za-z0-9_-]+)$/;

/** A sealer that can also tell accounts apart without revealing them. */
export interface KeyedSealer extends Sealer {
  /**
   * 32 hex digits that stand for `parts`: the same parts give the same digits, and nothing else can be learnt from
   * them. An HMAC with a key derived from the first encryption key, not a bare hash: fingerprints of passwords stand in
   * clear in the database and in cache keys, and a bare hash of a weak password can be guessed at leisure. When the
   * first encryption key is rotated, fingerprints change: cached tokens and a remembered block are forgotten, which
   * costs one sign-in an account.
   */
  fingerprint(...parts: readonly string[]): Promise<string>;
}

/** A sealed text could not be opened. Whoever catches it must not overwrite the text: the right key may come back. */
export class SealError extends Error {
  override readonly name = 'SealError';
  readonly kind: 'unknown key' | 'damaged';
  constructor(kind: SealError['kind'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

export type ParsedKeys =
  | { readonly ok: true; readonly keys: readonly Uint8Array<ArrayBuffer>[] }
  | { readonly ok: false; readonly message: string };

/**
 * Reads ENCRYPTION_KEY: one or several 32-byte keys in base64 (or base64url), separated by commas. The first seals, all
 * open. `message` is a sentence for whoever set it, without the value.
 */
export function parseEncryptionKeys(text: string): ParsedKeys {
  const advice =
    'Make a key with `openssl rand -base64 32`; to rotate, put the new key first and the old one after a comma.';
  const parts = text.split(',').map((part) => part.trim());
  if (parts.every((part) => part === '')) return { ok: false, message: `ENCRYPTION_KEY is not set. ${advice}` };
  const keys: Uint8Array<ArrayBuffer>[] = [];
  for (const [index, part] of parts.entries()) {
    const which = parts.length === 1 ? 'ENCRYPTION_KEY' : `Key ${index + 1} of ENCRYPTION_KEY`;
    if (part === '') return { ok: false, message: `${which} is empty. ${advice}` };
    const bytes = fromBase64(part);
    if (!bytes) return { ok: false, message: `${which} is not base64. ${advice}` };
    if (bytes.length !== KEY_BYTES) {
      return { ok: false, message: `${which} holds ${bytes.length} bytes, it must hold ${KEY_BYTES}. ${advice}` };
    }
    keys.push(bytes);
  }
  return { ok: true, keys };
}

interface HeldKey {
  readonly id: string;
  readonly key: CryptoKey;
}

/**
 * A sealer for the keys of ENCRYPTION_KEY. Throws an `Error` with the sentence of `parseEncryptionKeys` when they cannot
 * be used. Format: `v1.<first 8 hex digits of SHA-256 of the key>.<base64url of iv, ciphertext and tag>`.
 */
export function createSealer(encryptionKeys: string): KeyedSealer {
  const parsed = parseEncryptionKeys(encryptionKeys);
  if (!parsed.ok) throw new Error(parsed.message);
  const { keys } = parsed;
  let held: Promise<HeldKey[]> | undefined;
  const heldKeys = () => {
    held ??= Promise.all(keys.map(importKey));
    return held;
  };
  let fingerprintKey: Promise<CryptoKey> | undefined;

  return {
    async seal(plaintext, context) {
      const [first] = await heldKeys();
      if (!first) throw new Error('There is no encryption key.');
      const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
      const algorithm = { name: 'AES-GCM', iv, additionalData: additionalData(first.id, context) };
      const ciphertext = new Uint8Array(await crypto.subtle.encrypt(algorithm, first.key, utf8(plaintext)));
      const bytes = new Uint8Array(IV_BYTES + ciphertext.length);
      bytes.set(iv);
      bytes.set(ciphertext, IV_BYTES);
      return `${VERSION}.${first.id}.${toBase64Url(bytes)}`;
    },

    async open(sealed, context) {
      const [, keyId, body] = SEALED_PATTERN.exec(sealed) ?? [];
      const bytes = body === undefined ? undefined : fromBase64Url(body);
      // Several texts can stand for the same bytes; only the one that was written is whole.
      const isWhole = bytes !== undefined && bytes.length >= IV_BYTES + TAG_BYTES && toBase64Url(bytes) === body;
      if (!keyId || !isWhole) {
        throw new SealError('damaged', 'A sealed secret is not in the form in which this bridge writes them.');
      }
      const candidates = (await heldKeys()).filter(({ id }) => id === keyId);
      if (candidates.length === 0) {
        throw new SealError(
          'unknown key',
          `A secret was sealed with the key ${keyId}, which is not in ENCRYPTION_KEY. Add that key after a comma, or enter the secret again.`,
        );
      }
      let failure: unknown;
      for (const { id, key } of candidates) {
        const algorithm = {
          name: 'AES-GCM',
          iv: bytes.subarray(0, IV_BYTES),
          additionalData: additionalData(id, context),
        };
        try {
          const plain = await crypto.subtle.decrypt(algorithm, key, bytes.subarray(IV_BYTES));
          return new TextDecoder().decode(plain);
        } catch (error) {
          failure = error;
        }
      }
      throw new SealError(
        'damaged',
        'A sealed secret was changed, or belongs to another place, and does not open. Enter it again.',
        { cause: failure },
      );
    },

    async fingerprint(...parts) {
      fingerprintKey ??= deriveFingerprintKey(keys[0]);
      // Lengths first, so that ("ab", "c") and ("a", "bc") differ.
      const text = parts.map((part) => `${utf8(part).length}:${part}`).join('');
      const mac = await crypto.subtle.sign('HMAC', await fingerprintKey, utf8(text));
      return toHex(new Uint8Array(mac)).slice(0, 32);
    },
  };
}

async function importKey(bytes: Uint8Array<ArrayBuffer>): Promise<HeldKey> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const key = await crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt']);
  return { id: toHex(digest).slice(0, 8), key };
}

/** RFC 5869: a key of its own for fingerprints, so that the sealing key serves one purpose only. */
async function deriveFingerprintKey(bytes: Uint8Array<ArrayBuffer> | undefined): Promise<CryptoKey> {
  if (!bytes) throw new Error('There is no encryption key.');
  const base = await crypto.subtle.importKey('raw', bytes, 'HKDF', false, ['deriveKey']);
  return crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: utf8('acd-wfm-bridge fingerprint v1') },
    base,
    { name: 'HMAC', hash: 'SHA-256', length: 256 },
    false,
    ['sign'],
  );
}

function additionalData(keyId: string, context: string): Uint8Array<ArrayBuffer> {
  return utf8(`${VERSION}.${keyId}.${context}`);
}
