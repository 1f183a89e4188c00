/** The report of volume and handle time: chart, table, comparison with the week before. */
import { shiftDay } from '../../src/domain/local-day.ts';
import {
  meanHandleTimeMs,
  VOLUME_STEPS,
  type Volume,
  type VolumeReport,
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
import { meanText, QueueTable, rowName, TimeTable, type VolumeChoice, volumeAddress } from './volume-tables.tsx';

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
