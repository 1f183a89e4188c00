// The commands beside `serve`, each as what it reads, what it does, and what it tells.
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Command, command, tell, WITHOUT_CREDENTIALS } from './command.ts';
import { clearHold, findDatabase, readHold } from './data-directory.ts';
import { INTAKE_COMMANDS } from './intake/commands.ts';
import { lockDataDirectory } from './lock.ts';
import { createLog } from './log.ts';
import { makePassword } from './secrets.ts';
import { HOST_OPTIONS, readVariableOrFile } from './settings.ts';
import { messageOf, StartRefused } from './start-refused.ts';
import { readVersions } from './version.ts';
import { readWorkerConfig } from './worker-config.ts';

const backup = command({
  name: 'backup',
  summary: 'save everything in one file, while the bridge runs',
  explanation:
    'Saves the database as it is at this moment. With BACKUP_PASSPHRASE or BACKUP_PASSPHRASE_FILE the file is encrypted\n' +
    '(age) and carries the encryption key and the password, so that it is enough by itself. Without a passphrase it\n' +
    'carries neither: keep ENCRYPTION_KEY elsewhere, or the credentials have to be entered again.',
  options: {
    to: { type: 'string', placeholder: 'DIR', help: 'where to (BACKUP_DIR; default: backups in the data directory)' },
    scheduled: { type: 'boolean', help: 'as the schedule does: older scheduled ones are removed' },
    keep: { type: 'string', placeholder: 'N', help: 'so many scheduled ones are kept (BACKUP_KEEP; default 7)' },
    'exit-with-parent': HOST_OPTIONS['exit-with-parent'],
  },
  async run({ settings, options }) {
    if (options['exit-with-parent'] === true)
      process.stdin
        .resume()
        .once('close', () => process.exit(1))
        .unref();
    const keep = options.keep ?? String(settings.backups.keepCount);
    if (!/^[1-9]\d{0,3}$/.test(keep)) throw new StartRefused('--keep takes a whole number from 1.');
    const { makeBackup } = await import('./backup.ts');
    const { file, bytes, manifest } = await makeBackup({
      config: readWorkerConfig(settings.distDirectory),
      dataDirectory: settings.dataDirectory,
      environment: process.env,
      directory: path.resolve(options.to ?? settings.backups.directory),
      passphrase: passphrase(),
      keepCount: options.scheduled === true ? Number(keep) : undefined,
    });
    const how = manifest.hasSecrets ? 'encrypted, with the keys' : 'not encrypted, without the keys';
    tell(`Saved ${file} (${bytes} bytes, ${how}).`);
    // Its standard input may still be open: nothing more is awaited.
    if (options['exit-with-parent'] === true) process.exit(0);
  },
});

const restore = command({
  name: 'restore',
  summary: 'bring a backup back, after checking it; the bridge must not run',
  takes: 'FILE',
  explanation:
    'Checks the backup whole before anything is touched. What was in the data directory is kept beside it. After the next\n' +
    'start the bridge loads what is missing since the backup, and what it sends again changes nothing there.',
  options: WITHOUT_CREDENTIALS,
  async run({ settings, options, word }) {
    if (word === '') throw new StartRefused('Name the backup: bridge restore FILE');
    const module = await import('./restore.ts');
    const { manifest, aside } = await module.restore({
      config: readWorkerConfig(settings.distDirectory),
      file: path.resolve(word),
      passphrase: passphrase(),
      distDirectory: settings.distDirectory,
      dataDirectory: settings.dataDirectory,
      environment: process.env,
      withoutCredentials: options['without-credentials'] === true,
      log: createLog('text'),
    });
    tell(`Restored the state of ${manifest.createdAt} (version ${manifest.version}). Start the bridge now.`);
    if (aside !== undefined) tell(`What was there before is in ${aside}; remove it when it is not needed any more.`);
  },
});

