/** Every route of the API, as one table. */
import {
  createTokenEndpoint,
  endAllSessionsEndpoint,
  endSessionEndpoint,
  listAuditEndpoint,
  listSessionsEndpoint,
  listTokensEndpoint,
  revokeTokenEndpoint,
} from './access.ts';
import { changeRulesEndpoint, listAdherenceEndpoint, readRulesEndpoint, readSpansEndpoint } from './adherence.ts';
import { listAgentIntervalsEndpoint, listAgentQueueIntervalsEndpoint } from './agent-figures.ts';
import { listAgentsNowEndpoint } from './agents-now.ts';
import {
  createChannelEndpoint,
  createMaintenanceEndpoint,
  createRuleEndpoint,
  enableChannelEndpoint,
  enableRuleEndpoint,
  listAlertsEndpoint,
  listChannelsEndpoint,
  listMaintenanceEndpoint,
  listRulesEndpoint,
  removeChannelEndpoint,
  removeMaintenanceEndpoint,
  removeRuleEndpoint,
  tryChannelEndpoint,
} from './alerts.ts';
import {
  cancelBackfillEndpoint,
  createBackfillEndpoint,
  listBackfillsEndpoint,
  pauseBackfillEndpoint,
  readBackfillEndpoint,
  resumeBackfillEndpoint,
} from './backfills.ts';
import { testConnectionEndpoint, testSettingsEndpoint } from './connection-test.ts';
import {
  changeConnectionEndpoint,
  createConnectionEndpoint,
  deleteConnectionEndpoint,
  listConnectionsEndpoint,
  pauseConnectionEndpoint,
  readConnectionEndpoint,
  resumeConnectionEndpoint,
} from './connections.ts';
import {
  confirmQuietEndpoint,
  listDaysEndpoint,
  readAgainEndpoint,
  readBodyEndpoint,
  readIntervalEndpoint,
  sendReportsAgainEndpoint,
} from './coverage.ts';
import type { Endpoint } from './endpoint.ts';
import {
  listActivitiesEndpoint,
  listCoverageEndpoint,
  listIntervalsEndpoint,
  listStateChangesEndpoint,
} from './figures.ts';
import {
  cancelImportEndpoint,
  confirmImportEndpoint,
  createImportEndpoint,
  listImportsEndpoint,
  readImportEndpoint,
} from './imports.ts';
import {
  codeBookEndpoint,
  mapAgentEndpoint,
  mapAgentsEndpoint,
  mapQueueEndpoint,
  mapQueuesEndpoint,
  mapStateEndpoint,
  mapStatesEndpoint,
} from './mapping.ts';
import type { ApiRoute } from './openapi.ts';
import {
  listEventsEndpoint,
  listSetAsideEndpoint,
  sendAgainEndpoint,
  sendAllAgainEndpoint,
  statusEndpoint,
} from './operations.ts';
import { PUSH_ENDPOINTS } from './push.ts';
import { importRosterEndpoint, listAgentsEndpoint, listQueuesEndpoint, listStatesEndpoint } from './roster.ts';
import { deleteSchedulesEndpoint, listSchedulesEndpoint, uploadSchedulesEndpoint } from './schedules.ts';
import { readSetupEndpoint, tickStepEndpoint } from './setup.ts';
import { listVolumeEndpoint } from './volume.ts';

const one = '/api/v1/connections/:connectionId';
const route = (method: ApiRoute['method'], path: string, endpoint: Endpoint): ApiRoute => ({ method, path, endpoint });

