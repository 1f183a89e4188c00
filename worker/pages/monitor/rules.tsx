/** The rules: what gives cause for an alert. */
import { ALERT_DEFAULTS, ALERT_KINDS, type AlertKind, ruleText } from '../../../src/domain/alert.ts';
import { Badge } from '../ui/badge.tsx';
import { SelectField, TextField } from '../ui/field.tsx';
import {
  Act,
  type AlertSettingsProps,
  ConnectionChoice,
  nameOf,
  Orders,
  OrdersTable,
  typed,
} from './settings-parts.tsx';

const RULE_WORDS: Readonly<Record<AlertKind, string>> = {
  stale: 'Stale for so many minutes',
  waiting: 'More than so many records waiting',
  'sign-in': 'Sign-in refused',
  gap: 'A gap older than so many minutes',
};

export function Rules(props: AlertSettingsProps) {
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
        <OrdersTable title="Rules" columns={['Alert when', 'Connection', 'Status']}>
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
        </OrdersTable>
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
