/** The list of records set aside, and sending one of them again. */
import { listConnections } from '../../src/store/connections.ts';
import { listSetAside, readSetAsideRow } from '../../src/store/diary-read.ts';
import { callCollector, type RoutedRequest, type Visit } from '../app.ts';
import { storedSettings } from '../connection-settings.ts';
import { SetAsidePage } from '../pages/set-aside.tsx';
import { htmlPage, notFound, ProblemError, seeOther } from '../respond.ts';

const PAGE_ROWS = 100;

export async function showSetAside(_request: Request, { app, url, nowMs, identity }: Visit): Promise<Response> {
  const connections = await listConnections(app.db);
  const asked = url.searchParams.get('connection');
  const connection = (asked ? connections.find(({ id }) => String(id) === asked) : connections[0]) ?? null;
  if (asked && !connection) throw notFound('There is no such connection. It may have been deleted.');
  const before = Number(url.searchParams.get('before') ?? Number.NaN);
  const beforeId = Number.isSafeInteger(before) ? before : Number.MAX_SAFE_INTEGER;
  const rows = connection
    ? await listSetAside(app.db, { connectionId: connection.id, beforeId, status: null, limit: PAGE_ROWS + 1 })
    : [];
  const records = rows.slice(0, PAGE_ROWS);
  const last = records.at(-1);
  const older = rows.length > PAGE_ROWS && last ? `/set-aside?connection=${connection?.id}&before=${last.id}` : null;
  const timeZone = (connection && storedSettings(connection)?.timeZone) ?? 'UTC';
  const notice = url.searchParams.get('notice') === 'sent' ? 'The record is on its way again.' : undefined;
  const page = { identity, connections, connection, records, older, moment: { timeZone, nowMs }, notice };
  return htmlPage(<SetAsidePage {...page} />);
}

export async function sendAgain(request: RoutedRequest, { app }: Visit): Promise<Response> {
  const { connection = '', id = '' } = request.params;
  const [connectionId, recordId] = [Number(connection), Number(id)];
  const isNumbered = Number.isSafeInteger(connectionId) && Number.isSafeInteger(recordId);
  const record = isNumbered ? await readSetAsideRow(app.db, connectionId, recordId) : null;
  if (!record) throw notFound('There is no such record.');
  if (record.status === 'set aside') {
    const told = await callCollector(app, connectionId, (collector) => collector.sendAgain(recordId));
    if (!told) throw new ProblemError(503, 'Not now', 'The record could not be sent just now. Try again in a minute.');
    if (!told.answer.ok) throw new ProblemError(409, 'Not sent', told.answer.message);
  }
  return seeOther(`/set-aside?connection=${connectionId}&notice=sent`);
}
