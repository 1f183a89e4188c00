/** Backfills, records set aside, the diary and how everything is doing. */
import * as z from 'zod';
import { HEALTH_STATUSES, plainText } from '../../src/domain/health.ts';
import { ceilToGrid, DAY_MS, floorToGrid } from '../../src/domain/interval.ts';
import {
  BACKFILL_STATUSES,
  type BackfillOrder,
  type BackfillRow,
  backfillProgress,
  createBackfill,
  listBackfills,
  orderBackfill,
  readBackfill,
} from '../../src/store/backfill-requests.ts';
import { listEvents, listSetAside, readSetAsideRow, type SetAsideRow } from '../../src/store/diary-read.ts';
import { callCollector, pokeCollector } from '../app.ts';
import { type ConnectionHealth, readHealth } from '../health-view.ts';
import { notFound, ProblemError } from '../respond.ts';
import { answer, endpoint } from './endpoint.ts';
import {
  connectionParams,
  cutPage,
  instant,
  iso,
  isoOrNull,
  isoText,
  itemParams,
  pageOf,
  pageParameters,
  readCursor,
  requireConnection,
} from './shapes.ts';

const BACKFILL_RANGE_MAX_MS = 3 * 366 * DAY_MS;
const pageQuery = z.strictObject(pageParameters);

const backfill = z
  .strictObject({
    id: z.int(),
    from: isoText,
    to: isoText,
    status: z.enum(BACKFILL_STATUSES),
    intervalsTotal: z.int(),
    intervalsDone: z.int(),
    intervalsChanged: z.int(),
    intervalsFailed: z.int(),
    error: z.string(),
    createdBy: z.string(),
    createdAt: isoText,
    updatedAt: isoText,
    finishedAt: isoText.nullable(),
  })
  .meta({ id: 'Backfill' });

function toBackfill(row: BackfillRow): z.input<typeof backfill> {
  const { total, done } = backfillProgress(row);
  return {
    id: row.id,
    from: iso(row.fromMs),
    to: iso(row.toMs),
    status: row.status,
    intervalsTotal: total,
    intervalsDone: done,
    intervalsChanged: row.intervalsChanged,
    intervalsFailed: row.intervalsFailed,
    error: row.error,
    createdBy: row.createdBy,
    createdAt: iso(row.createdAtMs),
    updatedAt: iso(row.updatedAtMs),
    finishedAt: isoOrNull(row.finishedAtMs),
  };
}

export const createBackfillEndpoint = endpoint({
  tag: 'Backfills',
  summary: 'Load past intervals',
  description:
    'The range is widened to whole intervals, may be three years long and must have begun. It is loaded newest first, beside the live data.',
  params: connectionParams,
  body: z.strictObject({ from: instant, to: instant }).meta({ id: 'NewBackfill' }),
  status: 202,
  answer: backfill,
  async handle({ app, params: { connectionId }, body, nowMs, identity }) {
    await requireConnection(app, connectionId);
    const fromMs = floorToGrid(body.from);
    const toMs = Math.min(ceilToGrid(body.to), floorToGrid(nowMs));
    if (fromMs < 0 || toMs <= fromMs) {
      const message = 'The range must hold at least one interval that has ended.';
      throw new ProblemError(400, 'Invalid request', message, { errors: [{ path: 'to', message }] });
    }
    if (toMs - fromMs > BACKFILL_RANGE_MAX_MS) {
      const message = 'The range may be three years long at most.';
      throw new ProblemError(400, 'Invalid request', message, { errors: [{ path: 'from', message }] });
    }
    const row = await createBackfill(app.db, { connectionId, fromMs, toMs, nowMs, by: identity.by });
    if (!row) throw new Error('The database stored a backfill and returned none.');
    await pokeCollector(app, connectionId);
    const location = `/api/v1/connections/${connectionId}/backfills/${row.id}`;
    return answer(backfill, toBackfill(row), { status: 202, headers: { location } });
  },
});

export const listBackfillsEndpoint = endpoint({
  tag: 'Backfills',
  summary: 'Backfills, newest first',
  params: connectionParams,
  query: pageQuery,
  answer: pageOf(backfill),
  async handle({ app, params: { connectionId }, query }) {
    await requireConnection(app, connectionId);
    const beforeId = beforeOf(query.cursor);
    const rows = await listBackfills(app.db, { connectionId, beforeId, limit: query.limit + 1 });
    const page = cutPage(rows, query.limit, (row) => [row.id]);
    return { rows: page.rows.map(toBackfill), nextCursor: page.nextCursor };
  },
});

