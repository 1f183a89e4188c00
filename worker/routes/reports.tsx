/** The way to the reports: of the only connection at once, of several by choice. And the report of volume and handle time. */
import { dayOf } from '../../src/domain/local-day.ts';
import { reportDays, VOLUME_STEPS, type VolumeStep } from '../../src/domain/volume.ts';
import { listConnections } from '../../src/store/connections.ts';
import { listQueueNames } from '../../src/store/volume.ts';
import type { RoutedRequest, Visit } from '../app.ts';
import { type Cell, csvFile } from '../csv.ts';
import { ReportsPage } from '../pages/reports.tsx';
import { VolumePage } from '../pages/volume.tsx';
import { SPANS, type VolumeChoice, volumeAddress } from '../pages/volume-tables.tsx';
import { isReportDay } from '../report-day.ts';
import { htmlPage, seeOther } from '../respond.ts';
import { readVolume, readVolumeQueues, VOLUME_CSV_COLUMNS, VOLUME_QUEUES_MAX, volumeCells } from '../volume-view.ts';
import { type Place, placeOf } from './place.ts';

const QUEUES_A_PAGE = 25;
const QUEUES_TO_CHOOSE_MAX = 500;

/** `/reports`, `/reports/volume`, `/reports/adherence`: reports are of one connection. */
export async function chooseReport(request: RoutedRequest, visit: Visit): Promise<Response> {
  const report = request.params.report === 'adherence' ? 'adherence' : 'volume';
  const connections = await listConnections(visit.app.db);
  const [only] = connections;
  if (only && connections.length === 1) return seeOther(`/connections/${only.id}/reports/${report}`);
  return htmlPage(<ReportsPage identity={visit.identity} connections={connections} />);
}

export async function showReports(request: RoutedRequest, visit: Visit): Promise<Response> {
  const { connection } = await placeOf(request, visit, 'reports');
  return seeOther(`/connections/${connection.id}/reports/volume`);
}

export async function showVolume(request: RoutedRequest, visit: Visit): Promise<Response> {
  const { app, identity, url } = visit;
  const place = await placeOf(request, visit, 'reports');
  const { connection, frame, moment } = place;
  const choice = choiceOf(url, place);
  const query = queryOf(choice, place);
  const page = Number(url.searchParams.get('page') ?? 1);
  const number = Number.isSafeInteger(page) && page > 0 && page < 10_000 ? page : 1;
  const offset = (number - 1) * QUEUES_A_PAGE;
  const [report, queues, rows] = await Promise.all([
    readVolume(app.db, query),
    listQueueNames(app.db, connection.id, { offset: 0, limit: QUEUES_TO_CHOOSE_MAX }),
    choice.show === 'queues' ? readVolumeQueues(app.db, query, { offset, limit: QUEUES_A_PAGE + 1 }) : null,
  ]);
  const address = volumeAddress(connection.id, choice);
  const totals = rows && {
    rows: rows.slice(0, QUEUES_A_PAGE),
    older: rows.length > QUEUES_A_PAGE ? `${address}&page=${number + 1}` : null,
    newer: number > 1 ? address : null,
  };
  const today = dayOf(moment.nowMs, moment.timeZone);
  return htmlPage(
    <VolumePage {...{ identity, frame, moment, today, choice, days: query.days, queues, report, totals }} />,
  );
}

/** The table that is shown, whole. */
export async function volumeCsv(request: RoutedRequest, visit: Visit): Promise<Response> {
  const place = await placeOf(request, visit, 'reports');
  const choice = choiceOf(visit.url, place);
  const query = queryOf(choice, place);
  const name = `volume-${query.days[0]}-${choice.span}`;
  if (choice.show === 'queues') {
    const rows = await readVolumeQueues(visit.app.db, query, { offset: 0, limit: QUEUES_TO_CHOOSE_MAX });
    const lines = rows.map(({ queue, ...figures }): Cell[] => [queue.sourceId, queue.name, ...volumeCells(figures)]);
    return csvFile(name, ['queue_id', 'queue', ...VOLUME_CSV_COLUMNS], lines);
  }
  const { rows } = await readVolume(visit.app.db, query);
  const lines = rows.map((row): Cell[] => [
    new Date(row.startMs).toISOString(),
    `${row.day} ${row.clock}`,
    (row.endMs - row.startMs) / 60_000,
    row.intervals,
    row.collected,
    ...volumeCells(row),
  ]);
  const columns = ['start_utc', 'start_local', 'minutes', 'intervals', 'intervals_collected', ...VOLUME_CSV_COLUMNS];
  return csvFile(name, columns, lines);
}

function queryOf(choice: VolumeChoice, { connection, moment }: Place) {
  const { step, queueIds } = choice;
  const days = reportDays(choice.day, choice.span);
  return { connectionId: connection.id, timeZone: moment.timeZone, days, step, queueIds };
}

/** What the address asks for; what makes no sense is the day of today. */
function choiceOf({ searchParams }: URL, { moment }: Place): VolumeChoice {
  const today = dayOf(moment.nowMs, moment.timeZone);
  const asked = searchParams.get('day') ?? '';
  const span = SPANS.find((one) => one === searchParams.get('span')) ?? 'day';
  const ids = searchParams.getAll('queue').filter((id) => /^\d{1,15}$/.test(id));
  const byDefault: VolumeStep = span === 'week' ? 'hour' : 'interval';
  return {
    day: isReportDay(asked) && asked <= today ? asked : today,
    span,
    step: VOLUME_STEPS.find((one) => one === searchParams.get('by')) ?? byDefault,
    queueIds: [...new Set(ids.map(Number))].slice(0, VOLUME_QUEUES_MAX),
    show: searchParams.get('show') === 'queues' ? 'queues' : 'times',
  };
}
