/** An agent's day as a time line, with the activities as they were sent. */

import type { Window } from '../../src/domain/interval.ts';
import { shiftDay } from '../../src/domain/local-day.ts';
import type { AgentRow } from '../../src/store/roster-read.ts';
import type { DaySpan, Delivery } from '../agent-day.ts';
import type { Identity } from '../app.ts';
import { clockSpan } from './agents.tsx';
import { type ConnectionFrame, Layout } from './layout.tsx';
import { CLASS_LOOKS, stateText } from './overview-charts.tsx';
import { Badge } from './ui/badge.tsx';
import { Clock, longDayText } from './ui/day.tsx';
import { Empty, Filters, FilterText, PageHead } from './ui/page.tsx';
import { Scroll } from './ui/scroll.tsx';
import { instantText, type Moment } from './ui/time.tsx';

export interface AgentDayPageProps {
  readonly identity: Identity | null;
  readonly frame: ConnectionFrame;
  readonly moment: Moment;
  readonly agent: AgentRow;
  readonly day: string;
  readonly today: string;
  readonly window: Window;
  readonly spans: readonly DaySpan[];
}

export function AgentDayPage(props: AgentDayPageProps) {
  const { identity, frame, moment, agent, day, today, window, spans } = props;
  const address = `/connections/${frame.id}/agents/${agent.id}`;
  const name = agent.name || agent.sourceId;
  const loginId = agent.loginId ?? agent.username;
  const range = `from=${new Date(window.startMs).toISOString()}&to=${new Date(window.endMs).toISOString()}`;
  return (
    <Layout title={`${name}, ${day}`} identity={identity} connection={frame}>
      <PageHead title={name} lead={longDayText(day)}>
        <a href={`/connections/${frame.id}/agents`}>All agents</a>
      </PageHead>
      <dl class="facts card-less">
        <Fact label="Login id">{loginId || 'none: cannot be placed'}</Fact>
        <Fact label="CXone employee id">{agent.employeeId || 'none'}</Fact>
        <Fact label="Id in the ACD">{agent.sourceId}</Fact>
        <Fact label="Sent">{agent.included ? 'yes' : 'no, left out'}</Fact>
      </dl>
      <div class="card-line">
        <nav class="pager" aria-label="Days">
          <a href={`${address}?day=${shiftDay(day, -1)}`} rel="prev">
            Day before
          </a>
          {day < today && (
            <a href={`${address}?day=${shiftDay(day, 1)}`} rel="next">
              Day after
            </a>
          )}
          {day !== today && <a href={address}>Today</a>}
        </nav>
        <Filters
          action={address}
          label="Another day"
          after={
            <a
              class="button plain"
              href={`/api/v1/connections/${frame.id}/activities?${range}&agent=${agent.id}&format=csv`}
              download
            >
              Download CSV
            </a>
          }
        >
          <FilterText name="day" label="Day" value={day} type="date" />
        </Filters>
      </div>
      {spans.length === 0 ? (
        <Empty title="Nothing is known of this day">
          <p>
            The agent's states are listed here as far as the bridge saw them. For days before it looked, import a file
            with state changes under <a href={`/connections/${frame.id}/imports`}>Imports and backfill</a>.
          </p>
        </Empty>
      ) : (
        <>
          <section class="card" aria-label="Time line">
            <TimeLine {...props} />
          </section>
          <section class="card flush">
            <Scroll label="States of the day, and what was sent">
              <SpanTable spans={spans} moment={moment} />
            </Scroll>
          </section>
        </>
      )}
      <p class="quiet">
        Times in {moment.timeZone}. An activity is told once, whole, in the report of the window in which it ended; time
        signed out or not observed is none.
      </p>
    </Layout>
  );
}

