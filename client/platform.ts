/**
 * What the clients stand on outside the bridge: the platform's fetch and clock, tokens and refusals in memory. Runs
 * wherever there is fetch and Web Crypto: Node 22 or newer, and Workers. Nothing happens when it is imported.
 */
import { toBase64 } from '../src/crypto/bytes.ts';
import { createSealer, type KeyedSealer } from '../src/crypto/seal.ts';
import type { UpstreamDeps } from '../src/http/deps.ts';
import type { Clock, Fetch, SignInMemory, SignInRecord, TokenCache } from '../src/runtime.ts';

export type { Clock, Fetch, SignInMemory, SignInRecord, TokenCache };

/** Everything with which a client touches the world; each has a default. */
export interface ClientOptions {
  /** Instead of the platform's fetch. */
  readonly fetch?: Fetch;
  /** Instead of the platform's clock and timers. */
  readonly clock?: Clock;
  /** Keeps tokens beyond this object, sealed; give `encryptionKey` with it. Default: memory. */
  readonly tokens?: TokenCache;
  /** Remembers refused credentials beyond this object, so that a restart does not try them again. Default: memory. */
  readonly signIns?: SignInMemory;
  /** 32 bytes in base64 that seal what `tokens` keeps. Default: a key of this object's own. */
  readonly encryptionKey?: string;
  /** Admits http and addresses inside: for tests against a stand-in only. */
  readonly allowPrivateNetwork?: boolean;
}

/** The options with the platform's defaults. */
export function platformDeps(options: ClientOptions): UpstreamDeps {
  return {
    connectionId: 0,
    fetch: options.fetch ?? ((request) => fetch(request)),
    clock: options.clock ?? systemClock,
    tokens: options.tokens ?? memoryTokens(),
    signIns: options.signIns ?? memorySignIns(),
    sealer: lazySealer(options.encryptionKey),
    allowPrivateNetwork: options.allowPrivateNetwork ?? false,
  };
}

/** A timer that nobody waits for any more is taken back, so that a program can end. */
const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: (ms, released) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      released?.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    }),
  deadline: (ms, released) => {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(new DOMException('The deadline has passed.', 'TimeoutError')), ms);
    released?.addEventListener('abort', () => clearTimeout(timer), { once: true });
    return controller.signal;
  },
  random: () => Math.random(),
};

function memoryTokens(): TokenCache {
  const entries = new Map<string, string>();
  return {
    get: async (key) => entries.get(key) ?? null,
    put: async (key, value) => void entries.set(key, value),
    delete: async (key) => void entries.delete(key),
  };
}

function memorySignIns(): SignInMemory {
  const records = new Map<string, SignInRecord>();
  return {
    read: async (fingerprint) => records.get(fingerprint) ?? null,
    write: async (fingerprint, record) => void records.set(fingerprint, record),
  };
}

/** Made when it is first needed: a Worker has no chance to be had while its script is loaded. */
function lazySealer(encryptionKey: string | undefined): KeyedSealer {
  let made: KeyedSealer | undefined;
  const sealer = () => {
    made ??= createSealer(encryptionKey ?? toBase64(crypto.getRandomValues(new Uint8Array(32))));
    return made;
  };
  return {
    seal: async (plaintext, context) => sealer().seal(plaintext, context),
    open: async (sealed, context) => sealer().open(sealed, context),
    fingerprint: async (...parts) => sealer().fingerprint(...parts),
  };
}
