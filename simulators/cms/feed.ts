/**
 * The feed: a connection that the stand-in opens to a relay and writes lines into, one way. It connects again when it is
 * gone, tells the present states first, and then what it could not tell meanwhile.
 */
import { connect, type Socket } from 'node:net';
import { Ring } from '../shared/ring.ts';
import type { Zone } from '../shared/zone.ts';
import type { CmsChange } from './model.ts';
import type { CmsOptions } from './options.ts';

const RECONNECT_MS = 1_000;
const LINES_KEPT = 200_000;

/** A line that was handed to the connection; whether it arrived, nobody tells. */
export interface SentLine extends CmsChange {
  readonly line: string;
  readonly sentMs: number;
}

export class CmsFeed {
  readonly sent = new Ring<SentLine>(LINES_KEPT);
  readonly #options: CmsOptions;
  readonly #zone: Zone;
  readonly #present: () => readonly CmsChange[];
  #socket: Socket | undefined;
  #isConnected = false;
  #isClosed = false;
  #connections = 0;
  #untold: CmsChange[] = [];

  constructor(options: CmsOptions, zone: Zone, present: () => readonly CmsChange[]) {
    this.#options = options;
    this.#zone = zone;
    this.#present = present;
    if (options.feed !== '') this.#connect();
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** How often it has connected. */
  get connections(): number {
    return this.#connections;
  }

  get untold(): number {
    return this.#untold.length;
  }

  tell(changes: readonly CmsChange[]): void {
    if (this.#options.feed === '') return;
    if (!this.#isConnected) {
      this.#untold.push(...changes);
      if (this.#untold.length > LINES_KEPT) this.#untold = this.#untold.slice(-LINES_KEPT);
      return;
    }
    for (const change of changes) {
      const line = this.#lineOf(change);
      this.sent.push({ ...change, line, sentMs: Date.now() });
      this.#socket?.write(`${line}\r\n`);
    }
  }

  /** Ends the connection as a fault of the network would. */
  cut(): void {
    this.#socket?.destroy();
  }

  close(): void {
    this.#isClosed = true;
    this.#socket?.destroy();
  }

  #connect(): void {
    const { host, port } = addressOf(this.#options.feed);
    const socket = connect(port, host);
    this.#socket = socket;
    socket.on('connect', () => {
      this.#isConnected = true;
      this.#connections += 1;
      const untold = this.#untold;
      this.#untold = [];
      this.tell([...untold, ...this.#present()]);
    });
    socket.on('data', () => undefined); // a relay says nothing
    socket.on('error', () => undefined); // 'close' follows, and the next try
    socket.on('close', () => {
      this.#isConnected = false;
      if (!this.#isClosed) setTimeout(() => this.#isClosed || this.#connect(), RECONNECT_MS).unref();
    });
  }

  #lineOf({ login, code, reason, atMs }: CmsChange): string {
    if (this.#options.form === 'json') {
      const time = new Date(atMs).toISOString();
      return JSON.stringify({ login, eventCode: code, ...(reason > 0 && { reasonCode: reason }), time });
    }
    const clock = new Date(atMs + this.#zone.offsetMs(atMs)).toISOString().slice(0, 19).replace('T', ' ');
    return `${clock}|${login}|${code}|${reason > 0 ? reason : ''}`;
  }
}

function addressOf(text: string): { host: string; port: number } {
  const place = text.lastIndexOf(':');
  return { host: text.slice(0, place), port: Number(text.slice(place + 1)) };
}
