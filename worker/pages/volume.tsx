/** The report of volume and handle time: chart, table, comparison with the week before. */
import { shiftDay } from '../../src/domain/local-day.ts';
import {
  meanHandleTimeMs,
  VOLUME_STEPS,
  type Volume,
  type VolumeReport,
  type VolumeRow,
  type VolumeStep,
} from '../../src/domain/volume.ts';
import type { QueueName } from '../../src/store/volume.ts';
import type { Identity } from '../app.ts';
import { type QueueTotals, VOLUME_QUEUES_MAX } from '../volume-view.ts';
import { type ConnectionFrame, Layout } from './layout.tsx';
import { PeriodNav, ReportsHead } from './reports-head.tsx';
import { LineChart } from './ui/chart.tsx';
import { dayText, longDayText } from './ui/day.tsx';
import { numberText } from './ui/number.tsx';
import { Empty, Filter, FilterSelect, Filters, FilterText, Pager } from './ui/page.tsx';
import { Scroll } from './ui/scroll.tsx';
import type { Moment } from './ui/time.tsx';

export const SPANS = ['day', 'week'] as const;
export type Span = (typeof SPANS)[number];

/** What the address asks for. */
export interface VolumeChoice {
  readonly day: string;
  readonly span: Span;
  readonly step: VolumeStep;
  readonly queueIds: readonly number[];
  /** By interval, hour or day; or one row a queue. */
  readonly show: 'times' | 'queues';
}

export interface VolumePageProps {
  readonly identity: Identity | null;
  readonly frame: ConnectionFrame;
  readonly moment: Moment;
  readonly today: string;
  readonly choice: VolumeChoice;
  readonly days: readonly string[];
  /** To choose from; the first few hundred. */
  readonly queues: readonly QueueName[];
  readonly report: VolumeReport;
  /** With `show` queues: a page of them. */
  readonly totals: {
    readonly rows: readonly QueueTotals[];
    readonly older: string | null;
    readonly newer: string | null;
  } | null;
}

/** Address of the report with some of the choice changed. */
export function volumeAddress(connectionId: number, choice: VolumeChoice, file = ''): string {
  const { day, span, step, queueIds, show } = choice;
  const query = new URLSearchParams({ day, span, by: step, show });
  for (const id of queueIds) query.append('queue', String(id));
  return `/connections/${connectionId}/reports/volume${file}?${query}`;
}

export function VolumePage(props: VolumePageProps) {
  const { identity, frame, moment, today, choice, days, report, totals } = props;
  const here = (change: Partial<VolumeChoice>, file?: string) =>
    volumeAddress(frame.id, { ...choice, ...change }, file);
  const length = choice.span === 'week' ? 7 : 1;
  const later = shiftDay(choice.day, length);
  return (
    <Layout title="Volume and handle time" identity={identity} connection={frame}>
      <ReportsHead
        connectionId={frame.id}
        current="volume"
        title="Volume and handle time"
        lead={`Beside the same ${length === 7 ? 'days' : 'weekday'} a week before. Times in ${moment.timeZone}.`}
      />
      <div class="range">
        <PeriodNav
          label="Days"
          earlier={here({ day: shiftDay(choice.day, -length) })}
          later={(days[0] ?? '') >= today || shiftDay(days.at(-1) ?? '', 1) > today ? null : here({ day: later })}
        >
          {periodText(days)}
        </PeriodNav>
        <Choice {...props} />
      </div>
      {report.now === null && report.before === null ? (
        <Empty title="No figures of these days">
          <p>
            Figures appear here once an interval has ended and settled. The past can be loaded on{' '}
            <a href={`/connections/${frame.id}/imports`}>Imports and backfill</a>; which intervals are missing, and why,
            is on <a href={`/connections/${frame.id}/coverage`}>Coverage</a>.
          </p>
        </Empty>
      ) : (
        <>
          <div class="panels">
            <VolumeChart {...props} />
            <HandleTimeChart {...props} />
          </div>
          <section class="card flush">
            <div class="card-head">
              <h2>{choice.show === 'queues' ? 'By queue' : STEP_HEADS[choice.step]}</h2>
              <span class="head-links">
                <a href={here({ show: choice.show === 'queues' ? 'times' : 'queues' })}>
                  {choice.show === 'queues' ? 'Show by time' : 'Show by queue'}
                </a>
                <a class="button plain small" href={here({}, '.csv')} download>
                  Download CSV
                </a>
              </span>
            </div>
            <Scroll label="Volume and handle time">
              {totals ? (
                <QueueTable rows={totals.rows} choice={choice} connectionId={frame.id} />
              ) : (
                <TimeTable report={report} choice={choice} address={here} />
              )}
            </Scroll>
          </section>
          {totals && <Pager newer={totals.newer} older={totals.older} />}
        </>
      )}
      <p class="quiet">
        Handled is offered less abandoned; the mean handle time is the handle time of an interval by the contacts that
        it handled. A dash: nothing was collected, which is not zero.
      </p>
    </Layout>
  );
}

