/** Coverage by the API: the balance of days, everything about one interval, the bodies as sent, and orders. */
import * as z from 'zod';
import { CELL_STATES, cellState } from '../../src/domain/coverage.ts';
import { floorToGrid, INTERVAL_MS } from '../../src/domain/interval.ts';
import { dayOf, isDay } from '../../src/domain/local-day.ts';
import type { ConnectionRow } from '../../src/store/connections.ts';
import { readCells } from '../../src/store/coverage-days.ts';
import { readFigureHistories, readIntervalReports } from '../../src/store/interval-read.ts';
import { storedSettings } from '../connection-settings.ts';
import { carryOut, type Order } from '../coverage-orders.ts';
import { type CoverageRules, countStates, readDays } from '../coverage-view.ts';
import { notFound, ProblemError } from '../respond.ts';
import { unpackBody } from '../sent-bodies.ts';
import { endpoint } from './endpoint.ts';
import { connectionParams, instant, iso, isoOrNull, isoText, rangeOf, requireConnection } from './shapes.ts';

const TAG = 'Coverage';
const DAYS_MAX = 31;
const QUEUES_MAX = 5_000;

const onGrid = instant.refine((atMs) => floorToGrid(atMs) === atMs, 'Intervals begin at :00, :15, :30 and :45, UTC.');

function rulesOf(connection: ConnectionRow): CoverageRules {
  const settings = storedSettings(connection);
  const settleDelayMs = (settings?.collection.settleDelayS ?? 120) * 1_000;
  return { timeZone: settings?.timeZone ?? 'UTC', settleDelayMs };
}

const contacts = z
  .strictObject({
    source: z.int().describe('As the ACD told.'),
    stored: z.int(),
    delivered: z.int().describe('As the WFM accepted.'),
    leftOut: z.int().describe('Of queues that are not included.'),
    waiting: z.int().describe('In reports that wait to be sent.'),
    setAside: z.int().describe('In records that the WFM refused.'),
    missing: z.int().describe('Not in the reports as they were sent. 0 as a rule.'),
  })
  .meta({ id: 'ContactBalance' });

const counts = z.strictObject(Object.fromEntries(CELL_STATES.map((state) => [state, z.int()])));

export const listDaysEndpoint = endpoint({
  tag: TAG,
  summary: 'The balance of days',
  description:
    "Contacts as told, stored and delivered, and intervals by state. Days are the connection's, newest first. Stored contacts " +
    'are sums kept with each interval; of a single day, each stored figure is added up anew.',
  params: connectionParams,
  query: z.strictObject({
    to: z
      .string()
      .refine(isDay, 'Give a day, such as 2026-01-31.')
      .optional()
      .describe('The last day; default: today.'),
    days: z.coerce.number<string>().int().min(1).max(DAYS_MAX).default(7),
  }),
  answer: z.strictObject({
    timeZone: z.string(),
    rows: z.array(
      z.strictObject({
        day: z.string(),
        from: isoText,
        to: isoText,
        contacts,
        provedAt: isoText
          .nullable()
          .describe('When the sums were last compared with each stored figure; null: not yet.'),
        intervals: counts,
      }),
    ),
  }),
  async handle({ app, params, query, nowMs }) {
    const connection = await requireConnection(app, params.connectionId);
    const rules = rulesOf(connection);
    const range = { lastDay: query.to ?? dayOf(nowMs, rules.timeZone), days: query.days };
    const days = await readDays(app.db, connection.id, range, rules);
    const rows = days.map((day) => ({
      day: day.day,
      from: iso(day.window.startMs),
      to: iso(day.window.endMs),
      contacts: day.balance,
      provedAt: isoOrNull(day.provedAtMs),
      intervals: { ...countStates([day]) },
    }));
    return { timeZone: rules.timeZone, rows };
  },
});

const stream = z.enum(['historical', 'agent-activity']);

const figures = z.strictObject({
  revision: z.int(),
  offered: z.int(),
  abandoned: z.int(),
  handleTimeMs: z.int(),
  inferred: z.boolean(),
  readAt: isoText,
});

const intervalDetail = z
  .strictObject({
    start: isoText,
    state: z.enum(CELL_STATES),
    reason: z.string(),
    revision: z.int(),
    offered: z.int(),
    abandoned: z.int(),
    readAt: isoText.nullable(),
    nextReadAt: isoText.nullable(),
    queues: z.array(
      z.strictObject({
        queueId: z.int(),
        sourceId: z.string(),
        name: z.string(),
        queueValue: z.string(),
        included: z.boolean(),
        revisions: z.array(figures).describe('Newest first.'),
      }),
    ),
    reports: z.array(
      z.strictObject({
        stream,
        start: isoText,
        end: isoText,
        revision: z.int(),
        deliveredRevision: z.int(),
        recordCount: z.int(),
        heldCount: z.int(),
        setAsideCount: z.int(),
        acceptedAt: isoText.nullable(),
      }),
    ),
    bodies: z.array(
      z.strictObject({
        stream,
        start: isoText,
        revision: z.int(),
        part: z.int(),
        sentAt: isoText,
        answer: z.string(),
        sha256: z.string(),
        isKept: z.boolean(),
      }),
    ),
  })
  .meta({ id: 'IntervalDetail' });

