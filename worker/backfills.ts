/** Asking for a backfill, the same for form and API: the range is widened to whole intervals that have ended. */
import { acdTitle, acdTraits } from '../src/acd/registry.ts';
import { ceilToGrid, DAY_MS, floorToGrid } from '../src/domain/interval.ts';
import { type BackfillRow, createBackfill } from '../src/store/backfill-requests.ts';
import type { ConnectionRow } from '../src/store/connections.ts';
import { type App, pokeCollector } from './app.ts';
import { storedSettings } from './connection-settings.ts';
import type { FieldError } from './respond.ts';

const BACKFILL_RANGE_MAX_MS = 3 * 366 * DAY_MS;

export type AskedBackfill =
  | { readonly ok: true; readonly row: BackfillRow }
  | { readonly ok: false; readonly error: FieldError };

/** Stores a backfill of `[fromMs, toMs)` and tells the collector. `error.path` is `from` or `to`. */
export async function askForBackfill(
  app: App,
  connection: ConnectionRow,
  range: { fromMs: number; toMs: number },
  who: { nowMs: number; by: string },
): Promise<AskedBackfill> {
  const settings = storedSettings(connection);
  if (settings && acdTraits(settings.acd).queueIntervals !== 'asked') {
    const message = `${acdTitle(settings.acd.kind)} is not asked for figures. Send past ones by push, or import them from a file.`;
    return { ok: false, error: { path: 'from', message } };
  }
  const fromMs = floorToGrid(range.fromMs);
  const toMs = Math.min(ceilToGrid(range.toMs), floorToGrid(who.nowMs));
  if (fromMs < 0 || toMs <= fromMs) {
    return { ok: false, error: { path: 'to', message: 'The range must hold at least one interval that has ended.' } };
  }
  if (toMs - fromMs > BACKFILL_RANGE_MAX_MS) {
    return { ok: false, error: { path: 'from', message: 'The range may be three years long at most.' } };
  }
  const row = await createBackfill(app.db, { connectionId: connection.id, fromMs, toMs, ...who });
  if (!row) throw new Error('The database stored a backfill and returned none.');
  await pokeCollector(app, connection.id);
  return { ok: true, row };
}
