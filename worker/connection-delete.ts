/** Deleting a connection for good, the same for page and API. */
import { type ConnectionRow, deleteConnection, setPaused } from '../src/store/connections.ts';
import { emptyConnectionStep } from '../src/store/empty-connection.ts';
import { type App, pokeCollector } from './app.ts';

/** So long a person waits; a connection with years of data may take several goes. */
const AT_ONCE_MS = 20_000;

/**
 * Pauses the connection, removes what it collected, and then the connection. Resolves to false when there was too much
 * for one go: the connection stays, paused, with less in it, and the next go carries on.
 */
export async function removeConnectionForGood(
  app: App,
  { id }: Pick<ConnectionRow, 'id'>,
  who: { readonly nowMs: number; readonly by: string },
): Promise<boolean> {
  await setPaused(app.db, { id, paused: true, ...who });
  await pokeCollector(app, id);
  const untilMs = app.clock.nowMs() + AT_ONCE_MS;
  while (await emptyConnectionStep(app.db, id)) {
    if (app.clock.nowMs() >= untilMs) return false;
  }
  await deleteConnection(app.db, { id, ...who });
  await pokeCollector(app, id);
  return true;
}
