/** The report of adherence: all agents of a day, one agent's day, and CSV. */
import { dayOf } from '../../src/domain/local-day.ts';
import type { ScheduledAgentCursor } from '../../src/store/adherence.ts';
import { readAgent } from '../../src/store/roster-read.ts';
import { type AdherenceQuery, adherenceCsv, readAdherencePart } from '../adherence-csv.ts';
import { readAdherence, readBasis } from '../adherence-view.ts';
import type { RoutedRequest, Visit } from '../app.ts';
import { AdherencePage } from '../pages/adherence.tsx';
import { AgentAdherencePage } from '../pages/adherence-agent.tsx';
import { isReportDay } from '../report-day.ts';
import { htmlPage, notFound } from '../respond.ts';
import { type Place, placeOf } from './place.ts';

const AGENTS_A_PAGE = 50;

export async function showAdherence(request: RoutedRequest, visit: Visit): Promise<Response> {
  const { app, identity, url } = visit;
  const place = await placeOf(request, visit, 'reports');
  const { frame, moment } = place;
  const { day, today } = dayAsked(url, place);
  const text = textOf(url);
  const after = cursorOf(url);
  const basis = await basisOf(visit, place);
  const { rows, next } = await readAdherencePart(app.db, basis, queryOf(day, text), after, AGENTS_A_PAGE);
  const query = new URLSearchParams({ day, text, after: next?.name ?? '', afterId: String(next?.id ?? '') });
  const older = next && `/connections/${frame.id}/reports/adherence?${query}`;
  const { graceMs } = basis.rules;
  const isFirst = after === null;
  return htmlPage(<AdherencePage {...{ identity, frame, moment, today, day, text, graceMs, rows, isFirst, older }} />);
}

export async function exportAdherence(request: RoutedRequest, visit: Visit): Promise<Response> {
  const place = await placeOf(request, visit, 'reports');
  const query = queryOf(dayAsked(visit.url, place).day, textOf(visit.url));
  return adherenceCsv(visit.app.db, await basisOf(visit, place), query);
}

export async function showAgentAdherence(request: RoutedRequest, visit: Visit): Promise<Response> {
  const { app, identity, url } = visit;
  const place = await placeOf(request, visit, 'reports');
  const { connection, frame, moment } = place;
  const { agent: id = '' } = request.params;
  const agent = /^\d{1,15}$/.test(id) ? await readAgent(app.db, connection.id, Number(id)) : null;
  if (!agent) throw notFound('There is no such agent.');
  const { day, today } = dayAsked(url, place);
  const basis = await basisOf(visit, place);
  const scheduled = { ...agent, loginId: agent.loginId ?? agent.username };
  const [adherence = null] = await readAdherence(app.db, basis, [scheduled], [day]);
  return htmlPage(<AgentAdherencePage {...{ identity, frame, moment, agent, day, today, basis, adherence }} />);
}

const basisOf = ({ app, nowMs }: Visit, { connection, moment }: Place) =>
  readBasis(app.db, { id: connection.id, timeZone: moment.timeZone }, nowMs);

const queryOf = (day: string, text: string): AdherenceQuery => ({ days: [day], text, agentId: null });

/** The day of the address: today where it names none, or one that has not come. */
function dayAsked({ searchParams }: URL, { moment }: Place): { day: string; today: string } {
  const today = dayOf(moment.nowMs, moment.timeZone);
  const asked = searchParams.get('day') ?? '';
  return { day: isReportDay(asked) && asked <= today ? asked : today, today };
}

function textOf({ searchParams }: URL): string {
  return (searchParams.get('text') ?? '').trim().slice(0, 200);
}

function cursorOf({ searchParams }: URL): ScheduledAgentCursor | null {
  const name = searchParams.get('after');
  const id = searchParams.get('afterId') ?? '';
  return name === null || !/^\d{1,15}$/.test(id) ? null : { name, id: Number(id) };
}
