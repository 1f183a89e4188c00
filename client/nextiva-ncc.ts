/** Package entry `acd-wfm-bridge/nextiva-ncc`: Nextiva NCC with nothing but fetch (docs/client.md). */
import { type NccClientSettings, NccTypedClient } from '../src/acd/nextiva-ncc/typed-client.ts';
import { type ClientOptions, platformDeps } from './platform.ts';

/** One account of one NCC. Every method throws `UpstreamError` for what the network or NCC does, and nothing else. */
export class NccClient extends NccTypedClient {
  constructor(settings: NccClientSettings, options: ClientOptions = {}) {
    super(settings, platformDeps(options));
  }
}

export type { QueueIntervalAnswer, RefusedRow } from '../src/acd/acd.ts';
export type { AgentStates, NccClientSettings } from '../src/acd/nextiva-ncc/typed-client.ts';
export type { AgentObservation } from '../src/domain/agent-state.ts';
export type { Window } from '../src/domain/interval.ts';
export type { QueueInterval } from '../src/domain/queue-interval.ts';
export type { RosterAgent, RosterQueue } from '../src/domain/roster.ts';
export { describeFailure, UpstreamError, type UpstreamFailure } from '../src/http/upstream-error.ts';
export type { ClientOptions, Clock, Fetch, SignInMemory, SignInRecord, TokenCache } from './platform.ts';
