/** Roster and States: listed, edited in place and in bulk, as a table out and in with a preview. */

import { readFeeds } from '../../src/store/feeds.ts';
import {
  type AgentEdit,
  forgetUpload,
  keepUpload,
  type MappedTable,
  type QueueEdit,
  readUpload as readKept,
  type StateEdit,
} from '../../src/store/mapping-edits.ts';
import { countMappings, type MappingFilter } from '../../src/store/mapping-list.ts';
import { callCollector, type RoutedRequest, type Visit } from '../app.ts';
import { readForm, readUpload } from '../body.ts';
import { storedSettings } from '../connection-settings.ts';
import { csvFile } from '../csv.ts';
import { judge, type RowError, saveChanges, type Wish } from '../mapping/edits.ts';
import { AGENTS, type FormValues, type MappingKind, QUEUES, STATES } from '../mapping/kinds.ts';
import { readTable, tableOf } from '../mapping/table.ts';
import type { MappingView } from '../pages/mapping-form.tsx';
import { MappingPreviewPage } from '../pages/mapping-preview.tsx';
import { RosterPage } from '../pages/roster.tsx';
import { StatesPage } from '../pages/states.tsx';
import { numberText } from '../pages/ui/number.tsx';
import { htmlPage, notFound, ProblemError, seeOther } from '../respond.ts';
import { type Place, placeOf } from './place.ts';

const PAGE_ROWS = 100;
/** More rows than any contact centre has of a kind. */
const ALL_ROWS = 50_000;

type AnyEdit = QueueEdit | AgentEdit | StateEdit;
interface Identified {
  readonly id: number;
}

/** Which list an address is about: `/roster?show=agents`, `/roster/agents/upload`, `/states`. */
type Shown = MappedTable;

function shownBy(url: URL): Shown {
  if (/\/states(\.csv|\/|$)/.test(url.pathname)) return 'states';
  const isAgents = url.searchParams.get('show') === 'agents' || url.pathname.includes('/roster/agents/');
  return isAgents ? 'agents' : 'queues';
}

/** A form that was not accepted, to be shown again. */
interface Refused {
  readonly typed: ReadonlyMap<number, FormValues>;
  readonly picked: ReadonlySet<number>;
  readonly errors: readonly RowError[];
}
const NOTHING_REFUSED: Refused = { typed: new Map(), picked: new Set(), errors: [] };

export async function showMapping(request: RoutedRequest, visit: Visit): Promise<Response> {
  const place = await placeOf(request, visit, shownBy(visit.url) === 'states' ? 'states' : 'roster');
  return mappingAnswer(visit, place, NOTHING_REFUSED, 200);
}

async function mappingAnswer(visit: Visit, place: Place, refused: Refused, status: number): Promise<Response> {
  const { app, url, identity } = visit;
  const { connection, moment, frame } = place;
  const filter = filterOf(url);
  const shown = shownBy(url);
  const csvHref = `${baseOf(connection.id, shown)}.csv?${queryOf(url, shown)}`;
  const view = <Row extends Identified, Edit extends Identified>(kind: MappingKind<Row, Edit>) =>
    viewOf(visit, place, kind, refused);
  const common = { identity, frame, moment, filter, csvHref, notice: noticeOf(url) };
  if (shown === 'states') {
    const [states, counts] = await Promise.all([view(STATES), countMappings(app.db, connection.id)]);
    return htmlPage(<StatesPage {...common} counts={counts} view={states} />, { status });
  }
  const [content, counts, feeds] = await Promise.all([
    shown === 'agents'
      ? view(AGENTS).then((agents) => ({ show: 'agents' as const, view: agents }))
      : view(QUEUES).then((queues) => ({ show: 'queues' as const, view: queues })),
    countMappings(app.db, connection.id),
    readFeeds(app.db, connection.id),
  ]);
  const importedAtMs = feeds.get('roster')?.successAtMs ?? null;
  const shortPct = storedSettings(connection)?.collection.shortPct ?? 0;
  return htmlPage(<RosterPage {...common} {...{ content, counts, importedAtMs, shortPct }} />, { status });
}

async function viewOf<Row extends Identified, Edit extends Identified>(
  { app, url }: Visit,
  { connection }: Place,
  kind: MappingKind<Row, Edit>,
  refused: Refused,
): Promise<MappingView<Row>> {
  const asked = Number(url.searchParams.get('page'));
  const page = Number.isSafeInteger(asked) && asked > 0 ? asked : 1;
  const range = { limit: PAGE_ROWS, offset: (page - 1) * PAGE_ROWS };
  const { rows, total } = await kind.list(app.db, { connectionId: connection.id, ...filterOf(url), ...range });
  const base = pageOf(connection.id, kind.table);
  const href = (number: number) => {
    const query = queryOf(url, kind.table);
    if (number > 1) query.set('page', String(number));
    return `${base}?${query}`;
  };
  return { rows, total, page, pageRows: PAGE_ROWS, here: href(page), pageHref: href, ...refused };
}

