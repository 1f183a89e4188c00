/** Stored facts: queue intervals, state changes, activities and coverage. Pages of JSON, or the whole range as CSV. */
import * as z from 'zod';
import { type CoverageRow, listCoverage } from '../../src/store/coverage-read.ts';
import {
  type ActivityRow,
  type IntervalRow,
  listActivities,
  listIntervals,
  listStateChanges,
  type StateChangeRow,
} from '../../src/store/figures-read.ts';
import { CSV_CHUNK_ROWS, csvAnswer } from '../csv.ts';
import { endpoint } from './endpoint.ts';
import {
  connectionParams,
  cutPage,
  formatParameter,
  id,
  iso,
  isoOrNull,
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

const interval = z
  .strictObject({
    start: isoText,
    queueId: z.int(),
    queueSourceId: z.string(),
    queueName: z.string(),
    offered: z.int(),
    abandoned: z.int(),
    handleTimeMs: z.int(),
    inferred: z.boolean().describe('Zeros for a queue that a good answer left out.'),
    revision: z.int(),
    readAt: isoText,
    handledShort: z.int().nullable().describe('Handled within the service level; null here and below: not told.'),
    handledLong: z.int().nullable(),
    abandonedShort: z.int().nullable(),
    workTimeMs: z.int().nullable().describe('After-call work.'),
    queueDelayTimeMs: z.int().nullable().describe('Waiting time of the handled contacts.'),
    holdTimeMs: z.int().nullable().describe('Of the handle time, on hold.'),
  })
  .meta({ id: 'QueueInterval' });

const stateChange = z
  .strictObject({
    agentId: z.int(),
    agentSourceId: z.string(),
    agentName: z.string(),
    loginId: z.string(),
    at: isoText,
    observed: z.boolean().describe("False: from here the bridge did not look until the agent's next row."),
    state: z.string(),
    reason: z.string(),
    since: isoText.nullable().describe("The ACD's own time of the change, where it gives one."),
  })
  .meta({ id: 'StateChange' });

const activity = z
  .strictObject({
    agentId: z.int(),
    agentSourceId: z.string(),
    agentName: z.string(),
    loginId: z.string(),
    state: z.string(),
    reason: z.string(),
    start: isoText,
    end: isoText,
    durationMs: z.int(),
  })
  .meta({ id: 'Activity' });

function toInterval({ startMs, readAtMs, ...row }: IntervalRow): z.input<typeof interval> {
  return { ...row, start: iso(startMs), readAt: iso(readAtMs) };
}
function toStateChange({ atMs, sinceMs, ...row }: StateChangeRow): z.input<typeof stateChange> {
  return { ...row, at: iso(atMs), since: isoOrNull(sinceMs) };
}
function toActivity({ startMs, endMs, ...row }: ActivityRow): z.input<typeof activity> {
  return { ...row, start: iso(startMs), end: iso(endMs), durationMs: endMs - startMs };
}

export const listIntervalsEndpoint = endpoint({
  tag: TAG,
  summary: 'What each queue did in each interval',
  description: 'Latest figures, by interval and queue.',
  params: connectionParams,
  query: z.strictObject({ ...rangeParameters, queue: id.optional(), ...pageParameters, ...formatParameter }),
  answer: pageOf(interval),
  hasCsv: true,
  async handle({ app, params: { connectionId }, query, request }) {
    await requireConnection(app, connectionId);
    const range = { connectionId, window: rangeOf(query), queueId: query.queue ?? null };
    if (wantsCsv(request, query)) {
      return csvAnswer<IntervalRow>(
        'intervals',
        Object.keys(interval.shape),
        (after) => listIntervals(app.db, { ...range, after, limit: CSV_CHUNK_ROWS }),
        toInterval,
      );
    }
    const cursor = readCursor(query.cursor, 2);
    const after = cursor && { startMs: cursor[0] ?? 0, queueId: cursor[1] ?? 0 };
    const rows = await listIntervals(app.db, { ...range, after, limit: query.limit + 1 });
    const page = cutPage(rows, query.limit, (row) => [row.startMs, row.queueId]);
    return { rows: page.rows.map(toInterval), nextCursor: page.nextCursor };
  },
});

const agentQuery = z.strictObject({
  ...rangeParameters,
  agent: id.optional(),
  ...pageParameters,
  ...formatParameter,
});

export const listStateChangesEndpoint = endpoint({
  tag: TAG,
  summary: 'State changes',
  description: 'By agent, then in time.',
  params: connectionParams,
  query: agentQuery,
  answer: pageOf(stateChange),
  hasCsv: true,
  async handle({ app, params: { connectionId }, query, request }) {
    await requireConnection(app, connectionId);
    const range = { connectionId, window: rangeOf(query), agentId: query.agent ?? null };
    if (wantsCsv(request, query)) {
      return csvAnswer<StateChangeRow>(
        'state-changes',
        Object.keys(stateChange.shape),
        (after) => listStateChanges(app.db, { ...range, after, limit: CSV_CHUNK_ROWS }),
        toStateChange,
      );
    }
    const cursor = readCursor(query.cursor, 2);
    const after = cursor && { agentId: cursor[0] ?? 0, atMs: cursor[1] ?? 0 };
    const rows = await listStateChanges(app.db, { ...range, after, limit: query.limit + 1 });
    const page = cutPage(rows, query.limit, (row) => [row.agentId, row.atMs]);
    return { rows: page.rows.map(toStateChange), nextCursor: page.nextCursor };
  },
});

export const listActivitiesEndpoint = endpoint({
  tag: TAG,
  summary: 'Activities that ended in a range',
  description:
    'Derived from the state changes: a span in one state, closed by the next change. By agent, then in time.',
  params: connectionParams,
  query: agentQuery,
  answer: pageOf(activity),
  hasCsv: true,
  async handle({ app, params: { connectionId }, query, request }) {
    await requireConnection(app, connectionId);
    const range = { connectionId, window: rangeOf(query), agentId: query.agent ?? null };
    const keyOf = (row: ActivityRow) => ({ agentId: row.agentId, atMs: row.endMs });
    if (wantsCsv(request, query)) {
      return csvAnswer<ActivityRow>(
        'activities',
        Object.keys(activity.shape),
        (last) => listActivities(app.db, { ...range, after: last && keyOf(last), limit: CSV_CHUNK_ROWS }),
        toActivity,
      );
    }
    const cursor = readCursor(query.cursor, 2);
    const after = cursor && { agentId: cursor[0] ?? 0, atMs: cursor[1] ?? 0 };
    const rows = await listActivities(app.db, { ...range, after, limit: query.limit + 1 });
    const page = cutPage(rows, query.limit, (row) => [row.agentId, row.endMs]);
    return { rows: page.rows.map(toActivity), nextCursor: page.nextCursor };
  },
});

const coverage = z
  .strictObject({
    start: isoText,
    status: z.enum(['waiting', 'collected', 'gap']),
    reason: z.string().describe('Why it is a gap or unconfirmed.'),
    unconfirmed: z.boolean().describe('An empty answer while agents were signed in.'),
    revision: z.int().describe('0: never collected.'),
    collectedAt: isoText.nullable(),
    readAt: isoText.nullable(),
    nextReadAt: isoText.nullable(),
    queueCount: z.int(),
    offered: z.int(),
    abandoned: z.int(),
    handleTimeMs: z.int(),
    refusedRows: z.int(),
    reports: z.array(
      z.strictObject({
        stream: z.enum(['historical', 'agent-activity']),
        revision: z.int(),
        deliveredRevision: z.int().describe('Less than `revision`: waiting. 0: never delivered.'),
        recordCount: z.int(),
        heldCount: z.int(),
        setAsideCount: z.int(),
        acceptedAt: isoText.nullable(),
      }),
    ),
  })
  .meta({ id: 'Coverage' });

function toCoverage(row: CoverageRow): z.input<typeof coverage> {
  const { startMs, collectedAtMs, readAtMs, nextReadAtMs, reports, ...rest } = row;
  return {
    ...rest,
    start: iso(startMs),
    collectedAt: isoOrNull(collectedAtMs),
    readAt: isoOrNull(readAtMs),
    nextReadAt: isoOrNull(nextReadAtMs),
    reports: reports.map(({ acceptedAtMs, ...report }) => ({ ...report, acceptedAt: isoOrNull(acceptedAtMs) })),
  };
}

export const listCoverageEndpoint = endpoint({
  tag: TAG,
  summary: 'What is known of each interval',
  description: 'Collected, waiting or a gap and why, and how far its reports were delivered.',
  params: connectionParams,
  query: z.strictObject({ ...rangeParameters, ...pageParameters }),
  answer: pageOf(coverage),
  async handle({ app, params: { connectionId }, query }) {
    await requireConnection(app, connectionId);
    const afterMs = readCursor(query.cursor, 1)?.[0] ?? null;
    const rows = await listCoverage(app.db, { connectionId, window: rangeOf(query), afterMs, limit: query.limit + 1 });
    const page = cutPage(rows, query.limit, (row) => [row.startMs]);
    return { rows: page.rows.map(toCoverage), nextCursor: page.nextCursor };
  },
});
