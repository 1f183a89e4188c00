// Builds the counting Worker (bench/worker/counted.ts) beside the product's own bundle.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';

const root = path.resolve(import.meta.dirname, '../..');
export const PRODUCT_DIST = path.join(root, 'dist');

/** Builds it and returns its directory. `distDirectory`: a built product, whose bindings and migrations it takes over. */
export function buildCountedWorker(distDirectory: string = PRODUCT_DIST): string {
  const target = path.join(root, 'node_modules/.cache/bench/counted');
  const wrangler = path.join(root, 'node_modules/.bin/wrangler');
  const args = ['deploy', 'bench/worker/counted.ts', '--dry-run', '--outdir', target, '--minify'];
  const { status, stderr } = spawnSync(wrangler, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`The counting Worker cannot be built: ${stderr.slice(0, 1_000)}`);
  const configFile = path.join(distDirectory, 'worker-config.json');
  const config = z
    .looseObject({ assets: z.looseObject({ directory: z.string() }) })
    .parse(JSON.parse(readFileSync(configFile, 'utf8')));
  const assets = { ...config.assets, directory: path.resolve(distDirectory, config.assets.directory) };
  const counted = { ...config, mainModule: 'counted.js', assets };
  writeFileSync(path.join(target, 'worker-config.json'), JSON.stringify(counted));
  return target;
}
