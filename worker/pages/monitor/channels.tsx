/** The channels: where alerts go, and whether they arrive. */
import { CHANNEL_KINDS, type ChannelKind } from '../../../src/domain/alert-message.ts';
import { Badge } from '../ui/badge.tsx';
import { SelectField, TextField } from '../ui/field.tsx';
import { Age } from '../ui/time.tsx';
import { Act, type AlertSettingsProps, Orders, OrdersTable, typed } from './settings-parts.tsx';

export const CHANNEL_WORDS: Readonly<Record<ChannelKind, string>> = {
  slack: 'Slack',
  teams: 'Microsoft Teams',
  webhook: 'Webhook, signed',
};

export function Channels(props: AlertSettingsProps) {
  const { channels, moment } = props;
  const field = typed(props, 'channel');
  return (
    <section class="card flush" aria-labelledby="channels">
      <div class="card-head">
        <h2 id="channels">Channels</h2>
      </div>
      {channels.length === 0 ? (
        <p class="padded quiet">No channel yet: alerts are written into the diary and told nobody.</p>
      ) : (
        <OrdersTable title="Channels" columns={['Name', 'Kind', 'Goes to', 'Last taken', 'Status']}>
          {channels.map((channel) => (
            <tr>
              <th scope="row" class="nowrap">
                {channel.name}
              </th>
              <td class="nowrap">{CHANNEL_WORDS[channel.kind]}</td>
              <td>
                <code>{channel.host}</code>
              </td>
              <td class="nowrap">
                <Age atMs={channel.sentAtMs} moment={moment} />
              </td>
              <td class="words">
                {!channel.enabled ? (
                  <Badge tone="idle">Off</Badge>
                ) : channel.failures > 0 ? (
                  <>
                    <Badge tone="bad">Failing</Badge> {channel.error}
                  </>
                ) : (
                  <Badge tone="good">On</Badge>
                )}
              </td>
              <td>
                <Orders>
                  <Act to={`/monitor/channels/${channel.id}/test`} label="Send a test" about={channel.name} />
                  <Act
                    to={`/monitor/channels/${channel.id}/${channel.enabled ? 'off' : 'on'}`}
                    label={channel.enabled ? 'Switch off' : 'Switch on'}
                    about={channel.name}
                  />
                  <Act to={`/monitor/channels/${channel.id}/remove`} label="Remove" about={channel.name} />
                </Orders>
              </td>
            </tr>
          ))}
        </OrdersTable>
      )}
      <form method="post" action="/monitor/channels" class="settings add" novalidate>
        <div class="fields two">
          <TextField {...field('name')} label="Name" help="Such as “On call”." isRequired />
          <SelectField
            {...field('kind', 'slack')}
            label="Kind"
            options={CHANNEL_KINDS.map((kind) => ({ value: kind, label: CHANNEL_WORDS[kind] }))}
          />
          <TextField
            {...field('address')}
            label="Address"
            kind="url"
            help="Of the incoming webhook. It is kept sealed and never shown again."
            isRequired
          />
        </div>
        <div class="actions">
          <button type="submit">Add the channel</button>
        </div>
      </form>
    </section>
  );
}
