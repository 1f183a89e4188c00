/** One field of the connection form, as its kind asks for it. */
import { acdTitle } from '../../src/acd/registry.ts';
import type { FieldSpec } from '../../src/domain/form-field.ts';
import type { ConnectionChoices } from '../connection-choices.ts';
import type { FieldError } from '../respond.ts';
import type { FormValues } from './connection-values.ts';
import { CheckField, SelectField, TextField } from './ui/field.tsx';
import { Notice } from './ui/page.tsx';

/** What the fields of a form show. */
export interface FieldFacts {
  readonly values: FormValues;
  /** The connections that a field may name, by the name of the field. */
  readonly choices: ReadonlyMap<string, ConnectionChoices>;
  readonly errors: readonly FieldError[];
  /** Names of the secrets that are stored. */
  readonly stored: ReadonlySet<string>;
}

export function Fields({ fields, facts }: { fields: readonly FieldSpec[]; facts: FieldFacts }) {
  return (
    <>
      {fields.map((field) => (
        <Field field={field} facts={facts} />
      ))}
    </>
  );
}

function Field({ field, facts }: { field: FieldSpec; facts: FieldFacts }) {
  const { name, label, kind, help, list, isRequired } = field;
  const error = facts.errors.find(({ path }) => path === name || path.startsWith(`${name}.`))?.message;
  const value = facts.values[name] ?? '';
  const frame = { name, label, help, error };
  switch (kind) {
    case 'check':
      return <CheckField {...frame} checked={value === 'true'} />;
    case 'select':
      return <SelectField {...frame} value={value} options={field.options ?? []} />;
    case 'connection':
      return <ConnectionField field={field} value={value} error={error} choices={facts.choices.get(name)} />;
    case 'password': {
      const isStored = facts.stored.has(name.replace('secrets.', ''));
      return (
        <TextField
          {...frame}
          value=""
          kind="password"
          autocomplete="new-password"
          placeholder={isStored ? 'stored, leave empty to keep' : undefined}
          isRequired={isRequired === true && !isStored}
        />
      );
    }
    case 'numbers':
      return <TextField {...frame} value={value} />;
    default:
      return <TextField {...frame} value={value} kind={kind} list={list} isRequired={isRequired === true} />;
  }
}

/** Another connection, by its name. One that is chosen and not there any more stays in sight. */
function ConnectionField(props: {
  field: FieldSpec;
  value: string;
  error: string | undefined;
  choices: ConnectionChoices | undefined;
}) {
  const { field, value, error, choices } = props;
  const { name, label, help } = field;
  const known = choices?.choices ?? [];
  const isKnown = value === '' || known.some((choice) => choice.value === value);
  const options = [
    ...(value === '' ? [{ value: '', label: 'Choose a connection' }] : []),
    ...known,
    ...(isKnown ? [] : [{ value, label: `Connection ${value}, which cannot be chosen any more` }]),
  ];
  return (
    <>
      {choices && known.length === 0 && (
        <Notice tone="note">
          <p>
            There is no such connection yet.{' '}
            <a href={`/connections/new?acd.kind=${choices.acd}`}>
              Create one with the source “{acdTitle(choices.acd)}”
            </a>{' '}
            first, then come back.
          </p>
        </Notice>
      )}
      <SelectField {...{ name, label, help, error, value, options }} isWide />
    </>
  );
}
