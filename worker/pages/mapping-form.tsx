/** What Roster and States share: a table that is edited in place and in bulk, and goes out and comes in as CSV. */
import type { ComponentChildren } from 'preact';
import type { RowError } from '../mapping/edits.ts';
import type { BulkAction, FormValues } from '../mapping/kinds.ts';
import { FormErrors } from './ui/field.tsx';
import { numberText } from './ui/number.tsx';
import { Scroll } from './ui/scroll.tsx';

/** A list as its page shows it. */
export interface MappingView<Row> {
  readonly rows: readonly Row[];
  readonly total: number;
  /** From 1. */
  readonly page: number;
  readonly pageRows: number;
  /** Address of this list with its filter, and of its parts. */
  readonly here: string;
  readonly pageHref: (page: number) => string;
  /** What was typed and not accepted, by row. */
  readonly typed: ReadonlyMap<number, FormValues>;
  readonly picked: ReadonlySet<number>;
  readonly errors: readonly RowError[];
}

/** The form around a table: its errors, what can be done with many rows, and the buttons. */
export function MappingForm<Row>(props: {
  readonly view: MappingView<Row>;
  readonly many: string;
  readonly bulk: readonly BulkAction[];
  readonly bulkValue: string | null;
  readonly head: ComponentChildren;
  readonly children: ComponentChildren;
}) {
  const { view, many, bulk, bulkValue, head, children } = props;
  const { total, page, pageRows, rows, errors } = view;
  const first = (page - 1) * pageRows + 1;
  return (
    <form method="post" action={view.here} data-edit class="mapping">
      <FormErrors
        errors={errors.map(({ id, field, label, header, message }) => ({
          path: `${field}.${id}`,
          label: `${label}, ${header}`,
          message,
        }))}
      />
      <section class="card flush">
        <div class="bulk">
          <button type="submit" name="do" value="save">
            Save
          </button>
          <span class="bulk-of">
            <label for="bulk-action">With</label>
            <select name="bulkScope" aria-label="Rows that it is done to">
              <option value="picked">the ticked rows</option>
              <option value="filter">
                all {numberText(total)} {many} of this list
              </option>
            </select>
            <select name="bulkAction" id="bulk-action">
              <option value="">choose …</option>
              {bulk.map(({ name, label }) => (
                <option value={name}>{label}</option>
              ))}
            </select>
            {bulkValue && (
              <input
                type="text"
                name="bulkValue"
                aria-label={bulkValue}
                placeholder="%"
                class="short"
                autocomplete="off"
              />
            )}
            <button type="submit" name="do" value="bulk" class="secondary">
              Apply
            </button>
          </span>
          <span class="quiet counted">
            {rows.length > 0 && `${numberText(first)}–${numberText(first + rows.length - 1)} of `}
            {numberText(total)}
          </span>
        </div>
        <Scroll label={`Mapping of ${many}`}>
          <table class="edit">
            <thead>
              <tr>
                <th scope="col" class="tick">
                  <span class="hidden">Ticked</span>
                  <label hidden title="Tick all rows of this page">
                    <span class="hidden">Tick all rows of this page</span>
                    <input type="checkbox" data-check-all="pick" />
                  </label>
                </th>
                {head}
              </tr>
            </thead>
            <tbody>{children}</tbody>
          </table>
        </Scroll>
      </section>
      <MappingPager view={view} />
    </form>
  );
}

function MappingPager<Row>({ view: { page, pageRows, total, pageHref } }: { view: MappingView<Row> }) {
  const last = Math.max(1, Math.ceil(total / pageRows));
  if (last === 1) return null;
  return (
    <nav class="pager" aria-label="Pages">
      {page > 1 && (
        <a href={pageHref(page - 1)} rel="prev">
          Previous
        </a>
      )}
      <span class="quiet">
        Page {numberText(page)} of {numberText(last)}
      </span>
      {page < last && (
        <a href={pageHref(page + 1)} rel="next">
          Next
        </a>
      )}
    </nav>
  );
}

/** The first cell of a row: its tick, and what the row was when it was shown. */
export function TickCell<Row>({
  id,
  label,
  stored,
  view,
}: {
  id: number;
  label: string;
  stored: FormValues;
  view: MappingView<Row>;
}) {
  return (
    <td class="tick">
      <input type="hidden" name={`was.${id}`} value={JSON.stringify(stored)} />
      <input
        type="checkbox"
        name="pick"
        value={String(id)}
        checked={view.picked.has(id)}
        aria-label={`Tick ${label}`}
      />
    </td>
  );
}

interface CellFrame<Row> {
  readonly id: number;
  readonly field: string;
  /** For screen readers: "Key in the WFM of Sales". */
  readonly label: string;
  readonly stored: FormValues;
  readonly view: MappingView<Row>;
}

function cellOf<Row>({ id, field, label, stored, view }: CellFrame<Row>) {
  const error = view.errors.find((one) => one.id === id && one.field === field);
  const value = view.typed.get(id)?.[field] ?? stored[field] ?? '';
  const controlId = `field-${field}-${id}`;
  return {
    value,
    error,
    common: {
      id: controlId,
      name: `${field}.${id}`,
      'aria-label': label,
      'aria-invalid': error !== undefined,
      'aria-describedby': error ? `${controlId}-error` : undefined,
    },
  };
}

function CellError({ id, error }: { id: string; error: RowError | undefined }) {
  if (!error) return null;
  return (
    <p class="field-error" id={`${id}-error`}>
      {error.message}
    </p>
  );
}

export function TextCell<Row>(props: CellFrame<Row> & { placeholder: string; size?: 'short' | 'wide' }) {
  const { value, error, common } = cellOf(props);
  return (
    <td class={error ? 'has-error' : undefined}>
      <input
        type="text"
        value={value}
        placeholder={props.placeholder}
        class={props.size}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        {...common}
      />
      <CellError id={common.id} error={error} />
    </td>
  );
}

export function SelectCell<Row>(props: CellFrame<Row> & { options: readonly string[] }) {
  const { value, error, common } = cellOf(props);
  return (
    <td class={error ? 'has-error' : undefined}>
      <select {...common}>
        {props.options.map((option) => (
          <option value={option} selected={option === value}>
            {option.charAt(0).toUpperCase() + option.slice(1)}
          </option>
        ))}
      </select>
      <CellError id={common.id} error={error} />
    </td>
  );
}

export function FlagCell<Row>(props: CellFrame<Row>) {
  const { value, error, common } = cellOf(props);
  return (
    <td class="flag">
      <input type="checkbox" value="yes" checked={value === 'yes'} {...common} />
      <CellError id={common.id} error={error} />
    </td>
  );
}

/** The table as a file: down, and up again with a preview. */
export function TableFiles({
  base,
  csvHref,
  many,
  columns,
}: {
  base: string;
  csvHref: string;
  many: string;
  columns: string;
}) {
  return (
    <section class="card">
      <h2>As a table</h2>
      <p class="quiet">
        Download the CSV, edit it in a spreadsheet, upload it again. Before anything is stored you see what would change
        and what is wrong on which line. Needed: {columns}; columns that you leave out stay as they are.
      </p>
      <div class="files">
        <a class="button plain" href={csvHref}>
          Download CSV
        </a>
        <form method="post" action={`${base}/upload`} enctype="multipart/form-data" class="orders">
          <div class="filter">
            <label for="table-file">CSV of {many}, at most 1 MB, UTF-8</label>
            <input type="file" id="table-file" name="file" accept=".csv,text/csv" required />
          </div>
          <button type="submit" class="secondary">
            Preview
          </button>
        </form>
      </div>
    </section>
  );
}
