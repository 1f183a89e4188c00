/** The connection page: shown, tried out, saved, paused, resumed and deleted. */
import { type ConnectionSettings, connectionSettingsSchema } from '../../src/connection.ts';
import { TEST_GROUPS, type TestGroup } from '../../src/domain/form-field.ts';
import { listAudit } from '../../src/store/audit.ts';
import { type ConnectionRow, readConnection, setPaused } from '../../src/store/connections.ts';
import { fieldErrors } from '../api/field-errors.ts';
import { pokeCollector, type RoutedRequest, type Visit } from '../app.ts';
import { readForm } from '../body.ts';
import { readChoices } from '../connection-choices.ts';
import { removeConnectionForGood } from '../connection-delete.ts';
import { saveConnection, settingsMark, storedSettings } from '../connection-settings.ts';
import { runConnectionTest } from '../connection-test.ts';
import { noticeOf } from '../notice.ts';
import type { ConflictFacts } from '../pages/connection-change.tsx';
import { DEFAULT_KINDS, type FormKinds, formOf } from '../pages/connection-fields.ts';
import { ConnectionFormPage, labelOf } from '../pages/connection-form.tsx';
import { type ShownTest, TestPanel } from '../pages/connection-test.tsx';
import {
  defaultValues,
  type FormValues,
  formSecrets,
  kindsOf,
  readFormFields,
  valuesOf,
} from '../pages/connection-values.ts';
import type { Moment } from '../pages/ui/time.tsx';
import { type FieldError, htmlFragment, htmlPage, notFound, seeOther } from '../respond.ts';

const MAX_SECRET_CHARS = 2_000;

const NOTICES: Readonly<Record<string, string>> = {
  saved: 'Saved. The bridge works with it from now on; every group is tried out below.',
  deleting: 'There is more to delete than goes at once. The connection is paused; delete it again to go on.',
};

export async function showNewConnection(_request: Request, visit: Visit): Promise<Response> {
  const kinds = kindsOf(visit.url.searchParams);
  return formAnswer(visit, { connection: null, kinds, values: defaultValues(kinds), errors: [], mark: '' });
}

export async function showConnection(request: RoutedRequest, visit: Visit): Promise<Response> {
  const connection = await requireConnection(request, visit);
  const settings = storedSettings(connection);
  const told = visit.url.searchParams.get('notice');
  const isSaved = told === 'saved';
  const notice = noticeOf(NOTICES, visit.url);
  const errors = settings
    ? []
    : [{ path: '', message: 'The stored settings are not valid any more. Enter them again and save.' }];
  const kinds = kindsOfStored(settings);
  const values = settings ? valuesOf(settings) : { ...defaultValues(kinds), name: connection.name };
  const mark = await settingsMark(connection);
  return formAnswer(visit, {
    connection,
    kinds,
    values,
    errors,
    mark,
    notice,
    isCheckedAtOnce: isSaved && settings !== null,
  });
}

export async function createConnection(request: Request, visit: Visit): Promise<Response> {
  return save(await readForm(request), visit, null);
}

export async function changeConnection(request: RoutedRequest, visit: Visit): Promise<Response> {
  return save(await readForm(request), visit, await requireConnection(request, visit));
}

