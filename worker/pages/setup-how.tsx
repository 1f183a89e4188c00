/** How each step of the set-up is done, and where: sentences for people. */
import type { ComponentChildren } from 'preact';
import type { SourceSetUp } from '../../src/acd/source.ts';
import type { SetupStep } from '../../src/domain/setup.ts';
import type { SetupView } from '../setup-view.ts';

/** The connection that sends for a member, with the way to its set-up. */
export function Deliverer({ deliverer: { id, name } }: { deliverer: NonNullable<SetupView['deliverer']> }) {
  return name === null ? (
    <>connection {id}, which is not there any more,</>
  ) : (
    <a href={`/setup?connection=${id}`}>{name}</a>
  );
}

/** How a step is done, and where. */
export function How(props: {
  step: SetupStep;
  connectionId: number | null;
  source: SourceSetUp;
  deliverer: SetupView['deliverer'];
}) {
  const { step, connectionId, source, deliverer } = props;
  const page = (path: string, words: ComponentChildren) =>
    connectionId === null ? words : <a href={`/connections/${connectionId}${path}`}>{words}</a>;
  switch (step) {
    case 'role':
      return (
        <p>
          In CXone, make a role for the bridge and remove every permission from it: an access key may do what its
          employee may, and this one only has to sign in.
        </p>
      );
    case 'employee':
      return (
        <p>
          Make an employee with that role and an e-mail address that somebody reads. CXone sends an invitation there:
          activate the employee with it.
        </p>
      );
    case 'access-key':
      return (
        <p>
          In the employee's profile, on the tab <em>Access Keys</em>, make a new key. Its secret is shown once: take it,
          with the key's id, to {page('', 'the connection')}.
        </p>
      );
    case 'source-accounts':
      return <p>{source.accounts.how}</p>;
    case 'connection':
      return connectionId === null ? (
        <>
          <p>
            Enter both sides on one page and try each group out with its <em>Test</em> button before you save.
          </p>
          <p>
            <a class="button" href="/connections/new">
              Create a connection
            </a>
          </p>
        </>
      ) : (
        <p>
          Both sides on one page; each group has a <em>Test</em> button. {page('', 'Open the settings')}
        </p>
      );
    case 'source-answers':
      return <p>{source.answers.how}</p>;
    case 'roster':
      return (
        <p>
          {source.roster} {page('/roster', 'Open the roster')}
        </p>
      );
    case 'login-ids':
      return deliverer ? (
        <p>
          One login id is one person: give everybody the same one at each member, in{' '}
          {page('/roster?show=agents', 'the roster')}. By default it is {source.loginId}.
        </p>
      ) : (
        <p>
          In CXone, every employee whose states should show carries an <em>ACD Login ID</em> in the profile. By default
          it is {source.loginId}; where it is another, set it in {page('/roster?show=agents', 'the roster')}.
        </p>
      );
    case 'skills':
      return (
        <p>
          In CXone, map every queue, as an ACD skill, to a WEM skill.{' '}
          {page('/roster?show=queues', 'The list of queues')} has their keys, as CSV too. Mark there which ones are
          outbound: CXone drops queues that mix both directions.
        </p>
      );
    case 'states':
      return (
        <p>
          Custom states count as not ready until somebody says otherwise. Say on {page('/states', 'the page States')}{' '}
          how each one counts and what CXone is told.
        </p>
      );
    case 'code-book':
      return (
        <p>
          In CXone, map every pair of event code and reason code to an activity code.{' '}
          {page('/code-book', 'The code book')} lists every pair that was ever sent, as CSV too.
        </p>
      );
    case 'delivery':
      return deliverer ? (
        <p>
          Agent states are handed over at once; queue figures and activities when their first interval has ended. What
          CXone accepts of them is seen at <Deliverer deliverer={deliverer} />.
        </p>
      ) : (
        <p>
          Agent states are sent at once; queue figures and activities when their first interval has ended. The{' '}
          <a href="/">Overview</a> shows what was accepted.
        </p>
      );
  }
}
