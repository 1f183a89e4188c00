// Fuzzed requests against the built Worker in the embedded engine. Nothing that it asks leaves the machine. A 5xx, an
// answer that does not come, an error that nobody caught, an engine that ended and an isolate over Cloudflare's memory
// break the rules.
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import {
  type Engine,
  type EngineOptions,
  prepareEngineProcess,
  startEngine,
  withDatabase,
} from '../../appliance/engine.ts';
import { migrate } from '../../appliance/migrations.ts';
import { readWorkerConfig } from '../../appliance/worker-config.ts';
import { Inspector, inspectorEnvironment } from '../host/support/inspector.ts';
import { freePort } from '../host/support/stage.ts';
import {
  apiRequests,
  documentSchema,
  type Form,
  type FuzzedRequest,
  formsOf,
  pageRequests,
  pageRoutes,
} from './routes.ts';

const root = path.resolve(import.meta.dirname, '../..');
const API_TOKEN = 'fuzz-api-token-0123456789-0123456789';
const PASSWORD = 'fuzz administrator password';
const LANES = 4;
const CHUNK_RUNS = 400;
const ANSWER_LIMIT_MS = 30_000;
const ANSWER_BYTES_MAX = 64_000_000;
/** What Cloudflare gives an isolate. */
const HEAP_BYTES_MAX = 128e6;
const HEAP_LOOK_EVERY_MS = 100;
/** 503 says that something outside is not there, which here nothing is. */
const MAY_BE_UNAVAILABLE = /^\/healthz$|\/test$|send-again|\/roster\/import$/;

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

class Site {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 16, timeout: 4_000 });
  readonly #engine: () => URL;
  #cookie = '';
  signIns = 0;
  /** Connections that there are: "@0" in a target stands for the first. */
  connectionIds: readonly number[] = [1];

  constructor(engine: () => URL) {
    this.#engine = engine;
  }

  /** Sends it as the front of the appliance would, the caller's address included. */
  async send(fuzzed: FuzzedRequest): Promise<Answer> {
    const { host } = this.#engine();
    const headers: Record<string, string> = {
      origin: `http://${host}`,
      ...fuzzed.headers,
      'cf-connecting-ip': addressOf(this.signIns),
    };
    if (fuzzed.as === 'token') headers.authorization = `Bearer ${API_TOKEN}`;
    if (fuzzed.as === 'administrator') {
      if (this.#cookie === '') await this.#signIn();
      headers.cookie = this.#cookie;
    }
    const target = fuzzed.target.replaceAll(/(?<=\/)@(\d)/g, (_, at: string) =>
      String(this.connectionIds[Number(at) % this.connectionIds.length] ?? 1),
    );
    const answer = await this.#exchange(fuzzed.method, target, headers, fuzzed.body);
    // Signed out by one of the requests.
    if (fuzzed.as === 'administrator' && (answer.status === 401 || answer.headers['hx-redirect'] !== undefined))
      this.#cookie = '';
    return answer;
  }

  async #signIn(): Promise<void> {
    this.signIns += 1;
    const headers = {
      origin: `http://${this.#engine().host}`,
      'content-type': 'application/x-www-form-urlencoded',
      'cf-connecting-ip': addressOf(this.signIns),
    };
    const { headers: answered } = await this.#exchange(
      'POST',
      '/sign-in',
      headers,
      new URLSearchParams({ password: PASSWORD }).toString(),
    );
    this.#cookie = [answered['set-cookie'] ?? []]
      .flat()
      .map((cookie) => cookie.split(';')[0])
      .join('; ');
  }

  #exchange(method: string, target: string, headers: Record<string, string>, body: string | null): Promise<Answer> {
    const { hostname, port } = this.#engine();
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        {
          hostname,
          port,
          method,
          path: target.toWellFormed().replaceAll(/[^\x21-\x7e]+/g, encodeURIComponent),
          headers,
          agent: this.#agent,
          timeout: ANSWER_LIMIT_MS,
        },
        (response) => {
          const chunks: Buffer[] = [];
          let size = 0;
          response.on('data', (chunk: Buffer) => {
            size += chunk.length;
            if (size > ANSWER_BYTES_MAX)
              response.destroy(new Error(`An answer has more than ${ANSWER_BYTES_MAX} bytes.`));
            else chunks.push(chunk);
          });
          response.once('error', reject);
          response.once('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              text: Buffer.concat(chunks).toString('utf8'),
            }),
          );
        },
      );
      request.once('timeout', () => request.destroy(new Error(`No answer within ${ANSWER_LIMIT_MS} ms.`)));
      request.once('error', reject);
      request.end(body ?? undefined);
    });
  }
}

