/**
 * The calls that a careful client of both vendors makes, for tests of the stand-ins.
 */
import type { RunningMpower } from '../../simulators/mpower/start.ts';
import type { RunningNcc } from '../../simulators/ncc/start.ts';

export function basic(user = 'wfm@demo.example', password = 'demo-password'): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

export async function nccToken(ncc: RunningNcc): Promise<string> {
  const response = await fetch(`${ncc.url}/provider/token-with-authorities`, { headers: { authorization: basic() } });
  return ((await response.json()) as { token: string }).token;
}

export function nccGet(ncc: RunningNcc, token: string, path: string): Promise<Response> {
  return fetch(`${ncc.url}${path}`, { headers: { authorization: token } });
}

export async function control(url: string, path: string, body: unknown): Promise<Response> {
  return fetch(`${url}/_control/${path}`, { method: 'POST', body: JSON.stringify(body) });
}

export function post(url: string, body: unknown, token?: string): Promise<Response> {
  const headers = {
    'content-type': 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  return fetch(url, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) });
}

export const ACCESS_KEY = {
  accessKeyTokenRequest: { accessKeyId: 'DEMO-ACCESS-KEY-ID', accessKeySecret: 'demo-access-key-secret' },
};

export async function mpowerTokens(mpower: RunningMpower): Promise<{ access_token: string; refresh_token: string }> {
  const response = await post(`${mpower.url}/authentication/v1/token/access-key`, ACCESS_KEY);
  return (await response.json()) as { access_token: string; refresh_token: string };
}

/** The lines of a truth call. */
export async function truth<T>(url: string, path: string): Promise<T[]> {
  const text = await (await fetch(`${url}/_truth/${path}`)).text();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

/** A queue row as the source document's example has it. */
export function queueRow(overrides: Record<string, unknown> = {}) {
  return {
    queueValue: '8057',
    queueName: 'ChatSkill_11',
    isOutbound: false,
    contactsReceived: 1,
    abandonedShort: 0,
    abandonedLong: 0,
    handledShort: 1,
    handledLong: 0,
    handleTime: 276,
    workTime: 3,
    queueDelayTime: 405,
    svcLvlPct: 100,
    rightPartyHandleTime: 0,
    rightPartyContacts: 0,
    wrongPartyHandleTime: 0,
    wrongPartyContacts: 0,
    backlog: 0,
    backlogNotExpired: 0,
    backlogExpired: 0,
    holdTime: 0,
    active: 0,
    ...overrides,
  };
}

export function historicalBody(startMs: number, queueReport: unknown[], overrides: Record<string, unknown> = {}) {
  return {
    acdType: 'Generic_Nextiva',
    reportVersion: '0',
    startDate: new Date(startMs).toISOString(),
    endDate: new Date(startMs + 900_000).toISOString(),
    status: 'SUCCESS',
    statusReason: '',
    reportData: { queueReport, agentQueueReport: [], agentSystemPerformanceReport: [] },
    ...overrides,
  };
}
