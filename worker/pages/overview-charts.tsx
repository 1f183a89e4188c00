/** The Overview's charts of one connection: today against the same weekday before, how fast it is delivered, who does what. */
import type { StateClass } from '../../src/domain/agent-state.ts';
import { bySlot, SLOTS_PER_DAY } from '../../src/domain/day-chart.ts';
import { INTERVAL_MS, MINUTE_MS } from '../../src/domain/interval.ts';
import { localTime } from '../../src/domain/local-day.ts';
import type { Delay, IntervalSum, StateShare } from '../../src/store/charts.ts';
import type { ChartFacts } from '../charts.ts';
import { LineChart, ShareBar } from './ui/chart.tsx';
import { dayText } from './ui/day.tsx';
import { Num, numberText } from './ui/number.tsx';
import { Tabs } from './ui/page.tsx';

export interface OverviewChartsProps {
  readonly facts: ChartFacts;
  /** All connections, to choose whose charts are shown. */
  readonly connections: readonly { readonly id: number; readonly name: string }[];
}

export function OverviewCharts({ facts, connections }: OverviewChartsProps) {
  const { connectionId, name } = facts;
  return (
    <section
      id="charts"
      class="stack"
      aria-labelledby="charts-head"
      hx-get={`/fragments/charts?connection=${connectionId}`}
      hx-trigger="every 60s"
      hx-swap="outerMorph"
    >
      <div class="card-line">
        <h2 id="charts-head">{name} today</h2>
        {connections.length > 1 && (
          <Tabs
            label="Charts of"
            tabs={connections.map((one) => ({
              href: `/?charts=${one.id}#charts`,
              label: one.name,
              isCurrent: one.id === connectionId,
            }))}
          />
        )}
      </div>
      <div class="panels">
        <ContactsChart facts={facts} />
        <HandleTimeChart facts={facts} />
        <StateDelayChart facts={facts} />
        <ReportDelayChart facts={facts} />
        <AgentsNow facts={facts} />
      </div>
    </section>
  );
}

const HOUR_TICKS = ['00', '04', '08', '12', '16', '20', '24'];
const CLOCKS = Array.from(
  { length: SLOTS_PER_DAY },
  (_, i) => `${String(Math.floor(i / 4)).padStart(2, '0')}:${String((i % 4) * 15).padStart(2, '0')}`,
);

const handled = ({ offered, abandoned }: IntervalSum) => Math.max(0, offered - abandoned);

/** Sums of both days over the same stretch of the clock: as far as today has come. */
function soFar(facts: ChartFacts, pick: (row: IntervalSum) => number): { today: number; before: number } {
  const { today, before, days } = facts;
  const last = today.at(-1);
  const doneMs = last ? last.startMs + INTERVAL_MS - days.today.startMs : 0;
  const sum = (rows: readonly IntervalSum[]) => rows.reduce((total, row) => total + pick(row), 0);
  return { today: sum(today), before: sum(before.filter(({ startMs }) => startMs < days.before.startMs + doneMs)) };
}

function comparison({ today, before }: { today: number; before: number }): string {
  if (before === 0) return '';
  const percent = Math.round((today / before - 1) * 100);
  return `, ${percent === 0 ? 'as many as' : `${Math.abs(percent)} % ${percent > 0 ? 'more' : 'fewer'} than`} by this time`;
}

function ContactsChart({ facts }: { facts: ChartFacts }) {
  const { timeZone, days } = facts;
  const sums = soFar(facts, ({ offered }) => offered);
  const beforeDay = dayText(days.beforeName);
  const compared = comparison(sums);
  return (
    <div class="card">
      <LineChart
        id="contacts"
        title="Contacts offered"
        summary={`${numberText(sums.today)} so far today${compared && `${compared} on ${beforeDay}`}.`}
        series={[
          { label: 'Today', look: 'main', values: bySlot(facts.today, timeZone, ({ offered }) => offered) },
          { label: beforeDay, look: 'before', values: bySlot(facts.before, timeZone, ({ offered }) => offered) },
        ]}
        places={CLOCKS}
        ticks={HOUR_TICKS}
        format={(value) => numberText(Math.round(value * 10) / 10)}
        empty="Contacts of each quarter of an hour appear here once the first interval has ended and settled, beside those of the same weekday a week before."
      />
    </div>
  );
}

function HandleTimeChart({ facts }: { facts: ChartFacts }) {
  const { timeZone, days } = facts;
  const mean = (row: IntervalSum) => (handled(row) === 0 ? null : row.handleTimeMs / handled(row) / 1_000);
  const times = soFar(facts, ({ handleTimeMs }) => handleTimeMs);
  const contacts = soFar(facts, handled);
  const meanOf = (time: number, count: number) => (count === 0 ? null : Math.round(time / count / 1_000));
  const [today, before] = [meanOf(times.today, contacts.today), meanOf(times.before, contacts.before)];
  const beforeDay = dayText(days.beforeName);
  return (
    <div class="card">
      <LineChart
        id="handle-time"
        title="Mean handle time"
        summary={
          today === null
            ? 'No contact was handled yet today.'
            : `${secondsText(today)} a contact so far today${before === null ? '' : `, ${secondsText(before)} by this time on ${beforeDay}`}.`
        }
        series={[
          { label: 'Today', look: 'main', values: bySlot(facts.today, timeZone, mean) },
          { label: beforeDay, look: 'before', values: bySlot(facts.before, timeZone, mean) },
        ]}
        places={CLOCKS}
        ticks={HOUR_TICKS}
        format={secondsText}
        empty="The mean handle time of each quarter of an hour appears here with the first figures."
      />
    </div>
  );
}

