import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectionSettingsSchema } from '../../src/connection.ts';
import { DEFAULT_KINDS, formOf } from '../../worker/pages/connection-fields.ts';
import { answersSeen, api, ask, CANARIES, createConnection, freshSite, NEW_CONNECTION, post, signIn } from './site.ts';

/** What the vendors answer, by path; every request that left is kept. */
const vendors = { answers: new Map<string, () => Response>(), seen: [] as { path: string; body: string }[] };
let cookie = '';

beforeEach(async () => {
  await freshSite();
  // The connections of these tests stay paused: no collector asks on its own account.
  vendors.answers.clear();
  vendors.seen.length = 0;
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const request = new Request(input, init);
    const { pathname } = new URL(request.url);
    const answer = vendors.answers.get(pathname);
    vendors.seen.push({ path: pathname, body: await request.text() });
    if (!answer) return Response.json({ message: `There is no ${pathname}.` }, { status: 404 });
    return answer();
  });
  cookie = await signIn();
});
afterEach(() => {
  vi.restoreAllMocks();
});

const SIGN_IN = '/provider/token-with-authorities';
const ACCESS_KEY = '/authentication/v1/token/access-key';

function allAnswer(): void {
  const token = () => Response.json({ token: 'ncc-token', location: 'https://c1.example.com' });
  vendors.answers.set(SIGN_IN, token);
  vendors.answers.set('/wfm/realTime', () =>
    Response.json([
      { 'agent-id': 'u1', 'agent-status': 'Available' },
      { 'agent-id': '<b>u2</b>', 'agent-status': 'Kaffee' },
    ]),
  );
  vendors.answers.set('/wfm/historical', () =>
    Response.json([
      { 'queue-id': 'q1', 'queue-name': 'Sales', sumHandleTime: 600, enteredCount: 10, abandonedCount: 2 },
    ]),
  );
  vendors.answers.set(ACCESS_KEY, () => Response.json({ access_token: 'wfm-token', expires_in: 3_600 }));
}

/** A form's fields for the settings that tests use. */
function fields(change: Record<string, string> = {}): Record<string, string> {
  const { acd, wfm } = NEW_CONNECTION;
  return {
    name: 'Acme',
    timeZone: 'America/Chicago',
    'acd.realTime.baseUrl': acd.realTime.baseUrl,
    'acd.realTime.username': acd.realTime.username,
    'acd.realTime.collectionIntervalS': '5',
    'acd.historical.baseUrl': acd.historical.baseUrl,
    'acd.historical.username': acd.historical.username,
    'wfm.baseUrl': wfm.baseUrl,
    'wfm.accessKeyId': wfm.accessKeyId,
    ...change,
  };
}

/** The fields of Advanced as the page shows them, so that a form is whole. */
async function advanced(): Promise<Record<string, string>> {
  const html = await (await ask('/connections/new', { headers: { cookie } })).text();
  const found: Record<string, string> = {};
  for (const [, attributes = ''] of html.matchAll(/<input ([^>]*)>/g)) {
    const name = /\bname="([^"]*)"/.exec(attributes)?.[1] ?? '';
    const value = /\bvalue="([^"]*)"/.exec(attributes)?.[1] ?? '';
    if (/^(?:acd|wfm)\.advanced\.|^wfm\.acd|^collection\./.test(name) && !attributes.includes('type="checkbox"')) {
      found[name] = value.replaceAll('&quot;', '"').replaceAll('&amp;', '&');
    }
  }
  return {
    ...found,
    'collection.reportMinutes': '15',
    'acd.advanced.handleTimeUnit': 'seconds',
    'acd.advanced.historicalMethod': 'GET',
  };
}

async function paused(change: Record<string, unknown> = {}): Promise<number> {
  const id = await createConnection(change);
  await api('POST', `/connections/${id}/pause`);
  return id;
}

const test = async (address: string, form: Record<string, string>) =>
  post(address, { ...(await advanced()), ...form }, { headers: { cookie } });

