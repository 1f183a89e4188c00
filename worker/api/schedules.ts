/** Schedules: uploaded as CSV or as a list, listed and deleted. */
import * as z from 'zod';
import type { RefusedLine } from '../../src/domain/import-file.ts';
import { readScheduleCsv, SCHEDULE_ROWS_MAX, type WrittenActivity } from '../../src/domain/schedule-file.ts';
import { listSchedule, type ScheduleRow } from '../../src/store/schedules.ts';
import { ProblemError } from '../respond.ts';
import { holdUpload, judgeUpload, removeSchedule, SCHEDULE_BYTES_MAX, storeUpload } from '../schedules.ts';
import { endpoint } from './endpoint.ts';
import { connectionListing } from './listing.ts';
import {
  connectionParams,
  formatParameter,
  id,
  iso,
  isoText,
  pageParameters,
  rangeOf,
  rangeParameters,
  requireConnection,
} from './shapes.ts';

const TAG = 'Schedules';
/** Refused lines that an answer names. */
const REFUSED_TOLD_MAX = 500;

const scheduled = z
  .strictObject({
    agentId: z.int(),
    agentSourceId: z.string(),
    agentName: z.string(),
    loginId: z.string(),
    activity: z.string(),
    start: isoText,
    end: isoText,
  })
  .meta({ id: 'ScheduledActivity' });

function toScheduled({ startMs, endMs, ...row }: ScheduleRow): z.input<typeof scheduled> {
  return { ...row, start: iso(startMs), end: iso(endMs) };
}

export const listSchedulesEndpoint = connectionListing({
  tag: TAG,
  summary: 'Scheduled activities that begin in a range',
  description: 'By agent, then in time.',
  query: z.strictObject({ ...rangeParameters, agent: id.optional(), ...pageParameters, ...formatParameter }),
  row: scheduled,
  key: ['agentId', 'startMs'],
  open(db, { connectionId, query }) {
    const range = { connectionId, window: rangeOf(query), agentId: query.agent ?? null };
    return (page) => listSchedule(db, { ...range, ...page });
  },
  convert: toScheduled,
  csv: { name: 'schedules', toCells: toScheduled },
});

const cell = z.string().trim().max(300);

const uploadAnswer = z
  .strictObject({
    stored: z.boolean().describe('False for a trial, and where nothing would change.'),
    added: z.int(),
    changed: z.int(),
    removed: z.int().describe('Activities of the replaced days that the upload does not have.'),
    same: z.int(),
    refused: z.int(),
    refusedLines: z.array(z.strictObject({ line: z.int(), reason: z.string() })).describe('The first 500.'),
  })
  .meta({ id: 'ScheduleUpload' });

export const uploadSchedulesEndpoint = endpoint({
  tag: TAG,
  summary: 'Upload schedules',
  description:
    'As `csv` (columns agent, activity, start, end) or as `activities`. Agents by id, login id, employee id or name; times in ISO 8601 with an offset, or without one in the time zone of the connection. Each day of an agent on which an uploaded activity begins is replaced. Unless `leaveOut` is set, one line that is refused refuses the whole upload. The same again changes nothing.',
  scope: 'push',
  params: connectionParams,
  bodyBytesMax: SCHEDULE_BYTES_MAX,
  body: z
    .strictObject({
      csv: z.string().min(1).max(SCHEDULE_BYTES_MAX).optional(),
      activities: z
        .array(z.strictObject({ agent: cell, activity: cell, start: cell, end: cell }))
        .max(SCHEDULE_ROWS_MAX)
        .optional()
        .describe('Lines of the answer count from 1.'),
      fileName: z.string().trim().min(1).max(200).default('API'),
      leaveOut: z.boolean().default(false).describe('Store what can be stored, leave out what is refused.'),
      trial: z.boolean().default(false).describe('Only say what it would do.'),
    })
    .refine(({ csv, activities }) => (csv === undefined) !== (activities === undefined), {
      error: 'Give either csv or activities.',
      path: ['csv'],
    })
    .meta({ id: 'NewSchedules' }),
  answer: uploadAnswer,
  async handle({ app, params: { connectionId }, body, nowMs, identity }) {
    const connection = await requireConnection(app, connectionId);
    const written = writtenRows(body);
    const judged = await judgeUpload(app.db, connection, written.rows, nowMs);
    const refused = [...judged.refused, ...written.refused].sort((a, b) => a.line - b.line);
    const { outcome } = judged;
    const wouldChange = outcome.added + outcome.changed + outcome.removed > 0;
    const told = { ...outcome, refused: refused.length, refusedLines: refused.slice(0, REFUSED_TOLD_MAX) };
    if (body.trial) return { stored: false, ...told };
    if (refused.length > 0 && !body.leaveOut) throw refusal(refused);
    if (wouldChange) {
      const { fileName } = body;
      const who = { nowMs, by: identity.by };
      const uploadId = await holdUpload(app.db, { connectionId, fileName, placed: judged, ...who });
      await storeUpload(app.db, connectionId, { id: uploadId, fileName, placed: judged }, who);
    }
    return { stored: wouldChange, ...told };
  },
});

function writtenRows(body: {
  csv?: string | undefined;
  activities?: readonly Omit<WrittenActivity, 'line'>[] | undefined;
}): { rows: readonly WrittenActivity[]; refused: readonly RefusedLine[] } {
  if (body.csv === undefined) {
    return { rows: (body.activities ?? []).map((one, i) => ({ ...one, line: i + 1 })), refused: [] };
  }
  const read = readScheduleCsv(body.csv);
  if (read.ok) return read;
  throw new ProblemError(400, 'Invalid file', read.message, { errors: [{ path: 'csv', message: read.message }] });
}

function refusal(refused: readonly RefusedLine[]): ProblemError {
  const count = refused.length === 1 ? '1 line is' : `${refused.length} lines are`;
  const [first] = refused;
  const detail = `Nothing was changed: ${count} refused. Line ${first?.line}: ${first?.reason}`;
  const errors = refused
    .slice(0, REFUSED_TOLD_MAX)
    .map(({ line, reason }) => ({ path: `line ${line}`, message: reason }));
  return new ProblemError(400, 'Invalid schedules', detail, { errors });
}

export const deleteSchedulesEndpoint = endpoint({
  tag: TAG,
  summary: 'Delete the activities that begin in a range',
  params: connectionParams,
  query: z.strictObject({ ...rangeParameters, agent: id.optional() }),
  answer: z.strictObject({ deleted: z.int() }),
  async handle({ app, params: { connectionId }, query, nowMs, identity }) {
    await requireConnection(app, connectionId);
    const range = { connectionId, window: rangeOf(query), agentId: query.agent ?? null };
    return { deleted: await removeSchedule(app.db, range, { nowMs, by: identity.by }) };
  },
});
