/** Coverage: which intervals are there, which are not and why, and orders to read or send them again. */
import type { CellState } from '../../src/domain/coverage.ts';
import { shiftDay } from '../../src/domain/local-day.ts';
import type { Identity } from '../app.ts';
import { type DayView, STATE_WORDS, type Trouble, troublesOf } from '../coverage-view.ts';
import { CoverageGrid, capital, Legend, reasonsOf } from './coverage-grid.tsx';
import { OrderForm } from './coverage-orders.tsx';
import { type ConnectionFrame, Layout } from './layout.tsx';
import { Badge } from './ui/badge.tsx';
import { dayText, longDayText, Span } from './ui/day.tsx';
import { numberText } from './ui/number.tsx';
import { Empty, FilterSelect, Filters, FilterText, Notice, PageHead } from './ui/page.tsx';
import { Scroll } from './ui/scroll.tsx';
import { type Moment, Time } from './ui/time.tsx';

export const DAY_CHOICES = [7, 14, 28] as const;
const TROUBLES_MAX = 50;

export interface CoveragePageProps {
  readonly identity: Identity | null;
  readonly frame: ConnectionFrame;
  readonly moment: Moment;
  /** Newest first. */
  readonly days: readonly DayView[];
  readonly lastDay: string;
  readonly today: string;
  readonly only: CellState | null;
  /** Day on which the ledger begins; null while it is empty. */
  readonly firstDay: string | null;
  readonly notice?: string | undefined;
  readonly error?: string | undefined;
}

export function CoveragePage(props: CoveragePageProps) {
  const { identity, frame, moment, days, lastDay, today, firstDay, notice, error } = props;
  const base = `/connections/${frame.id}/coverage`;
  // A longer range is looked at once: reading it anew each minute would cost more than it tells.
  const isLive = lastDay >= today && days.length === DAY_CHOICES[0];
  return (
    <Layout title="Coverage" identity={identity} connection={frame} isLive={isLive} refreshS={null}>
      <PageHead
        title="Coverage"
        lead={`Every interval of 15 minutes since collection began. Times in ${moment.timeZone}.`}
      />
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
      {firstDay === null ? (
        <Empty title="No interval yet">
          <p>
            The first interval appears here a quarter of an hour after collection has begun. Past intervals can be
            loaded on <a href={`/connections/${frame.id}/imports`}>Imports and backfill</a>.
          </p>
        </Empty>
      ) : (
        <>
          <Range {...props} base={base} />
          <div
            id="grid"
            class="stack"
            {...(isLive && {
              'hx-get': addressOf(base, props, { part: 'grid' }),
              'hx-trigger': 'every 60s',
              'hx-swap': 'innerMorph',
            })}
          >
            <CoverageFragment {...props} />
          </div>
          <RangeOrders base={base} lastDay={lastDay} days={days.length} today={today} />
        </>
      )}
    </Layout>
  );
}

/** The part that refreshes itself: grid, legend and what needs somebody. */
export function CoverageFragment({ frame, moment, days, lastDay, only }: CoveragePageProps) {
  const base = `/connections/${frame.id}/coverage`;
  return (
    <>
      <section class="card">
        <Legend days={days} only={only} hrefOf={(state) => addressOf(base, { lastDay, days, only: state })} />
        <CoverageGrid days={days} base={base} only={only} nowMs={moment.nowMs} />
        <p class="quiet small-print">
          Contacts as the ACD told them, as stored, and as the WFM accepted them. As of{' '}
          <Time atMs={moment.nowMs} moment={moment} />. <Proof days={days} moment={moment} />
        </p>
      </section>
      <Attention days={days} base={base} moment={moment} />
    </>
  );
}

/** How far the stored contacts shown are more than sums that the bridge keeps. */
function Proof({ days, moment }: { days: readonly DayView[]; moment: Moment }) {
  const known = days.filter(({ slots }) => slots.some(({ cell }) => cell !== null));
  const proved = known.flatMap(({ provedAtMs }) => provedAtMs ?? []);
  const oldest = proved.length > 0 && (
    <>
      , the longest ago at <Time atMs={Math.min(...proved)} moment={moment} />
    </>
  );
  return (
    <>
      <em>Stored</em> is added up when figures are stored. Checked against every figure: {numberText(proved.length)} of{' '}
      {numberText(known.length)} days{oldest}; another day follows each hour. A day's own page adds them up anew.
    </>
  );
}

interface View {
  readonly lastDay: string;
  readonly days: readonly DayView[];
  readonly only: CellState | null;
}

function addressOf(base: string, { lastDay, days, only }: View, extra: Record<string, string> = {}): string {
  const query = new URLSearchParams({ to: lastDay, days: String(days.length), ...(only && { state: only }), ...extra });
  return `${base}?${query}`;
}

