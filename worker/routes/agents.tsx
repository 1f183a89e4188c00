/** The list of agents with their states, and one agent's day. */
import { STATE_CLASSES } from '../../src/domain/agent-state.ts';
import { dayOf, dayWindow, isDay } from '../../src/domain/local-day.ts';
import {
  AGENT_ORDERS,
  type AgentCursor,
  type AgentFilter,
  type AgentNow,
  agentKey,
  listAgentsNow,
} from '../../src/store/agents-now.ts';
import { readStates } from '../../src/store/mapping.ts';
import { readAgent } from '../../src/store/roster-read.ts';
import { readLogHead } from '../../src/store/state-log.ts';
import { readAgentDay } from '../agent-day.ts';
import type { RoutedRequest, Visit } from '../app.ts';
import { storedSettings } from '../connection-settings.ts';
import { CSV_CHUNK_ROWS, csvAnswer } from '../csv.ts';
import { readWinners } from '../merging-view.ts';
import { AgentDayPage } from '../pages/agent-day.tsx';
import { AgentsPage } from '../pages/agents.tsx';
import { htmlPage, notFound } from '../respond.ts';
import { placeOf } from './place.ts';

const PAGE_ROWS = 100;

export async function showAgents(request: RoutedRequest, visit: Visit): Promise<Response> {
  const { app, identity, url } = visit;
  const { connection, frame, moment } = await placeOf(request, visit, 'agents');
  const filter = filterOf(url);
  const after = cursorOf(url, filter);
  const [rows, states, { head }] = await Promise.all([
    listAgentsNow(app.db, connection.id, filter, { after, limit: PAGE_ROWS + 1 }),
    readStates(app.db, connection.id),
    readLogHead(app.db, connection.id),
  ]);
  const agents = rows.slice(0, PAGE_ROWS);
  const winners = await readWinners(
    app.db,
    connection.id,
    storedSettings(connection),
    states,
    agents.map(({ id }) => id),
  );
  const last = agents.at(-1);
  const query = queryOf(filter);
  const next =
    last &&
    new URLSearchParams([
      ['after', String(agentKey(last, filter.order))],
      ['afterId', String(last.id)],
    ]);
  const page = (
    <AgentsPage
      identity={identity}
      frame={frame}
      moment={moment}
      agents={agents}
      winners={winners}
      states={states.toSorted((a, b) => a.name.localeCompare(b.name))}
      filter={filter}
      query={query}
      older={rows.length > PAGE_ROWS && next ? `/connections/${connection.id}/agents?${query}&${next}` : null}
      isFirst={after === null}
      lastPollMs={head?.untilMs ?? null}
    />
  );
  return htmlPage(page);
}

export async function agentsCsv(request: RoutedRequest, visit: Visit): Promise<Response> {
  const { connection } = await placeOf(request, visit, 'agents');
  const filter = filterOf(visit.url);
  return csvAnswer<AgentNow>(
    `agents-${connection.id}`,
    ['agent_id', 'name', 'login_id', 'state', 'reason', 'counts_as', 'since_utc'],
    (after) => {
      const cursor = after && { key: agentKey(after, filter.order), id: after.id };
      return listAgentsNow(visit.app.db, connection.id, filter, { after: cursor, limit: CSV_CHUNK_ROWS });
    },
    (row) => ({
      agent_id: row.sourceId,
      name: row.name,
      login_id: row.loginId,
      state: row.state,
      reason: row.reason,
      counts_as: row.stateClass,
      since_utc: row.sinceMs === null ? null : new Date(row.sinceMs).toISOString(),
    }),
  );
}

function filterOf({ searchParams }: URL): AgentFilter {
  const show = searchParams.get('show');
  const state = searchParams.get('state') ?? '';
  return {
    text: (searchParams.get('text') ?? '').trim().slice(0, 200),
    show: show === 'all' ? 'all' : (STATE_CLASSES.find((one) => one === show) ?? 'signed-in'),
    stateId: /^\d{1,15}$/.test(state) ? Number(state) : null,
    order: AGENT_ORDERS.find((order) => order === searchParams.get('order')) ?? 'name',
  };
}

function queryOf({ text, show, stateId, order }: AgentFilter): string {
  return String(new URLSearchParams({ text, show, state: stateId === null ? '' : String(stateId), order }));
}

function cursorOf({ searchParams }: URL, { order }: AgentFilter): AgentCursor | null {
  const key = searchParams.get('after');
  const id = searchParams.get('afterId') ?? '';
  if (key === null || !/^\d{1,15}$/.test(id)) return null;
  return { key: order === 'name' ? key : Number(key) || 0, id: Number(id) };
}

export async function showAgentDay(request: RoutedRequest, visit: Visit): Promise<Response> {
  const { app, identity, url } = visit;
  const { connection, frame, moment } = await placeOf(request, visit, 'agents');
  const { agent: agentId = '' } = request.params;
  const agent = /^\d{1,15}$/.test(agentId) ? await readAgent(app.db, connection.id, Number(agentId)) : null;
  if (!agent) throw notFound('There is no such agent.');
  const today = dayOf(moment.nowMs, moment.timeZone);
  const asked = url.searchParams.get('day') ?? '';
  const day = isDay(asked) && asked <= today ? asked : today;
  const window = dayWindow(day, moment.timeZone);
  const reportMinutes = storedSettings(connection)?.collection.reportMinutes ?? 15;
  const spans = await readAgentDay(app.db, { connectionId: connection.id, agentId: agent.id }, window, {
    reportMinutes,
    nowMs: moment.nowMs,
  });
  return htmlPage(<AgentDayPage {...{ identity, frame, moment, agent, day, today, window, spans }} />);
}
