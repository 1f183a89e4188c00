/** Where alerts go, what gives cause for them, and when nobody is to be woken. */
import type { ComponentChildren } from 'preact';
import { ALERT_DEFAULTS, ALERT_KINDS, type AlertKind, ruleText } from '../../src/domain/alert.ts';
import { CHANNEL_KINDS, type ChannelKind } from '../../src/domain/alert-message.ts';
import type { ChannelRow, MaintenanceRow, RuleRow } from '../../src/store/alert-settings.ts';
import type { ConnectionRow } from '../../src/store/connections.ts';
import type { Identity } from '../app.ts';
import type { FieldError } from '../respond.ts';
import { Layout } from './layout.tsx';
import { MonitorTabs } from './monitor.tsx';
import { Badge } from './ui/badge.tsx';
import { FormErrors, SelectField, TextField } from './ui/field.tsx';
import { Notice, PageHead } from './ui/page.tsx';
import { Scroll } from './ui/scroll.tsx';
import { Age, type Moment, Time } from './ui/time.tsx';

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

export const CHANNEL_WORDS: Readonly<Record<ChannelKind, string>> = {
  slack: 'Slack',
  teams: 'Microsoft Teams',
  webhook: 'Webhook, signed',
};
const RULE_WORDS: Readonly<Record<AlertKind, string>> = {
  stale: 'Stale for so many minutes',
  waiting: 'More than so many records waiting',
  'sign-in': 'Sign-in refused',
  gap: 'A gap older than so many minutes',
};
const LABELS: Readonly<Record<string, string>> = {
  name: 'Name',
  kind: 'Kind',
  address: 'Address',
  threshold: 'Threshold',
  connectionId: 'Connection',
  from: 'From',
  to: 'To',
  note: 'Note',
};

export function AlertSettingsPage(props: AlertSettingsProps) {
  const { identity, moment, notice, secret, refused } = props;
  return (
    <Layout title="Channels, rules, maintenance" identity={identity} section="monitor">
      <PageHead title="Monitor" lead="What happened to every connection, and who is told when something is wrong." />
      <MonitorTabs current="settings" />
      {notice && <Notice tone={notice.tone}>{notice.text}</Notice>}
      {secret && (
        <div class="notice good" role="status">
          <p>
            <strong>
              The channel “{secret.name}” signs its messages with this secret. Copy it now: it will not be shown again.
            </strong>
          </p>
          <pre class="token">
            <code>{secret.secret}</code>
          </pre>
          <p class="quiet">
            Header <code>webhook-signature</code> is <code>v1,</code> and the HMAC-SHA-256 over{' '}
            <code>webhook-id.webhook-timestamp.body</code> in base64, as standardwebhooks.com has it. Refuse messages
            whose timestamp is more than five minutes off.
          </p>
        </div>
      )}
      <FormErrors
        errors={(refused?.errors ?? []).map((error) => ({
          ...error,
          label: LABELS[error.path.split('.')[1] ?? ''] ?? 'The form',
        }))}
      />
      <Channels {...props} />
      <Rules {...props} />
      <Maintenance {...props} />
      <p class="quiet">
        Times in {moment.timeZone}. Rules are looked at each minute; an alert is told once, and once more when it is
        solved.
      </p>
    </Layout>
  );
}

/** What was typed into a form that was not accepted, and what is wrong with it. Names carry the form's own first. */
function typed({ refused }: AlertSettingsProps, form: SettingsForm) {
  const values = refused?.form === form ? refused.values : {};
  const errors = refused?.form === form ? refused.errors : [];
  return (name: string, otherwise = '') => ({
    name: `${form}.${name}`,
    value: values[`${form}.${name}`] ?? otherwise,
    error: errors.find(({ path }) => path === `${form}.${name}`)?.message,
  });
}

function Act({
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

function Orders({ children }: { children: ComponentChildren }) {
  return <div class="load-orders">{children}</div>;
}

function Channels(props: AlertSettingsProps) {
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
        <Scroll label="Channels, as a table">
          <table>
            <caption class="hidden">Channels</caption>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Kind</th>
                <th scope="col">Goes to</th>
                <th scope="col">Last taken</th>
                <th scope="col">Status</th>
                <th scope="col">
                  <span class="hidden">Orders</span>
                </th>
              </tr>
            </thead>
            <tbody>
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
            </tbody>
          </table>
        </Scroll>
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

function ConnectionChoice({
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

function Rules(props: AlertSettingsProps) {
  const { rules, connections } = props;
  const field = typed(props, 'rule');
  return (
    <section class="card flush" aria-labelledby="rules">
      <div class="card-head">
        <h2 id="rules">Rules</h2>
        {rules.length === 0 && (
          <form method="post" action="/monitor/rules/usual">
            <button type="submit" class="secondary small">
              Add the usual four
            </button>
          </form>
        )}
      </div>
      {rules.length === 0 ? (
        <p class="padded quiet">
          No rule yet, so nothing gives an alert. The usual four:{' '}
          {ALERT_KINDS.map((kind) => ruleText({ kind, threshold: ALERT_DEFAULTS[kind] }).toLowerCase()).join('; ')}.
        </p>
      ) : (
        <Scroll label="Rules, as a table">
          <table>
            <caption class="hidden">Rules</caption>
            <thead>
              <tr>
                <th scope="col">Alert when</th>
                <th scope="col">Connection</th>
                <th scope="col">Status</th>
                <th scope="col">
                  <span class="hidden">Orders</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {rules.map((rule) => (
                <tr>
                  <th scope="row">{ruleText(rule)}</th>
                  <td>{nameOf(connections, rule.connectionId)}</td>
                  <td>{rule.enabled ? <Badge tone="good">On</Badge> : <Badge tone="idle">Off</Badge>}</td>
                  <td>
                    <Orders>
                      <Act
                        to={`/monitor/rules/${rule.id}/${rule.enabled ? 'off' : 'on'}`}
                        label={rule.enabled ? 'Switch off' : 'Switch on'}
                        about={ruleText(rule)}
                      />
                      <Act to={`/monitor/rules/${rule.id}/remove`} label="Remove" about={ruleText(rule)} />
                    </Orders>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      <form method="post" action="/monitor/rules" class="settings add" novalidate>
        <div class="fields two">
          <SelectField
            {...field('kind', 'stale')}
            label="Kind"
            options={ALERT_KINDS.map((kind) => ({ value: kind, label: RULE_WORDS[kind] }))}
          />
          <TextField
            {...field('threshold', '10')}
            label="Threshold"
            kind="number"
            help="Minutes, or records. Not used for sign-ins."
          />
          <ConnectionChoice connections={connections} {...field('connectionId')} />
        </div>
        <div class="actions">
          <button type="submit">Add the rule</button>
        </div>
      </form>
    </section>
  );
}

function Maintenance(props: AlertSettingsProps) {
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
        <Scroll label="Maintenance windows, as a table">
          <table>
            <caption class="hidden">Maintenance windows</caption>
            <thead>
              <tr>
                <th scope="col">From</th>
                <th scope="col">To</th>
                <th scope="col">Connection</th>
                <th scope="col">Note</th>
                <th scope="col">Status</th>
                <th scope="col">
                  <span class="hidden">Orders</span>
                </th>
              </tr>
            </thead>
            <tbody>
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
            </tbody>
          </table>
        </Scroll>
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

function nameOf(connections: readonly ConnectionRow[], id: number | null): string {
  if (id === null) return 'Every connection';
  return connections.find((connection) => connection.id === id)?.name ?? `Connection ${id}`;
}
