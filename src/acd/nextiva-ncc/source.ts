/**
 * Nextiva NCC as a source: real-time and historical calls with the account of their own group, one token and one sign-in
 * where both groups name the same account. The roster is read with the historical account.
 */

import type { StateClass } from '../../domain/agent-state.ts';
import type { UpstreamDeps } from '../../http/deps.ts';
import type { TokenKeeper } from '../../http/token-keeper.ts';
import type { Acd } from '../acd.ts';
import type { AcdSource } from '../source.ts';
import { createNccClient, type NccClient } from './client.ts';
import { nccForm, nccSetUp } from './form.ts';
import { askForHistorical } from './historical.ts';
import { createRealTimeReader } from './real-time.ts';
import { readRoster } from './roster.ts';
import { type NccSettings, nccSettingsSchema } from './settings.ts';
import { createNccTokenKeeper, type NccAccount } from './token.ts';

/** NCC has states, figures and a roster to ask for. */
export type NccAcd = {
  [K in keyof Acd]: K extends 'readAgentStates' | 'readQueueIntervals' | 'readRoster' ? NonNullable<Acd[K]> : Acd[K];
};

/**
 * Opens a source. `secrets` holds `realTimePassword` and `historicalPassword`; throws an `Error` when one is missing or a
 * base URL is none, which the settings' own checks rule out.
 */
export function openNcc(settings: NccSettings, secrets: Readonly<Record<string, string>>, deps: UpstreamDeps): NccAcd {
  const { advanced } = settings;
  const realTime = groupOf(settings.realTime, secrets.realTimePassword, 'real-time');
  const historical = groupOf(settings.historical, secrets.historicalPassword, 'historical');
  const keeperOf = ({ account }: Group) => {
    const { signInPath, refreshPath, tokenLifeMinutes } = advanced;
    return createNccTokenKeeper({ ...account, signInPath, refreshPath, tokenLifeMinutes }, deps);
  };
  const realTimeKeeper = keeperOf(realTime);
  const historicalKeeper = isSameAccount(realTime.account, historical.account) ? realTimeKeeper : keeperOf(historical);
  const clientOf = (keeper: TokenKeeper, { account }: Group): NccClient =>
    createNccClient(keeper, account.password, deps);
  const realTimeClient = clientOf(realTimeKeeper, realTime);
  const historicalClient = clientOf(historicalKeeper, historical);
  const readRealTime = createRealTimeReader(advanced);

  return {
    async readAgentStates() {
      return readRealTime(await realTimeClient.get(`${realTime.path}${advanced.realTimePath}`));
    },

    readQueueIntervals: (window) => askForHistorical(historicalClient, historical.path, window, advanced),

    readRoster: () => readRoster(historicalClient, { queues: advanced.queuesPath, users: advanced.usersPath }),
    readAgentEvents: null,
    warning: null,
  };
}

/** Classes of the states that the specification names; every other state is a custom one. */
const STATE_CLASSES = new Map<string, StateClass>([
  ['Available', 'ready'],
  ['Busy', 'contact'],
  ['Working', 'contact'],
  ['Wrapup', 'wrap-up'],
  ['Logged out', 'signed out'],
  ['Logged in', 'not ready'],
  ['No Answer', 'not ready'],
]);

export const nccSource: AcdSource<NccSettings> = {
  title: 'Nextiva NCC',
  form: nccForm,
  setUp: nccSetUp,
  settingsSchema: nccSettingsSchema,
  secrets: [
    { name: 'realTimePassword', what: 'password of the real-time group' },
    { name: 'historicalPassword', what: 'password of the historical group' },
  ],
  addresses: ({ realTime, historical }) => [
    { path: 'realTime.baseUrl', url: realTime.baseUrl, secrets: ['realTimePassword'] },
    { path: 'historical.baseUrl', url: historical.baseUrl, secrets: ['historicalPassword'] },
  ],
  traits: ({ realTime, advanced }) => ({
    agentStates: 'snapshots',
    pollIntervalS: realTime.collectionIntervalS,
    queueIntervals: 'asked',
    hasRoster: true,
    agentIdIsLoginId: false,
    windowsPerRequest: advanced.windowsPerRequest,
    handleTimeIsTakenForSeconds: advanced.handleTimeUnit === 'seconds',
  }),
  defaultStateClass: (name) => STATE_CLASSES.get(name) ?? 'not ready',
  isDocumentedState: (name) => STATE_CLASSES.has(name),
  open: openNcc,
};

type GroupAccount = Pick<NccAccount, 'origin' | 'username' | 'password'>;

interface Group {
  readonly account: GroupAccount;
  /** Path of the base URL: it belongs to the two WFM calls, not to the sign-in. */
  readonly path: string;
}

function groupOf(
  { baseUrl, username }: { readonly baseUrl: string; readonly username: string },
  password: string | undefined,
  name: string,
): Group {
  if (password === undefined || password === '') throw new Error(`The password of the ${name} group is not set.`);
  if (!URL.canParse(baseUrl)) throw new Error(`The base URL of the ${name} group is not an address.`);
  const { origin, pathname } = new URL(baseUrl);
  return { account: { origin, username, password }, path: pathname.replace(/\/+$/, '') };
}

function isSameAccount(a: GroupAccount, b: GroupAccount): boolean {
  return a.origin === b.origin && a.username === b.username && a.password === b.password;
}