/** Delays by quarter of an hour of the last day, oldest first: the longest of each. */
function longest(facts: ChartFacts, delays: readonly Delay[]): (number | null)[] {
  const slots: (number | null)[] = Array.from({ length: SLOTS_PER_DAY + 1 }, () => null);
  for (const { atMs, delayMs } of delays) {
    const slot = Math.floor((atMs - facts.delaysFromMs) / INTERVAL_MS);
    if (slot >= 0 && slot < slots.length) slots[slot] = Math.max(slots[slot] ?? 0, delayMs);
  }
  return slots;
}

function lastDay({ delaysFromMs, timeZone }: ChartFacts): { places: string[]; ticks: string[] } {
  const places = Array.from(
    { length: SLOTS_PER_DAY + 1 },
    (_, i) => localTime(delaysFromMs + i * INTERVAL_MS, timeZone).clock,
  );
  const ticks = [0, 24, 48, 72, 96].map((i) => places[i] ?? '');
  return { places, ticks };
}

function typical(delays: readonly Delay[]): number | null {
  const sorted = delays.map(({ delayMs }) => delayMs).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}

function StateDelayChart({ facts }: { facts: ChartFacts }) {
  const median = typical(facts.stateDelays);
  const most = Math.max(0, ...facts.stateDelays.map(({ delayMs }) => delayMs));
  return (
    <div class="card">
      <LineChart
        id="state-delay"
        title="Delay of agent states"
        summary={`From the ACD's answer to Mpower's acceptance, last 24 hours: ${median === null ? '' : `typically ${delayText(median)}, `}at most ${delayText(most)}.`}
        series={[{ label: 'Longest in 15 min', look: 'main', values: longest(facts, facts.stateDelays) }]}
        {...lastDay(facts)}
        format={delayText}
        empty="How long agent states take from the ACD's answer to Mpower's acceptance appears here once the first were accepted."
      />
    </div>
  );
}

function ReportDelayChart({ facts }: { facts: ChartFacts }) {
  const median = typical(facts.reportDelays);
  const most = Math.max(0, ...facts.reportDelays.map(({ delayMs }) => delayMs));
  return (
    <div class="card">
      <LineChart
        id="report-delay"
        title="Delay of queue figures"
        summary={`From the end of an interval to its first acceptance, last 24 hours: ${median === null ? '' : `typically ${delayText(median)}, `}at most ${delayText(most)}.`}
        series={[{ label: 'First acceptance', look: 'main', values: longest(facts, facts.reportDelays) }]}
        {...lastDay(facts)}
        format={delayText}
        empty="How long after its end an interval's figures reach Mpower appears here once the first report was accepted."
      />
    </div>
  );
}

export const CLASS_LOOKS: Readonly<Record<StateClass, string>> = {
  ready: 'ready',
  contact: 'contact',
  'wrap-up': 'wrap-up',
  'not ready': 'not-ready',
  'signed out': 'signed-out',
};

function AgentsNow({ facts }: { facts: ChartFacts }) {
  const { states, connectionId } = facts;
  const signedIn = states.filter(({ stateClass }) => stateClass !== 'signed out');
  const total = signedIn.reduce((sum, { agents }) => sum + agents, 0);
  const signedOut = states.reduce((sum, { agents }) => sum + agents, 0) - total;
  return (
    <div class="card agents-now">
      <div class="card-line">
        <h3>Agents now by state</h3>
        <a href={`/connections/${connectionId}/agents`}>Show the agents</a>
      </div>
      {states.length === 0 ? (
        <p class="chart-empty quiet">
          How many agents are in each state appears here with the first answer of the ACD.
        </p>
      ) : (
        <>
          <p class="quiet chart-summary">
            <Num value={total} /> signed in, <Num value={signedOut} /> signed out.
          </p>
          <table class="shares">
            <caption class="hidden">Agents signed in by state</caption>
            <thead class="hidden">
              <tr>
                <th scope="col">State</th>
                <th scope="col">Agents</th>
                <th scope="col">Share</th>
              </tr>
            </thead>
            <tbody>
              {signedIn.slice(0, 8).map((share) => (
                <tr>
                  <th scope="row">
                    <a href={`/connections/${connectionId}/agents?state=${share.stateId}`}>{stateText(share)}</a>
                  </th>
                  <td class="n">
                    <Num value={share.agents} />
                  </td>
                  <td class="bar-cell">
                    <ShareBar value={share.agents} total={total} look={CLASS_LOOKS[share.stateClass]} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {signedIn.length > 8 && <p class="quiet">and {numberText(signedIn.length - 8)} further states</p>}
        </>
      )}
    </div>
  );
}

export function stateText({ state, reason }: Pick<StateShare, 'state' | 'reason'>): string {
  return reason === '' ? state : `${state}, ${reason}`;
}

function secondsText(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')} min`;
}

/** A delay in the unit that says something. */
export function delayText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 2 * MINUTE_MS) return `${Math.round(ms / 1_000)} s`;
  return ms < 120 * MINUTE_MS ? `${(ms / MINUTE_MS).toFixed(1)} min` : `${(ms / 60 / MINUTE_MS).toFixed(1)} h`;
}