const verify = command({
  name: 'verify',
  summary: 'check a backup, or the data directory, for damage and for the right key',
  takes: '[FILE]',
  explanation: 'Reads everything through. Nothing is changed, and the bridge may run meanwhile.',
  options: {},
  async run({ settings, word }) {
    const config = readWorkerConfig(settings.distDirectory);
    const { verifyBackup, verifyData } = await import('./verify.ts');
    const { dataDirectory } = settings;
    const lines =
      word === ''
        ? await verifyData({ config, dataDirectory, environment: process.env })
        : await verifyBackup({
            config,
            file: path.resolve(word),
            passphrase: passphrase(),
            environment: process.env,
            dataDirectory,
          });
    for (const line of lines) tell(line);
  },
});

const rotate = command({
  name: 'rotate-key',
  summary: 'replace the encryption key; the bridge must not run',
  explanation:
    'Makes a new key, seals all credentials with it and removes the old one. Cut off in the middle it leaves both keys,\n' +
    'with which the bridge runs; the same command again finishes. Backups made before keep needing the old key, which\n' +
    'encrypted ones carry themselves. Everybody has to sign in again.',
  options: {},
  async run({ settings }) {
    const { rotateKey } = await import('./rotate-key.ts');
    const { sealedCount, isKeyGiven } = await rotateKey({
      dataDirectory: settings.dataDirectory,
      environment: process.env,
    });
    tell(`Sealed ${sealedCount} credentials with the new key.`);
    tell(isKeyGiven ? 'Remove the old key from ENCRYPTION_KEY now.' : 'The old key is gone. Make a backup.');
  },
});

const resetPassword = command({
  name: 'reset-password',
  summary: 'give the administrator another password',
  explanation:
    'Makes a password and prints it once, or takes it from a file. It counts from the next start of the bridge, which\n' +
    'ends all sessions.',
  options: {
    'password-file': { type: 'string', placeholder: 'FILE', help: 'holds the password; default: one is made' },
  },
  async run({ settings, options }) {
    const file = options['password-file'];
    const password = file === undefined ? makePassword() : readFirstLine(file);
    const module = await import('./reset-password.ts');
    module.resetPassword(settings.dataDirectory, process.env, password);
    if (file === undefined) tell(`The administrator's password is ${password}`);
    tell('Restart the bridge: it counts from then on.');
  },
});

const supportBundle = command({
  name: 'support-bundle',
  summary: 'collect what somebody needs to help, without secrets, in one file',
  explanation:
    'Versions, settings, sizes, the standing of each stream, diary and log; of roster and history only counts. The\n' +
    'diary and the log may name agents and queues: look through it before you send it.',
  options: { to: { type: 'string', placeholder: 'FILE', help: 'default: support-TIME.tar.gz in the data directory' } },
  async run({ settings, options }) {
    const { dataDirectory, distDirectory } = settings;
    const stamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
    const target = path.resolve(options.to ?? path.join(dataDirectory, `support-${stamp}.tar.gz`));
    const { writeSupportBundle } = await import('./support-bundle.ts');
    await writeSupportBundle({
      config: readWorkerConfig(distDirectory),
      dataDirectory,
      environment: process.env,
      target,
    });
    tell(`Wrote ${target}. Look through it before you send it.`);
  },
});

const version = command({
  name: 'version',
  summary: 'tell the versions of bridge, engine and schema',
  explanation: 'One line each.',
  options: {},
  async run({ settings }) {
    const { product, node, miniflare, workerd, compatibilityDate, schema } = readVersions(
      readWorkerConfig(settings.distDirectory),
    );
    tell(
      `bridge ${product}\nschema ${schema}\nengine workerd ${workerd} (${compatibilityDate}), miniflare ${miniflare}`,
    );
    tell(`node ${node}`);
  },
});

const health = command({
  name: 'health',
  summary: 'ask whether the bridge on this machine answers (for health checks)',
  explanation:
    'Succeeds when the bridge answers, healthy or not. A stall because the ACD or the WFM is away is no reason to restart it.',
  options: { strict: { type: 'boolean', help: 'succeed only when it is healthy, too' } },
  async run({ settings, options }) {
    const { checkHealth } = await import('./health.ts');
    const { host, port, tls } = settings;
    const status = await checkHealth({ host, port, isTls: tls !== undefined, isStrict: options.strict === true });
    tell(status === 200 ? 'The bridge answers and is healthy.' : `The bridge answers; /healthz says ${status}.`);
  },
});

