/** Where alerts go, what gives cause for them, and when nobody is to be woken. */
import { Layout } from '../layout.tsx';
import { FormErrors } from '../ui/field.tsx';
import { Notice, PageHead } from '../ui/page.tsx';
import { Channels } from './channels.tsx';
import { Maintenance } from './maintenance.tsx';
import { Rules } from './rules.tsx';
import type { AlertSettingsProps } from './settings-parts.tsx';
import { MonitorTabs } from './tabs.tsx';

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
