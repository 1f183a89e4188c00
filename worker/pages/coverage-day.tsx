/** One day of Coverage as a list: the heat map's row for everybody, interval by interval. */
import { CELL_STATES, type CellState } from '../../src/domain/coverage.ts';
import { shiftDay } from '../../src/domain/local-day.ts';
import type { Identity } from '../app.ts';
import { countStates, type DayView, type SlotView, STATE_WORDS } from '../coverage-view.ts';
import { capital, reasonsOf, Sums } from './coverage-grid.tsx';
import { OrderForm } from './coverage-orders.tsx';
import { type ConnectionFrame, Layout } from './layout.tsx';
import { StateBadge } from './ui/coverage-badge.tsx';
import { Clock, dayText, intervalName, longDayText } from './ui/day.tsx';
import { Num, numberText } from './ui/number.tsx';
import { Empty, Notice, PageHead, Tabs } from './ui/page.tsx';
import { Scroll } from './ui/scroll.tsx';
import { Age, type Moment } from './ui/time.tsx';

export interface CoverageDayPageProps {
  readonly identity: Identity | null;
  readonly frame: ConnectionFrame;
  readonly moment: Moment;
  readonly day: DayView;
  readonly only: CellState | null;
  readonly notice?: string | undefined;
  readonly error?: string | undefined;
}

export function CoverageDayPage({ identity, frame, moment, day, only, notice, error }: CoverageDayPageProps) {
  const base = `/connections/${frame.id}/coverage`;
  const here = `${base}/${day.day}`;
  const counts = countStates([day]);
  const known = day.slots.filter(({ state }) => state !== null);
  const shown = known.filter(({ state }) => only === null || state === only);
  return (
    <Layout title={longDayText(day.day)} identity={identity} connection={frame}>
      <nav class="crumbs" aria-label="Days">
        <a href={`${base}?to=${shiftDay(day.day, 3)}`}>All days</a>
        <a href={`${base}/${shiftDay(day.day, -1)}`} rel="prev">
          ‹ {dayText(shiftDay(day.day, -1))}
        </a>
        <a href={`${base}/${shiftDay(day.day, 1)}`} rel="next">
          {dayText(shiftDay(day.day, 1))} ›
        </a>
      </nav>
      <PageHead title={longDayText(day.day)} lead={leadOf(day, moment)}>
        {known.length > 0 && (
          <OrderForm
            base={base}
            back={here}
            window={day.window}
            orders={
              counts.unconfirmed > 0 ? ['confirm-quiet', 'read-again', 'send-again'] : ['read-again', 'send-again']
            }
            about={longDayText(day.day)}
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
      {known.length === 0 ? (
        <Empty title="No interval of this day">
          <p>
            Collection had not begun on this day, or the day has not come yet. Past days can be loaded on{' '}
            <a href={`/connections/${frame.id}/imports`}>Imports and backfill</a>.
          </p>
        </Empty>
      ) : (
        <>
          <Totals day={day} />
          <Tabs
            label="States"
            tabs={[
              { href: here, label: 'All', isCurrent: only === null, count: numberText(known.length) },
              ...CELL_STATES.filter((state) => counts[state] > 0 || state === only).map((state) => ({
                href: `${here}?state=${state}`,
                label: capital(STATE_WORDS[state]),
                isCurrent: only === state,
                count: numberText(counts[state]),
              })),
            ]}
          />
          <Slots slots={shown} base={base} moment={moment} />
        </>
      )}
    </Layout>
  );
}

function leadOf({ window }: DayView, { timeZone }: Moment): string {
  const hours = (window.endMs - window.startMs) / 3_600_000;
  const change = hours === 24 ? '' : ` The clock is changed on this day: it has ${hours} hours.`;
  return `Intervals of the day in ${timeZone}.${change}`;
}

function Totals({ day: { balance } }: { day: DayView }) {
  const why = reasonsOf(balance);
  return (
    <section class="card">
      <Scroll label="Contacts of the day">
        <table class="totals">
          <thead>
            <tr>
              <th scope="col">
                <span class="hidden">What</span>
              </th>
              <th scope="col" class="n">
                Source
              </th>
              <th scope="col" class="n">
                Stored
              </th>
              <th scope="col" class="n">
                Delivered
              </th>
              <th scope="col" class="n">
                Difference
              </th>
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">Contacts</th>
              <Sums balance={balance} />
            </tr>
          </tbody>
        </table>
      </Scroll>
      {why && <p class="quiet">Of the difference, {why}.</p>}
      <p class="quiet small-print">Stored: each figure of the day, added up anew for this page.</p>
    </section>
  );
}

function Slots({ slots, base, moment }: { slots: readonly SlotView[]; base: string; moment: Moment }) {
  if (slots.length === 0) return <p class="quiet">No interval of this day is in this state.</p>;
  return (
    <section class="card flush">
      <Scroll label="Intervals of the day">
        <table>
          <thead>
            <tr>
              <th scope="col">Interval</th>
              <th scope="col">State</th>
              <th scope="col" class="n">
                Contacts
              </th>
              <th scope="col" class="n">
                Abandoned
              </th>
              <th scope="col" class="n">
                Mean handle time
              </th>
              <th scope="col" class="n">
                Queues
              </th>
              <th scope="col" class="n">
                Revision
              </th>
              <th scope="col">Read</th>
              <th scope="col">Delivered</th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            {slots.map((slot) => (
              <SlotRow slot={slot} base={base} moment={moment} />
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

function SlotRow({
  slot: { startMs, again, state, cell },
  base,
  moment,
}: {
  slot: SlotView;
  base: string;
  moment: Moment;
}) {
  if (!cell || !state) return null;
  const isRead = cell.revision > 0;
  const handled = cell.offered - cell.abandoned;
  return (
    <tr>
      <th scope="row" class="nowrap">
        <a href={`${base}/${intervalName(startMs)}`}>
          <Clock atMs={startMs} timeZone={moment.timeZone} />
        </a>
        {again && <span class="quiet"> again</span>}
      </th>
      <td class="nowrap">
        <StateBadge state={state} />
      </td>
      <td class="n">{isRead ? <Num value={cell.offered} /> : <span class="quiet">–</span>}</td>
      <td class="n">{isRead ? <Num value={cell.abandoned} /> : <span class="quiet">–</span>}</td>
      <td class="n">
        {isRead && handled > 0 ? minutesText(cell.handleTimeMs / handled) : <span class="quiet">–</span>}
      </td>
      <td class="n">
        <Num value={cell.queueCount} />
      </td>
      <td class="n">{isRead ? cell.revision : <span class="quiet">–</span>}</td>
      <td class="nowrap">
        <Age atMs={cell.readAtMs} moment={moment} never="not yet" />
      </td>
      <td class="nowrap">
        <Age atMs={cell.report?.acceptedAtMs ?? null} moment={moment} never="not yet" />
      </td>
      <td class="why">
        {cell.reason}
        {cell.refusedRows > 0 && ` ${numberText(cell.refusedRows)} rows of the answer made no sense.`}
        {cell.report && cell.report.setAsideCount > 0 && ` ${numberText(cell.report.setAsideCount)} records set aside.`}
      </td>
    </tr>
  );
}

/** A duration as m:ss. */
export function minutesText(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  return `${numberText(Math.floor(seconds / 60))}:${String(seconds % 60).padStart(2, '0')}`;
}
