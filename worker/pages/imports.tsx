/** Imports and backfill: asking for the past, watching it come, and what was loaded before. */
import { IMPORT_COLUMNS, type ImportKind } from '../../src/domain/import-file.ts';
import type { LoadFilter, LoadKind, LoadRow, LoadStatus } from '../../src/store/past-loads.ts';
import { LOAD_KINDS, LOAD_STATUSES } from '../../src/store/past-loads.ts';
import type { Identity } from '../app.ts';
import type { FieldError } from '../respond.ts';
import { ExportForm } from './export-upload.tsx';
import { type ConnectionFrame, Layout } from './layout.tsx';
import { Badge, type Tone } from './ui/badge.tsx';
import { FormErrors, TextField } from './ui/field.tsx';
import { Num, numberText } from './ui/number.tsx';
import { Empty, FilterSelect, Filters, Notice, PageHead, Pager } from './ui/page.tsx';
import { Progress, paceText, percentText } from './ui/progress.tsx';
import { Scroll } from './ui/scroll.tsx';
import { Age, type Moment, Time } from './ui/time.tsx';

export const LOAD_WORDS: Readonly<Record<LoadKind, string>> = {
  backfill: 'Backfill from the ACD',
  intervals: 'Queue figures from a file',
  'state-changes': 'State changes from a file',
};
const UNITS: Readonly<Record<LoadKind, string>> = {
  backfill: 'intervals',
  intervals: 'parts',
  'state-changes': 'parts',
};
const STATUS_TONES: Readonly<Record<LoadStatus, Tone>> = {
  waiting: 'idle',
  running: 'note',
  paused: 'idle',
  done: 'good',
  cancelled: 'idle',
};

export interface ImportsPageProps {
  readonly identity: Identity | null;
  readonly frame: ConnectionFrame;
  readonly moment: Moment;
  readonly open: readonly LoadRow[];
  readonly history: readonly LoadRow[];
  readonly filter: LoadFilter;
  readonly older: string | null;
  readonly isFirst: boolean;
  readonly notice?: string | undefined;
  /** What was typed into the backfill form, and what is wrong with it. */
  readonly backfill: { readonly from: string; readonly to: string };
  readonly errors: readonly FieldError[];
  /** The source can be asked for past intervals again. */
  readonly isAsked: boolean;
  /** The source writes exports that are uploaded here. */
  readonly takesExports: boolean;
}

const LABELS: Readonly<Record<string, string>> = {
  from: 'From',
  to: 'To',
  file: 'File',
  export: 'Export',
  kind: 'What it holds',
};

export function ImportsPage(props: ImportsPageProps) {
  const { identity, frame, moment, open, notice, errors } = props;
  return (
    <Layout title="Imports and backfill" identity={identity} connection={frame} isLive refreshS={null}>
      <PageHead
        title="Imports and backfill"
        lead="Load the past: again from the ACD, as far back as it remembers, or out of files."
      />
      {notice && <Notice>{notice}</Notice>}
      {frame.paused && (
        <Notice tone="note">
          The connection is paused: what is asked for here waits until it is{' '}
          <a href={`/connections/${frame.id}`}>resumed</a>.
        </Notice>
      )}
      <FormErrors errors={errors.map((error) => ({ ...error, label: LABELS[error.path] ?? 'The form' }))} />
      <UnderWay connectionId={frame.id} open={open} moment={moment} />
      <div class="groups">
        {props.isAsked && <BackfillForm {...props} />}
        <UploadForm {...props} />
        {props.takesExports && (
          <ExportForm connectionId={frame.id} error={errors.find(({ path }) => path === 'export')?.message} />
        )}
      </div>
      <History {...props} />
    </Layout>
  );
}

