/** Every route of the bridge on one page: what is open to everybody first, then the door, then everything else. */
import { type IRequest, IttyRouter } from 'itty-router';
import type { ApiRoute } from './api/openapi.ts';
import { API_ROUTES } from './api/routes.ts';
import type { Visit } from './app.ts';
import { notFound, ProblemError } from './respond.ts';
import { createToken, endOneSession, revokeToken, showAccess, signOutEverywhere } from './routes/access.tsx';
import { exportAdherence, showAdherence, showAgentAdherence } from './routes/adherence.tsx';
import { agentsCsv, showAgentDay, showAgents } from './routes/agents.tsx';
import { apiDocs } from './routes/api-docs.tsx';
import { exportCodeBook, showCodeBook } from './routes/code-book.tsx';
import {
  changeConnection,
  createConnection,
  pauseConnection,
  removeConnection,
  resumeConnection,
  showConnection,
  showNewConnection,
  testConnection,
  testNewConnection,
} from './routes/connection.tsx';
import { downloadBody, exportCoverage, orderCoverage, showCoverage, showCoverageOf } from './routes/coverage.tsx';
import { orderOneBackfill, startBackfill } from './routes/imports/backfills.ts';
import {
  cancelOneImport,
  confirmOneImport,
  importTemplate,
  refusedCsv,
  showImport,
  uploadExport,
  uploadImport,
} from './routes/imports/files.tsx';
import { historyCsv, showImports, underWay } from './routes/imports/page.tsx';
import { changeMapping, importRoster, showMapping } from './routes/mapping.tsx';
import { confirmMapping, exportMapping, previewMapping, uploadMapping } from './routes/mapping-tables.tsx';
import { showMetrics } from './routes/metrics.ts';
import { alertsCsv } from './routes/monitor/alerts.tsx';
import { connectionDiaryCsv, diaryCsv, showConnectionMonitor } from './routes/monitor/diary.tsx';
import {
  createChannel,
  createMaintenance,
  createRule,
  createUsualRules,
  removeOne,
  switchChannel,
  switchRule,
  testChannel,
} from './routes/monitor/settings.tsx';
import { showMonitor } from './routes/monitor/show.ts';
import { chartsFragment, healthz, overviewFragment, showOverview } from './routes/overview.tsx';
import { chooseReport, showReports, showVolume, volumeCsv } from './routes/reports.tsx';
import {
  changeAdherenceRules,
  confirmSchedule,
  deleteSchedules,
  discardSchedule,
  exportSchedule,
  previewSchedule,
  scheduleTemplate,
  showSchedules,
  uploadSchedule,
} from './routes/schedules.tsx';
import { findSetAside, sendAgain, sendAgainAll, showSetAside } from './routes/set-aside.tsx';
import { setupFragment, showSetup, tickStep } from './routes/setup.tsx';
import { showSignIn, signIn, signInAnswer, signOut } from './routes/sign-in.tsx';
import { downloadSupportBundle } from './routes/support-bundle.ts';

const docs = apiDocs(API_ROUTES);

