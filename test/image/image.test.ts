// The image as it is given out: what is in it, that it can be built again, and that it keeps the appliance's promises
// when it is run with a read-only root and without privileges.
import { execFileSync } from 'node:child_process';
import { chownSync, cpSync, globSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { setUpDemo } from '../../appliance/demo.ts';
import type { BuiltImage } from '../../appliance/image/build-image.ts';
import { buildImage, makeContext, requireTools, runBuildah } from '../../appliance/image/build-image.ts';
import { API_TOKEN, acceptedCount, deliversMoreThan, startStandIns } from '../host/support/seeded.ts';
import { freePort, Stage } from '../host/support/stage.ts';
import type { ContainerOptions, ImageConfig } from './container.ts';
import { Container, imageConfigSchema } from './container.ts';

const MEGABYTE = 1024 * 1024;
const inspectionSchema = z.object({ OCIv1: z.object({ config: imageConfigSchema }) });

let scratch: string;
let storage: string;
let built: BuiltImage;
let image: ImageConfig;
let working: string;
let rootDirectory: string;
const containers: Container[] = [];

beforeAll(() => {
  requireTools(['mmdebstrap', 'buildah', 'runc']);
  scratch = mkdtempSync(path.join(os.tmpdir(), 'bridge-image-'));
  storage = path.join(scratch, 'storage');
  built = buildImage(scratch, makeContext(scratch));
  const inspected: unknown = JSON.parse(runBuildah(storage, ['inspect', '--type', 'image', built.reference]));
  image = inspectionSchema.parse(inspected).OCIv1.config;
  working = runBuildah(storage, ['from', built.reference]);
  rootDirectory = runBuildah(storage, ['mount', working]);
  process.stdout.write(
    `Image ${built.digest}: archive ${(built.archiveBytes / MEGABYTE).toFixed(1)} MB, ` +
      `unpacked ${(built.unpackedBytes / MEGABYTE).toFixed(1)} MB\n`,
  );
});
afterEach(async () => {
  for (const container of containers.splice(0)) await container.remove();
});
afterAll(() => {
  if (working !== undefined) runBuildah(storage, ['umount', working]);
  if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true });
});

function dataDirectory(): string {
  return mkdtempSync(path.join(scratch, 'data-'));
}

async function start(options: Partial<ContainerOptions> & { dataDirectory: string }) {
  const port = await freePort();
  const environment = { HOST: '127.0.0.1', PORT: String(port), ...options.environment };
  const container = new Container({ image, rootDirectory, scratch, ...options, environment });
  containers.push(container);
  return { container, url: `http://127.0.0.1:${port}` };
}

async function started(options: Partial<ContainerOptions> & { dataDirectory: string }) {
  const running = await start(options);
  await running.container.saw(/The bridge answers at/);
  return running;
}

describe('the image', () => {
  it('holds no package manager, no compiler and no programs but its own', () => {
    const programs = readdirSync(rootDirectory, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && /(?:^|\/)s?bin$/.test(path.relative(rootDirectory, entry.parentPath)))
      .map((entry) => path.relative(rootDirectory, path.join(entry.parentPath, entry.name)))
      .sort();
    expect(programs).toEqual([
      'app/node_modules/@cloudflare/workerd-linux-64/bin/workerd',
      ...['bin/dash', 'bin/sh'],
      ...['usr/bin/setpriv', 'usr/bin/tini-static', 'usr/local/bin/bridge', 'usr/local/bin/node'],
    ]);
    expect(globSync('**/node_modules/{npm,wrangler,esbuild,typescript,vitest}', { cwd: rootDirectory })).toEqual([]);
  });

  it('gives nobody more rights than he has, and belongs to root except for /data', () => {
    const entries = readdirSync(rootDirectory, { recursive: true, withFileTypes: true }).map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      return { file: path.relative(rootDirectory, file), stat: statSync(file, { throwIfNoEntry: false }) };
    });
    expect(entries.filter(({ stat }) => ((stat?.mode ?? 0) & 0o6000) !== 0)).toEqual([]);
    expect(entries.filter(({ stat }) => stat?.uid !== 0 && stat !== undefined).map(({ file }) => file)).toEqual([
      'data',
    ]);
    expect(image).toMatchObject({ StopSignal: 'SIGTERM', Volumes: { '/data': {} }, ExposedPorts: { '8787/tcp': {} } });
  });

  it('stays small', () => {
    expect(built.archiveBytes).toBeLessThan(120 * MEGABYTE);
    expect(built.unpackedBytes).toBeLessThan(330 * MEGABYTE);
  });

  it('is the same when it is built again', () => {
    const again = path.join(scratch, 'again');
    mkdirSync(again);
    expect(buildImage(again, makeContext(again)).digest).toBe(built.digest);
    rmSync(again, { recursive: true });
  });
});

