// The appliance's process: reads its settings, runs the host, ends cleanly on a signal or with its parent.
import { startHost } from './host.ts';
import type { Log } from './log.ts';
import { createLog } from './log.ts';
import { describeOptions, parseOptions } from './options.ts';
import type { HostSettings } from './settings.ts';
import { HOST_OPTIONS, readHostSettings } from './settings.ts';
import { messageOf, StartRefused } from './start-refused.ts';

/** A stop that hangs is cut off here; the engine ends with the process. */
const STOP_LIMIT_MS = 9_500;

const HELP = `Runs the bridge on this machine, with its database in one directory.

node appliance/main.ts [options]

${describeOptions(HOST_OPTIONS)}

Variables and secrets of the Worker come from the environment: ENCRYPTION_KEY, ADMIN_PASSWORD, API_TOKEN and those of
[vars] in wrangler.toml. NAME_FILE names a file that holds the value. Secrets that are missing at the first start are
made and kept in secrets.json in the data directory.
`;

async function main(): Promise<void> {
  let settings: HostSettings;
  try {
    const options = parseOptions(HOST_OPTIONS, process.argv.slice(2));
    if (options.help === true) return void process.stdout.write(HELP);
    settings = readHostSettings(options, process.env);
  } catch (thrown) {
    return fail(createLog('text'), thrown);
  }
  // Whoever read the output may go away (a parent that was killed, a restarted journal): that is no reason to end.
  process.stdout.on('error', () => undefined);
  const log = createLog(settings.logFormat);
  const stop = onceAskedToStop(log, settings.exitsWithParent);
  try {
    const host = await startHost(settings, process.env, log, (cause) => fail(log, cause));
    log('info', `The bridge answers at ${host.url}`, { url: host.url, pid: process.pid });
    stop.whenAsked(() => host.stop());
  } catch (thrown) {
    fail(log, thrown);
  }
}

/** Collects the reasons to stop from the first moment on; a second signal ends the process at once. */
function onceAskedToStop(log: Log, exitsWithParent: boolean) {
  let isAsked = false;
  let stopHost: (() => Promise<void>) | undefined;

  function run(): void {
    if (stopHost === undefined) return;
    setTimeout(() => fail(log, new Error('The stop took too long and was cut off.')), STOP_LIMIT_MS).unref();
    stopHost().then(
      () => {
        log('info', 'Stopped.');
        process.exit(0);
      },
      (thrown) => fail(log, thrown),
    );
  }
  function ask(reason: string): void {
    if (isAsked) process.exit(1);
    isAsked = true;
    log('info', `Stopping: ${reason}.`);
    if (stopHost === undefined) process.exit(0); // nothing answers yet; a migration under way is a transaction
    run();
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => ask(signal));
  if (exitsWithParent) {
    // The parent holds the other end: it closes however the parent ends.
    process.stdin.resume().once('close', () => isAsked || ask('the parent process has ended'));
  }
  return {
    whenAsked(stopper: () => Promise<void>): void {
      stopHost = stopper;
    },
  };
}

function fail(log: Log, thrown: unknown): never {
  const isExpected = thrown instanceof StartRefused;
  log('error', messageOf(thrown), isExpected || !(thrown instanceof Error) ? {} : { stack: thrown.stack });
  process.exit(1);
}

await main();
