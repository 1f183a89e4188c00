/** Pieces that pages are put together from: heading, notice, empty list, tabs, filters and the way to further rows. */
import type { ComponentChildren } from 'preact';

/** A page's heading with one sentence under it; `children` are its actions, at the right. */
export function PageHead({ title, lead, children }: { title: string; lead?: string; children?: ComponentChildren }) {
  return (
    <div class="page-head">
      <div>
        <h1>{title}</h1>
        {lead && <p class="quiet">{lead}</p>}
      </div>
      {children && <div class="page-actions">{children}</div>}
    </div>
  );
}

/** What a change led to, or what should be known first. Good and note are announced politely, the others at once. */
export function Notice({
  tone = 'good',
  children,
}: {
  tone?: 'good' | 'note' | 'warn' | 'bad';
  children: ComponentChildren;
}) {
  const isUrgent = tone === 'warn' || tone === 'bad';
  return (
    <div class={`notice ${tone}`} role={isUrgent ? 'alert' : 'status'}>
      {children}
    </div>
  );
}

/** What stands where a list is empty: what will be there and how it gets there. */
export function Empty({ title, children }: { title?: string; children: ComponentChildren }) {
  return (
    <section class="card empty">
      {title && <h2>{title}</h2>}
      {children}
    </section>
  );
}

export interface Tab {
  readonly href: string;
  readonly label: string;
  readonly isCurrent: boolean;
  /** A figure behind the label, such as how many rows. */
  readonly count?: string;
}

export function Tabs({ label, tabs }: { label: string; tabs: readonly Tab[] }) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map((tab) => (
        <a href={tab.href} aria-current={tab.isCurrent ? 'page' : undefined}>
          {tab.label}
          {tab.count !== undefined && <span class="count num">{tab.count}</span>}
        </a>
      ))}
    </nav>
  );
}

/** Filters as a GET form: they are in the address, which can be shared. `children`: labelled controls of class `filter`. */
export function Filters({
  action,
  label = 'Filter',
  children,
  after,
}: {
  action: string;
  label?: string;
  children: ComponentChildren;
  /** Beside the button: an export, a way back to everything. */
  after?: ComponentChildren;
}) {
  return (
    <search>
      <form method="get" action={action} class="filters" aria-label={label}>
        {children}
        <button type="submit" class="secondary">
          Show
        </button>
        {after}
      </form>
    </search>
  );
}

/** One labelled control of a filter form. */
export function Filter({ label, htmlFor, children }: { label: string; htmlFor: string; children: ComponentChildren }) {
  return (
    <div class="filter">
      <label for={htmlFor}>{label}</label>
      {children}
    </div>
  );
}

/** The choice that narrows nothing. */
export const ANY = { value: '', label: 'Any' };

/** A choice in a filter form. */
export function FilterSelect(props: {
  name: string;
  label: string;
  value: string;
  options: readonly { readonly value: string; readonly label: string }[];
}) {
  const { name, label, value, options } = props;
  return (
    <Filter label={label} htmlFor={`filter-${name}`}>
      <select id={`filter-${name}`} name={name}>
        {options.map((option) => (
          <option value={option.value} selected={option.value === value}>
            {option.label}
          </option>
        ))}
      </select>
    </Filter>
  );
}

/** Which connection, of those that there are. */
export function FilterConnection(props: {
  value: string;
  connections: readonly { readonly id: number; readonly name: string }[];
}) {
  const { value, connections } = props;
  const options = [ANY, ...connections.map(({ id, name }) => ({ value: String(id), label: name }))];
  return <FilterSelect name="connection" label="Connection" value={value} options={options} />;
}

/** A text or date in a filter form. */
export function FilterText(props: {
  name: string;
  label: string;
  value: string;
  type?: 'search' | 'date';
  placeholder?: string;
}) {
  const { name, label, value, type = 'search', placeholder } = props;
  const common = { id: `filter-${name}`, name, value, autocomplete: 'off' } as const;
  return (
    <Filter label={label} htmlFor={common.id}>
      {type === 'date' ? (
        <input type="date" {...common} />
      ) : (
        <input type="search" placeholder={placeholder} {...common} />
      )}
    </Filter>
  );
}

/** The way to further rows; nothing on a list that fits. */
export function Pager({ newer, older }: { newer?: string | null; older?: string | null }) {
  if (!newer && !older) return null;
  return (
    <nav class="pager" aria-label="Pages">
      {newer && <a href={newer}>Newest</a>}
      {older && (
        <a href={older} rel="next">
          Older
        </a>
      )}
    </nav>
  );
}
