/** Package entry `acd-wfm-bridge/cxone-mpower`: CXone Mpower WFM with nothing but fetch (docs/client.md). */
import { MpowerClient as Client, type MpowerClientSettings } from '../src/wfm/cxone-mpower/client.ts';
import { type ClientOptions, platformDeps } from './platform.ts';

/** One tenant of CXone Mpower WFM. It calls nobody until it is asked, and has at most one sign-in in flight. */
export class MpowerClient extends Client {
  constructor(settings: MpowerClientSettings, options: ClientOptions = {}) {
    super(settings, platformDeps(options));
  }
}

export type { Window } from '../src/domain/interval.ts';
export type {
  AgentActivityBody,
  AgentQueueReportRow,
  AgentStatesBody,
  HistoricalBody,
  MpowerClientSettings,
} from '../src/wfm/cxone-mpower/client.ts';
export type { AgentStateWire, AgentSystemPerformanceWire, QueueReportWire } from '../src/wfm/cxone-mpower/schema.ts';
export { MPOWER_AREAS } from '../src/wfm/cxone-mpower/settings.ts';
export type {
  AcdDetails,
  Activity,
  AgentActivities,
  AgentPerformance,
  AgentStateEvent,
  Outcome,
  QueueFigures,
  Report,
  Stream,
} from '../src/wfm/wfm.ts';
export type { ClientOptions, Clock, Fetch, SignInMemory, SignInRecord, TokenCache } from './platform.ts';