it('the form has a field for every setting, and says of each advanced one what follows from it', async () => {
  const { secrets: _, ...given } = NEW_CONNECTION;
  const settings = connectionSettingsSchema.parse(given);
  const leaves = (value: object, prefix = ''): string[] =>
    Object.entries(value).flatMap(([key, item]) =>
      typeof item === 'object' && !Array.isArray(item) ? leaves(item, `${prefix}${key}.`) : [`${prefix}${key}`],
    );
  const names = formOf(DEFAULT_KINDS).all.map(({ name }) => name);
  const wanted = leaves(settings).filter((name) => !name.endsWith('kind'));
  expect(wanted.filter((name) => !names.includes(name))).toEqual([]);
  for (const { name, help } of formOf(DEFAULT_KINDS).all) {
    if (/advanced|^collection/.test(name)) expect([name, (help ?? '').length > 10]).toEqual([name, true]);
  }
});

describe('a test of a group', () => {
  it('of agent states signs in, shows the rows as they are understood and the body, and sends and stores nothing', async () => {
    allAnswer();
    const form = fields({ 'secrets.realTimePassword': CANARIES.realTimePassword });
    const response = await test('/connections/new/test/real-time', form);
    expect(response.status).toBe(200);
    const html = await response.text();
    expect(html).toContain('read the states of 2 agents');
    expect(html).toContain('&lt;b>u2&lt;/b>');
    expect(html).not.toContain('<b>u2');
    expect(html).toContain('&quot;eventCode&quot;: &quot;Kaffee&quot;');
    // The form is as it was typed, but for the secret.
    expect(html).toContain('value="rt@example.com"');
    expect(answersSeen.join('\n')).not.toContain(CANARIES.realTimePassword);
    expect(vendors.seen.map(({ path }) => path)).toEqual([SIGN_IN, '/wfm/realTime']);
    expect((await api<{ rows: unknown[] }>('GET', '/connections')).body.rows).toEqual([]);
  });

  it('of figures warns of what cannot be right, such as handle times of hours', async () => {
    allAnswer();
    vendors.answers.set('/wfm/historical', () =>
      Response.json([
        { 'queue-id': 'q1', sumHandleTime: 90_000_000, enteredCount: 10, abandonedCount: 0 },
        { 'queue-id': 'q2', sumHandleTime: -1, enteredCount: 1, abandonedCount: 0 },
      ]),
    );
    const form = fields({ 'secrets.historicalPassword': 'x' });
    const html = await (await test('/connections/new/test/historical', form)).text();
    expect(html).toContain('hours a contact');
    expect(html).toContain('1 row could not be read');
    expect(html).toContain('&quot;queueReport&quot;');
  });

  it('of the WFM signs in and posts no report; the ACD details are asked where a path says so', async () => {
    allAnswer();
    vendors.answers.set('/acd/types', () => Response.json({ acdTypes: [{ name: 'Generic_Other' }] }));
    const form = fields({ 'secrets.accessKeySecret': 'x', 'wfm.advanced.acdDetailsPath': '/acd/types' });
    const html = await (await test('/connections/new/test/wfm', form)).text();
    expect(html).toContain('Signed in with the access key.');
    expect(html).toContain('CXone names other ACD types than Generic_Nextiva: Generic_Other.');
    expect(vendors.seen.map(({ path }) => path)).toEqual([ACCESS_KEY, '/acd/types']);
  });

  it('says in words what was refused, and asks no second time with credentials that were refused', async () => {
    const id = await paused();
    vendors.answers.set(SIGN_IN, () => Response.json({ message: 'Bad credentials' }, { status: 401 }));
    vendors.seen.length = 0;
    for (let i = 0; i < 3; i += 1) {
      const html = await (await test(`/connections/${id}/test/real-time`, fields())).text();
      expect(html).toContain('The test failed.');
      expect(html).toContain('Bad credentials');
    }
    expect(vendors.seen).toHaveLength(1);
  });

  it('needs its own group only, and names what is missing in it', async () => {
    const response = await test('/connections/new/test/wfm', { 'wfm.baseUrl': 'https://na1.nice-incontact.com' });
    const html = await response.text();
    expect(html).toContain('Not tested.');
    expect(html).toContain('Enter the access key id.');
    expect(html).not.toContain('Enter the user name.');
    expect(vendors.seen).toEqual([]);
  });

  it('does not mind what is missing or wrong in the other group of the same source', async () => {
    allAnswer();
    const other = {
      'acd.realTime.baseUrl': '',
      'acd.realTime.username': '',
      'acd.realTime.collectionIntervalS': 'soon',
    };
    const form = fields({ ...other, 'secrets.historicalPassword': 'x' });
    const html = await (await test('/connections/new/test/historical', form)).text();
    expect(html).not.toContain('Not tested.');
    expect(html).toContain('&quot;queueReport&quot;');
  });

  it('never sends a stored secret to another host than the one it was entered for', async () => {
    allAnswer();
    const id = await paused();
    vendors.seen.length = 0;
    const form = fields({ 'acd.realTime.baseUrl': 'https://evil.example/wfm' });
    const html = await (await test(`/connections/${id}/test/real-time`, form)).text();
    expect(html).toContain('The base URL leads to another host now');
    expect(vendors.seen).toEqual([]);
  });

  it('answers a browser with script with its result alone', async () => {
    allAnswer();
    const id = await paused();
    const response = await post(
      `/connections/${id}/test/wfm`,
      { ...(await advanced()), ...fields() },
      { headers: { cookie, 'hx-request': 'true' } },
    );
    const html = await response.text();
    expect(html).toMatch(/^<div class="test-result good">/);
    expect(html).not.toContain('<form');
  });

  it('can be made by the API as well', async () => {
    allAnswer();
    const id = await paused();
    const stored = await api<{ ok: boolean; table: { total: number } }>('POST', `/connections/${id}/test`, {
      group: 'real-time',
    });
    expect([stored.status, stored.body.ok, stored.body.table.total]).toEqual([200, true, 2]);
    const given = await api<{ ok: boolean }>('POST', '/connections/test', { ...NEW_CONNECTION, group: 'historical' });
    expect(given.body.ok).toBe(true);
    const wrong = await api('POST', `/connections/${id}/test`, { group: 'everything' });
    expect(wrong.status).toBe(400);
  });
});