/** Saves what was edited in place, or applies a change to many rows. */
export async function changeMapping(request: RoutedRequest, visit: Visit): Promise<Response> {
  const shown = shownBy(visit.url);
  const place = await placeOf(request, visit, shown === 'states' ? 'states' : 'roster');
  const form = await readForm(request);
  if (shown === 'states') return change(visit, place, STATES, form);
  return shown === 'agents' ? change(visit, place, AGENTS, form) : change(visit, place, QUEUES, form);
}

async function change<Row extends Identified, Edit extends AnyEdit>(
  visit: Visit,
  place: Place,
  kind: MappingKind<Row, Edit>,
  form: URLSearchParams,
): Promise<Response> {
  const { app, url } = visit;
  const connectionId = place.connection.id;
  const stored = await allRows(app.db, connectionId, kind, ALL);
  const typed = typedRows(form, kind);
  const picked = new Set(form.getAll('pick').map(Number));
  const bulk = form.get('do') === 'bulk' ? kind.bulk.find(({ name }) => name === form.get('bulkAction')) : undefined;
  if (form.get('do') === 'bulk' && !bulk) return seeOther(withNotice(url, kind.table, 'choose', 0));
  const isWhole = form.get('bulkScope') === 'filter';
  const targets = bulk && isWhole ? await allRows(app.db, connectionId, kind, filterOf(url)) : [];
  const targetIds = isWhole ? new Set(targets.map(({ id }) => id)) : picked;
  const set = bulk?.set(form.get('bulkValue')?.trim() ?? '') ?? {};
  const wishes = stored.flatMap((row): Wish<Row>[] => {
    const own = typed.get(row.id);
    const isTarget = bulk !== undefined && targetIds.has(row.id);
    if (!own && !isTarget) return [];
    if (!isTarget) return own ? [{ row, ...own }] : [];
    // What is set for many rows is wanted as it is, whatever somebody else did to a row meanwhile.
    const was = own && {
      ...own.was,
      ...Object.fromEntries(Object.keys(set).map((name) => [name, kind.formOf(row)[name] ?? ''])),
    };
    return [{ row, form: { ...own?.form, ...set }, ...(was && { was }) }];
  });
  const { changes, errors } = judge(kind, wishes);
  if (errors.length > 0) {
    const values = new Map(wishes.map((wish) => [wish.row.id, touchedOf(wish)]));
    return mappingAnswer(visit, place, { typed: values, picked, errors }, 422);
  }
  await saveChanges(visit, connectionId, kind, changes);
  return seeOther(withNotice(url, kind.table, 'saved', changes.length));
}

/** What a person typed, without what they left as it was: that is shown as it is stored now. */
function touchedOf({ form, was = {} }: { form: FormValues; was?: FormValues }): FormValues {
  return Object.fromEntries(Object.entries(form).filter(([name, value]) => value !== was[name]));
}

/** The rows of a form: what was typed, and what had been shown. */
function typedRows<Row extends Identified, Edit extends Identified>(
  form: URLSearchParams,
  kind: MappingKind<Row, Edit>,
): Map<number, { form: FormValues; was: FormValues }> {
  const rows = new Map<number, { form: FormValues; was: FormValues }>();
  for (const [name, value] of form) {
    const id = /^was\.(\d{1,15})$/.exec(name)?.[1];
    if (id === undefined) continue;
    const typed = kind.fields.map((field): [string, string] => {
      const text = form.get(`${field.name}.${id}`)?.trim() ?? '';
      return [field.name, field.isFlag ? (text === 'yes' ? 'yes' : 'no') : text];
    });
    rows.set(Number(id), { form: Object.fromEntries(typed), was: shownValues(value) });
  }
  return rows;
}