export const readIntervalEndpoint = endpoint({
  tag: TAG,
  summary: 'Everything about one interval',
  description: 'Figures per queue in every revision, the reports that carry it, and what was sent.',
  params: z.strictObject({ connectionId: connectionParams.shape.connectionId, start: onGrid }),
  answer: intervalDetail,
  async handle({ app, params }) {
    const connection = await requireConnection(app, params.connectionId);
    const startMs = params.start;
    const window = { startMs, endMs: startMs + INTERVAL_MS };
    const [[cell], { reports, bodies }, queues] = await Promise.all([
      readCells(app.db, connection.id, window),
      readIntervalReports(app.db, connection.id, startMs),
      readFigureHistories(app.db, connection.id, startMs, QUEUES_MAX),
    ]);
    if (!cell) throw notFound(`The interval ${iso(startMs)} was never asked for. A backfill loads it.`);
    const { reason, revision, offered, abandoned, readAtMs, nextReadAtMs } = cell;
    return {
      start: iso(startMs),
      state: cellState(cell, rulesOf(connection).settleDelayMs),
      ...{ reason, revision, offered, abandoned },
      readAt: isoOrNull(readAtMs),
      nextReadAt: isoOrNull(nextReadAtMs),
      queues: queues.map(({ queueId, sourceId, name, queueValue, included, revisions }) => ({
        ...{ queueId, sourceId, name, queueValue, included },
        revisions: revisions.map(({ readAtMs: atMs, ...figure }) => ({ ...figure, readAt: iso(atMs) })),
      })),
      reports: reports.map(({ startMs: fromMs, endMs, createdAtMs: _, acceptedAtMs, ...report }) => ({
        ...report,
        start: iso(fromMs),
        end: iso(endMs),
        acceptedAt: isoOrNull(acceptedAtMs),
      })),
      bodies: bodies.map(({ startMs: fromMs, sentAtMs, keptBytes, ...body }) => ({
        ...body,
        start: iso(fromMs),
        sentAt: iso(sentAtMs),
        isKept: keptBytes !== null,
      })),
    };
  },
});

export const readBodyEndpoint = endpoint({
  tag: TAG,
  summary: 'A body, byte for byte as it was sent',
  params: connectionParams,
  query: z.strictObject({
    stream,
    start: onGrid,
    revision: z.coerce.number<string>().int().min(1),
    part: z.coerce.number<string>().int().min(0).default(0),
  }),
  answer: z.unknown(),
  async handle({ app, params: { connectionId }, query }) {
    await requireConnection(app, connectionId);
    const { start: startMs, ...key } = query;
    const body = await unpackBody(app.db, connectionId, { ...key, startMs });
    if (body === null) throw notFound('No such body is kept. It may be past its retention.');
    return new Response(body, { headers: { 'content-type': 'application/json; charset=utf-8' } });
  },
});

const span = z.strictObject({ from: onGrid, to: onGrid }).meta({ id: 'IntervalSpan' });

function orderEndpoint(order: Order, summary: string, description: string) {
  return endpoint({
    tag: TAG,
    summary,
    description,
    params: connectionParams,
    body: span,
    status: 202,
    answer: z.strictObject({ count: z.int().describe('Intervals or reports that it is about; 0: nothing to do.') }),
    problems: { 409: 'Too much at once, or the stored settings are not valid any more.' },
    async handle({ params, body, ...visit }) {
      const connection = await requireConnection(visit.app, params.connectionId);
      const outcome = await carryOut(visit, connection, order, rangeOf(body));
      if (outcome.kind === 'refused') throw new ProblemError(409, 'Too much at once', outcome.refusal.message);
      return { count: outcome.count };
    },
  });
}

export const readAgainEndpoint = orderEndpoint(
  'read-again',
  'Read intervals again',
  'The ACD is asked anew, newest first; what differs is a new revision and is sent. At most 31 days.',
);
export const sendReportsAgainEndpoint = orderEndpoint(
  'send-again',
  'Send reports again',
  'Accepted reports of the span are built anew, with the present mapping, and sent. At most 31 days.',
);
export const confirmQuietEndpoint = orderEndpoint(
  'confirm-quiet',
  'Take unconfirmed intervals for quiet',
  'Nobody called: zeros are stored for each listed queue, and sent. At most 31 days.',
);
