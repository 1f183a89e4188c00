/** The connection page: a form that validates on the server, keeps what was typed, and never shows a secret. */
import { ACD_KINDS, acdForm, acdTitle } from '../../src/acd/registry.ts';
import type { FieldGroup, FieldSpec, TestGroup } from '../../src/domain/form-field.ts';
import { MPOWER_AREAS } from '../../src/wfm/cxone-mpower/settings.ts';
import { WFM_KINDS, wfmForm, wfmTitle } from '../../src/wfm/registry.ts';
import type { Identity } from '../app.ts';
import type { FieldError } from '../respond.ts';
import { Conflict, type ConflictFacts, DeleteCard, PauseForm } from './connection-change.tsx';
import { type FormKinds, formOf } from './connection-fields.ts';
import { type FieldFacts, Fields } from './connection-form-field.tsx';
import { GROUP_TITLES, type ShownTest, TestPanel } from './connection-test.tsx';
import { defaultValues, type FormValues } from './connection-values.ts';
import { Layout } from './layout.tsx';
import { FormErrors } from './ui/field.tsx';
import { Notice, PageHead } from './ui/page.tsx';
import type { Moment } from './ui/time.tsx';

export interface ConnectionFormProps extends FieldFacts {
  readonly identity: Identity | null;
  /** Null: a new connection. */
  readonly connection: { readonly id: number; readonly name: string; readonly paused: boolean } | null;
  readonly kinds: FormKinds;
  /** Tells whether the stored settings are still those that the form shows. */
  readonly mark: string;
  readonly conflict?: ConflictFacts;
  readonly notice?: string | undefined;
  /** What a test of a group found, for a browser without script. */
  readonly test?: { readonly group: TestGroup; readonly shown: ShownTest; readonly moment: Moment };
  /** Tries every group out once the page is there: after a save. */
  readonly isCheckedAtOnce?: boolean;
  readonly deleteError?: FieldError;
}

export function ConnectionFormPage(props: ConnectionFormProps) {
  const { identity, connection, kinds, errors, mark, conflict, notice, deleteError } = props;
  const title = connection ? connection.name : 'New connection';
  const labelled = errors.map((error) => ({ ...error, label: labelOf(kinds, error.path) }));
  return (
    <Layout
      title={connection ? 'Settings' : title}
      identity={identity}
      isLive
      refreshS={null}
      {...(connection && { connection: { ...connection, section: 'settings' as const } })}
    >
      <PageHead
        title={title}
        lead={`${acdTitle(kinds.acd)} to ${wfmTitle(kinds.wfm)}. Establish connections to data sources.`}
      >
        {connection && <PauseForm id={connection.id} paused={connection.paused} />}
      </PageHead>
      {notice && <Notice>{notice}</Notice>}
      {conflict && connection && <Conflict id={connection.id} conflict={conflict} />}
      {!connection && <KindChoice kinds={kinds} />}
      <FormErrors errors={labelled} />
      <form method="post" action={addressOf(connection)} class="settings" novalidate autocomplete="off">
        <input type="hidden" name="mark" value={mark} />
        <input type="hidden" name="acd.kind" value={kinds.acd} />
        <input type="hidden" name="wfm.kind" value={kinds.wfm} />
        {/* Enter in a field saves: a form's first button is the one that Enter presses, and the tests have buttons. */}
        <button type="submit" class="hidden" tabIndex={-1} aria-hidden="true">
          Save
        </button>
        <div class="groups">
          {formOf(kinds).main.map((group) => (
            <Group group={group} props={props} />
          ))}
        </div>
        <Advanced props={props} />
        <div class="actions sticky">
          <button type="submit">Save</button>
          <a class="button plain" href="/">
            Cancel
          </a>
        </div>
        <Suggestions />
      </form>
      {connection && <DeleteCard id={connection.id} name={connection.name} error={deleteError} />}
    </Layout>
  );
}

/** Where the facts come from and where they go: chosen first, because that decides which fields there are. */
function KindChoice({ kinds }: { kinds: FormKinds }) {
  return (
    <div class="groups">
      <Choice
        title="Source"
        options={ACD_KINDS.map((kind) => ({
          kinds: { ...kinds, acd: kind },
          title: acdTitle(kind),
          lead: acdForm(kind).lead,
        }))}
        isCurrent={({ acd }) => acd === kinds.acd}
      />
      <Choice
        title="Destination"
        options={WFM_KINDS.map((kind) => ({
          kinds: { ...kinds, wfm: kind },
          title: wfmTitle(kind),
          lead: wfmForm(kind).lead,
        }))}
        isCurrent={({ wfm }) => wfm === kinds.wfm}
      />
    </div>
  );
}