/** Another address now and then: sign-ins are counted by it. */
function addressOf(signIns: number): string {
  return `192.0.2.${1 + (signIns % 250)}`;
}

function checkAnswer(fuzzed: FuzzedRequest, { status, headers, text }: Answer): void {
  const pathname = fuzzed.target.split('?')[0] ?? '';
  const excused = status === 503 && MAY_BE_UNAVAILABLE.test(pathname);
  if (status < 200 || (status >= 500 && !excused)) throw new Error(`Answered with ${status}: ${text.slice(0, 500)}`);
  if (headers['content-security-policy'] === undefined && !pathname.startsWith('/static/'))
    throw new Error('Answered without a content security policy.');
  const type = String(headers['content-type'] ?? '');
  if (/json/.test(type) && text !== '') JSON.parse(text);
  if (pathname.startsWith('/api/v1') && status >= 400 && !type.includes('problem+json'))
    throw new Error(`A problem came as ${type}.`);
  if (text.includes(PASSWORD) || text.includes(API_TOKEN)) throw new Error('An answer holds a secret.');
}

/** All forms on the pages that can be had without a fuzzed part, found anew now and then: pages grow with what is stored. */
async function findForms(site: Site): Promise<Form[]> {
  const forms: Form[] = [];
  for (const { method, template } of pageRoutes()) {
    if (method !== 'GET') continue;
    const target = template.replaceAll(/:\w+/g, '@0');
    const answer = await site.send({ method, target, headers: {}, body: null, as: 'administrator' });
    if (String(answer.headers['content-type']).includes('html')) forms.push(...formsOf(answer.text, target));
  }
  return forms.filter(({ action }) => action.startsWith('/') && action !== '/sign-out');
}

const NEW_CONNECTION = {
  timeZone: 'America/Chicago',
  acd: {
    kind: 'nextiva-ncc',
    realTime: { baseUrl: 'https://ncc.example.com/wfm', username: 'rt@example.com', collectionIntervalS: 5 },
    historical: { baseUrl: 'https://ncc.example.com/wfm', username: 'hist@example.com' },
  },
  wfm: { kind: 'cxone-mpower', baseUrl: 'https://na1.nice-incontact.com', accessKeyId: 'KEY-ID' },
  secrets: { realTimePassword: 'one', historicalPassword: 'two', accessKeySecret: 'three' },
};

/** Makes sure that there is a connection to ask about: requests delete them. */
async function keepConnections(site: Site, round: number): Promise<void> {
  const json = { 'content-type': 'application/json' };
  const listed = await site.send({
    method: 'GET',
    target: '/api/v1/connections',
    headers: {},
    body: null,
    as: 'token',
  });
  const rows = (JSON.parse(listed.text) as { rows: { id: number }[] }).rows;
  // More than a handful would only make the pages long.
  for (const { id } of rows.slice(6))
    await site.send({ method: 'DELETE', target: `/api/v1/connections/${id}`, headers: {}, body: null, as: 'token' });
  site.connectionIds = rows.length === 0 ? [1] : rows.slice(0, 6).map(({ id }) => id);
  if (rows.length > 2) return;
  const body = JSON.stringify({ ...NEW_CONNECTION, name: `Fuzzed ${round}` });
  await site.send({ method: 'POST', target: '/api/v1/connections', headers: json, body, as: 'token' });
}

