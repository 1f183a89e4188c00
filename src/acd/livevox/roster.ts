/**
 * Reads LiveVox's lists of agents and services, page by page, whole or not at all: whoever is missing from a part must not
 * be taken for removed.
 */
import type * as z from 'zod';
import type { Roster, RosterAgent, RosterQueue } from '../../domain/roster.ts';
import { describeIssues, parseJson, parseShape } from '../../http/request.ts';
import { UpstreamError } from '../../http/upstream-error.ts';
import {
  agentDetailsWire,
  agentWire,
  CALL_CENTER_PARAMETER,
  callCenterWire,
  LIST_FIELDS,
  PSEUDO_SKILLS,
  rowsOf,
  serviceWire,
} from './schema.ts';
import type { LiveVoxSession } from './session.ts';
import type { LiveVoxAdvanced } from './settings.ts';

const PAGES_MAX = 1_000;
/** Agents that are asked for by themselves side by side, and in one reading. */
const DETAILS_AT_ONCE = 4;
const DETAILS_MAX = 5_000;

type Rosters = (session: LiveVoxSession) => Promise<Roster>;

/**
 * A reader of all services and agents. It remembers the login ids that it had to ask for one by one. Throws `UpstreamError`
 * when a page or an agent fails, or a row cannot be read.
 */
export function createRosterReader(settings: LiveVoxAdvanced): Rosters {
  const details = new Map<string, Pick<RosterAgent, 'username' | 'name'>>();
  return async (session) => {
    const listed = await readServices(session, settings);
    const ids = new Set(listed.map(({ queueId }) => queueId));
    const queues = [...listed, ...PSEUDO_SKILLS.filter(({ queueId }) => !ids.has(queueId))];
    const agents = await readList(
      session,
      { ...settings, path: settings.agentsPath, fields: fieldsOf(settings.agentsField, LIST_FIELDS.agents) },
      agentWire,
      ({ agentId }) => agentId,
    );
    if (!settings.readAgentDetails) return { queues, agents };
    await readDetails(session, settings.agentsPath, agents, details);
    return {
      queues,
      agents: agents.map((agent) => (isWhole(agent) ? agent : { ...agent, ...details.get(agent.agentId) })),
    };
  };
}

async function readServices(session: LiveVoxSession, settings: LiveVoxAdvanced): Promise<RosterQueue[]> {
  const services = (callCenterId?: string) =>
    readList(
      session,
      {
        ...settings,
        path: settings.servicesPath,
        fields: fieldsOf(settings.servicesField, LIST_FIELDS.services),
        ...(callCenterId === undefined ? {} : { query: [[CALL_CENTER_PARAMETER, callCenterId]] }),
      },
      serviceWire,
      ({ queueId }) => queueId,
    );
  if (!settings.servicesByCallCenter) return services();
  const callCenters = await readList(
    session,
    {
      ...settings,
      path: settings.callCentersPath,
      fields: fieldsOf(settings.callCentersField, LIST_FIELDS.callCenters),
    },
    callCenterWire,
    ({ callCenterId }) => callCenterId,
  );
  const byId = new Map<string, RosterQueue>();
  for (const { callCenterId } of callCenters) {
    for (const queue of await services(callCenterId)) byId.set(queue.queueId, queue);
  }
  return [...byId.values()];
}

const isWhole = ({ username, enabled }: RosterAgent) => username !== '' || !enabled;

/** Asks for each agent whose login id the list left out, but for those asked for before and those who have left. */
async function readDetails(
  session: LiveVoxSession,
  path: string,
  agents: readonly RosterAgent[],
  details: Map<string, Pick<RosterAgent, 'username' | 'name'>>,
): Promise<void> {
  const missing = agents.filter((agent) => !isWhole(agent) && !details.has(agent.agentId));
  if (missing.length > DETAILS_MAX) {
    const limit = `${DETAILS_MAX.toLocaleString('en')} agents without a login id`;
    throw new UpstreamError(`GET ${path}`, { kind: 'oversize', limit });
  }
  for (let at = 0; at < missing.length; at += DETAILS_AT_ONCE) {
    await Promise.all(
      missing.slice(at, at + DETAILS_AT_ONCE).map(async ({ agentId, name }) => {
        const { endpoint, text } = await session.get(`${path}/${encodeURIComponent(agentId)}`);
        const read = parseShape(endpoint, parseJson(endpoint, text), agentDetailsWire);
        const fullName = name || `${read.firstName} ${read.lastName}`.trim() || read.loginId;
        details.set(agentId, { username: read.loginId, name: fullName });
      }),
    );
  }
}

interface List extends Pick<LiveVoxAdvanced, 'countParameter' | 'offsetParameter' | 'rowsPerPage'> {
  readonly path: string;
  readonly fields: readonly string[];
  readonly query?: readonly (readonly [string, string])[];
}

const fieldsOf = (field: string, known: readonly string[]) => (field === '' ? known : [field]);

/** The rows of all pages; of rows with the same id the last. An empty page is the end; a short one may be a smaller cap. */
async function readList<S extends z.ZodType>(
  session: LiveVoxSession,
  list: List,
  wire: S,
  idOf: (row: z.output<S>) => string,
): Promise<z.output<S>[]> {
  const byId = new Map<string, z.output<S>>();
  let offset = 0;
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const { endpoint, rows } = await readPage(session, list, offset);
    if (rows.length === 0) return [...byId.values()];
    const countBefore = byId.size;
    for (const [index, row] of rows.entries()) {
      const parsed = wire.safeParse(row);
      if (!parsed.success) {
        const issues = `row ${offset + index} cannot be read, and without it the list is not whole: ${describeIssues(parsed.error)}`;
        throw new UpstreamError(endpoint, { kind: 'shape', issues });
      }
      byId.set(idOf(parsed.data), parsed.data);
    }
    if (byId.size === countBefore) {
      // The first page again, and shorter than asked for: all there is fits into one answer, whatever is asked.
      if (rows.length === byId.size && rows.length < list.rowsPerPage) return [...byId.values()];
      const issues = `the page at row ${offset} brought nothing new; LiveVox seems to overlook "${list.offsetParameter}"`;
      throw new UpstreamError(endpoint, { kind: 'shape', issues });
    }
    offset += rows.length;
  }
  throw new UpstreamError(`GET ${list.path}`, { kind: 'oversize', limit: `${PAGES_MAX} pages` });
}

async function readPage(session: LiveVoxSession, list: List, offset: number) {
  const { path, fields, query = [], countParameter, offsetParameter, rowsPerPage } = list;
  const parameters = new URLSearchParams([
    ...query.map(([name, value]) => [name, value]),
    [countParameter, String(rowsPerPage)],
    [offsetParameter, String(offset)],
  ]);
  const { endpoint, status, text } = await session.get(path, `?${parameters}`);
  // "No Content" is how some servers say that a list is over.
  if (status === 204) return { endpoint, rows: [] };
  const rows = rowsOf(parseJson(endpoint, text), fields);
  if (rows === null) {
    const issues = `neither a list of rows nor an object with one under "${fields[0]}"`;
    throw new UpstreamError(endpoint, { kind: 'shape', issues });
  }
  return { endpoint, rows };
}
