/** The tables of the report of volume and handle time, and what they share with its page: the choice and its address. */
import {
  meanHandleTimeMs,
  type Volume,
  type VolumeReport,
  type VolumeRow,
  type VolumeStep,
} from '../../src/domain/volume.ts';
import type { QueueTotals } from '../volume-view.ts';
import { dayText } from './ui/day.tsx';
import { numberText } from './ui/number.tsx';

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

/** Address of the report with some of the choice changed. */
export function volumeAddress(connectionId: number, choice: VolumeChoice, file = ''): string {
  const { day, span, step, queueIds, show } = choice;
  const query = new URLSearchParams({ day, span, by: step, show });
  for (const id of queueIds) query.append('queue', String(id));
  return `/connections/${connectionId}/reports/volume${file}?${query}`;
}

/** A row's name: clock, with the day where there are several. */
export function rowName({ day, clock, again }: VolumeRow, { span, step }: VolumeChoice): string {
  const time = `${clock}${again ? ' (2nd)' : ''}`;
  if (step === 'day') return dayText(day);
  return span === 'week' ? `${dayText(day)}, ${time}` : time;
}

/** A mean handle time: minutes and seconds. */
export function meanText(ms: number): string {
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

export function TimeTable(props: {
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

export function QueueTable(props: { rows: readonly QueueTotals[]; choice: VolumeChoice; connectionId: number }) {
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
