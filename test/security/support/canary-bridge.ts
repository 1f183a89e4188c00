// A bridge that works, fails and is answered rudely, with secrets that stand out: one connection that delivers, others to
// a mirror that says back what it was sent.
import { runBridge } from '../../host/support/seeded.ts';
import { eventually, type Stage, type StartedProcess } from '../../host/support/stage.ts';
import { api, connection, createConnection, startBridge } from './bridge.ts';
import {
  ACCESS_KEY_ID,
  allCanaries,
  CREDENTIALS,
  DEPLOYMENT,
  HOOK,
  LIVEVOX,
  PASSPHRASE,
  USERNAME,
} from './canaries.ts';
import type { Secret } from './forms.ts';
import { startMirror, startRecorder, type Vendor } from './vendors.ts';

const HISTORICAL_USER = 'canary-reports@example.com';
/** Tokens of the stand-ins have to be refreshed every 16 s. */
const TOKEN_LIFE_S = '20';
const HOUR_MS = 3_600_000;

export interface CanaryBridge {
  readonly process: StartedProcess;
  readonly dataDirectory: string;
  readonly mirror: Vendor;
  /** The one that works first. */
  readonly ids: readonly number[];
  readonly worksId: number;
  /** Every secret so far, by name; tokens that vendors issue come in as they are issued. */
  secrets(): Record<string, Secret>;
  addSecret(name: string, secret: Secret): void;
  close(): void;
}

/** Starts everything and waits until each connection has met what it is there for. */
export async function startCanaryBridge(stage: Stage): Promise<CanaryBridge> {
  const dataDirectory = stage.directory();
  const tokens = new Map<string, string>();
  const own: Record<string, Secret> = allCanaries();
  const vendors = await startVendors(stage, tokens);
  const { mirror } = vendors;
  const bridge = await startBridge(
    stage,
    { ...DEPLOYMENT, ALLOW_PRIVATE_NETWORK: 'true', BACKUP_PASSPHRASE: PASSPHRASE },
    dataDirectory,
  );
  const ids = await createConnections(bridge.url, vendors);
  const [worksId = 0, pushesId = 0] = ids;
  await prepare(bridge.url, mirror.url, { worksId, pushesId }, (name, secret) => {
    own[name] = secret;
  });
  let missing: readonly string[] = [];
  const isReady = async () => {
    missing = await missingOf(bridge.url, ids, tokens);
    return missing.length === 0;
  };
  await eventually('each connection has met what it is there for', isReady, 120_000).catch((error: Error) => {
    throw new Error(`${error.message}; missing: ${missing.join(', ')}`);
  });
  return {
    process: bridge,
    dataDirectory,
    mirror,
    ids,
    worksId,
    secrets: () => ({ ...own, ...Object.fromEntries(tokens) }),
    addSecret(name, secret) {
      own[name] = secret;
    },
    close() {
      for (const vendor of Object.values(vendors)) vendor.close();
    },
  };
}

async function startVendors(stage: Stage, tokens: Map<string, string>) {
  const { realTimePassword, historicalPassword, accessKeySecret } = CREDENTIALS;
  const [ncc, mpower, mirror] = await Promise.all([
    stage.startStandIn('ncc', [
      ...[
        '--agents',
        '8',
        '--queues',
        '2',
        '--change-share',
        '0.3',
        '--day-shape',
        'flat',
        '--username',
        USERNAME,
        '--password',
        realTimePassword,
      ],
      ...['--account', `${HISTORICAL_USER}:${historicalPassword}`, '--token-life-s', TOKEN_LIFE_S],
    ]),
    stage.startStandIn('mpower', [
      ...['--access-key-id', ACCESS_KEY_ID, '--access-key-secret', accessKeySecret, '--token-life-s', TOKEN_LIFE_S],
    ]),
    startMirror(),
  ]);
  return {
    mirror,
    ncc: await startRecorder('ncc', ncc.url, tokens),
    mpower: await startRecorder('mpower', mpower.url, tokens),
  };
}

type Vendors = Awaited<ReturnType<typeof startVendors>>;