describe('deleting', () => {
  it('takes the name, typed; anything else deletes nothing', async () => {
    const id = await paused();
    const refused = await post(`/connections/${id}/delete`, { confirm: 'acme' }, { headers: { cookie } });
    expect(refused.status).toBe(422);
    expect(await refused.text()).toContain('This is not the name of the connection.');
    expect((await api('GET', `/connections/${id}`)).status).toBe(200);
    const gone = await post(`/connections/${id}/delete`, { confirm: ' Acme ' }, { headers: { cookie } });
    expect(gone.headers.get('location')).toBe('/?notice=deleted');
    expect((await api('GET', `/connections/${id}`)).status).toBe(404);
  });
});

it('a deleted connection leaves nothing of what it collected, and nothing of others goes with it', async () => {
  const [gone, kept] = [await paused(), await paused({ name: 'Other' })];
  for (const id of [gone, kept]) {
    await env.DB.batch([
      env.DB.prepare(
        `INSERT INTO agent (id, connection_id, source_id, first_seen_ms) VALUES (?1 * 10, ?1, 'a', 0)`,
      ).bind(id),
      env.DB.prepare('INSERT INTO state_change (agent_id, at_ms, state_id) VALUES (?1 * 10, 1, 1)').bind(id),
      env.DB.prepare(
        `INSERT INTO interval_ledger (connection_id, start_ms, status) VALUES (?1, 0, 'gap'), (?1, 900000, 'gap')`,
      ).bind(id),
      env.DB.prepare(
        `INSERT INTO set_aside (connection_id, stream, at_ms, record_key, record, reason) VALUES (?1, 'acd', 1, 'k', '{}', 'x')`,
      ).bind(id),
    ]);
  }
  expect((await api('DELETE', `/connections/${gone}`)).status).toBe(204);
  const left = await env.DB.prepare(
    `SELECT (SELECT group_concat(DISTINCT agent_id) FROM state_change) AS states, (SELECT count(*) FROM interval_ledger) AS ledger,
            (SELECT count(*) FROM set_aside) AS asides`,
  ).first();
  expect(left).toEqual({ states: String(kept * 10), ledger: 2, asides: 1 });
});

