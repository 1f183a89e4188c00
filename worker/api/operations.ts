/** Records set aside, the diary, and how everything is doing. */
import * as z from 'zod';
import { HEALTH_STATUSES, plainText } from '../../src/domain/health.ts';
import { listSetAside, SET_ASIDE_STREAMS, type SetAsideRow } from '../../src/store/diary-read.ts';
import { SEVERITIES, searchDiary } from '../../src/store/diary-search.ts';
import { type ConnectionHealth, readHealth } from '../health-view.ts';
import { sendAllAgain, sendRecordAgain } from '../set-aside.ts';
import { endpoint } from './endpoint.ts';
import { beforeId, connectionListing } from './listing.ts';
import {
  connectionParams,
  formatParameter,
  instant,
  iso,
  isoOrNull,
  isoText,
  itemParams,
  pageParameters,
  requireConnection,
} from './shapes.ts';

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

export const listSetAsideEndpoint = connectionListing({
  tag: 'Set aside',
  summary: 'Records set aside, newest first',
  description: 'Records that were refused for good, with the reason.',
  query: z.strictObject({
    ...pageParameters,
    status: z.enum(['set aside', 'sent again']).optional(),
    stream: z.enum(SET_ASIDE_STREAMS).optional(),
    ...formatParameter,
  }),
  row: setAside,
  key: ['id'],
  open(db, { connectionId, query }) {
    const filter = { connectionId, status: query.status ?? null, stream: query.stream ?? null };
    return (page) => listSetAside(db, { ...filter, ...beforeId(page) });
  },
  convert: toSetAside,
  csv: { name: 'set-aside', toCells: (row) => ({ ...toSetAside(row), record: row.record }) },
});

export const sendAgainEndpoint = endpoint({
  tag: 'Set aside',
  summary: 'Send a record once more',
  params: itemParams,
  status: 202,
  answer: setAside,
  problems: { 409: 'It was sent again already, or was refused again.', 503: 'The collector cannot be reached.' },
  async handle({ app, params: { connectionId, id }, nowMs, identity }) {
    return toSetAside(await sendRecordAgain(app, connectionId, id, { nowMs, by: identity.by }));
  },
});

export const sendAllAgainEndpoint = endpoint({
  tag: 'Set aside',
  summary: 'Send every record that is set aside once more',
  description: 'Newest first, at most 100 and for at most 15 seconds; `left` says that there are more.',
  params: connectionParams,
  body: z.strictObject({ stream: z.enum(SET_ASIDE_STREAMS).optional() }),
  answer: z.strictObject({ sent: z.int(), failed: z.int(), left: z.boolean(), reason: z.string() }),
  async handle({ app, params: { connectionId }, body, nowMs, identity }) {
    await requireConnection(app, connectionId);
    const filter = { status: 'set aside' as const, stream: body.stream ?? null };
    return sendAllAgain(app, connectionId, filter, { nowMs, by: identity.by });
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

export const listEventsEndpoint = connectionListing({
  tag: 'Status',
  summary: 'The diary of a connection, newest first',
  query: z.strictObject({
    ...pageParameters,
    severity: z.enum(SEVERITIES).optional().describe('This severity and worse.'),
    kind: z.string().max(100).optional(),
    from: instant.optional(),
    to: instant.optional(),
  }),
  row: event,
  key: ['id'],
  open(db, { connectionId, query }) {
    const { severity = null, kind = null, from = null, to = null } = query;
    const filter = { connectionId, severity, kind, fromMs: from, toMs: to };
    return (page) => searchDiary(db, filter, beforeId(page));
  },
  convert: ({ id, atMs, kind, severity, message }) => ({ id, at: iso(atMs), kind, severity, message }),
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

/** A try whose time has come is made now. */
function toTries(row: Tries, nowMs: number) {
  return {
    failingSince: isoOrNull(row.failingSinceMs),
    nextTryAt: row.failures > 0 ? iso(Math.max(row.retryAtMs, nowMs)) : null,
    lastSuccessAt: isoOrNull(row.successAtMs),
    error: row.error,
  };
}

function toStatus({ facts, health }: ConnectionHealth, nowMs: number): z.input<typeof status> {
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
    feeds: facts.feeds.map((feed) => ({ name: feed.name, ...toTries(feed, nowMs) })),
    streams: facts.streams.map((stream) => ({ name: stream.name, ...toTries(stream, nowMs), account: stream.account })),
  };
}

export const statusEndpoint = endpoint({
  tag: 'Status',
  summary: 'How every connection is doing',
  description: "The Overview's facts: health in words, accounts of the streams, what to do.",
  params: z.strictObject({}),
  answer: z.strictObject({ at: isoText, rows: z.array(status) }),
  async handle({ app, nowMs }) {
    return { at: iso(nowMs), rows: (await readHealth(app.db, nowMs)).map((health) => toStatus(health, nowMs)) };
  },
});
