/** Queues, agents and states of a connection: listed, and the roster imported by hand. */
import * as z from 'zod';
import { STATE_CLASSES } from '../../src/domain/agent-state.ts';
import { type AgentRow, listAgents, listQueues, type QueueRow } from '../../src/store/roster-read.ts';
import { listStates, type StateRow } from '../../src/store/states-read.ts';
import type { App } from '../app.ts';
import { importRosterNow } from '../mapping/import.ts';
import { endpoint } from './endpoint.ts';
import {
  connectionParams,
  cutPage,
  iso,
  isoOrNull,
  isoText,
  pageOf,
  pageParameters,
  readCursor,
  requireConnection,
} from './shapes.ts';

const TAG = 'Roster';
const pageQuery = z.strictObject(pageParameters);

export const queue = z
  .strictObject({
    id: z.int(),
    sourceId: z.string().describe("The ACD's id."),
    aliasId: z.string(),
    name: z.string(),
    queueValue: z.string().nullable().describe("Key in the WFM; null: the ACD's id."),
    isOutbound: z.boolean(),
    mixed: z.boolean().describe('Carries both directions: NICE drops such records.'),
    shortPct: z.number().nullable().describe("Share answered within the service level; null: the connection's."),
    serviceLevelMs: z.int().nullable(),
    included: z.boolean(),
    inRoster: z.boolean(),
    firstSeenAt: isoText,
    removedAt: isoText.nullable(),
  })
  .meta({ id: 'Queue' });

export const agent = z
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

export const state = z
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

export function toQueue({ firstSeenMs, removedAtMs, ...row }: QueueRow): z.input<typeof queue> {
  return { ...row, firstSeenAt: iso(firstSeenMs), removedAt: isoOrNull(removedAtMs) };
}
export function toAgent({ firstSeenMs, removedAtMs, ...row }: AgentRow): z.input<typeof agent> {
  return { ...row, firstSeenAt: iso(firstSeenMs), removedAt: isoOrNull(removedAtMs) };
}
export function toState({ firstSeenMs, lastSeenMs, ...row }: StateRow): z.input<typeof state> {
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

export const importRosterEndpoint = endpoint({
  tag: TAG,
  summary: 'Import the roster now',
  description: 'It is imported on save and daily by itself.',
  params: connectionParams,
  status: 202,
  answer: z.strictObject({ message: z.string() }),
  problems: { 503: 'The collector cannot be reached.' },
  async handle({ params, ...asking }) {
    await requireConnection(asking.app, params.connectionId);
    await importRosterNow(asking, params.connectionId);
    return { message: 'The roster is being imported. The diary tells how it went.' };
  },
});
