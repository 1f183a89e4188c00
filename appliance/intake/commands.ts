// The commands that bring records to a bridge, which may run elsewhere: the relay of a feed, the watcher of a folder, and
// the push of one file.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readAddresses } from '../callers.ts';
import { command, tell } from '../command.ts';
import { createLog, type Log } from '../log.ts';
import { HOST_OPTIONS, readVariableOrFile } from '../settings.ts';
import { messageOf, StartRefused } from '../start-refused.ts';
import { startFolderWatch } from './folder.ts';
import { readHostPort, readSettingsFile, readTarget, required } from './options.ts';
import type { PushTarget } from './push-client.ts';
import { decodeText, pushFile } from './push-file.ts';
import { FILE_KINDS, type FileKind, readRecordFile } from './record-file.ts';
import { startRelay } from './relay.ts';

const TARGET = {
  to: { type: 'string', placeholder: 'URL', help: "the connection's address: https://HOST/api/v1/connections/N" },
  'token-file': { type: 'string', placeholder: 'FILE', help: 'holds an API token of scope push, in its first line' },
  settings: {
    type: 'string',
    placeholder: 'FILE',
    help: 'settings of the Avaya CMS source as JSON (default: its own)',
  },
} as const;

const LIFE = {
  'log-format': HOST_OPTIONS['log-format'],
  'exit-with-parent': HOST_OPTIONS['exit-with-parent'],
} as const;

const relay = command({
  name: 'relay',
  summary: 'take the real-time feed of Avaya CMS and push it to a bridge',
  explanation:
    'Listens for the feed that CMS opens, keeps each line on disk, and pushes it until the bridge has it. Lines that cannot\n' +
    'be understood, and records that the bridge refuses, are kept in refused.jsonl in the spool directory with the reason.',
  options: {
    listen: { type: 'string', placeholder: 'HOST:PORT', help: 'where CMS connects to' },
    from: { type: 'string', placeholder: 'ADDRESSES', help: 'who may connect: addresses or networks, by commas (all)' },
    spool: { type: 'string', placeholder: 'DIR', help: 'where lines are kept until the bridge has them' },
    'spool-mb': { type: 'string', placeholder: 'N', help: 'most that it may hold, in MB, from 16 (default 512)' },
    health: { type: 'string', placeholder: 'HOST:PORT', help: 'answer /healthz there' },
    ...TARGET,
    ...LIFE,
  },
  async run({ settings, options }) {
    const spoolMb = options['spool-mb'] ?? '512';
    if (!/^\d{2,6}$/.test(spoolMb) || Number(spoolMb) < 16) {
      throw new StartRefused('--spool-mb takes a whole number from 16.');
    }
    const log = createLog(logFormat(options['log-format']) ?? settings.logFormat);
    const running = await startRelay(
      {
        listen: readHostPort('--listen', required('listen', options.listen)),
        peers: options.from === undefined ? undefined : readAddresses('--from', options.from),
        health: options.health === undefined ? undefined : readHostPort('--health', options.health),
        spoolDirectory: path.resolve(required('spool', options.spool)),
        spoolBytesMax: Number(spoolMb) * 1024 * 1024,
        settings: readSettingsFile(options.settings),
        target: targetOf(options),
      },
      log,
    );
    if (running.healthUrl !== undefined) log('info', `Health is told at ${running.healthUrl}`);
    await untilAskedToStop(log, options['exit-with-parent'] === true);
    await running.stop();
    log('info', 'Stopped. What was not pushed waits in the spool.');
    process.exit(0);
  },
});

