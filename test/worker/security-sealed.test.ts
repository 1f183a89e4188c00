// Fault A5: what is sealed in the database is noticed when a single byte of it is another one, wherever and whichever.
import { describe, expect, it } from 'vitest';
import { fromBase64Url, toBase64Url } from '../../src/crypto/bytes.ts';
import { createSealer, SealError } from '../../src/crypto/seal.ts';

const KEY = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const sealer = createSealer(KEY);

/** Whether a text opens to anything at all. */
async function opens(text: string): Promise<boolean> {
  try {
    await sealer.open(text, 'place');
    return true;
  } catch (error) {
    if (error instanceof SealError) return false;
    throw error;
  }
}

describe('a sealed secret', () => {
  it('opens unchanged', async () => {
    expect(await opens(await sealer.seal('secret', 'place'))).toBe(true);
  });

  // Texts of these lengths end in base64 with no, two and four bits to spare.
  it.each(['ab', 'abc', 'abcd'])('of "%s" does not open with any byte changed to any other value', async (secret) => {
    const [version, keyId, body = ''] = (await sealer.seal(secret, 'place')).split('.');
    const bytes = fromBase64Url(body) ?? new Uint8Array();
    expect(bytes.length).toBe(12 + secret.length + 16);
    let opened = 0;
    for (let index = 0; index < bytes.length; index += 1) {
      for (let change = 1; change < 256; change += 1) {
        const changed = bytes.map((byte, at) => (at === index ? byte ^ change : byte));
        if (await opens(`${version}.${keyId}.${toBase64Url(changed)}`)) opened += 1;
      }
    }
    expect(opened).toBe(0);
  });

  it.each(['ab', 'abc', 'abcd'])(
    'of "%s" does not open with any character of its text changed, added or lost',
    async (secret) => {
      const text = await sealer.seal(secret, 'place');
      const opened: string[] = [];
      for (let index = 0; index < text.length; index += 1) {
        const changes = [...ALPHABET, '.', '=', '+', '/', ' '].filter((character) => character !== text[index]);
        const changed = changes.map((character) => text.slice(0, index) + character + text.slice(index + 1));
        for (const one of [...changed, text.slice(0, index) + text.slice(index + 1), text.slice(0, index)]) {
          if (await opens(one)) opened.push(one);
        }
      }
      for (const more of ['=', 'A', ' ', '\n', '.']) if (await opens(text + more)) opened.push(text + more);
      expect(opened).toEqual([]);
    },
  );
});
