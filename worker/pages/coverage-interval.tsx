/** One interval: what the queues did, in every revision, what was sent of it, word for word, and what the WFM answered. */
import type { CellState } from '../../src/domain/coverage.ts';
import { INTERVAL_MS } from '../../src/domain/interval.ts';
import { localTime } from '../../src/domain/local-day.ts';
import type { CoverageCell } from '../../src/store/coverage-days.ts';
import type { IntervalReport, QueueFigureHistory } from '../../src/store/interval-read.ts';
import type { Identity } from '../app.ts';
import type { Order } from '../coverage-orders.ts';
import type { ShownBody } from '../sent-bodies.ts';
import { OrderForm } from './coverage-orders.tsx';
import { Bodies, Figures, STREAM_WORDS } from './interval-detail.tsx';
import { type ConnectionFrame, Layout } from './layout.tsx';
import { Badge } from './ui/badge.tsx';
import { StateBadge } from './ui/coverage-badge.tsx';
import { Clock, dayText, intervalName, longDayText } from './ui/day.tsx';
import { Num, numberText } from './ui/number.tsx';
import { Notice, PageHead } from './ui/page.tsx';
import { Scroll } from './ui/scroll.tsx';
import { Age, type Moment, Time } from './ui/time.tsx';

export interface IntervalFactsView {
  readonly startMs: number;
  /** Null: the ledger does not know the interval. */
  readonly cell: CoverageCell | null;
  readonly state: CellState | null;
  readonly reports: readonly IntervalReport[];
  readonly moment: Moment;
}

export interface CoverageIntervalPageProps extends IntervalFactsView {
  readonly identity: Identity | null;
  readonly frame: ConnectionFrame;
  readonly figures: readonly QueueFigureHistory[];
  /** How many queues are not listed because there are too many. */
  readonly figuresLeftOut: number;
  readonly bodies: readonly ShownBody[];
  /** The connection's share of contacts answered within the service level, percent. */
  readonly shortPct: number;
  readonly notice?: string | undefined;
  readonly error?: string | undefined;
}

export function CoverageIntervalPage(props: CoverageIntervalPageProps) {
  const { identity, frame, startMs, cell, state, reports, moment, notice, error } = props;
  const { figures, figuresLeftOut, shortPct, bodies } = props;
  const base = `/connections/${frame.id}/coverage`;
  const here = `${base}/${intervalName(startMs)}`;
  const { day, clock } = localTime(startMs, moment.timeZone);
  const end = localTime(startMs + INTERVAL_MS, moment.timeZone).clock;
  const title = `${clock} – ${end}, ${longDayText(day)}`;
  return (
    <Layout title={title} identity={identity} connection={frame} isLive refreshS={null}>
      <nav class="crumbs" aria-label="Intervals">
        <a href={`${base}/${day}`}>{dayText(day)}</a>
        <Neighbour base={base} startMs={startMs - INTERVAL_MS} timeZone={moment.timeZone} rel="prev" />
        <Neighbour base={base} startMs={startMs + INTERVAL_MS} timeZone={moment.timeZone} rel="next" />
      </nav>
      <PageHead
        title={title}
        lead={`${new Date(startMs).toISOString().slice(0, 16).replace('T', ' ')} UTC. Times in ${moment.timeZone}.`}
      >
        {cell && (
          <OrderForm
            base={base}
            back={here}
            window={{ startMs, endMs: startMs + INTERVAL_MS }}
            orders={ordersOf(state, reports)}
            about="this interval"
          />
        )}
      </PageHead>
      {notice && (
        <Notice>
          <p>{notice}</p>
        </Notice>
      )}
      {error && (
        <Notice tone="bad">
          <p>{error}</p>
        </Notice>
      )}
      <div id="facts" class="stack" hx-get={`${here}?part=facts`} hx-trigger="every 10s" hx-swap="innerMorph">
        <IntervalFactsFragment {...{ startMs, cell, state, reports, moment }} />
      </div>
      {cell && <Figures connectionId={frame.id} {...{ startMs, figures, figuresLeftOut, shortPct, moment }} />}
      {cell && <Bodies bodies={bodies} here={here} moment={moment} />}
    </Layout>
  );
}

function ordersOf(state: CellState | null, reports: readonly IntervalReport[]): Order[] {
  const isAccepted = reports.some(({ deliveredRevision, revision }) => deliveredRevision === revision);
  return [
    ...(state === 'unconfirmed' ? (['confirm-quiet'] as const) : []),
    'read-again',
    ...(isAccepted ? (['send-again'] as const) : []),
  ];
}

