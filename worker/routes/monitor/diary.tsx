/** The diary, of one connection or of all, as a page and as CSV. */
import { dayWindow, isDay } from '../../../src/domain/local-day.ts';
import { listAlerts } from '../../../src/store/alerts.ts';
import { type ConnectionRow, listConnections } from '../../../src/store/connections.ts';
import {
  type DiaryFilter,
  type DiaryRow,
  listDiaryKinds,
  SEVERITIES,
  searchDiary,
} from '../../../src/store/diary-search.ts';
import type { RoutedRequest, Visit } from '../../app.ts';
import { CSV_CHUNK_ROWS, csvAnswer } from '../../csv.ts';
import { DiaryPage, type DiaryQuery } from '../../pages/monitor/diary.tsx';
import { htmlPage } from '../../respond.ts';
import { siteZone } from '../../site-zone.ts';
import { beforeOf } from '../asked.ts';
import { placeOf } from '../place.ts';

const PAGE_ROWS = 100;

export async function showDiary(visit: Visit): Promise<Response> {
  const connections = await listConnections(visit.app.db);
  const moment = { timeZone: siteZone(connections), nowMs: visit.nowMs };
  return diaryAnswer(visit, { frame: null, moment, connections });
}

export async function showConnectionMonitor(request: RoutedRequest, visit: Visit): Promise<Response> {
  const { connection, frame, moment } = await placeOf(request, visit, 'monitor');
  return diaryAnswer(visit, { frame, moment, connections: [connection] });
}

async function diaryAnswer(
  visit: Visit,
  place: Pick<Parameters<typeof DiaryPage>[0], 'frame' | 'moment' | 'connections'>,
): Promise<Response> {
  const { app, identity, url } = visit;
  const query = diaryQuery(url);
  const filter = diaryFilter(query, place.moment.timeZone, place.connections, place.frame?.id ?? null);
  const beforeId = beforeOf(url);
  const [rows, open, kinds] = await Promise.all([
    searchDiary(app.db, filter, { beforeId, limit: PAGE_ROWS + 1 }),
    listAlerts(app.db, {
      connectionId: place.frame?.id ?? null,
      isOpen: true,
      beforeId: Number.MAX_SAFE_INTEGER,
      limit: 50,
    }),
    listDiaryKinds(app.db),
  ]);
  const entries = rows.slice(0, PAGE_ROWS);
  const olderId = rows.length > PAGE_ROWS ? (entries.at(-1)?.id ?? null) : null;
  const page = {
    identity,
    ...place,
    entries,
    open,
    kinds,
    query,
    olderId,
    isFirst: beforeId === Number.MAX_SAFE_INTEGER,
  };
  return htmlPage(<DiaryPage {...page} />);
}

function diaryQuery({ searchParams }: URL): DiaryQuery {
  const value = (name: string) => searchParams.get(name) ?? '';
  return {
    connection: value('connection'),
    severity: value('severity'),
    kind: value('kind'),
    from: isDay(value('from')) ? value('from') : '',
    to: isDay(value('to')) ? value('to') : '',
  };
}

function diaryFilter(
  query: DiaryQuery,
  timeZone: string,
  connections: readonly ConnectionRow[],
  ownId: number | null,
): DiaryFilter {
  return {
    connectionId: ownId ?? connections.find(({ id }) => String(id) === query.connection)?.id ?? null,
    severity: SEVERITIES.find((severity) => severity === query.severity) ?? null,
    kind: query.kind || null,
    fromMs: query.from ? dayWindow(query.from, timeZone).startMs : null,
    toMs: query.to ? dayWindow(query.to, timeZone).endMs : null,
  };
}

export async function diaryCsv(_request: Request, visit: Visit): Promise<Response> {
  const connections = await listConnections(visit.app.db);
  return diaryCsvAnswer(visit, diaryFilter(diaryQuery(visit.url), siteZone(connections), connections, null), 'diary');
}

export async function connectionDiaryCsv(request: RoutedRequest, visit: Visit): Promise<Response> {
  const { connection, moment } = await placeOf(request, visit, 'monitor');
  const filter = diaryFilter(diaryQuery(visit.url), moment.timeZone, [connection], connection.id);
  return diaryCsvAnswer(visit, filter, `diary-${connection.id}`);
}

function diaryCsvAnswer({ app }: Visit, filter: DiaryFilter, name: string): Response {
  return csvAnswer<DiaryRow>(
    name,
    ['at_utc', 'connection', 'severity', 'kind', 'message'],
    (after) => searchDiary(app.db, filter, { beforeId: after?.id ?? Number.MAX_SAFE_INTEGER, limit: CSV_CHUNK_ROWS }),
    ({ atMs, connectionName, severity, kind, message }) => ({
      at_utc: new Date(atMs).toISOString(),
      connection: connectionName,
      severity,
      kind,
      message,
    }),
  );
}
