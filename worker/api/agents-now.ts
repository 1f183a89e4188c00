/** Who is in what state since when. */
import * as z from 'zod';
import { STATE_CLASSES } from '../../src/domain/agent-state.ts';
import { AGENT_ORDERS, agentKey, listAgentsNow } from '../../src/store/agents-now.ts';
import { endpoint } from './endpoint.ts';
import {
  connectionParams,
  cutPage,
  id,
  isoOrNull,
  pageOf,
  pageParameters,
  readCursor,
  requireConnection,
} from './shapes.ts';

const agentNow = z
  .strictObject({
    agentId: z.int(),
    agentSourceId: z.string(),
    agentName: z.string(),
    loginId: z.string(),
    included: z.boolean(),
    state: z.string().describe("'' while it is not known."),
    reason: z.string(),
    class: z.enum(STATE_CLASSES).nullable(),
    since: z.iso.datetime().nullable(),
  })
  .meta({ id: 'AgentNow' });

export const listAgentsNowEndpoint = endpoint({
  tag: 'Figures',
  summary: 'Agents with their present states, longest in the state first',
  params: connectionParams,
  query: z.strictObject({
    ...pageParameters,
    show: z
      .enum(['signed-in', 'all', ...STATE_CLASSES])
      .default('signed-in')
      .describe('signed-in: every class but signed out.'),
    state: id.optional().describe('In this state only.'),
  }),
  answer: pageOf(agentNow),
  async handle({ app, params: { connectionId }, query }) {
    await requireConnection(app, connectionId);
    const [, order] = AGENT_ORDERS;
    const filter = { text: '', show: query.show, stateId: query.state ?? null, order };
    const cursor = readCursor(query.cursor, 2);
    const after = cursor && { key: cursor[0] ?? 0, id: cursor[1] ?? 0 };
    const rows = await listAgentsNow(app.db, connectionId, filter, { after, limit: query.limit + 1 });
    const page = cutPage(rows, query.limit, (row) => [Number(agentKey(row, order)), row.id]);
    return {
      rows: page.rows.map((row) => ({
        agentId: row.id,
        agentSourceId: row.sourceId,
        agentName: row.name,
        loginId: row.loginId,
        included: row.included,
        state: row.state,
        reason: row.reason,
        class: row.stateClass,
        since: isoOrNull(row.sinceMs),
      })),
      nextCursor: page.nextCursor,
    };
  },
});
