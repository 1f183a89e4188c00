// The whole product as processes: the built Worker in the embedded host, both stand-ins, and a fault proxy before each of
// them. One connection is set up through the API, as a user would. Everything listens on 127.0.0.1 and ends with the rig.
import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { compare } from '../../../simulators/compare/compare.ts';
import type { ProcessIdentity } from '../../host/support/process-table.ts';
import { eventually, Stage, type StartedProcess } from '../../host/support/stage.ts';
import { databaseFiles } from './files.ts';
import { type FaultProxy, startProxy } from './proxy.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const ACCOUNT = { username: 'wfm@faults.example', password: 'faults-password' };
const ACCESS_KEY = { accessKeyId: 'FAULTS-KEY', accessKeySecret: 'faults-key-secret' };
const API_TOKEN = 'faults-api-token-0123456789-0123456789';
const ADMIN_PASSWORD = 'faults administrator password';
const REQUEST_LIMIT_MS = 15_000;
/** The shortest that a connection may have. */
export const POLL_EVERY_S = 3;
/** On a machine with ten processes to a core. */
const UNDER_WAY_DIFFERENCE_MS = 500;

export interface RigOptions {
  readonly ncc?: readonly string[];
  readonly mpower?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Default: a directory of its own. */
  readonly dataDirectory?: string;
  /** Changes the copy of the built Worker before it is started. */
  readonly changeBuild?: (distDirectory: string) => void;
  /** Parts of the connection that differ. */
  readonly collection?: object;
  readonly wfmAdvanced?: object;
}

const accountSchema = z.object({
  read: z.number(),
  delivered: z.number(),
  setAside: z.number(),
  waiting: z.number(),
  held: z.number(),
});
const triesSchema = { name: z.string(), error: z.string(), failingSince: z.string().nullable() };
const statusSchema = z.object({
  rows: z.array(
    z.object({
      status: z.string(),
      lastPollAt: z.string().nullable(),
      setAsideOpen: z.number(),
      gaps: z.number(),
      findings: z.array(z.object({ level: z.string(), what: z.string(), action: z.string().nullable() })),
      feeds: z.array(z.object(triesSchema)),
      streams: z.array(z.object({ ...triesSchema, account: accountSchema })),
    }),
  ),
});
export type Status = z.infer<typeof statusSchema>['rows'][number];

const nccSummarySchema = z.object({ signIns: z.number(), refreshes: z.number(), realTimeAnswers: z.number() });
const mpowerSummarySchema = z.object({
  signIns: z.number(),
  refreshes: z.number(),
  records: z.number(),
  duplicates: z.number(),
  outOfOrder: z.number(),
  accepted: z.record(z.string(), z.number()),
});
const requestSchema = z.object({ path: z.string(), arrivalMs: z.number(), status: z.number().nullable() });
const bodySchema = z.object({ number: z.number(), kind: z.string(), arrivedMs: z.number(), body: z.string() });
export type AcceptedBody = z.infer<typeof bodySchema>;
const acceptedStateSchema = z.object({ loginId: z.string(), eventUtcTime: z.string() });
const rosterSchema = z.object({ agentId: z.string().optional(), username: z.string().optional() });
const eventsSchema = z.object({ rows: z.array(z.object({ kind: z.string(), message: z.string() })) });

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A rule of simulators/shared/faults.ts. */
export type FaultRule = { readonly fault: string } & Readonly<Record<string, unknown>>;
export type StandInName = 'ncc' | 'mpower';

export class Rig {
  readonly stage: Stage;
  readonly dataDirectory: string;
  readonly distDirectory: string;
  readonly proxies: Readonly<Record<StandInName, FaultProxy>>;
  readonly standIns: Readonly<Record<StandInName, StartedProcess>>;
  readonly #options: RigOptions;
  #host: StartedProcess | undefined;
  /** Agent id → sign-in name, as NCC has them. */
  readonly #names = new Map<string, string>();
  connectionId = 0;

  private constructor(
    stage: Stage,
    options: RigOptions,
    parts: Pick<Rig, 'dataDirectory' | 'distDirectory' | 'proxies' | 'standIns'>,
  ) {
    this.stage = stage;
    this.#options = options;
    this.dataDirectory = parts.dataDirectory;
    this.distDirectory = parts.distDirectory;
    this.proxies = parts.proxies;
    this.standIns = parts.standIns;
  }