export const readBackfillEndpoint = endpoint({
  tag: 'Backfills',
  summary: 'One backfill with its progress',
  params: itemParams,
  answer: backfill,
  async handle({ app, params }) {
    return toBackfill(await requireBackfill(app.db, params.connectionId, params.id));
  },
});

function orderEndpoint(order: BackfillOrder, summary: string) {
  return endpoint({
    tag: 'Backfills',
    summary,
    params: itemParams,
    answer: backfill,
    problems: { 409: 'The backfill is in no state that allows it.' },
    async handle({ app, params: { connectionId, id }, nowMs }) {
      const before = await requireBackfill(app.db, connectionId, id);
      const done = await orderBackfill(app.db, { connectionId, id, order, nowMs });
      if (!done) {
        const detail = `A backfill that is ${before.status} cannot be ordered to ${order}.`;
        throw new ProblemError(409, 'Not possible now', detail);
      }
      await pokeCollector(app, connectionId);
      return toBackfill(await requireBackfill(app.db, connectionId, id));
    },
  });
}

export const pauseBackfillEndpoint = orderEndpoint('pause', 'Pause a backfill');
export const resumeBackfillEndpoint = orderEndpoint('resume', 'Resume a backfill');
export const cancelBackfillEndpoint = orderEndpoint('cancel', 'Cancel a backfill; what was loaded stays');

async function requireBackfill(db: D1Database, connectionId: number, id: number): Promise<BackfillRow> {
  const row = await readBackfill(db, connectionId, id);
  if (!row) throw notFound(`There is no backfill ${id} of connection ${connectionId}.`);
  return row;
}

const setAside = z
  .strictObject({
    id: z.int(),
    stream: z.string(),
    at: isoText,
    windowStart: isoText.nullable(),
    recordKey: z.string(),
    record: z.unknown(),
    httpStatus: z.int().nullable(),
    reason: z.string(),
    status: z.enum(['set aside', 'sent again']),
    resolvedAt: isoText.nullable(),
  })
  .meta({ id: 'SetAsideRecord' });

function toSetAside({ atMs, windowStartMs, resolvedAtMs, record, ...row }: SetAsideRow): z.input<typeof setAside> {
  return {
    ...row,
    record: JSON.parse(record),
    at: iso(atMs),
    windowStart: isoOrNull(windowStartMs),
    resolvedAt: isoOrNull(resolvedAtMs),
  };
}

export const listSetAsideEndpoint = endpoint({
  tag: 'Set aside',
  summary: 'Records set aside, newest first',
  description: 'Records that were refused for good, with the reason.',
  params: connectionParams,
  query: z.strictObject({ ...pageParameters, status: z.enum(['set aside', 'sent again']).optional() }),
  answer: pageOf(setAside),
  async handle({ app, params: { connectionId }, query }) {
    await requireConnection(app, connectionId);
    const page = { connectionId, beforeId: beforeOf(query.cursor), status: query.status ?? null };
    const rows = await listSetAside(app.db, { ...page, limit: query.limit + 1 });
    const { rows: shown, nextCursor } = cutPage(rows, query.limit, (row) => [row.id]);
    return { rows: shown.map(toSetAside), nextCursor };
  },
});

export const sendAgainEndpoint = endpoint({
  tag: 'Set aside',
  summary: 'Send a record once more',
  params: itemParams,
  status: 202,
  answer: setAside,
  problems: { 409: 'It was sent again already, or was refused again.', 503: 'The collector cannot be reached.' },
  async handle({ app, params: { connectionId, id } }) {
    const row = await readSetAsideRow(app.db, connectionId, id);
    if (!row) throw notFound(`There is no record ${id} set aside by connection ${connectionId}.`);
    if (row.status === 'sent again') throw new ProblemError(409, 'Done already', 'This record was sent again already.');
    const told = await callCollector(app, connectionId, (collector) => collector.sendAgain(id));
    if (!told) throw new ProblemError(503, 'Not now', 'The collector could not be reached. Try again in a minute.');
    if (!told.answer.ok) throw new ProblemError(409, 'Not sent', told.answer.message);
    return toSetAside((await readSetAsideRow(app.db, connectionId, id)) ?? row);
  },
});

