/**
 * The network between one process of the bridge and the two vendors: every request takes virtual time both ways, and
 * can be lost on either, cut, slowed down or answered by something else than the vendor.
 */
import type { LightRequest } from './globals.ts';
import type { BridgeProcess } from './process.ts';

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly text: string;
  /** Told when the whole body has arrived at a living process. */
  readonly onArrival?: () => void;
}

/**
 * What befalls one exchange. 'lost before' and 'lost after': never answered, the vendor having seen it or not; 'reset':
 * the same, but noticed at once; 'cut' and 'stuck': in the middle of the body; 'dribble': a byte a second.
 */
export type Carriage =
  | 'whole'
  | 'lost before'
  | 'lost after'
  | 'reset before'
  | 'reset after'
  | 'cut'
  | 'stuck'
  | 'dribble'
  | 'bad certificate';

export interface NetWeather {
  readonly outMs: number;
  readonly backMs: number;
  readonly carriage: Carriage;
  /** Answers in the vendor's place. */
  readonly instead: Reply | null;
}

export interface Exchange {
  readonly url: URL;
  readonly request: LightRequest;
  readonly process: BridgeProcess;
}

export type Vendor = (exchange: Exchange) => Reply;

/** A `fetch` for one process. `onStart` and `onEnd` enclose each exchange as the process sees it. */
export function fetchFor(
  process: BridgeProcess,
  vendor: Vendor,
  weather: (exchange: Exchange) => NetWeather,
  watch: {
    onStart(exchange: Exchange): void;
    onEnd(exchange: Exchange): void;
    onReply(exchange: Exchange, status: number): void;
  },
): (request: Request) => Promise<Response> {
  return (given) =>
    new Promise((resolve, reject) => {
      const request = given as unknown as LightRequest;
      if (!process.step()) return;
      const exchange = { url: new URL(request.url), request, process };
      const { outMs, backMs, carriage, instead } = weather(exchange);
      watch.onStart(exchange);
      let over = false;
      const end = () => {
        if (over) return;
        over = true;
        watch.onEnd(exchange);
      };
      request.signal?.addEventListener('abort', end, { once: true });
      const answer = (settle: () => void) => {
        if (!process.step()) return;
        settle();
      };
      if (carriage === 'lost before') return;
      process.after(outMs, () => {
        if (carriage === 'reset before') {
          end();
          return answer(() => reject(networkError('ECONNRESET', 'socket hang up')));
        }
        if (carriage === 'bad certificate') {
          end();
          return answer(() => reject(networkError('CERT_HAS_EXPIRED', 'certificate has expired')));
        }
        const reply = instead ?? vendor(exchange);
        watch.onReply(exchange, reply.status);
        if (carriage === 'lost after') return;
        process.after(backMs, () => {
          if (carriage === 'reset after') {
            end();
            return answer(() => reject(networkError('ECONNRESET', 'socket hang up')));
          }
          answer(() => resolve(responseOf(reply, carriage, process, end)));
        });
      });
    });
}

function networkError(code: string, message: string): Error {
  const cause = Object.assign(new Error(message), { code });
  return new TypeError('fetch failed', { cause });
}

type Part = { readonly done: true; readonly value?: undefined } | { readonly done: false; readonly value: Uint8Array };

const encoder = new TextEncoder();
let lastText = '';
let lastBytes = encoder.encode('');

function bytesOf(text: string): Uint8Array {
  if (text !== lastText) {
    lastBytes = encoder.encode(text);
    lastText = text;
  }
  return lastBytes;
}

function responseOf(reply: Reply, carriage: Carriage, process: BridgeProcess, end: () => void): Response {
  const bytes = bytesOf(reply.text);
  let place = 0;
  const never = () => new Promise<Part>(() => undefined);
  const finish = (): Part => {
    end();
    reply.onArrival?.();
    return { done: true };
  };
  const read = async (): Promise<Part> => {
    if (!process.alive) return never();
    const left = bytes.length - place;
    if (left === 0) return finish();
    const whole = carriage === 'whole';
    if (!whole && carriage !== 'dribble' && place > 0) {
      if (carriage === 'stuck') return never();
      end();
      throw networkError('ECONNRESET', 'other side closed');
    }
    if (carriage === 'dribble') await new Promise<void>((resolve) => process.after(1_000, resolve));
    const size = whole ? left : carriage === 'dribble' ? 1 : Math.ceil(bytes.length / 2);
    const value = bytes.subarray(place, place + size);
    place += size;
    return { done: false, value };
  };
  const cancel = async () => end();
  const headers = new Map(Object.entries(reply.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  const response = {
    status: reply.status,
    ok: reply.status >= 200 && reply.status < 300,
    headers: { get: (name: string) => headers.get(name.toLowerCase()) ?? null },
    body: { getReader: () => ({ read, cancel }), cancel },
  };
  // The part of a response that src/http looks at.
  return response as unknown as Response;
}
