// A connection to Avaya CMS on the real Worker: its form, its settings, and its exports by push.
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readCmsExport } from '../../src/acd/avaya-cms/exports.ts';
import { avayaCmsSettingsSchema } from '../../src/acd/avaya-cms/settings.ts';
import { api, ask, CANARIES, createConnection, freshSite, NEW_CONNECTION, post, signIn } from './site.ts';

const CMS = { acd: { kind: 'avaya-cms' }, secrets: { accessKeySecret: CANARIES.accessKeySecret } };
const ADDRESS = '/connections/new?acd.kind=avaya-cms&wfm.kind=cxone-mpower';

let cookie: string;
beforeEach(async () => {
  await freshSite();
  cookie = await signIn();
});
afterEach(() => vi.restoreAllMocks());

/** The fields of the form as the page shows them. */
async function shownFields(): Promise<Record<string, string>> {
  const html = await (await ask(ADDRESS, { headers: { cookie } })).text();
  const fields: Record<string, string> = {};
  for (const [tag] of html.matchAll(/<input [^>]*>/g)) {
    const name = /name="([^"]*)"/.exec(tag)?.[1];
    const isOff = /type="checkbox"/.test(tag) && !/\schecked/.test(tag);
    if (name !== undefined && !isOff)
      fields[name] = /value="([^"]*)"/.exec(tag)?.[1]?.replaceAll('&quot;', '"').replaceAll('&amp;', '&') ?? '';
  }
  for (const [, name = '', options = ''] of html.matchAll(/<select [^>]*name="([^"]*)"[^>]*>([\s\S]*?)<\/select>/g)) {
    const selected =
      /<option [^>]*value="([^"]*)"[^>]*selected/.exec(options) ?? /<option [^>]*value="([^"]*)"/.exec(options);
    fields[name] = selected?.[1] ?? '';
  }
  return fields;
}

const filledIn = {
  name: 'Switch',
  timeZone: 'America/Chicago',
  'wfm.baseUrl': 'https://na1.nice-incontact.com',
  'wfm.accessKeyId': 'KEY-ID',
  'secrets.accessKeySecret': CANARIES.accessKeySecret,
};
const send = async (change: Record<string, string>) =>
  post('/connections/new', { ...(await shownFields()), ...filledIn, ...change }, { headers: { cookie } });
const settingsOf = async () => (await api<{ acd: object }>('GET', '/connections/1')).body.acd;

describe('the form', () => {
  it('as it is shown makes a connection with the defaults', async () => {
    const response = await send({});
    expect(response.status).toBe(303);
    expect(await settingsOf()).toEqual(avayaCmsSettingsSchema.parse({ kind: 'avaya-cms' }));
  });

  it('takes every setting', async () => {
    const pattern = '(?<login>\\d+),(?<state>\\d+)';
    const response = await send({
      ...{ 'acd.timeZone': '-06:00', 'acd.intervalMinutes': '30', 'acd.acdNumber': '2', 'acd.dateOrder': 'mdy' },
      ...{
        'acd.delimiter': 'tab',
        'acd.repeatedHour': 'first',
        'acd.feed.form': 'pattern',
        'acd.feed.pattern': pattern,
      },
      ...{ 'acd.sendsQueueIntervals': '', 'collection.reportMinutes': '30' },
    });
    expect(response.status).toBe(303);
    expect(await settingsOf()).toEqual({
      ...{ kind: 'avaya-cms', timeZone: '-06:00', intervalMinutes: 30, acdNumber: '2', dateOrder: 'mdy' },
      ...{ delimiter: 'tab', repeatedHour: 'first', feed: { form: 'pattern', pattern }, sendsQueueIntervals: false },
    });
  });

  it.each([
    ['acd.timeZone', { 'acd.timeZone': 'Mars/Olympus' }, 'an IANA time zone such as'],
    ['acd.acdNumber', { 'acd.acdNumber': 'two' }, 'the number of the ACD'],
    [
      'acd.feed.pattern',
      { 'acd.feed.form': 'pattern', 'acd.feed.pattern': '(a+)+' },
      'The pattern needs a group named',
    ],
    ['collection.reportMinutes', { 'acd.intervalMinutes': '30' }, 'reports need 30 minutes as well'],
  ])('says beside %s what is wrong', async (_, change, message) => {
    const response = await send(change);
    expect(response.status).toBe(422);
    expect((await response.text()).includes(message)).toBe(true);
  });
});

