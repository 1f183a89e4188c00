/** A connection's settings as a form shows them, and what a sent form says as settings. Secrets go one way only. */
import { NCC_SECRETS, nccSettingsSchema } from '../../src/acd/nextiva-ncc/settings.ts';
import type { ConnectionSettings } from '../../src/connection.ts';
import { collectionSettingsSchema } from '../../src/domain/collection-settings.ts';
import { MPOWER_SECRETS, mpowerSettingsSchema } from '../../src/wfm/cxone-mpower/settings.ts';
import { ALL_FIELDS, type FieldSpec } from './connection-fields.ts';

/** What a form shows: text by field; a box that is ticked is 'true'. Never a secret. */
export type FormValues = Readonly<Record<string, string>>;

/** A form for a connection that does not exist yet. */
export function defaultValues(): FormValues {
  return valuesOf({
    name: '',
    timeZone: 'UTC',
    acd: {
      kind: 'nextiva-ncc',
      realTime: { baseUrl: '', username: '', collectionIntervalS: 5 },
      historical: { baseUrl: '', username: '' },
      advanced: nccSettingsSchema.shape.advanced.parse({}),
    },
    wfm: {
      kind: 'cxone-mpower',
      baseUrl: '',
      tenantName: '',
      accessKeyId: '',
      acdType: mpowerSettingsSchema.shape.acdType.parse(undefined),
      acdId: mpowerSettingsSchema.shape.acdId.parse(undefined),
      advanced: mpowerSettingsSchema.shape.advanced.parse({}),
    },
    collection: collectionSettingsSchema.parse({}),
  });
}

/** Settings as a form shows them. */
export function valuesOf(settings: ConnectionSettings): FormValues {
  return Object.fromEntries(
    ALL_FIELDS.filter(({ kind }) => kind !== 'password').map(({ name }) => {
      const value = name.split('.').reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), settings);
      return [name, Array.isArray(value) ? value.join(', ') : value === false ? '' : String(value ?? '')];
    }),
  );
}

/** What a sent form says: values to show again, settings as the schema wants them, and the secrets that were typed. */
export function readFormFields(form: URLSearchParams): {
  values: FormValues;
  settings: Record<string, unknown>;
  secrets: Record<string, string | undefined>;
} {
  const values: Record<string, string> = {};
  const settings: Record<string, unknown> = { acd: { kind: 'nextiva-ncc' }, wfm: { kind: 'cxone-mpower' } };
  const secrets: Record<string, string | undefined> = {};
  for (const field of ALL_FIELDS) {
    const text = form.get(field.name) ?? '';
    if (field.kind === 'password') {
      if (text !== '') secrets[field.name.replace('secrets.', '')] = text;
      continue;
    }
    values[field.name] = text;
    setAt(settings, field.name.split('.'), fieldValue(field, text));
  }
  return { values, settings, secrets };
}

/** Names of the secrets that the form can hold, in the form's order. */
export const FORM_SECRETS: readonly string[] = [...NCC_SECRETS, ...MPOWER_SECRETS];

/** Text as the type that the schema wants; text that is none of it stays text, for the schema to say so. */
function fieldValue({ kind, options }: FieldSpec, text: string): unknown {
  const trimmed = text.trim();
  switch (kind) {
    case 'check':
      return trimmed === 'true';
    case 'number':
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

function setAt(target: Record<string, unknown>, keys: readonly string[], value: unknown): void {
  const [key, ...rest] = keys;
  if (key === undefined) return;
  if (rest.length === 0) {
    target[key] = value;
    return;
  }
  const inner = target[key];
  const next = isObject(inner) ? inner : {};
  target[key] = next;
  setAt(next, rest, value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
