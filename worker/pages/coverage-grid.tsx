/** The heat map of Coverage: a table of one row a day and a cell an interval, with the day's balance at its end. */
import { CELL_STATES, type CellState, type ContactBalance } from '../../src/domain/coverage.ts';
import { INTERVAL_MS } from '../../src/domain/interval.ts';
import { countStates, type DayView, type SlotView, STATE_WORDS } from '../coverage-view.ts';
import { dayText, intervalName } from './ui/day.tsx';
import { Num, numberText } from './ui/number.tsx';
import { Scroll } from './ui/scroll.tsx';

const SLOTS_AN_HOUR = [0, 15, 30, 45] as const;

/** An hour of the clock as a group of four columns. `again`: the hour that a day has twice when the clock goes back. */
interface Hour {
  readonly hour: string;
  readonly again: boolean;
}

export function CoverageGrid({
  days,
  base,
  only,
  nowMs,
}: {
  days: readonly DayView[];
  nowMs: number;
  /** Address of the connection's coverage. */
  base: string;
  /** The state to bring forward; null: all. */
  only: CellState | null;
}) {
  const hours = hoursOf(days);
  return (
    <Scroll label="Intervals by day">
      <table class="grid" data-grid>
        <caption class="hidden">
          One row a day, newest first, four cells an hour. A day leads to its intervals as a list.
        </caption>
        <colgroup>
          <col class="day" />
          <col span={hours.length * SLOTS_AN_HOUR.length} />
          <col class="sum" span={4} />
        </colgroup>
        <thead>
          <tr>
            <th scope="col">Day</th>
            {hours.map(({ hour, again }) => (
              <th scope="col" colSpan={SLOTS_AN_HOUR.length} class="hour">
                {hour}
                {again && <span title="The clock shows this hour a second time.">′</span>}
              </th>
            ))}
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
          {days.map((day) => (
            <DayRow day={day} hours={hours} base={base} only={only} nowMs={nowMs} />
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

/** Every hour that some of the days have, in the order of the clock. */
function hoursOf(days: readonly DayView[]): Hour[] {
  const again = new Set<string>();
  for (const { slots } of days) for (const slot of slots) if (slot.again) again.add(slot.clock.slice(0, 2));
  return Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, '0')).flatMap((hour) => [
    { hour, again: false },
    ...(again.has(hour) ? [{ hour, again: true }] : []),
  ]);
}

function DayRow({
  day: { day, slots, balance },
  hours,
  base,
  only,
  nowMs,
}: {
  day: DayView;
  nowMs: number;
  hours: readonly Hour[];
  base: string;
  only: CellState | null;
}) {
  const byClock = new Map(slots.map((slot) => [`${slot.clock}${slot.again}`, slot]));
  return (
    <tr>
      <th scope="row">
        <a href={`${base}/${day}`}>{dayText(day)}</a>
      </th>
      {hours.flatMap(({ hour, again }) =>
        SLOTS_AN_HOUR.map((minute) =>
          // Called and not mounted: thousands of cells took longer as components of their own.
          cellOf({ slot: byClock.get(`${hour}:${String(minute).padStart(2, '0')}${again}`), base, only, nowMs }),
        ),
      )}
      <Sums balance={balance} />
    </tr>
  );
}

/** No slot: the clock never shows this time on that day. No state: not ended yet, or before collection began. */
function cellOf({
  slot,
  base,
  only,
  nowMs,
}: {
  slot: SlotView | undefined;
  base: string;
  only: CellState | null;
  nowMs: number;
}) {
  if (!slot) return <td class="none" />;
  if (slot.state === null) {
    if (slot.startMs + INTERVAL_MS > nowMs) return <td />;
    return (
      <td class="unknown" title={`${slot.clock} never asked for: collection had not begun. A backfill loads it.`} />
    );
  }
  const { clock, again, state, cell, startMs } = slot;
  const contacts = cell && cell.revision > 0 ? `, ${numberText(cell.offered)} contacts` : '';
  const what = `${clock}${again ? ' (again)' : ''} ${STATE_WORDS[state]}${contacts}${cell?.reason ? `: ${cell.reason}` : ''}`;
  const isOff = only !== null && only !== state;
  return (
    <td class={isOff ? `${state} off` : state}>
      <a href={`${base}/${intervalName(startMs)}`} tabIndex={-1} title={what}>
        <span class="hidden">{`${clock} ${state}`}</span>
      </a>
    </td>
  );
}

export function Sums({ balance }: { balance: ContactBalance }) {
  return (
    <>
      <td class="n">
        <Num value={balance.source} />
      </td>
      <td class="n">
        <Num value={balance.stored} alarm={balance.stored !== balance.source} />
      </td>
      <td class="n">
        <Num value={balance.delivered} />
      </td>
      <td class="n">
        <Difference balance={balance} />
      </td>
    </>
  );
}

/** What the WFM lacks, with the reasons on hover. Only what nobody can explain is marked. */
function Difference({ balance }: { balance: ContactBalance }) {
  const lacking = balance.source - balance.delivered;
  if (lacking === 0) return <span class="quiet num">0</span>;
  const why = reasonsOf(balance);
  return (
    <span class={`num${balance.missing !== 0 || balance.setAside !== 0 ? ' alarm' : ''}`} title={why}>
      {numberText(lacking)}
      <span class="hidden"> ({why})</span>
    </span>
  );
}

/** The difference in words. */
export function reasonsOf({ leftOut, waiting, setAside, missing }: ContactBalance): string {
  const parts = [
    waiting !== 0 && `${numberText(waiting)} waiting to be sent`,
    leftOut !== 0 && `${numberText(leftOut)} in queues that are left out`,
    setAside !== 0 && `${numberText(setAside)} refused and set aside`,
    missing !== 0 && `${numberText(missing)} not in the reports as they were sent`,
  ];
  return parts.filter((part) => part !== false).join(', ');
}

/** What the cells mean, with how many there are; each leads to the same page with its cells brought forward. */
export function Legend({
  days,
  only,
  hrefOf,
}: {
  days: readonly DayView[];
  only: CellState | null;
  hrefOf: (state: CellState | null) => string;
}) {
  const counts = countStates(days);
  return (
    <ul class="legend" aria-label="States of the intervals">
      {CELL_STATES.map((state) => (
        <li>
          <a href={hrefOf(state === only ? null : state)} aria-current={state === only ? 'true' : undefined}>
            <span class={`swatch ${state}`} aria-hidden="true" />
            {capital(STATE_WORDS[state])} <span class="count num">{numberText(counts[state])}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