function Choice(props: {
  title: string;
  options: readonly { readonly kinds: FormKinds; readonly title: string; readonly lead: string }[];
  isCurrent: (kinds: FormKinds) => boolean;
}) {
  const { title, options, isCurrent } = props;
  return (
    <nav class="card sources" aria-label={title}>
      <h2>{title}</h2>
      <ul class="plain-list">
        {options.map(({ kinds, title: name, lead }) => (
          <li>
            <a
              href={`/connections/new?acd.kind=${kinds.acd}&wfm.kind=${kinds.wfm}`}
              {...(isCurrent(kinds) && { 'aria-current': 'true' as const })}
            >
              {name}
            </a>{' '}
            <span class="quiet">{lead}</span>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function addressOf(connection: ConnectionFormProps['connection']): string {
  return `/connections/${connection?.id ?? 'new'}`;
}

function Group({ group, props }: { group: FieldGroup; props: ConnectionFormProps }) {
  return (
    <fieldset class={`card${group.isWide ? ' wide' : ''}`}>
      <legend>
        <h2>{group.title}</h2>
      </legend>
      {group.lead && <p class="quiet lead">{group.lead}</p>}
      <div class="fields">
        <Fields fields={group.fields} facts={props} />
      </div>
      {group.test && <Test group={group.test} props={props} />}
    </fieldset>
  );
}

/** The button that tries a group out, and the place for what it finds. With script the form stays as it is. */
function Test({ group, props }: { group: TestGroup; props: ConnectionFormProps }) {
  const { connection, test, isCheckedAtOnce } = props;
  const address = `${addressOf(connection)}/test/${group}`;
  const target = `test-${group}`;
  const atOnce = isCheckedAtOnce ? { 'hx-post': address, 'hx-trigger': 'load' } : {};
  return (
    <div class="test">
      <button
        type="submit"
        class="secondary small"
        formaction={`${address}#${target}`}
        hx-post={address}
        hx-target={`#${target}`}
        aria-label={`Test ${GROUP_TITLES[group]}`}
      >
        Test
      </button>
      <span class="quiet waiting">Signing in and asking…</span>
      <div id={target} aria-live="polite" {...atOnce}>
        {test?.group === group && <TestPanel group={group} test={test.shown} moment={test.moment} />}
      </div>
    </div>
  );
}

function Advanced({ props }: { props: ConnectionFormProps }) {
  const hasError = props.errors.some(({ path }) => /advanced|^collection/.test(path));
  const { advanced } = formOf(props.kinds);
  const defaults = defaultValues(props.kinds);
  const changed = advanced.flatMap(({ fields }) => fields).filter((field) => isChanged(field, props.values, defaults));
  return (
    <details class="card" open={hasError}>
      <summary>
        <span class="summary-title">Advanced</span>
        <span class="quiet">
          What the vendors have not published, each with a default. Change it only with a reason.{' '}
          {changed.length > 0 && `${changed.length} changed.`}
        </span>
      </summary>
      {advanced.map((group) => (
        <fieldset>
          <legend>{group.title}</legend>
          {group.lead && <p class="quiet lead">{group.lead}</p>}
          <div class="fields">
            <Fields fields={group.fields.map((field) => withDefault(field, props.values, defaults))} facts={props} />
          </div>
        </fieldset>
      ))}
      <p class="quiet">
        How states count, and the codes that CXone is told,{' '}
        {props.connection ? (
          <>
            are set on the page <a href={`/connections/${props.connection.id}/states`}>States</a>.
          </>
        ) : (
          'are set on a page of their own once the connection is saved.'
        )}
      </p>
    </details>
  );
}

function isChanged({ name }: FieldSpec, values: FormValues, defaults: FormValues): boolean {
  return (values[name] ?? '') !== (defaults[name] ?? '');
}

/** The field with its default in its help: what it is, or what it was changed from. */
function withDefault(field: FieldSpec, values: FormValues, defaults: FormValues): FieldSpec {
  const value = defaults[field.name] ?? '';
  const option = field.options?.find((one) => one.value === value)?.label;
  const shown = field.kind === 'check' ? (value === 'true' ? 'ticked' : 'not ticked') : (option ?? (value || 'empty'));
  const words = isChanged(field, values, defaults) ? `Changed; the default is ${shown}.` : `Default: ${shown}.`;
  return { ...field, help: `${field.help ?? ''} ${words}` };
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
export function labelOf(kinds: FormKinds, path: string): string {
  const { main, advanced, all } = formOf(kinds);
  for (const { title, fields } of [...main, ...advanced]) {
    const field = fields.find(({ name }) => path === name || path.startsWith(`${name}.`));
    if (!field) continue;
    const isShared = all.filter(({ label }) => label.toLowerCase() === field.label.toLowerCase()).length > 1;
    return isShared ? `${title}, ${field.label}` : field.label;
  }
  return path || 'The form';
}