const event = z
  .strictObject({
    id: z.int(),
    at: isoText,
    kind: z.string(),
    severity: z.enum(['info', 'warning', 'error']),
    message: z.string(),
  })
  .meta({ id: 'Event' });

export const listEventsEndpoint = endpoint({
  tag: 'Status',
  summary: 'The diary of a connection, newest first',
  params: connectionParams,
  query: pageQuery,
  answer: pageOf(event),
  async handle({ app, params: { connectionId }, query }) {
    await requireConnection(app, connectionId);
    const rows = await listEvents(app.db, { connectionId, beforeId: beforeOf(query.cursor), limit: query.limit + 1 });
    const page = cutPage(rows, query.limit, (row) => [row.id]);
    return { rows: page.rows.map(({ atMs, ...row }) => ({ ...row, at: iso(atMs) })), nextCursor: page.nextCursor };
  },
});

const account = z
  .strictObject({
    read: z.int(),
    delivered: z.int(),
    setAside: z.int(),
    waiting: z.int(),
    held: z.int().describe('The part of `waiting` that lacks a login id.'),
  })
  .meta({ id: 'Account' });

const tries = {
  failingSince: isoText.nullable(),
  nextTryAt: isoText.nullable(),
  lastSuccessAt: isoText.nullable(),
  error: z.string(),
};

const status = z
  .strictObject({
    connectionId: z.int(),
    name: z.string(),
    status: z.enum(HEALTH_STATUSES),
    since: isoText.nullable(),
    findings: z.array(
      z.strictObject({
        level: z.enum(['stalled', 'degraded', 'note']),
        since: isoText.nullable(),
        what: z.string(),
        action: z.string().nullable(),
      }),
    ),
    lastPollAt: isoText.nullable(),
    newestFigureAt: isoText.nullable(),
    gaps: z.int(),
    oldestGap: isoText.nullable(),
    setAsideOpen: z.int(),
    agents: z.int(),
    queues: z.int(),
    feeds: z.array(z.strictObject({ name: z.enum(['agent-states', 'intervals', 'roster']), ...tries })),
    streams: z.array(
      z.strictObject({ name: z.enum(['agent-states', 'historical', 'agent-activity']), ...tries, account }),
    ),
  })
  .meta({ id: 'ConnectionStatus' });

type Tries = {
  failures: number;
  failingSinceMs: number | null;
  retryAtMs: number;
  successAtMs: number | null;
  error: string;
};

function toTries(row: Tries) {
  return {
    failingSince: isoOrNull(row.failingSinceMs),
    nextTryAt: row.failures > 0 ? iso(row.retryAtMs) : null,
    lastSuccessAt: isoOrNull(row.successAtMs),
    error: row.error,
  };
}

function toStatus({ facts, health }: ConnectionHealth): z.input<typeof status> {
  return {
    connectionId: facts.connectionId,
    name: facts.name,
    status: health.status,
    since: isoOrNull(health.sinceMs),
    findings: health.findings.map(({ level, sinceMs, what, action }) => ({
      level,
      since: isoOrNull(sinceMs),
      what: plainText(what),
      action: action && plainText(action),
    })),
    lastPollAt: isoOrNull(facts.lastPollMs),
    newestFigureAt: isoOrNull(facts.newestFigureMs),
    gaps: facts.gapCount,
    oldestGap: isoOrNull(facts.oldestGapMs),
    setAsideOpen: facts.setAsideOpen,
    agents: facts.agentCount,
    queues: facts.queueCount,
    feeds: facts.feeds.map((feed) => ({ name: feed.name, ...toTries(feed) })),
    streams: facts.streams.map((stream) => ({ name: stream.name, ...toTries(stream), account: stream.account })),
  };
}

export const statusEndpoint = endpoint({
  tag: 'Status',
  summary: 'How every connection is doing',
  description: "The Overview's facts: health in words, accounts of the streams, what to do.",
  params: z.strictObject({}),
  answer: z.strictObject({ at: isoText, rows: z.array(status) }),
  async handle({ app, nowMs }) {
    return { at: iso(nowMs), rows: (await readHealth(app.db, nowMs)).map(toStatus) };
  },
});

function beforeOf(cursor: string | undefined): number {
  return readCursor(cursor, 1)?.[0] ?? Number.MAX_SAFE_INTEGER;
}
