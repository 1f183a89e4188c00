/**
 * One request to another company's API: a deadline over headers and body, a cap on bytes and nesting while reading, no
 * redirects, and every failure as an `UpstreamError`. It never retries and never logs: the caller decides.
 */
import type * as z from 'zod';
import { urlProblem } from './address.ts';
import type { UpstreamDeps } from './deps.ts';
import { cleanDetail, dateHeaderMs, errorDetail, retryAfterMs } from './error-detail.ts';
import { createJsonGuard } from './json-guard.ts';
import { UpstreamError, type UpstreamFailure } from './upstream-error.ts';

const TIMEOUT_MS = 10_000;
const BODY_BYTES_MAX = 32_000_000;
const DEPTH_MAX = 64;
/** 20,000 rows of 50 fields are 1,000,000. */
const VALUES_MAX = 2_000_000;
/** Longer texts are guarded while they are read, shorter ones when they are parsed: many are never parsed. */
const UNGUARDED_CHARS_MAX = 4_000_000;
/** Bodies up to here, of a known length, are read in one go. Few enough bytes that their text is guarded when parsed. */
const WHOLE_BYTES_MAX = UNGUARDED_CHARS_MAX;
const JSON_LIMITS = { depthMax: DEPTH_MAX, valuesMax: VALUES_MAX };
/** As much of a refusal's body as is looked at for words. */
const ERROR_BODY_BYTES_MAX = 16_384;

export type RequestDeps = Pick<UpstreamDeps, 'fetch' | 'clock' | 'allowPrivateNetwork'>;

export interface OutgoingRequest {
  readonly url: string;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Over the whole exchange, headers and body. */
  readonly timeoutMs?: number;
  readonly bodyBytesMax?: number;
  /** Texts that no message may repeat, besides the `Authorization` header. */
  readonly secrets?: readonly string[];
}

/** A whole 2xx answer. */
export interface TextAnswer {
  readonly endpoint: string;
  readonly status: number;
  readonly text: string;
  /** When the request left, and when the last byte had arrived, by the bridge's clock. */
  readonly askedAtMs: number;
  readonly arrivedAtMs: number;
  /** The `Date` header, null where there is none. */
  readonly dateMs: number | null;
}

export interface JsonAnswer<T> extends Omit<TextAnswer, 'text'> {
  readonly value: T;
}

/** "METHOD /path" of a request, as messages name it: without host and query string. */
export function endpointOf({ url, method = 'GET' }: Pick<OutgoingRequest, 'url' | 'method'>): string {
  return `${method} ${URL.canParse(url) ? new URL(url).pathname : '(not an address)'}`;
}

/** Sends one request and reads its 2xx answer as text. Throws only `UpstreamError`. */
export async function requestText(deps: RequestDeps, outgoing: OutgoingRequest): Promise<TextAnswer> {
  const { timeoutMs = TIMEOUT_MS, bodyBytesMax = BODY_BYTES_MAX } = outgoing;
  const endpoint = endpointOf(outgoing);
  const problem = URL.canParse(outgoing.url) ? urlProblem(new URL(outgoing.url), deps) : 'It is not an address.';
  if (problem) throw new UpstreamError(endpoint, { kind: 'address', detail: problem });

  const secrets = secretsOf(outgoing);
  const answered = new AbortController();
  const deadline = startDeadline(deps.clock.deadline(timeoutMs, answered.signal));
  const fail = (failure: UpstreamFailure, cause?: unknown) => new UpstreamError(endpoint, failure, { cause });
  const timeout = () => fail({ kind: 'timeout', timeoutMs });
  try {
    const askedAtMs = deps.clock.nowMs();
    const response = await send(deps, outgoing, deadline);
    if (response === EXPIRED) throw timeout();
    if (response.status === 0 || (response.status >= 300 && response.status < 400)) {
      discard(response);
      throw fail({ kind: 'redirect', status: response.status });
    }
    if (!response.ok) {
      const { text } = await readBody(response, deadline, ERROR_BODY_BYTES_MAX);
      const detail = errorDetail(response.headers, text, secrets);
      const wait = retryAfterMs(response.headers, deps.clock.nowMs());
      throw fail({ kind: 'status', status: response.status, retryAfterMs: wait, detail });
    }
    const { text, end } = await readBody(response, deadline, bodyBytesMax);
    if (end === EXPIRED) throw timeout();
    if (end) throw fail(end);
    return {
      endpoint,
      status: response.status,
      text,
      askedAtMs,
      arrivedAtMs: deps.clock.nowMs(),
      dateMs: dateHeaderMs(response.headers),
    };
  } catch (error) {
    if (error instanceof UpstreamError) throw error;
    if (deadline.signal.aborted) throw timeout();
    // The cause is not kept: a platform's error can repeat the address or the headers.
    throw fail({ kind: 'unreachable', detail: networkDetail(error, secrets) });
  } finally {
    answered.abort();
  }
}

