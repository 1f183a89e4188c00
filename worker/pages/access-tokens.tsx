/** Access: tokens for the API. */
import type { ApiTokenRow, TokenScope } from '../../src/store/api-tokens.ts';
import type { Identity } from '../app.ts';
import type { FieldError } from '../respond.ts';
import { AccessHead } from './access-head.tsx';
import { Layout } from './layout.tsx';
import { Badge } from './ui/badge.tsx';
import { FormErrors, SelectField, TextField } from './ui/field.tsx';
import { Empty, Notice } from './ui/page.tsx';
import { Scroll } from './ui/scroll.tsx';
import { Age, type Moment, Time } from './ui/time.tsx';

const SCOPES: readonly { readonly value: TokenScope; readonly label: string }[] = [
  { value: 'read', label: 'Read: every figure and state, nothing changed' },
  { value: 'push', label: 'Push: send records in and import, nothing else' },
  { value: 'all', label: 'All: everything that an administrator can do' },
];
const SCOPE_NAMES: Readonly<Record<TokenScope, string>> = { read: 'Read', push: 'Push, import', all: 'All' };

export function TokensPage(props: {
  identity: Identity | null;
  tokens: readonly ApiTokenRow[];
  moment: Moment;
  notice: string | undefined;
  hasDeploymentToken: boolean;
  origin: string;
  values: { readonly name: string; readonly scope: string };
  errors: readonly FieldError[];
  made?: { readonly name: string; readonly token: string };
}) {
  const { identity, tokens, moment, notice, hasDeploymentToken, origin, values, errors, made } = props;
  const errorOf = (path: string) => errors.find((error) => error.path === path)?.message;
  const labels: Readonly<Record<string, string>> = { name: 'Name', scope: 'May' };
  return (
    <Layout title="API tokens" identity={identity} section="access">
      <AccessHead current="tokens" />
      {notice && <Notice>{notice}</Notice>}
      {made && <MadeToken made={made} origin={origin} />}
      <FormErrors errors={errors.map((error) => ({ ...error, label: labels[error.path] ?? 'The form' }))} />
      <section class="card" aria-labelledby="new-token">
        <h2 id="new-token">New token</h2>
        <form method="post" action="/access/tokens" class="settings" novalidate>
          <div class="fields two">
            <TextField
              name="name"
              label="Name"
              value={values.name}
              help="What will use it, such as “WFM export” or “metrics”."
              error={errorOf('name')}
              isRequired
            />
            <SelectField name="scope" label="May" value={values.scope} options={SCOPES} error={errorOf('scope')} />
          </div>
          <div class="actions">
            <button type="submit">Make a token</button>
          </div>
        </form>
      </section>
      {tokens.length === 0 ? (
        <Empty title="No tokens yet">
          <p>
            A token lets a script use the <a href="/api/docs">API</a>. Those that you make are listed here, with when
            they were last used.
          </p>
        </Empty>
      ) : (
        <section class="card flush">
          <Scroll label="API tokens">
            <TokenTable tokens={tokens} moment={moment} />
          </Scroll>
        </section>
      )}
      <p class="quiet">
        {hasDeploymentToken
          ? 'Beside these, the API_TOKEN of the deployment works, with scope all. It is changed where the bridge is deployed.'
          : 'The deployment has no API_TOKEN of its own: only the tokens of this page work.'}
      </p>
    </Layout>
  );
}

function MadeToken({ made, origin }: { made: { readonly name: string; readonly token: string }; origin: string }) {
  return (
    <div class="notice good" role="status">
      <p>
        <strong>The token “{made.name}” is made. Copy it now: it is not stored and will not be shown again.</strong>
      </p>
      <pre class="token">
        <code>{made.token}</code>
      </pre>
      <p class="quiet">To try it:</p>
      <pre>
        <code>{`curl -H "authorization: Bearer ${made.token}" ${origin}/api/v1/status`}</code>
      </pre>
    </div>
  );
}

function TokenTable({ tokens, moment }: { tokens: readonly ApiTokenRow[]; moment: Moment }) {
  return (
    <table>
      <caption class="hidden">API tokens</caption>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Begins with</th>
          <th scope="col">May</th>
          <th scope="col">Made</th>
          <th scope="col">Last used</th>
          <th scope="col">Status</th>
          <th scope="col">
            <span class="hidden">Revoke</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {tokens.map((token) => (
          <tr>
            <th scope="row">{token.name}</th>
            <td>
              <code>{token.hint}…</code>
            </td>
            <td class="nowrap">{SCOPE_NAMES[token.scope]}</td>
            <td class="nowrap">
              <Time atMs={token.createdAtMs} moment={moment} /> <span class="quiet">by {token.createdBy}</span>
            </td>
            <td class="nowrap">
              <Age atMs={token.lastUsedAtMs} moment={moment} />
            </td>
            <td class="nowrap">
              {token.revokedAtMs === null ? (
                <Badge tone="good">Works</Badge>
              ) : (
                <>
                  <Badge tone="idle">Revoked</Badge>{' '}
                  <span class="quiet">
                    <Time atMs={token.revokedAtMs} moment={moment} />
                  </span>
                </>
              )}
            </td>
            <td class="n">
              {token.revokedAtMs === null && (
                <form method="post" action={`/access/tokens/${token.id}/revoke`}>
                  <button type="submit" class="secondary small" aria-label={`Revoke the token ${token.name}`}>
                    Revoke
                  </button>
                </form>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
