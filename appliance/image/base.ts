// The image's base: a handful of files of Debian packages and nothing around them: no package manager, no compiler, no
// coreutils. `mmdebstrap` fetches and unpacks the packages, with their signatures checked; what is named here is kept.
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

const SUITE = 'bookworm';
const PACKAGES = ['libc6', 'libgcc-s1', 'libstdc++6', 'libcap-ng0', 'ca-certificates', 'tini', 'dash', 'util-linux'];
/** What node and workerd link against, the shell of two small scripts, and what ties the engine to its parent. */
const KEPT = [
  'lib64/ld-linux*.so.*',
  'lib/*-linux-gnu/{ld-linux*,libc,libm,libdl,libpthread,librt,libresolv,libnss_dns,libnss_files,libgcc_s,libutil}.so.*',
  'lib/*-linux-gnu/libcap-ng.so.*',
  'usr/lib/*-linux-gnu/{libstdc++,libcap-ng}.so.*',
  'usr/lib/ld-linux*.so.*',
  'bin/dash',
  'usr/bin/{setpriv,tini-static}',
];
const AUTHORITIES = 'usr/share/ca-certificates/mozilla/*.crt';
/** Above what distributions give out. */
const USER_ID = 10_001;

/**
 * Writes the base's files under `target`.
 * @param scratch a directory that may be filled
 * @returns the packages with their versions
 */
export function makeBase(target: string, scratch: string): Record<string, string> {
  const unpacked = path.join(scratch, 'packages');
  rmSync(unpacked, { recursive: true, force: true });
  const args = ['--variant=extract', '--format=directory', `--include=${PACKAGES.join(',')}`, SUITE, unpacked];
  execFileSync('mmdebstrap', args, { stdio: ['ignore', 'inherit', 'inherit'] });
  for (const pattern of KEPT) for (const file of globSync(pattern, { cwd: unpacked })) keep(unpacked, target, file);
  for (const name of PACKAGES) keep(unpacked, target, `usr/share/doc/${name}/copyright`);
  symlinkSync('dash', path.join(target, 'bin/sh'));

  const authorities = globSync(AUTHORITIES, { cwd: unpacked }).sort();
  if (authorities.length === 0) throw new Error('The package ca-certificates brought no certificates.');
  const bundle = authorities.map((file) => readFileSync(path.join(unpacked, file), 'utf8').trim());
  write(target, 'etc/ssl/certs/ca-certificates.crt', `${bundle.join('\n')}\n`);
  write(target, 'etc/passwd', `root:x:0:0::/:/bin/false\nbridge:x:${USER_ID}:${USER_ID}::/data:/bin/false\n`);
  write(target, 'etc/group', `root:x:0:\nbridge:x:${USER_ID}:\n`);
  write(target, 'etc/nsswitch.conf', 'hosts: files dns\n');
  // Mounted by whoever runs the image; there so that a read-only root can take them.
  for (const name of ['etc/hosts', 'etc/resolv.conf', 'etc/hostname']) write(target, name, '');
  for (const name of ['proc', 'sys', 'dev', 'run', 'tmp']) mkdirSync(path.join(target, name), { recursive: true });
  return Object.fromEntries(PACKAGES.map((name) => [name, versionOf(unpacked, name)]));
}

function keep(from: string, to: string, file: string): void {
  if (!existsSync(path.join(from, file))) return;
  mkdirSync(path.dirname(path.join(to, file)), { recursive: true });
  cpSync(path.join(from, file), path.join(to, file), { verbatimSymlinks: true });
}

function write(target: string, file: string, content: string): void {
  mkdirSync(path.dirname(path.join(target, file)), { recursive: true });
  writeFileSync(path.join(target, file), content);
}

/** From the package's own change log, whose first line names it. */
function versionOf(unpacked: string, name: string): string {
  const directory = path.join(unpacked, 'usr/share/doc', name);
  if (!existsSync(directory)) return 'unknown';
  const changes = readdirSync(directory).find((file) => /^changelog(?:\.Debian)?\.gz$/.test(file));
  if (changes === undefined) return 'unknown';
  const [first = ''] = gunzipSync(readFileSync(path.join(directory, changes)))
    .toString('utf8')
    .split('\n', 1);
  return /\(([^)]+)\)/.exec(first)?.[1] ?? 'unknown';
}
