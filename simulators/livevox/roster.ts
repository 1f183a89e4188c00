/**
 * The agents, services and call centres of the modelled LiveVox client: numbers for ids, login ids in capitals.
 */
import { makeQueues, makeUsers } from '../ncc/roster.ts';
import type { LiveVoxOptions } from './options.ts';

export interface Agent {
  readonly id: number;
  readonly loginId: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly active: boolean;
}

export interface Service {
  readonly id: number;
  readonly name: string;
  readonly callCenterId: number;
}

const FIRST_AGENT_ID = 710_001;
const FIRST_SERVICE_ID = 90_001;
const FIRST_CALL_CENTER_ID = 501;
const SERVICES_PER_CALL_CENTER = 5;

export function makeAgents({ seed, agents, timeZone }: LiveVoxOptions): Agent[] {
  return makeUsers({ seed, agents, timeZone, withoutUsername: 0 }).map((user, index) => ({
    id: FIRST_AGENT_ID + index,
    loginId: (user.username.split('@')[0] ?? user.username).toUpperCase(),
    firstName: user.firstName,
    lastName: user.lastName,
    active: true,
  }));
}

export function makeServices({ seed, services }: LiveVoxOptions): Service[] {
  return makeQueues({ seed, queues: services, unsendableQueues: 0 }).map(({ name }, index) => ({
    id: FIRST_SERVICE_ID + index,
    name,
    callCenterId: FIRST_CALL_CENTER_ID + Math.floor(index / SERVICES_PER_CALL_CENTER),
  }));
}
