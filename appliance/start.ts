// `npm start`: the bridge on this machine, and with it, unless told otherwise, two stand-ins and a demo connection between
// them. It ends all that it started when it ends, however it ends.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { Child } from './child.ts';
import { startChild } from './child.ts';
import type { DemoOutcome } from './demo.ts';
import { DEMO_ACCOUNTS, setUpDemo } from './demo.ts';
import { openLogFile } from './log-file.ts';
import { refuseBusyPorts } from './ports.ts';
import { loadSecrets, SECRETS_FILE } from './secrets.ts';
import type { StartSettings } from './start-options.ts';
import { parseStartOptions, START_HELP } from './start-options.ts';
import { StartRefused } from './start-refused.ts';

const root = path.resolve(import.meta.dirname, '..');
const LOOPBACK = '127.0.0.1';
const READY_LIMIT_MS = 60_000;
/** Together under the 10 s in which everything must have ended; the host itself needs at most 9.5 s. */
const HOST_STOP_LIMIT_MS = 9_000;
const STAND_IN_STOP_LIMIT_MS = 700;
const PARENT_CHECK_EVERY_MS = 1_000;

/** The stand-ins are on this machine, which a proxy could not reach. */
const DEMO_ENVIRONMENT = {
  ...{ ALLOW_PRIVATE_NETWORK: 'true', ALLOW_PRIVATE_NETWORK_FILE: undefined },
  ...{ HTTPS_PROXY: undefined, HTTPS_PROXY_FILE: undefined },
};

const DEMO_PROGRESS: Readonly<Record<DemoOutcome, string>> = {
  made: 'Made it, and asked for the last 2 hours.',
  moved: 'There is a connection already: it continues, and knows that the stand-ins have other ports now.',
  kept: 'There is a connection already: it continues.',
};

const children: Child[] = [];
let isStopping = false;

async function main(): Promise<void> {
  const settings = parseStartOptions(process.argv.slice(2));
  if (settings === undefined) return void process.stdout.write(START_HELP);
  const isDemo = !settings['no-demo'];
  const dataDirectory = path.resolve(settings.data);
  stopWhenAsked();

  await refuseBusyPorts([
    { port: settings.port, owner: 'The bridge', option: '--port' },
    ...(isDemo ? standInsOf(settings) : []),
  ]);
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
  const { secrets } = loadSecrets({
    dataDirectory,
    environment: process.env,
    isAccessConfigured: Boolean(process.env.ACCESS_TEAM_DOMAIN) && Boolean(process.env.ACCESS_AUDIENCE),
    wantsApiToken: isDemo,
  });

  const startedAt = new Date();
  let compareFrom: Date | undefined;
  if (isDemo) await Promise.all(standInsOf(settings).map((standIn) => startStandIn(standIn, dataDirectory)));
  const url = await startBridge(settings, dataDirectory);
  if (isDemo) {
    progress('Setting up the demo connection …');
    const outcome = await setUpDemo({
      url,
      apiToken: secrets.API_TOKEN ?? '',
      nccUrl: standInUrl(settings['ncc-port']),
      mpowerUrl: standInUrl(settings['mpower-port']),
      nowMs: Date.now(),
    });
    // A restarted Mpower stand-in has forgotten what it accepted before: compare what happened since.
    compareFrom = outcome === 'made' ? undefined : startedAt;
    progress(DEMO_PROGRESS[outcome]);
  }
  process.stdout.write(summary(settings, { url, dataDirectory, password: secrets.ADMIN_PASSWORD, compareFrom }));
  for (const child of children) {
    void child.ended.then((how) => isStopping || stopAll(`${how}; its log is in ${logDirectory(dataDirectory)}`, 1));
  }
}

interface StandIn {
  readonly command: string;
  readonly owner: string;
  readonly option: string;
  readonly port: number;
  readonly args: readonly string[];
}

function standInsOf(settings: StartSettings): StandIn[] {
  const { agents, queues, seed } = settings;
  const { ncc, mpower } = DEMO_ACCOUNTS;
  return [
    {
      command: 'ncc',
      owner: 'The NCC stand-in',
      option: '--ncc-port',
      port: settings['ncc-port'],
      args: [
        ...['--agents', String(agents), '--queues', String(queues), '--seed', String(seed)],
        ...['--username', ncc.username, '--password', ncc.password],
      ],
    },
    {
      command: 'mpower',
      owner: 'The Mpower stand-in',
      option: '--mpower-port',
      port: settings['mpower-port'],
      args: ['--access-key-id', mpower.accessKeyId, '--access-key-secret', mpower.accessKeySecret],
    },
  ];
}

function standInUrl(port: number): string {
  return `http://${LOOPBACK}:${port}`;
}

async function startStandIn(standIn: StandIn, dataDirectory: string): Promise<void> {
  progress(`Starting ${standIn.owner.replace('The', 'the')} on port ${standIn.port} …`);
  const child = startChild({
    name: standIn.owner,
    args: [
      ...[path.join(root, 'simulators/cli.ts'), standIn.command, '--port', String(standIn.port)],
      ...[...standIn.args, '--exit-with-parent'],
    ],
    onLine: openLogFile(path.join(logDirectory(dataDirectory), `${standIn.command}.log`)),
  });
  children.push(child);
  await waitFor(child, () => answers(standInUrl(standIn.port)));
}