function Neighbour(props: { base: string; startMs: number; timeZone: string; rel: 'prev' | 'next' }) {
  const { base, startMs, timeZone, rel } = props;
  return (
    <a href={`${base}/${intervalName(startMs)}`} rel={rel}>
      {rel === 'prev' && '‹ '}
      <Clock atMs={startMs} timeZone={timeZone} />
      {rel === 'next' && ' ›'}
    </a>
  );
}

/** The part that refreshes itself. */
export function IntervalFactsFragment({ startMs, cell, state, reports, moment }: IntervalFactsView) {
  if (!cell || !state) {
    return (
      <section class="card empty">
        <p>
          {startMs + INTERVAL_MS > moment.nowMs
            ? 'This interval has not ended yet. It is read once it has ended and its figures have settled.'
            : 'The bridge never asked for this interval: it lies before collection began. A backfill loads it.'}
        </p>
      </section>
    );
  }
  const { nextReadAtMs } = cell;
  return (
    <>
      <section class="card">
        <dl class="facts">
          <div>
            <dt>State</dt>
            <dd>
              <StateBadge state={state} />
            </dd>
          </div>
          <div>
            <dt>Contacts</dt>
            <dd>{cell.revision > 0 ? <Num value={cell.offered} /> : <span class="quiet">–</span>}</dd>
          </div>
          <div>
            <dt>Abandoned</dt>
            <dd>{cell.revision > 0 ? <Num value={cell.abandoned} /> : <span class="quiet">–</span>}</dd>
          </div>
          <div>
            <dt>Revision</dt>
            <dd>{cell.revision > 0 ? cell.revision : <span class="quiet">never collected</span>}</dd>
          </div>
          <div>
            <dt>Last read</dt>
            <dd>
              <Age atMs={cell.readAtMs} moment={moment} never="not yet" />
            </dd>
          </div>
          <div>
            <dt>Next reading</dt>
            <dd>
              {nextReadAtMs !== null && nextReadAtMs <= moment.nowMs ? (
                'due now'
              ) : (
                <Age atMs={nextReadAtMs} moment={moment} never="none planned" />
              )}
            </dd>
          </div>
        </dl>
        {cell.reason && <p>{cell.reason}</p>}
        {cell.refusedRows > 0 && (
          <p>{numberText(cell.refusedRows)} rows of the answer made no sense and were set aside.</p>
        )}
      </section>
      <Reports reports={reports} moment={moment} />
    </>
  );
}

function Reports({ reports, moment }: { reports: readonly IntervalReport[]; moment: Moment }) {
  if (reports.length === 0) {
    return <p class="quiet">No report was made of this interval yet: that happens once its figures are stored.</p>;
  }
  return (
    <section class="card flush">
      <h2>Reports</h2>
      <Scroll label="Reports that carry this interval">
        <table>
          <thead>
            <tr>
              <th scope="col">Report</th>
              <th scope="col">Window</th>
              <th scope="col">State</th>
              <th scope="col" class="n">
                Revision
              </th>
              <th scope="col" class="n">
                Delivered
              </th>
              <th scope="col" class="n">
                Records
              </th>
              <th scope="col" class="n">
                Held
              </th>
              <th scope="col" class="n">
                Set aside
              </th>
              <th scope="col">Accepted</th>
            </tr>
          </thead>
          <tbody>
            {reports.map((report) => (
              <tr>
                <th scope="row">{STREAM_WORDS[report.stream]}</th>
                <td class="nowrap">
                  <Clock atMs={report.startMs} timeZone={moment.timeZone} /> –{' '}
                  <Clock atMs={report.endMs} timeZone={moment.timeZone} />
                </td>
                <td class="nowrap">
                  {report.deliveredRevision === report.revision ? (
                    <Badge tone="good">Accepted</Badge>
                  ) : (
                    <Badge tone="idle">Waiting</Badge>
                  )}
                </td>
                <td class="n">{report.revision}</td>
                <td class="n">{report.deliveredRevision || <span class="quiet">none</span>}</td>
                <td class="n">
                  <Num value={report.recordCount} />
                </td>
                <td class="n">
                  <Num value={report.heldCount} alarm />
                </td>
                <td class="n">
                  <Num value={report.setAsideCount} alarm />
                </td>
                <td class="nowrap">
                  {report.acceptedAtMs === null ? (
                    <span class="quiet">not yet</span>
                  ) : (
                    <Time atMs={report.acceptedAtMs} moment={moment} />
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}
