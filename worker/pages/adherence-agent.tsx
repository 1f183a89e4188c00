/** One agent's day: scheduled against actual, and every span of it with its verdict. */
import type { AdherenceSpan } from '../../src/domain/adherence.ts';
import type { StateClass } from '../../src/domain/agent-state.ts';
import { shiftDay } from '../../src/domain/local-day.ts';
import type { AdherenceBasis, AgentAdherence } from '../adherence-view.ts';
import type { Identity } from '../app.ts';
import { Fact, hoursText, percentText, VERDICT_WORDS, VerdictLegend, verdictLook } from './adherence.tsx';
import { type ConnectionFrame, Layout } from './layout.tsx';
import { CLASS_LOOKS, stateText } from './overview-charts.tsx';
import { PeriodNav } from './reports-head.tsx';
import { Clock, longDayText } from './ui/day.tsx';
import { Empty, PageHead } from './ui/page.tsx';
import { Scroll } from './ui/scroll.tsx';
import type { Moment } from './ui/time.tsx';
import { TimeAxis, TimeLine } from './ui/time-line.tsx';

export interface AgentAdherencePageProps {
  readonly identity: Identity | null;
  readonly frame: ConnectionFrame;
  readonly moment: Moment;
  readonly agent: { readonly id: number; readonly name: string; readonly sourceId: string };
  readonly day: string;
  readonly today: string;
  readonly basis: AdherenceBasis;
  /** Null: nothing is scheduled on the day. */
  readonly adherence: AgentAdherence | null;
}

export function AgentAdherencePage(props: AgentAdherencePageProps) {
  const { identity, frame, moment, agent, day, today, basis, adherence } = props;
  const reports = `/connections/${frame.id}/reports`;
  const address = (other: string) => `${reports}/adherence/agents/${agent.id}?day=${other}`;
  const name = agent.name || agent.sourceId;
  return (
    <Layout title={`Adherence of ${name}, ${day}`} identity={identity} connection={frame}>
      <PageHead title={name} lead={`Adherence. Times in ${moment.timeZone}.`}>
        <a href={`${reports}/adherence?day=${day}`}>All agents</a>
        <a href={`/connections/${frame.id}/agents/${agent.id}?day=${day}`}>States of the day</a>
      </PageHead>
      <div class="range">
        <PeriodNav
          label="Days"
          earlier={address(shiftDay(day, -1))}
          later={day < today ? address(shiftDay(day, 1)) : null}
        >
          {longDayText(day)}
        </PeriodNav>
      </div>
      {adherence === null ? (
        <Empty title="Nothing is scheduled on this day">
          <p>
            Schedules are uploaded on <a href={`${reports}/schedules?day=${day}`}>Schedules</a>.
          </p>
        </Empty>
      ) : (
        <>
          <dl class="facts card-less">
            <Fact label="Adherence">{percentText(adherence.sum)}</Fact>
            <Fact label="Scheduled so far">{hoursText(adherence.sum.scheduledMs)}</Fact>
            <Fact label="In adherence">{hoursText(adherence.sum.inMs)}</Fact>
            <Fact label="Out of adherence">{hoursText(adherence.sum.outMs)}</Fact>
            <Fact label="Not observed">{hoursText(adherence.sum.unknownMs)}</Fact>
          </dl>
          <section class="card" aria-label="Time line">
            <Lanes {...props} adherence={adherence} />
          </section>
          <section class="card flush">
            <Scroll label="Scheduled and actual">
              <SpanTable spans={adherence.spans} basis={basis} moment={moment} />
            </Scroll>
          </section>
        </>
      )}
    </Layout>
  );
}

function Lanes({ moment, day, basis, adherence }: AgentAdherencePageProps & { adherence: AgentAdherence }) {
  const { window, schedule, actual, spans } = adherence;
  return (
    <figure class="chart">
      <figcaption>
        <strong>Scheduled against actual</strong>
        <span class="legend">
          {Object.entries(CLASS_LOOKS).map(([stateClass, look]) => (
            <span class={`state ${look}`}>{stateClass}</span>
          ))}
        </span>
      </figcaption>
      <div class="lanes">
        <span>Scheduled</span>
        <TimeLine
          label={`Scheduled on ${day}; the table below has it in words`}
          window={window}
          spans={schedule.map((one) => ({
            ...one,
            look: scheduleLook(basis.classesOf(one.activity)),
            title: one.activity,
          }))}
        />
        <span>Actual</span>
        <TimeLine
          label={`States on ${day}`}
          window={window}
          spans={actual.map((one) => ({
            ...one,
            look: one.stateClass === null ? 'unknown' : CLASS_LOOKS[one.stateClass],
            title: stateName(one.stateId, basis),
          }))}
        />
        <span>Verdict</span>
        <TimeLine
          label={`Adherence on ${day}`}
          window={window}
          spans={spans.map((one) => ({
            ...one,
            look: verdictLook(one.verdict),
            title: `${one.activity}: ${verdictText(one)}`,
          }))}
        />
        <TimeAxis window={window} timeZone={moment.timeZone} />
      </div>
      <VerdictLegend />
    </figure>
  );
}

/** A scheduled activity takes the colour of a class that adheres to it: being away, where that is one, tells most. */
function scheduleLook(classes: readonly StateClass[]): string {
  const told = classes.includes('not ready') ? 'not ready' : classes[0];
  return told === undefined ? 'unknown' : CLASS_LOOKS[told];
}

function stateName(stateId: number, { states }: AdherenceBasis): string {
  const state = states.get(stateId);
  return state ? stateText({ state: state.name, reason: state.reason }) : 'not observed';
}

function verdictText({ verdict, grace }: AdherenceSpan): string {
  return grace ? 'in adherence, by the grace period' : VERDICT_WORDS[verdict];
}

function SpanTable(props: { spans: readonly AdherenceSpan[]; basis: AdherenceBasis; moment: Moment }) {
  const { spans, basis, moment } = props;
  return (
    <table>
      <caption class="hidden">Scheduled and actual</caption>
      <thead>
        <tr>
          <th scope="col">From</th>
          <th scope="col">To</th>
          <th scope="col" class="n">
            Lasted
          </th>
          <th scope="col">Scheduled</th>
          <th scope="col">Actual</th>
          <th scope="col">Verdict</th>
        </tr>
      </thead>
      <tbody>
        {spans.map((span) => (
          <tr>
            <td class="nowrap">
              <Clock atMs={span.startMs} timeZone={moment.timeZone} />
            </td>
            <td class="nowrap">
              <Clock atMs={span.endMs} timeZone={moment.timeZone} />
            </td>
            <td class="n nowrap">{hoursText(span.endMs - span.startMs)}</td>
            <td>{span.activity}</td>
            <td>{stateName(span.stateId, basis)}</td>
            <td>
              <span class={`state ${verdictLook(span.verdict)}`}>{verdictText(span)}</span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