  /** Starts everything and waits until the first agent states have been accepted. */
  static async start(options: RigOptions = {}): Promise<Rig> {
    const stage = new Stage();
    const proxies = { ncc: await startProxy(), mpower: await startProxy() };
    try {
      const distDirectory = copyBuild(stage.directory());
      options.changeBuild?.(distDirectory);
      const [ncc, mpower] = await Promise.all([
        stage.startStandIn('ncc', [
          ...['--username', ACCOUNT.username, '--password', ACCOUNT.password, '--location', proxies.ncc.url],
          // As busy at night as by day.
          ...['--day-shape', 'flat'],
          ...(options.ncc ?? ['--agents', '300', '--queues', '5']),
        ]),
        stage.startStandIn('mpower', [
          ...['--access-key-id', ACCESS_KEY.accessKeyId, '--access-key-secret', ACCESS_KEY.accessKeySecret],
          ...(options.mpower ?? []),
        ]),
      ]);
      proxies.ncc.leadTo(ncc.url);
      proxies.mpower.leadTo(mpower.url);
      const dataDirectory = options.dataDirectory ?? stage.directory();
      const rig = new Rig(stage, options, { dataDirectory, distDirectory, proxies, standIns: { ncc, mpower } });
      await rig.startHost();
      await told(rig, async () => {
        await rig.#readNames();
        await rig.#connect();
        await eventually(
          'the first agent states are accepted',
          async () => ((await rig.mpower()).accepted['agent-states'] ?? 0) > 0,
          45_000,
        );
      });
      return rig;
    } catch (thrown) {
      await Promise.all([proxies.ncc.close(), proxies.mpower.close()]);
      await stage.close();
      throw thrown;
    }
  }

