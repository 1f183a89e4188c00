/** Pages that only say something: what is missing, what went wrong, what to do. */
import type { Identity } from '../app.ts';
import type { SettingProblem } from '../settings.ts';
import { Layout } from './layout.tsx';
import { Icon } from './ui/badge.tsx';

export function MessagePage(props: {
  title: string;
  text: string;
  identity: Identity | null;
  link?: { href: string; label: string };
}) {
  const { title, text, identity, link = { href: '/', label: 'Go to the Overview' } } = props;
  return (
    <Layout title={title} identity={identity}>
      <section class="card narrow">
        <h1>{title}</h1>
        <p>{text}</p>
        <p>
          <a href={link.href}>{link.label}</a>
        </p>
      </section>
    </Layout>
  );
}

/** What every page shows until the deployment is complete. */
export function NotConfiguredPage({ problems }: { problems: readonly SettingProblem[] }) {
  return (
    <Layout title="Not configured" identity={null}>
      <section class="card narrow">
        <h1 class="with-icon">
          <Icon tone="bad" />
          The bridge is not configured
        </h1>
        <p>
          It does nothing and lets nobody in until {problems.length === 1 ? 'this setting is' : 'these settings are'}{' '}
          right:
        </p>
        <dl class="problems">
          {problems.map(({ name, message, command }) => (
            <>
              <dt>{name}</dt>
              <dd>
                <p>{message}</p>
                <pre>
                  <code>{command}</code>
                </pre>
              </dd>
            </>
          ))}
        </dl>
        <p class="quiet">
          The commands are for Cloudflare, in the project's folder. On an appliance, set the environment variable of
          that name and start it again.
        </p>
      </section>
    </Layout>
  );
}
