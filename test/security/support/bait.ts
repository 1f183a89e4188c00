// Servers that wait for credentials which must not come: they keep every byte they get, before and after TLS.
import http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import type { Identity } from './certificates.ts';

export interface Bait {
  readonly port: number;
  /** Every byte as it came over the wire. */
  wire(): Buffer;
  /** What came through TLS, in clear. */
  clear(): Buffer;
  connections(): number;
}

const open: { close(): void }[] = [];

/** Closes all servers of this file. */
export function closeBaits(): void {
  for (const server of open.splice(0)) server.close();
}

/** A server on loopback: with a certificate it speaks TLS, with null plain HTTP, whoever asks and however. */
export async function startBait(identity: Identity | null, chain: readonly Identity[] = []): Promise<Bait> {
  const wire: Buffer[] = [];
  const clear: Buffer[] = [];
  let connections = 0;
  const answer = (socket: NodeJS.WritableStream) =>
    socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n');
  const context = identity && {
    key: identity.key,
    cert: [identity, ...chain].map(({ certificate }) => certificate).join(''),
  };
  const inner =
    context &&
    tls.createServer(context, (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        clear.push(chunk);
        answer(socket);
      });
    });
  inner?.on('tlsClientError', () => undefined);
  const port = await listen(
    net.createServer((socket) => {
      connections += 1;
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        wire.push(chunk);
        if (inner === null) answer(socket);
      });
      inner?.emit('connection', socket);
    }),
  );
  return { port, wire: () => Buffer.concat(wire), clear: () => Buffer.concat(clear), connections: () => connections };
}

/** A proxy (CONNECT) that resolves names as it likes: `resolve` gives the loopback port for the n-th tunnel to a name. */
export async function startResolver(resolve: (host: string, times: number) => number): Promise<{ port: number }> {
  const times = new Map<string, number>();
  const proxy = http.createServer();
  proxy.on('connect', (request, socket) => {
    const host = (request.url ?? '').replace(/:\d+$/, '');
    const count = (times.get(host) ?? 0) + 1;
    times.set(host, count);
    const upstream = net.connect(resolve(host, count), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    for (const one of [upstream, socket]) one.on('error', () => upstream.destroy() && socket.destroy());
  });
  return { port: await listen(proxy) };
}

async function listen(server: net.Server): Promise<number> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  open.push({
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The system named no port.');
  return address.port;
}
