/** The records of a connection that were set aside, and sending them again. */
import { listConnections } from '../../src/store/connections.ts';
import { listSetAside, SET_ASIDE_STREAMS, type SetAsideFilter } from '../../src/store/diary-read.ts';
import { id } from '../api/shapes.ts';
import type { RoutedRequest, Visit } from '../app.ts';
import { readForm } from '../body.ts';
import { MessagePage } from '../pages/message.tsx';
import { SetAsidePage } from '../pages/set-aside.tsx';
import { htmlPage, notFound, seeOther } from '../respond.ts';
import { sendAllAgain, sendRecordAgain } from '../set-aside.ts';
import { beforeOf } from './asked.ts';
import { placeOf } from './place.ts';

const PAGE_ROWS = 100;

/** The address that health's sentences and older links know: leads to the connection's page. */
export async function findSetAside(_request: Request, { app, url, identity }: Visit): Promise<Response> {
  const connections = await listConnections(app.db);
  const asked = url.searchParams.get('connection');
  const connection = asked ? connections.find((one) => String(one.id) === asked) : connections[0];
  if (connection) return seeOther(`/connections/${connection.id}/set-aside`);
  if (asked) throw notFound('There is no such connection. It may have been deleted.');
  const text = 'There is no connection yet. Records that are refused for good will be listed here with the reason.';
  const link = { href: '/connections/new', label: 'Create a connection' };
  return htmlPage(<MessagePage title="Set aside" text={text} identity={identity} link={link} />);
}

export async function showSetAside(request: RoutedRequest, visit: Visit): Promise<Response> {
  const { app, url, identity } = visit;
  const place = await placeOf(request, visit, 'set-aside');
  const filter = filterOf(url.searchParams);
  const beforeId = beforeOf(url);
  const page = { connectionId: place.connection.id, ...filter, beforeId, limit: PAGE_ROWS + 1 };
  const rows = await listSetAside(app.db, page);
  const records = rows.slice(0, PAGE_ROWS);
  const olderId = rows.length > PAGE_ROWS ? (records.at(-1)?.id ?? null) : null;
  const isFirst = beforeId === Number.MAX_SAFE_INTEGER;
  const notice = noticeOf(url.searchParams, place.connection.paused);
  return htmlPage(<SetAsidePage {...{ identity, place, filter, records, olderId, isFirst, notice }} />);
}

export async function sendAgain(request: RoutedRequest, visit: Visit): Promise<Response> {
  const { connection } = await placeOf(request, visit, 'set-aside');
  const recordId = id.safeParse(request.params.record);
  if (!recordId.success) throw notFound('There is no such record.');
  const { app, nowMs, identity } = visit;
  await sendRecordAgain(app, connection.id, recordId.data, { nowMs, by: identity?.by ?? 'nobody' });
  return seeOther(`/connections/${connection.id}/set-aside?sent=1`);
}

export async function sendAgainAll(request: RoutedRequest, visit: Visit): Promise<Response> {
  const { connection } = await placeOf(request, visit, 'set-aside');
  const filter = filterOf(await readForm(request));
  const { app, nowMs, identity } = visit;
  const result = await sendAllAgain(app, connection.id, filter, { nowMs, by: identity?.by ?? 'nobody' });
  const { sent, failed, left } = result;
  const query = new URLSearchParams({ sent: String(sent), ...(failed > 0 && { failed: String(failed) }) });
  if (left) query.set('left', 'true');
  return seeOther(`/connections/${connection.id}/set-aside?${query}`);
}

function filterOf(params: URLSearchParams): SetAsideFilter {
  const status = params.get('status') ?? '';
  return {
    status: status === 'all' ? null : status === 'sent again' ? 'sent again' : 'set aside',
    stream: SET_ASIDE_STREAMS.find((stream) => stream === params.get('stream')) ?? null,
  };
}

interface SetAsideNotice {
  readonly isGood: boolean;
  readonly text: string;
}

function noticeOf(params: URLSearchParams, isPaused: boolean): SetAsideNotice | null {
  const [sent, failed] = [Number(params.get('sent') ?? 0), Number(params.get('failed') ?? 0)];
  if (!Number.isSafeInteger(sent) || !Number.isSafeInteger(failed) || (sent === 0 && failed === 0)) return null;
  const words = sent === 0 ? [] : [`${sent === 1 ? 'One record is' : `${sent} records are`} sent again.`];
  // The reason does not travel in the address: anybody could write one there.
  if (failed > 0) {
    const why = isPaused ? 'the connection is paused, resume it first.' : 'send one by itself to see why.';
    words.push(`${failed} could not be: ${why}`);
  }
  if (params.has('left')) words.push('More are left: repeat it.');
  return { isGood: failed === 0, text: words.join(' ') };
}
