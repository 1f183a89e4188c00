/** Importing the roster by hand: the collector is asked, and the audit says by whom. */
import { recordAudit } from '../../src/store/audit.ts';
import { type App, callCollector, type Identity } from '../app.ts';
import { ProblemError } from '../respond.ts';

/** Asks for the roster now. Throws `ProblemError` 503 when the collector cannot be reached. */
export async function importRosterNow(
  { app, nowMs, identity }: { app: App; nowMs: number; identity: Identity | null },
  connectionId: number,
): Promise<void> {
  const told = await callCollector(app, connectionId, (collector) => collector.importRoster());
  if (!told) throw new ProblemError(503, 'Not now', 'The collector could not be reached. Try again in a minute.');
  const by = identity?.by ?? 'nobody';
  const entry = { by, atMs: nowMs, action: 'roster import asked for', connectionId, detail: '' };
  await recordAudit(app.db, entry).run();
}
