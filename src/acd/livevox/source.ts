/**
 * LiveVox as a source: it tells what agents did since a cursor, and who and what there is. Its interval figures are not
 * asked for: the fields of its reports are not published, so they come by push or import.
 */
import type { UpstreamDeps } from '../../http/deps.ts';
import type { Acd } from '../acd.ts';
import type { AcdSource } from '../source.ts';
import { readEvents } from './events.ts';
import { liveVoxForm, liveVoxSetUp } from './form.ts';
import { createRosterReader } from './roster.ts';
import { createLiveVoxSession } from './session.ts';
import { LIVEVOX_SECRETS, type LiveVoxSettings, liveVoxSettingsSchema } from './settings.ts';
import { isLiveVoxState, liveVoxStateClass } from './states.ts';

/** LiveVox has events and a roster to ask for, and a password that expires. */
export type LiveVoxAcd = {
  [K in keyof Acd]: K extends 'readAgentEvents' | 'readRoster' | 'warning' ? NonNullable<Acd[K]> : Acd[K];
};

/**
 * Opens a source. `secrets` holds `liveVoxPassword` and `liveVoxAccessToken`; throws an `Error` when one is missing or the
 * base URL is none, which the settings' own checks rule out.
 */
export function openLiveVox(
  settings: LiveVoxSettings,
  secrets: Readonly<Record<string, string>>,
  deps: UpstreamDeps,
): LiveVoxAcd {
  const password = required(secrets.liveVoxPassword, 'password');
  const accessToken = required(secrets.liveVoxAccessToken, 'access token').trim();
  if (!URL.canParse(settings.baseUrl)) throw new Error('The base URL of LiveVox is not an address.');
  const baseUrl = settings.baseUrl.replace(/\/+$/, '');
  const session = createLiveVoxSession(settings, baseUrl, { password, accessToken }, deps);
  const readRoster = createRosterReader(settings.advanced);
  return {
    readAgentEvents: (cursor) => readEvents(session, cursor, settings.advanced),
    readRoster: () => readRoster(session),
    warning: () => session.passwordWarning(),
    readAgentStates: null,
    readQueueIntervals: null,
  };
}

export const liveVoxSource: AcdSource<LiveVoxSettings> = {
  title: 'LiveVox',
  form: liveVoxForm,
  setUp: liveVoxSetUp,
  settingsSchema: liveVoxSettingsSchema,
  secrets: LIVEVOX_SECRETS,
  addresses: ({ baseUrl }) => [{ path: 'baseUrl', url: baseUrl, secrets: LIVEVOX_SECRETS.map(({ name }) => name) }],
  traits: ({ collectionIntervalS, sendsQueueIntervals }) => ({
    agentStates: 'events',
    pollIntervalS: collectionIntervalS,
    queueIntervals: sendsQueueIntervals ? 'pushed' : 'none',
    hasRoster: true,
    agentIdIsLoginId: false,
    windowsPerRequest: 1,
    handleTimeIsTakenForSeconds: false,
  }),
  defaultStateClass: liveVoxStateClass,
  isDocumentedState: isLiveVoxState,
  open: openLiveVox,
};

function required(secret: string | undefined, what: string): string {
  if (secret === undefined || secret.trim() === '') throw new Error(`The ${what} of LiveVox is not set.`);
  return secret;
}
