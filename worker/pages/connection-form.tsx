/** The connection page: a form that validates on the server, keeps what was typed, and never shows a secret. */
import { MPOWER_AREAS } from '../../src/wfm/cxone-mpower/settings.ts';
import type { Identity } from '../app.ts';
import type { FieldError } from '../respond.ts';
import { ADVANCED_GROUPS, ALL_FIELDS, type FieldGroup, type FieldSpec, MAIN_GROUPS } from './connection-fields.ts';
import type { FormValues } from './connection-values.ts';
import { Layout } from './layout.tsx';
import { CheckField, FormErrors, SelectField, TextField } from './ui/field.tsx';
import { Scroll } from './ui/scroll.tsx';

export interface ConnectionFormProps {
  readonly identity: Identity | null;
  /** Null: a new connection. */
  readonly connection: { readonly id: number; readonly name: string; readonly paused: boolean } | null;
  readonly values: FormValues;
  readonly errors: readonly FieldError[];
  /** Names of the secrets that are stored. */
  readonly stored: ReadonlySet<string>;
  /** Tells whether the stored settings are still those that the form shows. */
  readonly mark: string;
  /** What another administrator saved meanwhile: the fields that differ from this form. */
  readonly conflict?: readonly Difference[];
  readonly notice?: string | undefined;
}

export interface Difference {
  readonly label: string;
  readonly theirs: string;
  readonly yours: string;
}

export function ConnectionFormPage(props: ConnectionFormProps) {
  const { identity, connection, errors, mark, conflict, notice } = props;
  const title = connection ? connection.name : 'New connection';
  const action = connection ? `/connections/${connection.id}` : '/connections/new';
  const labelled = errors.map((error) => ({ ...error, label: labelOf(error.path) }));
  const hasAdvancedError = errors.some(({ path }) => /advanced|^collection/.test(path));
  return (
    <Layout
      title={connection ? 'Settings' : title}
      identity={identity}
      {...(connection && { connection: { ...connection, section: 'settings' as const } })}
    >
      <div class="page-head">
        <div>
          <h1>{title}</h1>
          <p class="quiet">Nextiva NCC to CXone Mpower WFM. Establish connections to data sources.</p>
        </div>
        {connection && <PauseForm id={connection.id} paused={connection.paused} />}
      </div>
      {notice && (
        <p class="notice good" role="status">
          {notice}
        </p>
      )}
      {conflict && connection && <Conflict id={connection.id} differences={conflict} />}
      <FormErrors errors={labelled} />
      <form method="post" action={action} class="settings" novalidate autocomplete="off">
        <input type="hidden" name="mark" value={mark} />
        <div class="groups">
          {MAIN_GROUPS.map((group) => (
            <Group group={group} props={props} />
          ))}
        </div>
        <details class="card" open={hasAdvancedError}>
          <summary>
            <span class="summary-title">Advanced</span>
            <span class="quiet">
              What the vendors have not published, each with a default. Change it only with a reason.
            </span>
          </summary>
          {ADVANCED_GROUPS.map((group) => (
            <fieldset>
              <legend>{group.title}</legend>
              <div class="fields">
                <Fields fields={group.fields} props={props} />
              </div>
            </fieldset>
          ))}
        </details>
        <div class="actions sticky">
          <button type="submit">Save</button>
          <a class="button plain" href="/">
            Cancel
          </a>
        </div>
        <Suggestions />
      </form>
    </Layout>
  );
}

function Group({ group, props }: { group: FieldGroup; props: ConnectionFormProps }) {
  return (
    <fieldset class={`card${group.isWide ? ' wide' : ''}`}>
      <legend>
        <h2>{group.title}</h2>
      </legend>
      {group.lead && <p class="quiet lead">{group.lead}</p>}
      <div class="fields">
        <Fields fields={group.fields} props={props} />
      </div>
    </fieldset>
  );
}

function Fields({ fields, props }: { fields: readonly FieldSpec[]; props: ConnectionFormProps }) {
  return (
    <>
      {fields.map((field) => (
        <Field field={field} props={props} />
      ))}
    </>
  );
}

function Field({ field, props }: { field: FieldSpec; props: ConnectionFormProps }) {
  const { name, label, kind, help, list, isRequired } = field;
  const error = props.errors.find(({ path }) => path === name || path.startsWith(`${name}.`))?.message;
  const value = props.values[name] ?? '';
  const frame = { name, label, help, error };
  switch (kind) {
    case 'check':
      return <CheckField {...frame} checked={value === 'true'} />;
    case 'select':
      return <SelectField {...frame} value={value} options={field.options ?? []} />;
    case 'password': {
      const isStored = props.stored.has(name.replace('secrets.', ''));
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

function Conflict({ id, differences }: { id: number; differences: readonly Difference[] }) {
  return (
    <div class="notice bad" role="alert">
      <p>
        <strong>Nothing was saved: somebody else saved this connection while you were editing it.</strong>
      </p>
      {differences.length > 0 ? (
        <Scroll label="What differs">
          <table>
            <thead>
              <tr>
                <th scope="col">Field</th>
                <th scope="col">Stored now</th>
                <th scope="col">In your form</th>
              </tr>
            </thead>
            <tbody>
              {differences.map(({ label, theirs, yours }) => (
                <tr>
                  <th scope="row">{label}</th>
                  <td>{theirs}</td>
                  <td>{yours}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      ) : (
        <p>No field that is shown differs from yours; a password may have been changed.</p>
      )}
      <p>
        Save again to store your form over theirs, or <a href={`/connections/${id}`}>load what is stored now</a>.
      </p>
    </div>
  );
}

function PauseForm({ id, paused }: { id: number; paused: boolean }) {
  return (
    <form method="post" action={`/connections/${id}/${paused ? 'resume' : 'pause'}`}>
      <button type="submit" class="secondary">
        {paused ? 'Resume' : 'Pause'}
      </button>
    </form>
  );
}

function Suggestions() {
  return (
    <>
      <datalist id="areas">
        {MPOWER_AREAS.map(({ area, baseUrl }) => (
          <option value={baseUrl} label={area} />
        ))}
      </datalist>
      <datalist id="time-zones">
        {Intl.supportedValuesOf('timeZone').map((zone) => (
          <option value={zone} />
        ))}
      </datalist>
    </>
  );
}

/** A field's label as a list of errors names it: with its group where the label alone says too little. */
export function labelOf(path: string): string {
  for (const { title, fields } of [...MAIN_GROUPS, ...ADVANCED_GROUPS]) {
    const field = fields.find(({ name }) => path === name || path.startsWith(`${name}.`));
    if (!field) continue;
    const isShared = ALL_FIELDS.filter(({ label }) => label.toLowerCase() === field.label.toLowerCase()).length > 1;
    return isShared ? `${title}, ${field.label}` : field.label;
  }
  return path || 'The form';
}