/** Sends one request and reads its 2xx answer as JSON of the given shape. Throws only `UpstreamError`. */
export async function requestJson<S extends z.ZodType>(
  deps: RequestDeps,
  outgoing: OutgoingRequest & { readonly schema: S },
): Promise<JsonAnswer<z.output<S>>> {
  const { text, ...answer } = await requestText(deps, outgoing);
  return { ...answer, value: parseShape(answer.endpoint, parseJson(answer.endpoint, text), outgoing.schema) };
}

/**
 * Parses the text of a `TextAnswer`. Throws `UpstreamError` of kind 'shape', or 'oversize' when it nests too deep or holds
 * too many values; the message never quotes the text.
 */
export function parseJson(endpoint: string, text: string): unknown {
  const passed = text.length <= UNGUARDED_CHARS_MAX ? createJsonGuard(JSON_LIMITS)(text) : undefined;
  if (passed) throw new UpstreamError(endpoint, { kind: 'oversize', limit: passed });
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UpstreamError(endpoint, { kind: 'shape', issues: whatIsNotJson(text) });
  }
}

/** What came instead of JSON. Never a sample: half of a sign-in's answer would show a token. */
function whatIsNotJson(text: string): string {
  const start = text.slice(0, 200).trimStart();
  if (start === '') return 'nothing';
  return start.startsWith('<') ? 'an HTML page' : 'text that is not JSON, or was cut off';
}

/** Checks a parsed answer against its schema. Throws `UpstreamError` of kind 'shape' with the first three faults. */
export function parseShape<S extends z.ZodType>(endpoint: string, value: unknown, schema: S): z.output<S> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new UpstreamError(endpoint, { kind: 'shape', issues: describeIssues(parsed.error) });
  return parsed.data;
}

