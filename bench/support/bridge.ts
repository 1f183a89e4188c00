// The bridge under measurement: the built Worker in the embedded host, set up through its own API.
import * as z from 'zod';
import type { Stage, StartedProcess } from '../../test/host/support/stage.ts';
import type { StandIns } from './stand-ins.ts';

const API_TOKEN = 'bench-api-token-0123456789-0123456789';
const ADMIN_PASSWORD = 'bench-admin-password';

export interface BridgeOptions {
  /** Directory of the built Worker; default: the product's own dist/. */
  readonly distDirectory?: string | undefined;
  readonly dataDirectory?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export class Bridge {
  readonly url: string;
  readonly #process: StartedProcess;

  private constructor(started: StartedProcess) {
    this.#process = started;
    this.url = started.url;
  }

  static async start(stage: Stage, options: BridgeOptions = {}): Promise<Bridge> {
    const { distDirectory, dataDirectory, environment } = options;
    const started = await stage.startHost({
      ...(distDirectory === undefined ? {} : { distDirectory }),
      ...(dataDirectory === undefined ? {} : { dataDirectory }),
      environment: { API_TOKEN, ADMIN_PASSWORD, ALLOW_PRIVATE_NETWORK: 'true', ...environment },
    });
    return new Bridge(started);
  }

  /** Its processes: the host and the engine. */
  pids(): { host: number; engine: number[] } {
    const all = this.#process.tree().map(({ pid }) => pid);
    return { host: this.#process.pid, engine: all.filter((pid) => pid !== this.#process.pid) };
  }

  /** Every line that it logged, for when something went wrong. */
  get lines(): readonly string[] {
    return this.#process.lines;
  }

  end(): Promise<string> {
    return this.#process.end();
  }

  /** Makes a connection between two stand-ins. Returns its id. */
  async connect(
    standIns: Pick<StandIns, 'nccUrl' | 'mpowerUrl'>,
    periodS: number,
    name = 'Bench',
    collection: object = {},
  ): Promise<number> {
    const { nccUrl, mpowerUrl } = standIns;
    const created = await this.call('POST', '/api/v1/connections', {
      name,
      timeZone: 'UTC',
      collection,
      acd: {
        kind: 'nextiva-ncc',
        realTime: { baseUrl: nccUrl, username: 'wfm@demo.example', collectionIntervalS: periodS },
        historical: { baseUrl: nccUrl, username: 'wfm@demo.example' },
      },
      wfm: { kind: 'cxone-mpower', baseUrl: mpowerUrl, accessKeyId: 'DEMO-ACCESS-KEY-ID' },
      secrets: {
        realTimePassword: 'demo-password',
        historicalPassword: 'demo-password',
        accessKeySecret: 'demo-access-key-secret',
      },
    });
    return z.looseObject({ id: z.number() }).parse(created).id;
  }

  /** Signs in as a person does. Returns what reads a page as a browser would: its text, and how long it took. */
  async signIn(): Promise<(path: string) => Promise<{ text: string; tookMs: number }>> {
    const signedIn = await fetch(new URL('/sign-in', this.url), {
      method: 'POST',
      redirect: 'manual',
      headers: { origin: this.url, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ password: ADMIN_PASSWORD, next: '/' }).toString(),
    });
    await signedIn.arrayBuffer();
    const cookie = signedIn.headers.get('set-cookie')?.split(';')[0];
    if (cookie === undefined) throw new Error(`The sign-in was answered with ${signedIn.status}.`);
    return async (path) => {
      const beganMs = performance.now();
      const response = await fetch(new URL(path, this.url), { headers: { cookie } });
      const text = await response.text();
      if (!response.ok) throw new Error(`GET ${path} was answered with ${response.status}.`);
      return { text, tookMs: performance.now() - beganMs };
    };
  }

  /** @throws Error with method, path, status and the answer's start, when it is not 2xx */
  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(new URL(path, this.url), {
      method,
      headers: {
        authorization: `Bearer ${API_TOKEN}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} was answered with ${response.status}: ${text.slice(0, 500)}`);
    return text === '' ? undefined : JSON.parse(text);
  }
}
