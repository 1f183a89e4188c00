/** A backfill: asked for, paused, resumed, cancelled. */
import { dayWindow, isDay } from '../../../src/domain/local-day.ts';
import { type BackfillOrder, orderBackfill, readBackfill } from '../../../src/store/backfill-requests.ts';
import { pokeCollector, type RoutedRequest, type Visit } from '../../app.ts';
import { askForBackfill } from '../../backfills.ts';
import { readForm } from '../../body.ts';
import { notFound, seeOther } from '../../respond.ts';
import { numberOf, whoOf } from '../asked.ts';
import { placeOf } from '../place.ts';
import { importsAnswer } from './page.tsx';

export async function startBackfill(request: RoutedRequest, visit: Visit): Promise<Response> {
  const place = await placeOf(request, visit, 'imports');
  const form = await readForm(request);
  const backfill = { from: form.get('from') ?? '', to: form.get('to') ?? '' };
  const errors = (['from', 'to'] as const).flatMap((path) =>
    isDay(backfill[path]) ? [] : [{ path, message: 'Enter a day, such as 2026-01-31.' }],
  );
  if (errors.length > 0) return importsAnswer(visit, place, { errors, backfill });
  const { timeZone } = place.moment;
  const range = { fromMs: dayWindow(backfill.from, timeZone).startMs, toMs: dayWindow(backfill.to, timeZone).endMs };
  const asked = await askForBackfill(visit.app, place.connection, range, whoOf(visit));
  if (!asked.ok) return importsAnswer(visit, place, { errors: [asked.error], backfill });
  return seeOther(`/connections/${place.connection.id}/imports?notice=backfill`);
}

/** A map, not an object: an address can name what every object has. */
const ORDERS: ReadonlyMap<string, BackfillOrder> = new Map([
  ['pause', 'pause'],
  ['resume', 'resume'],
  ['cancel', 'cancel'],
]);

export async function orderOneBackfill(request: RoutedRequest, visit: Visit): Promise<Response> {
  const { connection } = await placeOf(request, visit, 'imports');
  const order = ORDERS.get(request.params.order ?? '');
  const id = numberOf(request.params.backfill);
  const row = order && id !== null ? await readBackfill(visit.app.db, connection.id, id) : null;
  if (!order || !row) throw notFound('There is no such backfill.');
  await orderBackfill(visit.app.db, { connectionId: connection.id, id: row.id, order, ...whoOf(visit) });
  await pokeCollector(visit.app, connection.id);
  return seeOther(`/connections/${connection.id}/imports?notice=${order}`);
}
