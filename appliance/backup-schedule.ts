// Backups by the clock, each in a process of its own: copying a large database must not hold up the answers.
import path from 'node:path';
import { startChild } from './child.ts';
import { startCron } from './cron.ts';
import type { Log } from './log.ts';
import type { HostSettings } from './settings.ts';

/** Long enough for a large database on a slow disk, short enough to be over before the next day's. */
const LIMIT_MS = 6 * 3_600_000;

export interface BackupScheduleOptions {
  readonly settings: Pick<HostSettings, 'backups' | 'dataDirectory' | 'distDirectory'>;
  readonly log: Log;
}

/** Starts the schedule, if there is one. The function returned stops it, and a backup that is being made with it. */
export function startBackups({ settings, log }: BackupScheduleOptions): () => void {
  const { schedule, directory, keepCount } = settings.backups;
  if (schedule === undefined) return () => undefined;
  let stopChild: (() => void) | undefined;

  async function run(): Promise<string> {
    if (stopChild !== undefined) return 'left out: the one before is still being made';
    const child = startChild({
      name: 'The backup',
      args: [
        ...[path.join(import.meta.dirname, 'bridge.ts'), 'backup', '--scheduled', '--data', settings.dataDirectory],
        ...['--dist', settings.distDirectory, '--to', directory, '--keep', String(keepCount), '--exit-with-parent'],
      ],
    });
    const limit = setTimeout(() => child.kill(), LIMIT_MS);
    stopChild = () => child.kill();
    const how = await child.ended;
    clearTimeout(limit);
    stopChild = undefined;
    if (!how.endsWith('with code 0')) return `${how}: ${child.lastLines().join(' ')}`;
    log('info', child.lastLines().join(' '));
    return 'ok';
  }

  const stopCron = startCron({ expressions: [schedule], fire: run, log, what: 'The backup' });
  return () => {
    stopCron();
    stopChild?.();
  };
}
