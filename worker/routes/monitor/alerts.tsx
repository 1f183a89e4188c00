/** The alerts that there were, as a page and as CSV. */
import { type AlertRow, listAlerts } from '../../../src/store/alerts.ts';
import { type ConnectionRow, listConnections } from '../../../src/store/connections.ts';
import type { Visit } from '../../app.ts';
import { CSV_CHUNK_ROWS, csvAnswer } from '../../csv.ts';
import { AlertsPage } from '../../pages/monitor/alerts.tsx';
import { htmlPage } from '../../respond.ts';
import { siteZone } from '../../site-zone.ts';
import { beforeOf } from '../asked.ts';

const PAGE_ROWS = 100;

function alertsFilter(url: URL, connections: readonly ConnectionRow[]) {
  const query = { connection: url.searchParams.get('connection') ?? '', open: url.searchParams.get('open') ?? '' };
  return {
    query,
    connectionId: connections.find(({ id }) => String(id) === query.connection)?.id ?? null,
    isOpen: query.open === 'true' ? true : query.open === 'false' ? false : null,
  };
}

export async function showAlerts(visit: Visit): Promise<Response> {
  const { app, identity, nowMs, url } = visit;
  const connections = await listConnections(app.db);
  const { query, ...filter } = alertsFilter(url, connections);
  const beforeId = beforeOf(url);
  const rows = await listAlerts(app.db, { ...filter, beforeId, limit: PAGE_ROWS + 1 });
  const alerts = rows.slice(0, PAGE_ROWS);
  const olderId = rows.length > PAGE_ROWS ? (alerts.at(-1)?.id ?? null) : null;
  const moment = { timeZone: siteZone(connections), nowMs };
  const page = { identity, moment, alerts, connections, query, olderId, isFirst: beforeId === Number.MAX_SAFE_INTEGER };
  return htmlPage(<AlertsPage {...page} />);
}

export async function alertsCsv(_request: Request, { app, url }: Visit): Promise<Response> {
  const { query: _, ...filter } = alertsFilter(url, await listConnections(app.db));
  return csvAnswer<AlertRow>(
    'alerts',
    ['opened_utc', 'solved_utc', 'connection', 'kind', 'message', 'channels_told'],
    (after) => listAlerts(app.db, { ...filter, beforeId: after?.id ?? Number.MAX_SAFE_INTEGER, limit: CSV_CHUNK_ROWS }),
    (row) => ({
      opened_utc: new Date(row.openedAtMs).toISOString(),
      solved_utc: row.solvedAtMs === null ? null : new Date(row.solvedAtMs).toISOString(),
      connection: row.connectionName,
      kind: row.kind,
      message: row.message,
      channels_told: row.toldCount,
    }),
  );
}
