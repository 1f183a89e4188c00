/** Access: the ways in, and who is signed in. */
import type { SessionRow } from '../../src/store/sessions.ts';
import type { Identity } from '../app.ts';
import type { AccessSettings } from '../settings.ts';
import { AccessHead } from './access-head.tsx';
import { Layout } from './layout.tsx';
import { Badge } from './ui/badge.tsx';
import { browserName } from './ui/browser.ts';
import { Notice } from './ui/page.tsx';
import { Scroll } from './ui/scroll.tsx';
import { Age, type Moment, Time } from './ui/time.tsx';

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
      <AccessHead current="sessions" />
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