describe('run with a read-only root and without privileges', () => {
  it('starts, tells the password once, answers its health check, and ends within 10 s of SIGTERM', async () => {
    const data = dataDirectory();
    const { container, url } = await started({ dataDirectory: data });
    expect(container.lines.filter((line) => line.includes("administrator's password is"))).toHaveLength(1);
    expect(statSync(path.join(data, 'secrets.json'))).toMatchObject({ uid: 10_001, mode: 0o100600 });
    expect((await fetch(`${url}/healthz`)).headers.get('content-type')).toContain('json');
    expect(await container.exec('/usr/local/bin/bridge', 'health')).toContain('The bridge answers');
    expect(await container.exec('/usr/local/bin/bridge', 'version')).toContain('workerd');
    await expect(container.exec('/bin/sh', '-c', 'echo x > /app/x')).rejects.toThrow('Read-only file system');
    expect(container.lines.join('\n')).not.toContain('setpriv');

    const began = performance.now();
    await container.signal('TERM');
    expect(await container.ended).toBe(0);
    expect(performance.now() - began).toBeLessThan(10_000);

    const second = await started({ dataDirectory: data });
    expect(second.container.lines.join('\n')).not.toContain('password is');
  });

  it.each(['the first process', 'the host'])('leaves nothing running when %s is killed', async (which) => {
    const { container } = await started({ dataDirectory: dataDirectory() });
    const ids = await container.processIds();
    expect(ids.length).toBeGreaterThanOrEqual(3); // init, host, engine
    const nodeId = ids.find((id) => commandOf(id).includes('main.ts') || commandOf(id).includes('bridge.ts'));
    expect(nodeId).toBeDefined();
    if (which === 'the host') process.kill(nodeId ?? 0, 'SIGKILL');
    else await container.signal('KILL');
    await container.ended;
    await sleep(500);
    expect(ids.filter((id) => commandOf(id).includes('workerd') || commandOf(id).includes('bridge.ts'))).toEqual([]);
  });

  it('says what to do when it may not write /data', async () => {
    const data = dataDirectory();
    const { container } = await start({ dataDirectory: data });
    chownSync(data, 0, 0);
    execFileSync('chmod', ['700', data]);
    expect(await container.ended).not.toBe(0);
    expect(container.lines.join('\n')).toContain('Make it writable for this user');
  });

  it('polls, delivers, backs up while it runs, and goes on from the restored backup in a new place', async () => {
    const stage = new Stage();
    const standIns = await startStandIns(stage);
    const environment = {
      ...{ API_TOKEN, ALLOW_PRIVATE_NETWORK: 'true', BACKUP_PASSPHRASE: 'a passphrase for tests' },
    };
    const data = dataDirectory();
    const { container, url } = await started({ dataDirectory: data, environment });
    const { ncc, mpower } = standIns;
    await setUpDemo({ url, apiToken: API_TOKEN, nccUrl: ncc.url, mpowerUrl: mpower.url, nowMs: Date.now() });
    await deliversMoreThan(standIns, 15);
    expect(await container.exec('/usr/local/bin/bridge', 'backup')).toContain('encrypted, with the keys');
    await container.signal('TERM');
    await container.ended;

    const elsewhere = dataDirectory();
    const [backup = ''] = readdirSync(path.join(data, 'backups'));
    cpSync(path.join(data, 'backups', backup), path.join(elsewhere, backup));
    chownSync(path.join(elsewhere, backup), 10_001, 10_001);
    const restoring = await start({ dataDirectory: elsewhere, environment, command: ['restore', `/data/${backup}`] });
    expect([await restoring.container.ended, restoring.container.lines.join(' ')]).toEqual([
      0,
      expect.stringContaining('Start the bridge now.'),
    ]);
    const before = await acceptedCount(standIns);
    const restored = await started({ dataDirectory: elsewhere, environment });
    await deliversMoreThan(standIns, before);
    expect(await restored.container.exec('/usr/local/bin/bridge', 'verify')).toContain('The database is whole');
    await stage.close();
  });
});

function commandOf(processId: number): string {
  try {
    return execFileSync('cat', [`/proc/${processId}/cmdline`], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return ''; // it has ended
  }
}
