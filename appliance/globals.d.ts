// src/crypto is written for Workers, where this type is global. In Node only the value is.
import type { webcrypto } from 'node:crypto';

declare global {
  interface CryptoKey extends webcrypto.CryptoKey {}
}
