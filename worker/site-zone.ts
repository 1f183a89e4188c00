/** The time zone of pages that are about no single connection. */
import type { ConnectionRow } from '../src/store/connections.ts';
import { storedSettings } from './connection-settings.ts';

/** The zone that all connections share; UTC where they do not, or where there are none. */
export function siteZone(connections: readonly ConnectionRow[]): string {
  const zones = new Set(connections.map((connection) => storedSettings(connection)?.timeZone ?? 'UTC'));
  const [first = 'UTC'] = zones;
  return zones.size === 1 ? first : 'UTC';
}
