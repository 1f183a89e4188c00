/** Every route of the bridge on one page: what is open to everybody first, then the door, then everything else. */
import { type IRequest, IttyRouter } from 'itty-router';
import {
  cancelBackfillEndpoint,
  createBackfillEndpoint,
  listBackfillsEndpoint,
  pauseBackfillEndpoint,
  readBackfillEndpoint,
  resumeBackfillEndpoint,
} from './api/backfills.ts';
import {
  changeConnectionEndpoint,
  createConnectionEndpoint,
  deleteConnectionEndpoint,
  listConnectionsEndpoint,
  pauseConnectionEndpoint,
  readConnectionEndpoint,
  resumeConnectionEndpoint,
} from './api/connections.ts';
import type { Endpoint } from './api/endpoint.ts';
import {
  listActivitiesEndpoint,
  listCoverageEndpoint,
  listIntervalsEndpoint,
  listStateChangesEndpoint,
} from './api/figures.ts';
import type { ApiRoute } from './api/openapi.ts';
import { listEventsEndpoint, listSetAsideEndpoint, sendAgainEndpoint, statusEndpoint } from './api/operations.ts';
import {
  importRosterEndpoint,
  listAgentsEndpoint,
  listQueuesEndpoint,
  listStatesEndpoint,
  mapAgentEndpoint,
  mapQueueEndpoint,
  mapStateEndpoint,
} from './api/roster.ts';
import type { Visit } from './app.ts';
import { notFound, ProblemError } from './respond.ts';
import { apiDocs } from './routes/api-docs.tsx';
import {
  changeConnection,
  createConnection,
  pauseConnection,
  resumeConnection,
  showConnection,
  showNewConnection,
} from './routes/connection.tsx';
import { healthz, overviewFragment, showOverview } from './routes/overview.tsx';
import { sendAgain, showSetAside } from './routes/set-aside.tsx';
import { showSignIn, signIn, signInAnswer, signOut } from './routes/sign-in.tsx';

const one = '/api/v1/connections/:connectionId';
const route = (method: ApiRoute['method'], path: string, endpoint: Endpoint): ApiRoute => ({ method, path, endpoint });

/** The API. The OpenAPI document is made of this table. */
export const API_ROUTES: readonly ApiRoute[] = [
  route('GET', '/api/v1/status', statusEndpoint),
  route('GET', '/api/v1/connections', listConnectionsEndpoint),
  route('POST', '/api/v1/connections', createConnectionEndpoint),
  route('GET', one, readConnectionEndpoint),
  route('PUT', one, changeConnectionEndpoint),
  route('DELETE', one, deleteConnectionEndpoint),
  route('POST', `${one}/pause`, pauseConnectionEndpoint),
  route('POST', `${one}/resume`, resumeConnectionEndpoint),
  route('GET', `${one}/queues`, listQueuesEndpoint),
  route('PATCH', `${one}/queues/:id`, mapQueueEndpoint),
  route('GET', `${one}/agents`, listAgentsEndpoint),
  route('PATCH', `${one}/agents/:id`, mapAgentEndpoint),
  route('GET', `${one}/states`, listStatesEndpoint),
  route('PATCH', `${one}/states/:id`, mapStateEndpoint),
  route('POST', `${one}/roster/import`, importRosterEndpoint),
  route('GET', `${one}/intervals`, listIntervalsEndpoint),
  route('GET', `${one}/state-changes`, listStateChangesEndpoint),
  route('GET', `${one}/activities`, listActivitiesEndpoint),
  route('GET', `${one}/coverage`, listCoverageEndpoint),
  route('GET', `${one}/backfills`, listBackfillsEndpoint),
  route('POST', `${one}/backfills`, createBackfillEndpoint),
  route('GET', `${one}/backfills/:id`, readBackfillEndpoint),
  route('POST', `${one}/backfills/:id/pause`, pauseBackfillEndpoint),
  route('POST', `${one}/backfills/:id/resume`, resumeBackfillEndpoint),
  route('POST', `${one}/backfills/:id/cancel`, cancelBackfillEndpoint),
  route('GET', `${one}/set-aside`, listSetAsideEndpoint),
  route('POST', `${one}/set-aside/:id/send-again`, sendAgainEndpoint),
  route('GET', `${one}/events`, listEventsEndpoint),
];

const docs = apiDocs(API_ROUTES);

const router = IttyRouter<IRequest, [Visit], Response | undefined>()
  // Open to everybody.
  .get('/healthz', healthz)
  .get('/sign-in', showSignIn)
  .post('/sign-in', signIn)
  .all('*', requireIdentity)
  // Pages.
  .post('/sign-out', signOut)
  .get('/', showOverview)
  .get('/fragments/overview', overviewFragment)
  .get('/connections/new', showNewConnection)
  .post('/connections/new', createConnection)
  .get('/connections/:id', showConnection)
  .post('/connections/:id', changeConnection)
  .post('/connections/:id/pause', pauseConnection)
  .post('/connections/:id/resume', resumeConnection)
  .get('/set-aside', showSetAside)
  .post('/set-aside/:connection/:id/send-again', sendAgain)
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

/** True for addresses that answer with JSON, problems included. */
export function isApiPath(path: string): boolean {
  return path === '/api' || path.startsWith('/api/v1') || path === '/api/openapi.json';
}

/** The door: nobody gets past it unrecognised. */
function requireIdentity(request: Request, visit: Visit): Response | undefined {
  if (visit.identity) return undefined;
  if (isApiPath(visit.url.pathname)) {
    const detail = 'Sign in on the site, or send the API token: `Authorization: Bearer <API_TOKEN>`.';
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
