/**
 * The HTTP part that all stand-ins share: listens on 127.0.0.1 only, records every vendor request with its arrival,
 * and bends answers as the fault rules say. Truth and control calls are neither recorded nor bent.
 */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, hostile, json, ndjson, statusAnswer } from './answer.ts';
import { AnswerWriter } from './answer-writer.ts';
import { FaultBook, type FaultRule, faultRuleSchema } from './faults.ts';
import { garbledBody, HTML_PAGE } from './garble.ts';
import { parseJson, parseTimeMs } from './parse.ts';
import { Random } from './random.ts';
import { preciseNowMs, type RequestRecord } from './request-record.ts';
import { Ring } from './ring.ts';

/** The newest requests that are kept; older ones are let go and counted. */
const REQUESTS_KEPT = 100_000;
const MAX_CONTROL_BODY_BYTES = 1024 * 1024;
/** Longer than any poll interval that clients keep a connection for: a server that closes first causes lost requests. */
const KEEP_ALIVE_MS = 3_700_000;

export interface SimRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface StandInOptions {
  port: number;
  seed: number;
  maxBodyBytes: number;
  /** The stand-in's own idea of the time, sent in the Date header. */
  nowMs: () => number;
  /** The vendor's API; it may let a caller wait. */
  vendor: (request: SimRequest) => Answer | Promise<Answer>;
  /** `/`, `/_truth/…` and `/_control/…`, except faults and requests, which are answered here. */
  inside: (request: SimRequest) => Answer | undefined;
}

export class StandInServer {
  readonly faults: FaultBook;
  readonly requests = new Ring<RequestRecord>(REQUESTS_KEPT);
  readonly #options: StandInOptions;
  readonly #server: Server;
  readonly #writer: AnswerWriter;
  #requestCount = 0;
  #port = 0;

  constructor(options: StandInOptions) {
    this.#options = options;
    this.#writer = new AnswerWriter(options.nowMs);
    const random = new Random(options.seed);
    this.faults = new FaultBook(Date.now, () => random.next());
    this.#server = createServer((request, response) => {
      this.#receive(request, response).catch((error: unknown) => {
        // A client that went away is part of the game; anything else is a defect of the stand-in and has to be seen.
        if (!response.destroyed && !request.destroyed) console.error('The stand-in failed while answering.', error);
        response.destroy();
      });
    });
    this.#server.keepAliveTimeout = KEEP_ALIVE_MS;
    this.#server.requestTimeout = 0;
  }

  /** Starts to listen; rejects with the system's error, for example EADDRINUSE. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#options.port, '127.0.0.1', () => resolve());
    });
    const address = this.#server.address();
    this.#port = address !== null && typeof address === 'object' ? address.port : this.#options.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get requestCount(): number {
    return this.#requestCount;
  }

  /** Stops listening and ends every connection, hanging ones too. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://stand-in');
    const method = request.method ?? 'GET';
    const inside = url.pathname === '/' || url.pathname.startsWith('/_');
    if (inside) {
      const body = await readBody(request, MAX_CONTROL_BODY_BYTES);
      const answer =
        body === undefined ? json(413, { message: 'The body is over 1 MB.' }) : this.#inside(method, url, body);
      await this.#writer.send(response, answer);
      return;
    }
    const record = this.#record(method, url);
    response.on('close', () => {
      if (record.outcome === 'pending') record.outcome = 'aborted';
      record.answeredMs ??= preciseNowMs();
    });
    const rule = this.faults.match(method, url.pathname);
    record.fault = rule?.fault ?? null;
    if (rule?.fault === 'refuse') {
      record.outcome = 'refused';
      request.socket.destroy();
      return;
    }
    const body = await readBody(request, this.#options.maxBodyBytes);
    record.bytesIn = body === undefined ? this.#options.maxBodyBytes : Buffer.byteLength(body);
    if (rule?.delayMs !== undefined) await sleep(rule.delayMs);
    if (response.destroyed) return;
    const handle = () =>
      body === undefined
        ? json(413, { message: `The body is over ${this.#options.maxBodyBytes} bytes.` }, { connection: 'close' })
        : this.#options.vendor({ method, path: url.pathname, query: url.searchParams, headers: request.headers, body });
    await this.#bend(rule, handle, response, record);
  }

  #record(method: string, url: URL): RequestRecord {
    this.#requestCount += 1;
    const record: RequestRecord = {
      number: this.#requestCount,
      method,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      arrivalMs: preciseNowMs(),
      answeredMs: null,
      status: null,
      outcome: 'pending',
      fault: null,
      bytesIn: 0,
      bytesOut: 0,
    };
    this.requests.push(record);
    return record;
  }

  async #bend(
    rule: FaultRule | undefined,
    handle: () => Answer | Promise<Answer>,
    response: ServerResponse,
    record: RequestRecord,
  ): Promise<void> {
    switch (rule?.fault) {
      case 'hang':
        record.outcome = 'hung';
        return;
      case 'status':
        return this.#writer.send(response, statusAnswer(rule, this.#options.nowMs()), record);
      case 'html':
        return this.#garble(response, record, [HTML_PAGE], 'text/html; charset=utf-8', rule.status);
      case 'garble': {
        const form = rule.garble ?? 'truncated';
        if (form === 'hostile-rows') return this.#writer.send(response, hostile(await handle()), record);
        const body = garbledBody(form, rule.sizeMb ?? 64, rule.depth ?? 100_000);
        return this.#garble(response, record, body, form === 'html' ? 'text/html' : 'application/json', rule.status);
      }
      case 'lose-answer':
        record.status = (await handle()).status;
        record.outcome = 'lost';
        response.socket?.destroy();
        return;
      case 'cut':
        return this.#writer.cut(response, record, await handle());
      case 'dribble':
        return this.#writer.dribble(response, record, await handle());
      default:
        return this.#writer.send(response, await handle(), record);
    }
  }

  async #garble(
    response: ServerResponse,
    record: RequestRecord,
    body: Iterable<string>,
    contentType: string,
    status = 200,
  ): Promise<void> {
    await this.#writer.send(response, { status, headers: { 'content-type': contentType }, body }, record);
    record.outcome = 'garbled';
  }

  #inside(method: string, url: URL, body: string): Answer {
    if (url.pathname === '/_truth/requests') return ndjson(this.#requestsSince(url.searchParams.get('since')));
    if (url.pathname === '/_control/faults') return this.#controlFaults(method, url, body);
    const request = { method, path: url.pathname, query: url.searchParams, headers: {}, body };
    return this.#options.inside(request) ?? json(404, { message: `Nothing here answers ${method} ${url.pathname}.` });
  }

  *#requestsSince(since: string | null): Generator<RequestRecord> {
    const sinceMs = since === null ? 0 : parseTimeMs(since);
    for (const record of this.requests.values()) if (record.arrivalMs >= sinceMs) yield record;
  }

  #controlFaults(method: string, url: URL, body: string): Answer {
    if (method === 'GET') return json(200, { faults: this.faults.list() });
    if (method === 'DELETE') {
      const id = url.searchParams.get('id');
      return json(200, { cleared: this.faults.clear(id === null ? undefined : Number(id)) });
    }
    const parsed = parseJson(body, faultRuleSchema);
    return parsed.ok ? json(201, this.faults.add(parsed.value)) : json(400, { message: parsed.message });
  }
}

/** The whole body as text, or undefined when it is over the limit (the rest is read and thrown away). */
async function readBody(request: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size <= maxBytes) chunks.push(bytes);
    else chunks.length = 0;
  }
  return size <= maxBytes ? Buffer.concat(chunks).toString('utf8') : undefined;
}
