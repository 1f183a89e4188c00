/** Figures of agents as the source tells them: their time in an interval, and what they did for a queue in it. */
import * as z from 'zod';
import {
  type AgentIntervalRow,
  type AgentQueueIntervalRow,
  listAgentIntervals,
  listAgentQueueIntervals,
} from '../../src/store/agent-figures-read.ts';
import { connectionListing } from './listing.ts';
import { formatParameter, id, iso, isoText, pageParameters, rangeOf, rangeParameters } from './shapes.ts';

const TAG = 'Figures';

const agentColumns = { agentId: z.int(), agentSourceId: z.string(), agentName: z.string(), loginId: z.string() };
const endColumns = { revision: z.int(), readAt: isoText };

const agentInterval = z
  .strictObject({
    start: isoText,
    ...agentColumns,
    loginTimeMs: z.int(),
    readyTimeMs: z.int(),
    notReadyTimeMs: z.int().describe('Signed in, and neither ready, nor on a contact, nor in wrap-up.'),
    ...endColumns,
  })
  .meta({ id: 'AgentInterval' });

const agentQueueInterval = z
  .strictObject({
    start: isoText,
    queueId: z.int(),
    queueSourceId: z.string(),
    queueName: z.string(),
    ...agentColumns,
    handled: z.int(),
    handleTimeMs: z.int().describe('Talk and hold time, without after-call work.'),
    workTimeMs: z.int().describe('After-call work.'),
    holdTimeMs: z.int(),
    ...endColumns,
  })
  .meta({ id: 'AgentQueueInterval' });

function toOutside<T extends { readonly startMs: number; readonly readAtMs: number }>({
  startMs,
  readAtMs,
  ...row
}: T): Omit<T, 'startMs' | 'readAtMs'> & { start: string; readAt: string } {
  return { ...row, start: iso(startMs), readAt: iso(readAtMs) };
}

export const listAgentIntervalsEndpoint = connectionListing({
  tag: TAG,
  summary: 'Times of agents in each interval, as the source tells them',
  description: 'Sources that tell none have no rows here: what follows from states is in the activities.',
  query: z.strictObject({ ...rangeParameters, agent: id.optional(), ...pageParameters, ...formatParameter }),
  row: agentInterval,
  key: ['startMs', 'agentId'],
  open(db, { connectionId, query }) {
    const range = { connectionId, window: rangeOf(query), agentId: query.agent ?? null };
    return (page) => listAgentIntervals(db, { ...range, ...page });
  },
  convert: toOutside<AgentIntervalRow>,
  csv: { name: 'agent-intervals', toCells: toOutside<AgentIntervalRow> },
});

export const listAgentQueueIntervalsEndpoint = connectionListing({
  tag: TAG,
  summary: 'What each agent did for each queue in each interval, as the source tells it',
  query: z.strictObject({
    ...rangeParameters,
    agent: id.optional(),
    queue: id.optional(),
    ...pageParameters,
    ...formatParameter,
  }),
  row: agentQueueInterval,
  key: ['startMs', 'queueId', 'agentId'],
  open(db, { connectionId, query }) {
    const window = rangeOf(query);
    const range = { connectionId, window, agentId: query.agent ?? null, queueId: query.queue ?? null };
    return (page) => listAgentQueueIntervals(db, { ...range, ...page });
  },
  convert: toOutside<AgentQueueIntervalRow>,
  csv: { name: 'agent-queue-intervals', toCells: toOutside<AgentQueueIntervalRow> },
});
