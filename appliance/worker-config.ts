// What the host must know of the Worker: its bindings, crons, assets and migrations, as one file beside the bundle.
// `appliance/build-config.ts` writes it from wrangler.toml, so that nothing is said twice and the host needs no wrangler.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { describeIssues, StartRefused } from './start-refused.ts';

/** The name of the file inside dist/. */
export const WORKER_CONFIG_FILE = 'worker-config.json';

const name = z.string().min(1);

/** One file of migrations/, split into its statements. */
const migration = z.strictObject({ name, statements: z.array(name) });

export const workerConfigSchema = z.strictObject({
  name,
  compatibilityDate: z.iso.date(),
  compatibilityFlags: z.array(name),
  /** File name inside dist/. */
  mainModule: name,
  /** `id` names the file on disk; it is the one that wrangler uses locally, so that both see the same database. */
  database: z.strictObject({ binding: name, id: name }),
  keyValueStores: z.array(z.strictObject({ binding: name, id: name })),
  durableObjects: z.array(z.strictObject({ binding: name, className: name })),
  /** Plain variables with their defaults; the environment may replace them. */
  variables: z.record(name, z.string()),
  assets: z.strictObject({
    binding: name,
    /** Relative to dist/. */
    directory: name,
    runWorkerFirst: z.array(name),
  }),
  /** Cron expressions, UTC. */
  crons: z.array(name),
  migrations: z.array(migration),
});

export type WorkerConfig = z.infer<typeof workerConfigSchema>;
export type Migration = z.infer<typeof migration>;

/**
 * Reads dist/worker-config.json.
 * @param distDirectory absolute path of the built Worker
 * @throws StartRefused when the file is missing or was not written by this version's build
 */
export function readWorkerConfig(distDirectory: string): WorkerConfig {
  const file = path.join(distDirectory, WORKER_CONFIG_FILE);
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new StartRefused(`${file} cannot be read. Build the Worker first: npm run build.`, { cause });
  }
  const result = workerConfigSchema.safeParse(parsed);
  if (!result.success) {
    throw new StartRefused(
      `${file} is not what this version expects (${describeIssues(result.error)}). Build the Worker again: npm run build.`,
    );
  }
  return result.data;
}
