/** Agents: who is in what state since when. */
import { STATE_CLASSES } from '../../src/domain/agent-state.ts';
import type { AgentFilter, AgentNow } from '../../src/store/agents-now.ts';
import type { MappedState } from '../../src/store/mapping.ts';
import type { Identity } from '../app.ts';
import { type ConnectionFrame, Layout } from './layout.tsx';
import { CLASS_LOOKS, stateText } from './overview-charts.tsx';
import { Empty, FilterSelect, Filters, FilterText, PageHead, Pager } from './ui/page.tsx';
import { Scroll } from './ui/scroll.tsx';
import { Age, type Moment, Time } from './ui/time.tsx';

export interface AgentsPageProps {
  readonly identity: Identity | null;
  readonly frame: ConnectionFrame;
  readonly moment: Moment;
  readonly agents: readonly AgentNow[];
  /** Of a connection that merges others: the member whose state counts, by agent. */
  readonly winners: ReadonlyMap<number, string>;
  readonly states: readonly MappedState[];
  readonly filter: AgentFilter;
  /** The filters as an address' query. */
  readonly query: string;
  readonly older: string | null;
  readonly isFirst: boolean;
  /** When the bridge last heard from the ACD. */
  readonly lastPollMs: number | null;
}

export function AgentsPage(props: AgentsPageProps) {
  const { identity, frame, moment, filter, query, older, isFirst, states, agents } = props;
  const address = `/connections/${frame.id}/agents`;
  const any = { value: '', label: 'Any' };
  return (
    <Layout title="Agents" identity={identity} connection={frame} isLive={isFirst} refreshS={null}>
      <PageHead title="Agents" lead="Who is in what state since when. A name leads to the agent's day." />
      <Filters
        action={address}
        label="Narrow the agents"
        after={
          <a class="button plain" href={`${address}.csv?${query}`} download>
            Download CSV
          </a>
        }
      >
        <FilterText name="text" label="Name or id" value={filter.text} />
        <FilterSelect
          name="show"
          label="Show"
          value={filter.show}
          options={[
            { value: 'signed-in', label: 'Signed in' },
            ...STATE_CLASSES.map((one) => ({ value: one, label: one.charAt(0).toUpperCase() + one.slice(1) })),
            { value: 'all', label: 'Everybody' },
          ]}
        />
        <FilterSelect
          name="state"
          label="State"
          value={filter.stateId === null ? '' : String(filter.stateId)}
          options={[
            any,
            ...states.map((one) => ({
              value: String(one.id),
              label: stateText({ state: one.name, reason: one.reason }),
            })),
          ]}
        />
        <FilterSelect
          name="order"
          label="Order"
          value={filter.order}
          options={[
            { value: 'name', label: 'By name' },
            { value: 'longest', label: 'Longest in the state first' },
          ]}
        />
      </Filters>
      <div
        id="agents-now"
        hx-get={isFirst ? `${address}?${query}` : undefined}
        hx-select={isFirst ? '#agents-now' : undefined}
        hx-trigger={isFirst ? 'every 30s' : undefined}
        hx-swap={isFirst ? 'outerMorph' : undefined}
      >
        {agents.length === 0 ? <NoAgents {...props} /> : <AgentsTable {...props} />}
      </div>
      <Pager newer={isFirst ? null : `${address}?${query}`} older={older} />
      <p class="quiet">Times in {moment.timeZone}.</p>
    </Layout>
  );
}

function NoAgents({ filter, lastPollMs, frame }: AgentsPageProps) {
  const isNarrow = filter.text !== '' || filter.stateId !== null || filter.show !== 'signed-in';
  return (
    <Empty title={lastPollMs === null ? 'No agent states yet' : 'Nobody'}>
      <p>
        {lastPollMs === null
          ? 'As soon as the ACD has answered for the first time, everybody whom it names is listed here with the present state.'
          : isNarrow
            ? 'No agent fits these filters.'
            : 'Nobody is signed in now.'}{' '}
        {!isNarrow && lastPollMs !== null && <a href={`/connections/${frame.id}/agents?show=all`}>Show everybody</a>}
      </p>
    </Empty>
  );
}

function AgentsTable({ agents, winners, frame, moment, lastPollMs }: AgentsPageProps) {
  return (
    <section class="card flush">
      <div class="card-head">
        <p class="quiet">
          As the ACD said <Age atMs={lastPollMs} moment={moment} />
        </p>
      </div>
      <Scroll label="Agents">
        <table>
          <caption class="hidden">Agents and their states</caption>
          <thead>
            <tr>
              <th scope="col">Agent</th>
              <th scope="col">State</th>
              <th scope="col" class="n">
                For
              </th>
              <th scope="col">Since</th>
              <th scope="col">Counts as</th>
              <th scope="col">Login id</th>
            </tr>
          </thead>
          <tbody>
            {agents.map((agent) => (
              <tr>
                <th scope="row">
                  <a href={`/connections/${frame.id}/agents/${agent.id}`}>{agent.name || agent.sourceId}</a>
                  {!agent.included && <span class="badge idle flat">Left out</span>}
                </th>
                <td>
                  {agent.state === '' ? (
                    <span class="quiet">not known</span>
                  ) : (
                    <span class={`state ${agent.stateClass ? CLASS_LOOKS[agent.stateClass] : ''}`}>
                      {stateText(agent)}
                    </span>
                  )}
                  {winners.has(agent.id) && <span class="quiet"> from {winners.get(agent.id)}</span>}
                </td>
                <td class="nowrap n">
                  {agent.sinceMs !== null && clockSpan(Math.max(0, moment.nowMs - agent.sinceMs))}
                </td>
                <td class="nowrap">{agent.sinceMs !== null && <Time atMs={agent.sinceMs} moment={moment} />}</td>
                <td class="quiet nowrap">{agent.stateClass ?? ''}</td>
                <td>
                  {agent.loginId || <a href={`/connections/${frame.id}/roster?show=agents`}>none: cannot be placed</a>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

/** A duration as a clock shows it: "4:07", "1:02:33", "3 days". */
export function clockSpan(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  const two = (value: number) => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  if (hours >= 48) return `${Math.floor(hours / 24)} days`;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
