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
import { connectionListing } from './listing.ts';
import { formatParameter, id, iso, isoOrNull, isoText, pageParameters, rangeOf, rangeParameters } from './shapes.ts';

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

export const listIntervalsEndpoint = connectionListing({
  tag: TAG,
  summary: 'What each queue did in each interval',
  description: 'Latest figures, by interval and queue.',
  query: z.strictObject({ ...rangeParameters, queue: id.optional(), ...pageParameters, ...formatParameter }),
  row: interval,
  key: ['startMs', 'queueId'],
  open(db, { connectionId, query }) {
    const range = { connectionId, window: rangeOf(query), queueId: query.queue ?? null };
    return (page) => listIntervals(db, { ...range, ...page });
  },
  convert: toInterval,
  csv: { name: 'intervals', toCells: toInterval },
});

const agentQuery = z.strictObject({
  ...rangeParameters,
  agent: id.optional(),
  ...pageParameters,
  ...formatParameter,
});

export const listStateChangesEndpoint = connectionListing({
  tag: TAG,
  summary: 'State changes',
  description: 'By agent, then in time.',
  query: agentQuery,
  row: stateChange,
  key: ['agentId', 'atMs'],
  open(db, { connectionId, query }) {
    const range = { connectionId, window: rangeOf(query), agentId: query.agent ?? null };
    return (page) => listStateChanges(db, { ...range, ...page });
  },
  convert: toStateChange,
  csv: { name: 'state-changes', toCells: toStateChange },
});

export const listActivitiesEndpoint = connectionListing({
  tag: TAG,
  summary: 'Activities that ended in a range',
  description:
    'Derived from the state changes: a span in one state, closed by the next change. By agent, then in time.',
  query: agentQuery,
  row: activity,
  key: ['agentId', 'endMs'],
  open(db, { connectionId, query }) {
    const range = { connectionId, window: rangeOf(query), agentId: query.agent ?? null };
    return ({ after, limit }) =>
      listActivities(db, { ...range, after: after && { agentId: after.agentId, atMs: after.endMs }, limit });
  },
  convert: toActivity,
  csv: { name: 'activities', toCells: toActivity },
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

export const listCoverageEndpoint = connectionListing({
  tag: TAG,
  summary: 'What is known of each interval',
  description: 'Collected, waiting or a gap and why, and how far its reports were delivered.',
  query: z.strictObject({ ...rangeParameters, ...pageParameters }),
  row: coverage,
  key: ['startMs'],
  open(db, { connectionId, query }) {
    const range = { connectionId, window: rangeOf(query) };
    return ({ after, limit }) => listCoverage(db, { ...range, afterMs: after?.startMs ?? null, limit });
  },
  convert: toCoverage,
});