function Fact({ label, children }: { label: string; children: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

const WIDTH = 960;

function TimeLine({ window, spans, moment, day }: AgentDayPageProps) {
  const length = window.endMs - window.startMs;
  const hours = Math.round(length / 3_600_000);
  const classes = [...new Set(spans.map(({ stateClass }) => stateClass))];
  const x = (atMs: number) =>
    ((Math.min(window.endMs, Math.max(window.startMs, atMs)) - window.startMs) / length) * WIDTH;
  return (
    <figure class="chart">
      <figcaption>
        <strong>Time line</strong>
        <span class="legend">
          {classes.map((stateClass) => (
            <span class={`state ${stateClass ? CLASS_LOOKS[stateClass] : 'unknown'}`}>
              {stateClass ?? 'not observed'}
            </span>
          ))}
        </span>
      </figcaption>
      <svg
        class="time-line"
        viewBox={`0 0 ${WIDTH} 40`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`States on ${day}; the table below has them all`}
      >
        {Array.from({ length: hours + 1 }, (_, i) => (
          <path class="grid" d={`M${((i / hours) * WIDTH).toFixed(1)} 0V40`} />
        ))}
        {spans.map((span) => {
          const [from, to] = [x(span.startMs), x(span.endMs ?? moment.nowMs)];
          if (to <= from) return null;
          return (
            <rect
              class={span.stateClass ? CLASS_LOOKS[span.stateClass] : 'unknown'}
              x={from.toFixed(2)}
              y="6"
              width={(to - from).toFixed(2)}
              height="28"
            >
              <title>{`${spanWords(span)}, ${instantText(span.startMs, moment)}${span.endMs === null ? ', lasts still' : ` to ${instantText(span.endMs, moment)}`}`}</title>
            </rect>
          );
        })}
      </svg>
      <div class="axis-x" aria-hidden="true">
        {[0, 0.25, 0.5, 0.75, 1].map((part) => (
          <span>
            {part === 1 ? '24:00' : <Clock atMs={window.startMs + part * length} timeZone={moment.timeZone} />}
          </span>
        ))}
      </div>
    </figure>
  );
}

function spanWords({ state, reason }: DaySpan): string {
  return state === null ? 'Not observed' : stateText({ state, reason });
}

function SpanTable({ spans, moment }: { spans: readonly DaySpan[]; moment: Moment }) {
  return (
    <table>
      <caption class="hidden">States of the day</caption>
      <thead>
        <tr>
          <th scope="col">From</th>
          <th scope="col">To</th>
          <th scope="col" class="n">
            Lasted
          </th>
          <th scope="col">State</th>
          <th scope="col">Counts as</th>
          <th scope="col">Sent as</th>
          <th scope="col">Sent</th>
        </tr>
      </thead>
      <tbody>
        {spans.map((span) => (
          <tr>
            <td class="nowrap">{instantSeconds(span.startMs, moment)}</td>
            <td class="nowrap">
              {span.endMs === null ? <span class="quiet">lasts still</span> : instantSeconds(span.endMs, moment)}
            </td>
            <td class="n nowrap">{clockSpan((span.endMs ?? moment.nowMs) - span.startMs)}</td>
            <td>
              {span.state === null ? (
                <span class="quiet">not observed</span>
              ) : (
                <span class={`state ${span.stateClass ? CLASS_LOOKS[span.stateClass] : ''}`}>{spanWords(span)}</span>
              )}
            </td>
            <td class="quiet">{span.stateClass ?? ''}</td>
            <td>
              {span.delivery.kind !== 'none' && (
                <>
                  {span.eventCode}
                  {span.reasonCode !== '' && <span class="quiet"> / {span.reasonCode}</span>}
                </>
              )}
            </td>
            <td class="nowrap">
              <DeliveryCell delivery={span.delivery} moment={moment} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function DeliveryCell({ delivery, moment }: { delivery: Delivery; moment: Moment }) {
  switch (delivery.kind) {
    case 'none':
      return <span class="quiet">no activity</span>;
    case 'open':
      return <span class="quiet">when it ends</span>;
    case 'not yet':
      return <span class="quiet">with its window</span>;
    case 'waiting':
      return <Badge tone="idle">Waiting</Badge>;
    case 'sent':
      return (
        <>
          <Badge tone="good">Sent</Badge>{' '}
          <span class="quiet">
            in the report of <Clock atMs={delivery.windowMs} timeZone={moment.timeZone} />
          </span>
        </>
      );
  }
}

const CLOCKS = new Map<string, Intl.DateTimeFormat>();

/** A clock time with its seconds, and UTC on hover; with the date where it is another day than today's page. */
function instantSeconds(atMs: number, { timeZone }: Moment) {
  const format =
    CLOCKS.get(timeZone) ??
    new Intl.DateTimeFormat('en-GB', {
      timeZone,
      day: 'numeric',
      month: 'short',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    });
  CLOCKS.set(timeZone, format);
  const iso = new Date(atMs).toISOString();
  return (
    <time datetime={iso} title={`${iso.slice(0, 19).replace('T', ' ')} UTC`}>
      {format.format(atMs)}
    </time>
  );
}
