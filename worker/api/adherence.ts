/** Adherence to schedules: by agent and day, the spans behind it, and what it is judged by. */
import * as z from 'zod';
import { fromBase64, toBase64Url, utf8 } from '../../src/crypto/bytes.ts';
import { activityKey, GRACE_MAX_MS, VERDICTS } from '../../src/domain/adherence.ts';
import { STATE_CLASSES } from '../../src/domain/agent-state.ts';
import { type AdherenceRules, readAdherenceRules, type ScheduledAgentCursor } from '../../src/store/adherence.ts';
import type { ConnectionRow } from '../../src/store/connections.ts';
import { readAgent } from '../../src/store/roster-read.ts';
import { type AdherenceQuery, adherenceCsv, readAdherencePart, toAdherence } from '../adherence-csv.ts';
import { readAdherence, readBasis } from '../adherence-view.ts';
import type { App } from '../app.ts';
import { notFound, ProblemError } from '../respond.ts';
import { saveRules } from '../schedules.ts';
import { endpoint } from './endpoint.ts';
import { dayParameters, daysOf, reportDay, zoneOf } from './report-days.ts';
import { connectionParams, formatParameter, id, iso, isoText, pageOf, requireConnection, wantsCsv } from './shapes.ts';

const TAG = 'Reports';

const adherence = z
  .strictObject({
    agentId: z.int(),
    agentSourceId: z.string(),
    agentName: z.string(),
    loginId: z.string(),
    employeeId: z.string(),
    day: z.string(),
    scheduledMs: z.int().describe('Scheduled and past: in, out and unknown together.'),
    inMs: z.int(),
    outMs: z.int(),
    unknownMs: z.int().describe('The bridge did not see what the agent did.'),
    adherencePct: z.number().nullable().describe('Of the time that is known; null where none is.'),
  })
  .meta({ id: 'Adherence' });

const basisOf = (app: App, connection: ConnectionRow, nowMs: number) =>
  readBasis(app.db, { id: connection.id, timeZone: zoneOf(connection) }, nowMs);

export const listAdherenceEndpoint = endpoint({
  tag: TAG,
  summary: 'Adherence by agent and day',
  description: 'Agents by name; how many fit a page depends on the number of days.',
  params: connectionParams,
  query: z.strictObject({
    ...dayParameters,
    agent: id.optional(),
    cursor: z.string().max(2_000).optional().describe('`nextCursor` of the page before.'),
    ...formatParameter,
  }),
  answer: pageOf(adherence),
  hasCsv: true,
  async handle({ app, params: { connectionId }, query, request, nowMs }) {
    const connection = await requireConnection(app, connectionId);
    const asked: AdherenceQuery = { days: daysOf(query), text: '', agentId: query.agent ?? null };
    const after = cursorOf(query.cursor);
    const basis = await basisOf(app, connection, nowMs);
    if (wantsCsv(request, query)) return adherenceCsv(app.db, basis, asked);
    const { rows, next } = await readAdherencePart(app.db, basis, asked, after);
    return { rows: rows.map(toAdherence), nextCursor: next && toBase64Url(utf8(JSON.stringify([next.name, next.id]))) };
  },
});

const cursorShape = z.tuple([z.string(), z.int()]);

function cursorOf(text: string | undefined): ScheduledAgentCursor | null {
  if (text === undefined) return null;
  const bytes = fromBase64(text);
  const read = cursorShape.safeParse(bytes && parseJson(new TextDecoder().decode(bytes)));
  if (read.success) return { name: read.data[0], id: read.data[1] };
  const message = 'This cursor is not one that this listing gave. Begin without a cursor.';
  throw new ProblemError(400, 'Invalid request', message, { errors: [{ path: 'cursor', message }] });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

const span = z
  .strictObject({
    start: isoText,
    end: isoText,
    activity: z.string(),
    state: z.string().describe("'' where the agent was not observed."),
    reason: z.string(),
    verdict: z.enum(VERDICTS),
    grace: z.boolean().describe('Out by the states, and in by the grace period.'),
  })
  .meta({ id: 'AdherenceSpan' });

export const readSpansEndpoint = endpoint({
  tag: TAG,
  summary: "An agent's day: scheduled against actual, span by span",
  params: connectionParams,
  query: z.strictObject({ agent: id, day: reportDay }),
  answer: z.strictObject({ spans: z.array(span) }),
  async handle({ app, params: { connectionId }, query, nowMs }) {
    const connection = await requireConnection(app, connectionId);
    const agent = await readAgent(app.db, connectionId, query.agent);
    if (!agent) throw notFound(`There is no agent ${query.agent} of connection ${connectionId}.`);
    const basis = await basisOf(app, connection, nowMs);
    const scheduled = { ...agent, loginId: agent.loginId ?? agent.username };
    const [found] = await readAdherence(app.db, basis, [scheduled], [query.day]);
    const spans = (found?.spans ?? []).map(({ startMs, endMs, activity, verdict, grace, stateId }) => {
      const state = basis.states.get(stateId);
      const { name = '', reason = '' } = state ?? {};
      return { start: iso(startMs), end: iso(endMs), activity, state: name, reason, verdict, grace };
    });
    return { spans };
  },
});

const stateClass = z.enum(STATE_CLASSES);

const rulesShape = z
  .strictObject({
    graceMs: z.int(),
    activities: z
      .array(z.strictObject({ activity: z.string(), classes: z.array(stateClass) }))
      .describe('Chosen by a person. Others are judged by what their name suggests.'),
  })
  .meta({ id: 'AdherenceRules' });

function toRules({ graceMs, chosen }: AdherenceRules): z.input<typeof rulesShape> {
  const activities = [...chosen.values()].map(({ name, classes }) => ({ activity: name, classes: [...classes] }));
  return { graceMs, activities };
}

export const readRulesEndpoint = endpoint({
  tag: TAG,
  summary: 'What adherence is judged by',
  params: connectionParams,
  answer: rulesShape,
  async handle({ app, params: { connectionId } }) {
    await requireConnection(app, connectionId);
    return toRules(await readAdherenceRules(app.db, connectionId));
  },
});

export const changeRulesEndpoint = endpoint({
  tag: TAG,
  summary: 'Change what adherence is judged by',
  description: 'Activities that are not named stay as they are. It holds for all days, past ones too.',
  params: connectionParams,
  body: z
    .strictObject({
      graceMs: z.int().min(0).max(GRACE_MAX_MS).optional(),
      activities: z
        .array(
          z.strictObject({
            activity: z.string().trim().min(1).max(100),
            classes: z
              .array(stateClass)
              .nullable()
              .describe('States that adhere to it. Empty: it is not compared. null: as its name suggests.'),
          }),
        )
        .max(500)
        .refine(
          (all) => new Set(all.map(({ activity }) => activityKey(activity))).size === all.length,
          'Name each activity once.',
        )
        .default([]),
    })
    .meta({ id: 'AdherenceRulesChange' }),
  answer: rulesShape,
  async handle({ app, params: { connectionId }, body, nowMs, identity }) {
    await requireConnection(app, connectionId);
    const rules = body.activities.map(({ activity, classes }) => ({
      name: activity,
      classes: classes && STATE_CLASSES.filter((one) => classes.includes(one)),
    }));
    await saveRules(app.db, connectionId, { graceMs: body.graceMs ?? null, rules }, { nowMs, by: identity.by });
    return toRules(await readAdherenceRules(app.db, connectionId));
  },
});
