/** The Set-up page: from nothing to the first delivery, each step with how it is done and what the bridge sees of it. */
import { acdSetUp } from '../../src/acd/registry.ts';
import type { SourceSetUp } from '../../src/acd/source.ts';
import type { SetupStep, StepStanding } from '../../src/domain/setup.ts';
import type { Identity } from '../app.ts';
import type { SetupView } from '../setup-view.ts';
import { Layout } from './layout.tsx';
import { Deliverer, How } from './setup-how.tsx';
import { Badge, Icon } from './ui/badge.tsx';
import { Notice, PageHead, Tabs } from './ui/page.tsx';
import { Age, type Moment, Words } from './ui/time.tsx';

export function SetupPage({ identity, view, nowMs }: { identity: Identity | null; view: SetupView; nowMs: number }) {
  const { connections, connection } = view;
  const query = connection ? `?connection=${connection.facts.connectionId}` : '';
  return (
    <Layout title="Set-up" identity={identity} section="setup" isLive refreshS={60}>
      <PageHead
        title="Set-up"
        lead="From nothing to the first delivery. What the bridge can see for itself is ticked by itself."
      />
      {connections.length > 1 && (
        <Tabs
          label="Connection"
          tabs={connections.map(({ facts }) => ({
            href: `/setup?connection=${facts.connectionId}`,
            label: facts.name,
            isCurrent: facts.connectionId === connection?.facts.connectionId,
          }))}
        />
      )}
      <div id="setup" hx-get={`/fragments/setup${query}`} hx-trigger="every 5s" hx-swap="innerMorph">
        <SetupSteps view={view} nowMs={nowMs} />
      </div>
    </Layout>
  );
}

/** The part that refreshes itself. */
export function SetupSteps({ view, nowMs }: { view: SetupView; nowMs: number }) {
  const { steps, connection, deliverer } = view;
  const moment = { timeZone: connection?.timeZone ?? 'UTC', nowMs };
  const doneCount = steps.filter(({ state }) => state === 'done').length;
  const next = steps.find(({ state }) => state !== 'done')?.step;
  const connectionId = connection?.facts.connectionId ?? null;
  const source = acdSetUp(connection?.settings?.acd.kind ?? 'nextiva-ncc');
  return (
    <>
      <section class="card progress-card" aria-label="Progress">
        <p>
          <strong>
            {doneCount} of {steps.length} steps done.
          </strong>{' '}
          {doneCount === steps.length ? 'The bridge is set up; the Overview says how it is doing.' : ''}
        </p>
        <progress max={steps.length} value={doneCount} aria-label="Steps done" />
      </section>
      {deliverer && (
        <Notice tone="note">
          <p>
            This connection hands over: <Deliverer deliverer={deliverer} /> delivers to CXone. The role, the employee,
            the access key and what is mapped in CXone are steps of that one.
          </p>
        </Notice>
      )}
      {PARTS.map(({ title, steps: names }) => ({ title, own: steps.filter(({ step }) => names.includes(step)) }))
        .filter(({ own }) => own.length > 0)
        .map(({ title, own }) => (
          <section class="card" aria-label={title}>
            <h2>{title}</h2>
            <ol class="steps">
              {own.map((standing) => (
                <Step
                  standing={standing}
                  isNext={standing.step === next}
                  moment={moment}
                  connectionId={connectionId}
                  source={source}
                  deliverer={deliverer}
                />
              ))}
            </ol>
          </section>
        ))}
    </>
  );
}

const PARTS: readonly { readonly title: string; readonly steps: readonly SetupStep[] }[] = [
  { title: 'In CXone', steps: ['role', 'employee', 'access-key'] },
  { title: 'In the source', steps: ['source-accounts'] },
  { title: 'Connection', steps: ['connection', 'source-answers'] },
  { title: 'Roster and mapping', steps: ['roster', 'login-ids', 'skills', 'states', 'code-book'] },
  { title: 'First delivery', steps: ['delivery'] },
];

const TITLES: Readonly<Record<SetupStep, string>> = {
  role: 'A role without permissions',
  employee: 'An employee for the bridge',
  'access-key': 'An access key',
  'source-accounts': 'Accounts at the source',
  connection: 'The connection',
  'source-answers': 'The source answers',
  roster: 'The roster is imported',
  'login-ids': 'ACD Login IDs',
  skills: 'Queues as ACD skills',
  states: 'States are reviewed',
  'code-book': 'Event codes',
  delivery: 'CXone accepts data',
};

function titleOf(step: SetupStep, source: SourceSetUp, deliverer: SetupView['deliverer']): string {
  if (step === 'delivery' && deliverer) return 'The merged connection takes data';
  if (step === 'source-accounts') return source.accounts.title;
  return step === 'source-answers' ? source.answers.title : TITLES[step];
}

function Step(props: {
  standing: StepStanding;
  isNext: boolean;
  moment: Moment;
  connectionId: number | null;
  source: SourceSetUp;
  deliverer: SetupView['deliverer'];
}) {
  const { standing, isNext, moment, connectionId, source, deliverer } = props;
  const { step, state, words, tick, canBeTicked } = standing;
  return (
    <li id={step} class={`step ${state}`} aria-current={isNext ? 'step' : undefined}>
      <StepIcon state={state} />
      <div>
        <h3>
          {titleOf(step, source, deliverer)} {isNext && <Badge tone="note">Next</Badge>}
        </h3>
        <How {...{ step, connectionId, source, deliverer }} />
        {words.length > 0 && (
          <p class={`check ${state}`}>
            <Words sentence={words} moment={moment} />
          </p>
        )}
        {tick && (
          <p class="check done">
            Ticked by {tick.by}, <Age atMs={tick.atMs} moment={moment} />.
          </p>
        )}
        {canBeTicked && <TickForm step={step} isTicked={tick !== null} connectionId={connectionId} />}
      </div>
    </li>
  );
}

function StepIcon({ state }: { state: StepStanding['state'] }) {
  if (state === 'open') {
    return (
      <span class="ring">
        <span class="hidden">Not done yet:</span>
      </span>
    );
  }
  return (
    <>
      <Icon tone={state === 'done' ? 'good' : 'warn'} />
      <span class="hidden">{state === 'done' ? 'Done:' : 'Needs a look:'}</span>
    </>
  );
}

function TickForm(props: { step: SetupStep; isTicked: boolean; connectionId: number | null }) {
  const { step, isTicked, connectionId } = props;
  return (
    <form method="post" action={`/setup/${step}`}>
      <input type="hidden" name="done" value={isTicked ? 'false' : 'true'} />
      {connectionId !== null && <input type="hidden" name="connection" value={connectionId} />}
      <button
        type="submit"
        class="secondary small"
        aria-label={`${isTicked ? 'Not done yet' : 'Mark as done'}: ${TITLES[step]}`}
      >
        {isTicked ? 'Not done yet' : 'Mark as done'}
      </button>
    </form>
  );
}
