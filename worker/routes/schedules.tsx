/** Schedules as pages: list, upload with a preview, deletion, and how activities are judged. */
import { activityKey, defaultClasses, GRACE_MAX_MS, orderedClasses } from '../../src/domain/adherence.ts';
import { STATE_CLASSES } from '../../src/domain/agent-state.ts';
import { DAY_MS, MINUTE_MS } from '../../src/domain/interval.ts';
import { dayOf, dayWindow } from '../../src/domain/local-day.ts';
import { readScheduleCsv, SCHEDULE_COLUMNS } from '../../src/domain/schedule-file.ts';
import { listActivityNames, readAdherenceRules } from '../../src/store/adherence.ts';
import { listSchedule, readScheduleUpload, type ScheduleRow, type ScheduleUpload } from '../../src/store/schedules.ts';
import { classesBy } from '../adherence-view.ts';
import type { RoutedRequest, Visit } from '../app.ts';
import { readForm, readUpload } from '../body.ts';
import { CSV_CHUNK_ROWS, csvAnswer, csvFile } from '../csv.ts';
import { SchedulePreviewPage } from '../pages/schedule-preview.tsx';
import { type JudgedActivity, SchedulesPage } from '../pages/schedules.tsx';
import { numberText } from '../pages/ui/number.tsx';
import { isReportDay } from '../report-day.ts';
import { type FieldError, htmlPage, notFound, seeOther } from '../respond.ts';
import {
  discardUpload,
  holdUpload,
  judgeHeld,
  judgeUpload,
  removeSchedule,
  SCHEDULE_BYTES_MAX,
  saveRules,
  storeUpload,
} from '../schedules.ts';
import { whoOf } from './asked.ts';
import { type Place, placeOf } from './place.ts';

const ROWS_A_PAGE = 200;
/** Activities are listed that occur this far around today. */
const NAMES_WITHIN_DAYS = 35;
const NAMES_MAX = 100;

const NOTICES: Readonly<Record<string, string>> = {
  stored: 'The schedules are stored.',
  discarded: 'The file was discarded. Nothing of it was stored.',
  rules: 'Saved. The report is judged by it from now on, past days too.',
};

export async function showSchedules(request: RoutedRequest, visit: Visit): Promise<Response> {
  return schedulesAnswer(visit, await placeOf(request, visit, 'reports'), { errors: [] });
}

async function schedulesAnswer(
  visit: Visit,
  place: Place,
  form: { errors: readonly FieldError[]; grace?: string; activities?: readonly JudgedActivity[] },
): Promise<Response> {
  const { app, identity, url } = visit;
  const { connection, frame, moment } = place;
  const day = dayAsked(url, place);
  const after = cursorOf(url);
  const [rows, activities, rules] = await Promise.all([
    listSchedule(app.db, {
      connectionId: connection.id,
      window: dayWindow(day, moment.timeZone),
      agentId: null,
      after,
      limit: ROWS_A_PAGE + 1,
    }),
    form.activities ?? judgedActivities(visit, place),
    readAdherenceRules(app.db, connection.id),
  ]);
  const shown = rows.slice(0, ROWS_A_PAGE);
  const last = shown.at(-1);
  const older =
    rows.length > ROWS_A_PAGE && last
      ? `/connections/${connection.id}/reports/schedules?day=${day}&after=${last.agentId}&afterMs=${last.startMs}`
      : null;
  const page = (
    <SchedulesPage
      {...{ identity, frame, moment, day, activities, older }}
      rows={shown}
      isFirst={after === null}
      grace={form.grace ?? String(rules.graceMs / MINUTE_MS)}
      notice={noticeOf(url)}
      errors={form.errors}
    />
  );
  return htmlPage(page, { status: form.errors.length > 0 ? 422 : 200 });
}

function noticeOf({ searchParams }: URL): string | undefined {
  const notice = searchParams.get('notice') ?? '';
  const count = Number(searchParams.get('count'));
  if (notice !== 'deleted' || !Number.isSafeInteger(count) || count < 0) return NOTICES[notice];
  return `${numberText(count)} ${count === 1 ? 'activity was' : 'activities were'} deleted.`;
}