/** Runs `requests` requests. Throws fast-check's report, with the seed, at the first answer that breaks a rule. */
export async function fuzzRequests(requests: number, seed: number, tell: (line: string) => void): Promise<string> {
  const dataDirectory = mkdtempSync(path.join(os.tmpdir(), 'bridge-fuzz-'));
  const errors: string[] = [];
  let restarts = 0;
  const log: EngineOptions['log'] = (level, message) => {
    if (
      level === 'error' &&
      /uncaught|unhandled|internal error|TypeError|RangeError|ReferenceError|D1_ERROR|SQLITE|ZodError/i.test(message)
    )
      errors.push(message);
  };
  const inspectorPort = await freePort();
  Object.assign(process.env, inspectorEnvironment(inspectorPort));
  prepareEngineProcess(dataDirectory, log);
  const distDirectory = path.join(root, 'dist');
  let address: URL | undefined;
  const options: EngineOptions = {
    config: readWorkerConfig(distDirectory),
    distDirectory,
    dataDirectory,
    variables: { ENCRYPTION_KEY: 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=', ADMIN_PASSWORD: PASSWORD, API_TOKEN },
    // Whatever the Worker asks for is not there: nothing leaves the machine.
    outbound: (_request, response) => response.destroy(),
    onRestart: (url) => {
      restarts += 1;
      address = url;
    },
    log,
  };
  await withDatabase(options, (database) => migrate(database, options.config.migrations, log));
  const engine: Engine = await startEngine(options);
  address = engine.address;
  const site = new Site(() => address ?? engine.address);
  const startedMs = performance.now();
  const statuses = new Map<number, number>();
  let total = 0;
  const heap = await watchHeap(inspectorPort);
  try {
    const described = await site.send({
      method: 'GET',
      target: '/api/openapi.json',
      headers: {},
      body: null,
      as: 'token',
    });
    const api = apiRequests(documentSchema.parse(JSON.parse(described.text)));
    for (let round = 0; total < requests; round += 1) {
      await keepConnections(site, round);
      const all = [...api, ...pageRequests(await findForms(site))];
      if (round === 0) tell(`${api.length} operations of the API, ${all.length - api.length} pages and forms`);
      const property = fc.asyncProperty(fc.oneof(...all), async (fuzzed) => {
        const answer = await site.send(fuzzed);
        total += 1;
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        checkAnswer(fuzzed, answer);
      });
      const numRuns = Math.min(CHUNK_RUNS, Math.ceil((requests - total) / LANES));
      const outcomes = await Promise.all(
        Array.from({ length: LANES }, (_, lane) => fc.check(property, { numRuns, seed: seed + round * LANES + lane })),
      );
      const failed = outcomes.find((outcome) => outcome.failed);
      if (failed)
        throw new Error(
          `${fc.defaultReportMessage(failed)}\n${String(failed.errorInstance)}\nNoted meanwhile: ${errors.slice(-3).join('\n')}`,
        );
      if (errors.length > 0)
        throw new Error(`Errors that nobody caught:\n${[...new Set(errors)].slice(0, 5).join('\n')}`);
      if (restarts > 0) throw new Error('The engine ended and was started again.');
      const mostBytes = heap.mostBytes();
      if (mostBytes > HEAP_BYTES_MAX) throw new Error(`The isolate's heap grew to ${inMb(mostBytes)}.`);
      if (round % 10 === 9) {
        const tookS = Math.round((performance.now() - startedMs) / 1_000);
        tell(`${total} requests in ${tookS} s, heap at most ${inMb(mostBytes)} of ${inMb(HEAP_BYTES_MAX)}`);
      }
    }
  } finally {
    heap.close();
    await engine.close();
    rmSync(dataDirectory, { recursive: true, force: true });
  }
  const parts = [...statuses]
    .sort(([a], [b]) => a - b)
    .map(([status, count]) => `${status}: ${count}`)
    .join(', ');
  return `${total} requests in ${Math.round((performance.now() - startedMs) / 1_000)} s, ${site.signIns} sign-ins, heap at most ${inMb(heap.mostBytes())} of ${inMb(HEAP_BYTES_MAX)}; ${parts}`;
}

/** Looks at the heap of the Worker's isolate, what is to be cleared away included, until it is closed. */
async function watchHeap(inspectorPort: number): Promise<{ mostBytes(): number; close(): void }> {
  const inspector = await Inspector.open(inspectorPort);
  let mostBytes = 0;
  let isClosed = false;
  const look = async () => {
    while (!isClosed) {
      mostBytes = Math.max(mostBytes, (await inspector.heap(false)).usedSize);
      await sleep(HEAP_LOOK_EVERY_MS);
    }
  };
  let failure: Error | null = null;
  look().catch((error: Error) => {
    failure = error;
  });
  return {
    mostBytes() {
      if (failure && !isClosed) throw failure;
      return mostBytes;
    },
    close() {
      isClosed = true;
      inspector.close();
    },
  };
}

const inMb = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
