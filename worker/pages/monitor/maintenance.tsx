/** The maintenance windows: when nobody is to be woken. */
import { Badge } from '../ui/badge.tsx';
import { TextField } from '../ui/field.tsx';
import { Time } from '../ui/time.tsx';
import {
  Act,
  type AlertSettingsProps,
  ConnectionChoice,
  nameOf,
  Orders,
  OrdersTable,
  typed,
} from './settings-parts.tsx';

export function Maintenance(props: AlertSettingsProps) {
  const { maintenance, connections, moment } = props;
  const field = typed(props, 'maintenance');
  return (
    <section class="card flush" aria-labelledby="maintenance">
      <div class="card-head">
        <h2 id="maintenance">Maintenance</h2>
      </div>
      <p class="padded quiet">
        In a maintenance window no alert is told; collecting and sending go on. What still holds at its end is told
        then.
      </p>
      {maintenance.length > 0 && (
        <OrdersTable title="Maintenance windows" columns={['From', 'To', 'Connection', 'Note', 'Status']}>
          {maintenance.map((window) => (
            <tr>
              <td class="nowrap">
                <Time atMs={window.fromMs} moment={moment} />
              </td>
              <td class="nowrap">
                <Time atMs={window.toMs} moment={moment} />
              </td>
              <td>{nameOf(connections, window.connectionId)}</td>
              <td class="words">
                {window.note} <span class="quiet">by {window.createdBy}</span>
              </td>
              <td>
                {window.fromMs <= moment.nowMs ? (
                  <Badge tone="warn">Muted now</Badge>
                ) : (
                  <Badge tone="idle">Planned</Badge>
                )}
              </td>
              <td>
                <Orders>
                  <Act
                    to={`/monitor/maintenance/${window.id}/remove`}
                    label="Remove"
                    about={window.note || 'the maintenance window'}
                  />
                </Orders>
              </td>
            </tr>
          ))}
        </OrdersTable>
      )}
      <form method="post" action="/monitor/maintenance" class="settings add" novalidate>
        <div class="fields two">
          <TextField {...field('from')} label="From" kind="datetime" help={`In ${moment.timeZone}.`} isRequired />
          <TextField {...field('to')} label="To" kind="datetime" isRequired />
          <ConnectionChoice connections={connections} {...field('connectionId')} />
          <TextField {...field('note')} label="Note" help="What is being done." />
        </div>
        <div class="actions">
          <button type="submit">Plan the maintenance</button>
        </div>
      </form>
    </section>
  );
}
