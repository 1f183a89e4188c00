/** Queues, agents and states of a connection: listed, and mapped to what the WFM calls them. */
import * as z from 'zod';
import { STATE_CLASSES } from '../../src/domain/agent-state.ts';
import {
  type AgentRow,
  listAgents,
  listQueues,
  mapAgent,
  mapQueue,
  type QueueRow,
  readAgent,
  readQueue,
} from '../../src/store/roster-read.ts';
import { listStates, mapState, readState, type StateRow } from '../../src/store/states-read.ts';
import { type App, callCollector, pokeCollector } from '../app.ts';
import { notFound, ProblemError } from '../respond.ts';
import { endpoint } from './endpoint.ts';
import {
  connectionParams,
  cutPage,
  iso,
  isoOrNull,
  isoText,
  itemParams,
  pageOf,
  pageParameters,
  readCursor,
  requireConnection,
} from './shapes.ts';

const TAG = 'Roster';
const pageQuery = z.strictObject(pageParameters);
const key = z.string().trim().min(1).max(300);
const percent = z.number().min(0).max(100);

const queue = z
  .strictObject({
    id: z.int(),
    sourceId: z.string().describe("The ACD's id."),
    aliasId: z.string(),
    name: z.string(),
    queueValue: z.string().nullable().describe("Key in the WFM; null: the ACD's id."),
    isOutbound: z.boolean(),
    shortPct: z.number().nullable().describe("Share answered within the service level; null: the connection's."),
    serviceLevelMs: z.int().nullable(),
    included: z.boolean(),
    inRoster: z.boolean(),
    firstSeenAt: isoText,
    removedAt: isoText.nullable(),
  })
  .meta({ id: 'Queue' });

const agent = z
  .strictObject({
    id: z.int(),
    sourceId: z.string().describe("The ACD's id."),
    aliasId: z.string(),
    username: z.string(),
    name: z.string(),
    loginId: z.string().nullable().describe('ACD Login ID in the WFM; null: the user name.'),
    employeeId: z.string(),
    included: z.boolean(),
    inRoster: z.boolean(),
    heldCount: z.int().describe('State changes that wait for a login id.'),
    firstSeenAt: isoText,
    removedAt: isoText.nullable(),
  })
  .meta({ id: 'Agent' });

const state = z
  .strictObject({
    id: z.int(),
    name: z.string(),
    reason: z.string(),
    class: z.enum(STATE_CLASSES),
    eventCode: z.string().nullable().describe('What the WFM is told; null: the name.'),
    reasonCode: z.string().nullable().describe('What the WFM is told; null: the reason.'),
    reviewed: z.boolean(),
    firstSeenAt: isoText,
    lastSeenAt: isoText,
    seenCount: z.int(),
  })
  .meta({ id: 'State' });

function toQueue({ firstSeenMs, removedAtMs, ...row }: QueueRow): z.input<typeof queue> {
  return { ...row, firstSeenAt: iso(firstSeenMs), removedAt: isoOrNull(removedAtMs) };
}
function toAgent({ firstSeenMs, removedAtMs, ...row }: AgentRow): z.input<typeof agent> {
  return { ...row, firstSeenAt: iso(firstSeenMs), removedAt: isoOrNull(removedAtMs) };
}
function toState({ firstSeenMs, lastSeenMs, ...row }: StateRow): z.input<typeof state> {
  return { ...row, firstSeenAt: iso(firstSeenMs), lastSeenAt: iso(lastSeenMs) };
}

type IdLister<T> = (db: D1Database, page: { connectionId: number; afterId: number; limit: number }) => Promise<T[]>;

async function listPage<T extends { id: number }, R>(
  app: App,
  connectionId: number,
  query: { limit: number; cursor?: string | undefined },
  list: IdLister<T>,
  convert: (row: T) => R,
): Promise<{ rows: R[]; nextCursor: string | null }> {
  await requireConnection(app, connectionId);
  const afterId = readCursor(query.cursor, 1)?.[0] ?? 0;
  const rows = await list(app.db, { connectionId, afterId, limit: query.limit + 1 });
  const page = cutPage(rows, query.limit, (row) => [row.id]);
  return { rows: page.rows.map(convert), nextCursor: page.nextCursor };
}

