// Sets the demo up through the product's own API, as any user would: one connection between the two stand-ins, and the
// last two hours loaded. A later start finds the connection and leaves it as its user has changed it, but for the
// addresses of the stand-ins, which may listen elsewhere by then.
import * as z from 'zod';
import { messageOf, StartRefused } from './start-refused.ts';

const REQUEST_TIMEOUT_MS = 15_000;
const INTERVAL_MS = 15 * 60_000;
/** How much of the past the demo loads. */
const BACKFILL_INTERVALS = 8;

/** The accounts of the demo: start.ts gives them to the stand-ins, the connection signs in with them. */
export const DEMO_ACCOUNTS = {
  ncc: { username: 'wfm@demo.example', password: 'demo-password' },
  mpower: { accessKeyId: 'DEMO-ACCESS-KEY-ID', accessKeySecret: 'demo-access-key-secret' },
} as const;

const DEMO_SECRETS = {
  realTimePassword: DEMO_ACCOUNTS.ncc.password,
  historicalPassword: DEMO_ACCOUNTS.ncc.password,
  accessKeySecret: DEMO_ACCOUNTS.mpower.accessKeySecret,
};

export interface DemoOptions {
  /** Address of the bridge. */
  readonly url: string;
  readonly apiToken: string;
  readonly nccUrl: string;
  readonly mpowerUrl: string;
  readonly nowMs: number;
}

const DEMO_NAME = 'Demo contact centre';

const connectionSchema = z.looseObject({ id: z.number() });
const connectionListSchema = z.looseObject({ rows: z.array(z.looseObject({ id: z.number(), name: z.string() })) });
/** The part of a connection that is needed to send it back with other addresses. */
const settingsSchema = z.object({
  name: z.string(),
  timeZone: z.string(),
  acd: z.looseObject({
    realTime: z.looseObject({ baseUrl: z.string() }),
    historical: z.looseObject({ baseUrl: z.string() }),
  }),
  wfm: z.looseObject({ baseUrl: z.string() }),
  collection: z.unknown(),
  version: z.number(),
});

/** What the set-up did: made the connection, told it the stand-ins' new addresses, or left everything as it was. */
export type DemoOutcome = 'made' | 'moved' | 'kept';

/**
 * Makes the demo connection and asks for its backfill, when there is no connection yet.
 * @throws StartRefused with method, path, status and the problem's text
 */
export async function setUpDemo(options: DemoOptions): Promise<DemoOutcome> {
  const { rows } = connectionListSchema.parse(await call(options, 'GET', '/api/v1/connections'));
  const demo = rows.find(({ name }) => name === DEMO_NAME);
  if (demo !== undefined) return followStandIns(options, demo.id);
  if (rows.length > 0) return 'kept';
  const created = await call(options, 'POST', '/api/v1/connections', demoConnection(options));
  const { id } = connectionSchema.parse(created);
  const toMs = Math.floor(options.nowMs / INTERVAL_MS) * INTERVAL_MS;
  await call(options, 'POST', `/api/v1/connections/${id}/backfills`, {
    from: new Date(toMs - BACKFILL_INTERVALS * INTERVAL_MS).toISOString(),
    to: new Date(toMs).toISOString(),
  });
  return 'made';
}

async function followStandIns(options: DemoOptions, id: number): Promise<DemoOutcome> {
  const path = `/api/v1/connections/${id}`;
  const { acd, wfm, ...others } = settingsSchema.parse(await call(options, 'GET', path));
  const { nccUrl, mpowerUrl } = options;
  const areSame = acd.realTime.baseUrl === nccUrl && acd.historical.baseUrl === nccUrl && wfm.baseUrl === mpowerUrl;
  if (areSame) return 'kept';
  await call(options, 'PUT', path, {
    ...others,
    acd: {
      ...acd,
      realTime: { ...acd.realTime, baseUrl: nccUrl },
      historical: { ...acd.historical, baseUrl: nccUrl },
    },
    wfm: { ...wfm, baseUrl: mpowerUrl },
    secrets: DEMO_SECRETS,
  });
  return 'moved';
}

function demoConnection({ nccUrl, mpowerUrl }: DemoOptions) {
  const { ncc, mpower } = DEMO_ACCOUNTS;
  return {
    name: DEMO_NAME,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    acd: {
      kind: 'nextiva-ncc',
      realTime: { baseUrl: nccUrl, username: ncc.username, collectionIntervalS: 5 },
      historical: { baseUrl: nccUrl, username: ncc.username },
    },
    wfm: { kind: 'cxone-mpower', baseUrl: mpowerUrl, accessKeyId: mpower.accessKeyId },
    secrets: DEMO_SECRETS,
  };
}

async function call(options: DemoOptions, method: string, path: string, body?: unknown): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(new URL(path, options.url), {
      method,
      headers: {
        authorization: `Bearer ${options.apiToken}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
  } catch (cause) {
    throw new StartRefused(`The demo cannot be set up: ${method} ${path} got no answer (${messageOf(cause)}).`, {
      cause,
    });
  }
  const text = await response.text();
  if (!response.ok)
    throw new StartRefused(
      `The demo cannot be set up: ${method} ${path} was answered with ${response.status}: ${text.slice(0, 500)}`,
    );
  return text === '' ? undefined : JSON.parse(text);
}