/** What a row was when the form was made; a form that was tampered with was shown nothing. */
function shownValues(text: string): FormValues {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return {};
    return Object.fromEntries(
      Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    );
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

const ALL = { search: '', status: 'all' } as const;

async function allRows<Row extends Identified, Edit extends Identified>(
  db: D1Database,
  connectionId: number,
  kind: MappingKind<Row, Edit>,
  filter: Pick<MappingFilter, 'search' | 'status'>,
): Promise<readonly Row[]> {
  return (await kind.list(db, { connectionId, ...filter, limit: ALL_ROWS, offset: 0 })).rows;
}

/** The list with its filter as CSV. */
export async function exportMapping(request: RoutedRequest, visit: Visit): Promise<Response> {
  const shown = shownBy(visit.url);
  const { connection } = await placeOf(request, visit, shown === 'states' ? 'states' : 'roster');
  const file = async <Row extends Identified, Edit extends Identified>(kind: MappingKind<Row, Edit>) => {
    const { header, cells } = tableOf(kind, await allRows(visit.app.db, connection.id, kind, filterOf(visit.url)));
    return csvFile(kind.table, header, cells);
  };
  if (shown === 'states') return file(STATES);
  return shown === 'agents' ? file(AGENTS) : file(QUEUES);
}

/** Takes a table in, to be looked at first. */
export async function uploadMapping(request: RoutedRequest, visit: Visit): Promise<Response> {
  const kind = shownBy(visit.url);
  const { connection } = await placeOf(request, visit, kind === 'states' ? 'states' : 'roster');
  const content = (await readUpload(request)).get('file') ?? '';
  if (content.trim() === '') return seeOther(withNotice(visit.url, kind, 'no-file', 0));
  const { app, nowMs, identity } = visit;
  const by = identity?.by ?? 'nobody';
  const id = await keepUpload(app.db, { connectionId: connection.id, kind, content, nowMs, by });
  return seeOther(`${baseOf(connection.id, kind)}/upload/${id}`);
}

export async function previewMapping(request: RoutedRequest, visit: Visit): Promise<Response> {
  return uploaded(request, visit, false);
}

/** Applies a table that was previewed: what is in order changes, the rest stays. */
export async function confirmMapping(request: RoutedRequest, visit: Visit): Promise<Response> {
  return uploaded(request, visit, true);
}

async function uploaded(request: RoutedRequest, visit: Visit, isConfirmed: boolean): Promise<Response> {
  const shown = shownBy(visit.url);
  const place = await placeOf(request, visit, shown === 'states' ? 'states' : 'roster');
  const id = Number(request.params.upload ?? Number.NaN);
  const kept = Number.isSafeInteger(id) ? await readKept(visit.app.db, place.connection.id, id, visit.nowMs) : null;
  if (kept?.kind !== shown)
    throw notFound('This table was applied already, or waited for over an hour. Upload it again.');
  const next = { content: kept.content, id, isConfirmed };
  if (shown === 'states') return applyTable(visit, place, STATES, next);
  return shown === 'agents' ? applyTable(visit, place, AGENTS, next) : applyTable(visit, place, QUEUES, next);
}

async function applyTable<Row extends Identified, Edit extends AnyEdit>(
  visit: Visit,
  { connection, frame }: Place,
  kind: MappingKind<Row, Edit>,
  upload: { readonly content: string; readonly id: number; readonly isConfirmed: boolean },
): Promise<Response> {
  const { app, identity, url } = visit;
  const table = readTable(kind, upload.content, await allRows(app.db, connection.id, kind, ALL));
  const judged = judge(kind, table.wishes);
  if (upload.isConfirmed) {
    await saveChanges(visit, connection.id, kind, judged.changes, [forgetUpload(app.db, connection.id, upload.id)]);
    return seeOther(withNotice(url, kind.table, 'saved', judged.changes.length));
  }
  const errors = [
    ...table.errors,
    ...judged.errors.map(({ line, label, header, message }) => ({
      line: line ?? 0,
      message: `${label}, ${header}: ${message}`,
    })),
  ].toSorted((a, b) => a.line - b.line);
  const page = (
    <MappingPreviewPage
      {...{ identity, frame, errors, one: kind.one, many: kind.many, rowCount: table.rowCount }}
      changes={judged.changes.map(({ row, changes }) => ({ label: kind.label(row), changes }))}
      action={`${baseOf(connection.id, kind.table)}/upload/${upload.id}`}
      back={pageOf(connection.id, kind.table)}
    />
  );
  return htmlPage(page, { status: errors.length > 0 ? 422 : 200 });
}

/** Asks for the roster now. */
export async function importRoster(request: RoutedRequest, visit: Visit): Promise<Response> {
  const { connection } = await placeOf(request, visit, 'roster');
  const told = await callCollector(visit.app, connection.id, (collector) => collector.importRoster());
  if (!told) throw new ProblemError(503, 'Not now', 'The roster cannot be imported just now. Try again in a minute.');
  return seeOther(`/connections/${connection.id}/roster?done=import`);
}

/** Path of the files of a list, and of its page. */
function baseOf(connectionId: number, shown: Shown): string {
  return shown === 'states' ? `/connections/${connectionId}/states` : `/connections/${connectionId}/roster/${shown}`;
}
function pageOf(connectionId: number, shown: Shown): string {
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

function filterOf(url: URL): { search: string; status: MappingFilter['status'] } {
  const shown = shownBy(url);
  const status = STATUSES.find((one) => one === url.searchParams.get('status')) ?? 'all';
  const isOfStates = status === 'unreviewed' || status === 'reviewed';
  const fits = status === 'all' || isOfStates === (shown === 'states');
  return { search: (url.searchParams.get('q') ?? '').trim().slice(0, 200), status: fits ? status : 'all' };
}

function queryOf(url: URL, shown: Shown): URLSearchParams {
  const { search, status } = filterOf(url);
  return new URLSearchParams({
    ...(shown !== 'states' && { show: shown }),
    ...(search && { q: search }),
    ...(status !== 'all' && { status }),
  });
}

/** The list again, with what became of the change as a word and a number. */
function withNotice(url: URL, shown: Shown, done: string, count: number): string {
  const [, connectionId] = /^\/connections\/(\d+)\//.exec(url.pathname) ?? [];
  const query = queryOf(url, shown);
  query.set('done', done);
  if (count > 0) query.set('count', String(count));
  return `${pageOf(Number(connectionId), shown)}?${query}`;
}

function noticeOf({ searchParams }: URL): string | undefined {
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
