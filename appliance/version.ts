// Which version this is: of the product, of the engine, of the schema.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import * as z from 'zod';
import type { WorkerConfig } from './worker-config.ts';

const packageSchema = z.looseObject({ version: z.string() });

export interface Versions {
  readonly product: string;
  readonly node: string;
  /** Miniflare and workerd: together the engine, pinned in the lock file. */
  readonly miniflare: string;
  readonly workerd: string;
  /** The date that fixes the runtime's behaviour, of wrangler.toml. */
  readonly compatibilityDate: string;
  /** The newest migration that this version brings. */
  readonly schema: string;
}

export function readVersions(config: WorkerConfig): Versions {
  const requireHere = createRequire(import.meta.url);
  const requireBesideMiniflare = createRequire(requireHere.resolve('miniflare'));
  return {
    product: productVersion(),
    node: process.versions.node,
    miniflare: versionIn(requireHere.resolve('miniflare/package.json')),
    workerd: versionIn(requireBesideMiniflare.resolve('workerd/package.json')),
    compatibilityDate: config.compatibilityDate,
    schema: config.migrations.at(-1)?.name ?? 'none',
  };
}

/** The product's own version, from package.json. */
export function productVersion(): string {
  return versionIn(path.join(import.meta.dirname, '../package.json'));
}

function versionIn(file: string): string {
  return packageSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).version;
}
