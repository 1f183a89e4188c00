/** The Access page: tokens for the API, who is signed in, and who changed what. */
import type { ApiTokenRow, TokenScope } from '../../src/store/api-tokens.ts';
import type { AuditFilter, AuditRow } from '../../src/store/audit.ts';
import type { ConnectionRow } from '../../src/store/connections.ts';
import type { SessionRow } from '../../src/store/sessions.ts';
import type { Identity } from '../app.ts';
import type { FieldError } from '../respond.ts';
import type { AccessSettings } from '../settings.ts';
import { Layout } from './layout.tsx';
import { Badge } from './ui/badge.tsx';
import { browserName } from './ui/browser.ts';
import { FormErrors, SelectField, TextField } from './ui/field.tsx';
import { Empty, FilterSelect, Filters, FilterText, Notice, PageHead, Pager, Tabs } from './ui/page.tsx';
import { Scroll } from './ui/scroll.tsx';
import { Age, type Moment, Time } from './ui/time.tsx';

function AccessTabs({ current }: { current: 'tokens' | 'sessions' | 'audit' }) {
  const tabs = [
    { key: 'tokens', href: '/access', label: 'API tokens' },
    { key: 'sessions', href: '/access?show=sessions', label: 'Sign-in and sessions' },
    { key: 'audit', href: '/access?show=audit', label: 'Audit' },
  ];
  return (
    <Tabs label="Access" tabs={tabs.map(({ key, href, label }) => ({ href, label, isCurrent: key === current }))} />
  );
}

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
      <PageHead title="Access" lead="Who may ask, who is signed in, and who changed what." />
      <AccessTabs current="tokens" />
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

export function SessionsPage(props: {
  identity: Identity | null;
  sessions: readonly SessionRow[];
  moment: Moment;
  notice: string | undefined;
  access: AccessSettings | null;
  hasPassword: boolean;
}) {
  const { identity, sessions, moment, notice, access, hasPassword } = props;
  const ownId = identity?.kind === 'administrator' ? identity.sessionId : null;
  return (
    <Layout title="Sign-in and sessions" identity={identity} section="access">
      <PageHead title="Access" lead="Who may ask, who is signed in, and who changed what." />
      <AccessTabs current="sessions" />
      {notice && <Notice>{notice}</Notice>}
      <WaysIn access={access} hasPassword={hasPassword} identity={identity} />
      {hasPassword && (
        <section class="card flush" aria-labelledby="sessions">
          <div class="card-head">
            <h2 id="sessions">Open sessions</h2>
            <form method="post" action="/access/sessions/end-all">
              <button type="submit" class="secondary small">
                Sign out everywhere
              </button>
            </form>
          </div>
          {sessions.length === 0 ? (
            <p class="padded quiet">
              Nobody is signed in with the administrator password. A session is listed here from its sign-in until it
              ends: after 12 hours without use, and after 7 days in any case.
            </p>
          ) : (
            <Scroll label="Sessions, the last used first">
              <SessionTable sessions={sessions} ownId={ownId} moment={moment} />
            </Scroll>
          )}
        </section>
      )}
    </Layout>
  );
}

function WaysIn({
  access,
  hasPassword,
  identity,
}: {
  access: AccessSettings | null;
  hasPassword: boolean;
  identity: Identity | null;
}) {
  return (
    <section class="card" aria-labelledby="ways-in">
      <h2 id="ways-in">Ways in</h2>
      <dl class="pairs">
        <dt>Administrator password</dt>
        <dd>
          {hasPassword ? <Badge tone="good">In use</Badge> : <Badge tone="idle">Off</Badge>}
          <span class="quiet">
            {hasPassword
              ? 'Changing ADMIN_PASSWORD ends all of its sessions. Wrong passwords slow down the address that they come from, and no other.'
              : 'No ADMIN_PASSWORD is set: only Cloudflare Access lets people in.'}
          </span>
        </dd>
        <dt>Cloudflare Access</dt>
        <dd>
          {access ? <Badge tone="good">In use</Badge> : <Badge tone="idle">Off</Badge>}
          {access ? (
            <span class="quiet">
              Tokens of <code>{access.teamDomain}</code> for the application <code>{access.audience}</code> are taken.
              Who they are given to, and for how long, is set there.
            </span>
          ) : (
            <span class="quiet">
              Put an Access application before this site and set ACCESS_TEAM_DOMAIN and ACCESS_AUDIENCE; people then
              sign in with their own accounts, and the audit names them.
            </span>
          )}
        </dd>
        <dt>You</dt>
        <dd>
          {identity?.kind === 'access' ? `${identity.by}, by Cloudflare Access` : 'The administrator, by password'}
        </dd>
      </dl>
    </section>
  );
}

function SessionTable(props: { sessions: readonly SessionRow[]; ownId: string | null; moment: Moment }) {
  const { sessions, ownId, moment } = props;
  return (
    <table>
      <caption class="hidden">Open sessions</caption>
      <thead>
        <tr>
          <th scope="col">Signed in</th>
          <th scope="col">Last used</th>
          <th scope="col">Address</th>
          <th scope="col">Browser</th>
          <th scope="col">
            <span class="hidden">End</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {sessions.map((session) => (
          <tr>
            <td class="nowrap">
              <Time atMs={session.beganAtMs} moment={moment} />{' '}
              {session.id === ownId && <span class="badge idle flat">This session</span>}
            </td>
            <td class="nowrap">
              <Age atMs={session.seenAtMs} moment={moment} />
            </td>
            <td>
              <code>{session.address}</code>
            </td>
            <td title={session.browser}>{browserName(session.browser)}</td>
            <td class="n">
              <form method="post" action={`/access/sessions/${session.id}/end`}>
                <button type="submit" class="secondary small">
                  End
                </button>
              </form>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

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
  const any = { value: '', label: 'Any' };
  return (
    <Layout title="Audit" identity={identity} section="access">
      <PageHead title="Access" lead="Who may ask, who is signed in, and who changed what." />
      <AccessTabs current="audit" />
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
        <FilterSelect
          name="connection"
          label="Connection"
          value={query.connection}
          options={[any, ...connections.map(({ id, name }) => ({ value: String(id), label: name }))]}
        />
        <FilterSelect
          name="action"
          label="Change"
          value={query.action}
          options={[any, ...actions.map((action) => ({ value: action, label: action }))]}
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
