// The Worker's outgoing requests: through the site's HTTP proxy, where it has one, else to public addresses alone. workerd
// itself knows no proxies and connects to whatever a name leads to, so the requests come here and go on from Node, bytes
// unchanged: a body that is cut off stays visibly cut off.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { Log } from './log.ts';
import { createPublicLookup, isPublicAddress, type Resolve } from './public-lookup.ts';
import { messageOf, StartRefused } from './start-refused.ts';

export interface ProxySettings {
  /** http://[user:password@]host:port, or https:// where the proxy itself speaks TLS. */
  readonly proxyUrl: string;
  /** Hosts that are asked directly, separated by commas, as in the usual NO_PROXY; '' for none. */
  readonly noProxy: string;
}

export type OutboundHandler = (request: IncomingMessage, response: ServerResponse) => void;

const MAX_CONNECTIONS = 64;
/** Of the engine, or about the connection to here and not the request. */
const STRIPPED_HEADERS = /^(?:mf-.*|cf-worker|connection|keep-alive|proxy-.*|te|transfer-encoding|upgrade|expect)$/;

/**
 * Handles what the Worker fetches, through a proxy. Always https to the destination: the proxy sees its name and port and
 * nothing else, and decides where the name leads.
 * @throws StartRefused when the proxy's address is none
 */
export function createProxiedOutbound({ proxyUrl, noProxy }: ProxySettings, log: Log): OutboundHandler {
  const proxy = URL.parse(proxyUrl);
  if (proxy === null || !/^https?:$/.test(proxy.protocol) || proxy.hostname === '') {
    throw new StartRefused('HTTPS_PROXY is not an address such as http://proxy.example:3128.');
  }
  const agent = new Agent({
    keepAlive: true,
    maxSockets: MAX_CONNECTIONS,
    proxyEnv: { HTTPS_PROXY: proxyUrl, NO_PROXY: noProxy },
  });
  return createHandler(agent, ` through the proxy ${proxy.host}`, () => true, log);
}

/**
 * Handles what the Worker fetches, without a proxy. Always https, and never a connection to an address that is not public.
 * @param privateHosts names that may lead inside, separated by commas; '' for none
 */
export function createDirectOutbound(privateHosts: string, log: Log, resolve?: Resolve): OutboundHandler {
  const admitted = new Set(privateHosts.toLowerCase().split(/[\s,]+/));
  const agent = new Agent({
    keepAlive: true,
    maxSockets: MAX_CONNECTIONS,
    lookup: createPublicLookup(admitted, resolve),
  });
  // An address is not looked up.
  const isAdmitted = (host: string) => isIP(host) === 0 || admitted.has(host) || isPublicAddress(host);
  return createHandler(agent, '', isAdmitted, log);
}

function createHandler(agent: Agent, way: string, isAdmitted: (host: string) => boolean, log: Log): OutboundHandler {
  return (request, response) => {
    const host = URL.parse(`https://${request.headers.host ?? ''}/`);
    const name = host?.hostname.replace(/^\[|\]$/g, '') ?? '';
    if (host === null || !isAdmitted(name)) return void response.destroy();
    const upstream = httpsRequest({
      agent,
      host: name,
      port: host.port === '' ? 443 : Number(host.port),
      path: request.url,
      method: request.method,
      headers: passedHeaders(request),
    });
    upstream.once('response', (incoming) => {
      response.writeHead(incoming.statusCode ?? 502, passedHeaders(incoming));
      incoming.pipe(response);
      // Cut off there: cut off here too, never ended as if it were whole.
      incoming.once('error', () => response.destroy());
      incoming.once('aborted', () => response.destroy());
    });
    upstream.once('error', (error) => {
      if (response.destroyed) return; // the Worker has given up waiting
      log('warn', `A request to ${host.host}${way} failed: ${causeOf(error)}.`);
      response.destroy();
    });
    response.once('close', () => {
      if (!response.writableFinished) upstream.destroy();
    });
    request.pipe(upstream);
  };
}

/** Why, in words. A proxy's own are left out: they may repeat the password that it was sent. */
function causeOf(error: Error): string {
  if (!('code' in error) || error.code !== 'ERR_PROXY_TUNNEL') return messageOf(error);
  const status = 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' ? `the proxy answered ${status}` : 'the proxy opened no tunnel';
}

/** As pairs, so that repeated headers stay repeated. */
function passedHeaders({ rawHeaders }: IncomingMessage): string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = [rawHeaders[at], rawHeaders[at + 1]];
    if (!STRIPPED_HEADERS.test(name.toLowerCase())) kept.push(name, value);
  }
  return kept;
}
