/** The Monitor: diary, alerts, and where and when they are told. */
import { ALERT_DEFAULTS, ALERT_KINDS } from '../../src/domain/alert.ts';
import { dayWindow, instantOf, isDay } from '../../src/domain/local-day.ts';
import { listChannels, listMaintenance, listRules, remove, setEnabled } from '../../src/store/alert-settings.ts';
import { type AlertRow, listAlerts } from '../../src/store/alerts.ts';
import { type ConnectionRow, listConnections } from '../../src/store/connections.ts';
import {
  type DiaryFilter,
  type DiaryRow,
  listDiaryKinds,
  SEVERITIES,
  searchDiary,
} from '../../src/store/diary-search.ts';
import {
  makeChannel,
  makeMaintenance,
  makeRule,
  NOTE_CHARS_MAX,
  newChannelSchema,
  newRuleSchema,
  tryChannel,
} from '../alerts.ts';
import { fieldErrors } from '../api/field-errors.ts';
import type { RoutedRequest, Visit } from '../app.ts';
import { readForm } from '../body.ts';
import { CSV_CHUNK_ROWS, csvAnswer } from '../csv.ts';
import { noticeOf } from '../notice.ts';
import { AlertSettingsPage, type AlertSettingsProps, type SettingsForm } from '../pages/alert-settings.tsx';
import { AlertsPage, DiaryPage, type DiaryQuery } from '../pages/monitor.tsx';
import { type FieldError, htmlPage, notFound, seeOther } from '../respond.ts';
import { siteZone } from '../site-zone.ts';
import { placeOf } from './place.ts';

const PAGE_ROWS = 100;

export async function showMonitor(_request: Request, visit: Visit): Promise<Response> {
  switch (visit.url.searchParams.get('show')) {
    case 'alerts':
      return showAlerts(visit);
    case 'settings':
      return settingsAnswer(visit, {});
    default:
      return showDiary(visit);
  }
}