export const listQueuesEndpoint = endpoint({
  tag: TAG,
  summary: 'Queues',
  params: connectionParams,
  query: pageQuery,
  answer: pageOf(queue),
  handle: ({ app, params, query }) => listPage(app, params.connectionId, query, listQueues, toQueue),
});

export const listAgentsEndpoint = endpoint({
  tag: TAG,
  summary: 'Agents',
  params: connectionParams,
  query: pageQuery,
  answer: pageOf(agent),
  handle: ({ app, params, query }) => listPage(app, params.connectionId, query, listAgents, toAgent),
});

export const listStatesEndpoint = endpoint({
  tag: TAG,
  summary: 'Every state ever seen',
  params: connectionParams,
  query: pageQuery,
  answer: pageOf(state),
  handle: ({ app, params, query }) => listPage(app, params.connectionId, query, listStates, toState),
});

export const mapQueueEndpoint = endpoint({
  tag: TAG,
  summary: 'Map a queue',
  description: 'Fields left out stay. Reports made from now on follow the mapping.',
  params: itemParams,
  body: z
    .strictObject({
      queueValue: key.nullable().optional(),
      isOutbound: z.boolean().optional(),
      shortPct: percent.nullable().optional(),
      included: z.boolean().optional(),
    })
    .meta({ id: 'QueueMapping' }),
  answer: queue,
  async handle({ app, params, body }) {
    const done = await mapQueue(app.db, params.connectionId, params.id, body);
    const row = done ? await readQueue(app.db, params.connectionId, params.id) : null;
    if (!row) throw notFound(`There is no queue ${params.id} of connection ${params.connectionId}.`);
    await pokeCollector(app, params.connectionId);
    return toQueue(row);
  },
});

export const mapAgentEndpoint = endpoint({
  tag: TAG,
  summary: 'Map an agent',
  description: 'Fields left out stay. State changes that waited for a login id are sent once there is one.',
  params: itemParams,
  body: z
    .strictObject({
      loginId: z.string().trim().min(1).max(256).nullable().optional(),
      employeeId: z.string().trim().max(256).optional(),
      included: z.boolean().optional(),
    })
    .meta({ id: 'AgentMapping' }),
  answer: agent,
  async handle({ app, params, body }) {
    const done = await mapAgent(app.db, params.connectionId, params.id, body);
    const row = done ? await readAgent(app.db, params.connectionId, params.id) : null;
    if (!row) throw notFound(`There is no agent ${params.id} of connection ${params.connectionId}.`);
    await pokeCollector(app, params.connectionId);
    return toAgent(row);
  },
});

export const mapStateEndpoint = endpoint({
  tag: TAG,
  summary: 'Say what a state counts as',
  params: itemParams,
  body: z
    .strictObject({
      class: z.enum(STATE_CLASSES).optional(),
      eventCode: z.string().trim().min(1).max(256).nullable().optional(),
      reasonCode: z.string().trim().max(256).nullable().optional(),
      reviewed: z.boolean().optional(),
    })
    .meta({ id: 'StateMapping' }),
  answer: state,
  async handle({ app, params, body }) {
    const done = await mapState(app.db, params.connectionId, params.id, body);
    const row = done ? await readState(app.db, params.connectionId, params.id) : null;
    if (!row) throw notFound(`There is no state ${params.id} of connection ${params.connectionId}.`);
    await pokeCollector(app, params.connectionId);
    return toState(row);
  },
});

export const importRosterEndpoint = endpoint({
  tag: TAG,
  summary: 'Import the roster now',
  description: 'It is imported on save and daily by itself.',
  params: connectionParams,
  status: 202,
  answer: z.strictObject({ message: z.string() }),
  problems: { 503: 'The collector cannot be reached.' },
  async handle({ app, params }) {
    await requireConnection(app, params.connectionId);
    const told = await callCollector(app, params.connectionId, (collector) => collector.importRoster());
    if (!told) throw new ProblemError(503, 'Not now', 'The collector could not be reached. Try again in a minute.');
    return { message: 'The roster is being imported. The diary tells how it went.' };
  },
});
