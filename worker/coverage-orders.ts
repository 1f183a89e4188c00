/** Orders about intervals, the same for pages and API: carried out, then the collector is told. */
import type { Window } from '../src/domain/interval.ts';
import { confirmAsQuiet, OrderRefused, readAgain, sendAgain } from '../src/jobs/coverage-orders.ts';
import type { ConnectionRow } from '../src/store/connections.ts';
import { type App, type Identity, pokeCollector } from './app.ts';
import { storedSettings } from './connection-settings.ts';
import { ProblemError } from './respond.ts';

export const ORDERS = ['read-again', 'send-again', 'confirm-quiet'] as const;
export type Order = (typeof ORDERS)[number];

export function isOrder(text: string): text is Order {
  return ORDERS.some((order) => order === text);
}

export type OrderOutcome =
  /** How many intervals or reports it is about; 0: there was nothing to do. */
  { readonly kind: 'done'; readonly count: number } | { readonly kind: 'refused'; readonly refusal: OrderRefused };

/** Carries out an order about the intervals of a span. Throws `ProblemError` where the connection's settings are no more valid. */
export async function carryOut(
  { app, nowMs, identity }: { app: App; nowMs: number; identity: Identity | null },
  connection: ConnectionRow,
  order: Order,
  window: Window,
): Promise<OrderOutcome> {
  const settings = storedSettings(connection);
  if (!settings) {
    const detail = 'The stored settings of the connection are not valid any more. Save them again first.';
    throw new ProblemError(409, 'Not possible now', detail);
  }
  const { retentionDays, reportMinutes } = settings.collection;
  const asked = { connectionId: connection.id, window, nowMs, by: identity?.by ?? 'nobody' };
  try {
    const count = await (order === 'read-again'
      ? readAgain(app.db, asked)
      : order === 'send-again'
        ? sendAgain(app.db, asked, retentionDays)
        : confirmAsQuiet(app.db, asked, reportMinutes));
    if (count > 0) await pokeCollector(app, connection.id);
    return { kind: 'done', count };
  } catch (error) {
    if (error instanceof OrderRefused) return { kind: 'refused', refusal: error };
    throw error;
  }
}
