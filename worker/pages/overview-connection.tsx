/** One connection on the Overview: how it is, what somebody should do, what was sent and when it was last read. */
import type { ComponentChildren } from 'preact';
import { acdTitle, acdTraits } from '../../src/acd/registry.ts';
import type { Finding } from '../../src/domain/finding.ts';
import { type Account, addsUp, type StreamFacts, type TryFacts } from '../../src/domain/health-facts.ts';
import type { ConnectionHealth } from '../health-view.ts';
import { delayText } from './overview-charts.tsx';
import { Badge, HealthBadge, Icon, toneOf } from './ui/badge.tsx';
import { Num } from './ui/number.tsx';
import { Scroll } from './ui/scroll.tsx';
import { Age, type Moment, Time, Words } from './ui/time.tsx';

export function ConnectionCard(props: {
  connection: ConnectionHealth;
  delays: Readonly<Record<string, number>>;
  nowMs: number;
}) {
  const { connection, delays, nowMs } = props;
  const { facts, health, settings, timeZone } = connection;
  const moment = { timeZone, nowMs };
  const href = `/connections/${facts.connectionId}`;
  const lastDeliveryMs = newest(facts.streams.map(({ successAtMs }) => successAtMs));
  const total = (pick: (account: Account) => number) =>
    facts.streams.reduce((sum, { account }) => sum + pick(account), 0);
  return (
    <section class={`card connection ${toneOf(health.status)}`} aria-labelledby={`connection-${facts.connectionId}`}>
      <header>
        <h2 id={`connection-${facts.connectionId}`}>
          <a href={href}>{facts.name}</a>
        </h2>
        <HealthBadge status={health.status} />
        {health.sinceMs !== null && (
          <span class="quiet">
            since <Time atMs={health.sinceMs} moment={moment} /> (<Age atMs={health.sinceMs} moment={moment} />)
          </span>
        )}
        <a class="edit" href={href}>
          Settings
        </a>
      </header>
      <Findings findings={health.findings} moment={moment} connectionId={facts.connectionId} />
      <dl class="facts">
        {isAsked(settings) ? (
          <Fact label="Last poll">
            <Age atMs={facts.lastPollMs} moment={moment} />
          </Fact>
        ) : (
          <Fact label="Last record">
            <Age atMs={newest(facts.feeds.map(({ successAtMs }) => successAtMs))} moment={moment} never="none yet" />
          </Fact>
        )}
        <Fact label="Last delivery">
          <Age atMs={lastDeliveryMs} moment={moment} />
        </Fact>
        <Fact label="Newest figure">
          <Age atMs={facts.newestFigureMs} moment={moment} never="none yet" />
        </Fact>
        <Fact label="Waiting">
          <Num value={total(({ waiting }) => waiting)} />
        </Fact>
        <Fact label="Set aside">
          <a href={`/connections/${facts.connectionId}/set-aside`}>
            <Num value={facts.setAsideOpen} alarm />
          </a>
        </Fact>
        <Fact label="Held, no login id">
          <Num value={facts.streams.find(({ name }) => name === 'agent-states')?.account.held ?? 0} alarm />
        </Fact>
        <Fact label="Gaps">
          <Num value={facts.gapCount} alarm />
        </Fact>
        <Fact label="Agents / queues">
          <span class="num">
            <Num value={facts.agentCount} /> / <Num value={facts.queueCount} />
          </span>
        </Fact>
      </dl>
      <Scroll label={`${facts.name}: what was read, and what became of it`}>
        <Streams streams={facts.streams} delays={delays} moment={moment} />
      </Scroll>
      <Feeds connection={connection} moment={moment} />
    </section>
  );
}