it('refuses intervals of 30 minutes with reports of 15 by the API as well', async () => {
  const acd = { kind: 'avaya-cms', intervalMinutes: 30 };
  const { status, body } = await api('POST', '/connections', { ...NEW_CONNECTION, ...CMS, acd });
  expect(status).toBe(400);
  expect(JSON.stringify(body)).toContain('reports need 30 minutes as well');
});

it('stores what an export holds, and nothing anew when it comes again', async () => {
  const id = await createConnection(CMS);
  const nowMs = Date.now();
  const startS = (Math.floor(nowMs / 900_000) - 4) * 900;
  const settings = avayaCmsSettingsSchema.parse({ kind: 'avaya-cms' });
  const hsplit = readCmsExport(
    `starttime_utc|split|acdcalls|abncalls|acdtime|holdtime|acwtime|anstime|acceptable|slvlabns\n${startS}|7|10|3|1200|60|300|90|8|1\n`,
    settings,
    nowMs,
  );
  const hagent = readCmsExport(
    `starttime_utc|split|logid|acdcalls|acdtime|holdtime|acwtime|ti_stafftime|ti_availtime|ti_auxtime\n${startS}|7|2001|10|1200|60|300|900|400|100\n`,
    settings,
    nowMs,
  );
  const counts = async () => {
    const sums = { added: 0, same: 0, refusedCount: 0 };
    for (const { records } of [hsplit, hagent]) {
      for (const [kind, list] of Object.entries(records)) {
        if (list.length === 0) continue;
        const given = list.map(({ record }) => record);
        const { body } = await api<typeof sums>('POST', `/connections/${id}/push/${kind}`, { records: given });
        sums.added += body.added;
        sums.same += body.same;
        sums.refusedCount += body.refusedCount;
      }
    }
    return sums;
  };
  expect(await counts()).toEqual({ added: 3, same: 0, refusedCount: 0 });
  expect(await counts()).toEqual({ added: 0, same: 3, refusedCount: 0 });
  const { results } = await env.DB.prepare('SELECT * FROM queue_interval').all();
  expect(results).toMatchObject([
    {
      start_ms: startS * 1_000,
      offered: 13,
      abandoned: 3,
      handle_time_ms: 1_260_000,
      handled_short: 8,
      handled_long: 2,
    },
  ]);
});

describe('an export that is uploaded on the Imports page', () => {
  async function upload(text: string): Promise<string> {
    const form = new FormData();
    form.set('export', new File([text], 'hsplit.csv', { type: 'text/csv' }));
    const response = await ask('/connections/1/imports/exports', {
      method: 'POST',
      headers: { cookie, origin: 'http://bridge.example' },
      body: form,
    });
    return await response.text();
  }

  it('is stored, twice without a change, and what was not taken is shown with its line', async () => {
    await createConnection(CMS);
    const startS = Math.floor(Date.now() / 1_000 / 900) * 900 - 7_200;
    const head =
      'starttime_utc,intrvl,acd,split,acdcalls,acdtime,holdtime,acwtime,anstime,abncalls,acceptable,slvlabns,incomplete';
    const row = `${startS},15,1,sales,10,600,60,30,50,2,8,1,0`;
    const first = await upload(`${head}\n${row}\n${startS},60,1,care,1,1,0,0,0,0,1,0,0\n`);
    expect(first).toContain('Figures of queues');
    expect(first).toContain('Not taken: 1');
    const stored = await env.DB.prepare(
      'SELECT offered, abandoned, handle_time_ms, handled_short, hold_time_ms FROM queue_interval',
    ).all();
    expect(stored.results).toEqual([
      { offered: 12, abandoned: 2, handle_time_ms: 660_000, handled_short: 8, hold_time_ms: 60_000 },
    ]);
    await upload(`${head}\n${row}\n`);
    expect(await env.DB.prepare('SELECT revision FROM queue_interval').first('revision')).toBe(1);
  });

  it('is no address of a connection to another source', async () => {
    await createConnection();
    expect(await upload('split')).toContain('takes no exports');
  });
});
