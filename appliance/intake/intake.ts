// What an appliance takes in by itself: relays and watched folders out of INTAKE_FILE, pushed to its own engine, so that
// one process serves a site with Avaya CMS.
import path from 'node:path';
import * as z from 'zod';
import { readAddresses } from '../callers.ts';
import type { Log } from '../log.ts';
import { describeIssues, StartRefused } from '../start-refused.ts';
import { type FolderOptions, startFolderWatch } from './folder.ts';
import { checkSettings, readHostPort, readJsonFile, readToken } from './options.ts';
import type { PushTarget } from './push-client.ts';
import { FILE_KINDS } from './record-file.ts';
import { startRelay } from './relay.ts';
import type { RelayOptions } from './relay-facts.ts';

const connection = z.int().min(1);
const settings = z.record(z.string(), z.unknown()).default({});

const intakeSchema = z.strictObject({
  /** Holds an API token of scope push. It may be made, and put there, after the first start. */
  tokenFile: z.string().min(1),
  relays: z
    .array(
      z.strictObject({
        connection,
        listen: z.string(),
        from: z.string().optional(),
        health: z.string().optional(),
        /** Default: relays/N in the data directory. */
        spool: z.string().min(1).optional(),
        spoolMb: z.int().min(16).max(1_000_000).default(512),
        settings,
      }),
    )
    .max(16)
    .default([]),
  folders: z
    .array(
      z.strictObject({
        connection,
        folder: z.string().min(1),
        kind: z.enum(FILE_KINDS).default('auto'),
        settleS: z.int().min(0).max(3_600).default(5),
        settings,
      }),
    )
    .max(16)
    .default([]),
});

export interface Intake {
  readonly relays: readonly (Omit<RelayOptions, 'target'> & { readonly connection: number })[];
  readonly folders: readonly (Omit<FolderOptions, 'target'> & { readonly connection: number })[];
  readonly tokenFile: string;
}

/**
 * Reads INTAKE_FILE. Its paths are relative to itself.
 * @throws StartRefused saying what is wrong and where
 */
export function readIntake(file: string, dataDirectory: string): Intake {
  const parsed = intakeSchema.safeParse(readJsonFile(file));
  if (!parsed.success) throw new StartRefused(`${file} is not usable: ${describeIssues(parsed.error)}.`);
  const { tokenFile, relays, folders } = parsed.data;
  const near = (name: string) => path.resolve(path.dirname(file), name);
  return {
    tokenFile: near(tokenFile),
    relays: relays.map((relay, place) => {
      const where = `${file}, relays.${place}`;
      return {
        connection: relay.connection,
        listen: readHostPort(`${where}.listen`, relay.listen),
        peers: relay.from === undefined ? undefined : readAddresses(`${where}.from`, relay.from),
        health: relay.health === undefined ? undefined : readHostPort(`${where}.health`, relay.health),
        spoolDirectory:
          relay.spool === undefined ? path.join(dataDirectory, 'relays', String(relay.connection)) : near(relay.spool),
        spoolBytesMax: relay.spoolMb * 1024 * 1024,
        settings: checkSettings(relay.settings, `${where}.settings`),
      };
    }),
    folders: folders.map((folder, place) => ({
      connection: folder.connection,
      folder: near(folder.folder),
      kind: folder.kind,
      settings: checkSettings(folder.settings, `${file}, folders.${place}.settings`),
      everyMs: 2_000,
      settleMs: folder.settleS * 1_000,
    })),
  };
}

/**
 * Starts what the file names. The function returned ends it; what waits stays on disk.
 * @param engineAddress the engine's present address
 * @throws StartRefused when an address cannot be had or a directory cannot be used
 */
export async function startIntake(
  { relays, folders, tokenFile }: Intake,
  engineAddress: () => URL,
  log: Log,
): Promise<() => Promise<void>> {
  const targetOf = (id: number): PushTarget => ({
    address: () => new URL(`/api/v1/connections/${id}`, engineAddress()).href,
    token: () => readToken(tokenFile),
  });
  const running: { stop(): Promise<void> }[] = [];
  const stopAll = async () => {
    await Promise.all(running.map((one) => one.stop()));
  };
  try {
    for (const relay of relays) {
      const own: Log = (level, message, fields) => log(level, message, { ...fields, connection: relay.connection });
      running.push(await startRelay({ ...relay, target: targetOf(relay.connection) }, own));
    }
    for (const folder of folders) {
      const own: Log = (level, message, fields) => log(level, message, { ...fields, connection: folder.connection });
      running.push(startFolderWatch({ ...folder, target: targetOf(folder.connection) }, own));
    }
  } catch (thrown) {
    await stopAll();
    throw thrown;
  }
  return stopAll;
}
