/** The clients as others get them: packed, installed elsewhere, and used as docs/client.md shows. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningMpower, startMpower } from '../../simulators/mpower/start.ts';
import { type RunningNcc, startNcc } from '../../simulators/ncc/start.ts';

const run = promisify(execFile);
const ROOT = path.join(import.meta.dirname, '../..');
const TSC = path.join(ROOT, 'node_modules/typescript/bin/tsc');

let place: string;
let packed: string[];
let mpower: RunningMpower;
let ncc: RunningNcc;

beforeAll(async () => {
  place = await mkdtemp(path.join(tmpdir(), 'client-package-'));
  const source = path.join(place, 'source');
  await mkdir(path.join(source, 'docs'), { recursive: true });
  await run(process.execPath, [TSC, '-p', 'tsconfig.client.json', '--outDir', path.join(source, 'dist/client')], {
    cwd: ROOT,
  });
  await cp(path.join(ROOT, 'package.json'), path.join(source, 'package.json'));
  await cp(path.join(ROOT, 'docs/client.md'), path.join(source, 'docs/client.md'));
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', place], {
    cwd: source,
  });
  const [{ filename, files }] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  packed = files.map((file) => file.path);
  const modules = path.join(place, 'consumer/node_modules');
  await mkdir(path.join(modules, 'acd-wfm-bridge'), { recursive: true });
  await run('tar', [
    '-xzf',
    path.join(place, filename),
    '--strip-components=1',
    '-C',
    path.join(modules, 'acd-wfm-bridge'),
  ]);
  await symlink(path.join(ROOT, 'node_modules/zod'), path.join(modules, 'zod'));
  [mpower, ncc] = await Promise.all([startMpower({ port: 0 }), startNcc({ port: 0 })]);
}, 120_000);

afterAll(async () => {
  await Promise.all([mpower?.close(), ncc?.close()]);
  if (place) await rm(place, { recursive: true, force: true });
});

/** The examples of docs/client.md, pointed at the stand-ins. */
async function examples(): Promise<string[]> {
  const text = await readFile(path.join(ROOT, 'docs/client.md'), 'utf8');
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = '']) =>
    code
      .replaceAll('https://na1.nice-incontact.com', mpower.url)
      .replaceAll('https://YOUR-TENANT.thrio.io', ncc.url)
      .replaceAll('YOUR-ACCESS-KEY-ID', 'DEMO-ACCESS-KEY-ID')
      .replaceAll('YOUR-ACCESS-KEY-SECRET', 'demo-access-key-secret')
      .replaceAll('YOUR-USER', 'wfm@demo.example')
      .replaceAll('YOUR-PASSWORD', 'demo-password')
      .replaceAll('Client(settings)', 'Client(settings, { allowPrivateNetwork: true })'),
  );
}

describe('the packed clients', () => {
  it('hold the code and types of both entries, and nothing of the bridge around them', () => {
    for (const entry of ['cxone-mpower', 'nextiva-ncc']) {
      expect(packed).toContain(`dist/client/client/${entry}.js`);
      expect(packed).toContain(`dist/client/client/${entry}.d.ts`);
    }
    expect(packed).toContain('docs/client.md');
    const strangers = packed.filter(
      (file) =>
        !/^(?:dist\/client\/(?:client|src\/(?:acd|crypto|domain|http|wfm|runtime))\b|docs\/client\.md$|package\.json$|README|LICENSE)/.test(
          file,
        ),
    );
    expect(strangers).toEqual([]);
    expect(packed.some((file) => /dist\/client\/src\/(?:store|jobs)|worker|appliance/.test(file))).toBe(false);
  });

  it('compile where they are used, in strict TypeScript with the DOM or the types of Node', async () => {
    const consumer = path.join(place, 'consumer');
    const codes = await examples();
    expect(codes).toHaveLength(5);
    for (const [index, code] of codes.entries()) await writeFile(path.join(consumer, `example-${index}.ts`), code);
    await writeFile(path.join(consumer, 'package.json'), JSON.stringify({ type: 'module', private: true }));
    await mkdir(path.join(consumer, 'node_modules/@types'), { recursive: true });
    await symlink(path.join(ROOT, 'node_modules/@types/node'), path.join(consumer, 'node_modules/@types/node'));
    await symlink(path.join(ROOT, 'node_modules/undici-types'), path.join(consumer, 'node_modules/undici-types'));
    for (const [name, options] of [
      ['dom', { lib: ['es2024', 'dom'], types: [], module: 'esnext', moduleResolution: 'bundler' }],
      ['node', { lib: ['es2024'], types: ['node'], module: 'nodenext' }],
    ] as const) {
      const project = path.join(consumer, `tsconfig.${name}.json`);
      const compilerOptions = { ...options, target: 'es2024', strict: true, noEmit: true };
      await writeFile(project, JSON.stringify({ compilerOptions, include: ['example-*.ts'] }));
      const { stdout } = await run(process.execPath, [TSC, '-p', project]).catch((error: { stdout: string }) => error);
      expect(stdout).toBe('');
    }
  }, 60_000);

  it('do what their page shows, against the stand-ins', async () => {
    const consumer = path.join(place, 'consumer');
    const lines: string[] = [];
    for (const [index, code] of (await examples()).entries()) {
      const file = path.join(consumer, `run-${index}.ts`);
      await writeFile(file, code);
      const { stdout, stderr } = await run(process.execPath, ['--no-warnings', file], { cwd: consumer });
      lines.push(...`${stdout}${stderr}`.trim().split('\n'));
    }
    expect(lines).toEqual([
      'agent states accepted',
      'figures accepted',
      'activities accepted',
      'body true',
      'delivered accepted',
      'ncc 8 40 40 true',
    ]);
    expect(mpower.truth.summary()).toMatchObject({ signIns: 4, refusedSignIns: 0 });
  }, 60_000);
});