describe('the Set-up page', () => {
  interface Setup {
    readonly steps: readonly { readonly step: string; readonly state: string; readonly words: string }[];
  }
  const stateOf = async (step: string) =>
    (await api<Setup>('GET', '/setup')).body.steps.find((one) => one.step === step)?.state;

  it('of an empty bridge has every step open and leads to the first', async () => {
    const html = await (await ask('/setup', { headers: { cookie } })).text();
    expect(html).toContain('0 of 12 steps done.');
    expect(html).toMatch(/id="role"[^>]*aria-current="step"/);
    expect(html).toContain('href="/connections/new"');
  });

  it('ticks what it sees by itself, and says what needs a look', async () => {
    const id = await paused();
    expect(await stateOf('connection')).toBe('warn');
    await env.DB.batch([
      env.DB.prepare('UPDATE connection SET paused = 0'),
      env.DB.prepare(
        `INSERT INTO stream (connection_id, name, success_at_ms) VALUES (?1, 'historical', 5) ON CONFLICT DO UPDATE SET success_at_ms = 5`,
      ).bind(id),
      env.DB.prepare(
        `INSERT INTO acd_state (connection_id, name, class, first_seen_ms, last_seen_ms) VALUES (?1, 'Kaffee', 'not ready', 0, 0)`,
      ).bind(id),
    ]);
    expect(await stateOf('connection')).toBe('done');
    expect([await stateOf('role'), await stateOf('access-key')]).toEqual(['done', 'done']);
    expect(await stateOf('states')).toBe('warn');
    expect(await stateOf('delivery')).not.toBe('done');
  });

  it('keeps ticks by hand until they are taken back, with who ticked', async () => {
    const ticked = await post('/setup/role', { done: 'true' }, { headers: { cookie } });
    expect(ticked.headers.get('location')).toBe('/setup#role');
    expect(await stateOf('role')).toBe('done');
    expect(await (await ask('/setup', { headers: { cookie } })).text()).toContain('Ticked by the administrator');
    await api('PUT', '/setup/role', { done: false });
    expect(await stateOf('role')).toBe('open');
    expect((await post('/setup/delivery', { done: 'true' }, { headers: { cookie } })).status).toBe(404);
    expect(await stateOf('delivery')).toBe('open');
  });
});

describe('records set aside', () => {
  it('are narrowed by kind and status in the address, and download as they are narrowed', async () => {
    const id = await paused();
    await env.DB.prepare(
      `INSERT INTO set_aside (connection_id, stream, at_ms, record_key, record, http_status, reason, status)
       VALUES (?1, 'agent-states', 1, 'u3', '{}', 400, 'unknown', 'set aside'), (?1, 'historical', 2, 'q7', '{}', 400, 'no', 'set aside'),
              (?1, 'historical', 3, 'q8', '{}', 400, 'no', 'sent again')`,
    )
      .bind(id)
      .run();
    const page = async (query: string) =>
      (await ask(`/connections/${id}/set-aside${query}`, { headers: { cookie } })).text();
    const open = await page('');
    expect([open.includes('u3'), open.includes('q7'), open.includes('q8')]).toEqual([true, true, false]);
    const figures = await page('?status=all&stream=historical');
    expect([figures.includes('u3'), figures.includes('q7'), figures.includes('q8')]).toEqual([false, true, true]);
    const [, href = ''] = /href="(\/api\/v1\/connections\/\d+\/set-aside[^"]*)"/.exec(figures) ?? [];
    const csv = await (await ask(href.replaceAll('&amp;', '&'), { headers: { cookie } })).text();
    expect(csv.trim().split('\r\n')).toHaveLength(3);
  });

  it('that cannot be sent are said to be so, with the reason', async () => {
    const id = await paused();
    await env.DB.prepare(
      `INSERT INTO set_aside (connection_id, stream, at_ms, record_key, record, reason) VALUES (?1, 'agent-states', 1, 'u3', '{}', 'x')`,
    )
      .bind(id)
      .run();
    const answer = await post(`/connections/${id}/set-aside/send-again`, {}, { headers: { cookie } });
    const html = await (await ask(answer.headers.get('location') ?? '', { headers: { cookie } })).text();
    expect(html).toContain('1 could not be: the connection is paused, resume it first.');
  });
});