function BackfillForm({ frame, moment, backfill, errors }: ImportsPageProps) {
  const errorOf = (path: string) => errors.find((error) => error.path === path)?.message;
  return (
    <section class="card" aria-labelledby="new-backfill">
      <h2 id="new-backfill">Backfill from the ACD</h2>
      <p class="quiet">
        Reads past intervals again, newest first, beside the live data: up to three years. What is equal to what is
        stored changes nothing; what differs is stored and sent as a further revision.
      </p>
      <form method="post" action={`/connections/${frame.id}/backfills`} class="settings" novalidate>
        <div class="fields">
          <TextField
            name="from"
            label="From"
            kind="date"
            value={backfill.from}
            help={`First day, in ${moment.timeZone}.`}
            error={errorOf('from')}
            isRequired
          />
          <TextField
            name="to"
            label="To"
            kind="date"
            value={backfill.to}
            help="Last day, all of it. Intervals that have not ended are left out."
            error={errorOf('to')}
            isRequired
          />
        </div>
        <div class="actions">
          <button type="submit">Start the backfill</button>
        </div>
      </form>
    </section>
  );
}

const EXAMPLES: Readonly<Record<string, string>> = {
  interval_start_utc: '2026-01-31T13:15:00Z, on a quarter of an hour',
  queue: 'the id or the name on the roster',
  offered: 'contacts that entered',
  handled: 'contacts that were answered',
  total_handle_time_s: 'seconds, of all contacts together',
  abandoned: 'worked out as offered less handled where it is left out',
  at_utc: '2026-01-31T13:17:42Z',
  agent: 'the id, user name or login id on the roster',
  state: 'as the ACD names it',
  reason: 'where the ACD has reasons',
};

