/** A world for the vendors' clients: a clock that moves when told, a network that answers as told, and memory. */
import { createSealer } from '../../../src/crypto/seal.ts';
import type { UpstreamDeps } from '../../../src/http/deps.ts';
import type { Clock, SignInMemory, SignInRecord, TokenCache } from '../../../src/runtime.ts';

export const START_MS = Date.parse('2026-03-02T09:00:00.000Z');
export const KEY_A = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
export const KEY_B = 'ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=';

export interface TestClock extends Clock {
  advance(ms: number): void;
}

export function testClock(startMs = START_MS): TestClock {
  let now = startMs;
  let deadlines: { atMs: number; controller: AbortController }[] = [];
  return {
    nowMs: () => now,
    sleep: async () => undefined,
    random: () => 0.5,
    deadline(ms) {
      const controller = new AbortController();
      deadlines.push({ atMs: now + ms, controller });
      return controller.signal;
    },
    advance(ms) {
      now += ms;
      const due = deadlines.filter(({ atMs }) => atMs <= now);
      deadlines = deadlines.filter(({ atMs }) => atMs > now);
      for (const { controller } of due) controller.abort(new DOMException('The time is up.', 'TimeoutError'));
    },
  };
}

export interface SeenRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: string;
}

type Answer = (request: SeenRequest) => Response | Promise<Response>;

/** A network of one answerer; `seen` holds every request in order. */
export function testNetwork(answer: Answer = () => new Response(null, { status: 404 })) {
  const seen: SeenRequest[] = [];
  const network = {
    seen,
    answer,
    /** How many requests went to a path. */
    count: (path: string) => seen.filter(({ url }) => url.pathname === path).length,
    fetch: async (request: Request) => {
      const item = {
        method: request.method,
        url: new URL(request.url),
        headers: request.headers,
        body: await request.text(),
      };
      seen.push(item);
      return network.answer(item);
    },
  };
  return network;
}

export function testTokenCache() {
  const entries = new Map<string, { value: string; ttlS: number }>();
  const cache: TokenCache = {
    get: async (key) => entries.get(key)?.value ?? null,
    put: async (key, value, ttlS) => {
      entries.set(key, { value, ttlS });
    },
    delete: async (key) => {
      entries.delete(key);
    },
  };
  return { entries, cache };
}

export function testSignIns() {
  const records = new Map<string, SignInRecord>();
  const memory: SignInMemory = {
    read: async (fingerprint) => records.get(fingerprint) ?? null,
    write: async (fingerprint, record) => {
      records.set(fingerprint, record);
    },
  };
  return { records, memory };
}

/** Everything together; a second world over the same `cache` and `signIns` is the same bridge after a restart. */
export function testWorld(
  network: { fetch: UpstreamDeps['fetch'] },
  parts: { clock?: TestClock; cache?: TokenCache; signIns?: SignInMemory; allowPrivateNetwork?: boolean } = {},
) {
  const clock = parts.clock ?? testClock();
  const deps: UpstreamDeps = {
    connectionId: 7,
    fetch: network.fetch,
    clock,
    tokens: parts.cache ?? testTokenCache().cache,
    signIns: parts.signIns ?? testSignIns().memory,
    sealer: createSealer(KEY_A),
    allowPrivateNetwork: parts.allowPrivateNetwork ?? false,
  };
  return { clock, deps };
}

/** What a promise was rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('It was not rejected.');
    },
    (error: unknown) => error,
  );
}