export const router = IttyRouter<IRequest, [Visit], Response | undefined>()
  // Open to everybody.
  .get('/healthz', healthz)
  .get('/sign-in', showSignIn)
  .post('/sign-in', signIn)
  .all('*', requireIdentity)
  // Pages.
  .post('/sign-out', signOut)
  .get('/', showOverview)
  .get('/fragments/overview', overviewFragment)
  .get('/fragments/charts', chartsFragment)
  .get('/setup', showSetup)
  .get('/fragments/setup', setupFragment)
  .post('/setup/:step', tickStep)
  .get('/connections/new', showNewConnection)
  .post('/connections/new', createConnection)
  .get('/connections/:id', showConnection)
  .post('/connections/:id', changeConnection)
  .post('/connections/new/test/:group', testNewConnection)
  .post('/connections/:id/test/:group', testConnection)
  .post('/connections/:id/delete', removeConnection)
  .post('/connections/:id/pause', pauseConnection)
  .post('/connections/:id/resume', resumeConnection)
  .get('/support-bundle.zip', downloadSupportBundle)
  .get('/monitor', showMonitor)
  .get('/monitor.csv', diaryCsv)
  .get('/monitor/alerts.csv', alertsCsv)
  .post('/monitor/channels', createChannel)
  .post('/monitor/channels/:row/test', testChannel)
  .post('/monitor/channels/:row/on', switchChannel(true))
  .post('/monitor/channels/:row/off', switchChannel(false))
  .post('/monitor/channels/:row/remove', removeOne('channel'))
  .post('/monitor/rules', createRule)
  .post('/monitor/rules/usual', createUsualRules)
  .post('/monitor/rules/:row/on', switchRule(true))
  .post('/monitor/rules/:row/off', switchRule(false))
  .post('/monitor/rules/:row/remove', removeOne('rule'))
  .post('/monitor/maintenance', createMaintenance)
  .post('/monitor/maintenance/:row/remove', removeOne('maintenance'))
  .get('/connections/:id/agents', showAgents)
  .get('/connections/:id/agents.csv', agentsCsv)
  .get('/connections/:id/agents/:agent', showAgentDay)
  .get('/reports', chooseReport)
  .get('/reports/:report', chooseReport)
  .get('/connections/:id/reports', showReports)
  .get('/connections/:id/reports/volume', showVolume)
  .get('/connections/:id/reports/volume.csv', volumeCsv)
  .get('/connections/:id/reports/adherence', showAdherence)
  .get('/connections/:id/reports/adherence.csv', exportAdherence)
  .get('/connections/:id/reports/adherence/agents/:agent', showAgentAdherence)
  .get('/connections/:id/reports/schedules', showSchedules)
  .post('/connections/:id/reports/schedules', uploadSchedule)
  .get('/connections/:id/reports/schedules.csv', exportSchedule)
  .get('/connections/:id/reports/schedules/template.csv', scheduleTemplate)
  .post('/connections/:id/reports/schedules/rules', changeAdherenceRules)
  .post('/connections/:id/reports/schedules/delete', deleteSchedules)
  .get('/connections/:id/reports/schedules/uploads/:upload', previewSchedule)
  .post('/connections/:id/reports/schedules/uploads/:upload/confirm', confirmSchedule)
  .post('/connections/:id/reports/schedules/uploads/:upload/discard', discardSchedule)
  .get('/connections/:id/monitor', showConnectionMonitor)
  .get('/connections/:id/monitor.csv', connectionDiaryCsv)
  .get('/connections/:id/imports', showImports)
  .post('/connections/:id/imports', uploadImport)
  .post('/connections/:id/imports/exports', uploadExport)
  .get('/connections/:id/imports/under-way', underWay)
  .get('/connections/:id/imports/history.csv', historyCsv)
  .get('/connections/:id/imports/template.csv', importTemplate)
  .get('/connections/:id/imports/:import', showImport)
  .get('/connections/:id/imports/:import/refused.csv', refusedCsv)
  .post('/connections/:id/imports/:import/confirm', confirmOneImport)
  .post('/connections/:id/imports/:import/cancel', cancelOneImport)
  .post('/connections/:id/backfills', startBackfill)
  .post('/connections/:id/backfills/:backfill/:order', orderOneBackfill)
  .get('/connections/:id/coverage', showCoverage)
  .get('/connections/:id/coverage.csv', exportCoverage)
  .post('/connections/:id/coverage/orders', orderCoverage)
  .get('/connections/:id/coverage/:when', showCoverageOf)
  .get('/connections/:id/coverage/:when/body', downloadBody)
  .get('/connections/:id/roster', showMapping)
  .post('/connections/:id/roster', changeMapping)
  .post('/connections/:id/roster/import', importRoster)
  .get('/connections/:id/roster/queues.csv', exportMapping)
  .get('/connections/:id/roster/agents.csv', exportMapping)
  .post('/connections/:id/roster/:list/upload', uploadMapping)
  .get('/connections/:id/roster/:list/upload/:upload', previewMapping)
  .post('/connections/:id/roster/:list/upload/:upload', confirmMapping)
  .get('/connections/:id/states', showMapping)
  .post('/connections/:id/states', changeMapping)
  .get('/connections/:id/states.csv', exportMapping)
  .post('/connections/:id/states/upload', uploadMapping)
  .get('/connections/:id/states/upload/:upload', previewMapping)
  .post('/connections/:id/states/upload/:upload', confirmMapping)
  .get('/connections/:id/code-book', showCodeBook)
  .get('/connections/:id/code-book.csv', exportCodeBook)
  .get('/set-aside', findSetAside)
  .get('/connections/:id/set-aside', showSetAside)
  .post('/connections/:id/set-aside/send-again', sendAgainAll)
  .post('/connections/:id/set-aside/:record/send-again', sendAgain)
  .get('/metrics', showMetrics)
  .get('/access', showAccess)
  .post('/access/tokens', createToken)
  .post('/access/tokens/:id/revoke', revokeToken)
  .post('/access/sessions/end-all', signOutEverywhere)
  .post('/access/sessions/:id/end', endOneSession)
  // API.
  .get('/api/docs', docs.showPage)
  .get('/api/openapi.json', docs.showDocument);

for (const { method, path, endpoint } of API_ROUTES) {
  router[method.toLowerCase() as Lowercase<ApiRoute['method']>](path, (request, visit) =>
    endpoint.run(visit, request, request.params),
  );
}
router.all('*', unknownRoute);

/** Answers a request that was recognised (or not) at the door. Throws `ProblemError`. */
export async function dispatch(request: Request, visit: Visit): Promise<Response> {
  // itty-router writes the address's parameters onto the request it is given.
  const routed = Object.assign(request, { params: {} });
  const response = await router.fetch(routed, visit);
  if (!response) throw new Error('No route answered, not even the last one.');
  return response;
}

/** True for addresses that are asked by programs: tokens are taken, and problems are JSON. */
export function isApiPath(path: string): boolean {
  return path === '/api' || path.startsWith('/api/v1') || path === '/api/openapi.json' || path === '/metrics';
}

/** The door: nobody gets past it unrecognised. */
function requireIdentity(request: Request, visit: Visit): Response | undefined {
  if (visit.identity) return undefined;
  if (isApiPath(visit.url.pathname)) {
    const detail = 'Sign in on the site, or send a token of the Access page: `Authorization: Bearer <token>`.';
    throw new ProblemError(401, 'Not signed in', detail, { headers: { 'www-authenticate': 'Bearer' } });
  }
  // A part of a page that refreshes itself takes the whole browser to the sign-in.
  if (request.headers.has('hx-request')) return new Response(null, { headers: { 'hx-redirect': '/sign-in' } });
  const next = request.method === 'GET' ? visit.url.pathname + visit.url.search : '/';
  return signInAnswer(visit, 401, next);
}

function unknownRoute(request: Request, visit: Visit): never {
  const { pathname } = visit.url;
  const others = API_ROUTES.filter(({ path }) => new RegExp(`^${path.replaceAll(/:\w+/g, '[^/]+')}$`).test(pathname));
  if (others.length === 0) throw notFound('There is nothing at this address.');
  const allow = others.map(({ method }) => method).join(', ');
  throw new ProblemError(405, 'Method not allowed', `${request.method} is not for this address; ${allow} is.`, {
    headers: { allow },
  });
}
