/** A form's field: label, control, help, and what is wrong with it, tied together for screen readers. */
import type { ComponentChildren } from 'preact';

interface FieldFrame {
  readonly name: string;
  readonly label: string;
  readonly help?: string | undefined;
  readonly error?: string | undefined;
}

export interface TextFieldProps extends FieldFrame {
  readonly value: string;
  readonly kind?: 'text' | 'url' | 'number' | 'password' | 'date' | 'datetime';
  readonly placeholder?: string | undefined;
  readonly autocomplete?: string | undefined;
  readonly list?: string | undefined;
  readonly autofocus?: boolean;
  readonly isRequired?: boolean;
}

function idOf(name: string): string {
  return `field-${name.replaceAll('.', '-')}`;
}

function describedBy({ name, help, error }: FieldFrame): string | undefined {
  const ids = [error && `${idOf(name)}-error`, help && `${idOf(name)}-help`].filter(Boolean);
  return ids.length > 0 ? ids.join(' ') : undefined;
}

function Notes({ name, help, error }: FieldFrame) {
  return (
    <>
      {error && (
        <p class="field-error" id={`${idOf(name)}-error`}>
          {error}
        </p>
      )}
      {help && (
        <p class="field-help" id={`${idOf(name)}-help`}>
          {help}
        </p>
      )}
    </>
  );
}

function Row({ frame, children }: { frame: FieldFrame; children: ComponentChildren }) {
  return (
    <div class={`field${frame.error ? ' has-error' : ''}`}>
      <label for={idOf(frame.name)}>{frame.label}</label>
      <div class="control">
        {children}
        <Notes {...frame} />
      </div>
    </div>
  );
}

const INPUT_TYPES: Readonly<Record<string, 'date' | 'datetime-local'>> = { date: 'date', datetime: 'datetime-local' };

export function TextField(props: TextFieldProps) {
  const {
    name,
    value,
    kind = 'text',
    placeholder,
    autocomplete = 'off',
    list,
    autofocus = false,
    isRequired = false,
  } = props;
  const common = {
    id: idOf(name),
    name,
    autocomplete,
    autocapitalize: 'none',
    spellcheck: false,
    'aria-required': isRequired,
    'aria-invalid': props.error !== undefined,
    'aria-describedby': describedBy(props),
  } as const;
  // A number goes as text with a number's keypad: a browser's own check would keep the server's sentence from showing.
  return (
    <Row frame={props}>
      {kind === 'password' ? (
        <input type="password" placeholder={placeholder} autofocus={autofocus} {...common} />
      ) : (
        <input
          type={INPUT_TYPES[kind] ?? 'text'}
          value={value}
          inputMode={kind === 'number' ? 'decimal' : kind === 'url' ? 'url' : 'text'}
          class={kind === 'number' || kind === 'date' ? 'short' : kind === 'datetime' ? 'middle' : ''}
          {...(list && { list })}
          {...common}
        />
      )}
    </Row>
  );
}

/** A file to choose. `accept`: what the browser offers first. */
export function FileField(props: FieldFrame & { accept: string }) {
  return (
    <Row frame={props}>
      <input
        id={idOf(props.name)}
        type="file"
        name={props.name}
        accept={props.accept}
        aria-invalid={props.error !== undefined}
        aria-describedby={describedBy(props)}
      />
    </Row>
  );
}

export function SelectField(
  props: FieldFrame & {
    value: string;
    options: readonly { readonly value: string; readonly label: string }[];
    /** For labels that people wrote, which may be long. */
    isWide?: boolean;
  },
) {
  return (
    <Row frame={props}>
      <select
        id={idOf(props.name)}
        name={props.name}
        class={props.isWide ? 'full' : undefined}
        aria-invalid={props.error ? 'true' : undefined}
        aria-describedby={describedBy(props)}
      >
        {props.options.map(({ value, label }) => (
          <option value={value} selected={value === props.value}>
            {label}
          </option>
        ))}
      </select>
    </Row>
  );
}

export function CheckField(props: FieldFrame & { checked: boolean }) {
  return (
    <div class={`field check${props.error ? ' has-error' : ''}`}>
      <div class="control">
        <label for={idOf(props.name)}>
          <input
            id={idOf(props.name)}
            name={props.name}
            type="checkbox"
            value="true"
            checked={props.checked}
            aria-describedby={describedBy(props)}
          />
          {props.label}
        </label>
        <Notes {...props} />
      </div>
    </div>
  );
}

/** What stands above a form that was not accepted. It takes the focus, so that it is heard. */
export function FormErrors(props: {
  errors: readonly { path: string; message: string; label: string }[];
  what?: string;
}) {
  const { errors, what = 'Nothing was saved.' } = props;
  if (errors.length === 0) return null;
  return (
    <div class="notice bad" role="alert" tabIndex={-1} id="form-errors">
      <p>
        <strong>{what}</strong> {errors.length === 1 ? 'One field needs' : `${errors.length} fields need`} your
        attention:
      </p>
      <ul>
        {errors.map(({ path, label, message }) => (
          <li>
            {path ? <a href={`#${idOf(path)}`}>{label}</a> : label}: {message}
          </li>
        ))}
      </ul>
    </div>
  );
}
