/** Backfills: asked for, watched, paused, resumed, cancelled. */
import * as z from 'zod';
import {
  BACKFILL_STATUSES,
  type BackfillOrder,
  type BackfillRow,
  backfillProgress,
  listBackfills,
  orderBackfill,
  readBackfill,
} from '../../src/store/backfill-requests.ts';
import { pokeCollector } from '../app.ts';
import { askForBackfill } from '../backfills.ts';
import { notFound, ProblemError } from '../respond.ts';
import { answer, endpoint } from './endpoint.ts';
import { beforeId, connectionListing } from './listing.ts';
import {
  connectionParams,
  instant,
  iso,
  isoOrNull,
  isoText,
  itemParams,
  pageParameters,
  requireConnection,
} from './shapes.ts';

const TAG = 'Backfills';

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
  tag: TAG,
  summary: 'Load past intervals',
  description:
    'The range is widened to whole intervals, may be three years long and must have begun. It is loaded newest first, beside the live data.',
  params: connectionParams,
  body: z.strictObject({ from: instant, to: instant }).meta({ id: 'NewBackfill' }),
  status: 202,
  answer: backfill,
  async handle({ app, params: { connectionId }, body, nowMs, identity }) {
    const connection = await requireConnection(app, connectionId);
    const asked = await askForBackfill(
      app,
      connection,
      { fromMs: body.from, toMs: body.to },
      { nowMs, by: identity.by },
    );
    if (!asked.ok) throw new ProblemError(400, 'Invalid request', asked.error.message, { errors: [asked.error] });
    const { row } = asked;
    const location = `/api/v1/connections/${connectionId}/backfills/${row.id}`;
    return answer(backfill, toBackfill(row), { status: 202, headers: { location } });
  },
});

export const listBackfillsEndpoint = connectionListing({
  tag: TAG,
  summary: 'Backfills, newest first',
  query: z.strictObject(pageParameters),
  row: backfill,
  key: ['id'],
  open:
    (db, { connectionId }) =>
    (page) =>
      listBackfills(db, { connectionId, ...beforeId(page) }),
  convert: toBackfill,
});

export const readBackfillEndpoint = endpoint({
  tag: TAG,
  summary: 'One backfill with its progress',
  params: itemParams,
  answer: backfill,
  async handle({ app, params }) {
    return toBackfill(await requireBackfill(app.db, params.connectionId, params.id));
  },
});

function orderEndpoint(order: BackfillOrder, summary: string) {
  return endpoint({
    tag: TAG,
    summary,
    params: itemParams,
    answer: backfill,
    problems: { 409: 'The backfill is in no state that allows it.' },
    async handle({ app, params: { connectionId, id }, nowMs, identity }) {
      const before = await requireBackfill(app.db, connectionId, id);
      const done = await orderBackfill(app.db, { connectionId, id, order, nowMs, by: identity.by });
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
