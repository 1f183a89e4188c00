// The built product as a process, with secrets that stand out, and a client for its API.
import type { Stage, StartedProcess } from '../../host/support/stage.ts';

/** Texts that occur nowhere by chance: wherever one turns up, a secret has leaked. */
export const SECRETS = {
  ADMIN_PASSWORD: 'canary-admin-Zq7vRk2mWx',
  API_TOKEN: 'canary-token-Hp3nTj8sLb-0123456789abcdef',
  ENCRYPTION_KEY: Buffer.from('canary-encryption-key-Yd5cFg9uQ!').toString('base64'),
} as const;

export const CREDENTIALS = {
  realTimePassword: 'canary-realtime-Bw4kXs6',
  historicalPassword: 'canary-historical-Nv9eJr1',
  accessKeySecret: 'canary-accesskey-Uc2hPz7',
} as const;

export function startBridge(
  stage: Stage,
  environment: Readonly<Record<string, string>> = {},
  dataDirectory?: string,
): Promise<StartedProcess> {
  return stage.startHost({
    environment: { ...SECRETS, ...environment },
    ...(dataDirectory !== undefined && { dataDirectory }),
  });
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

/** A request with the deployment's token. */
export async function api(url: string, method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(`${url}/api/v1${path}`, {
    method,
    redirect: 'manual',
    headers: {
      authorization: `Bearer ${SECRETS.API_TOKEN}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

/** A connection's settings for the API. */
export function connection(
  name: string,
  nccUrl: string,
  wfmUrl: string,
  secrets: Readonly<Record<string, string>> = CREDENTIALS,
) {
  const username = 'canary-user@example.com';
  return {
    name,
    timeZone: 'UTC',
    acd: {
      kind: 'nextiva-ncc',
      realTime: { baseUrl: nccUrl, username, collectionIntervalS: 3 },
      historical: { baseUrl: nccUrl, username },
    },
    wfm: { kind: 'cxone-mpower', baseUrl: wfmUrl, accessKeyId: 'canary-key-id' },
    secrets,
  };
}

/** Creates one; its id. */
export async function createConnection(url: string, settings: object): Promise<number> {
  const { status, text } = await api(url, 'POST', '/connections', settings);
  if (status !== 201) throw new Error(`The connection was not created: ${status} ${text}`);
  return JSON.parse(text).id;
}

/** The administrator's cookie. */
export async function signIn(url: string, password: string = SECRETS.ADMIN_PASSWORD): Promise<string> {
  const response = await fetch(`${url}/sign-in`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: url },
    body: new URLSearchParams({ password }),
  });
  const cookie = response.headers.getSetCookie()[0]?.split(';')[0];
  if (cookie === undefined) throw new Error(`Nobody was signed in: ${response.status}.`);
  return cookie;
}