const STEP_HEADS: Readonly<Record<VolumeStep, string>> = {
  interval: 'By quarter of an hour',
  hour: 'By hour',
  day: 'By day',
};

function periodText(days: readonly string[]): string {
  const [first = '', last = ''] = [days[0], days.at(-1)];
  return first === last ? longDayText(first) : `${dayText(first)} – ${dayText(last)}`;
}

function Choice({ frame, choice, queues }: VolumePageProps) {
  return (
    <Filters action={`/connections/${frame.id}/reports/volume`} label="What to show">
      <FilterText type="date" name="day" label="Day" value={choice.day} />
      <FilterSelect
        name="span"
        label="Show"
        value={choice.span}
        options={[
          { value: 'day', label: 'Day' },
          { value: 'week', label: 'Week' },
        ]}
      />
      <FilterSelect
        name="by"
        label="By"
        value={choice.step}
        options={VOLUME_STEPS.map((step) => ({ value: step, label: STEP_WORDS[step] }))}
      />
      <input type="hidden" name="show" value={choice.show} />
      <Filter label={`Queues (none: all; at most ${VOLUME_QUEUES_MAX})`} htmlFor="filter-queue">
        <select id="filter-queue" name="queue" multiple size={3} class="queues">
          {queues.map(({ id, name, sourceId }) => (
            <option value={String(id)} selected={choice.queueIds.includes(id)}>
              {name || sourceId}
            </option>
          ))}
        </select>
      </Filter>
    </Filters>
  );
}

const STEP_WORDS: Readonly<Record<VolumeStep, string>> = { interval: '15 minutes', hour: 'Hour', day: 'Day' };

/** A row's name: clock, with the day where there are several. */
function rowName({ day, clock, again }: VolumeRow, { span, step }: VolumeChoice): string {
  const time = `${clock}${again ? ' (2nd)' : ''}`;
  if (step === 'day') return dayText(day);
  return span === 'week' ? `${dayText(day)}, ${time}` : time;
}

function chartOf({ report, choice, days }: VolumePageProps, pick: (volume: Volume) => number | null) {
  const { rows } = report;
  const values = (of: 'now' | 'before') => rows.map((row) => (row[of] ? pick(row[of]) : null));
  const isWeek = choice.span === 'week';
  const first = days[0] ?? '';
  // Each day's name stands where the day begins; the last one is the end of the week.
  const ticks = isWeek
    ? [...days.map((day) => dayText(day).split(' ')[0] ?? ''), '']
    : ['00', '04', '08', '12', '16', '20', '24'];
  return {
    series: [
      { label: isWeek ? 'This week' : dayText(first), look: 'main', values: values('now') },
      { label: isWeek ? 'The week before' : dayText(shiftDay(first, -7)), look: 'before', values: values('before') },
    ],
    places: rows.map((row) => rowName(row, choice)),
    ticks: choice.step === 'day' && !isWeek ? ['00', '24'] : ticks,
  } as const;
}

function VolumeChart(props: VolumePageProps) {
  const { now, compared } = props.report;
  return (
    <div class="card">
      <LineChart
        id="volume"
        title="Contacts offered"
        summary={now === null ? 'None yet.' : `${numberText(now.offered)} offered${comparison(compared)}.`}
        {...chartOf(props, ({ offered }) => offered)}
        format={(value) => numberText(Math.round(value * 10) / 10)}
        empty="No figures of these days."
        hasTable={false}
      />
    </div>
  );
}

/** What the offered contacts come to beside those of the week before, where both weeks have figures. */
function comparison(compared: VolumeReport['compared']): string {
  if (compared === null || compared.before.offered === 0) return '';
  const percent = Math.round((compared.now.offered / compared.before.offered - 1) * 100);
  const amount = percent === 0 ? 'as many as' : `${Math.abs(percent)} % ${percent > 0 ? 'more' : 'fewer'} than`;
  return `; where both weeks have figures, ${amount} a week before`;
}

