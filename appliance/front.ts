// The door to the outside: one HTTP server before the engine. It says truthfully who calls, lets nobody reach what the
// engine keeps for itself, and answers in plain words while the engine is away.
import type { IncomingHttpHeaders, IncomingMessage, RequestListener, RequestOptions, ServerResponse } from 'node:http';
import { Agent, createServer, request as httpRequest } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Callers } from './callers.ts';
import type { Log } from './log.ts';
import { messageOf, StartRefused } from './start-refused.ts';
import type { TlsFiles } from './tls.ts';
import { followTlsFiles, readTlsFiles } from './tls.ts';

/** The engine closes idle connections after 5 s; leaving earlier avoids writing into a closing one. */
const IDLE_CONNECTION_MS = 4_000;
/** An answer that stands still for so long is given up. */
const ENGINE_SILENCE_MS = 120_000;
const MAX_ENGINE_CONNECTIONS = 512;
/** A quarter of them for one caller at most: whoever sends or reads slowly holds up nobody else. */
const MAX_REQUESTS_PER_CALLER = 128;
/** For a whole request, its body included. */
const REQUEST_LIMIT_MS = 120_000;

/** About the connection and not the request (RFC 9110, 7.6.1), or a claim about the caller that only a proxy may make. */
const STRIPPED_HEADERS =
  /^(?:connection|keep-alive|proxy-.*|te|upgrade|expect|cf-.*|mf-.*|x-forwarded-.*|x-real-ip|forwarded|bridge-.*)$/;
/** Cloudflare Access's proof of who calls: signed, so it is believed for itself, but only a named proxy brings it. */
const ACCESS_HEADER = 'cf-access-jwt-assertion';
/** Tells the Worker that the caller sees https (worker/auth/scheme.ts), where the engine is asked over http all the same. */
const SCHEME_HEADER = 'bridge-scheme';
const HSTS = 'max-age=31536000; includeSubDomains';

export interface FrontOptions {
  readonly host: string;
  readonly port: number;
  readonly callers: Callers;
  /** Undefined: plain HTTP, for a proxy in front that ends TLS. */
  readonly tls: TlsFiles | undefined;
  readonly log: Log;
}

export interface Front {
  /** Where the outside finds the bridge. */
  readonly url: string;
  /** Names the engine's present address; until the first call everything is answered with 503. */
  setEngine(address: URL): void;
  /** While it is silent everything is answered at once, and nothing is left waiting for it. */
  setSilent(isSilent: boolean): void;
  /** Takes no more connections, waits for answers under way until `deadline`, then cuts off the rest. */
  drain(deadline: AbortSignal): Promise<void>;
}

/**
 * Listens at once, so that a busy port is known before anything else is touched.
 * @throws StartRefused when the address cannot be had
 */
export async function startFront(options: FrontOptions): Promise<Front> {
  const { tls, callers, log } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_ENGINE_CONNECTIONS, timeout: IDLE_CONNECTION_MS });
  let engine: URL | undefined;
  let isSilent = false;
  let isDraining = false;
  const answers = new Set<ServerResponse>();
  const admitted = limitPerCaller(MAX_REQUESTS_PER_CALLER);

  const onRequest: RequestListener = (request, response) => {
    answers.add(response);
    response.once('close', () => answers.delete(response));
    if (isDraining) response.setHeader('connection', 'close');
    // Also on static files and on this server's own answers, which the Worker does not make.
    if (tls !== undefined) response.setHeader('strict-transport-security', HSTS);
    if (!isAdmitted(request.url)) return answer(response, 404, 'There is nothing here.');
    if (engine === undefined) return answer(response, 503, 'The bridge is starting. Try again in a few seconds.');
    if (isSilent) return answer(response, 503, ENGINE_AWAY);
    if (!admitted(callers.addressOf(request), response)) {
      // What is still to come of it is not waited for.
      response.setHeader('connection', 'close');
      return answer(response, 429, 'Too many requests from your address are under way. Try again in a few seconds.');
    }
    const toEngine = {
      host: engine.hostname,
      port: engine.port,
      agent,
      headers: passedHeaders(request, callers, tls !== undefined),
    };
    pass(request, response, toEngine, log);
  };
  const secure = tls === undefined ? undefined : createTlsServer(readTlsFiles(tls), onRequest);
  const stopFollowing = secure === undefined || tls === undefined ? undefined : followTlsFiles(secure, tls, log);
  const server = secure ?? createServer(onRequest);
  // Longer than the usual 60 s of a proxy in front, so that it is never this side that closes first.
  server.keepAliveTimeout = 65_000;
  server.requestTimeout = REQUEST_LIMIT_MS;
  const authority = await listen(server, options.host, options.port);

  return {
    url: `${tls === undefined ? 'http' : 'https'}://${authority}`,
    setEngine(address) {
      engine = address;
      isSilent = false;
    },
    setSilent(now) {
      isSilent = now;
    },
    async drain(deadline) {
      isDraining = true;
      stopFollowing?.();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      while (answers.size > 0 && !deadline.aborted) await sleep(20);
      server.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
}

async function listen(server: Server, host: string, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new StartRefused(listenFailure(error, host, port))));
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const actualPort = typeof address === 'object' && address !== null ? address.port : port;
  return `${host.includes(':') ? `[${host}]` : host}:${actualPort}`;
}