async function startBridge(settings: StartSettings, dataDirectory: string): Promise<string> {
  progress(`Starting the bridge on port ${settings.port} …`);
  let url: string | undefined;
  const child = startChild({
    name: 'The bridge',
    args: [
      path.join(import.meta.dirname, 'main.ts'),
      ...['--host', LOOPBACK, '--port', String(settings.port), '--data', dataDirectory],
      ...['--log-format', 'json', '--exit-with-parent'],
    ],
    // The stand-ins are on this machine, which the Worker otherwise refuses to call.
    environment: settings['no-demo'] ? {} : DEMO_ENVIRONMENT,
    onLine(line) {
      const entry = parseEntry(line);
      url ??= entry?.url;
      if (entry === undefined) progress(line);
      else if (entry.level === 'warn' || entry.level === 'error') progress(`bridge: ${entry.message}`);
    },
  });
  children.push(child);
  await waitFor(child, async () => url !== undefined && (await answers(`${url}/healthz`)));
  return url ?? '';
}

const entrySchema = z.object({ level: z.string(), message: z.string(), url: z.string().optional() });

function parseEntry(line: string): z.infer<typeof entrySchema> | undefined {
  try {
    return entrySchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined; // not one of the host's own lines; it is shown as it is
  }
}

/** Waits for a child to become usable; it having ended instead is the reason that the operator needs to see. */
async function waitFor(child: Child, isReady: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + READY_LIMIT_MS;
  while (!(await isReady())) {
    if (child.hasEnded()) {
      const lastWords = child.lastLines().map((line) => parseEntry(line)?.message ?? line);
      throw new StartRefused([`${await child.ended}. It said last:`, ...lastWords.slice(-5)].join('\n'));
    }
    if (performance.now() > deadlineMs) {
      throw new StartRefused(`${child.name} is not ready after ${READY_LIMIT_MS / 1000} s.`);
    }
    await sleep(100);
  }
}

/** Any answer counts: what it says is shown on the pages, that it comes means that the process is up. */
async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000), redirect: 'manual' });
    await response.body?.cancel();
    return true;
  } catch {
    return false; // not yet; the caller asks again until its deadline
  }
}

interface SummaryFacts {
  readonly url: string;
  readonly dataDirectory: string;
  readonly password: string | undefined;
  /** Where the comparison begins; undefined: with everything that was served. */
  readonly compareFrom: Date | undefined;
}

function summary(settings: StartSettings, { url, dataDirectory, password, compareFrom }: SummaryFacts): string {
  const whence = process.env.ADMIN_PASSWORD === undefined ? ` (kept in ${path.join(dataDirectory, SECRETS_FILE)})` : '';
  const lines = [
    '',
    `  The bridge     ${url}`,
    `  Password       ${password === undefined ? 'none: Cloudflare Access guards it' : `${password}${whence}`}`,
    `  Data and logs  ${dataDirectory}`,
  ];
  if (!settings['no-demo']) {
    const ncc = standInUrl(settings['ncc-port']);
    const mpower = standInUrl(settings['mpower-port']);
    const from = compareFrom === undefined ? '' : ` --from ${compareFrom.toISOString()}`;
    lines.push(
      `  Stand-ins      NCC ${ncc}, Mpower ${mpower}`,
      '',
      '  Look at the Overview: within a minute it shows agent states and intervals delivered.',
      '  Then compare what the one served with what the other accepted, in another terminal:',
      '',
      `    npm run simulate -- compare --ncc ${ncc} --mpower ${mpower}${from}`,
    );
  } else {
    lines.push('', '  Sign in and set up a connection, or use the API (/api/docs).');
  }
  lines.push('', '  Ctrl-C stops everything; the next start continues here.', '', '');
  return lines.join('\n');
}

function logDirectory(dataDirectory: string): string {
  return path.join(dataDirectory, 'logs');
}

function progress(line: string): void {
  process.stdout.write(`${line}\n`);
}

function stopWhenAsked(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!isStopping) return void stopAll(signal, 0);
      for (const child of children) child.kill();
      process.exit(1);
    });
  }
  // Under npm a shell may stand between: it ends without telling, and then nobody can end this process any more.
  if (process.env.npm_lifecycle_event !== undefined) {
    const parent = process.ppid;
    setInterval(() => {
      if (process.ppid !== parent && !isStopping) void stopAll('npm has ended', 0);
    }, PARENT_CHECK_EVERY_MS).unref();
  }
}

/** Ends the bridge first, so that answers under way still reach the stand-ins; then those; then this process. */
async function stopAll(reason: string, exitCode: number): Promise<never> {
  isStopping = true;
  if (children.length === 0) process.exit(exitCode);
  progress(`Stopping: ${reason}.`);
  const [host, ...standIns] = [...children].reverse();
  await host?.stop(HOST_STOP_LIMIT_MS);
  await Promise.all(standIns.map((child) => child.stop(STAND_IN_STOP_LIMIT_MS)));
  progress('Stopped.');
  process.exit(exitCode);
}

try {
  await main();
} catch (thrown) {
  const text =
    thrown instanceof StartRefused ? thrown.message : thrown instanceof Error ? thrown.stack : String(thrown);
  process.stderr.write(`${text}\n`);
  await stopAll('the start did not succeed', 1);
}
