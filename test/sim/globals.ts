/**
 * The platform's own functions that the jobs use without being handed them, in a form that works at once and gives the
 * same result every time: digests, compression, requests. Clock, chance and timers of the platform throw: nothing in the
 * jobs may use them.
 */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

/** A request as the stand-ins see it. */
export class LightRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  readonly signal: AbortSignal | null;

  constructor(url: string, init: RequestInit = {}) {
    this.url = url;
    this.method = init.method ?? 'GET';
    const given = (init.headers ?? {}) as Readonly<Record<string, string>>;
    this.headers = new Map(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]));
    for (const value of this.headers.values()) {
      if (/[^\t\x20-\x7e\x80-\xff]/.test(value))
        throw new TypeError('A header holds a character that may not stand there.');
    }
    this.body = typeof init.body === 'string' ? init.body : '';
    this.signal = init.signal ?? null;
  }
}

/** Bytes on their way through a compression. */
class LightResponse {
  readonly #bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }
  get body() {
    return { pipeThrough: (stream: LightCompression) => stream.apply(this.#bytes) };
  }
  async arrayBuffer(): Promise<ArrayBuffer> {
    return this.#bytes.slice().buffer as ArrayBuffer;
  }
}

class LightCompression {
  apply(bytes: Uint8Array): Uint8Array {
    return gzipSync(bytes, { level: 1 });
  }
}

async function digest(_algorithm: string, bytes: Uint8Array): Promise<ArrayBuffer> {
  return createHash('sha256').update(bytes).digest().buffer as ArrayBuffer;
}

function refusing(name: string): () => never {
  return () => {
    throw new Error(`The jobs used ${name}: clock, chance and timers come from what they are handed.`);
  };
}

/** Dates of given instants, and none of now. */
function dateWithoutNow(): DateConstructor {
  const refused = refusing('the present Date');
  return new Proxy(Date, {
    construct: (target, args, newTarget) =>
      args.length === 0 ? refused() : Reflect.construct(target, args, newTarget),
    apply: refused,
  });
}

/** Puts the stand-ins in place and returns what takes them away again. */
export function installGlobals(): () => void {
  const replaced: [object, string, unknown][] = [
    [globalThis, 'Request', LightRequest],
    [globalThis, 'Response', LightResponse],
    [globalThis, 'CompressionStream', LightCompression],
    [globalThis, 'fetch', refusing('fetch')],
    [globalThis, 'setTimeout', refusing('setTimeout')],
    [globalThis, 'setInterval', refusing('setInterval')],
    [Math, 'random', refusing('Math.random')],
    [Date, 'now', refusing('Date.now')],
    [globalThis, 'Date', dateWithoutNow()],
    [performance, 'now', refusing('performance.now')],
    [crypto, 'getRandomValues', refusing('crypto.getRandomValues')],
    [crypto, 'randomUUID', refusing('crypto.randomUUID')],
    [AbortSignal, 'timeout', refusing('AbortSignal.timeout')],
    [crypto.subtle, 'digest', digest],
  ];
  const before = replaced.map(([owner, name]) => Object.getOwnPropertyDescriptor(owner, name));
  for (const [owner, name, value] of replaced) {
    Object.defineProperty(owner, name, { value, configurable: true, writable: true });
  }
  return () => {
    replaced.forEach(([owner, name], i) => {
      const descriptor = before[i];
      if (descriptor) Object.defineProperty(owner, name, descriptor);
      else Reflect.deleteProperty(owner, name);
    });
  };
}