function Range(props: CoveragePageProps & { base: string }) {
  const { base, days, lastDay, today, only, firstDay } = props;
  const moved = (by: number) => addressOf(base, { ...props, lastDay: shiftDay(lastDay, by) });
  const isFirst = firstDay !== null && shiftDay(lastDay, 1 - days.length) <= firstDay;
  return (
    <div class="range">
      <nav aria-label="Days">
        {isFirst ? <span class="quiet">Earlier</span> : <a href={moved(-days.length)}>Earlier</a>}
        <strong class="nowrap">
          {dayText(shiftDay(lastDay, 1 - days.length))} – {dayText(lastDay)}
        </strong>
        {lastDay >= today ? <span class="quiet">Later</span> : <a href={moved(days.length)}>Later</a>}
      </nav>
      <Filters
        action={base}
        label="Days to show"
        after={<a href={`${base}.csv?${new URLSearchParams({ to: lastDay, days: String(days.length) })}`}>CSV</a>}
      >
        <FilterText type="date" name="to" label="Up to" value={lastDay} />
        <FilterSelect
          name="days"
          label="Days"
          value={String(days.length)}
          options={DAY_CHOICES.map((count) => ({ value: String(count), label: String(count) }))}
        />
        {only && <input type="hidden" name="state" value={only} />}
      </Filters>
    </div>
  );
}

/** Gaps, unconfirmed intervals and days whose balance does not come out, each with what can be done. */
function Attention({ days, base, moment }: { days: readonly DayView[]; base: string; moment: Moment }) {
  const troubles = troublesOf(days);
  const unbalanced = days.filter(({ balance }) => balance.missing !== 0 || balance.stored !== balance.source);
  if (troubles.length === 0 && unbalanced.length === 0) {
    return (
      <p class="all-well">
        <Badge tone="good">Nothing missing</Badge>{' '}
        <span class="quiet">No gap and no unconfirmed interval in these days.</span>
      </p>
    );
  }
  return (
    <section class="card flush">
      <h2>Needs attention</h2>
      <Scroll label="Intervals that need attention">
        <table>
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">When</th>
              <th scope="col" class="n">
                Intervals
              </th>
              <th scope="col">Why</th>
              <th scope="col">What to do</th>
            </tr>
          </thead>
          <tbody>
            {troubles.slice(0, TROUBLES_MAX).map((trouble) => (
              <TroubleRow trouble={trouble} base={base} timeZone={moment.timeZone} />
            ))}
            {unbalanced.map(({ day, window, balance }) => (
              <tr>
                <td class="nowrap">
                  <Badge tone="warn">Difference</Badge>
                </td>
                <td class="nowrap">
                  <a href={`${base}/${day}`}>{longDayText(day)}</a>
                </td>
                <td />
                <td>
                  {balance.stored !== balance.source
                    ? `${numberText(balance.source)} contacts told, ${numberText(balance.stored)} stored.`
                    : capital(`${reasonsOf(balance)}.`)}
                </td>
                <td>
                  <OrderForm
                    base={base}
                    window={window}
                    back={base}
                    orders={balance.stored !== balance.source ? ['read-again'] : ['send-again']}
                    about={longDayText(day)}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {troubles.length > TROUBLES_MAX && (
        <p class="quiet pad">
          {numberText(troubles.length - TROUBLES_MAX)} more are in the CSV and on the pages of their days.
        </p>
      )}
    </section>
  );
}

function TroubleRow({ trouble, base, timeZone }: { trouble: Trouble; base: string; timeZone: string }) {
  const { state, reason, startMs, endMs, intervals } = trouble;
  const about = `${STATE_WORDS[state]} of ${new Date(startMs).toISOString().slice(0, 16)} UTC`;
  return (
    <tr>
      <td class="nowrap">
        <Badge tone={state === 'gap' ? 'bad' : 'warn'}>{capital(STATE_WORDS[state])}</Badge>
      </td>
      <td>
        <Span startMs={startMs} endMs={endMs} timeZone={timeZone} />
      </td>
      <td class="n">{numberText(intervals)}</td>
      <td class="why">{reason}</td>
      <td>
        <OrderForm
          base={base}
          window={{ startMs, endMs }}
          back={base}
          orders={state === 'gap' ? ['read-again'] : ['confirm-quiet', 'read-again']}
          about={about}
        />
      </td>
    </tr>
  );
}

function RangeOrders(props: { base: string; lastDay: string; days: number; today: string }) {
  const { base, lastDay, days } = props;
  return (
    <details class="card">
      <summary>
        <span class="summary-title">Read or send a range again</span>
        <span class="quiet">whole days, at most 31</span>
      </summary>
      <p class="quiet">
        Reading again asks the ACD for the figures; what differs is stored as a new revision and sent. Sending again
        builds the reports from what is stored, with the present mapping. The WFM replaces what it has, so both are
        harmless. For past intervals that were never loaded, use a backfill.
      </p>
      <OrderForm
        base={base}
        back={base}
        days={{ from: shiftDay(lastDay, 1 - days), to: lastDay }}
        orders={['read-again', 'send-again', 'confirm-quiet']}
        about="the range"
      />
    </details>
  );
}
