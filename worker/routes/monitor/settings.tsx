/** Where alerts are told, what gives cause for them, and when nobody is told: shown, added, switched, removed. */
import { ALERT_DEFAULTS, ALERT_KINDS } from '../../../src/domain/alert.ts';
import { instantOf } from '../../../src/domain/local-day.ts';
import { listChannels, listMaintenance, listRules, remove, setEnabled } from '../../../src/store/alert-settings.ts';
import { listConnections } from '../../../src/store/connections.ts';
import {
  makeChannel,
  makeMaintenance,
  makeRule,
  NOTE_CHARS_MAX,
  newChannelSchema,
  newRuleSchema,
  tryChannel,
} from '../../alerts.ts';
import { fieldErrors } from '../../api/field-errors.ts';
import type { RoutedRequest, Visit } from '../../app.ts';
import { readForm } from '../../body.ts';
import { noticeOf } from '../../notice.ts';
import { AlertSettingsPage } from '../../pages/monitor/settings.tsx';
import type { AlertSettingsProps, SettingsForm } from '../../pages/monitor/settings-parts.tsx';
import { type FieldError, htmlPage, notFound, seeOther } from '../../respond.ts';
import { siteZone } from '../../site-zone.ts';
import { whoOf } from '../asked.ts';

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

export async function settingsAnswer(
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
