/** A sealer that works at once. What it seals it can tell from what it did not, and its key can be missing. */

import { hash } from '../../simulators/shared/random.ts';
import type { KeyedSealer } from '../../src/crypto/seal.ts';

export function simSealer(isKeyMissing: () => boolean): KeyedSealer {
  return {
    async seal(plaintext, context) {
      return `sealed ${JSON.stringify([context, plaintext])}`;
    },
    async open(sealed, context) {
      if (isKeyMissing()) throw new Error('injected: the key is not at hand');
      const [own, plaintext] = JSON.parse(sealed.slice('sealed '.length)) as [string, string];
      if (own !== context) throw new Error('The text was sealed for another place.');
      return plaintext;
    },
    async fingerprint(...parts) {
      let sum = 17;
      for (const character of JSON.stringify(parts)) sum = hash(sum, character.charCodeAt(0));
      return sum.toString(16).padStart(32, '0');
    },
  };
}