/** The API. The OpenAPI document is made of this table. */
export const API_ROUTES: readonly ApiRoute[] = [
  route('GET', '/api/v1/status', statusEndpoint),
  route('GET', '/api/v1/connections', listConnectionsEndpoint),
  route('POST', '/api/v1/connections', createConnectionEndpoint),
  route('POST', '/api/v1/connections/test', testSettingsEndpoint),
  route('GET', one, readConnectionEndpoint),
  route('PUT', one, changeConnectionEndpoint),
  route('DELETE', one, deleteConnectionEndpoint),
  route('POST', `${one}/test`, testConnectionEndpoint),
  route('POST', `${one}/pause`, pauseConnectionEndpoint),
  route('POST', `${one}/resume`, resumeConnectionEndpoint),
  route('GET', `${one}/queues`, listQueuesEndpoint),
  route('PATCH', `${one}/queues`, mapQueuesEndpoint),
  route('PATCH', `${one}/queues/:id`, mapQueueEndpoint),
  route('GET', `${one}/agents`, listAgentsEndpoint),
  route('PATCH', `${one}/agents`, mapAgentsEndpoint),
  route('GET', `${one}/agents/now`, listAgentsNowEndpoint),
  route('PATCH', `${one}/agents/:id`, mapAgentEndpoint),
  route('GET', `${one}/states`, listStatesEndpoint),
  route('PATCH', `${one}/states`, mapStatesEndpoint),
  route('PATCH', `${one}/states/:id`, mapStateEndpoint),
  route('GET', `${one}/code-book`, codeBookEndpoint),
  route('POST', `${one}/roster/import`, importRosterEndpoint),
  route('GET', `${one}/intervals`, listIntervalsEndpoint),
  route('GET', `${one}/agent-intervals`, listAgentIntervalsEndpoint),
  route('GET', `${one}/agent-queue-intervals`, listAgentQueueIntervalsEndpoint),
  route('GET', `${one}/state-changes`, listStateChangesEndpoint),
  route('GET', `${one}/activities`, listActivitiesEndpoint),
  route('GET', `${one}/coverage`, listCoverageEndpoint),
  route('GET', `${one}/coverage/days`, listDaysEndpoint),
  route('POST', `${one}/coverage/read-again`, readAgainEndpoint),
  route('POST', `${one}/coverage/send-again`, sendReportsAgainEndpoint),
  route('POST', `${one}/coverage/confirm-quiet`, confirmQuietEndpoint),
  route('GET', `${one}/coverage/intervals/:start`, readIntervalEndpoint),
  route('GET', `${one}/report-bodies`, readBodyEndpoint),
  route('GET', `${one}/reports/volume`, listVolumeEndpoint),
  route('GET', `${one}/reports/adherence`, listAdherenceEndpoint),
  route('GET', `${one}/reports/adherence/spans`, readSpansEndpoint),
  route('GET', `${one}/adherence-rules`, readRulesEndpoint),
  route('PATCH', `${one}/adherence-rules`, changeRulesEndpoint),
  route('GET', `${one}/schedules`, listSchedulesEndpoint),
  route('POST', `${one}/schedules`, uploadSchedulesEndpoint),
  route('DELETE', `${one}/schedules`, deleteSchedulesEndpoint),
  route('GET', `${one}/backfills`, listBackfillsEndpoint),
  route('POST', `${one}/backfills`, createBackfillEndpoint),
  route('GET', `${one}/backfills/:id`, readBackfillEndpoint),
  route('POST', `${one}/backfills/:id/pause`, pauseBackfillEndpoint),
  route('POST', `${one}/backfills/:id/resume`, resumeBackfillEndpoint),
  route('POST', `${one}/backfills/:id/cancel`, cancelBackfillEndpoint),
  route('GET', `${one}/imports`, listImportsEndpoint),
  route('POST', `${one}/imports`, createImportEndpoint),
  route('GET', `${one}/imports/:id`, readImportEndpoint),
  route('POST', `${one}/imports/:id/confirm`, confirmImportEndpoint),
  route('DELETE', `${one}/imports/:id`, cancelImportEndpoint),
  route('GET', `${one}/set-aside`, listSetAsideEndpoint),
  route('POST', `${one}/set-aside/send-again`, sendAllAgainEndpoint),
  route('POST', `${one}/set-aside/:id/send-again`, sendAgainEndpoint),
  route('GET', `${one}/events`, listEventsEndpoint),
  route('GET', '/api/v1/setup', readSetupEndpoint),
  route('PUT', '/api/v1/setup/:step', tickStepEndpoint),
  route('GET', '/api/v1/alerts', listAlertsEndpoint),
  route('GET', '/api/v1/alert-channels', listChannelsEndpoint),
  route('POST', '/api/v1/alert-channels', createChannelEndpoint),
  route('PATCH', '/api/v1/alert-channels/:id', enableChannelEndpoint),
  route('POST', '/api/v1/alert-channels/:id/test', tryChannelEndpoint),
  route('DELETE', '/api/v1/alert-channels/:id', removeChannelEndpoint),
  route('GET', '/api/v1/alert-rules', listRulesEndpoint),
  route('POST', '/api/v1/alert-rules', createRuleEndpoint),
  route('PATCH', '/api/v1/alert-rules/:id', enableRuleEndpoint),
  route('DELETE', '/api/v1/alert-rules/:id', removeRuleEndpoint),
  route('GET', '/api/v1/maintenance', listMaintenanceEndpoint),
  route('POST', '/api/v1/maintenance', createMaintenanceEndpoint),
  route('DELETE', '/api/v1/maintenance/:id', removeMaintenanceEndpoint),
  route('GET', '/api/v1/tokens', listTokensEndpoint),
  route('POST', '/api/v1/tokens', createTokenEndpoint),
  route('DELETE', '/api/v1/tokens/:id', revokeTokenEndpoint),
  route('GET', '/api/v1/sessions', listSessionsEndpoint),
  route('DELETE', '/api/v1/sessions/:id', endSessionEndpoint),
  route('POST', '/api/v1/sessions/end-all', endAllSessionsEndpoint),
  route('GET', '/api/v1/audit', listAuditEndpoint),
  ...PUSH_ENDPOINTS.map(({ kind, endpoint }) =>
    route('POST', `/api/v1/connections/:connectionId/push/${kind}`, endpoint),
  ),
];
