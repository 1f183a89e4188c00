/** The Overview, its refreshing part, and /healthz. */
import { acdTraits } from '../../src/acd/registry.ts';
import type { HealthStatus } from '../../src/domain/health.ts';
import { isLoopSilent, isMinuteJobSilent } from '../../src/domain/silence-findings.ts';
import { readLastDelays } from '../../src/store/charts.ts';
import type { Visit } from '../app.ts';
import { type ChartFacts, readCharts } from '../charts.ts';
import { type ConnectionHealth, readHealth } from '../health-view.ts';
import { noticeOf } from '../notice.ts';
import { OverviewFragment, OverviewPage } from '../pages/overview.tsx';
import { OverviewCharts } from '../pages/overview-charts.tsx';
import { htmlFragment, htmlPage, json, notFound } from '../respond.ts';

const NOTICES: Readonly<Record<string, string>> = {
  saved: 'The connection is saved. Collection begins within seconds.',
  deleted: 'The connection is deleted, with everything that was collected for it.',
};

export async function showOverview(_request: Request, { app, nowMs, identity, url }: Visit): Promise<Response> {
  const [connections, delays] = await Promise.all([readHealth(app.db, nowMs), readLastDelays(app.db)]);
  const notice = noticeOf(NOTICES, url);
  const charts = await chartsOf(app.db, connections, url.searchParams.get('charts'), nowMs);
  return htmlPage(<OverviewPage {...{ identity, connections, delays, charts, nowMs, notice }} />);
}

export async function overviewFragment(_request: Request, { app, nowMs }: Visit): Promise<Response> {
  const [connections, delays] = await Promise.all([readHealth(app.db, nowMs), readLastDelays(app.db)]);
  return htmlFragment(<OverviewFragment connections={connections} delays={delays} nowMs={nowMs} />);
}

/** The charts of one connection, which refresh themselves more slowly than the rest. */
export async function chartsFragment(_request: Request, { app, nowMs, url }: Visit): Promise<Response> {
  const connections = await readHealth(app.db, nowMs);
  const facts = await chartsOf(app.db, connections, url.searchParams.get('connection'), nowMs);
  if (!facts) throw notFound('There is no such connection. It may have been deleted.');
  const names = connections.map((one) => ({ id: one.facts.connectionId, name: one.facts.name }));
  return htmlFragment(<OverviewCharts facts={facts} connections={names} />);
}

/** Charts of the connection asked for, or of the first. Null without any. */
async function chartsOf(
  db: D1Database,
  connections: readonly ConnectionHealth[],
  asked: string | null,
  nowMs: number,
): Promise<ChartFacts | null> {
  const chosen = connections.find(({ facts }) => String(facts.connectionId) === asked) ?? connections[0];
  if (!chosen) return null;
  const { facts, timeZone } = chosen;
  return readCharts(db, { id: facts.connectionId, name: facts.name, timeZone }, nowMs);
}

/**
 * For monitors, without sign-in: counts by status, no names. 503 when a connection has stalled. `silent`: loops that give
 * no sign of life, and whether the minute job does; the appliance starts its engine anew when that lasts.
 */
export async function healthz(_request: Request, { app, nowMs }: Visit): Promise<Response> {
  const counts: Partial<Record<HealthStatus, number>> = {};
  const connections = await readHealth(app.db, nowMs);
  for (const { health } of connections) counts[health.status] = (counts[health.status] ?? 0) + 1;
  const isStalled = (counts.stalled ?? 0) > 0;
  const runnable = connections.filter(({ health }) => health.status !== 'not configured' && health.status !== 'paused');
  const silent = {
    loops: runnable.filter(({ facts, settings }) =>
      isLoopSilent(facts, (settings ? acdTraits(settings.acd).pollIntervalS : 5) * 1_000, nowMs),
    ).length,
    minuteJob: runnable.some(({ facts }) => isMinuteJobSilent(facts.cronAtMs ?? facts.createdAtMs, nowMs)),
  };
  const answer = { status: isStalled ? 'stalled' : 'ok', connections: counts, silent };
  return json(answer, { status: isStalled ? 503 : 200 });
}
