/** Figures of agents as the source tells them: their time in an interval, and what they did for a queue in it. */
import * as z from 'zod';
import {
  type AgentIntervalRow,
  type AgentQueueIntervalRow,
  listAgentIntervals,
  listAgentQueueIntervals,
} from '../../src/store/agent-figures-read.ts';
import { CSV_CHUNK_ROWS, csvAnswer } from '../csv.ts';
import { endpoint } from './endpoint.ts';
import {
  connectionParams,
  cutPage,
  formatParameter,
  id,
  iso,
  isoText,
  pageOf,
  pageParameters,
  rangeOf,
  rangeParameters,
  readCursor,
  requireConnection,
  wantsCsv,
} from './shapes.ts';

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

export const listAgentIntervalsEndpoint = endpoint({
  tag: TAG,
  summary: 'Times of agents in each interval, as the source tells them',
  description: 'Sources that tell none have no rows here: what follows from states is in the activities.',
  params: connectionParams,
  query: z.strictObject({ ...rangeParameters, agent: id.optional(), ...pageParameters, ...formatParameter }),
  answer: pageOf(agentInterval),
  hasCsv: true,
  async handle({ app, params: { connectionId }, query, request }) {
    await requireConnection(app, connectionId);
    const range = { connectionId, window: rangeOf(query), agentId: query.agent ?? null };
    if (wantsCsv(request, query)) {
      return csvAnswer<AgentIntervalRow>(
        'agent-intervals',
        Object.keys(agentInterval.shape),
        (after) => listAgentIntervals(app.db, { ...range, after, limit: CSV_CHUNK_ROWS }),
        toOutside,
      );
    }
    const cursor = readCursor(query.cursor, 2);
    const after = cursor && { startMs: cursor[0] ?? 0, agentId: cursor[1] ?? 0 };
    const rows = await listAgentIntervals(app.db, { ...range, after, limit: query.limit + 1 });
    const page = cutPage(rows, query.limit, (row) => [row.startMs, row.agentId]);
    return { rows: page.rows.map(toOutside), nextCursor: page.nextCursor };
  },
});

export const listAgentQueueIntervalsEndpoint = endpoint({
  tag: TAG,
  summary: 'What each agent did for each queue in each interval, as the source tells it',
  params: connectionParams,
  query: z.strictObject({
    ...rangeParameters,
    agent: id.optional(),
    queue: id.optional(),
    ...pageParameters,
    ...formatParameter,
  }),
  answer: pageOf(agentQueueInterval),
  hasCsv: true,
  async handle({ app, params: { connectionId }, query, request }) {
    await requireConnection(app, connectionId);
    const window = rangeOf(query);
    const range = { connectionId, window, agentId: query.agent ?? null, queueId: query.queue ?? null };
    if (wantsCsv(request, query)) {
      return csvAnswer<AgentQueueIntervalRow>(
        'agent-queue-intervals',
        Object.keys(agentQueueInterval.shape),
        (after) => listAgentQueueIntervals(app.db, { ...range, after, limit: CSV_CHUNK_ROWS }),
        toOutside,
      );
    }
    const cursor = readCursor(query.cursor, 3);
    const after = cursor && { startMs: cursor[0] ?? 0, queueId: cursor[1] ?? 0, agentId: cursor[2] ?? 0 };
    const rows = await listAgentQueueIntervals(app.db, { ...range, after, limit: query.limit + 1 });
    const page = cutPage(rows, query.limit, (row) => [row.startMs, row.queueId, row.agentId]);
    return { rows: page.rows.map(toOutside), nextCursor: page.nextCursor };
  },
});
