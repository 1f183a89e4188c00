/** A part of the connection form as data: which fields, in which order, under which label, with one sentence each. */

/** What can be tried out by itself. */
export const TEST_GROUPS = ['real-time', 'historical', 'wfm'] as const;
export type TestGroup = (typeof TEST_GROUPS)[number];

export interface FieldSpec {
  /** The field's place in the settings, with dots; `secrets.<name>` for a secret. */
  readonly name: string;
  readonly label: string;
  readonly kind: 'text' | 'url' | 'number' | 'numbers' | 'password' | 'check' | 'select' | 'connection';
  readonly help?: string;
  readonly options?: readonly { readonly value: string; readonly label: string }[];
  /** For `connection`: which source the connections have that may be chosen; the page knows which there are. */
  readonly connectionsOf?: string;
  /** Id of the list of suggestions. */
  readonly list?: string;
  readonly isRequired?: boolean;
}

export interface FieldGroup {
  readonly title: string;
  readonly lead?: string;
  /** Takes the whole width where there is room, with its fields in two columns. */
  readonly isWide?: boolean;
  /** What tries this group out. */
  readonly test?: TestGroup;
  readonly fields: readonly FieldSpec[];
}

/** The part of one kind of source or destination. */
export interface FormPart {
  /** What it gives, and what it needs, for whoever chooses. One or two sentences. */
  readonly lead: string;
  /** Settings as a form shows them that nobody has filled in: defaults in their places, the rest empty. */
  readonly blank: Readonly<Record<string, unknown>>;
  readonly groups: readonly FieldGroup[];
  /** Each an assumption that the vendor has not published, or a matter of taste. */
  readonly advanced: readonly FieldSpec[];
}

type Plain = (name: string, label: string, help: string) => FieldSpec;
export const textField: Plain = (name, label, help) => ({ name, label, kind: 'text', help });
export const numberField: Plain = (name, label, help) => ({ name, label, kind: 'number', help });
export const checkField: Plain = (name, label, help) => ({ name, label, kind: 'check', help });
