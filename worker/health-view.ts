/** How each connection is doing, ready to be shown: stored facts, settings and the verdict on both. */
import { acdSecrets, acdSetUp, acdTitle, acdTraits } from '../src/acd/registry.ts';
import { type ConnectionSettings, connectionSecretNames } from '../src/connection.ts';
import type { HealthSettings } from '../src/domain/finding.ts';
import { assessHealth, type Health } from '../src/domain/health.ts';
import type { ConnectionFacts, FeedName } from '../src/domain/health-facts.ts';
import { type ConnectionRow, listConnections } from '../src/store/connections.ts';
import { readOverview } from '../src/store/overview.ts';
import { wfmTitle } from '../src/wfm/registry.ts';
import { storedSettings } from './connection-settings.ts';

export interface ConnectionHealth {
  readonly facts: ConnectionFacts;
  readonly health: Health;
  /** Null when the stored settings are not valid any more. */
  readonly settings: ConnectionSettings | null;
  readonly timeZone: string;
}

/** The health of all connections at `nowMs`, oldest connection first. */
export async function readHealth(db: D1Database, nowMs: number): Promise<ConnectionHealth[]> {
  const [connections, facts] = await Promise.all([listConnections(db), readOverview(db, nowMs)]);
  return facts.flatMap((fact) => {
    const connection = connections.find(({ id }) => id === fact.connectionId);
    if (!connection) return [];
    const settings = storedSettings(connection);
    const health = assessHealth(fact, healthSettings(connection, settings), nowMs);
    return [{ facts: fact, health, settings, timeZone: settings?.timeZone ?? 'UTC' }];
  });
}

/** What a secret is called in a sentence. Those of destinations are access keys' secrets. */
function secretWords({ acd }: ConnectionSettings, name: string): string {
  return `the ${acdSecrets(acd.kind).find((secret) => secret.name === name)?.what ?? 'access key secret'}`;
}

const USUAL_CREDENTIALS = 'the user name or password';

function healthSettings(connection: ConnectionRow, settings: ConnectionSettings | null): HealthSettings {
  const stored = new Set(connection.secrets.map(({ name }) => name));
  if (settings === null) {
    return {
      missing: ['its stored settings are not valid any more'],
      collectionIntervalMs: 5_000,
      settleDelayMs: 120_000,
      acdName: 'The ACD',
      wfmName: 'The WFM',
      areFiguresAsked: true,
      credentialsOf: { 'agent-states': USUAL_CREDENTIALS, intervals: USUAL_CREDENTIALS, roster: USUAL_CREDENTIALS },
    };
  }
  const { acd, wfm, collection } = settings;
  const { pollIntervalS, queueIntervals } = acdTraits(acd);
  const credentials = acdSetUp(acd.kind).credentials;
  const credentialsOf = (feed: FeedName) => credentials?.[feed] ?? USUAL_CREDENTIALS;
  return {
    missing: connectionSecretNames(settings)
      .filter((name) => !stored.has(name))
      .map((name) => `${secretWords(settings, name)} is not stored`),
    collectionIntervalMs: pollIntervalS * 1_000,
    settleDelayMs: collection.settleDelayS * 1_000,
    acdName: acdTitle(acd.kind),
    wfmName: wfmTitle(wfm.kind),
    areFiguresAsked: queueIntervals === 'asked',
    credentialsOf: {
      'agent-states': credentialsOf('agent-states'),
      intervals: credentialsOf('intervals'),
      roster: credentialsOf('roster'),
    },
  };
}
