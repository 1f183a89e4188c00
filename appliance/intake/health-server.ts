// Tells over HTTP how something fares: /healthz answers 200 when all is well and 503 when it is not, with the same JSON.
import { createServer } from 'node:http';
import type { HostPort } from './options.ts';

export interface HealthServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts to listen; rejects with the system's error, for example EADDRINUSE. */
export async function serveHealth(
  { host, port }: HostPort,
  status: () => { readonly status: 'ok' | 'troubled' },
): Promise<HealthServer> {
  const server = createServer((request, response) => {
    request.resume();
    const isKnown = request.method === 'GET' && (request.url ?? '').split('?')[0] === '/healthz';
    const body = isKnown ? status() : { message: 'There is only GET /healthz here.' };
    const code = !isKnown ? 404 : status().status === 'ok' ? 200 : 503;
    response.writeHead(code, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(`${JSON.stringify(body)}\n`);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const bound = server.address();
  const boundPort = bound !== null && typeof bound === 'object' ? bound.port : port;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${boundPort}/healthz`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
