// A TCP proxy on 127.0.0.1 between the bridge and a stand-in, for the faults that lie below HTTP: refused, cut, hanging,
// dribbling and slow connections, and answers that are lost on their way back.
import { createServer, type Server, type Socket, connect as tcpConnect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type ProxyMode =
  | { readonly kind: 'pass' }
  /** Nobody listens. */
  | { readonly kind: 'refuse' }
  /** Connections are taken and nothing ever comes back; requests do not arrive. */
  | { readonly kind: 'hang' }
  /** The connection breaks after so many bytes of an answer. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** One byte of an answer at a time. */
  | { readonly kind: 'dribble'; readonly everyMs: number }
  | { readonly kind: 'delay'; readonly delayMs: number }
  /** Requests arrive and are carried out; the connection breaks instead of the answer. */
  | { readonly kind: 'drop-answers' };

export interface FaultProxy {
  readonly url: string;
  /** Answers that were dropped so far. */
  dropped(): number;
  /** Leads to a stand-in; until the first call connections are closed at once. */
  leadTo(url: string): void;
  /** From now on. Connections that are open break when the mode is one of silence, as after a cable was pulled. */
  set(mode: ProxyMode): Promise<void>;
  close(): Promise<void>;
}

export async function startProxy(): Promise<FaultProxy> {
  let mode: ProxyMode = { kind: 'pass' };
  let target: URL | undefined;
  let dropped = 0;
  const sockets = new Set<Socket>();
  const track = (socket: Socket) => {
    sockets.add(socket);
    // A broken connection is what this program is for; the other end is closed below.
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
    return socket;
  };

  const server = createServer((client) => {
    track(client);
    if (target === undefined) return void client.destroy();
    const upstream = track(tcpConnect(Number(target.port), target.hostname));
    client.once('close', () => upstream.destroy());
    upstream.once('close', () => client.destroy());
    client.on('data', (bytes: Buffer) => {
      if (mode.kind !== 'hang') upstream.write(bytes);
    });
    relayAnswers(
      upstream,
      client,
      () => mode,
      () => {
        dropped += 1;
      },
    );
  });
  const port = await listen(server, 0);

  return {
    url: `http://127.0.0.1:${port}`,
    dropped: () => dropped,
    leadTo(url) {
      target = new URL(url);
    },
    async set(next) {
      const wasRefusing = mode.kind === 'refuse';
      mode = next;
      for (const socket of sockets) socket.destroy();
      if (next.kind === 'refuse' && !wasRefusing) await new Promise<void>((resolve) => server.close(() => resolve()));
      if (next.kind !== 'refuse' && wasRefusing) await listen(server, port);
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      if (server.listening) await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Hands answers on as the mode says, piece after piece and in order. */
function relayAnswers(upstream: Socket, client: Socket, mode: () => ProxyMode, onDropped: () => void): void {
  let passedBytes = 0;
  let queue = Promise.resolve();
  const relay = async (bytes: Buffer) => {
    const now = mode();
    if (client.destroyed || now.kind === 'hang') return;
    if (now.kind === 'drop-answers') {
      onDropped();
      client.destroy();
      return;
    }
    if (now.kind === 'delay') await sleep(now.delayMs);
    if (now.kind === 'cut' && passedBytes + bytes.length >= now.afterBytes) {
      client.write(bytes.subarray(0, Math.max(0, now.afterBytes - passedBytes)));
      await sleep(20);
      client.destroy();
      return;
    }
    if (now.kind === 'dribble') {
      for (let at = 0; at < bytes.length && !client.destroyed && mode() === now; at += 1) {
        client.write(bytes.subarray(at, at + 1));
        await sleep(now.everyMs);
      }
      return;
    }
    passedBytes += bytes.length;
    if (!client.destroyed) client.write(bytes);
  };
  upstream.on('data', (bytes: Buffer) => {
    queue = queue.then(() => relay(bytes));
  });
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The system named no port.');
  return address.port;
}