  /** Starts the host on the rig's data; again after it has ended. */
  async startHost(environment: Readonly<Record<string, string>> = {}): Promise<StartedProcess> {
    this.#host = await this.stage.startHost({
      dataDirectory: this.dataDirectory,
      distDirectory: this.distDirectory,
      environment: {
        API_TOKEN,
        ADMIN_PASSWORD,
        ALLOW_PRIVATE_NETWORK: 'true',
        ...this.#options.environment,
        ...environment,
      },
    });
    return this.#host;
  }

  get host(): StartedProcess {
    if (this.#host === undefined) throw new Error('The host has not been started.');
    return this.#host;
  }

  /** The engine's process, which is the child of the host that runs workerd. */
  engine(): ProcessIdentity {
    const engine = this.host.tree().find(({ pid, command }) => pid !== this.host.pid && command.includes('workerd'));
    if (engine === undefined) throw new Error('The engine does not run.');
    return engine;
  }

  async #readNames(): Promise<void> {
    const rows = await lines(`${this.standIns.ncc.url}/_truth/roster`, rosterSchema);
    for (const { agentId, username } of rows) if (agentId !== undefined) this.#names.set(agentId, username ?? '');
  }

  async #connect(): Promise<void> {
    const group = { baseUrl: this.proxies.ncc.url, username: ACCOUNT.username };
    const created = await this.api('POST', '/connections', {
      name: 'Faults',
      timeZone: 'UTC',
      acd: {
        kind: 'nextiva-ncc',
        realTime: { ...group, collectionIntervalS: POLL_EVERY_S },
        historical: group,
      },
      wfm: {
        kind: 'cxone-mpower',
        baseUrl: this.proxies.mpower.url,
        accessKeyId: ACCESS_KEY.accessKeyId,
        advanced: this.#options.wfmAdvanced ?? {},
      },
      collection: this.#options.collection ?? {},
      secrets: {
        realTimePassword: ACCOUNT.password,
        historicalPassword: ACCOUNT.password,
        accessKeySecret: ACCESS_KEY.accessKeySecret,
      },
    });
    this.connectionId = z.object({ id: z.number() }).parse(created).id;
  }

  /** Calls the API. Fails on any status that is no success. */
  async api(method: string, target: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.host.url}/api/v1${target}`, {
      method,
      headers: {
        authorization: `Bearer ${API_TOKEN}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(REQUEST_LIMIT_MS),
    });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${target} was answered with ${response.status}: ${text.slice(0, 300)}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  async status(): Promise<Status> {
    const { rows } = statusSchema.parse(await this.api('GET', '/status'));
    const [first] = rows;
    assert.ok(first, 'The status page knows of no connection.');
    return first;
  }

  /** Everything that the status says is wrong, as one text. */
  async findings(): Promise<string> {
    return (await this.status()).findings.map(({ level, what }) => `${level}: ${what}`).join('\n');
  }

  async diary(): Promise<readonly { kind: string; message: string }[]> {
    return eventsSchema.parse(await this.api('GET', `/connections/${this.connectionId}/events?limit=200`)).rows;
  }

  /** What a monitor sees: the status of /healthz and its body; 0 while nothing answers within `limitMs`. */
  async healthz(limitMs = REQUEST_LIMIT_MS): Promise<{ status: number; text: string }> {
    try {
      const response = await fetch(`${this.host.url}/healthz`, { signal: AbortSignal.timeout(limitMs) });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      return { status: 0, text: String(error) };
    }
  }

  /** Signs the administrator in; the cookie, for pages that are to be seen when nobody could sign in any more. */
  async signIn(): Promise<string> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: this.host.url };
    const signedIn = await fetch(`${this.host.url}/sign-in`, {
      method: 'POST',
      redirect: 'manual',
      headers,
      body: new URLSearchParams({ password: ADMIN_PASSWORD }).toString(),
      signal: AbortSignal.timeout(REQUEST_LIMIT_MS),
    });
    const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? '';
    assert.notEqual(cookie, '', 'The administrator is signed in.');
    return cookie;
  }

  /** What stands where the Overview is, whatever its status; never the page that asks for the password. */
  async overviewAs(cookie: string): Promise<string> {
    const page = await fetch(this.host.url, { headers: { cookie }, signal: AbortSignal.timeout(REQUEST_LIMIT_MS) });
    const text = await page.text();
    assert.doesNotMatch(text, /name="password"/, 'The administrator is still signed in.');
    return text;
  }

  /** The Overview as the administrator sees it. */
  async overview(): Promise<string> {
    const cookie = await this.signIn();
    const page = await fetch(this.host.url, { headers: { cookie }, signal: AbortSignal.timeout(REQUEST_LIMIT_MS) });
    assert.equal(page.status, 200, 'The Overview is shown to the administrator.');
    return page.text();
  }

  async fault(target: StandInName, rule: FaultRule): Promise<void> {
    await control(this.standIns[target].url, '/_control/faults', rule);
  }

  async clearFaults(target: StandInName): Promise<void> {
    await fetch(`${this.standIns[target].url}/_control/faults`, { method: 'DELETE' });
  }

  async ncc(): Promise<z.infer<typeof nccSummarySchema>> {
    return nccSummarySchema.parse(await (await fetch(`${this.standIns.ncc.url}/_truth/summary`)).json());
  }

  async mpower(): Promise<z.infer<typeof mpowerSummarySchema>> {
    return mpowerSummarySchema.parse(await (await fetch(`${this.standIns.mpower.url}/_truth/summary`)).json());
  }

  /** Bodies that Mpower accepted from `fromMs` on, in the order of acceptance. */
  async bodies(fromMs: number): Promise<AcceptedBody[]> {
    return lines(`${this.standIns.mpower.url}/_truth/bodies?from=${Math.floor(fromMs)}`, bodySchema);
  }

  /** Every state change that Mpower has accepted so far. */
  async acceptedStates(): Promise<{ loginId: string; eventUtcTime: string }[]> {
    return lines(`${this.standIns.mpower.url}/_truth/agent-states`, acceptedStateSchema);
  }

  async requests(target: StandInName, sinceMs: number): Promise<z.infer<typeof requestSchema>[]> {
    return lines(`${this.standIns[target].url}/_truth/requests?since=${Math.floor(sinceMs)}`, requestSchema);
  }

  /** Waits until NCC has been asked for agent states after `sinceMs`, and says when. */
  async nextPoll(sinceMs: number, limitMs = 30_000): Promise<number> {
    let at = 0;
    await eventually(
      'the agents are polled',
      async () => {
        const poll = (await this.requests('ncc', sinceMs)).find(
          ({ path: asked, status }) => asked.endsWith('/realTime') && status === 200,
        );
        at = poll?.arrivalMs ?? 0;
        return poll !== undefined;
      },
      limitMs,
    );
    return at;
  }

  /** Waits until a connection is healthy, or only what `tolerated` matches is said of it. */
  async healthy(limitMs: number, tolerated = /^$/): Promise<void> {
    let seen = '';
    await eventually(
      'the connection is healthy again',
      async () => {
        const status = await this.status().catch((error: unknown) => String(error));
        if (typeof status === 'string') {
          seen = status;
          return false;
        }
        seen = status.findings.map(({ level, what }) => `${level}: ${what}`).join('\n');
        return status.findings.every(({ level, what }) => level === 'note' || tolerated.test(what));
      },
      limitMs,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${seen}`);
    });
  }

  /**
   * Waits until nothing waits any more, then holds what NCC served against what Mpower accepted. `between`: spans, as
   * Unix ms, in which answers that NCC thinks it has given were lost on their way, late or not stored. `inOrder`: false
   * after an outage, when present states go ahead of history.
   */
  async judge({ limitMs = 60_000, between = [] as readonly Span[], inOrder = true } = {}): Promise<number> {
    let seen = '';
    let explained = 0;
    const held = this.#unplacedNames();
    const isExplained = (line: string) => {
      const servedMs = Date.parse(/served (\d\S+?)(?:,|$)/.exec(line)?.[1] ?? '');
      return (
        between.some(({ fromMs, toMs }) => servedMs >= fromMs && servedMs <= toMs) ||
        held.has(line.slice(0, line.indexOf(': ')))
      );
    };
    await eventually(
      'everything that NCC served is accepted by Mpower',
      async () => {
        const comparison = await compare({
          ncc: this.standIns.ncc.url,
          mpower: this.standIns.mpower.url,
          inFlightS: 8,
        });
        const found = comparison.sections.flatMap(({ missing, different, extra }) => [
          ...missing.map((line) => ['missing', line] as const),
          ...different.map((line) => ['different', line] as const),
          ...extra.map((line) => ['extra', line] as const),
        ]);
        const wrong = found.filter(([, line]) => !isExplained(line)).map(([kind, line]) => `${kind}: ${line}`);
        explained = found.length - wrong.length;
        seen = wrong.slice(0, 12).join('\n');
        return comparison.judged && wrong.length === 0;
      },
      limitMs,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${seen}`);
    });
    const { streams } = await this.status();
    for (const { name, account } of streams) {
      const { read, delivered, setAside, waiting } = account;
      assert.equal(read, delivered + setAside + waiting, `The account of ${name} adds up.`);
    }
    if (inOrder)
      assert.equal((await this.mpower()).outOfOrder, 0, 'No event is older than what its agent had reached.');
    return explained;
  }

  /** Sign-in names of agents whom the bridge cannot place in the WFM: what they do is kept and not sent. */
  #unplacedNames(): Set<string> {
    const ids = this.readDatabase((database) =>
      database.prepare("SELECT source_id FROM agent WHERE coalesce(login_id, username) = ''").all(),
    );
    return new Set(ids.map((row) => this.#names.get(String(row.source_id)) ?? ''));
  }

  /** Opens the stopped or running bridge's database file for reading. */
  readDatabase<T>(read: (database: DatabaseSync) => T): T {
    const database = new DatabaseSync(databaseFiles(this.dataDirectory).bridge, { readOnly: true });
    try {
      return read(database);
    } finally {
      database.close();
    }
  }

  async close(): Promise<void> {
    await this.stage.close();
    await Promise.all([this.proxies.ncc.close(), this.proxies.mpower.close()]);
  }
}

