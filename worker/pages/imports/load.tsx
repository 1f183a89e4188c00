/** What a backfill or an import is called, how it stands, and over which time it goes. */
import type { LoadKind, LoadRow, LoadStatus } from '../../../src/store/past-loads.ts';
import type { Tone } from '../ui/badge.tsx';
import { type Moment, Time } from '../ui/time.tsx';

export const LOAD_WORDS: Readonly<Record<LoadKind, string>> = {
  backfill: 'Backfill from the ACD',
  intervals: 'Queue figures from a file',
  'state-changes': 'State changes from a file',
};

export const UNITS: Readonly<Record<LoadKind, string>> = {
  backfill: 'intervals',
  intervals: 'parts',
  'state-changes': 'parts',
};

export const STATUS_TONES: Readonly<Record<LoadStatus, Tone>> = {
  waiting: 'idle',
  running: 'note',
  paused: 'idle',
  done: 'good',
  cancelled: 'idle',
};

export const statusText = (status: string) => status.charAt(0).toUpperCase() + status.slice(1);

export function LoadRange({ load, moment }: { load: LoadRow; moment: Moment }) {
  return (
    <>
      {load.fileName !== '' && <>{load.fileName}, </>}
      {load.fromMs !== null && load.toMs !== null && (
        <>
          <Time atMs={load.fromMs} moment={moment} /> – <Time atMs={load.toMs} moment={moment} />
        </>
      )}
    </>
  );
}
