/** Roster and States: listed, edited in place and in bulk. */
import { acdTraits } from '../../src/acd/registry.ts';
import { readFeeds } from '../../src/store/feeds.ts';
import { countMappings } from '../../src/store/mapping-list.ts';
import type { RoutedRequest, Visit } from '../app.ts';
import { readForm } from '../body.ts';
import { storedSettings } from '../connection-settings.ts';
import { judge, type RowError, saveChanges, type Wish } from '../mapping/edits.ts';
import { importRosterNow } from '../mapping/import.ts';
import { AGENTS, type FormValues, type MappingKind, QUEUES, STATES } from '../mapping/kinds.ts';
import type { MappingView } from '../pages/mapping-form.tsx';
import { RosterPage } from '../pages/roster.tsx';
import { StatesPage } from '../pages/states.tsx';
import { htmlPage, seeOther } from '../respond.ts';
import {
  ALL,
  type AnyEdit,
  allRows,
  baseOf,
  filterOf,
  type Identified,
  noticeOf,
  pageOf,
  queryOf,
  shownBy,
  withNotice,
} from './mapping-address.ts';
import { type Place, placeOf } from './place.ts';

const PAGE_ROWS = 100;

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
  const settings = storedSettings(connection);
  const shortPct = settings?.collection.shortPct ?? 0;
  const isAsked = settings ? acdTraits(settings.acd).hasRoster : true;
  return htmlPage(<RosterPage {...common} {...{ content, counts, importedAtMs, isAsked, shortPct }} />, { status });
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

/** Asks for the roster now. */
export async function importRoster(request: RoutedRequest, visit: Visit): Promise<Response> {
  const { connection } = await placeOf(request, visit, 'roster');
  await importRosterNow(visit, connection.id);
  return seeOther(`/connections/${connection.id}/roster?done=import`);
}