function listenFailure(error: NodeJS.ErrnoException, host: string, port: number): string {
  if (error.code === 'EADDRINUSE') {
    return `Port ${port} on ${host} is already in use. Stop what uses it, or choose another with --port or PORT.`;
  }
  if (error.code === 'EACCES') {
    return `Port ${port} on ${host} needs rights that this process does not have. Choose one above 1023 with --port or PORT.`;
  }
  return `The address ${host}, port ${port}, cannot be listened on (${error.code ?? messageOf(error)}). Correct HOST and PORT.`;
}

/** Counts the answers under way by caller; false for one that has `max` already. */
function limitPerCaller(max: number): (caller: string, response: ServerResponse) => boolean {
  const underWay = new Map<string, number>();
  return (caller, response) => {
    const count = underWay.get(caller) ?? 0;
    if (count >= max) return false;
    underWay.set(caller, count + 1);
    response.once('close', () => {
      const left = (underWay.get(caller) ?? 1) - 1;
      if (left > 0) underWay.set(caller, left);
      else underWay.delete(caller);
    });
    return true;
  };
}

const ENGINE_AWAY = 'The engine of the bridge does not answer. It is started again by itself; try again in a minute.';

/** Only paths of this server, and none of the engine's own under /cdn-cgi, however they are written. */
function isAdmitted(target: string | undefined): boolean {
  if (target === undefined || !target.startsWith('/') || !URL.canParse(`http://host${target}`)) return false;
  // Resolved as the engine resolves it ("..", "%2e"), then read more generously than it does.
  const [first = ''] = new URL(`http://host${target}`).pathname.split('/').filter((segment) => segment !== '');
  return (
    first
      .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
      .toLowerCase() !== 'cdn-cgi'
  );
}

function pass(request: IncomingMessage, response: ServerResponse, engine: RequestOptions, log: Log): void {
  const isRepeatable = request.method === 'GET' || request.method === 'HEAD';
  const upstream = httpRequest({
    ...engine,
    path: request.url,
    method: request.method,
  });
  upstream.setTimeout(ENGINE_SILENCE_MS, () => upstream.destroy(new Error(`no answer within ${ENGINE_SILENCE_MS} ms`)));
  upstream.once('response', (incoming) => {
    const headers = withoutConnectionHeaders(incoming.headers);
    response.writeHead(incoming.statusCode ?? 502, headers);
    incoming.pipe(response);
    incoming.once('error', () => response.destroy());
  });
  upstream.once('error', (error: NodeJS.ErrnoException) => {
    if (response.destroyed) return; // the caller has left; nobody waits for an answer
    if (response.headersSent) return void response.destroy();
    // The engine closed an idle connection in the moment it was used: nothing of the request was read.
    if (isRepeatable && upstream.reusedSocket && error.code === 'ECONNRESET') {
      return pass(request, response, { ...engine, agent: false }, log);
    }
    log('warn', `A request was answered with 502: the engine does not answer (${error.code ?? messageOf(error)}).`);
    answer(response, 502, ENGINE_AWAY);
  });
  response.once('close', () => {
    // Only for a caller who left early: after a complete answer the connection may already carry another request.
    if (!response.writableFinished) upstream.destroy();
  });
  request.pipe(upstream);
}

function passedHeaders(request: IncomingMessage, callers: Callers, isTls: boolean): IncomingHttpHeaders {
  const headers = withoutConnectionHeaders(request.headers);
  const assertion = request.headers[ACCESS_HEADER];
  if (assertion !== undefined && callers.isFromProxy(request)) headers[ACCESS_HEADER] = assertion;
  headers['cf-connecting-ip'] = callers.addressOf(request);
  if (isTls || callers.isHttpsAtProxy(request)) headers[SCHEME_HEADER] = 'https';
  return headers;
}

function withoutConnectionHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !STRIPPED_HEADERS.test(name)));
}

/** As the Worker's answers have them (worker/respond.ts), for a text that is no page. */
const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
};

function answer(response: ServerResponse, status: number, sentence: string): void {
  response.writeHead(status, {
    ...SECURITY_HEADERS,
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    ...(status === 404 ? {} : { 'retry-after': '5' }),
  });
  response.end(`${sentence}\n`);
}