/** The first three faults that zod found, as one line of at most 300 characters. Holds no values. */
export function describeIssues(error: z.ZodError): string {
  const lines = error.issues.slice(0, 3).map(({ path, message }) => {
    return path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`;
  });
  return cleanDetail(lines.join('; '), []);
}

const EXPIRED: unique symbol = Symbol('the deadline passed');

interface ReadBody {
  readonly text: string;
  readonly end?: UpstreamFailure | typeof EXPIRED;
}

interface Deadline {
  readonly signal: AbortSignal;
  readonly expired: Promise<typeof EXPIRED>;
}

function startDeadline(signal: AbortSignal): Deadline {
  const expired = new Promise<typeof EXPIRED>((resolve) => {
    if (signal.aborted) resolve(EXPIRED);
    else signal.addEventListener('abort', () => resolve(EXPIRED), { once: true });
  });
  return { signal, expired };
}

/** The deadline is raced, too: a fetch that overlooks its signal must not hang the loop. */
async function send(
  deps: RequestDeps,
  { url, method = 'GET', headers, body }: OutgoingRequest,
  { signal, expired }: Deadline,
): Promise<Response | typeof EXPIRED> {
  const request = new Request(url, {
    method,
    signal,
    redirect: 'manual',
    cache: 'no-store',
    headers: { accept: 'application/json', ...headers },
    ...(body === undefined ? {} : { body }),
  });
  const pending = deps.fetch(request);
  const response = await Promise.race([pending, expired]);
  // An answer that comes after the deadline is let go; that it may fail instead is of no interest any more.
  if (response === EXPIRED) pending.then(discard, () => undefined);
  return response;
}

/** Lets go of an answer whose body nobody will read, so that its connection is free again. */
function discard(response: Response): void {
  response.body?.cancel().catch(() => undefined);
}

/**
 * Reads a body up to `bytesMax`. `end` says why reading stopped early: the deadline, or a failure; the text is then what
 * had come until there. Throws what the stream throws.
 */
async function readBody(response: Response, { expired }: Deadline, bytesMax: number): Promise<ReadBody> {
  const limit = `${bytesMax / 1_000_000} MB`;
  if (response.ok && Number(response.headers.get('content-length')) > bytesMax) {
    discard(response);
    return { text: '', end: { kind: 'oversize', limit } };
  }
  if (!response.body) return { text: '' };
  if (isShortAndKnown(response)) return readWhole(response, expired);
  const reader = response.body.getReader();
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });
  let guard: ReturnType<typeof createJsonGuard> | undefined;
  let text = '';
  let bytes = 0;
  const stop = (end: UpstreamFailure | typeof EXPIRED): ReadBody => {
    // Not awaited: a stream that hangs can hang here, too.
    reader.cancel().catch(() => undefined);
    return { text, end };
  };
  for (;;) {
    const part = await Promise.race([reader.read(), expired]);
    if (part === EXPIRED) return stop(EXPIRED);
    if (part.done) break;
    const chunk: Uint8Array = part.value;
    bytes += chunk.byteLength;
    if (bytes > bytesMax) {
      text += decode(decoder, chunk.subarray(0, chunk.byteLength - (bytes - bytesMax))) ?? '';
      return stop({ kind: 'oversize', limit });
    }
    const piece = decode(decoder, chunk);
    if (piece === undefined) return stop({ kind: 'shape', issues: 'text that is not UTF-8' });
    text += piece;
    if (text.length <= UNGUARDED_CHARS_MAX) continue;
    const unguarded = guard ? piece : text;
    guard ??= createJsonGuard(JSON_LIMITS);
    const passed = guard(unguarded);
    if (passed) return stop({ kind: 'oversize', limit: passed });
  }
  const rest = decode(decoder);
  return rest === undefined
    ? { text, end: { kind: 'shape', issues: 'text that is not UTF-8' } }
    : { text: text + rest };
}

/** The platform ends a body at its Content-Length; only a compressed one can grow beyond it. */
function isShortAndKnown({ ok, headers }: Response): boolean {
  const length = headers.get('content-length');
  return ok && length !== null && Number(length) <= WHOLE_BYTES_MAX && headers.get('content-encoding') === null;
}

/** Reads a body in one go: a megabyte that comes in pieces leaves more to clear away than it takes to parse. */
async function readWhole(response: Response, expired: Deadline['expired']): Promise<ReadBody> {
  const pending = response.arrayBuffer();
  const bytes = await Promise.race([pending, expired]);
  if (bytes === EXPIRED) {
    // The deadline's signal ends the reading, too; how it ends is of no interest any more.
    pending.catch(() => undefined);
    return { text: '', end: EXPIRED };
  }
  const text = decode(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }), new Uint8Array(bytes), false);
  return text === undefined ? { text: '', end: { kind: 'shape', issues: 'text that is not UTF-8' } } : { text };
}

function decode(decoder: TextDecoder, chunk?: Uint8Array, stream = true): string | undefined {
  try {
    return chunk ? decoder.decode(chunk, { stream }) : decoder.decode();
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function secretsOf({ headers = {}, secrets = [] }: OutgoingRequest): readonly string[] {
  const authorization = Object.entries(headers).find(([name]) => name.toLowerCase() === 'authorization')?.[1] ?? '';
  return [...secrets, authorization, authorization.replace(/^\S+\s+/, '')].filter((secret) => secret !== '');
}

/** Why a network call failed, in words: the platform's code where there is one, its message otherwise. */
function networkDetail(error: unknown, secrets: readonly string[]): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  if (code === 'ECONNREFUSED') return 'the connection was refused';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'there is no such host';
  if (/CERT|TLS|SSL|SELF_SIGNED|VERIFY/.test(code)) return `its certificate is not trusted (${code})`;
  const words = cause instanceof Error ? cleanDetail(cause.message, secrets) : '';
  // How a Worker's fetch tells of a failed name look-up or handshake, with a number that says nothing to anybody.
  if (words.startsWith('internal error')) return 'there is no such host, or its certificate is not trusted';
  return words === '' ? 'the connection failed' : words;
}
