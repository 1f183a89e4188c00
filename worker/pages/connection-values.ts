/** A connection's settings as a form shows them, and what a sent form says as settings. Secrets go one way only. */
import { ACD_KINDS, acdForm } from '../../src/acd/registry.ts';
import type { ConnectionSettings } from '../../src/connection.ts';
import { collectionSettingsSchema } from '../../src/domain/collection-settings.ts';
import type { FieldSpec } from '../../src/domain/form-field.ts';
import { WFM_KINDS, wfmForm } from '../../src/wfm/registry.ts';
import { setAt, valueAt } from '../settings-place.ts';
import { DEFAULT_KINDS, type FormKinds, formOf } from './connection-fields.ts';

/** What a form shows: text by field; a box that is ticked is 'true'. Never a secret. */
export type FormValues = Readonly<Record<string, string>>;

/** The kinds that a sent form, or an address, names; the usual ones where it names none that there are. */
export function kindsOf(given: { get(name: string): string | null }): FormKinds {
  return {
    acd: ACD_KINDS.find((kind) => kind === given.get('acd.kind')) ?? DEFAULT_KINDS.acd,
    wfm: WFM_KINDS.find((kind) => kind === given.get('wfm.kind')) ?? DEFAULT_KINDS.wfm,
  };
}

/** A form for a connection that does not exist yet. */
export function defaultValues(kinds: FormKinds): FormValues {
  const settings = {
    name: '',
    timeZone: 'UTC',
    acd: acdForm(kinds.acd).blank,
    wfm: wfmForm(kinds.wfm).blank,
    collection: collectionSettingsSchema.parse({}),
  };
  return shownValues(settings, kinds);
}

/** Settings as a form shows them. */
export function valuesOf(settings: ConnectionSettings): FormValues {
  return shownValues(settings, { acd: settings.acd.kind, wfm: settings.wfm.kind });
}

function shownValues(settings: object, kinds: FormKinds): FormValues {
  return Object.fromEntries(
    formOf(kinds)
      .all.filter(({ kind }) => kind !== 'password')
      .map(({ name }) => {
        const value = valueAt(settings, name.split('.'));
        return [name, Array.isArray(value) ? value.join(', ') : value === false ? '' : String(value ?? '')];
      }),
  );
}

/** What a sent form says: values to show again, settings as the schema wants them, and the secrets that were typed. */
export function readFormFields(form: URLSearchParams): {
  kinds: FormKinds;
  values: FormValues;
  settings: Record<string, unknown>;
  secrets: Record<string, string | undefined>;
} {
  const values: Record<string, string> = {};
  const kinds = kindsOf(form);
  const settings: Record<string, unknown> = { acd: { kind: kinds.acd }, wfm: { kind: kinds.wfm } };
  const secrets: Record<string, string | undefined> = {};
  for (const field of formOf(kinds).all) {
    const text = form.get(field.name) ?? '';
    if (field.kind === 'password') {
      if (text !== '') secrets[field.name.replace('secrets.', '')] = text;
      continue;
    }
    values[field.name] = text;
    setAt(settings, field.name.split('.'), fieldValue(field, text));
  }
  return { kinds, values, settings, secrets };
}

/** The secrets that a form can hold, in the form's order. */
export function formSecrets(kinds: FormKinds): readonly { readonly name: string; readonly label: string }[] {
  return formOf(kinds)
    .all.filter(({ kind }) => kind === 'password')
    .map(({ name, label }) => ({ name: name.replace('secrets.', ''), label }));
}

/** Text as the type that the schema wants; text that is none of it stays text, for the schema to say so. */
function fieldValue({ kind, options }: FieldSpec, text: string): unknown {
  const trimmed = text.trim();
  switch (kind) {
    case 'check':
      return trimmed === 'true';
    case 'number':
    case 'connection':
      return numberOf(trimmed);
    case 'numbers':
      return trimmed === ''
        ? []
        : trimmed
            .split(/[\s,;]+/)
            .filter(Boolean)
            .map(numberOf);
    case 'select':
      return options?.every(({ value }) => /^\d+$/.test(value)) ? numberOf(trimmed) : trimmed;
    default:
      return trimmed;
  }
}

function numberOf(text: string): unknown {
  return /^-?\d{1,15}(\.\d{1,9})?$/.test(text) ? Number(text) : text;
}
