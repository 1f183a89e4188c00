// Every GET of the API by its own document, with parameters for which there is something; and the calls that vendors
// answer rudely.
import type { Answers } from './answers.ts';
import { connection } from './bridge.ts';
import { ACCESS_KEY_ID, CREDENTIALS, LIVEVOX, USERNAME } from './canaries.ts';

const DAY_MS = 86_400_000;

/** What stands for the parameters of an address or a query: things of the connection that works. */
export interface Real {
  readonly connectionId: number;
  readonly intervalStart: string;
  readonly body: string;
  readonly agentId: number;
  readonly backfillId: number;
  readonly importId: number;
}

async function rows(answers: Answers, target: string): Promise<Record<string, unknown>[]> {
  return JSON.parse((await answers.call('GET', target)).text).rows;
}

/** Makes what is missing (an import, a schedule), and finds the rest: bodies as sent, intervals, agents, backfills. */
export async function findReal(answers: Answers, connectionId: number): Promise<Real> {
  const one = `/connections/${connectionId}`;
  const covered = await rows(answers, `${one}/coverage?${rangeAround()}&limit=1000`);
  for (const { start } of covered) {
    const { text } = await answers.call('GET', `${one}/coverage/intervals/${String(start)}`);
    const [body] = JSON.parse(text).bodies;
    if (body === undefined) continue;
    const [agent, other] = await rows(answers, `${one}/agents`);
    const [backfill] = await rows(answers, `${one}/backfills`);
    await answers.call('POST', `${one}/schedules`, {
      activities: [{ agent: String(agent?.loginId ?? other?.loginId), activity: 'Work', ...workToday() }],
    });
    const csv = `interval_start_utc,queue,offered,handled,total_handle_time_s\n${String(start)},none-such,1,1,60\n`;
    const made = await answers.call('POST', `${one}/imports`, { kind: 'intervals', fileName: 'past.csv', csv });
    return {
      connectionId,
      intervalStart: String(start),
      body: `stream=${body.stream}&start=${body.start}&revision=${body.revision}&part=${body.part}`,
      agentId: Number(agent?.id),
      backfillId: Number(backfill?.id),
      importId: Number(JSON.parse(made.text).id),
    };
  }
  throw new Error('No interval has a body that was sent.');
}

const dayOf = (atMs: number) => new Date(atMs).toISOString().slice(0, 10);
const rangeAround = () => `from=${dayOf(Date.now() - DAY_MS)}T00:00:00Z&to=${dayOf(Date.now() + DAY_MS)}T00:00:00Z`;
const workToday = () => ({ start: `${dayOf(Date.now())}T00:00:00Z`, end: `${dayOf(Date.now())}T08:00:00Z` });

/**
 * Asks every GET of the document, as JSON and as CSV, for the connection that works and for the others.
 * @returns the operations that gave no 200 for the one that works
 */
export async function walkApi(answers: Answers, real: Real, otherIds: readonly number[]): Promise<string[]> {
  const document = JSON.parse((await answers.page('/api/openapi.json')).text);
  const days = `from=${dayOf(Date.now() - DAY_MS)}&to=${dayOf(Date.now())}`;
  const queries = [
    '',
    `?${rangeAround()}`,
    `?${days}`,
    `?${real.body}`,
    `?agent=${real.agentId}&day=${dayOf(Date.now())}`,
  ];
  const unanswered: string[] = [];
  for (const [template, methods] of Object.entries<Record<string, unknown>>(document.paths)) {
    if (!('get' in methods)) continue;
    let isAnswered = false;
    for (const id of [real.connectionId, ...otherIds]) {
      const target = targetOf(template, { ...real, connectionId: id });
      for (const query of queries) {
        const { status } = await answers.call('GET', `${target}${query}`);
        if (status !== 200) continue;
        isAnswered ||= id === real.connectionId;
        await answers.call('GET', `${target}${query}${query === '' ? '?' : '&'}format=csv`);
        break;
      }
      if (target === targetOf(template, real) && id !== real.connectionId) break;
    }
    if (!isAnswered) unanswered.push(template);
  }
  return unanswered;
}

function targetOf(template: string, { connectionId, intervalStart, backfillId, importId }: Real): string {
  return template
    .replace('/api/v1', '')
    .replace('{connectionId}', String(connectionId))
    .replace('{start}', intervalStart)
    .replace('backfills/{id}', `backfills/${backfillId}`)
    .replace('imports/{id}', `imports/${importId}`);
}

/** Tests of settings and connections, of channels, records sent again, and changes that are refused. */
export async function provoke(answers: Answers, mirrorUrl: string, ids: readonly number[]): Promise<void> {
  for (const id of ids) {
    for (const group of ['real-time', 'historical', 'wfm']) {
      await answers.call('POST', `/connections/${id}/test`, { group });
    }
    for (const { id: record } of await rows(answers, `/connections/${id}/set-aside`)) {
      await answers.call('POST', `/connections/${id}/set-aside/${String(record)}/send-again`, {});
    }
    await answers.call('POST', `/connections/${id}/set-aside/send-again`, {});
  }
  // Each account may be refused once only: each time another one, and the mirror says it in another way.
  const refusing = mirrorUrl.replace('127.0.0.1', 'localhost');
  for (let turn = 0; turn < 12; turn += 1) {
    const base = turn < 10 ? refusing : mirrorUrl;
    const settings = connection(`try ${turn}`, base, base, CREDENTIALS);
    const { acd, wfm } = settings;
    const realTime = { ...acd.realTime, username: `${turn}-${USERNAME}` };
    const tried = { ...settings, acd: { ...acd, realTime }, wfm: { ...wfm, accessKeyId: `${turn}-${ACCESS_KEY_ID}` } };
    const advanced = { acdDetailsPath: '/details' };
    await answers.call('POST', '/connections/test', { ...tried, group: 'real-time' });
    await answers.call('POST', '/connections/test', { ...tried, wfm: { ...tried.wfm, advanced }, group: 'wfm' });
    const voices = { kind: 'livevox', baseUrl: base, clientName: 'C', username: `${turn}-lv` };
    await answers.call('POST', '/connections/test', {
      ...{ ...settings, acd: voices, group: 'real-time' },
      secrets: { ...LIVEVOX, accessKeySecret: CREDENTIALS.accessKeySecret },
    });
  }
  for (const { id } of await rows(answers, '/alert-channels')) {
    for (let turn = 0; turn < 5; turn += 1) await answers.call('POST', `/alert-channels/${String(id)}/test`, {});
  }
}

/** Changes that are refused. @returns those that were not */
export async function walkRefusals(answers: Answers, id: number): Promise<string[]> {
  const settings = connection('works', 'https://ncc.example.com', 'https://mpower.example.com', CREDENTIALS);
  const accepted: string[] = [];
  for (const [method, target, body] of [
    ['POST', '/connections', { ...settings, timeZone: 'Nowhere' }],
    ['POST', '/connections', settings],
    ['PUT', `/connections/${id}`, { ...settings, version: 999 }],
    ['POST', '/connections', { ...settings, secrets: { ...CREDENTIALS, pin: CREDENTIALS.accessKeySecret } }],
    ['POST', '/connections', { ...settings, name: { [CREDENTIALS.accessKeySecret]: CREDENTIALS.realTimePassword } }],
    ['POST', '/connections', { ...settings, acd: CREDENTIALS.realTimePassword }],
    ['POST', '/connections/test', { ...settings, group: CREDENTIALS.realTimePassword }],
  ] as const) {
    const { status } = await answers.call(method, target, body);
    if (status < 400) accepted.push(`${method} ${target}`);
  }
  return accepted;
}
