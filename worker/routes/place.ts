/** Where in the site a request is: the connection that its address names, and what every page of a connection shows. */
import { type ConnectionRow, readConnection } from '../../src/store/connections.ts';
import type { RoutedRequest, Visit } from '../app.ts';
import { storedSettings } from '../connection-settings.ts';
import type { ConnectionFrame, ConnectionSection } from '../pages/layout.tsx';
import type { Moment } from '../pages/ui/time.tsx';
import { notFound } from '../respond.ts';

/** A page of a connection: which connection, how it shows time, and its frame. */
export interface Place {
  readonly connection: ConnectionRow;
  readonly moment: Moment;
  readonly frame: ConnectionFrame;
}

/** The place of a request to `/connections/:id/…`. Throws 404 where there is no such connection. */
export async function placeOf(request: RoutedRequest, visit: Visit, section: ConnectionSection): Promise<Place> {
  const { id = '' } = request.params;
  const connection = /^\d{1,15}$/.test(id) ? await readConnection(visit.app.db, Number(id)) : null;
  if (!connection) throw notFound('There is no such connection. It may have been deleted.');
  const timeZone = storedSettings(connection)?.timeZone ?? 'UTC';
  const { name, paused } = connection;
  return {
    connection,
    moment: { timeZone, nowMs: visit.nowMs },
    frame: { id: connection.id, name, paused, section },
  };
}
