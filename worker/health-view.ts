/** How each connection is doing, ready to be shown: stored facts, settings and the verdict on both. */
import { acdTitle, acdTraits } from '../src/acd/registry.ts';
import { type ConnectionSettings, connectionSecretNames } from '../src/connection.ts';
import { assessHealth, type Health } from '../src/domain/health.ts';
import type { ConnectionFacts } from '../src/domain/health-facts.ts';
import type { HealthSettings } from '../src/domain/health-findings.ts';
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

const SECRET_LABELS: Readonly<Record<string, string>> = {
  realTimePassword: 'the password of the real-time group',
  historicalPassword: 'the password of the historical group',
  accessKeySecret: 'the access key secret',
};

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

function healthSettings(connection: ConnectionRow, settings: ConnectionSettings | null): HealthSettings {
  const stored = new Set(connection.secrets.map(({ name }) => name));
  const missing =
    settings === null
      ? ['its stored settings are not valid any more']
      : connectionSecretNames(settings)
          .filter((name) => !stored.has(name))
          .map((name) => `${SECRET_LABELS[name] ?? name} is not stored`);
  return {
    missing,
    collectionIntervalMs: (settings ? acdTraits(settings.acd).pollIntervalS : 5) * 1_000,
    settleDelayMs: (settings?.collection.settleDelayS ?? 120) * 1_000,
    acdName: settings ? acdTitle(settings.acd.kind) : 'The ACD',
    wfmName: settings ? wfmTitle(settings.wfm.kind) : 'The WFM',
    accountOf: {
      'agent-states': 'of the real-time group',
      intervals: 'of the historical group',
      roster: 'of the historical group',
    },
  };
}