const watchFolder = command({
  name: 'watch-folder',
  summary: 'push the exports of Avaya CMS, or files of records, that appear in a folder',
  explanation:
    'A file that does not change any more is pushed and moved to done/, or to failed/ with the reasons beside it. The kind\n' +
    `"auto" takes exports of hsplit and hagent; the others take CSV or JSON of records: ${FILE_KINDS.slice(1).join(', ')}.`,
  options: {
    folder: { type: 'string', placeholder: 'DIR', help: 'where files appear' },
    kind: { type: 'string', placeholder: 'KIND', help: 'what they hold (default auto)' },
    'settle-s': {
      type: 'string',
      placeholder: 'S',
      help: 'a file is finished when it is the same for so long (default 5)',
    },
    ...TARGET,
    ...LIFE,
  },
  async run({ settings, options }) {
    const settle = options['settle-s'] ?? '5';
    if (!/^\d{1,4}$/.test(settle)) throw new StartRefused('--settle-s takes a whole number of seconds.');
    const log = createLog(logFormat(options['log-format']) ?? settings.logFormat);
    const watching = startFolderWatch(
      {
        folder: path.resolve(required('folder', options.folder)),
        kind: readKind(options.kind ?? 'auto'),
        settings: readSettingsFile(options.settings),
        target: targetOf(options),
        settleMs: Number(settle) * 1_000,
        everyMs: 2_000,
      },
      log,
    );
    await untilAskedToStop(log, options['exit-with-parent'] === true);
    await watching.stop();
    process.exit(0);
  },
});

const push = command({
  name: 'push',
  summary: 'push one file of records to a bridge',
  takes: 'FILE',
  explanation:
    'FILE is CSV with the fields of the records as its head, JSON (a list, or {"records": […]}), or a JSON object a line;\n' +
    'with the kind "auto" an export of Avaya CMS. Fails when a record was refused; the others were taken.',
  options: {
    kind: { type: 'string', placeholder: 'KIND', help: `what it holds: ${FILE_KINDS.join(', ')}` },
    ...TARGET,
  },
  async run({ options, word }) {
    if (word === '') throw new StartRefused('Name the file: bridge push FILE --kind KIND --to URL --token-file FILE');
    const kind = readKind(required('kind', options.kind));
    const settings = readSettingsFile(options.settings);
    const target = targetOf(options);
    const content = readRecordFile(readText(word), kind, settings, Date.now());
    const outcome = await pushFile(
      target,
      content,
      `${word} ${process.pid} ${Date.now()}`,
      ({ kind: part, done, of }) => tell(`${part}: ${done} of ${of}`),
    ).catch((cause: unknown) => {
      throw new StartRefused(`${messageOf(cause)} What was pushed before may be pushed again: it changes nothing.`, {
        cause,
      });
    });
    for (const note of content.notes) tell(note);
    for (const { line, reason } of outcome.refused) tell(`Refused, line ${line}: ${reason}`);
    const { added, changed, same, refusedCount } = outcome;
    const unnamed = refusedCount - outcome.refused.length;
    if (unnamed > 0) tell(`Refused, not named: ${unnamed} more.`);
    tell(`${added} new, ${changed} changed, ${same} the same, ${refusedCount} refused.`);
    if (refusedCount > 0) process.exitCode = 1;
  },
});

export const INTAKE_COMMANDS = { relay, 'watch-folder': watchFolder, push } as const;

function targetOf(options: { readonly to?: string; readonly 'token-file'?: string }): PushTarget {
  const isPrivateAllowed = readVariableOrFile(process.env, 'ALLOW_PRIVATE_NETWORK') === 'true';
  return readTarget(required('to', options.to), required('token-file', options['token-file']), isPrivateAllowed);
}

function readKind(text: string): FileKind {
  const kind = FILE_KINDS.find((known) => known === text);
  if (kind !== undefined) return kind;
  throw new StartRefused(`--kind takes one of ${FILE_KINDS.join(', ')}, not "${text}".`);
}

function readText(file: string): string {
  try {
    return decodeText(readFileSync(file));
  } catch (cause) {
    throw new StartRefused(`${file} cannot be read (${messageOf(cause)}).`, { cause });
  }
}

function logFormat(text: string | undefined): 'json' | 'text' | undefined {
  if (text === undefined || text === 'json' || text === 'text') return text;
  throw new StartRefused('--log-format takes json or text.');
}

/** Resolves at a signal, or when the parent has ended; a second signal ends the process at once. */
function untilAskedToStop(log: Log, exitsWithParent: boolean): Promise<void> {
  // Whoever read the output may go away: that is no reason to end.
  process.stdout.on('error', () => undefined);
  return new Promise((resolve) => {
    let isAsked = false;
    const ask = (reason: string) => {
      if (isAsked) process.exit(1);
      isAsked = true;
      log('info', `Stopping: ${reason}.`);
      resolve();
    };
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => ask(signal));
    if (exitsWithParent) process.stdin.resume().once('close', () => isAsked || ask('the parent process has ended'));
  });
}
