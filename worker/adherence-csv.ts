/** Adherence by agent and day as rows, for API and CSV: agents page by page, so that memory does not grow with the centre. */
import { adherencePercent } from '../src/domain/adherence.ts';
import { dayWindow } from '../src/domain/local-day.ts';
import { listScheduledAgents, type ScheduledAgentCursor, scheduledAgentKey } from '../src/store/adherence.ts';
import { type AdherenceBasis, type AgentAdherence, readAdherence } from './adherence-view.ts';
import { type Cell, csvPages } from './csv.ts';

/** Agents times days that are read at once. */
const AGENT_DAYS_MAX = 200;

/** Which agents and days. */
export interface AdherenceQuery {
  /** Following each other, oldest first. */
  readonly days: readonly string[];
  /** Part of a name or id; '' for all. */
  readonly text: string;
  readonly agentId: number | null;
}

export interface AdherencePart {
  readonly rows: readonly AgentAdherence[];
  /** Where the next part begins; null after the last. */
  readonly next: ScheduledAgentCursor | null;
}

/** The next agents, each with all of the days. */
export async function readAdherencePart(
  db: D1Database,
  basis: AdherenceBasis,
  { days, text, agentId }: AdherenceQuery,
  after: ScheduledAgentCursor | null,
  agentsMax = Number.POSITIVE_INFINITY,
): Promise<AdherencePart> {
  const { connectionId, timeZone } = basis;
  const window = {
    startMs: dayWindow(days[0] ?? '', timeZone).startMs,
    endMs: dayWindow(days.at(-1) ?? '', timeZone).endMs,
  };
  const limit = Math.max(1, Math.min(agentsMax, Math.floor(AGENT_DAYS_MAX / days.length)));
  const found = await listScheduledAgents(db, { connectionId, window, text, agentId, after, limit: limit + 1 });
  const agents = found.slice(0, limit);
  const last = agents.at(-1);
  const rows = await readAdherence(db, basis, agents, days);
  return { rows, next: found.length > limit && last ? scheduledAgentKey(last) : null };
}

/** One row as programs read it. Times in milliseconds; percent of the time that is known, null where none is. */
export function toAdherence({ agent, day, sum }: AgentAdherence) {
  return {
    agentId: agent.id,
    agentSourceId: agent.sourceId,
    agentName: agent.name,
    loginId: agent.loginId,
    employeeId: agent.employeeId,
    day,
    ...sum,
    adherencePct: adherencePercent(sum),
  };
}

const COLUMNS = [
  'agentId',
  'agentSourceId',
  'agentName',
  'loginId',
  'employeeId',
  'day',
  'scheduledMs',
  'inMs',
  'outMs',
  'unknownMs',
  'adherencePct',
] as const;

/** All of it as a file, read while it is taken. */
export function adherenceCsv(db: D1Database, basis: AdherenceBasis, query: AdherenceQuery): Response {
  async function* pages(): AsyncGenerator<Cell[][]> {
    let after: ScheduledAgentCursor | null = null;
    do {
      const part: AdherencePart = await readAdherencePart(db, basis, query, after);
      const rows = part.rows.map(toAdherence);
      yield rows.map((row) => COLUMNS.map((column) => row[column]));
      after = part.next;
    } while (after !== null);
  }
  return csvPages(`adherence-${query.days[0]}`, COLUMNS, pages());
}