/** `works`, `pushes` (records that the mirror refuses), `echoes`, `voices` (LiveVox) and two whose sign-ins are refused. */
async function createConnections(url: string, { mirror, ncc, mpower }: Vendors): Promise<number[]> {
  const refusing = mirror.url.replace('127.0.0.1', 'localhost');
  const works = connection('works', ncc.url, mpower.url, CREDENTIALS);
  const echoes = connection('echoes', mirror.url, mirror.url, CREDENTIALS);
  const advanced = { acdDetailsPath: '/details', heartbeatPath: '/heartbeat' };
  const wanted = [
    { ...works, acd: { ...works.acd, historical: { ...works.acd.historical, username: HISTORICAL_USER } } },
    {
      ...{ ...echoes, name: 'pushes', acd: { kind: 'push', acdName: 'Any' } },
      secrets: { accessKeySecret: CREDENTIALS.accessKeySecret },
    },
    { ...echoes, wfm: { ...echoes.wfm, accessKeyId: 'canary-key-short', advanced } },
    {
      ...{ ...echoes, name: 'voices' },
      acd: { kind: 'livevox', baseUrl: mirror.url, clientName: 'C', username: 'lv', collectionIntervalS: 3 },
      secrets: { ...LIVEVOX, accessKeySecret: CREDENTIALS.accessKeySecret },
    },
    connection('refused', refusing, refusing, CREDENTIALS),
    connection('wrong', ncc.url, mirror.url, { ...CREDENTIALS, realTimePassword: CREDENTIALS.historicalPassword }),
  ];
  const ids: number[] = [];
  for (const settings of wanted) ids.push(await createConnection(url, settings));
  return ids;
}

/** Past intervals for the one that works, records for the one that is pushed to, and channels for alerts. */
async function prepare(
  url: string,
  mirrorUrl: string,
  { worksId, pushesId }: { readonly worksId: number; readonly pushesId: number },
  addSecret: (name: string, secret: Secret) => void,
): Promise<void> {
  const nowMs = Date.now();
  const iso = (atMs: number) => new Date(atMs).toISOString();
  const calls: [string, object][] = [
    [`/connections/${worksId}/backfills`, { from: iso(nowMs - 2 * HOUR_MS), to: iso(nowMs) }],
    [
      `/connections/${pushesId}/push/agents`,
      { records: ['1', '2'].map((agentId) => ({ agentId, name: `Agent ${agentId}`, username: `agent-${agentId}` })) },
    ],
    [
      `/connections/${pushesId}/push/state-changes`,
      { records: ['1', '2'].map((agentId) => ({ agentId, at: iso(nowMs), state: 'Ready' })) },
    ],
  ];
  for (const [target, body] of calls) {
    const { status, text } = await api(url, 'POST', target, body);
    if (status >= 300) throw new Error(`${target} was refused: ${status} ${text}`);
  }
  for (const kind of ['webhook', 'slack', 'teams']) {
    const address = `${mirrorUrl}/hooks/${encodeURIComponent(HOOK)}`;
    const made = await api(url, 'POST', '/alert-channels', { name: kind, kind, address });
    const { secret } = JSON.parse(made.text);
    if (typeof secret !== 'string') continue;
    addSecret('signing secret', secret);
    addSecret('signing key', Buffer.from(secret.replace('whsec_', ''), 'base64'));
  }
}

/** What the connections have not met yet, each of what they are there for, in words. */
async function missingOf(url: string, ids: readonly number[], tokens: ReadonlyMap<string, string>): Promise<string[]> {
  const { rows } = JSON.parse((await api(url, 'GET', '/status')).text);
  const [worksId, pushesId, ...failingIds] = ids;
  const rowOf = (id?: number) => rows.find(({ connectionId }: { connectionId: number }) => connectionId === id);
  const delivered = rowOf(worksId).streams.filter(
    ({ account }: { account: { delivered: number } }) => account.delivered > 0,
  ).length;
  const isFailing = (id: number) => rowOf(id).feeds.some(({ error }: { error: string }) => error !== '');
  const setAside = JSON.parse((await api(url, 'GET', `/connections/${pushesId}/set-aside`)).text).rows;
  const names = [...tokens.keys()];
  const met: Record<string, boolean> = {
    'two streams that deliver': delivered >= 2,
    'a pushed record that was set aside': setAside.length > 0,
    ...Object.fromEntries(failingIds.map((id) => [`a feed of connection ${id} that fails`, isFailing(id)])),
    'a refresh token': names.some((name) => name.includes('refreshToken')),
    'three tokens of NCC': names.filter((name) => name.startsWith('ncc')).length >= 3,
  };
  return Object.keys(met).filter((what) => !met[what]);
}

/** Runs a command of the bridge on its directory, with its secrets in the environment. @throws Error unless it ends well */
export async function runCommand(
  { dataDirectory }: Pick<CanaryBridge, 'dataDirectory'>,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const { code, output } = await runBridge(dataDirectory, args, environment);
  if (code !== 0) throw new Error(`bridge ${args.join(' ')} ended with ${code}: ${output}`);
  return output;
}