/** Activities that occur around today, and those that a person chose classes for. */
async function judgedActivities({ app, nowMs }: Visit, { connection }: Place): Promise<JudgedActivity[]> {
  const window = { startMs: nowMs - NAMES_WITHIN_DAYS * DAY_MS, endMs: nowMs + NAMES_WITHIN_DAYS * DAY_MS };
  const [names, rules] = await Promise.all([
    listActivityNames(app.db, connection.id, window, NAMES_MAX),
    readAdherenceRules(app.db, connection.id),
  ]);
  const classesOf = classesBy(rules);
  const byKey = new Map(names.map((name) => [activityKey(name), name]));
  for (const [key, { name }] of rules.chosen) if (!byKey.has(key)) byKey.set(key, name);
  return [...byKey.values()].map((name) => ({ name, classes: classesOf(name) }));
}

export async function exportSchedule(request: RoutedRequest, visit: Visit): Promise<Response> {
  const place = await placeOf(request, visit, 'reports');
  const { connection, moment } = place;
  const day = dayAsked(visit.url, place);
  const window = dayWindow(day, moment.timeZone);
  return csvAnswer<ScheduleRow>(
    `schedule-${day}`,
    SCHEDULE_COLUMNS,
    (after) =>
      listSchedule(visit.app.db, { connectionId: connection.id, window, agentId: null, after, limit: CSV_CHUNK_ROWS }),
    ({ agentSourceId, activity, startMs, endMs }) => ({
      agent: agentSourceId,
      activity,
      start: new Date(startMs).toISOString(),
      end: new Date(endMs).toISOString(),
    }),
  );
}

export async function scheduleTemplate(request: RoutedRequest, visit: Visit): Promise<Response> {
  await placeOf(request, visit, 'reports');
  return csvFile('schedules', SCHEDULE_COLUMNS, []);
}

export async function uploadSchedule(request: RoutedRequest, visit: Visit): Promise<Response> {
  const place = await placeOf(request, visit, 'reports');
  const form = await readUpload(request, SCHEDULE_BYTES_MAX);
  const fileName = form.get('file.name') ?? '';
  const refuse = (message: string) => schedulesAnswer(visit, place, { errors: [{ path: 'file', message }] });
  if (fileName === '') return refuse('Choose a file.');
  const read = readScheduleCsv(form.get('file') ?? '');
  if (!read.ok) return refuse(read.message);
  const { connection } = place;
  const judged = await judgeUpload(visit.app.db, connection, read.rows, visit.nowMs);
  const placed = { ...judged, refused: [...judged.refused, ...read.refused].sort((a, b) => a.line - b.line) };
  const upload = { connectionId: connection.id, fileName, placed, ...whoOf(visit) };
  return seeOther(`${baseOf(place)}/uploads/${await holdUpload(visit.app.db, upload)}`);
}

export async function previewSchedule(request: RoutedRequest, visit: Visit): Promise<Response> {
  const place = await placeOf(request, visit, 'reports');
  return previewAnswer(visit, place, await requireUpload(request, visit, place), 200);
}

async function previewAnswer(visit: Visit, place: Place, upload: ScheduleUpload, status: number): Promise<Response> {
  const placed = await judgeHeld(visit.app.db, place.connection, upload.id);
  const { identity } = visit;
  return htmlPage(<SchedulePreviewPage {...{ identity, frame: place.frame, upload, placed }} />, { status });
}

export async function confirmSchedule(request: RoutedRequest, visit: Visit): Promise<Response> {
  const place = await placeOf(request, visit, 'reports');
  const upload = await requireUpload(request, visit, place);
  const placed = await judgeHeld(visit.app.db, place.connection, upload.id);
  if (placed.refused.length > 0) return previewAnswer(visit, place, upload, 409);
  await storeUpload(visit.app.db, place.connection.id, { ...upload, placed }, whoOf(visit));
  const day = placed.activities[0] ? dayOf(placed.activities[0].startMs, place.moment.timeZone) : '';
  return seeOther(`${baseOf(place)}?notice=stored${day && `&day=${day}`}`);
}

