/** From what a person wants to what changes: compared with what is stored, checked row by row, saved as one batch. */
import { recordAudit } from '../../src/store/audit.ts';
import { addEvent } from '../../src/store/events.ts';
import { type AgentEdit, type QueueEdit, type StateEdit, saveEdits } from '../../src/store/mapping-edits.ts';
import { type App, type Identity, pokeCollector } from '../app.ts';
import type { FormValues, MappingKind } from './kinds.ts';

type AnyEdit = QueueEdit | AgentEdit | StateEdit;

/** A row as a person wants it. `was`: as they saw it, where they saw one. */
export interface Wish<Row> {
  readonly row: Row;
  readonly form: FormValues;
  readonly was?: FormValues;
  /** Line of a table, for its errors. */
  readonly line?: number;
}

/** One field of one row that changes, in words. */
export interface FieldChange {
  readonly header: string;
  readonly from: string;
  readonly to: string;
}

export interface RowChange<Row, Edit> {
  readonly row: Row;
  readonly edit: Edit;
  readonly changes: readonly FieldChange[];
}

export interface RowError {
  readonly id: number;
  readonly line: number | null;
  readonly label: string;
  readonly field: string;
  readonly header: string;
  readonly message: string;
}

export interface Judged<Row, Edit> {
  readonly changes: readonly RowChange<Row, Edit>[];
  readonly errors: readonly RowError[];
}

/** Which wishes change something, and what is wrong with the others. */
export function judge<Row extends { readonly id: number }, Edit extends { readonly id: number }>(
  kind: MappingKind<Row, Edit>,
  wishes: readonly Wish<Row>[],
): Judged<Row, Edit> {
  const changes: RowChange<Row, Edit>[] = [];
  const errors: RowError[] = [];
  for (const { row, form, was, line = null } of wishes) {
    const stored = kind.formOf(row);
    const error = (field: string, message: string) => {
      const header = kind.fields.find(({ name }) => name === field)?.header ?? field;
      errors.push({ id: row.id, line, label: kind.label(row), field, header, message });
    };
    // What the person did not touch stays as it is stored, also when somebody else changed it meanwhile.
    const touched = kind.fields.filter(({ name }) => form[name] !== undefined && form[name] !== (was ?? stored)[name]);
    const differing = touched.filter(({ name }) => form[name] !== stored[name]);
    const overtaken = was ? differing.filter(({ name }) => stored[name] !== was[name]) : [];
    for (const { name } of overtaken) {
      error(name, `Somebody else set this to "${stored[name] || 'the default'}" meanwhile. Save again to replace it.`);
    }
    if (differing.length === 0 || overtaken.length > 0) continue;
    const wanted = { ...stored, ...Object.fromEntries(differing.map(({ name }) => [name, form[name] ?? ''])) };
    const result = kind.parse(wanted, row.id);
    if ('errors' in result) for (const { path, message } of result.errors) error(path, message);
    else {
      // Compared as understood: "TRUE" in a table is the "yes" that is stored.
      const now = canonical(kind, row, result.edit);
      const fields = kind.fields.filter(({ name }) => now[name] !== stored[name]);
      const said = fields.map(({ name, header }) => ({ header, from: stored[name] ?? '', to: now[name] ?? '' }));
      if (fields.length > 0) changes.push({ row, edit: result.edit, changes: said });
    }
  }
  return { changes, errors };
}

/** An edit as text again: the row with the edit's values in it. */
function canonical<Row extends { readonly id: number }, Edit extends { readonly id: number }>(
  kind: MappingKind<Row, Edit>,
  row: Row,
  edit: Edit,
): FormValues {
  return kind.formOf({ ...row, ...edit });
}

/** Saves changes with their lines in audit and diary, and tells the collector. Nothing to save: nothing is written. */
export async function saveChanges<Row extends { readonly id: number }, Edit extends AnyEdit>(
  { app, nowMs, identity }: { app: App; nowMs: number; identity: Identity | null },
  connectionId: number,
  kind: MappingKind<Row, Edit>,
  changes: readonly RowChange<Row, Edit>[],
  also: readonly D1PreparedStatement[] = [],
): Promise<void> {
  if (changes.length === 0) return;
  const by = identity?.by ?? 'nobody';
  const what = `${changes.length} ${changes.length === 1 ? kind.one : kind.many}`;
  const detail = `${what}: ${changes.map((change) => sentenceOf(kind, change)).join('; ')}.`;
  const message = `The mapping of ${what} was changed by ${by}.`;
  await app.db.batch([
    ...saveEdits(
      app.db,
      connectionId,
      kind.table,
      changes.map(({ edit }) => edit),
    ),
    recordAudit(app.db, { by, atMs: nowMs, action: 'mapping changed', connectionId, detail }),
    addEvent(app.db, { connectionId, atMs: nowMs, kind: 'mapping changed', severity: 'info', message }),
    ...also,
  ]);
  await pokeCollector(app, connectionId);
}

function sentenceOf<Row extends { readonly id: number }, Edit extends { readonly id: number }>(
  kind: MappingKind<Row, Edit>,
  { row, changes }: RowChange<Row, Edit>,
): string {
  const fields = changes.map(({ header, from, to }) => `${header} ${from || 'default'} → ${to || 'default'}`);
  return `${kind.label(row)} (${fields.join(', ')})`;
}
