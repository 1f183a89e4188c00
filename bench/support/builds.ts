// Builds of the Worker beside the product's own bundle: with counters (bench/worker/counted.ts), and with readable names.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';

const root = path.resolve(import.meta.dirname, '../..');
export const PRODUCT_DIST = path.join(root, 'dist');

const counted = new Map<string, string>();

/**
 * Builds it, once a run, and returns its directory. `distDirectory`: a built product, whose bindings and migrations it
 * takes over.
 */
export function buildCountedWorker(distDirectory: string = PRODUCT_DIST): string {
  const known = counted.get(distDirectory);
  if (known !== undefined) return known;
  const built = build('counted', ['bench/worker/counted.ts', '--minify'], 'counted.js', distDirectory);
  counted.set(distDirectory, built);
  return built;
}

/** The product's Worker with the names that its functions have in the source: for the profiler. */
export function buildReadableWorker(distDirectory: string = PRODUCT_DIST): string {
  return build('readable', [], 'index.js', distDirectory);
}

function build(name: string, more: readonly string[], mainModule: string, distDirectory: string): string {
  const target = path.join(root, 'node_modules/.cache/bench', `${path.basename(root)}-${name}`);
  const wrangler = path.join(root, 'node_modules/.bin/wrangler');
  const args = ['deploy', ...more, '--dry-run', '--outdir', target];
  const { status, stderr } = spawnSync(wrangler, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`The ${name} Worker cannot be built: ${stderr.slice(0, 1_000)}`);
  const configFile = path.join(distDirectory, 'worker-config.json');
  const config = z
    .looseObject({ assets: z.looseObject({ directory: z.string() }) })
    .parse(JSON.parse(readFileSync(configFile, 'utf8')));
  const assets = { ...config.assets, directory: path.resolve(distDirectory, config.assets.directory) };
  writeFileSync(path.join(target, 'worker-config.json'), JSON.stringify({ ...config, mainModule, assets }));
  return target;
}
