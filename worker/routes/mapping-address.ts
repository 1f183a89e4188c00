/** Addresses of the mapping pages: which list, which filter, what became of a change; and the rows that they are about. */
import type { AgentEdit, MappedTable, QueueEdit, StateEdit } from '../../src/store/mapping-edits.ts';
import type { MappingFilter } from '../../src/store/mapping-list.ts';
import type { MappingKind } from '../mapping/kinds.ts';
import { numberText } from '../pages/ui/number.tsx';

/** More rows than any contact centre has of a kind. */
const ALL_ROWS = 50_000;

export type AnyEdit = QueueEdit | AgentEdit | StateEdit;
export interface Identified {
  readonly id: number;
}

/** Which list an address is about: `/roster?show=agents`, `/roster/agents/upload`, `/states`. */
export type Shown = MappedTable;

export function shownBy(url: URL): Shown {
  if (/\/states(\.csv|\/|$)/.test(url.pathname)) return 'states';
  const isAgents = url.searchParams.get('show') === 'agents' || url.pathname.includes('/roster/agents/');
  return isAgents ? 'agents' : 'queues';
}

export const ALL = { search: '', status: 'all' } as const;

export async function allRows<Row extends Identified, Edit extends Identified>(
  db: D1Database,
  connectionId: number,
  kind: MappingKind<Row, Edit>,
  filter: Pick<MappingFilter, 'search' | 'status'>,
): Promise<readonly Row[]> {
  return (await kind.list(db, { connectionId, ...filter, limit: ALL_ROWS, offset: 0 })).rows;
}

/** Path of the files of a list, and of its page. */
export function baseOf(connectionId: number, shown: Shown): string {
  return shown === 'states' ? `/connections/${connectionId}/states` : `/connections/${connectionId}/roster/${shown}`;
}
export function pageOf(connectionId: number, shown: Shown): string {
  return shown === 'states' ? `/connections/${connectionId}/states` : `/connections/${connectionId}/roster`;
}

const STATUSES: readonly MappingFilter['status'][] = [
  'all',
  'attention',
  'included',
  'left out',
  'gone',
  'unreviewed',
  'reviewed',
];

export function filterOf(url: URL): { search: string; status: MappingFilter['status'] } {
  const shown = shownBy(url);
  const status = STATUSES.find((one) => one === url.searchParams.get('status')) ?? 'all';
  const isOfStates = status === 'unreviewed' || status === 'reviewed';
  const fits = status === 'all' || isOfStates === (shown === 'states');
  return { search: (url.searchParams.get('q') ?? '').trim().slice(0, 200), status: fits ? status : 'all' };
}

export function queryOf(url: URL, shown: Shown): URLSearchParams {
  const { search, status } = filterOf(url);
  return new URLSearchParams({
    ...(shown !== 'states' && { show: shown }),
    ...(search && { q: search }),
    ...(status !== 'all' && { status }),
  });
}

/** The list again, with what became of the change as a word and a number. */
export function withNotice(url: URL, shown: Shown, done: string, count: number): string {
  const [, connectionId] = /^\/connections\/(\d+)\//.exec(url.pathname) ?? [];
  const query = queryOf(url, shown);
  query.set('done', done);
  if (count > 0) query.set('count', String(count));
  return `${pageOf(Number(connectionId), shown)}?${query}`;
}

export function noticeOf({ searchParams }: URL): string | undefined {
  const count = Number(searchParams.get('count') ?? 0);
  const amount = Number.isSafeInteger(count) && count >= 0 ? count : 0;
  switch (searchParams.get('done')) {
    case 'saved':
      if (amount === 0) return 'Nothing was changed: everything is as it was.';
      return `${numberText(amount)} ${amount === 1 ? 'row was' : 'rows were'} changed. The bridge works with it from now on.`;
    case 'import':
      return 'The roster is being imported. This page shows it in a few seconds; the monitor tells how it went.';
    case 'choose':
      return 'Nothing was changed: choose what to do with the rows.';
    case 'no-file':
      return 'Nothing was uploaded: choose a CSV file first.';
    default:
      return undefined;
  }
}
