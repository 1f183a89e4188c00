/** What is being loaded, how far it is, and the orders that end it or let it rest. It refreshes itself. */
import type { LoadRow } from '../../../src/store/past-loads.ts';
import { Badge } from '../ui/badge.tsx';
import { Num } from '../ui/number.tsx';
import { Progress, paceText, percentText } from '../ui/progress.tsx';
import type { Moment } from '../ui/time.tsx';
import { LOAD_WORDS, LoadRange, STATUS_TONES, statusText, UNITS } from './load.tsx';

/** The part that refreshes itself. */
export function UnderWay(props: { connectionId: number; open: readonly LoadRow[]; moment: Moment }) {
  const { connectionId, open, moment } = props;
  // Asked again for as long as something is under way, and a little slower to hear of what others start.
  const every = open.some(({ status }) => status !== 'paused') ? 2 : 15;
  return (
    <div
      id="under-way"
      class="stack"
      hx-get={`/connections/${connectionId}/imports/under-way`}
      hx-trigger={`every ${every}s`}
      hx-swap="outerMorph"
    >
      {open.length > 0 && (
        <section class="card" aria-labelledby="under-way-head">
          <h2 id="under-way-head">Under way</h2>
          <ul class="loads">
            {open.map((load) => (
              <OpenLoad load={load} connectionId={connectionId} moment={moment} />
            ))}
          </ul>
          <noscript>
            <p>
              <a href={`/connections/${connectionId}/imports`}>Show how far it is now</a>
            </p>
          </noscript>
        </section>
      )}
    </div>
  );
}

function OpenLoad({ load, connectionId, moment }: { load: LoadRow; connectionId: number; moment: Moment }) {
  const { kind, id, done, total, status } = load;
  const unit = UNITS[kind];
  const pace = status === 'running' ? paceText(done, total, load.updatedAtMs - load.createdAtMs, unit) : '';
  const what = `${LOAD_WORDS[kind]} ${kind === 'backfill' ? id : load.fileName}`;
  const order = (name: string, label: string, look = 'secondary small') => (
    <form
      method="post"
      action={`/connections/${connectionId}/${kind === 'backfill' ? 'backfills' : 'imports'}/${id}/${name}`}
    >
      <button type="submit" class={look} aria-label={`${label}: ${what}`}>
        {label}
      </button>
    </form>
  );
  return (
    <li>
      <div class="load-head">
        <strong>{LOAD_WORDS[kind]}</strong>
        <Badge tone={STATUS_TONES[status]}>{statusText(status)}</Badge>
        <span class="quiet">
          <LoadRange load={load} moment={moment} />
        </span>
        <span class="load-orders">
          {kind === 'backfill' && status !== 'paused' && order('pause', 'Pause')}
          {kind === 'backfill' && status === 'paused' && order('resume', 'Resume')}
          {order('cancel', 'Cancel')}
        </span>
      </div>
      <Progress label={what} done={done} total={total} />
      <p class="hidden" role="status">
        {what}: {Math.floor((done / Math.max(1, total)) * 10) * 10} %
      </p>
      <p class="load-words">
        <Num value={done} /> of <Num value={total} /> {unit} ({percentText(done, total)})
        {pace && <span class="quiet">, {pace}</span>}
        {load.failedCount > 0 && kind === 'backfill' && (
          <span>
            , <Num value={load.failedCount} alarm /> could not be read
          </span>
        )}
      </p>
      {load.error && <p class="load-error">{load.error}</p>}
    </li>
  );
}