async function showDiary(visit: Visit): Promise<Response> {
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

function beforeOf(url: URL): number {
  const before = Number(url.searchParams.get('before') ?? Number.NaN);
  return Number.isSafeInteger(before) ? before : Number.MAX_SAFE_INTEGER;
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

function alertsFilter(url: URL, connections: readonly ConnectionRow[]) {
  const query = { connection: url.searchParams.get('connection') ?? '', open: url.searchParams.get('open') ?? '' };
  return {
    query,
    connectionId: connections.find(({ id }) => String(id) === query.connection)?.id ?? null,
    isOpen: query.open === 'true' ? true : query.open === 'false' ? false : null,
  };
}

async function showAlerts(visit: Visit): Promise<Response> {
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

const NOTICES: Readonly<Record<string, string>> = {
  channel: 'The channel is added. Send a test to see that it arrives.',
  rule: 'The rule is in force.',
  rules: 'The four rules are in force.',
  maintenance: 'The maintenance is planned.',
  removed: 'It is removed.',
  on: 'It is switched on.',
  off: 'It is switched off.',
  tested: 'The test message was taken.',
};

async function settingsAnswer(
  visit: Visit,
  form: Pick<AlertSettingsProps, 'refused' | 'secret' | 'notice'>,
  status = 200,
): Promise<Response> {
  const { app, identity, nowMs, url } = visit;
  const [channels, rules, maintenance, connections] = await Promise.all([
    listChannels(app.db),
    listRules(app.db),
    listMaintenance(app.db, nowMs),
    listConnections(app.db),
  ]);
  const moment = { timeZone: siteZone(connections), nowMs };
  const text = noticeOf(NOTICES, url);
  const notice = form.notice ?? (text ? { tone: 'good' as const, text } : undefined);
  const page = { identity, moment, channels, rules, maintenance, connections, ...form, notice };
  return htmlPage(<AlertSettingsPage {...page} />, { status });
}

const settingsAddress = (notice: string) => `/monitor?show=settings&notice=${notice}`;

function refuse(
  visit: Visit,
  form: SettingsForm,
  fields: URLSearchParams,
  errors: readonly FieldError[],
): Promise<Response> {
  // An address is a secret: it is not given back, not even to whoever typed it.
  const values = Object.fromEntries([...fields].filter(([name]) => name !== 'channel.address'));
  const own = errors.map(({ path, message }) => ({ path: `${form}.${path}`, message }));
  return settingsAnswer(visit, { refused: { form, values, errors: own } }, 422);
}

export async function createChannel(request: Request, visit: Visit): Promise<Response> {
  const fields = await readForm(request);
  const parsed = newChannelSchema.safeParse({
    name: fields.get('channel.name') ?? '',
    kind: fields.get('channel.kind') ?? '',
    address: fields.get('channel.address') ?? '',
  });
  if (!parsed.success) return refuse(visit, 'channel', fields, fieldErrors(parsed.error));
  const made = await makeChannel(visit.app, parsed.data, whoOf(visit));
  if (!made.ok) return refuse(visit, 'channel', fields, [made.error]);
  const { secret } = made.value;
  if (secret === null) return seeOther(settingsAddress('channel'));
  // Not a redirect: the secret is in this one answer and nowhere else.
  return settingsAnswer(visit, { secret: { name: parsed.data.name, secret } }, 201);
}

export async function createRule(request: Request, visit: Visit): Promise<Response> {
  const fields = await readForm(request);
  const threshold = (fields.get('rule.threshold') ?? '').trim().replaceAll(',', '');
  const parsed = newRuleSchema.safeParse({
    connectionId: connectionIdOf(fields.get('rule.connectionId')),
    kind: fields.get('rule.kind') ?? '',
    // A sign-in has no threshold: whatever stands in the field is not looked at.
    threshold: fields.get('rule.kind') === 'sign-in' ? 0 : Number(threshold || Number.NaN),
  });
  if (!parsed.success) return refuse(visit, 'rule', fields, fieldErrors(parsed.error));
  const made = await makeRule(visit.app, parsed.data, whoOf(visit));
  return made.ok ? seeOther(settingsAddress('rule')) : refuse(visit, 'rule', fields, [made.error]);
}

/** The rules that nearly everybody wants, for every connection. */
export async function createUsualRules(_request: Request, visit: Visit): Promise<Response> {
  const known = await listRules(visit.app.db);
  for (const kind of ALERT_KINDS) {
    if (known.some((rule) => rule.kind === kind && rule.connectionId === null)) continue;
    await makeRule(visit.app, { connectionId: null, kind, threshold: ALERT_DEFAULTS[kind] }, whoOf(visit));
  }
  return seeOther(settingsAddress('rules'));
}

export async function createMaintenance(request: Request, visit: Visit): Promise<Response> {
  const fields = await readForm(request);
  const timeZone = siteZone(await listConnections(visit.app.db));
  const fromMs = instantOf(fields.get('maintenance.from') ?? '', timeZone);
  const toMs = instantOf(fields.get('maintenance.to') ?? '', timeZone);
  const note = (fields.get('maintenance.note') ?? '').trim();
  const errors = [
    ...(fromMs === null ? [{ path: 'from', message: 'Enter day and time, such as 2026-01-31 22:00.' }] : []),
    ...(toMs === null ? [{ path: 'to', message: 'Enter day and time, such as 2026-01-31 23:30.' }] : []),
    ...(note.length > NOTE_CHARS_MAX ? [{ path: 'note', message: `Enter at most ${NOTE_CHARS_MAX} characters.` }] : []),
  ];
  if (fromMs === null || toMs === null || errors.length > 0) return refuse(visit, 'maintenance', fields, errors);
  const made = await makeMaintenance(
    visit.app,
    { connectionId: connectionIdOf(fields.get('maintenance.connectionId')), fromMs, toMs, note },
    whoOf(visit),
  );
  return made.ok ? seeOther(settingsAddress('maintenance')) : refuse(visit, 'maintenance', fields, [made.error]);
}

export async function testChannel(request: RoutedRequest, visit: Visit): Promise<Response> {
  const tried = await tryChannel(visit.app, idOf(request), visit.nowMs);
  if (!tried) throw notFound('There is no such channel.');
  if (tried.error === '') return seeOther(settingsAddress('tested'));
  return settingsAnswer(visit, { notice: { tone: 'bad', text: `The test to “${tried.name}” failed. ${tried.error}` } });
}

export const switchChannel = (enabled: boolean) => switchOne('channel', enabled);
export const switchRule = (enabled: boolean) => switchOne('rule', enabled);

function switchOne(kind: 'channel' | 'rule', enabled: boolean) {
  return async (request: RoutedRequest, visit: Visit): Promise<Response> => {
    await setEnabled(visit.app.db, kind, idOf(request), enabled, whoOf(visit));
    return seeOther(settingsAddress(enabled ? 'on' : 'off'));
  };
}

export function removeOne(kind: 'channel' | 'rule' | 'maintenance') {
  return async (request: RoutedRequest, visit: Visit): Promise<Response> => {
    if (!(await remove(visit.app.db, kind, idOf(request), whoOf(visit)))) throw notFound('It is not there any more.');
    return seeOther(settingsAddress('removed'));
  };
}

function connectionIdOf(text: string | null): number | null {
  return text === null || text === '' ? null : Number(text);
}

function idOf(request: RoutedRequest): number {
  const { row = '' } = request.params;
  if (!/^\d{1,15}$/.test(row)) throw notFound('There is nothing at this address.');
  return Number(row);
}

function whoOf({ nowMs, identity }: Visit): { nowMs: number; by: string } {
  return { nowMs, by: identity?.by ?? 'nobody' };
}
