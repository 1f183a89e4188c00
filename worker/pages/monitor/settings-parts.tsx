/** What the three forms of the alert settings share: what was typed, the orders of a row, and the choice of a connection. */
import type { ComponentChildren } from 'preact';
import type { ChannelRow, MaintenanceRow, RuleRow } from '../../../src/store/alert-settings.ts';
import type { ConnectionRow } from '../../../src/store/connections.ts';
import type { Identity } from '../../app.ts';
import type { FieldError } from '../../respond.ts';
import { SelectField } from '../ui/field.tsx';
import { Scroll } from '../ui/scroll.tsx';
import type { Moment } from '../ui/time.tsx';

export type SettingsForm = 'channel' | 'rule' | 'maintenance';

export interface AlertSettingsProps {
  readonly identity: Identity | null;
  readonly moment: Moment;
  readonly channels: readonly ChannelRow[];
  readonly rules: readonly RuleRow[];
  readonly maintenance: readonly MaintenanceRow[];
  readonly connections: readonly ConnectionRow[];
  readonly notice?: { readonly tone: 'good' | 'bad'; readonly text: string } | undefined;
  /** A webhook's new signing secret, shown in this one answer. */
  readonly secret?: { readonly name: string; readonly secret: string } | undefined;
  /** The form that was not accepted: what was typed, and what is wrong. */
  readonly refused?: {
    readonly form: SettingsForm;
    readonly values: Readonly<Record<string, string>>;
    readonly errors: readonly FieldError[];
  };
}

/** What was typed into a form that was not accepted, and what is wrong with it. Names carry the form's own first. */
export function typed({ refused }: AlertSettingsProps, form: SettingsForm) {
  const values = refused?.form === form ? refused.values : {};
  const errors = refused?.form === form ? refused.errors : [];
  return (name: string, otherwise = '') => ({
    name: `${form}.${name}`,
    value: values[`${form}.${name}`] ?? otherwise,
    error: errors.find(({ path }) => path === `${form}.${name}`)?.message,
  });
}

export function Act({
  to,
  label,
  about,
  look = 'secondary small',
}: {
  to: string;
  label: string;
  about: string;
  look?: string;
}) {
  return (
    <form method="post" action={to}>
      <button type="submit" class={look} aria-label={`${label}: ${about}`}>
        {label}
      </button>
    </form>
  );
}

/** The orders of a row, beside each other. */
export function Orders({ children }: { children: ComponentChildren }) {
  return <div class="load-orders">{children}</div>;
}

/** A table whose rows end with their orders; `children` are the rows. */
export function OrdersTable(props: { title: string; columns: readonly string[]; children: ComponentChildren }) {
  const { title, columns, children } = props;
  return (
    <Scroll label={`${title}, as a table`}>
      <table>
        <caption class="hidden">{title}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th scope="col">{column}</th>
            ))}
            <th scope="col">
              <span class="hidden">Orders</span>
            </th>
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </Scroll>
  );
}

export function ConnectionChoice({
  connections,
  name,
  value,
  error,
}: {
  connections: readonly ConnectionRow[];
  name: string;
  value: string;
  error: string | undefined;
}) {
  const options = [
    { value: '', label: 'Every connection' },
    ...connections.map((one) => ({ value: String(one.id), label: one.name })),
  ];
  return <SelectField name={name} label="Connection" value={value} error={error} options={options} />;
}

export function nameOf(connections: readonly ConnectionRow[], id: number | null): string {
  if (id === null) return 'Every connection';
  return connections.find((connection) => connection.id === id)?.name ?? `Connection ${id}`;
}