export async function discardSchedule(request: RoutedRequest, visit: Visit): Promise<Response> {
  const place = await placeOf(request, visit, 'reports');
  await discardUpload(visit.app.db, place.connection.id, await requireUpload(request, visit, place));
  return seeOther(`${baseOf(place)}?notice=discarded`);
}

export async function deleteSchedules(request: RoutedRequest, visit: Visit): Promise<Response> {
  const place = await placeOf(request, visit, 'reports');
  const form = await readForm(request);
  const [from, to] = [form.get('from') ?? '', form.get('to') ?? ''];
  const errors: FieldError[] = Object.entries({ from, to }).flatMap(([path, text]) =>
    isReportDay(text) ? [] : [{ path, message: 'Enter a day, such as 2026-01-31.' }],
  );
  if (errors.length === 0 && to < from) errors.push({ path: 'to', message: 'The last day lies before the first.' });
  if (errors.length > 0) return schedulesAnswer(visit, place, { errors });
  const { timeZone } = place.moment;
  const window = { startMs: dayWindow(from, timeZone).startMs, endMs: dayWindow(to, timeZone).endMs };
  const range = { connectionId: place.connection.id, window, agentId: null };
  const count = await removeSchedule(visit.app.db, range, whoOf(visit));
  return seeOther(`${baseOf(place)}?notice=deleted&count=${count}&day=${from}`);
}

export async function changeAdherenceRules(request: RoutedRequest, visit: Visit): Promise<Response> {
  const place = await placeOf(request, visit, 'reports');
  const form = await readForm(request);
  const grace = (form.get('grace') ?? '').trim();
  const activities = [...form.entries()].flatMap(([field, name]): JudgedActivity[] => {
    const [, at] = /^activity\.(\d{1,4})$/.exec(field) ?? [];
    if (at === undefined || name.trim() === '' || name.length > 100) return [];
    const picked = form.getAll(`class.${at}`);
    return [{ name, classes: STATE_CLASSES.filter((one) => picked.includes(one)) }];
  });
  const minutes = /^\d{1,3}(?:\.\d{1,2})?$/.test(grace) ? Number(grace) : Number.NaN;
  if (!(minutes * MINUTE_MS <= GRACE_MAX_MS)) {
    const message = `Enter minutes from 0 to ${GRACE_MAX_MS / MINUTE_MS}.`;
    return schedulesAnswer(visit, place, { errors: [{ path: 'grace', message }], grace, activities });
  }
  const rules = activities.map(({ name, classes }) => ({
    name,
    // What its name suggests needs no rule.
    classes: isSame(classes, defaultClasses(name)) ? null : classes,
  }));
  const change = { graceMs: Math.round(minutes * MINUTE_MS), rules };
  await saveRules(visit.app.db, place.connection.id, change, whoOf(visit));
  return seeOther(`${baseOf(place)}?notice=rules#activities`);
}

function isSame(a: JudgedActivity['classes'], b: JudgedActivity['classes']): boolean {
  return orderedClasses(a).join() === orderedClasses(b).join();
}

async function requireUpload(request: RoutedRequest, visit: Visit, { connection }: Place): Promise<ScheduleUpload> {
  const { upload = '' } = request.params;
  const row = /^\d{1,15}$/.test(upload)
    ? await readScheduleUpload(visit.app.db, connection.id, Number(upload), visit.nowMs)
    : null;
  if (!row) throw notFound('These schedules were stored already, or waited for over an hour. Upload them again.');
  return row;
}

const baseOf = ({ connection }: Place) => `/connections/${connection.id}/reports/schedules`;

function dayAsked({ searchParams }: URL, { moment }: Place): string {
  const asked = searchParams.get('day') ?? '';
  return isReportDay(asked) ? asked : dayOf(moment.nowMs, moment.timeZone);
}

function cursorOf({ searchParams }: URL): { agentId: number; startMs: number } | null {
  const [agent, startMs] = [searchParams.get('after') ?? '', searchParams.get('afterMs') ?? ''];
  return /^\d{1,15}$/.test(agent) && /^\d{1,15}$/.test(startMs)
    ? { agentId: Number(agent), startMs: Number(startMs) }
    : null;
}
