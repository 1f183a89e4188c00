/** Who is in what state since when. */
import * as z from 'zod';
import { STATE_CLASSES } from '../../src/domain/agent-state.ts';
import { AGENT_ORDERS, agentKey, listAgentsNow } from '../../src/store/agents-now.ts';
import { connectionListing } from './listing.ts';
import { id, isoOrNull, pageParameters } from './shapes.ts';

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

export const listAgentsNowEndpoint = connectionListing({
  tag: 'Figures',
  summary: 'Agents with their present states, longest in the state first',
  query: z.strictObject({
    ...pageParameters,
    show: z
      .enum(['signed-in', 'all', ...STATE_CLASSES])
      .default('signed-in')
      .describe('signed-in: every class but signed out.'),
    state: id.optional().describe('In this state only.'),
  }),
  row: agentNow,
  key: ['key', 'id'],
  open(db, { connectionId, query }) {
    const [, order] = AGENT_ORDERS;
    const filter = { text: '', show: query.show, stateId: query.state ?? null, order };
    return async (page) => {
      const rows = await listAgentsNow(db, connectionId, filter, page);
      return rows.map((row) => ({ ...row, key: Number(agentKey(row, order)) }));
    };
  },
  convert: (row) => ({
    agentId: row.id,
    agentSourceId: row.sourceId,
    agentName: row.name,
    loginId: row.loginId,
    included: row.included,
    state: row.state,
    reason: row.reason,
    class: row.stateClass,
    since: isoOrNull(row.sinceMs),
  }),
});
