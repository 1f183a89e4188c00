// Builds the container image: a context of files that stand fixed (base, Node, packages of the lock file, the built
// Worker, the host), and from it an OCI archive. The same sources and package versions give the same image, bit for bit.
//   npm run build && node appliance/image/build-image.ts [--out DIR] [--context-only]
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseOptions } from '../options.ts';
import { messageOf, StartRefused } from '../start-refused.ts';
import { productVersion } from '../version.ts';
import { makeBase } from './base.ts';
import { copyPackages, findPackages } from './packages.ts';

const root = path.resolve(import.meta.dirname, '../..');
const NAME = 'acd-wfm-bridge';
const TOOLS = ['mmdebstrap', 'buildah'];
/** Only for the development machine: the demo, the build, the image's own recipe. */
const NOT_IN_IMAGE =
  /\/appliance\/(?:image|Containerfile|start(?:-options)?\.ts|demo\.ts|ports\.ts|build-.*|.*\.d\.ts|compose.*|.*\.service)(?:$|\/)/;

const OPTIONS = {
  out: { type: 'string', placeholder: 'DIR', help: 'where to (default: dist-image)' },
  'context-only': { type: 'boolean', help: 'only the files: build with `docker build` or `podman build` from there' },
} as const;

export interface BuiltImage {
  readonly archive: string;
  readonly reference: string;
  /** Of the image's configuration: equal digests are equal images. */
  readonly digest: string;
  readonly archiveBytes: number;
  readonly unpackedBytes: number;
}

/** Collects every file of the image under `directory`/context. @returns that directory */
export function makeContext(directory: string): string {
  const context = path.join(directory, 'context');
  rmSync(context, { recursive: true, force: true });
  const base = path.join(context, 'base');
  const app = path.join(base, 'app');
  mkdirSync(app, { recursive: true });
  if (!existsSync(path.join(root, 'dist/worker-config.json')))
    throw new StartRefused('Build the Worker first: npm run build.');

  const debian = makeBase(base, directory);
  const npm = findPackages(root);
  copyPackages(root, app, npm.keys());
  for (const name of [
    'dist/index.js',
    'dist/worker-config.json',
    'public',
    'src/crypto',
    'src/runtime.ts',
    // What relay and folder watcher map with.
    'src/domain',
    'src/acd/avaya-cms',
    'package.json',
  ]) {
    cpSync(path.join(root, name), path.join(app, name), { recursive: true, dereference: true });
  }
  cpSync(path.join(root, 'appliance'), path.join(app, 'appliance'), {
    recursive: true,
    filter: (file) => !NOT_IN_IMAGE.test(file),
  });
  const local = path.join(base, 'usr/local/bin');
  mkdirSync(local, { recursive: true });
  cpSync(path.join(root, 'node_modules/node/bin/node'), path.join(local, 'node'), { dereference: true });
  writeFileSync(path.join(local, 'bridge'), '#!/bin/sh\nexec /usr/local/bin/node /app/appliance/bridge.ts "$@"\n');
  writeFileSync(
    path.join(app, 'contents.json'),
    `${JSON.stringify({ version: productVersion(), debian, npm: Object.fromEntries([...npm].sort()) }, null, 2)}\n`,
  );
  mkdirSync(path.join(context, 'data'));
  cpSync(path.join(root, 'appliance/Containerfile'), path.join(context, 'Containerfile'));
  fixModes(base);
  chmodSync(path.join(base, 'tmp'), 0o1777);
  return context;
}

/** Whatever the mask of who builds: readable for all, and executable as it was. */
function fixModes(directory: string): void {
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isDirectory()) chmodSync(file, 0o755);
    else if (entry.isFile()) chmodSync(file, isProgram(file) ? 0o755 : 0o644);
  }
}

function isProgram(file: string): boolean {
  return (statSync(file).mode & 0o100) !== 0 || file.endsWith('.sh') || file.endsWith('/usr/local/bin/bridge');
}

/** Builds the image from a context and writes it as an OCI archive into `directory`. */
export function buildImage(directory: string, context: string): BuiltImage {
  const storage = path.join(directory, 'storage');
  const reference = `${NAME}:${productVersion()}`;
  const archive = path.join(directory, `${NAME}-${productVersion()}.oci.tar`);
  rmSync(archive, { force: true });
  const buildah = (...args: string[]) => runBuildah(storage, args);
  // Nothing is run while building, so neither privileges nor a kernel's help are needed.
  buildah(
    ...['build', '--isolation', 'chroot', '--layers=false', '--timestamp', sourceTime(), '--format', 'oci'],
    ...['--tag', reference, '--file', path.join(context, 'Containerfile'), context],
  );
  buildah('push', reference, `oci-archive:${archive}:${reference}`);
  const [inspected] = buildah(
    'inspect',
    '--type',
    'image',
    '--format',
    '{{.FromImageID}} {{.FromImageDigest}}',
    reference,
  ).split('\n');
  return {
    archive,
    reference,
    digest: inspected?.split(' ')[0] ?? '',
    archiveBytes: statSync(archive).size,
    unpackedBytes: bytesUnder(path.join(context, 'base')),
  };
}

/** Runs buildah on a storage of its own, so that a build leaves nothing anywhere else. @returns what it printed */
export function runBuildah(storage: string, args: readonly string[]): string {
  const places = [
    '--root',
    path.join(storage, 'root'),
    '--runroot',
    path.join(storage, 'run'),
    '--storage-driver',
    'vfs',
  ];
  return execFileSync('buildah', [...places, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  }).trim();
}

/** @throws StartRefused naming what is missing */
export function requireTools(tools: readonly string[] = TOOLS): void {
  const missing = tools.filter(
    (tool) => !(process.env.PATH ?? '').split(':').some((directory) => existsSync(path.join(directory, tool))),
  );
  if (missing.length === 0) return;
  throw new StartRefused(
    `${missing.join(' and ')} is missing. On Debian: apt-get install --no-install-recommends ${missing.join(' ')}`,
  );
}

/** Seconds since 1970 that every file in the image bears: SOURCE_DATE_EPOCH, else the time of the last commit. */
function sourceTime(): string {
  const given = process.env.SOURCE_DATE_EPOCH;
  if (given !== undefined && /^\d+$/.test(given)) return given;
  try {
    return execFileSync('git', ['log', '-1', '--format=%ct'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return '0'; // not a git working copy: any fixed time will do
  }
}

function bytesUnder(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(path.join(entry.parentPath, entry.name)).size, 0);
}

function main(): void {
  const options = parseOptions(OPTIONS, process.argv.slice(2));
  const isContextOnly = options['context-only'] === true;
  requireTools(isContextOnly ? ['mmdebstrap'] : TOOLS);
  const out = path.resolve(options.out ?? 'dist-image');
  mkdirSync(out, { recursive: true });
  const context = makeContext(out);
  if (isContextOnly)
    return void process.stdout.write(
      `Wrote ${context}. Build with: docker build -f ${context}/Containerfile ${context}\n`,
    );
  const { archive, reference, digest, archiveBytes, unpackedBytes } = buildImage(out, context);
  const megabytes = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MB`;
  process.stdout.write(
    `${reference} ${digest}\n${archive}: ${megabytes(archiveBytes)}, unpacked ${megabytes(unpackedBytes)}\n`,
  );
}

if (import.meta.main) {
  try {
    main();
  } catch (thrown) {
    process.stderr.write(
      `${thrown instanceof StartRefused ? thrown.message : (thrown instanceof Error && thrown.stack) || messageOf(thrown)}\n`,
    );
    process.exitCode = 1;
  }
}
