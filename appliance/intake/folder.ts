// Watches a folder for finished exports, pushes what they hold, and puts each away: under done/ when the bridge has taken
// every line, under failed/ with the reasons beside it when it has not. A bridge that is away loses nothing: files wait.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import type { AvayaCmsSettings } from '../../src/acd/avaya-cms/settings.ts';
import type { LineNote } from '../../src/acd/export.ts';
import { writeDurably } from '../durable-file.ts';
import type { Log } from '../log.ts';
import { messageOf, StartRefused } from '../start-refused.ts';
import { backOffMs, waitUnless } from './back-off.ts';
import { PushFailed, type PushTarget } from './push-client.ts';
import { decodeText, pushFile } from './push-file.ts';
import { type FileKind, readRecordFile } from './record-file.ts';

const FILE_BYTES_MAX = 64 * 1024 * 1024;
const REASONS_MAX = 1_000;
/** Names that programs give to files that they still write. */
const UNFINISHED = /^\.|~$|\.(?:tmp|part|partial|crdownload|filepart)$/i;

export interface FolderOptions {
  readonly folder: string;
  readonly kind: FileKind;
  readonly settings: AvayaCmsSettings;
  readonly target: PushTarget;
  /** How often it is looked into. */
  readonly everyMs: number;
  /** A file that has not changed for so long is finished. */
  readonly settleMs: number;
}

export interface FolderWatch {
  /** Ends after the piece under way; a file that is not done stays where it is. */
  stop(): Promise<void>;
}

interface Seen {
  readonly size: number;
  readonly changedMs: number;
  /** On the monotonic clock. */
  readonly sinceMs: number;
}

/** Starts watching. @throws StartRefused when the folder is none or cannot be written */
export function startFolderWatch(options: FolderOptions, log: Log): FolderWatch {
  try {
    for (const name of ['done', 'failed']) mkdirSync(path.join(options.folder, name), { recursive: true });
  } catch (cause) {
    throw new StartRefused(`The folder ${options.folder} cannot be used (${messageOf(cause)}).`, { cause });
  }
  const stopping = new AbortController();
  const watching = watch(options, log, stopping.signal);
  log('info', `Exports are taken from ${options.folder}.`);
  return {
    async stop() {
      stopping.abort();
      await watching;
    },
  };
}

async function watch(options: FolderOptions, log: Log, stopping: AbortSignal): Promise<void> {
  let seen = new Map<string, Seen>();
  let failures = 0;
  while (!stopping.aborted) {
    let waitMs = options.everyMs;
    try {
      seen = look(options.folder, seen);
      for (const name of finished(seen, options.settleMs)) {
        if (stopping.aborted) return;
        await take(options, name, log, stopping);
        seen.delete(name);
        failures = 0;
      }
    } catch (error) {
      if (stopping.aborted) return;
      failures += 1;
      waitMs = backOffMs(failures, error instanceof PushFailed ? error.retryAfterMs : undefined);
      const message = `${messageOf(error)} The files in ${options.folder} wait.`;
      // The first of a row, and then each time that the wait is at its longest.
      if (failures === 1 || failures % 10 === 0) log('warn', message);
    }
    await waitUnless(stopping, waitMs);
  }
}

function look(folder: string, before: ReadonlyMap<string, Seen>): Map<string, Seen> {
  const nowMs = performance.now();
  const found = new Map<string, Seen>();
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isFile() || UNFINISHED.test(entry.name)) continue;
    const stat = statSync(path.join(folder, entry.name), { throwIfNoEntry: false });
    if (!stat) continue; // it was taken away meanwhile
    const old = before.get(entry.name);
    const isSame = old?.size === stat.size && old.changedMs === stat.mtimeMs;
    found.set(entry.name, { size: stat.size, changedMs: stat.mtimeMs, sinceMs: isSame ? old.sinceMs : nowMs });
  }
  return found;
}

/** Oldest first: a later export of the same interval has the last word. */
function finished(seen: ReadonlyMap<string, Seen>, settleMs: number): string[] {
  const nowMs = performance.now();
  return [...seen]
    .filter(([, { sinceMs }]) => nowMs - sinceMs >= settleMs)
    .sort(([nameA, a], [nameB, b]) => a.changedMs - b.changedMs || (nameA < nameB ? -1 : 1))
    .map(([name]) => name);
}

/** Pushes a file and puts it away. @throws PushFailed when it has to be tried again; it stays then */
async function take(options: FolderOptions, name: string, log: Log, stopping: AbortSignal): Promise<void> {
  const { folder, kind, settings, target } = options;
  const file = path.join(folder, name);
  const { size, mtimeMs } = statSync(file);
  if (size > FILE_BYTES_MAX) {
    putAway(folder, name, 'failed', [`The file is larger than ${FILE_BYTES_MAX} bytes: export fewer days at once.`]);
    return log('warn', `${name} is too large and was put under failed/.`);
  }
  const content = readRecordFile(decodeText(readFileSync(file)), kind, settings, Date.now());
  try {
    const outcome = await pushFile(target, content, `${name} ${mtimeMs}`, undefined, stopping);
    const { added, changed, same, refusedCount, refused } = outcome;
    const counts = `${added} new, ${changed} changed, ${same} the same, ${refusedCount} refused`;
    if (refusedCount === 0) {
      putAway(folder, name, 'done', content.notes);
      return log('info', `${name} was taken: ${counts}.`, content.notes.length > 0 ? { notes: content.notes } : {});
    }
    const lines = [`The other lines were taken: ${counts}.`, ...reasonLines(refused), ...content.notes];
    putAway(folder, name, 'failed', lines);
    log('warn', `${name} was taken in part and put under failed/: ${counts}.`);
  } catch (error) {
    if (!(error instanceof PushFailed && error.isPermanent)) throw error;
    putAway(folder, name, 'failed', [error.message, 'Pieces before this one were taken.']);
    log('warn', `${name} was not taken and put under failed/: ${error.message}`);
  }
}

function reasonLines(refused: readonly LineNote[]): string[] {
  const lines = refused.slice(0, REASONS_MAX).map(({ line, reason }) => `Line ${line}: ${reason}`);
  if (refused.length > REASONS_MAX) lines.push(`And ${refused.length - REASONS_MAX} more.`);
  return lines;
}

/** Moves a file, beside one of the same name if there is one; what there is to say goes into NAME.reason.txt first. */
function putAway(folder: string, name: string, where: 'done' | 'failed', lines: readonly string[]): void {
  const directory = path.join(folder, where);
  const stamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  let target = path.join(directory, name);
  for (let n = 0; existsSync(target); n += 1)
    target = path.join(directory, `${stamp}${n === 0 ? '' : `-${n}`}-${name}`);
  if (lines.length > 0) {
    writeDurably(`${target}.${where === 'failed' ? 'reason' : 'notes'}.txt`, `${lines.join('\n')}\n`, 0o644);
  }
  renameSync(path.join(folder, name), target);
}