function Fact({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

const LEVEL_TONES = { stalled: 'bad', degraded: 'warn', note: 'note' } as const;

function Findings({
  findings,
  moment,
  connectionId,
}: {
  findings: readonly Finding[];
  moment: Moment;
  connectionId: number;
}) {
  if (findings.length === 0) return null;
  return (
    <ul class="findings">
      {findings.map(({ level, what, action, target }) => (
        <li>
          <Icon tone={LEVEL_TONES[level]} />
          <div>
            <p>
              <Words sentence={what} moment={moment} />
            </p>
            {action && (
              <p class="action">
                <Words sentence={action} moment={moment} /> <TargetLink target={target} connectionId={connectionId} />
              </p>
            )}
          </div>
        </li>
      ))}
    </ul>
  );
}

function TargetLink({ target, connectionId }: { target: Finding['target']; connectionId: number }) {
  if (target === 'connection') return <a href={`/connections/${connectionId}`}>Open the connection</a>;
  if (target === 'set-aside') return <a href={`/connections/${connectionId}/set-aside`}>Show the records</a>;
  return null;
}

const STREAM_NAMES: Readonly<Record<StreamFacts['name'], string>> = {
  'agent-states': 'Agent states',
  historical: 'Queue figures and performance',
  'agent-activity': 'Agent activity',
};

function Streams(props: { streams: readonly StreamFacts[]; delays: Readonly<Record<string, number>>; moment: Moment }) {
  const { streams, delays, moment } = props;
  return (
    <table class="streams">
      <thead>
        <tr>
          <th scope="col">Sent to Mpower</th>
          <th scope="col">Last accepted</th>
          <th scope="col" class="n">
            Delay
          </th>
          <th scope="col" class="n">
            Read
          </th>
          <th scope="col" class="n">
            <span class="sign">=</span> Delivered
          </th>
          <th scope="col" class="n">
            <span class="sign">+</span> Set aside
          </th>
          <th scope="col" class="n">
            <span class="sign">+</span> Waiting
          </th>
          <th scope="col">Account</th>
        </tr>
      </thead>
      <tbody>
        {streams.map((stream) => (
          <tr>
            <th scope="row">{STREAM_NAMES[stream.name]}</th>
            <td>
              <Age atMs={stream.successAtMs} moment={moment} never="not yet" />
            </td>
            <td class="n nowrap">
              <LastDelay ms={delays[stream.name]} />
            </td>
            <td class="n">
              <Num value={stream.account.read} />
            </td>
            <td class="n">
              <Num value={stream.account.delivered} />
            </td>
            <td class="n">
              <Num value={stream.account.setAside} alarm />
            </td>
            <td class="n">
              <Num value={stream.account.waiting} />
            </td>
            <td>
              {addsUp(stream.account) ? <Badge tone="good">Adds up</Badge> : <Badge tone="bad">Does not add up</Badge>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function LastDelay({ ms }: { ms: number | undefined }) {
  return ms === undefined ? <span class="quiet">–</span> : <span>{delayText(ms)}</span>;
}

const FEED_NAMES = { 'agent-states': 'Agent states', intervals: 'Queue figures', roster: 'Roster' } as const;

function Feeds({ connection, moment }: { connection: ConnectionHealth; moment: Moment }) {
  const { facts, settings } = connection;
  return (
    <ul class="feeds">
      <li class="quiet">
        {isAsked(settings) ? 'Read from' : 'Sent by'} {settings ? acdTitle(settings.acd.kind) : 'the ACD'}
      </li>
      {facts.feeds.map((feed) => {
        const isPolled = feed.name === 'agent-states' && isAsked(settings);
        const lastMs = isPolled ? facts.lastPollMs : feed.successAtMs;
        return (
          <li>
            <FeedIcon feed={feed} lastMs={lastMs} paused={facts.paused} /> {FEED_NAMES[feed.name]}{' '}
            <Age atMs={lastMs} moment={moment} never="not yet" />
            {isPolled && settings && <span class="quiet">, every {acdTraits(settings.acd).pollIntervalS} s</span>}
          </li>
        );
      })}
      {facts.backfillsOpen > 0 && (
        <li>
          Backfills running: <Num value={facts.backfillsOpen} />
        </li>
      )}
    </ul>
  );
}

function FeedIcon({ feed, lastMs, paused }: { feed: TryFacts; lastMs: number | null; paused: boolean }) {
  const tone = paused ? 'idle' : feed.failures > 0 ? 'bad' : lastMs === null ? 'idle' : 'good';
  const word = { bad: 'failing', idle: paused ? 'paused' : 'not read yet', good: 'good' }[tone];
  return (
    <>
      <Icon tone={tone} />
      <span class="hidden">{word}: </span>
    </>
  );
}

/** Agents' states are read; else they are sent. */
function isAsked(settings: ConnectionHealth['settings']): boolean {
  return !settings || acdTraits(settings.acd).agentStates !== 'pushed';
}

function newest(instants: readonly (number | null)[]): number | null {
  const known = instants.filter((atMs) => atMs !== null);
  return known.length === 0 ? null : Math.max(...known);
}
