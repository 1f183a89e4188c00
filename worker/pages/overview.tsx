/** The Overview: is every connection healthy, since when, what waits, and what should somebody do. */

import type { Identity } from '../app.ts';
import type { ChartFacts } from '../charts.ts';
import type { ConnectionHealth } from '../health-view.ts';
import { Layout } from './layout.tsx';
import { OverviewCharts } from './overview-charts.tsx';
import { ConnectionCard } from './overview-connection.tsx';
import { Time } from './ui/time.tsx';

/** How long the last accepted record of each stream took, by connection and stream. */
export type LastDelays = ReadonlyMap<number, Readonly<Record<string, number>>>;

export function OverviewPage(props: {
  identity: Identity | null;
  connections: readonly ConnectionHealth[];
  delays: LastDelays;
  charts: ChartFacts | null;
  nowMs: number;
  notice?: string | undefined;
}) {
  return (
    <Layout title="Overview" identity={props.identity} section="overview" isLive>
      {props.notice && (
        <p class="notice good" role="status">
          {props.notice}
        </p>
      )}
      <p class="notice warn" id="stale" role="status" hidden>
        This page could not be refreshed. What it shows may be old; it tries again by itself.
      </p>
      <div hx-get="/fragments/overview" hx-trigger="every 5s" hx-swap="innerMorph" id="overview">
        <OverviewFragment connections={props.connections} delays={props.delays} nowMs={props.nowMs} />
      </div>
      {props.charts && (
        <OverviewCharts
          facts={props.charts}
          connections={props.connections.map(({ facts }) => ({ id: facts.connectionId, name: facts.name }))}
        />
      )}
    </Layout>
  );
}

/** The part that refreshes itself. */
export function OverviewFragment(props: {
  connections: readonly ConnectionHealth[];
  delays: LastDelays;
  nowMs: number;
}) {
  const { connections, delays, nowMs } = props;
  if (connections.length === 0) return <EmptyOverview />;
  const zones = [...new Set(connections.map(({ timeZone }) => timeZone))];
  return (
    <>
      <div class="page-head">
        <div>
          <h1>Overview</h1>
          <p class="quiet updated">
            As of <Time atMs={nowMs} moment={{ timeZone: zones[0] ?? 'UTC', nowMs }} />
            {zones.length === 1 ? `, times in ${zones[0]}` : ", times in each connection's zone"}
          </p>
        </div>
        <a class="button plain" href="/connections/new">
          New connection
        </a>
      </div>
      {connections.map((connection) => (
        <ConnectionCard
          key={connection.facts.connectionId}
          connection={connection}
          delays={delays.get(connection.facts.connectionId) ?? {}}
          nowMs={nowMs}
        />
      ))}
    </>
  );
}

function EmptyOverview() {
  return (
    <section class="card narrow empty">
      <h1>No connection yet</h1>
      <p>
        A connection joins one ACD, such as a Nextiva NCC tenant, to one CXone Mpower WFM tenant. Once there is one,
        this page says whether it is healthy, since when, and what is waiting.
      </p>
      <p>
        <a class="button" href="/connections/new">
          Create a connection
        </a>
      </p>
      <p>
        The page <a href="/setup">Set-up</a> leads through everything, in CXone and in the ACD as well, step by step.
      </p>
    </section>
  );
}
