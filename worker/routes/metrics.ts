/** /metrics: for Prometheus and its kin, with a token of scope read. */
import { requireScope } from '../api/endpoint.ts';
import type { Visit } from '../app.ts';
import { readHealth } from '../health-view.ts';
import { metricsText } from '../metrics.ts';

const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

export async function showMetrics(request: Request, { app, nowMs, identity }: Visit): Promise<Response> {
  if (identity) requireScope(identity, request.method, null);
  return new Response(metricsText(await readHealth(app.db, nowMs)), { headers: { 'content-type': OPEN_METRICS } });
}
