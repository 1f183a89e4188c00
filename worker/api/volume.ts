/** Volume and handle time, by interval, hour or day, beside the same days a week before. */
import * as z from 'zod';
import { meanHandleTimeMs, VOLUME_STEPS, type Volume, type VolumeRow } from '../../src/domain/volume.ts';
import { csvFile } from '../csv.ts';
import { readVolume, VOLUME_CSV_COLUMNS, VOLUME_QUEUES_MAX, volumeCells } from '../volume-view.ts';
import { endpoint } from './endpoint.ts';
import { dayParameters, daysOf, zoneOf } from './report-days.ts';
import { connectionParams, formatParameter, iso, isoText, requireConnection, wantsCsv } from './shapes.ts';

const figures = z
  .strictObject({
    offered: z.int(),
    handled: z.int().describe('Offered less abandoned.'),
    abandoned: z.int(),
    handleTimeMs: z.int(),
    meanHandleTimeMs: z.number().nullable().describe('Null where nothing was handled.'),
  })
  .meta({ id: 'Volume' });

const row = z
  .strictObject({
    start: isoText,
    end: isoText,
    day: z.string(),
    clock: z.string().describe("Of its start, in the connection's time zone."),
    again: z.boolean().describe('The clock showed this time before on the same day.'),
    intervals: z.int(),
    intervalsCollected: z.int(),
    now: figures.nullable().describe('Null: nothing was collected, which is not zero.'),
    weekBefore: figures.nullable(),
  })
  .meta({ id: 'VolumeRow' });

const toFigures = (volume: Volume | null): z.input<typeof figures> | null =>
  volume && { ...volume, meanHandleTimeMs: meanHandleTimeMs(volume) };

function toRow({ startMs, endMs, collected, now, before, ...rest }: VolumeRow): z.input<typeof row> {
  return {
    ...rest,
    start: iso(startMs),
    end: iso(endMs),
    intervalsCollected: collected,
    now: toFigures(now),
    weekBefore: toFigures(before),
  };
}

const queueList = z
  .string()
  .regex(/^\d{1,15}(?:,\d{1,15})*$/, 'Give ids of queues, with commas between them.')
  .transform((text) => [...new Set(text.split(',').map(Number))])
  .refine((ids) => ids.length <= VOLUME_QUEUES_MAX, `Give at most ${VOLUME_QUEUES_MAX} queues.`);

export const listVolumeEndpoint = endpoint({
  tag: 'Reports',
  summary: 'Volume and handle time, beside the week before',
  description: 'Sums over queues. On days on which the clock is changed the week before is matched by clock time.',
  params: connectionParams,
  query: z.strictObject({
    ...dayParameters,
    by: z.enum(VOLUME_STEPS).default('interval'),
    queues: queueList.optional().describe('Ids of queues, with commas between them; without it all queues.'),
    ...formatParameter,
  }),
  answer: z.strictObject({ timeZone: z.string(), rows: z.array(row) }),
  hasCsv: true,
  async handle({ app, params: { connectionId }, query, request }) {
    const timeZone = zoneOf(await requireConnection(app, connectionId));
    const days = daysOf(query);
    const asked = { connectionId, timeZone, days, step: query.by, queueIds: query.queues ?? [] };
    const { rows } = await readVolume(app.db, asked);
    if (!wantsCsv(request, query)) return { timeZone, rows: rows.map(toRow) };
    const lines = rows.map((one) => [
      iso(one.startMs),
      iso(one.endMs),
      `${one.day} ${one.clock}`,
      one.intervals,
      one.collected,
      ...volumeCells(one),
    ]);
    const columns = ['start_utc', 'end_utc', 'start_local', 'intervals', 'intervals_collected', ...VOLUME_CSV_COLUMNS];
    return csvFile(`volume-${query.from}`, columns, lines);
  },
});
