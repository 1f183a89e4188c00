/**
 * Nextiva NCC for programs of other people: one account, the two WFM calls and the lists of queues and users. It signs in,
 * refreshes and finds out the form of the token by itself; it never retries: the caller decides.
 */
import type * as z from 'zod';
import type { AgentObservation } from '../../domain/agent-state.ts';
import { isOnGrid, type Window } from '../../domain/interval.ts';
import type { RosterAgent, RosterQueue } from '../../domain/roster.ts';
import type { UpstreamDeps } from '../../http/deps.ts';
import { describeIssues } from '../../http/request.ts';
import type { TokenKeeper } from '../../http/token-keeper.ts';
import type { AgentSnapshot, QueueIntervalAnswer } from '../acd.ts';
import { createNccClient, type NccClient as NccCalls } from './client.ts';
import { askForHistorical } from './historical.ts';
import { createRealTimeReader } from './real-time.ts';
import { readQueues, readUsers } from './roster.ts';
import { type NccSettings, nccSettingsSchema } from './settings.ts';
import { createNccTokenKeeper } from './token.ts';

/** Whose NCC it is, and what may differ from the defaults (docs/assumptions.md). */
export interface NccClientSettings {
  readonly baseUrl: string;
  readonly username: string;
  readonly password: string;
  readonly advanced?: z.input<typeof nccSettingsSchema>['advanced'];
}

/** The states of all agents now. */
export interface AgentStates extends Omit<AgentSnapshot, 'agents'> {
  readonly agents: readonly AgentObservation[];
}

/** One account of one NCC. Every method throws `UpstreamError` for what the network or NCC does, and nothing else. */
export class NccTypedClient {
  readonly #advanced: NccSettings['advanced'];
  readonly #keeper: TokenKeeper;
  readonly #calls: NccCalls;
  readonly #path: string;

  /** Throws a `TypeError` when a setting is not one, with the name of the setting and never its value. */
  constructor({ baseUrl, username, password, advanced = {} }: NccClientSettings, deps: UpstreamDeps) {
    const group = { baseUrl, username };
    const parsed = nccSettingsSchema.safeParse({ kind: 'nextiva-ncc', realTime: group, historical: group, advanced });
    if (!parsed.success) {
      throw new TypeError(`The settings of the NCC client are not right. ${describeIssues(parsed.error)}`);
    }
    if (!password) throw new TypeError('The settings of the NCC client are not right. The password is empty.');
    if (!URL.canParse(baseUrl)) throw new TypeError('The base URL of the NCC client is not an address.');
    const { origin, pathname } = new URL(baseUrl);
    this.#advanced = parsed.data.advanced;
    this.#path = pathname.replace(/\/+$/, '');
    const { signInPath, refreshPath, tokenLifeMinutes } = this.#advanced;
    const account = { origin, username, password, signInPath, refreshPath, tokenLifeMinutes };
    this.#keeper = createNccTokenKeeper(account, deps);
    this.#calls = createNccClient(this.#keeper, password, deps);
  }

  /** Makes sure of a token. Not needed before the other calls. */
  async signIn(): Promise<void> {
    await this.#keeper.token();
  }

  /** What every agent is doing now. Rows that cannot be read are in `refused`, with the reason. */
  async realTime(): Promise<AgentStates> {
    const answer = await this.#calls.get(`${this.#path}${this.#advanced.realTimePath}`);
    const { agents, ...rest } = createRealTimeReader(this.#advanced)(answer);
    if (agents === 'unchanged') throw new Error('A reader that read nothing before cannot tell that nothing changed.');
    return { ...rest, agents };
  }

  /** Figures of all queues in a window whose ends are on the 15-minute grid, UTC milliseconds. `RangeError` for another. */
  async historical(window: Window): Promise<QueueIntervalAnswer> {
    if (!isOnGrid(window)) throw new RangeError('A window starts and ends at a quarter of an hour, and is not empty.');
    return askForHistorical(this.#calls, this.#path, window, this.#advanced);
  }

  /** All queues: whole, or an error. */
  queues(): Promise<RosterQueue[]> {
    return readQueues(this.#calls, this.#advanced.queuesPath);
  }

  /** All users: whole, or an error. */
  users(): Promise<RosterAgent[]> {
    return readUsers(this.#calls, this.#advanced.usersPath);
  }
}
