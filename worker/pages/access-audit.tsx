/** Access: who changed what, when. */
import type { AuditFilter, AuditRow } from '../../src/store/audit.ts';
import type { ConnectionRow } from '../../src/store/connections.ts';
import type { Identity } from '../app.ts';
import { AccessHead } from './access-head.tsx';
import { Layout } from './layout.tsx';
import { ANY, Empty, FilterConnection, FilterSelect, Filters, FilterText, Pager } from './ui/page.tsx';
import { Scroll } from './ui/scroll.tsx';
import { type Moment, Time } from './ui/time.tsx';

/** The audit's filters as they stand in the address; '' where nothing is asked. */
export interface AuditQuery {
  readonly connection: string;
  readonly action: string;
  readonly by: string;
  readonly from: string;
  readonly to: string;
}

export function AuditPage(props: {
  identity: Identity | null;
  entries: readonly AuditRow[];
  connections: readonly ConnectionRow[];
  actions: readonly string[];
  query: AuditQuery;
  filter: AuditFilter;
  moment: Moment;
  /** The last entry shown, where there are older ones. */
  olderId: number | null;
  isFirst: boolean;
}) {
  const { identity, entries, connections, actions, query, filter, moment, olderId, isFirst } = props;
  const hasFilter = Object.values(query).some((value) => value !== '');
  const names = new Map(connections.map(({ id, name }) => [id, name]));
  return (
    <Layout title="Audit" identity={identity} section="access">
      <AccessHead current="audit" />
      <Filters
        action="/access"
        label="Narrow the audit"
        after={
          <a class="button plain" href={`/api/v1/audit?${csvQuery(filter)}`} download>
            Download CSV
          </a>
        }
      >
        <input type="hidden" name="show" value="audit" />
        <FilterConnection value={query.connection} connections={connections} />
        <FilterSelect
          name="action"
          label="Change"
          value={query.action}
          options={[ANY, ...actions.map((action) => ({ value: action, label: action }))]}
        />
        <FilterText name="by" label="By" value={query.by} />
        <FilterText name="from" label="From" value={query.from} type="date" />
        <FilterText name="to" label="To" value={query.to} type="date" />
      </Filters>
      {entries.length === 0 ? (
        <Empty>
          <p>
            {hasFilter
              ? 'No change fits these filters.'
              : 'Nothing was changed yet. Every change by a person or a script is listed here: what, when and by whom.'}
          </p>
        </Empty>
      ) : (
        <section class="card flush">
          <Scroll label="Changes, newest first">
            <AuditTable entries={entries} names={names} moment={moment} />
          </Scroll>
        </section>
      )}
      <Pager
        newer={isFirst ? null : `/access?${pageQuery(query)}`}
        older={olderId === null ? null : `/access?${pageQuery(query)}&before=${olderId}`}
      />
      <p class="quiet">Days and times in {moment.timeZone}.</p>
    </Layout>
  );
}

function AuditTable(props: { entries: readonly AuditRow[]; names: ReadonlyMap<number, string>; moment: Moment }) {
  const { entries, names, moment } = props;
  return (
    <table>
      <caption class="hidden">Changes, newest first</caption>
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">Change</th>
          <th scope="col">Connection</th>
          <th scope="col">By</th>
          <th scope="col">What</th>
        </tr>
      </thead>
      <tbody>
        {entries.map(({ atMs, action, connectionId, by, detail }) => (
          <tr>
            <td class="nowrap">
              <Time atMs={atMs} moment={moment} />
            </td>
            <td class="nowrap">{action}</td>
            <td>
              {connectionId === null ? (
                ''
              ) : names.has(connectionId) ? (
                <a href={`/connections/${connectionId}`}>{names.get(connectionId)}</a>
              ) : (
                <span class="quiet">{connectionId}, deleted</span>
              )}
            </td>
            <td>{by}</td>
            <td class="words">{detail}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function pageQuery(query: AuditQuery): URLSearchParams {
  return new URLSearchParams([['show', 'audit'], ...Object.entries(query).filter(([, value]) => value !== '')]);
}

function csvQuery({ connectionId, action, by, fromMs, toMs }: AuditFilter): URLSearchParams {
  const query = new URLSearchParams({ format: 'csv' });
  if (connectionId !== null) query.set('connection', String(connectionId));
  if (action !== null) query.set('action', action);
  if (by !== null) query.set('by', by);
  if (fromMs !== null) query.set('from', new Date(fromMs).toISOString());
  if (toMs !== null) query.set('to', new Date(toMs).toISOString());
  return query;
}
