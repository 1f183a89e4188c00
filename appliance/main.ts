// The appliance's process: reads its settings, runs the host, ends cleanly on a signal or with its parent.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { startHost } from './host.ts';
import type { Log } from './log.ts';
import { createLog, formatEntry } from './log.ts';
import { openLogFile } from './log-file.ts';
import { describeOptions, parseOptions } from './options.ts';
import type { HostSettings } from './settings.ts';
import { HOST_OPTIONS, readHostSettings } from './settings.ts';
import { messageOf, StartRefused } from './start-refused.ts';

/** A stop that hangs is cut off here; the engine ends with the process. */
const STOP_LIMIT_MS = 9_500;
/** Inside the data directory. */
const LOG_FILE = 'logs/bridge.log';

const HELP = `Runs the bridge on this machine, with its database in one directory.

node appliance/main.ts [options]

${describeOptions(HOST_OPTIONS)}

TLS_CERT_FILE and TLS_KEY_FILE turn TLS on. TRUSTED_PROXIES names the proxies in front whose X-Forwarded-For counts.
HTTPS_PROXY (and NO_PROXY) lead outgoing requests through a proxy; NODE_EXTRA_CA_CERTS names further authorities.
Without a proxy only public addresses are connected to, and those of the names in PRIVATE_HOSTS.
INTAKE_FILE names relays and watched folders that run beside the bridge (docs/manual/avaya-cms.md).
BACKUP_SCHEDULE (cron, UTC; "off" for none), BACKUP_KEEP, BACKUP_DIR and BACKUP_PASSPHRASE set automatic backups.

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
  const printed = createLog(settings.logFormat);
  const log = withLogFile(printed, path.join(settings.dataDirectory, LOG_FILE));
  const stop = onceAskedToStop(log, settings.exitsWithParent);
  try {
    // Not into the log's file, which travels with support bundles.
    const tellPassword = (password: string) => printed('info', `The administrator's password is ${password}`);
    const host = await startHost(settings, process.env, log, tellPassword, (cause) => fail(log, cause));
    log('info', `The bridge answers at ${host.url}`, { url: host.url, pid: process.pid });
    stop.whenAsked(() => host.stop());
  } catch (thrown) {
    fail(log, thrown);
  }
}

/** The log goes to standard output and, bounded, into a file for support. */
function withLogFile(log: Log, file: string): Log {
  let write: ((line: string) => void) | undefined;
  return (level, message, fields) => {
    log(level, message, fields);
    // Opened with the first line: the data directory is made by whoever locks it.
    write ??= existsSync(path.dirname(path.dirname(file))) ? openLogFile(file) : undefined;
    write?.(formatEntry('json', level, message, fields));
  };
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
