// A data directory with something in it: the built product has worked between two stand-ins for a while, and was stopped.
// And the command `bridge` as an operator calls it.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { findDatabase } from '../../../appliance/data-directory.ts';
import { setUpDemo } from '../../../appliance/demo.ts';
import { digestTable } from '../../../appliance/move/digest.ts';
import { tablesInOrder } from '../../../appliance/move/table-order.ts';
import type { Stage, StartedProcess } from './stage.ts';
import { eventually } from './stage.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const COMMAND_LIMIT_MS = 60_000;

export const API_TOKEN = 'host-test-api-token-0123456789-0123456789';
/** The stand-ins are on this machine. */
const ENVIRONMENT = { API_TOKEN, ALLOW_PRIVATE_NETWORK: 'true' };

export interface StandIns {
  readonly ncc: StartedProcess;
  readonly mpower: StartedProcess;
}

export async function startStandIns(stage: Stage): Promise<StandIns> {
  const ncc = await stage.startStandIn('ncc', ['--agents', '12', '--queues', '3', '--change-share', '0.3']);
  return { ncc, mpower: await stage.startStandIn('mpower') };
}

/** Starts the product on a directory, with its one connection between the stand-ins. */
export async function startBridge(
  stage: Stage,
  dataDirectory: string,
  { ncc, mpower }: StandIns,
  environment: Readonly<Record<string, string>> = {},
): Promise<StartedProcess> {
  const bridge = await stage.startHost({ dataDirectory, environment: { ...ENVIRONMENT, ...environment } });
  await setUpDemo({ url: bridge.url, apiToken: API_TOKEN, nccUrl: ncc.url, mpowerUrl: mpower.url, nowMs: Date.now() });
  return bridge;
}

/** How many state changes Mpower has accepted. */
export async function acceptedCount({ mpower }: StandIns): Promise<number> {
  return (await acceptedStates(mpower)).length;
}

/** The accepted state changes, each as one text that names agent, code and instant. */
export async function acceptedStates({ url }: StartedProcess): Promise<string[]> {
  const text = await (await fetch(`${url}/_truth/agent-states`)).text();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { loginId, eventCode, reasonCode, eventUtcTime } = JSON.parse(line);
      return JSON.stringify([loginId, eventCode, reasonCode, eventUtcTime]);
    });
}

/** Waits until more state changes than `count` have been delivered. */
export async function deliversMoreThan(standIns: StandIns, count: number): Promise<void> {
  await eventually('more is delivered', async () => (await acceptedCount(standIns)) > count, 60_000);
}

/** A stopped bridge's data, with some minutes' worth of history. */
export async function seedDataDirectory(stage: Stage, standIns: StandIns): Promise<string> {
  const dataDirectory = stage.directory();
  const bridge = await startBridge(stage, dataDirectory, standIns);
  await deliversMoreThan(standIns, 15);
  await bridge.end();
  return dataDirectory;
}

export interface CommandResult {
  readonly code: number;
  /** Both outputs. */
  readonly output: string;
}

/** Runs `bridge …` on a data directory. */
export function runBridge(
  dataDirectory: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  return runNode(['appliance/bridge.ts', ...args, '--data', dataDirectory], environment);
}

/** Runs a Node program of the project to its end. */
export function runNode(
  [file = '', ...args]: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [path.join(root, file), ...args],
      { cwd: root, env: { ...process.env, ...environment }, timeout: COMMAND_LIMIT_MS, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ code, output: `${stdout}${stderr}` });
      },
    );
  });
}

/** What every table that matters holds, by name: equal digests are equal rows. */
export function digestsOf(dataDirectory: string): Record<string, { sha256: string; rows: number }> {
  return withDatabase(dataDirectory, (database) =>
    Object.fromEntries(tablesInOrder(database).map((table) => [table, digestTable(database, table)])),
  );
}

export function withDatabase<T>(dataDirectory: string, work: (database: DatabaseSync) => T): T {
  const file = findDatabase(dataDirectory);
  if (file === undefined) throw new Error(`${dataDirectory} holds no database.`);
  const database = new DatabaseSync(file);
  try {
    return work(database);
  } finally {
    database.close();
  }
}