async function save(form: URLSearchParams, visit: Visit, connection: ConnectionRow | null): Promise<Response> {
  const { app, nowMs, identity } = visit;
  const { kinds, values, settings, secrets } = readFormFields(form);
  const mark = connection ? await settingsMark(connection) : '';
  if (connection && form.get('mark') !== mark) return conflictAnswer(visit, connection, kinds, values);
  const parsed = connectionSettingsSchema.safeParse(settings);
  const tooLong = Object.entries(secrets)
    .filter(([, secret]) => (secret?.length ?? 0) > MAX_SECRET_CHARS)
    .map(([name]) => ({ path: `secrets.${name}`, message: `Enter at most ${MAX_SECRET_CHARS} characters.` }));
  if (!parsed.success || tooLong.length > 0) {
    const errors = [
      ...(parsed.error ? fieldErrors(parsed.error) : []),
      ...tooLong,
      ...missingSecrets(kinds, connection, secrets),
    ];
    return formAnswer(visit, { connection, kinds, values, errors: inFormOrder(kinds, errors), mark, status: 422 });
  }
  const by = identity?.by ?? 'nobody';
  const result = await saveConnection(app, { existing: connection, settings: parsed.data, secrets, nowMs, by });
  switch (result.kind) {
    case 'saved':
      return seeOther(connection ? `/connections/${result.id}?notice=saved` : '/?notice=saved');
    case 'invalid':
      return formAnswer(visit, {
        connection,
        kinds,
        values,
        errors: inFormOrder(kinds, result.errors),
        mark,
        status: 422,
      });
    case 'conflict': {
      const now = connection && (await readConnection(app.db, connection.id));
      if (!now) throw notFound('The connection was deleted in the meantime.');
      return conflictAnswer(visit, now, kinds, values);
    }
  }
}

/** Tries a group of a form out. With script only the result is answered, else the form as it was typed with it. */
export async function testNewConnection(request: RoutedRequest, visit: Visit): Promise<Response> {
  return test(request, visit, null);
}

export async function testConnection(request: RoutedRequest, visit: Visit): Promise<Response> {
  return test(request, visit, await requireConnection(request, visit));
}

async function test(request: RoutedRequest, visit: Visit, connection: ConnectionRow | null): Promise<Response> {
  const group = TEST_GROUPS.find((one) => one === request.params.group);
  if (!group) throw notFound('There is no such group to test.');
  const form = await readForm(request);
  const { kinds, values, settings, secrets } = readFormFields(form);
  const answer = await runConnectionTest(visit.app, { group, existing: connection, settings, secrets });
  const shown: ShownTest =
    answer.kind === 'tested'
      ? answer
      : { kind: 'invalid', errors: answer.errors.map((error) => ({ ...error, label: labelOf(kinds, error.path) })) };
  const zone = connectionSettingsSchema.shape.timeZone.safeParse(settings.timeZone);
  const moment = { timeZone: zone.data ?? 'UTC', nowMs: visit.nowMs };
  if (request.headers.has('hx-request')) return htmlFragment(<TestPanel group={group} test={shown} moment={moment} />);
  return formAnswer(visit, {
    connection,
    kinds,
    values,
    errors: [],
    mark: form.get('mark') ?? '',
    test: { group, shown, moment },
  });
}

/** Deletes for good, when the connection's name was typed. */
export async function removeConnection(request: RoutedRequest, visit: Visit): Promise<Response> {
  const connection = await requireConnection(request, visit);
  const form = await readForm(request);
  if ((form.get('confirm') ?? '').trim() !== connection.name) {
    const settings = storedSettings(connection);
    const kinds = kindsOfStored(settings);
    const values = settings ? valuesOf(settings) : { ...defaultValues(kinds), name: connection.name };
    const deleteError = { path: 'confirm', message: 'This is not the name of the connection.' };
    const mark = await settingsMark(connection);
    return formAnswer(visit, { connection, kinds, values, errors: [], mark, status: 422, deleteError });
  }
  const { app, nowMs, identity } = visit;
  const isGone = await removeConnectionForGood(app, connection, { nowMs, by: identity?.by ?? 'nobody' });
  return seeOther(isGone ? '/?notice=deleted' : `/connections/${connection.id}?notice=deleting`);
}

export async function pauseConnection(request: RoutedRequest, visit: Visit): Promise<Response> {
  return pauseOrResume(request, visit, true);
}

export async function resumeConnection(request: RoutedRequest, visit: Visit): Promise<Response> {
  return pauseOrResume(request, visit, false);
}

async function pauseOrResume(request: RoutedRequest, visit: Visit, paused: boolean): Promise<Response> {
  const { id } = await requireConnection(request, visit);
  await setPaused(visit.app.db, { id, paused, nowMs: visit.nowMs, by: visit.identity?.by ?? 'nobody' });
  await pokeCollector(visit.app, id);
  return seeOther(`/connections/${id}`);
}

