/** One interval: what the queues did, in every revision, what was sent of it, word for word, and what the WFM answered. */
import type { CellState } from '../../src/domain/coverage.ts';
import { INTERVAL_MS } from '../../src/domain/interval.ts';
import { localTime } from '../../src/domain/local-day.ts';
import { splitAtServiceLevel } from '../../src/domain/queue-interval.ts';
import type { CoverageCell } from '../../src/store/coverage-days.ts';
import type { FigureRevision, IntervalReport, QueueFigureHistory } from '../../src/store/interval-read.ts';
import type { Identity } from '../app.ts';
import type { Order } from '../coverage-orders.ts';
import type { ShownBody } from '../sent-bodies.ts';
import { minutesText } from './coverage-day.tsx';
import { OrderForm } from './coverage-orders.tsx';
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
  const { identity, frame, startMs, cell, state, reports, figures, bodies, moment, notice, error } = props;
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
      {cell && <Figures {...props} figures={figures} />}
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

const STREAM_WORDS: Readonly<Record<IntervalReport['stream'], string>> = {
  historical: 'Queue figures and performance',
  'agent-activity': 'Agent activity',
};

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

function Figures({ figures, figuresLeftOut, shortPct, frame, startMs, moment }: CoverageIntervalPageProps) {
  const api = `/api/v1/connections/${frame.id}/intervals`;
  const range = new URLSearchParams({
    from: new Date(startMs).toISOString(),
    to: new Date(startMs + INTERVAL_MS).toISOString(),
    format: 'csv',
  });
  return (
    <section class="card flush">
      <div class="card-head">
        <h2>Figures by queue</h2>
        {figures.length > 0 && <a href={`${api}?${range}`}>CSV</a>}
      </div>
      {figures.length === 0 ? (
        <p class="quiet pad">
          Nothing is stored of this interval yet. What each queue did will be here once it is read.
        </p>
      ) : (
        <Scroll label="Figures by queue">
          <table>
            <thead>
              <tr>
                <th scope="col">Queue</th>
                <th scope="col">Key in the WFM</th>
                <th scope="col" class="n">
                  Revision
                </th>
                <th scope="col" class="n">
                  Contacts
                </th>
                <th scope="col" class="n">
                  Abandoned
                </th>
                <th scope="col" class="n">
                  Handled
                </th>
                <th scope="col" class="n">
                  Mean handle time
                </th>
                <th scope="col" class="n">
                  Service level
                </th>
                <th scope="col">Read</th>
              </tr>
            </thead>
            <tbody>
              {figures.flatMap((queue) =>
                queue.revisions.map((figure, index) => (
                  <FigureRow queue={queue} figure={figure} isLatest={index === 0} shortPct={shortPct} moment={moment} />
                )),
              )}
            </tbody>
          </table>
        </Scroll>
      )}
      {figuresLeftOut > 0 && (
        <p class="quiet pad">The {numberText(figuresLeftOut)} queues with the fewest contacts are in the CSV only.</p>
      )}
    </section>
  );
}

function FigureRow(props: {
  queue: QueueFigureHistory;
  figure: FigureRevision;
  isLatest: boolean;
  shortPct: number;
  moment: Moment;
}) {
  const { queue, figure, isLatest, shortPct, moment } = props;
  const { handledShort, handledLong, serviceLevelPct } = splitAtServiceLevel(figure, queue.shortPct ?? shortPct);
  const handled = handledShort + handledLong;
  return (
    <tr class={isLatest ? undefined : 'former'}>
      <th scope="row">
        {queue.name || queue.sourceId || `Queue ${queue.queueId}`}
        {isLatest && !queue.included && <span class="tag">left out</span>}
        {isLatest && queue.mixed && <span class="tag warn">mixed</span>}
        {!isLatest && <span class="quiet"> before</span>}
      </th>
      <td>{isLatest && <code>{queue.queueValue}</code>}</td>
      <td class="n">{figure.revision}</td>
      <td class="n">
        <Num value={figure.offered} />
      </td>
      <td class="n">
        <Num value={figure.abandoned} />
      </td>
      <td class="n">
        <Num value={handled} />
      </td>
      <td class="n">{handled > 0 ? minutesText(figure.handleTimeMs / handled) : <span class="quiet">–</span>}</td>
      <td class="n">{handled > 0 ? `${serviceLevelPct} %` : <span class="quiet">–</span>}</td>
      <td class="nowrap">
        {figure.inferred ? (
          <span class="quiet" title="The answer left the queue out: nobody called.">
            not in the answer
          </span>
        ) : (
          <Time atMs={figure.readAtMs} moment={moment} />
        )}
      </td>
    </tr>
  );
}

function Bodies({ bodies, here, moment }: { bodies: readonly ShownBody[]; here: string; moment: Moment }) {
  return (
    <section class="card">
      <h2>Sent to the WFM</h2>
      {bodies.length === 0 ? (
        <p class="quiet">
          No body is kept for this interval: nothing was sent yet, or it is past its retention. Each body and its answer
          is here once the WFM has accepted it.
        </p>
      ) : (
        <>
          <p class="quiet">Formatted for reading; the download is byte for byte what was sent.</p>
          {bodies.map((body) => (
            <SentBody body={body} here={here} moment={moment} />
          ))}
        </>
      )}
    </section>
  );
}

function SentBody({ body, here, moment }: { body: ShownBody; here: string; moment: Moment }) {
  const { stream, revision, part, sentAtMs, answer, sha256, keptBytes, text, isCut, startMs } = body;
  const query = new URLSearchParams({
    stream,
    start: intervalName(startMs),
    revision: String(revision),
    part: String(part),
  });
  return (
    <details class="sent">
      <summary>
        {STREAM_WORDS[stream]}, revision {revision}
        {part > 0 && `, part ${part + 1}`} <span class="quiet">sent</span> <Time atMs={sentAtMs} moment={moment} />{' '}
        <span class="quiet">answered {answer}</span>
      </summary>
      <p class="quiet sha">
        SHA-256 <code>{sha256}</code>{' '}
        {keptBytes !== null && (
          <a href={`${here}/body?${query}`} download>
            Download
          </a>
        )}
      </p>
      {keptBytes === null && <p>The body was too large to be kept. Its fingerprint is.</p>}
      {text !== null && (
        <Scroll label={`Body of ${STREAM_WORDS[stream]}, revision ${revision}, part ${part + 1}`}>
          <pre>
            <code>{text}</code>
          </pre>
        </Scroll>
      )}
      {isCut && <p class="quiet">Cut here: the whole body is in the download.</p>}
    </details>
  );
}