/** Runs `work` on a rig of its own, and leaves no process whatever happens. */
export async function withRig(options: RigOptions, work: (rig: Rig) => Promise<void>): Promise<void> {
  const rig = await Rig.start(options);
  try {
    await told(rig, () => work(rig));
  } finally {
    await rig.close();
  }
}

/** Adds the host's last words to whatever goes wrong. */
async function told(rig: Rig, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    const lines = rig.host.lines.slice(-15).join('\n');
    throw new Error(`${thrown instanceof Error ? thrown.message : String(thrown)}\nThe host's last lines:\n${lines}`, {
      cause: thrown,
    });
  }
}

/**
 * Fails when two polls of the agents arrived too close together, and says how close they came. The bridge keeps 3.000 s
 * between the moments at which they leave; on a busy machine one is longer under way than the next.
 */
export async function keptDistanceMs(rig: Rig, sinceMs: number): Promise<number> {
  const distanceMs = await leastPollDistanceMs(rig, sinceMs);
  const leastMs = POLL_EVERY_S * 1_000 - UNDER_WAY_DIFFERENCE_MS;
  assert.ok(distanceMs >= leastMs, `Two polls arrived only ${Math.round(distanceMs)} ms apart.`);
  return Math.round(distanceMs);
}

async function leastPollDistanceMs(rig: Rig, sinceMs: number): Promise<number> {
  const polls = (await rig.requests('ncc', sinceMs)).filter((request) => request.path.endsWith('/realTime'));
  return polls.reduce((least, poll, i) => {
    const before = polls[i - 1];
    return before === undefined ? least : Math.min(least, poll.arrivalMs - before.arrivalMs);
  }, Number.POSITIVE_INFINITY);
}

/** A copy of the build, so that a build made meanwhile does not change what runs here. */
function copyBuild(directory: string): string {
  cpSync(path.join(root, 'public'), path.join(directory, 'public'), { recursive: true });
  cpSync(path.join(root, 'dist'), path.join(directory, 'dist'), { recursive: true });
  return path.join(directory, 'dist');
}

async function control(url: string, target: string, body: unknown): Promise<void> {
  const response = await fetch(new URL(target, url), { method: 'POST', body: JSON.stringify(body) });
  assert.ok(response.ok, `The stand-in took ${target}: ${await response.text()}`);
}

async function lines<T>(url: string, schema: z.ZodType<T>): Promise<T[]> {
  const text = await (await fetch(url)).text();
  return text.split('\n').flatMap((line) => (line === '' ? [] : [schema.parse(JSON.parse(line))]));
}

export { control };
