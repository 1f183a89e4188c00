/** What a request's handler is handed: the settings, the bindings, the clock, and who is asking. */
import type { KeyedSealer } from '../src/crypto/seal.ts';
import type { Applied, GivenRecords } from '../src/jobs/apply-records.ts';
import type { Clock, Fetch } from '../src/runtime.ts';
import type { TokenScope } from '../src/store/api-tokens.ts';
import { log, type NoteRefusal } from './log.ts';
import type { Settings } from './settings.ts';

/** What became of records; `ok` false: they do not belong to this connection, `message` says why. */
export type PushResult =
  | { readonly ok: true; readonly applied: Applied }
  | { readonly ok: false; readonly message: string };

/** The calls that pages and API make to a connection's collector (worker/collector.ts). */
export interface CollectorCalls {
  /** Looks at the connection anew and goes on: after settings, mapping, a backfill or a pause changed. */
  wake(): Promise<unknown>;
  /** Asks for the roster at the next opportunity. */
  importRoster(): Promise<unknown>;
  /** Sends a record that was set aside once more. */
  sendAgain(setAsideId: number): Promise<{ readonly ok: boolean; readonly message: string }>;
  /** Stores records that somebody gives. Rejects when nobody knows whether they were stored. */
  push(given: GivenRecords): Promise<PushResult>;
}

export interface App {
  readonly settings: Settings;
  readonly db: D1Database;
  readonly sealer: KeyedSealer;
  readonly clock: Clock;
  readonly fetch: Fetch;
  readonly collector: (connectionId: number) => CollectorCalls;
  readonly noteRefusal: NoteRefusal;
}

/** Who asks. `by` is how the diary names them. */
export type Identity =
  | { readonly kind: 'administrator'; readonly by: string; readonly sessionId: string }
  | { readonly kind: 'access'; readonly by: string }
  | { readonly kind: 'token'; readonly by: string; readonly scope: TokenScope };

/** A request with the parameters of its route. */
export type RoutedRequest = Request & { readonly params: Readonly<Record<string, string>> };

/** One request on its way through the router. */
export interface Visit {
  readonly app: App;
  readonly url: URL;
  readonly nowMs: number;
  /** The address that the request came from, as the platform tells it. */
  readonly address: string;
  readonly identity: Identity | null;
}

/**
 * Tells a connection's collector that something changed. A collector that cannot be told is no failure of the change:
 * the minute job wakes it.
 */
export async function pokeCollector(app: App, connectionId: number): Promise<void> {
  await callCollector(app, connectionId, (collector) => collector.wake());
}

/** What a collector answers; null, with the reason in the log, when it cannot be reached. */
export async function callCollector<T>(
  app: App,
  connectionId: number,
  call: (collector: CollectorCalls) => Promise<T>,
): Promise<{ readonly answer: T } | null> {
  try {
    return { answer: await call(app.collector(connectionId)) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log({ level: 'warn', message: 'The collector of a connection could not be told.', connectionId, detail: reason });
    return null;
  }
}