function HandleTimeChart(props: VolumePageProps) {
  const { now, compared } = props.report;
  const mean = now && meanHandleTimeMs(now);
  const before = compared && meanHandleTimeMs(compared.before);
  return (
    <div class="card">
      <LineChart
        id="handle-time"
        title="Mean handle time"
        summary={
          mean === null
            ? 'No contact was handled yet.'
            : `${meanText(mean)} a contact${before === null ? '' : `, ${meanText(before)} in the same intervals a week before`}.`
        }
        {...chartOf(props, meanHandleTimeMs)}
        format={meanText}
        empty="No figures of these days."
        hasTable={false}
      />
    </div>
  );
}

/** A mean handle time: minutes and seconds. */
function meanText(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} min`;
}

function FigureHeads() {
  return (
    <>
      <th scope="col" class="n">
        Offered
      </th>
      <th scope="col" class="n">
        Week before<span class="hidden">: offered</span>
      </th>
      <th scope="col" class="n">
        Handled
      </th>
      <th scope="col" class="n">
        Abandoned
      </th>
      <th scope="col" class="n">
        Mean handle time
      </th>
      <th scope="col" class="n">
        Week before<span class="hidden">: mean handle time</span>
      </th>
    </>
  );
}

function FigureCells({ now, before }: { now: Volume | null; before: Volume | null }) {
  const [mean, meanBefore] = [now && meanHandleTimeMs(now), before && meanHandleTimeMs(before)];
  return (
    <>
      <td class="n">{now ? numberText(now.offered) : '–'}</td>
      <td class="n quiet">{before ? numberText(before.offered) : '–'}</td>
      <td class="n">{now ? numberText(now.handled) : '–'}</td>
      <td class="n nowrap">{now ? abandonedText(now) : '–'}</td>
      <td class="n nowrap">{mean === null ? '–' : meanText(mean)}</td>
      <td class="n nowrap quiet">{meanBefore === null ? '–' : meanText(meanBefore)}</td>
    </>
  );
}

function abandonedText({ abandoned, offered }: Volume): string {
  return abandoned === 0
    ? '0'
    : `${numberText(abandoned)} (${((abandoned / Math.max(1, offered)) * 100).toFixed(1)} %)`;
}

function TimeTable(props: {
  report: VolumeReport;
  choice: VolumeChoice;
  address: (change: Partial<VolumeChoice>) => string;
}) {
  const { report, choice, address } = props;
  return (
    <table>
      <caption class="hidden">Volume and handle time by time</caption>
      <thead>
        <tr>
          <th scope="col">{choice.step === 'day' ? 'Day' : 'From'}</th>
          <FigureHeads />
        </tr>
      </thead>
      <tbody>
        {report.rows.map((row) => (
          <tr>
            <th scope="row" class="nowrap">
              {choice.step === 'day' ? (
                <a href={address({ day: row.day, span: 'day', step: 'interval' })}>{rowName(row, choice)}</a>
              ) : (
                rowName(row, choice)
              )}
              {row.collected > 0 && row.collected < row.intervals && (
                <span class="quiet">
                  {' '}
                  {row.collected} of {row.intervals} intervals
                </span>
              )}
            </th>
            <FigureCells now={row.now} before={row.before} />
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">All</th>
          <FigureCells now={report.now} before={report.before} />
        </tr>
      </tfoot>
    </table>
  );
}

function QueueTable(props: { rows: readonly QueueTotals[]; choice: VolumeChoice; connectionId: number }) {
  const { rows, choice, connectionId } = props;
  return (
    <table>
      <caption class="hidden">Volume and handle time by queue</caption>
      <thead>
        <tr>
          <th scope="col">Queue</th>
          <FigureHeads />
        </tr>
      </thead>
      <tbody>
        {rows.map(({ queue, now, before }) => (
          <tr>
            <th scope="row">
              <a href={volumeAddress(connectionId, { ...choice, show: 'times', queueIds: [queue.id] })}>
                {queue.name || queue.sourceId}
              </a>
            </th>
            <FigureCells now={now} before={before} />
          </tr>
        ))}
      </tbody>
    </table>
  );
}
