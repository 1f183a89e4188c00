/** The Overview, its refreshing part, and /healthz. */
import type { HealthStatus } from '../../src/domain/health.ts';
import type { Visit } from '../app.ts';
import { readHealth } from '../health-view.ts';
import { OverviewFragment, OverviewPage } from '../pages/overview.tsx';
import { htmlFragment, htmlPage, json } from '../respond.ts';

const NOTICES: Readonly<Record<string, string>> = {
  saved: 'The connection is saved. Collection begins within seconds.',
};

export async function showOverview(_request: Request, { app, nowMs, identity, url }: Visit): Promise<Response> {
  const connections = await readHealth(app.db, nowMs);
  const notice = NOTICES[url.searchParams.get('notice') ?? ''];
  return htmlPage(<OverviewPage identity={identity} connections={connections} nowMs={nowMs} notice={notice} />);
}

export async function overviewFragment(_request: Request, { app, nowMs }: Visit): Promise<Response> {
  return htmlFragment(<OverviewFragment connections={await readHealth(app.db, nowMs)} nowMs={nowMs} />);
}

/** For monitors, without sign-in: counts by status, no names. 503 when a connection has stalled. */
export async function healthz(_request: Request, { app, nowMs }: Visit): Promise<Response> {
  const counts: Partial<Record<HealthStatus, number>> = {};
  for (const { health } of await readHealth(app.db, nowMs)) counts[health.status] = (counts[health.status] ?? 0) + 1;
  const isStalled = (counts.stalled ?? 0) > 0;
  return json({ status: isStalled ? 'stalled' : 'ok', connections: counts }, { status: isStalled ? 503 : 200 });
}
