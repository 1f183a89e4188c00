// Listens for feeds: connections over which lines come, one way. Tells whole lines in the order of their arrival.
import { type BlockList, createServer, isIP, type Socket } from 'node:net';
import type { HostPort } from './options.ts';

const FEEDS_MAX = 16;
/** A line that has not ended by here is thrown away up to its end. */
const LINE_BYTES_MAX = 64 * 1024;
const KEEP_ALIVE_MS = 60_000;

export interface Feeds {
  /** `host:port` that it listens on. */
  readonly address: string;
  /** How many are connected. */
  count(): number;
  /** Ends all connections, for a reason that the log has, and takes none until `resume`. */
  pause(): void;
  resume(): void;
  close(): Promise<void>;
}

export interface FeedLines {
  readonly lines: readonly string[];
  /** What is wrong with a line that did not come whole; '' for whole ones. */
  readonly problem: string;
}

export interface FeedOptions {
  readonly listen: HostPort;
  /** Who may connect; undefined: everybody. */
  readonly peers: BlockList | undefined;
  /** Gets whole lines, without empty ones. When it throws, the connection is ended. */
  readonly onLines: (lines: FeedLines) => void;
  readonly onPeer: (what: 'connected' | 'gone' | 'refused', peer: string, reason: string) => void;
}

/** Starts to listen; rejects with the system's error, for example EADDRINUSE. */
export async function listenForFeeds({ listen, peers, onLines, onPeer }: FeedOptions): Promise<Feeds> {
  const sockets = new Set<Socket>();
  let isPaused = false;

  const server = createServer((socket) => {
    const peer = (socket.remoteAddress ?? '').replace(/^::ffff:/i, '');
    const refusal = refusalOf(peer);
    if (refusal !== '') {
      onPeer('refused', peer, refusal);
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    onPeer('connected', peer, '');
    const splitter = new LineSplitter(onLines);
    let reason = 'it was closed by the other side';
    const guarded = (step: () => void) => {
      try {
        step();
      } catch (error) {
        socket.destroy(error instanceof Error ? error : new Error(String(error)));
      }
    };
    socket.on('data', (bytes: Buffer) => guarded(() => splitter.take(bytes)));
    socket.on('end', () => guarded(() => splitter.end()));
    socket.on('error', (error) => {
      reason = error.message;
    });
    socket.on('close', () => {
      sockets.delete(socket);
      onPeer('gone', peer, isPaused ? 'it was ended here' : reason);
    });
  });

  function refusalOf(peer: string): string {
    if (isPaused) return 'no lines are taken at present';
    if (sockets.size >= FEEDS_MAX) return `${FEEDS_MAX} are connected already`;
    if (peers && !(isIP(peer) !== 0 && peers.check(peer, isIP(peer) === 6 ? 'ipv6' : 'ipv4'))) {
      return 'it is not among those that may';
    }
    return '';
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen.port, listen.host, resolve);
  });
  // A connection that could not be taken, for want of descriptors: the others go on.
  server.on('error', (error) => onPeer('refused', 'somewhere', error.message));
  const bound = server.address();
  const port = bound !== null && typeof bound === 'object' ? bound.port : listen.port;
  const endAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    address: `${listen.host}:${port}`,
    count: () => sockets.size,
    pause() {
      isPaused = true;
      endAll();
    },
    resume() {
      isPaused = false;
    },
    async close() {
      isPaused = true;
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        endAll();
      });
    },
  };
}

/** Puts the bytes of one connection together to lines. */
class LineSplitter {
  readonly #onLines: (lines: FeedLines) => void;
  readonly #decoder = new TextDecoder();
  #rest = '';
  #isOverlong = false;

  constructor(onLines: (lines: FeedLines) => void) {
    this.#onLines = onLines;
  }

  take(bytes: Buffer): void {
    const parts = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split('\n');
    this.#rest = parts.pop() ?? '';
    // The end of a line whose beginning was thrown away.
    if (this.#isOverlong && parts.length > 0) {
      parts.shift();
      this.#isOverlong = false;
    }
    const lines = parts.map((line) => line.trim()).filter((line) => line !== '');
    if (lines.length > 0) this.#onLines({ lines, problem: '' });
    if (this.#rest.length <= LINE_BYTES_MAX) return;
    const sample = this.#rest.slice(0, 200);
    const isNew = !this.#isOverlong;
    this.#rest = '';
    this.#isOverlong = true;
    if (isNew) this.#onLines({ lines: [sample], problem: `The line does not end within ${LINE_BYTES_MAX} bytes.` });
  }

  /** The connection has ended: a line that has begun may have lost its end, and would say something else without it. */
  end(): void {
    const line = this.#rest.trim();
    this.#rest = '';
    if (line === '' || this.#isOverlong) return;
    this.#onLines({ lines: [line], problem: 'The connection ended within the line.' });
  }
}