/** The connection that the address names, or 404. */
async function requireConnection(request: RoutedRequest, { app }: Visit): Promise<ConnectionRow> {
  const { id = '' } = request.params;
  const connection = /^\d{1,15}$/.test(id) ? await readConnection(app.db, Number(id)) : null;
  if (!connection) throw notFound('There is no such connection. It may have been deleted.');
  return connection;
}

const kindsOfStored = (settings: ConnectionSettings | null): FormKinds =>
  settings ? { acd: settings.acd.kind, wfm: settings.wfm.kind } : DEFAULT_KINDS;

function missingSecrets(
  kinds: FormKinds,
  connection: ConnectionRow | null,
  secrets: Record<string, string | undefined>,
): FieldError[] {
  const stored = new Set(connection?.secrets.map(({ name }) => name));
  return formSecrets(kinds)
    .filter(({ name }) => secrets[name] === undefined && !stored.has(name))
    .map(({ name, label }) => ({ path: `secrets.${name}`, message: `Enter the ${label.toLowerCase()}.` }));
}

function inFormOrder(kinds: FormKinds, errors: readonly FieldError[]): FieldError[] {
  const { all } = formOf(kinds);
  const place = ({ path }: FieldError) => all.findIndex(({ name }) => path === name || path.startsWith(`${name}.`));
  return errors.toSorted((a, b) => place(a) - place(b));
}

async function formAnswer(
  { app, identity }: Visit,
  form: {
    connection: ConnectionRow | null;
    kinds: FormKinds;
    values: FormValues;
    errors: readonly FieldError[];
    mark: string;
    status?: number;
    conflict?: ConflictFacts;
    notice?: string | undefined;
    test?: { group: TestGroup; shown: ShownTest; moment: Moment };
    isCheckedAtOnce?: boolean;
    deleteError?: FieldError;
  },
): Promise<Response> {
  const { connection, status = 200, ...shown } = form;
  const stored = new Set(connection?.secrets.map(({ name }) => name));
  const choices = await readChoices(app.db, form.kinds, connection?.id ?? null);
  const page = <ConnectionFormPage {...{ identity, connection, stored, choices, ...shown }} />;
  return htmlPage(page, { status });
}

/** The form as it was typed, with what somebody else stored beside it. Saving again is then on purpose. */
async function conflictAnswer(
  visit: Visit,
  connection: ConnectionRow,
  kinds: FormKinds,
  values: FormValues,
): Promise<Response> {
  const settings: ConnectionSettings | null = storedSettings(connection);
  const theirs = settings ? valuesOf(settings) : {};
  const choices = await readChoices(visit.app.db, kinds, connection.id);
  const text = (name: string, value: string | undefined) =>
    choices.get(name)?.choices.find((choice) => choice.value === value)?.label ?? value;
  const differences = formOf(kinds)
    .all.filter(({ kind, name }) => kind !== 'password' && (theirs[name] ?? '') !== (values[name] ?? ''))
    .map(({ name, kind }) => ({
      label: labelOf(kinds, name),
      theirs: shown(text(name, theirs[name]), kind),
      yours: shown(text(name, values[name]), kind),
    }));
  const mark = await settingsMark(connection);
  const timeZone = settings?.timeZone ?? 'UTC';
  const conflict = {
    differences,
    saved: await lastSave(visit, connection.id),
    moment: { timeZone, nowMs: visit.nowMs },
  };
  return formAnswer(visit, { connection, kinds, values, errors: [], mark, status: 409, conflict });
}

/** Who saved the settings last, and when. */
async function lastSave({ app }: Visit, connectionId: number): Promise<{ by: string; atMs: number } | null> {
  const filter = { connectionId, action: 'settings changed', by: null, fromMs: null, toMs: null };
  const [last] = await listAudit(app.db, filter, { beforeId: Number.MAX_SAFE_INTEGER, limit: 1 });
  return last ?? null;
}

function shown(value: string | undefined, kind: string): string {
  if (kind === 'check') return value === 'true' ? 'yes' : 'no';
  return value || '(empty)';
}