const exportCommand = command({
  name: 'export',
  summary: 'write everything as SQL for a D1 database elsewhere; the bridge must not run',
  takes: 'DIR',
  explanation:
    'Writes SQL files, loads them once to prove them, and keeps the bridge from starting here again, so that two do not\n' +
    'deliver. Credentials stay sealed: the other side needs the same ENCRYPTION_KEY.',
  options: { copy: { type: 'boolean', help: 'only a copy: the bridge goes on here' } },
  async run({ settings, options, word }) {
    if (word === '') throw new StartRefused('Name a new directory: bridge export DIR');
    const { exportData } = await import('./move/export.ts');
    const { files, tables } = await exportData({
      config: readWorkerConfig(settings.distDirectory),
      dataDirectory: settings.dataDirectory,
      target: path.resolve(word),
      isCopy: options.copy === true,
    });
    const rows = Object.values(tables).reduce((sum, table) => sum + table.rows, 0);
    tell(`Wrote ${rows} rows of ${Object.keys(tables).length} tables in ${files.length} files, and compared each row.`);
    tell('Execute them in the order of their names.');
    if (options.copy !== true) tell('The bridge does not start here any more; `bridge stay` gives the move up.');
  },
});

const importCommand = command({
  name: 'import',
  summary: 'take everything over from SQL: an export, or `wrangler d1 export`; the bridge must not run',
  takes: 'SOURCE',
  explanation:
    'SOURCE is the directory of an export, or one SQL file. What was in the data directory is kept beside it.',
  options: WITHOUT_CREDENTIALS,
  async run({ settings, options, word }) {
    if (word === '') throw new StartRefused('Name what to import: bridge import SOURCE');
    mkdirSync(settings.dataDirectory, { recursive: true, mode: 0o700 });
    const { importData } = await import('./move/import.ts');
    const { rowCounts, aside } = await importData({
      config: readWorkerConfig(settings.distDirectory),
      distDirectory: settings.distDirectory,
      dataDirectory: settings.dataDirectory,
      environment: process.env,
      source: path.resolve(word),
      withoutCredentials: options['without-credentials'] === true,
      log: createLog('text'),
    });
    const rows = Object.values(rowCounts).reduce((sum, count) => sum + count, 0);
    tell(`Took over ${rows} rows of ${Object.keys(rowCounts).length} tables. Start the bridge now.`);
    if (aside !== undefined) tell(`What was there before is in ${aside}.`);
  },
});

const stay = command({
  name: 'stay',
  summary: 'give a move up: the bridge may start here again',
  explanation: 'Only when the bridge did not start elsewhere with the exported data: two would both deliver.',
  options: {},
  async run({ settings: { dataDirectory } }) {
    if (findDatabase(dataDirectory) === undefined) throw new StartRefused(`${dataDirectory} holds no database.`);
    const unlock = lockDataDirectory(dataDirectory);
    try {
      const hold = readHold(dataDirectory);
      if (hold?.reason !== 'moved away') throw new StartRefused('No move was begun here. Nothing was changed.');
      clearHold(dataDirectory);
      tell('The move is given up. The bridge may start here again.');
    } finally {
      unlock();
    }
  },
});

export const COMMANDS: Readonly<Record<string, Command>> = {
  backup,
  restore,
  verify,
  'rotate-key': rotate,
  'reset-password': resetPassword,
  'support-bundle': supportBundle,
  export: exportCommand,
  import: importCommand,
  stay,
  ...INTAKE_COMMANDS,
  health,
  version,
};

function passphrase(): string | undefined {
  return readVariableOrFile(process.env, 'BACKUP_PASSPHRASE');
}

function readFirstLine(file: string): string {
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/)[0] ?? '';
  } catch (cause) {
    throw new StartRefused(`${file} cannot be read (${messageOf(cause)}).`, { cause });
  }
}