function Columns({ kind }: { kind: ImportKind }) {
  return (
    <table>
      <caption class="hidden">
        Columns of a file with {kind === 'intervals' ? 'queue figures' : 'state changes'}
      </caption>
      <thead>
        <tr>
          <th scope="col">Column</th>
          <th scope="col">What stands in it</th>
        </tr>
      </thead>
      <tbody>
        {IMPORT_COLUMNS[kind].map(({ name, isRequired }) => (
          <tr>
            <th scope="row">
              <code>{name}</code>
            </th>
            <td>
              {EXAMPLES[name]}
              {!isRequired && <span class="quiet">, optional</span>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function UploadForm({ frame, errors }: ImportsPageProps) {
  const error = errors.find(({ path }) => path === 'file')?.message;
  return (
    <section class="card" aria-labelledby="new-import">
      <h2 id="new-import">Import from a file</h2>
      <p class="quiet">
        A CSV file of up to 150,000 rows. You are shown what it would change first; nothing is stored before you
        confirm.
      </p>
      <form method="post" action={`/connections/${frame.id}/imports`} enctype="multipart/form-data" class="settings">
        <div class="fields">
          <div class="field">
            <label for="field-kind">What it holds</label>
            <div class="control">
              <select id="field-kind" name="kind" class="full">
                <option value="intervals">Queue figures by interval</option>
                <option value="state-changes">State changes of agents</option>
              </select>
            </div>
          </div>
          <div class={`field${error ? ' has-error' : ''}`}>
            <label for="field-file">File</label>
            <div class="control">
              <input
                id="field-file"
                type="file"
                name="file"
                accept=".csv,.txt,text/csv"
                aria-invalid={error !== undefined}
                aria-describedby={error ? 'field-file-error' : undefined}
              />
              {error && (
                <p class="field-error" id="field-file-error">
                  {error}
                </p>
              )}
            </div>
          </div>
        </div>
        <div class="actions">
          <button type="submit">Read the file</button>
        </div>
      </form>
      <details>
        <summary>Columns and templates</summary>
        <h3>Queue figures</h3>
        <Columns kind="intervals" />
        <p>
          <a href={`/connections/${frame.id}/imports/template.csv?kind=intervals`} download>
            Download the template for queue figures
          </a>
        </p>
        <h3>State changes</h3>
        <Columns kind="state-changes" />
        <p>
          <a href={`/connections/${frame.id}/imports/template.csv?kind=state-changes`} download>
            Download the template for state changes
          </a>
        </p>
        <p class="quiet">
          State changes find their place where the bridge did not look; what it saw itself stands. They are told to the
          WFM as agent activity of their windows, not as live states.
        </p>
      </details>
    </section>
  );
}

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

function LoadRange({ load, moment }: { load: LoadRow; moment: Moment }) {
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

const statusText = (status: string) => status.charAt(0).toUpperCase() + status.slice(1);

function History(props: ImportsPageProps) {
  const { frame, history, filter, moment, older, isFirst } = props;
  const hasFilter = filter.kind !== null || filter.status !== null;
  const address = `/connections/${frame.id}/imports`;
  const query = new URLSearchParams({ kind: filter.kind ?? '', status: filter.status ?? '' });
  const any = { value: '', label: 'Any' };
  return (
    <section class="stack" aria-labelledby="history">
      <h2 id="history">History</h2>
      <Filters
        action={address}
        label="Narrow the history"
        after={
          <a class="button plain" href={`${address}/history.csv?${query}`} download>
            Download CSV
          </a>
        }
      >
        <FilterSelect
          name="kind"
          label="What"
          value={filter.kind ?? ''}
          options={[any, ...LOAD_KINDS.map((kind) => ({ value: kind, label: LOAD_WORDS[kind] }))]}
        />
        <FilterSelect
          name="status"
          label="Status"
          value={filter.status ?? ''}
          options={[any, ...LOAD_STATUSES.map((status) => ({ value: status, label: statusText(status) }))]}
        />
      </Filters>
      {history.length === 0 ? (
        <Empty>
          <p>
            {hasFilter
              ? 'Nothing fits these filters.'
              : 'Nothing of the past was loaded yet. Every backfill and every import is listed here with what came of it and who asked for it.'}
          </p>
        </Empty>
      ) : (
        <div class="card flush">
          <Scroll label="Backfills and imports, newest first">
            <HistoryTable history={history} moment={moment} connectionId={frame.id} />
          </Scroll>
        </div>
      )}
      <Pager newer={isFirst ? null : `${address}?${query}`} older={older} />
    </section>
  );
}

function HistoryTable({
  history,
  moment,
  connectionId,
}: {
  history: readonly LoadRow[];
  moment: Moment;
  connectionId: number;
}) {
  return (
    <table>
      <caption class="hidden">Backfills and imports, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Asked for</th>
          <th scope="col">What</th>
          <th scope="col">From – to</th>
          <th scope="col">Status</th>
          <th scope="col" class="n">
            New or changed
          </th>
          <th scope="col" class="n">
            The same
          </th>
          <th scope="col" class="n">
            Left out
          </th>
          <th scope="col">By</th>
        </tr>
      </thead>
      <tbody>
        {history.map((load) => (
          <tr>
            <td class="nowrap">
              <Time atMs={load.createdAtMs} moment={moment} />{' '}
              <span class="quiet">
                <Age atMs={load.createdAtMs} moment={moment} />
              </span>
            </td>
            <th scope="row" class="words">
              {load.kind === 'backfill' ? (
                LOAD_WORDS[load.kind]
              ) : (
                <a href={`/connections/${connectionId}/imports/${load.id}`}>{load.fileName}</a>
              )}
              {load.kind !== 'backfill' && <div class="quiet">{LOAD_WORDS[load.kind]}</div>}
            </th>
            <td class="nowrap">
              <LoadRange load={{ ...load, fileName: '' }} moment={moment} />
            </td>
            <td class="nowrap">
              <Badge tone={STATUS_TONES[load.status]}>{statusText(load.status)}</Badge>
              {load.status !== 'done' && load.done > 0 && (
                <span class="quiet"> at {percentText(load.done, load.total)}</span>
              )}
            </td>
            <td class="n">
              <Num value={load.changedCount} />
            </td>
            <td class="n">{load.sameCount === null ? <span class="quiet">–</span> : numberText(load.sameCount)}</td>
            <td class="n">
              <Num value={load.failedCount} alarm />
            </td>
            <td>{load.createdBy}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
