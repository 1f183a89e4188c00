/** Adherence of a day: each scheduled agent's time in and out, with its time line. */
import {
  type AdherenceSum,
  addSums,
  adherencePercent,
  NO_TIME,
  VERDICTS,
  type Verdict,
} from '../../src/domain/adherence.ts';
import { MINUTE_MS } from '../../src/domain/interval.ts';
import { shiftDay } from '../../src/domain/local-day.ts';
import type { AgentAdherence } from '../adherence-view.ts';
import type { Identity } from '../app.ts';
import { type ConnectionFrame, Layout } from './layout.tsx';
import { PeriodNav, ReportsHead } from './reports-head.tsx';
import { longDayText } from './ui/day.tsx';
import { numberText } from './ui/number.tsx';
import { Empty, Filters, FilterText, Pager } from './ui/page.tsx';
import { Scroll } from './ui/scroll.tsx';
import type { Moment } from './ui/time.tsx';
import { TimeLine } from './ui/time-line.tsx';

export interface AdherencePageProps {
  readonly identity: Identity | null;
  readonly frame: ConnectionFrame;
  readonly moment: Moment;
  readonly today: string;
  readonly day: string;
  /** Part of a name that the list is narrowed to. */
  readonly text: string;
  readonly graceMs: number;
  readonly rows: readonly AgentAdherence[];
  readonly isFirst: boolean;
  readonly older: string | null;
}

export const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  in: 'in adherence',
  out: 'out of adherence',
  unknown: 'not observed',
};
const VERDICT_LOOKS: Readonly<Record<Verdict, string>> = { in: 'in', out: 'out', unknown: 'unknown' };
export const verdictLook = (verdict: Verdict) => VERDICT_LOOKS[verdict];

export function percentText(sum: AdherenceSum): string {
  const percent = adherencePercent(sum);
  // Not rounded up to what it is not: 99.96 % is no 100 %.
  return percent === null ? '–' : `${(Math.floor(percent * 10) / 10).toFixed(1)} %`;
}

/** A sum of time in hours, minutes and seconds; never in days, which are no working days. */
export function hoursText(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${Math.floor(seconds / 3_600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

export function AdherencePage(props: AdherencePageProps) {
  const { identity, frame, moment, today, day, text, graceMs, rows, isFirst, older } = props;
  const base = `/connections/${frame.id}/reports/adherence`;
  const address = (change: Record<string, string>) =>
    `${base}?${new URLSearchParams({ day, ...(text && { text }), ...change })}`;
  const total = rows.reduce((sum, row) => addSums(sum, row.sum), NO_TIME);
  const file = `${base}.csv?${new URLSearchParams({ day, ...(text && { text }) })}`;
  return (
    <Layout title={`Adherence, ${day}`} identity={identity} connection={frame}>
      <ReportsHead
        connectionId={frame.id}
        current="adherence"
        title="Adherence"
        lead={`States against schedules. Grace at starts and ends: ${numberText(graceMs / MINUTE_MS)} min. Times in ${moment.timeZone}.`}
      />
      <div class="range">
        <PeriodNav
          label="Days"
          earlier={address({ day: shiftDay(day, -1) })}
          later={day < today ? address({ day: shiftDay(day, 1) }) : null}
        >
          {longDayText(day)}
        </PeriodNav>
        <Filters action={base} label="What to show">
          <FilterText type="date" name="day" label="Day" value={day} />
          <FilterText name="text" label="Agent" value={text} placeholder="name or id" />
        </Filters>
      </div>
      {rows.length === 0 ? (
        <Empty title={text ? 'No such agent is scheduled on this day' : 'Nobody is scheduled on this day'}>
          <p>
            Schedules are uploaded on <a href={`/connections/${frame.id}/reports/schedules?day=${day}`}>Schedules</a>,
            as CSV or through the API.
          </p>
        </Empty>
      ) : (
        <>
          <Sums total={total} isPart={!isFirst || older !== null} />
          {total.unknownMs > 0 && (
            <p class="quiet">
              For {hoursText(total.unknownMs)} of the scheduled time the bridge did not see what agents did: it counts
              as neither in nor out.
            </p>
          )}
          <section class="card flush">
            <div class="card-head">
              <h2>Agents</h2>
              <VerdictLegend />
              <a class="button plain small" href={file} download>
                Download CSV
              </a>
            </div>
            <Scroll label="Adherence by agent">
              <AgentTable {...props} />
            </Scroll>
          </section>
          <Pager newer={isFirst ? null : address({})} older={older} />
        </>
      )}
      <p class="quiet">
        The percentage is time in adherence of the time that is known. What is later than now is not counted. An
        activity that is no work and no break, such as leave, can be left out on{' '}
        <a href={`/connections/${frame.id}/reports/schedules#activities`}>Schedules</a>.
      </p>
    </Layout>
  );
}

function Sums({ total, isPart }: { total: AdherenceSum; isPart: boolean }) {
  return (
    <dl class="facts card-less">
      <Fact label={isPart ? 'Adherence, this page' : 'Adherence'}>{percentText(total)}</Fact>
      <Fact label="Scheduled so far">{hoursText(total.scheduledMs)}</Fact>
      <Fact label="In adherence">{hoursText(total.inMs)}</Fact>
      <Fact label="Out of adherence">{hoursText(total.outMs)}</Fact>
      <Fact label="Not observed">{hoursText(total.unknownMs)}</Fact>
    </dl>
  );
}

export function Fact({ label, children }: { label: string; children: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function VerdictLegend() {
  return (
    <span class="legend">
      {VERDICTS.map((verdict) => (
        <span class={`state ${verdictLook(verdict)}`}>{VERDICT_WORDS[verdict]}</span>
      ))}
    </span>
  );
}

function AgentTable({ frame, day, rows }: AdherencePageProps) {
  return (
    <table>
      <caption class="hidden">Adherence by agent</caption>
      <thead>
        <tr>
          <th scope="col">Agent</th>
          <th scope="col" class="n">
            Adherence
          </th>
          <th scope="col" class="n">
            Scheduled
          </th>
          <th scope="col" class="n">
            In
          </th>
          <th scope="col" class="n">
            Out
          </th>
          <th scope="col" class="n">
            Not observed
          </th>
          <th scope="col">Day</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ agent, window, spans, sum }) => (
          <tr>
            <th scope="row">
              <a href={`/connections/${frame.id}/reports/adherence/agents/${agent.id}?day=${day}`}>
                {agent.name || agent.sourceId}
              </a>
            </th>
            <td class="n nowrap">{percentText(sum)}</td>
            <td class="n nowrap">{hoursText(sum.scheduledMs)}</td>
            <td class="n nowrap">{hoursText(sum.inMs)}</td>
            <td class="n nowrap">{hoursText(sum.outMs)}</td>
            <td class="n nowrap">{hoursText(sum.unknownMs)}</td>
            <td>
              <TimeLine
                label={`${agent.name || agent.sourceId}: ${percentText(sum)} in adherence`}
                window={window}
                spans={spans.map(({ startMs, endMs, verdict }) => ({
                  startMs,
                  endMs,
                  look: verdictLook(verdict),
                  title: '',
                }))}
                isSmall
              />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
