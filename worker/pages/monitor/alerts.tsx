/** Every alert there was, and why. */
import type { AlertRow } from '../../../src/store/alerts.ts';
import type { ConnectionRow } from '../../../src/store/connections.ts';
import type { Identity } from '../../app.ts';
import { Layout } from '../layout.tsx';
import { Badge } from '../ui/badge.tsx';
import { ANY, Empty, FilterConnection, FilterSelect, Filters, PageHead, Pager } from '../ui/page.tsx';
import { Scroll } from '../ui/scroll.tsx';
import { type Moment, spanText, Time } from '../ui/time.tsx';
import { MonitorTabs } from './tabs.tsx';
import { Told } from './told.tsx';

export function AlertsPage(props: {
  identity: Identity | null;
  moment: Moment;
  alerts: readonly AlertRow[];
  connections: readonly ConnectionRow[];
  query: { readonly connection: string; readonly open: string };
  olderId: number | null;
  isFirst: boolean;
}) {
  const { identity, moment, alerts, connections, query, olderId, isFirst } = props;
  const params = new URLSearchParams([
    ['show', 'alerts'],
    ...Object.entries(query).filter(([, value]) => value !== ''),
  ]);
  return (
    <Layout title="Alerts" identity={identity} section="monitor">
      <PageHead title="Monitor" lead="What happened to every connection, and who is told when something is wrong." />
      <MonitorTabs current="alerts" />
      <Filters
        action="/monitor"
        label="Narrow the alerts"
        after={
          <a class="button plain" href={`/monitor/alerts.csv?${params}`} download>
            Download CSV
          </a>
        }
      >
        <input type="hidden" name="show" value="alerts" />
        <FilterConnection value={query.connection} connections={connections} />
        <FilterSelect
          name="open"
          label="Status"
          value={query.open}
          options={[ANY, { value: 'true', label: 'Open' }, { value: 'false', label: 'Solved' }]}
        />
      </Filters>
      {alerts.length === 0 ? (
        <Empty title="No alerts">
          <p>
            An alert opens when a rule begins to hold and is solved when it does not any more. Rules and where alerts go
            are set under <a href="/monitor?show=settings">Channels, rules, maintenance</a>.
          </p>
        </Empty>
      ) : (
        <section class="card flush">
          <Scroll label="Alerts, newest first">
            <table class="entries">
              <caption class="hidden">Alerts, newest first</caption>
              <thead>
                <tr>
                  <th scope="col">Opened</th>
                  <th scope="col">Status</th>
                  <th scope="col">Connection</th>
                  <th scope="col">Why</th>
                  <th scope="col">Told</th>
                </tr>
              </thead>
              <tbody>
                {alerts.map((alert) => (
                  <tr>
                    <td class="nowrap">
                      <Time atMs={alert.openedAtMs} moment={moment} />
                    </td>
                    <td class="nowrap">
                      {alert.solvedAtMs === null ? <Badge tone="bad">Open</Badge> : <Badge tone="good">Solved</Badge>}
                      {alert.solvedAtMs !== null && (
                        <span class="quiet"> after {spanText(alert.solvedAtMs - alert.openedAtMs)}</span>
                      )}
                    </td>
                    <td>
                      <a href={`/connections/${alert.connectionId}/monitor`}>{alert.connectionName}</a>
                    </td>
                    <td class="words">{alert.message}</td>
                    <td>
                      <Told alert={alert} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        </section>
      )}
      <Pager
        newer={isFirst ? null : `/monitor?${params}`}
        older={olderId === null ? null : `/monitor?${params}&before=${olderId}`}
      />
      <p class="quiet">Times in {moment.timeZone}.</p>
    </Layout>
  );
}
