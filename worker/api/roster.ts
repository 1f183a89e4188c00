/** Queues, agents and states of a connection: listed, and the roster imported by hand. */
import * as z from 'zod';
import { STATE_CLASSES } from '../../src/domain/agent-state.ts';
import { type AgentRow, listAgents, listQueues, type QueueRow } from '../../src/store/roster-read.ts';
import { listStates, type StateRow } from '../../src/store/states-read.ts';
import { importRosterNow } from '../mapping/import.ts';
import { endpoint } from './endpoint.ts';
import { afterId, connectionListing } from './listing.ts';
import { connectionParams, iso, isoOrNull, isoText, pageParameters, requireConnection } from './shapes.ts';

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

export const listQueuesEndpoint = connectionListing({
  tag: TAG,
  summary: 'Queues',
  query: pageQuery,
  row: queue,
  key: ['id'],
  open:
    (db, { connectionId }) =>
    (page) =>
      listQueues(db, { connectionId, ...afterId(page) }),
  convert: toQueue,
});

export const listAgentsEndpoint = connectionListing({
  tag: TAG,
  summary: 'Agents',
  query: pageQuery,
  row: agent,
  key: ['id'],
  open:
    (db, { connectionId }) =>
    (page) =>
      listAgents(db, { connectionId, ...afterId(page) }),
  convert: toAgent,
});

export const listStatesEndpoint = connectionListing({
  tag: TAG,
  summary: 'Every state ever seen',
  query: pageQuery,
  row: state,
  key: ['id'],
  open:
    (db, { connectionId }) =>
    (page) =>
      listStates(db, { connectionId, ...afterId(page) }),
  convert: toState,
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
